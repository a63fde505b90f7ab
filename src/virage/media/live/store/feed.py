"""Queries of the feed, one typed function each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.media.live.rules.entries import Content, EntryCorrection, EntryRequest, FeedEntry, Teams
from virage.media.live.store.queries import queries
from virage.platform.data.database import Connection


class Feed(Struct, frozen=True):
    """The feed of an event: the number of its last entry, and the line-ups (None: not set)."""

    event_id: UUID
    head: int
    teams: Teams | None
    revision: int


class StoredEntry(Struct, frozen=True):
    """An entry, and the transaction that wrote it."""

    entry: FeedEntry
    xid: int


class EarlierEntry(Struct, frozen=True):
    """An existing entry with the id of a request, and its event."""

    event_id: UUID
    entry: FeedEntry


async def lock_feed(conn: Connection, event_id: UUID) -> Feed:
    """Create a feed if necessary, and lock it against other publishers."""
    await queries.open_feed(conn, event_id=event_id)
    return _feed(await queries.lock_feed(conn, event_id=event_id))


async def feed(conn: Connection, event_id: UUID) -> Feed | None:
    """Return a feed; None if it does not exist."""
    row = await queries.feed(conn, event_id=event_id)
    return None if row is None else _feed(row)


async def set_teams(conn: Connection, event_id: UUID, teams: Teams) -> None:
    """Store the line-ups."""
    await queries.set_teams(conn, event_id=event_id, teams=teams)


async def entries_by_id(conn: Connection, requests: Sequence[EntryRequest]) -> dict[UUID, EarlierEntry]:
    """Return existing entries by the ids of requests."""
    rows = queries.entries_by_id(conn, ids=[request.id for request in requests])
    return {row["id"]: EarlierEntry(row["event_id"], _entry(row)) async for row in rows}


async def insert_entries(
    conn: Connection, event_id: UUID, entries: Sequence[tuple[UUID, FeedEntry]], who: UUID | None, now: datetime
) -> None:
    """Insert entries with the ids of their requests; the feed must be locked."""
    await queries.insert_entries(
        conn,
        event_id=event_id,
        numbers=[entry.number for _, entry in entries],
        ids=[request_id for request_id, _ in entries],
        times=[entry.at for _, entry in entries],
        clocks_s=[entry.clock_s for _, entry in entries],
        contents=[_stored(entry.content) for _, entry in entries],
        who=who,
        now=now,
    )


async def entries_after(conn: Connection, event_id: UUID, number: int) -> list[StoredEntry]:
    """Return the entries after a number, in order."""
    rows = queries.entries_after(conn, event_id=event_id, number=number)
    return [StoredEntry(_entry(row), int(row["xid"])) async for row in rows]


async def feeds_in_use(conn: Connection, since: datetime) -> list[UUID]:
    """Return the events of empty feeds and of feeds with an entry since then."""
    return [row["event_id"] async for row in queries.feeds_in_use(conn, since=since)]


def _feed(row: Mapping[str, Any]) -> Feed:
    return msgspec.convert(dict(row), Feed)


def _stored(content: Content) -> dict[str, Any]:
    """Return a content as the column has it: corrections are stored with the member `told`."""
    stored: dict[str, Any] = msgspec.to_builtins(content)
    if isinstance(content, EntryCorrection):
        stored["told"] = stored.pop("content")
    return stored


def _entry(row: Mapping[str, Any]) -> FeedEntry:
    content = dict(row["content"])
    if "told" in content:
        content["content"] = content.pop("told")
    return msgspec.convert(
        {"number": row["number"], "at": row["at"], "content": content, "clock_s": row["clock_s"]}, FeedEntry
    )
