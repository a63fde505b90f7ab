"""Concessionaires and their terms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from virage.control.books.rules.concessionaires import Concessionaire, ConcessionaireUpdate, Terms, TermsUpdate
from virage.control.books.store.queries import queries
from virage.platform.data.database import Connection


async def concessionaires(conn: Connection) -> list[Concessionaire]:
    """Return the concessionaires by name, with all terms."""
    terms: dict[UUID, list[Terms]] = {}
    async for row in queries.terms(conn, all_of_them=True, concessionaire_id=None):
        terms.setdefault(row["concessionaire_id"], []).append(_terms(row))
    return [_concessionaire(row, terms.get(row["id"], [])) async for row in queries.concessionaires(conn)]


async def lock(conn: Connection, concessionaire_id: UUID) -> Concessionaire | None:
    """Return a concessionaire with its terms, locked until the transaction ends."""
    row = await queries.lock_concessionaire(conn, id=concessionaire_id)
    if row is None:
        return None
    rows = queries.terms(conn, all_of_them=False, concessionaire_id=concessionaire_id)
    return _concessionaire(row, [_terms(terms_row) async for terms_row in rows])


async def insert(
    conn: Connection, concessionaire_id: UUID, update: ConcessionaireUpdate, who: UUID | None, now: datetime
) -> bool:
    """Store a new concessionaire; False if the id is in use."""
    return bool(await queries.insert_concessionaire(conn, id=concessionaire_id, **_said(update), who=who, now=now))


async def update(
    conn: Connection, concessionaire_id: UUID, update: ConcessionaireUpdate, who: UUID | None, now: datetime
) -> None:
    """Update a locked concessionaire."""
    await queries.update_concessionaire(conn, id=concessionaire_id, **_said(update), who=who, now=now)


async def delete(conn: Connection, concessionaire_id: UUID) -> None:
    """Delete a locked concessionaire."""
    await queries.delete_concessionaire(conn, id=concessionaire_id)


async def lock_outlet(conn: Connection, outlet: str) -> None:
    """Lock the terms of an outlet until the transaction ends."""
    async for _ in queries.lock_outlet_terms(conn, outlet=outlet):
        pass


async def terms(conn: Connection, terms_id: UUID) -> tuple[UUID, Terms] | None:
    """Return terms with the id of their concessionaire, or None."""
    row = await queries.terms_by_id(conn, id=terms_id)
    return None if row is None else (row["concessionaire_id"], _terms(row))


async def overlapping_terms(conn: Connection, terms_id: UUID, update: TermsUpdate) -> Terms | None:
    """Return other terms of the outlet that overlap these days, or None."""
    row = await queries.overlapping_terms(
        conn, id=terms_id, outlet=update.outlet, starts_on=update.starts_on, ends_on=update.ends_on
    )
    return None if row is None else _terms(row)


async def put_terms(conn: Connection, concessionaire_id: UUID, new: Terms, who: UUID | None, now: datetime) -> bool:
    """Store terms of a locked concessionaire; False if the id belongs to another one."""
    written = await queries.put_terms(
        conn,
        id=new.id,
        concessionaire_id=concessionaire_id,
        outlet=new.outlet,
        starts_on=new.starts_on,
        ends_on=new.ends_on,
        commission_permille=new.commission_permille,
        loss_borne_by=new.loss_borne_by,
        who=who,
        now=now,
    )
    return bool(written)


async def delete_terms(conn: Connection, terms_id: UUID) -> None:
    """Delete terms."""
    await queries.delete_terms(conn, id=terms_id)


def _said(update: ConcessionaireUpdate) -> dict[str, Any]:
    return {
        "name": update.name,
        "address": update.address,
        "vat_number": update.vat_number,
        "siret": update.siret,
        "commission_vat_permille": update.commission_vat_permille,
    }


def _concessionaire(row: Any, terms: Sequence[Terms]) -> Concessionaire:
    return Concessionaire(
        row["id"],
        row["name"],
        row["address"],
        row["vat_number"],
        row["siret"],
        row["commission_vat_permille"],
        row["revision"],
        terms,
    )


def _terms(row: Any) -> Terms:
    return Terms(
        row["id"],
        row["outlet"],
        row["starts_on"],
        row["ends_on"],
        row["commission_permille"],
        row["loss_borne_by"],
    )
