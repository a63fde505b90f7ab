"""Messages of the control room, and their receipts. Their texts are contents of the log."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import asdict

from virage.control.safety.rules.broadcasts import Broadcast, BroadcastContent, SentBroadcast
from virage.control.safety.store.queries import queries
from virage.platform.data.database import Connection


class Receipt(NamedTuple):
    """A confirmation: the message, a digest of the account, and the block or standing area ("" without ticket)."""

    broadcast_id: UUID
    receiver: bytes
    place: str


def _sent(row: Mapping[str, Any]) -> SentBroadcast:
    content = None if row["content"] is None else msgspec.json.decode(row["content"], type=BroadcastContent)
    return SentBroadcast(msgspec.convert(dict(row), Broadcast), None if content is None else content.texts)


async def insert_broadcast(conn: Connection, broadcast: Broadcast) -> None:
    """Store a new message under the lock of its log."""
    row = {name: value for name, value in asdict(broadcast).items() if name != "replaced_by"}
    await queries.insert_broadcast(conn, **row)


async def replace_broadcast(conn: Connection, broadcast_id: UUID, replaced_by: UUID) -> None:
    """Store the successor of a message under the lock of its log."""
    await queries.replace_broadcast(conn, id=broadcast_id, replaced_by=replaced_by)


async def broadcast(conn: Connection, broadcast_id: UUID) -> Broadcast | None:
    """Return one message."""
    row = await queries.broadcast(conn, id=broadcast_id)
    return None if row is None else msgspec.convert(dict(row), Broadcast)


async def broadcasts_of_threads(conn: Connection, threads: Collection[UUID]) -> list[SentBroadcast]:
    """Return the messages of threads, the oldest first."""
    return [_sent(row) async for row in queries.broadcasts_of_threads(conn, threads=sorted(threads))]


async def broadcasts_of(conn: Connection, event_id: UUID, limit: int | None) -> list[SentBroadcast]:
    """Return the messages of an event, the latest first; all if `limit` is None."""
    return [_sent(row) async for row in queries.broadcasts_of(conn, event_id=event_id, limit_=limit)]


async def valid_broadcasts(
    conn: Connection, event_ids: Collection[UUID], now: datetime
) -> dict[UUID, list[SentBroadcast]]:
    """Return the latest messages of threads that are still valid, by event, the oldest first."""
    found: dict[UUID, list[SentBroadcast]] = {event_id: [] for event_id in event_ids}
    async for row in queries.valid_broadcasts(conn, event_ids=sorted(event_ids), now=now):
        found[row["event_id"]].append(_sent(row))
    return found


async def latest_broadcasts(conn: Connection, limit: int, *, is_public: bool) -> list[SentBroadcast]:
    """Return messages of all events that have their texts, the latest first: those for fans, or the others."""
    return [_sent(row) async for row in queries.latest_broadcasts(conn, is_public=is_public, limit_=limit)]


async def insert_receipts(conn: Connection, receipts: Sequence[Receipt], now: datetime) -> None:
    """Store receipts of public messages, each account once."""
    await queries.insert_receipts(
        conn,
        broadcast_ids=[one.broadcast_id for one in receipts],
        receivers=[one.receiver for one in receipts],
        places=[one.place for one in receipts],
        now=now,
    )


async def receipts_of(conn: Connection, event_id: UUID) -> dict[UUID, dict[str, int]]:
    """Return the number of accounts that confirmed each message of an event, by place."""
    found: dict[UUID, dict[str, int]] = {}
    async for row in queries.receipts_of(conn, event_id=event_id):
        found.setdefault(row["broadcast_id"], {})[row["place"]] = row["count"]
    return found


async def delete_receipts(conn: Connection, before: datetime) -> None:
    """Delete receipts from before a time."""
    await queries.delete_receipts(conn, before=before)
