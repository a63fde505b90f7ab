"""Rate limits by session or device: token buckets in the process, by the rate class of the route.

Limits never depend on the IP address, because a whole stadium shares a few. Requests without a session are not limited
here; the domains limit them (sign-in codes, new baskets) by the account concerned. Each worker counts its own requests.
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
API_CLIENT_FACTOR = 1_000.0  # an API client serves many people, and its token can be revoked


class Rate(Struct, frozen=True):
    """At most `burst` at once, and `per_s` a second over time."""

    per_s: float
    burst: float


RATES = {
    "write": Rate(per_s=5, burst=40),
    "gate": Rate(per_s=50, burst=1000),  # many times the throughput of one lane
    "forged": Rate(per_s=5, burst=100),  # invalid proofs of all clients without a session together
    "network": Rate(per_s=1, burst=3000),  # sign-in codes for all clients behind one IP address: a whole stadium
    "costly": Rate(per_s=0.5, burst=10),
    "sensitive": Rate(per_s=0.1, burst=10),
}


class Limits:
    """The buckets of one process."""

    def __init__(self, clock_s: Callable[[], float] = monotonic) -> None:
        self._clock_s = clock_s
        self._buckets: OrderedDict[tuple[str, UUID], tuple[float, float]] = OrderedDict()

    def take(self, rate_class: str, principal: Principal) -> None:
        """Take one token of the principal. Raises `rate_limited` with the seconds to wait if there is none."""
        who = principal.session_id or principal.id
        if who is None:
            return
        rate = RATES[rate_class]
        factor = API_CLIENT_FACTOR if principal.kind == "api_client" else 1.0
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
