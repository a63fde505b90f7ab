"""Concessionaires and their statements."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec.structs import replace

from virage.control.books.rules.concessionaires import Concessionaire
from virage.control.books.rules.statements import ClosedDay, Statement, statement
from virage.control.books.store import concessionaires as store
from virage.control.books.store import losses
from virage.money.fiscal import api as fiscal
from virage.money.fiscal.types import PeriodKind, hash_of, read_closing
from virage.platform.data.database import Connection


async def concessionaires(conn: Connection, outlets: Sequence[str] | None) -> list[Concessionaire]:
    """Return the concessionaires of some outlets (None: all) by name, with their terms for these outlets."""
    found = await store.concessionaires(conn)
    if outlets is None:
        return found
    mine = [
        replace(concessionaire, terms=[terms for terms in concessionaire.terms if terms.outlet in outlets])
        for concessionaire in found
    ]
    return [concessionaire for concessionaire in mine if concessionaire.terms]


async def statement_of(
    conn: Connection, concessionaire_id: UUID, days: tuple[date, date], outlets: Sequence[str] | None, now: datetime
) -> Statement | None:
    """Return the statement of some days; None if not all of their outlets are within `outlets` (None: all)."""
    found = next(
        (
            concessionaire
            for concessionaire in await store.concessionaires(conn)
            if concessionaire.id == concessionaire_id
        ),
        None,
    )
    if found is None:
        return None
    theirs = [terms for terms in found.terms if terms.starts_on <= days[1] and (terms.ends_on or days[0]) >= days[0]]
    run = sorted({terms.outlet for terms in theirs})
    if outlets is not None and not (run and set(run) <= set(outlets)):
        return None
    most = len(run) * ((days[1] - days[0]).days + 1)
    bodies = await fiscal.closings_listed(conn, "outlet", PeriodKind.DAY, days, ids=run, most=most)
    signed = [(closing, hash_of(body)) for body in bodies if (closing := read_closing(body)) is not None]
    lost = await losses.losses_in(conn, [closing for closing, _ in signed])
    closed = [ClosedDay(*closing, cents) for closing, cents in zip(signed, lost, strict=True)]
    closed_through = await fiscal.closed_through(conn, run)
    return statement(replace(found, terms=theirs), days, closed, closed_through=closed_through, made_at=now)
