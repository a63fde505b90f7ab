"""Publishing changes of gates and outlets as feed entries."""

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
    """The current state of gates or outlets, provided by the domains above."""

    async def __call__(self, event_id: UUID, now: datetime) -> Sequence[Reading]:
        """Return the state of all gates or outlets of an event."""
        ...


async def publish_venue_updates(
    conn: Connection,
    event_id: UUID,
    readings: Sequence[Reading],
    now: datetime,
    *,
    handlers: Sequence[EntriesPublished] = (),
) -> list[FeedEntry]:
    """Store the state of gates and outlets, and publish stable changes within the rate limit."""
    await feeds.lock_feed(conn, event_id)
    previous = await store.places(conn, event_id)
    places = {reading.place: rules.observe(previous.get(reading.place), reading, now) for reading in readings}
    due = rules.due_updates(places, await store.published_since(conn, event_id, now - rules.MINUTE), now)
    requests = [EntryRequest(new_id(), now, update) for update in due]
    outcomes = await publishing.publish(conn, event_id, requests, None, now, handlers=handlers) if requests else []
    entries = [outcome for outcome in outcomes if isinstance(outcome, FeedEntry)]
    for entry in entries:
        if isinstance(entry.content, VenueUpdate):
            place = Place(entry.content.place, entry.content.code)
            places[place] = replace(places[place], published=entry.content.state)
    await store.save_places(
        conn,
        event_id,
        {place: observation for place, observation in places.items() if observation != previous.get(place)},
    )
    return entries
