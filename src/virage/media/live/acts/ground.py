"""Gates and outlets make entries of the feed by themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec.structs import replace

from virage.media.live.acts import telling
from virage.media.live.acts.telling import EntriesTold
from virage.media.live.rules import ground as rules
from virage.media.live.rules.entries import Entry, Ground, Telling
from virage.media.live.store import feed as feeds
from virage.media.live.store import ground as store
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.site.venue.types import Place, Reading


class GroundSource(Protocol):
    """How gates or outlets are at an event now: the domains above see them."""

    async def __call__(self, event_id: UUID, now: datetime) -> Sequence[Reading]:
        """Look at all of them."""
        ...


async def tell_of_ground(
    conn: Connection,
    event_id: UUID,
    readings: Sequence[Reading],
    now: datetime,
    *,
    handlers: Sequence[EntriesTold] = (),
) -> list[Entry]:
    """Note how places are, and tell of those that have changed for good, a few at a time."""
    await feeds.lock_feed(conn, event_id)
    before = await store.places(conn, event_id)
    places = {one.place: rules.seen(before.get(one.place), one, now) for one in readings}
    due = rules.news(places, await store.told_since(conn, event_id, now - rules.MINUTE), now)
    tellings = [Telling(new_id(), now, one) for one in due]
    told = await telling.tell(conn, event_id, tellings, None, now, handlers=handlers) if tellings else []
    entries = [one for one in told if isinstance(one, Entry)]
    for entry in entries:
        if isinstance(entry.told, Ground):
            place = Place(entry.told.place, entry.told.code)
            places[place] = replace(places[place], told=entry.told.state)
    await store.put_places(conn, event_id, {place: one for place, one in places.items() if one != before.get(place)})
    return entries
