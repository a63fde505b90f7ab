"""How gates and outlets were seen last."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from virage.media.live.rules.venue_updates import Observation
from virage.media.live.store.queries import queries
from virage.platform.data.database import Connection
from virage.site.venue.types import Place


async def places(conn: Connection, event_id: UUID) -> dict[Place, Observation]:
    """How the places of an event were seen last."""
    rows = queries.places(conn, event_id=event_id)
    return {
        Place(row["place"], row["code"]): Observation(row["state"], row["since"], row["told"]) async for row in rows
    }


async def save_places(conn: Connection, event_id: UUID, seen: Mapping[Place, Observation]) -> None:
    """Write how places are seen now."""
    if seen:
        await queries.put_places(
            conn,
            event_id=event_id,
            places=[place.place for place in seen],
            codes=[place.code for place in seen],
            states=[one.state for one in seen.values()],
            sinces=[one.since for one in seen.values()],
            told=[one.published for one in seen.values()],
        )


async def published_since(conn: Connection, event_id: UUID, since: datetime) -> list[datetime]:
    """When news of the ground was told lately."""
    return [row["written_at"] async for row in queries.ground_told_since(conn, event_id=event_id, since=since)]
