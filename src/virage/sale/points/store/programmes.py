"""Programmes of organisers and their revisions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.sale.points.rules.terms import Programme, ProgrammeContent
from virage.sale.points.store.queries import queries


def _programme(row: Mapping[str, Any]) -> Programme:
    given = {"organiser_id": row["organiser_id"], "revision": row["revision"]}
    return msgspec.convert(row["content"] | given, Programme)


async def lock_programme(conn: Connection, organiser_id: UUID) -> int:
    """Lock the programme of an organiser; return its revision, 0 before the first one."""
    await queries.insert_programme(conn, organiser_id=organiser_id)
    return int(await queries.lock_programme(conn, organiser_id=organiser_id))


async def put_programme(
    conn: Connection, organiser_id: UUID, revision: int, content: ProgrammeContent, now: datetime
) -> None:
    """Store the next revision of a locked programme."""
    stored = msgspec.to_builtins(content)
    await queries.put_programme(conn, organiser_id=organiser_id, revision=revision, content=stored, now=now)


async def programmes(conn: Connection, organiser_ids: Sequence[UUID] | None) -> dict[UUID, Programme]:
    """Return the programmes of organisers (None: all, at most 500); organisers without one are missing."""
    rows = queries.programmes(conn, organiser_ids=organiser_ids or [], all_of_them=organiser_ids is None)
    return {row["organiser_id"]: _programme(row) async for row in rows}


async def all_rules(conn: Connection, organiser_ids: Sequence[UUID]) -> dict[UUID, LocalisedText]:
    """Return the latest name of every rule that programmes have or had, by id."""
    rows = queries.all_revisions(conn, organiser_ids=organiser_ids)
    return {rule.id: rule.name async for row in rows for rule in _programme(row).rules}


async def revisions(conn: Connection, wanted: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], Programme]:
    """Return programmes by organiser and revision."""
    rows = queries.revisions(
        conn, organiser_ids=[organiser_id for organiser_id, _ in wanted], numbers=[revision for _, revision in wanted]
    )
    return {(row["organiser_id"], row["revision"]): _programme(row) async for row in rows}
