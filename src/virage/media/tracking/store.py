"""The queries of the pitch, one typed function each."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.media.tracking.rules.updates import TrackingState
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

_sql = load(__file__)


class StoredState(Struct, frozen=True):
    """A match as it stands, and the number of its last change."""

    seq: int
    play: TrackingState


async def lock_play(conn: Connection, event_id: UUID) -> TrackingState:
    """The state of a match, opened if need be, and locked against whoever else writes."""
    await _sql.open_play(conn, event_id=event_id, state=TrackingState())
    return msgspec.convert(await _sql.lock_play(conn, event_id=event_id), TrackingState)


async def set_play(conn: Connection, event_id: UUID, play: TrackingState) -> None:
    """Write a match anew; it must be locked."""
    await _sql.set_play(conn, event_id=event_id, state=play)


async def plays(conn: Connection, known: Mapping[UUID, int]) -> dict[UUID, StoredState]:
    """The matches that have changed since the number that is known of each (-1: none is)."""
    rows = _sql.plays(conn, event_ids=list(known), seqs=list(known.values()))
    return {
        row["event_id"]: StoredState(row["seq"], msgspec.convert(row["state"], TrackingState)) async for row in rows
    }
