"""What outlets have, and what moved it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from virage.matchday.food.menu.rules.stock import Key, Level, Movement, MovementRow
from virage.matchday.food.menu.store.queries import queries
from virage.platform.data.database import Connection


async def lock_levels(conn: Connection, keys: Sequence[Key]) -> dict[Key, int]:
    """The levels, made where there are none, locked in the order of their keys."""
    outlets, product_ids = [key[0] for key in keys], [key[1] for key in keys]
    await queries.make_levels(conn, outlets=outlets, product_ids=product_ids)
    rows = queries.lock_levels(conn, outlets=outlets, product_ids=product_ids)
    return {(row["outlet"], row["product_id"]): row["level"] async for row in rows}


async def insert_document(conn: Connection, document_id: UUID, request_digest: bytes) -> bool:
    """Whether it is new."""
    return await queries.insert_document(conn, id=document_id, request_digest=request_digest) is not None


async def document_digest(conn: Connection, document_id: UUID) -> bytes | None:
    """What a document said."""
    return cast("bytes | None", await queries.document_digest(conn, id=document_id))


async def insert_movements(conn: Connection, rows: Sequence[MovementRow]) -> list[Movement]:
    """Write movements; those that are new."""
    found = queries.insert_movements(
        conn,
        ids=[row.id for row in rows],
        outlets=[row.outlet for row in rows],
        product_ids=[row.product_id for row in rows],
        kinds=[row.kind for row in rows],
        quantities=[row.quantity for row in rows],
        times=[row.at for row in rows],
        whos=[row.who for row in rows],
    )
    return [Movement(*row) async for row in found]


async def move_levels(conn: Connection, moved: Mapping[Key, int]) -> None:
    """Add to levels that are locked."""
    await queries.move_levels(
        conn,
        outlets=[key[0] for key in moved],
        product_ids=[key[1] for key in moved],
        quantities=list(moved.values()),
    )


async def set_thresholds(conn: Connection, outlet: str, low_at: Mapping[UUID, int | None]) -> None:
    """Say at which level somebody is told; None: never."""
    await queries.set_thresholds(conn, outlet=outlet, product_ids=list(low_at), low_ats=list(low_at.values()))


async def levels(conn: Connection, outlets: Sequence[str] | None) -> list[Level]:
    """What some outlets have; None asks for all."""
    rows = queries.levels(conn, all_of_them=outlets is None, outlets=list(outlets or ()))
    return [Level(*row) async for row in rows]


async def troubled_levels(conn: Connection, outlets: Sequence[str] | None) -> list[Level]:
    """Levels below zero, or at their threshold; None asks for all outlets."""
    rows = queries.troubled_levels(conn, all_of_them=outlets is None, outlets=list(outlets or ()))
    return [Level(*row) async for row in rows]


async def movements_of(conn: Connection, document_id: UUID) -> list[MovementRow]:
    """What a document moved."""
    return [MovementRow(*row) async for row in queries.movements_of(conn, id=document_id)]


async def movements_at(conn: Connection, outlet: str, before: datetime | None, most: int) -> list[MovementRow]:
    """What moved at an outlet before a time (None: ever), the latest first."""
    return [MovementRow(*row) async for row in queries.movements_at(conn, outlet=outlet, before=before, most=most)]
