"""Create, change and delete concessionaires and their terms; terms of closed days do not change."""

from datetime import datetime
from uuid import UUID

from virage.control.books.rules.concessionaires import (
    Concessionaire,
    ConcessionaireRefusal,
    ConcessionaireUpdate,
    Terms,
    TermsUpdate,
    check_terms,
    in_force,
    may_change,
)
from virage.control.books.store import concessionaires as store
from virage.money.fiscal import api as fiscal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.site.venue import api as venue


async def put(
    conn: Connection, concessionaire_id: UUID, update: ConcessionaireUpdate, who: UUID | None, now: datetime
) -> Concessionaire | Refused:
    """Create or update a concessionaire. Idempotent."""
    if not update.revision and await store.insert(conn, concessionaire_id, update, who, now):
        await append(conn, [Fact("concessionaire_entered", who, concessionaire_id)], now)
        return await _stored(conn, concessionaire_id)
    known = await store.lock(conn, concessionaire_id)
    if known is None:
        return Refused(ConcessionaireRefusal.NOT_FOUND)
    said = (update.name, update.address, update.vat_number, update.siret, update.commission_vat_permille)
    if said == (known.name, known.address, known.vat_number, known.siret, known.commission_vat_permille):
        return known
    if update.revision is not None and update.revision != known.revision:
        return Refused(ConcessionaireRefusal.CHANGED, {"revision": known.revision})
    await store.update(conn, concessionaire_id, update, who, now)
    await append(conn, [Fact("concessionaire_changed", who, concessionaire_id, {"revision": known.revision + 1})], now)
    return await _stored(conn, concessionaire_id)


async def _stored(conn: Connection, concessionaire_id: UUID) -> Concessionaire:
    found = await store.lock(conn, concessionaire_id)
    if found is None:
        raise RuntimeError(f"The concessionaire {concessionaire_id} was stored and is missing.")
    return found


async def delete(conn: Connection, concessionaire_id: UUID, who: UUID | None, now: datetime) -> Refused | None:
    """Delete a concessionaire without terms. Idempotent."""
    known = await store.lock(conn, concessionaire_id)
    if known is None:
        return None
    if known.terms:
        return Refused(ConcessionaireRefusal.IN_USE)
    await store.delete(conn, concessionaire_id)
    await append(conn, [Fact("concessionaire_struck_out", who, concessionaire_id)], now)
    return None


async def put_terms(
    conn: Connection, concessionaire_id: UUID, new: Terms, who: UUID | None, now: datetime
) -> Terms | Refused:
    """Create or update the terms under which a concessionaire runs an outlet. Idempotent."""
    update = TermsUpdate(new.outlet, new.starts_on, new.ends_on, new.commission_permille, new.loss_borne_by)
    refusal = check_terms(update, await venue.venues(conn))
    if refusal is None and await store.lock(conn, concessionaire_id) is None:
        refusal = Refused(ConcessionaireRefusal.NOT_FOUND)
    if refusal is not None:
        return refusal
    await store.lock_outlet(conn, new.outlet)
    known = await store.terms(conn, new.id)
    if known == (concessionaire_id, new):
        return new
    refusal = await _terms_refusal(conn, concessionaire_id, new.id, update, known)
    if refusal is not None:
        return refusal
    if not await store.put_terms(conn, concessionaire_id, new, who, now):
        return Refused(ConcessionaireRefusal.ID_TAKEN)
    await append(conn, [Fact("terms_entered", who, concessionaire_id, {"terms": str(new.id)})], now)
    return new


async def _terms_refusal(
    conn: Connection, concessionaire_id: UUID, terms_id: UUID, update: TermsUpdate, known: tuple[UUID, Terms] | None
) -> Refused | None:
    """Return why terms are refused: an id in use, closed days, or overlapping terms of the outlet."""
    if known is not None:
        if known[0] != concessionaire_id:
            return Refused(ConcessionaireRefusal.ID_TAKEN)
        refusal = may_change(known[1], update, await fiscal.closed_through(conn, [known[1].outlet]))
        if refusal is not None:
            return refusal
    other = await store.overlapping_terms(conn, terms_id, update)
    if other is None:
        return None
    return Refused(
        ConcessionaireRefusal.TERMS_OVERLAP, {"terms": str(other.id), "starts_on": other.starts_on.isoformat()}
    )


async def delete_terms(
    conn: Connection, concessionaire_id: UUID, terms_id: UUID, who: UUID | None, now: datetime
) -> Refused | None:
    """Delete terms whose first day is not closed. Idempotent."""
    await store.lock(conn, concessionaire_id)
    known = await store.terms(conn, terms_id)
    if known is None or known[0] != concessionaire_id:
        return None
    if in_force(known[1], await fiscal.closed_through(conn, [known[1].outlet])):
        return Refused(ConcessionaireRefusal.TERMS_IN_FORCE)
    await store.delete_terms(conn, terms_id)
    await append(conn, [Fact("terms_struck_out", who, concessionaire_id, {"terms": str(terms_id)})], now)
    return None
