"""Queries of tracking, one typed function each."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.media.tracking.rules.updates import TrackingState
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

_sql = load(__file__)


class StoredState(Struct, frozen=True):
    """The state of a match, and the number of its last change."""

    seq: int
    play: TrackingState


async def lock_play(conn: Connection, event_id: UUID) -> TrackingState:
    """Lock and return the state of a match; it is created if necessary."""
    await _sql.open_play(conn, event_id=event_id, state=TrackingState())
    return msgspec.convert(await _sql.lock_play(conn, event_id=event_id), TrackingState)


async def set_play(conn: Connection, event_id: UUID, play: TrackingState) -> None:
    """Store the state of a match; it must be locked."""
    await _sql.set_play(conn, event_id=event_id, state=play)


async def plays(conn: Connection, known: Mapping[UUID, int]) -> dict[UUID, StoredState]:
    """Return the states that changed since the given change numbers (-1: none known)."""
    rows = _sql.plays(conn, event_ids=list(known), seqs=list(known.values()))
    return {
        row["event_id"]: StoredState(row["seq"], msgspec.convert(row["state"], TrackingState)) async for row in rows
    }
