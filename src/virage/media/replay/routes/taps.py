"""Requests of fans to see something again: counted without names and suggested to the media desk."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.media.replay.acts.desk import count_taps
from virage.media.replay.rules.addresses import BASE
from virage.media.replay.rules.clips import Reason
from virage.media.replay.rules.moments import TAPS_WITHIN
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.realtime.hub import Hub
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, require_fan, signed_in
from virage.platform.web.problems import granted
from virage.platform.web.routing import mount, post
from virage.site.programme import api as programme

TAP_WINDOW_S: Final = TAPS_WITHIN.total_seconds()  # a person counts once per window
PERSONS_MAX: Final = 100_000


class Tap(Struct, frozen=True):
    """A counted request, and how many follow the match in this process."""

    event_id: UUID
    at: datetime
    watching: int


class TapCounter:
    """Counter of requests in this process: one per person in ten seconds, batched into transactions."""

    def __init__(self, db: Database, clock_s: Callable[[], float] = monotonic) -> None:
        self._db = db
        self._clock_s = clock_s
        self._id = new_id()
        self._last: OrderedDict[UUID, float] = OrderedDict()
        self.taps = Batcher[Tap, Refused | None](self._count, batch_max=4_096, queue_max=50_000)

    def counts(self, person: UUID) -> bool:
        """Return whether the last request of a person is old enough for a new one to count."""
        now_s = self._clock_s()
        if now_s - self._last.get(person, -TAP_WINDOW_S) < TAP_WINDOW_S:
            return False
        self._last[person] = now_s
        self._last.move_to_end(person)
        if len(self._last) > PERSONS_MAX:
            self._last.popitem(last=False)
        return True

    async def _count(self, batch: Sequence[Tap]) -> list[Refused | None]:
        async with self._db.transaction() as conn:
            events = await programme.public_events_of(conn, sorted({tap.event_id for tap in batch}))
            seconds: dict[tuple[UUID, datetime], tuple[int, int]] = {}
            for tap in batch:
                if tap.event_id in events:
                    key = (tap.event_id, tap.at.replace(microsecond=0))
                    taps, watching = seconds.get(key, (0, 0))
                    seconds[key] = (taps + 1, max(watching, tap.watching))
            if seconds:
                await count_taps(conn, self._id, seconds, max(tap.at for tap in batch))
        return [None if tap.event_id in events else Refused(Reason.NOT_FOUND) for tap in batch]


@post("/events/{event_id:uuid}/taps", status_code=204, guards=[signed_in])
async def tap(event_id: UUID, clock: Clock, principal: Principal, hub: Hub, tap_counter: TapCounter) -> None:
    """Ask to see again what has just happened; counted once per person in ten seconds."""
    if not tap_counter.counts(require_fan(principal)):
        return
    request = Tap(event_id, clock.now(), hub.following(f"live:{event_id}"))
    refusal = await tap_counter.taps.submit(request)
    if refusal is not None:
        granted(refusal)


router = mount(BASE, [tap])
