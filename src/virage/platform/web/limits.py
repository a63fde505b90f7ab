"""How often one account or one device may ask: token buckets in the process, by the class of the route.

Never by address: a whole ground shares a few. Whoever has no session yet is not counted here; what they can do (ask for
a code, open a basket) is counted by the domain that does it, by the account it is about. With several workers each
counts what reaches it.
"""

from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from time import monotonic
from uuid import UUID

from msgspec import Struct

from virage.platform.web.guard import Principal
from virage.platform.web.problems import Problem

BUCKETS_MAX = 200_000
PROGRAM_FACTOR = 1_000.0  # a program acts for many people, and its token can be taken away


class Rate(Struct, frozen=True):
    """At most `burst` at once, and `per_s` a second in the long run."""

    per_s: float
    burst: float


RATES = {
    "write": Rate(per_s=5, burst=40),
    "gate": Rate(per_s=50, burst=1000),  # a lane at its fastest, many times over
    "forged": Rate(per_s=5, burst=100),  # what proves nothing, of all who have no session together
    "network": Rate(per_s=1, burst=3000),  # all who share an address and ask for sign-in codes: a whole ground
    "costly": Rate(per_s=0.5, burst=10),
    "sensitive": Rate(per_s=0.1, burst=10),
}


class Limits:
    """The buckets of one process."""

    def __init__(self, clock_s: Callable[[], float] = monotonic) -> None:
        self._clock_s = clock_s
        self._buckets: OrderedDict[tuple[str, UUID], tuple[float, float]] = OrderedDict()

    def take(self, rate_class: str, principal: Principal) -> None:
        """Take one token of whoever asks; raises `rate_limited` with the seconds to wait when there is none."""
        who = principal.session_id or principal.id
        if who is None:
            return
        rate = RATES[rate_class]
        factor = PROGRAM_FACTOR if principal.kind == "program" else 1.0
        now = self._clock_s()
        key = (rate_class, who)
        left, since = self._buckets.get(key, (rate.burst * factor, now))
        left = min(rate.burst * factor, left + (now - since) * rate.per_s * factor)
        if left < 1:
            wait_s = ceil((1 - left) / (rate.per_s * factor))
            raise Problem("rate_limited", {"retry_after_s": wait_s}, headers={"retry-after": str(wait_s)})
        self._buckets[key] = (left - 1, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets.popitem(last=False)
