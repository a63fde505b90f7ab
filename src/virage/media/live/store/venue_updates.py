"""Queries of the observed state of gates and outlets."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from virage.media.live.rules.venue_updates import Observation
from virage.media.live.store.queries import queries
from virage.platform.data.database import Connection
from virage.site.venue.types import Place


async def places(conn: Connection, event_id: UUID) -> dict[Place, Observation]:
    """Return the observations of an event's gates and outlets."""
    rows = queries.places(conn, event_id=event_id)
    return {
        Place(row["place"], row["code"]): Observation(row["state"], row["since"], row["published"])
        async for row in rows
    }


async def save_places(conn: Connection, event_id: UUID, observations: Mapping[Place, Observation]) -> None:
    """Store observations."""
    if observations:
        await queries.save_places(
            conn,
            event_id=event_id,
            places=[place.place for place in observations],
            codes=[place.code for place in observations],
            states=[observation.state for observation in observations.values()],
            sinces=[observation.since for observation in observations.values()],
            published=[observation.published for observation in observations.values()],
        )


async def published_since(conn: Connection, event_id: UUID, since: datetime) -> list[datetime]:
    """Return when venue updates were published since a time."""
    return [row["written_at"] async for row in queries.venue_updates_since(conn, event_id=event_id, since=since)]
