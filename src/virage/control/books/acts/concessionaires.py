"""Who runs which outlets is entered, changed and struck out; what is closed stays as it was stated."""

from datetime import datetime
from uuid import UUID

from virage.control.books.rules.concessionaires import (
    Concessionaire,
    ConcessionaireWish,
    Reason,
    Terms,
    TermsWish,
    check_terms,
    in_force,
    may_change,
)
from virage.control.books.store import concessionaires as store
from virage.money.fiscal import api as fiscal
from virage.money.fiscal.types import PeriodKind
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused


async def put(
    conn: Connection, concessionaire_id: UUID, wish: ConcessionaireWish, who: UUID | None, now: datetime
) -> Concessionaire | Refused:
    """Enter a concessionaire or write other words of one. As it stands already, nothing changes."""
    if not wish.revision and await store.insert(conn, concessionaire_id, wish, who, now):
        await append(conn, [Fact("concessionaire_entered", who, concessionaire_id)], now)
        return await _stored(conn, concessionaire_id)
    known = await store.lock(conn, concessionaire_id)
    if known is None:
        return Refused(Reason.NOT_FOUND)
    said = (wish.name, wish.address, wish.vat_number, wish.siret, wish.commission_vat_permille)
    if said == (known.name, known.address, known.vat_number, known.siret, known.commission_vat_permille):
        return known
    if wish.revision is not None and wish.revision != known.revision:
        return Refused(Reason.CHANGED, {"revision": known.revision})
    await store.update(conn, concessionaire_id, wish, who, now)
    await append(conn, [Fact("concessionaire_changed", who, concessionaire_id, {"revision": known.revision + 1})], now)
    return await _stored(conn, concessionaire_id)


async def _stored(conn: Connection, concessionaire_id: UUID) -> Concessionaire:
    found = await store.lock(conn, concessionaire_id)
    if found is None:
        raise RuntimeError(f"The concessionaire {concessionaire_id} was written and is not there.")
    return found


async def delete(conn: Connection, concessionaire_id: UUID, who: UUID | None, now: datetime) -> Refused | None:
    """Strike out a concessionaire that has no terms. One that is not there stays away."""
    known = await store.lock(conn, concessionaire_id)
    if known is None:
        return None
    if known.terms:
        return Refused(Reason.IN_USE)
    await store.delete(conn, concessionaire_id)
    await append(conn, [Fact("concessionaire_struck_out", who, concessionaire_id)], now)
    return None


async def put_terms(
    conn: Connection, concessionaire_id: UUID, new: Terms, who: UUID | None, now: datetime
) -> Terms | Refused:
    """Say who runs an outlet on which days. The same again is the same."""
    wish = TermsWish(new.outlet, new.starts_on, new.ends_on, new.commission_permille, new.loss_borne_by)
    refusal = check_terms(wish)
    if refusal is None and await store.lock(conn, concessionaire_id) is None:
        refusal = Refused(Reason.NOT_FOUND)
    if refusal is not None:
        return refusal
    await store.lock_outlet(conn, new.outlet)
    known = await store.terms(conn, new.id)
    if known == (concessionaire_id, new):
        return new
    refusal = await _in_the_way(conn, concessionaire_id, new.id, wish, known)
    if refusal is not None:
        return refusal
    if not await store.put_terms(conn, concessionaire_id, new, who, now):
        return Refused(Reason.ID_TAKEN)
    await append(conn, [Fact("terms_entered", who, concessionaire_id, {"terms": str(new.id)})], now)
    return new


async def _in_the_way(
    conn: Connection, concessionaire_id: UUID, terms_id: UUID, wish: TermsWish, known: tuple[UUID, Terms] | None
) -> Refused | None:
    """What keeps terms from being written: another's id, closed days, somebody who runs the outlet then."""
    if known is not None:
        if known[0] != concessionaire_id:
            return Refused(Reason.ID_TAKEN)
        refusal = may_change(known[1], wish, (await fiscal.last_closed(conn)).get(PeriodKind.DAY))
        if refusal is not None:
            return refusal
    other = await store.in_the_way(conn, terms_id, wish)
    if other is None:
        return None
    return Refused(Reason.TERMS_OVERLAP, {"terms": str(other.id), "starts_on": other.starts_on.isoformat()})


async def delete_terms(
    conn: Connection, concessionaire_id: UUID, terms_id: UUID, who: UUID | None, now: datetime
) -> Refused | None:
    """Strike out terms that began on no closed day. What is not there stays away."""
    await store.lock(conn, concessionaire_id)
    known = await store.terms(conn, terms_id)
    if known is None or known[0] != concessionaire_id:
        return None
    if in_force(known[1], (await fiscal.last_closed(conn)).get(PeriodKind.DAY)):
        return Refused(Reason.TERMS_IN_FORCE)
    await store.delete_terms(conn, terms_id)
    await append(conn, [Fact("terms_struck_out", who, concessionaire_id, {"terms": str(terms_id)})], now)
    return None
