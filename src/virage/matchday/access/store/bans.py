"""Entries of the two files, the passes that they meet, and what was logged of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.matchday.access.rules.bans import Ban, File, Hit
from virage.matchday.access.rules.judging import PassKey
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection

Flag = tuple[int, UUID]
"""The number of a pass and the entry that met it."""


async def insert_bans(conn: Connection, bans: Sequence[Ban]) -> set[UUID]:
    """Write entries; the ids of those that are new."""
    rows = queries.insert_bans(
        conn,
        ids=[ban.id for ban in bans],
        files=[ban.file for ban in bans],
        emails=[ban.email for ban in bans],
        names=[ban.name for ban in bans],
        nows=[ban.added_at for ban in bans],
        whos=[ban.added_by for ban in bans],
        expires_ats=[ban.expires_at for ban in bans],
    )
    return {row["id"] async for row in rows}


async def bans_by_id(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Ban]:
    """Entries that hold, by their ids."""
    found = [Ban(*row) async for row in queries.bans_by_id(conn, ids=list(ids))]
    return {ban.id: ban for ban in found}


async def bans(conn: Connection, files: Sequence[File], now: datetime) -> list[Ban]:
    """The entries of files that hold, the latest first."""
    return [Ban(*row) async for row in queries.bans(conn, files=list(files), now=now)]


async def over(conn: Connection, now: datetime) -> list[UUID]:
    """Entries whose time is over, locked."""
    return [row["id"] async for row in queries.over(conn, now=now)]


async def end_bans(conn: Connection, ids: Sequence[UUID], now: datetime) -> bool:
    """End entries and erase their words; whether there was any."""
    return bool(await queries.end_bans(conn, ids=list(ids), now=now))


async def drop_flags_of(conn: Connection, ids: Sequence[UUID]) -> list[PassKey]:
    """Take the flags of ended entries away; the passes that had one."""
    return [(row["event_id"], row["pass_number"]) async for row in queries.drop_flags_of(conn, ids=list(ids))]


async def flags_of_event(conn: Connection, event_id: UUID) -> set[Flag]:
    """The flags of an event."""
    return {(row["pass_number"], row["ban_id"]) async for row in queries.flags_of_event(conn, event_id=event_id)}


async def insert_flags(conn: Connection, event_id: UUID, flags: Sequence[Flag], now: datetime) -> None:
    """Flag passes."""
    await queries.insert_flags(
        conn, event_id=event_id, pass_numbers=[one[0] for one in flags], ban_ids=[one[1] for one in flags], now=now
    )


async def drop_flags(conn: Connection, event_id: UUID, flags: Sequence[Flag]) -> None:
    """Take flags away."""
    await queries.drop_flags(
        conn, event_id=event_id, pass_numbers=[one[0] for one in flags], ban_ids=[one[1] for one in flags]
    )


async def hits(conn: Connection, event_id: UUID, limit: int) -> list[Hit]:
    """Who came to a gate with a flagged pass, the latest first."""
    return [Hit(*row) async for row in queries.hits(conn, event_id=event_id, limit_=limit)]
