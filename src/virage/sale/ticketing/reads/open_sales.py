"""Events on sale in memory: loaded from the claims once per process, then updated from the journal.

A process marks its own sales at once; sales of other processes arrive with the journal. Only the database decides, so
an outdated picture costs a retry, never a seat sold twice.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Entry, Key, Tail, as_written, head, position_key
from virage.platform.values.clock import Clock
from virage.sale.ticketing.rules.open_sale import OpenSale, on_sale, open_sale
from virage.sale.ticketing.rules.places import seat_plan
from virage.sale.ticketing.rules.pricing import Pricing, without_blocks
from virage.sale.ticketing.store import claims as claims_store
from virage.sale.ticketing.store import pricing as pricing_store
from virage.site.programme import api as programme
from virage.site.venue.api import closures, venue_at, venues

IN_MEMORY_MAX = 48  # the matches of a season are sold together
DELTAS_KEPT = 4096
_TAKEN, _FREED = "places_taken", "places_freed"
_CHANGED = frozenset(
    {
        "event_amended",
        "event_published",
        "event_cancelled",
        "event_version_changed",
        "prices_set",
        "venue_part_closed",
        "venue_part_reopened",
    }
)


class AvailabilityUpdate(Struct, frozen=True, omit_defaults=True):
    """Places that were taken, and places that became free.

    `reload`: too many changes were missed, or the prices changed, and the client fetches the availability again.
    """

    taken: list[int] | None = None
    freed: list[int] | None = None
    reload: bool = False


class _Followed:
    """A sale in memory, with the recent changes that streams may request."""

    def __init__(self, sale: OpenSale, position: str) -> None:
        self.sale = sale
        self.position = position
        self.since = position
        self.deltas: deque[tuple[Key, AvailabilityUpdate]] = deque(maxlen=DELTAS_KEPT)

    def apply(self, entries: Sequence[Entry], position: str) -> None:
        if position_key(position) <= position_key(self.position):
            return
        known = position_key(self.position)
        news = [entry for entry in entries if position_key(entry.position) > known]
        self.position = position
        update = update_of(news)
        if update is None:
            return
        self.sale.inventory.hold(update.taken or ())
        self.sale.inventory.release(update.freed or ())
        if len(self.deltas) == DELTAS_KEPT:
            self.since = str(self.deltas[0][0])
        self.deltas.append((position_key(position), update))


class OpenSales:
    """Sales by event; concurrent requests share one load."""

    def __init__(self, db: Database, tail: Tail, clock: Clock) -> None:
        self._db = db
        self._tail = tail
        self._clock = clock
        self._followed: dict[UUID, _Followed] = {}
        self._loading: dict[UUID, asyncio.Task[_Followed | None]] = {}
        self._missed: dict[UUID, list[tuple[list[Entry], str]]] = {}
        self._changed: set[UUID] = set()  # events that changed while they were loaded
        self._end: Callable[[], None] | None = None

    async def prepare(self) -> None:
        """Compute the seat plans of the current venues, so that the first buyers do not wait for them."""
        async with self._db.connection() as conn:
            for venue in await venues(conn):
                await asyncio.to_thread(seat_plan, venue)

    async def get(self, event_id: UUID) -> OpenSale | None:
        """Return the sale of a published or cancelled event with prices, or None."""
        followed = await self._get(event_id)
        return None if followed is None else followed.sale

    def in_memory(self, event_id: UUID) -> OpenSale | None:
        """Return the sale if it is in memory."""
        followed = self._followed.get(event_id)
        return None if followed is None else followed.sale

    async def at(self, event_id: UUID) -> tuple[OpenSale, str] | None:
        """Return the sale and the journal position up to which it is complete."""
        followed = await self._get(event_id)
        return None if followed is None else (followed.sale, followed.position)

    async def deltas_since(self, event_id: UUID, position: str) -> tuple[str, list[AvailabilityUpdate]] | None:
        """Return the current position and the changes since the given one; None if they are no longer kept."""
        followed = await self._get(event_id)
        if followed is None or position_key(position) < position_key(followed.since):
            return None
        since = position_key(position)
        return followed.position, [delta for key, delta in followed.deltas if key > since]

    def forget(self, event_id: UUID) -> None:
        """Reload the sale on its next use."""
        self._followed.pop(event_id, None)

    def close(self) -> None:
        """Stop following the journal."""
        if self._end is not None:
            self._end()
            self._end = None

    async def _get(self, event_id: UUID) -> _Followed | None:
        found = self._followed.get(event_id)
        if found is not None:
            return found
        task = self._loading.get(event_id)
        if task is None:
            task = asyncio.create_task(self._load(event_id))
            self._loading[event_id] = task
            task.add_done_callback(lambda _: self._loading.pop(event_id, None))
        return await asyncio.shield(task)

    async def _load(self, event_id: UUID) -> _Followed | None:
        """Load a sale. Journal entries that arrive during the read are buffered, so that none is lost.

        A sale whose event or prices changed during the read is only for the requests that wait for it.
        """
        self._missed[event_id] = []
        try:
            async with self._db.connection() as conn:
                position = await head(conn)
                if self._end is None:
                    self._end = self._tail.listen(self._on_entries, position)
                sale = await load_sale(conn, event_id)
            if sale is None:
                return None
            followed = _Followed(sale, position)
            for entries, upto in self._missed[event_id]:
                followed.apply(entries, upto)
            if event_id not in self._changed:
                self._make_room()
                self._followed[event_id] = followed
            return followed
        finally:
            del self._missed[event_id]
            self._changed.discard(event_id)

    def _make_room(self) -> None:
        """Keep only sales that are open; beyond the limit, evict those loaded first."""
        now = self._clock.now()
        over = [id_ for id_, followed in self._followed.items() if followed.sale.event.closes_at <= now]
        for event_id in over or list(self._followed)[: len(self._followed) + 1 - IN_MEMORY_MAX]:
            del self._followed[event_id]

    def _on_entries(self, entries: Sequence[Entry]) -> None:
        position = entries[-1].position
        by_event: dict[UUID, list[Entry]] = {}
        for entry in as_written(entries):
            if entry.what in (_TAKEN, _FREED):
                by_event.setdefault(entry.about, []).append(entry)
            elif entry.what in _CHANGED:
                self.forget(entry.about)
                if entry.about in self._missed:
                    self._changed.add(entry.about)
        for event_id, followed in self._followed.items():
            followed.apply(by_event.get(event_id, ()), position)
        for event_id, missed in self._missed.items():
            missed.append((by_event.get(event_id, []), position))


async def load_sale(conn: Connection, event_id: UUID, *, drafts: bool = False) -> OpenSale | None:
    """Return a sale from the database: event, prices and taken places. Drafts are for the office only."""
    event = await programme.event(conn, event_id)
    if event is None or (event.state == "draft" and not drafts):
        return None
    venue = await venue_at(conn, event.venue_version)
    pricing = without_blocks(await load_pricing(conn, event_id), (await closures(conn, event_id)).blocks)
    taken = await claims_store.places_taken(conn, event_id)
    await asyncio.to_thread(seat_plan, venue)  # the first sale at a version computes it; others find it
    return open_sale(on_sale(event), venue, pricing, taken)


async def load_pricing(conn: Connection, event_id: UUID) -> Pricing:
    """Return the pricing of an event; an empty one if there is none."""
    return await pricing_store.pricing(conn, event_id) or Pricing()


def update_of(entries: Sequence[Entry]) -> AvailabilityUpdate | None:
    """Return the net changes of an event, the last state of each place; None without changes."""
    last: dict[int, bool] = {}
    for entry in entries:
        if entry.what in (_TAKEN, _FREED):
            for place in entry.data["places"]:
                last[place] = entry.what == _TAKEN
    if not last:
        return None
    return AvailabilityUpdate([p for p, taken in last.items() if taken], [p for p, taken in last.items() if not taken])
