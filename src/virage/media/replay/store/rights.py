"""Stored rights of clips."""

from uuid import UUID

import msgspec

from virage.media.replay.rules.rights import Rights
from virage.media.replay.store.queries import queries
from virage.platform.data.database import Connection


async def rights(conn: Connection, event_id: UUID) -> tuple[Rights, int]:
    """Return the rights of an event's clips and their revision, 0 by default."""
    row = await queries.rights(conn, event_id=event_id)
    return (Rights(), 0) if row is None else (msgspec.convert(row["rights"], Rights), row["revision"])


async def set_rights(conn: Connection, event_id: UUID, rights: Rights, revision: int) -> int | None:
    """Replace the rights of a revision and return the next one; None if the revision is not current."""
    now: int | None
    if revision:
        now = await queries.change_rights(conn, event_id=event_id, rights=rights, revision=revision)
    else:
        now = await queries.set_rights(conn, event_id=event_id, rights=rights)
    return now
