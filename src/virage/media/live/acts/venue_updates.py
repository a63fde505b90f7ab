"""Gates and outlets make entries of the feed by themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec.structs import replace

from virage.media.live.acts import publishing
from virage.media.live.acts.publishing import EntriesPublished
from virage.media.live.rules import venue_updates as rules
from virage.media.live.rules.entries import EntryRequest, FeedEntry, VenueUpdate
from virage.media.live.store import feed as feeds
from virage.media.live.store import venue_updates as store
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.site.venue.types import Place, Reading


class VenueSource(Protocol):
    """How gates or outlets are at an event now: the domains above see them."""

    async def __call__(self, event_id: UUID, now: datetime) -> Sequence[Reading]:
        """Look at all of them."""
        ...


async def publish_venue_updates(
    conn: Connection,
    event_id: UUID,
    readings: Sequence[Reading],
    now: datetime,
    *,
    handlers: Sequence[EntriesPublished] = (),
) -> list[FeedEntry]:
    """Note how places are, and tell of those that have changed for good, a few at a time."""
    await feeds.lock_feed(conn, event_id)
    before = await store.places(conn, event_id)
    places = {one.place: rules.observe(before.get(one.place), one, now) for one in readings}
    due = rules.due_updates(places, await store.published_since(conn, event_id, now - rules.MINUTE), now)
    requests = [EntryRequest(new_id(), now, one) for one in due]
    told = await publishing.publish(conn, event_id, requests, None, now, handlers=handlers) if requests else []
    entries = [one for one in told if isinstance(one, FeedEntry)]
    for entry in entries:
        if isinstance(entry.content, VenueUpdate):
            place = Place(entry.content.place, entry.content.code)
            places[place] = replace(places[place], published=entry.content.state)
    await store.save_places(conn, event_id, {place: one for place, one in places.items() if one != before.get(place)})
    return entries
