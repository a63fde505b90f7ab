"""Storage of stock levels and movements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from virage.matchday.food.menu.rules.stock import Key, Movement, StockLevel, StockMovement
from virage.matchday.food.menu.store.queries import queries
from virage.platform.data.database import Connection


async def lock_levels(conn: Connection, keys: Sequence[Key]) -> dict[Key, int]:
    """Create missing levels and lock all in the order of their keys; return them by key."""
    outlets, product_ids = [key[0] for key in keys], [key[1] for key in keys]
    await queries.make_levels(conn, outlets=outlets, product_ids=product_ids)
    rows = queries.lock_levels(conn, outlets=outlets, product_ids=product_ids)
    return {(row["outlet"], row["product_id"]): row["level"] async for row in rows}


async def insert_document(conn: Connection, document_id: UUID, request_digest: bytes) -> bool:
    """Store a document; return whether it is new."""
    return await queries.insert_document(conn, id=document_id, request_digest=request_digest) is not None


async def document_digest(conn: Connection, document_id: UUID) -> bytes | None:
    """Return the digest of a document, or None."""
    return cast("bytes | None", await queries.document_digest(conn, id=document_id))


async def insert_movements(conn: Connection, rows: Sequence[StockMovement]) -> list[Movement]:
    """Store movements; return the new ones."""
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
    return [Movement(**row) async for row in found]


async def move_levels(conn: Connection, moved: Mapping[Key, int]) -> None:
    """Add quantities to locked levels."""
    await queries.move_levels(
        conn,
        outlets=[key[0] for key in moved],
        product_ids=[key[1] for key in moved],
        quantities=list(moved.values()),
    )


async def set_thresholds(conn: Connection, outlet: str, low_at: Mapping[UUID, int | None]) -> None:
    """Set alert thresholds; None for none."""
    await queries.set_thresholds(conn, outlet=outlet, product_ids=list(low_at), low_ats=list(low_at.values()))


async def levels(conn: Connection, outlets: Sequence[str] | None) -> list[StockLevel]:
    """Return the levels of outlets; None for all."""
    rows = queries.levels(conn, all_of_them=outlets is None, outlets=list(outlets or ()))
    return [StockLevel(**row) async for row in rows]


async def troubled_levels(conn: Connection, outlets: Sequence[str] | None) -> list[StockLevel]:
    """Return negative levels and those at their threshold; None for all outlets."""
    rows = queries.troubled_levels(conn, all_of_them=outlets is None, outlets=list(outlets or ()))
    return [StockLevel(**row) async for row in rows]


async def movements_of(conn: Connection, document_id: UUID) -> list[StockMovement]:
    """Return the movements of a document."""
    return [StockMovement(**row) async for row in queries.movements_of(conn, id=document_id)]


async def movements_at(conn: Connection, outlet: str, before: datetime | None, most: int) -> list[StockMovement]:
    """Return movements of an outlet before a time (None: now), latest first."""
    return [StockMovement(**row) async for row in queries.movements_at(conn, outlet=outlet, before=before, most=most)]
