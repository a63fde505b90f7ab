"""The log of an event: its head, its records, and their contents."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.control.safety.rules.log import GENESIS, LogHead, LogRecord, SaltedContent, SignedRecord
from virage.control.safety.store.queries import queries
from virage.platform.data.database import Connection


class StoredRecord(Struct, frozen=True):
    """A record as it was signed, and its content, None if it has none or that was deleted."""

    signed: SignedRecord
    content: SaltedContent | None


def _record(row: Mapping[str, Any]) -> StoredRecord:
    signed = SignedRecord(row["number"], row["body"], row["signature"])
    return StoredRecord(signed, None if row["salt"] is None else SaltedContent(row["salt"], row["content"]))


async def lock_log(conn: Connection, event_id: UUID) -> LogHead:
    """Lock the log of an event, begun if it has none, and return its head."""
    await queries.open_log(conn, event_id=event_id, genesis=GENESIS)
    return msgspec.convert(dict(await queries.lock_log(conn, event_id=event_id)), LogHead)


async def log_head(conn: Connection, event_id: UUID) -> LogHead:
    """Return the head of a log."""
    row = await queries.log_head(conn, event_id=event_id)
    return LogHead() if row is None else msgspec.convert(dict(row), LogHead)


async def lock_logs_of_person(conn: Connection, person_id: UUID) -> None:
    """Lock the logs of the events at which a person is in a team or has sent a request."""
    _ = [row async for row in queries.lock_logs_of_person(conn, person_id=person_id)]


async def insert_record(
    conn: Connection, record: LogRecord, signed: SignedRecord, content: SaltedContent | None, at: datetime
) -> None:
    """Store the next record of a locked log with its content."""
    await queries.insert_record(
        conn,
        event_id=record.event,
        number=record.number,
        id=record.id,
        about=record.about,
        at=at,
        body=signed.body,
        signature=signed.signature,
    )
    if content is not None:
        await queries.insert_content(
            conn, event_id=record.event, number=record.number, at=at, salt=content.salt, body=content.body
        )


async def set_head(conn: Connection, event_id: UUID, head: LogHead) -> None:
    """Store the new head of a locked log."""
    await queries.set_head(conn, event_id=event_id, number=head.number, hash=head.hash)


async def record_by_id(conn: Connection, record_id: UUID) -> StoredRecord | None:
    """Return one record."""
    row = await queries.record_by_id(conn, id=record_id)
    return None if row is None else _record(row)


async def records_of(conn: Connection, about: UUID) -> list[StoredRecord]:
    """Return the records of a subject, in order."""
    return [_record(row) async for row in queries.records_of(conn, about=about)]


async def records(conn: Connection, event_id: UUID) -> list[StoredRecord]:
    """Return the records of a log, in order."""
    return [_record(row) async for row in queries.records(conn, event_id=event_id)]


async def expired_contents(conn: Connection, before: datetime) -> list[tuple[UUID, int]]:
    """Return the logs with contents from before a time, and the number of the last such record of each."""
    return [(row["event_id"], row["through"]) async for row in queries.expired_contents(conn, before=before)]


async def delete_contents(conn: Connection, event_id: UUID, through: int) -> None:
    """Delete the contents of a locked log up to a record."""
    await queries.delete_contents(conn, event_id=event_id, through=through)
