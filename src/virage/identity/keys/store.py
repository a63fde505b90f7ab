"""Queries of keys, one typed function each."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.keys.rules.vault import SealedKey
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

_sql = load(__file__)


async def signing_keys(conn: Connection, event_ids: Sequence[UUID]) -> dict[UUID, SealedKey]:
    """Return the keys by event."""
    return {row["event_id"]: SealedKey(*row) async for row in _sql.signing_keys(conn, event_ids=list(event_ids))}


async def add_signing_keys(conn: Connection, keys: Sequence[SealedKey], at: datetime) -> None:
    """Store keys of events that have none."""
    await _sql.add_signing_keys(
        conn,
        event_ids=[key.event_id for key in keys],
        kids=[key.kid for key in keys],
        publics=[key.public for key in keys],
        sealeds=[key.sealed for key in keys],
        at=at,
    )


async def all_signing_keys(conn: Connection) -> list[SealedKey]:
    """Return every key, locked until the transaction ends."""
    return [SealedKey(*row) async for row in _sql.all_signing_keys(conn)]


async def reseal(conn: Connection, keys: Sequence[SealedKey]) -> None:
    """Store keys under a new seal."""
    await _sql.reseal(conn, event_ids=[key.event_id for key in keys], sealeds=[key.sealed for key in keys])
