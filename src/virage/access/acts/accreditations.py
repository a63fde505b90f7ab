"""Accredit somebody, print their badge, and end it."""

from datetime import datetime
from uuid import UUID

from virage.access.rules.accreditations import Accreditation, AccreditationWish, cleaned, issue_of
from virage.access.store import accreditations as store
from virage.kernel.database import Connection
from virage.kernel.journal import Fact, append
from virage.kernel.problems import Refused
from virage.passes import acts as passes
from virage.passes import reads as pass_reads
from virage.passes.acts import Printed, Printing
from virage.passes.rules.vault import KeyVault
from virage.people import reads as people
from virage.programme.rules import Event

NOT_FOUND = Refused("not_found")
ID_TAKEN = Refused("id_taken")


async def accredit(
    conn: Connection, vault: KeyVault, wish: AccreditationWish, event: Event, *, who: UUID | None, now: datetime
) -> Accreditation | Refused:
    """Accredit somebody with a pass on paper. The same wish again is the same accreditation."""
    asked = cleaned(wish)
    if isinstance(asked, Refused):
        return asked
    if not await store.insert(conn, asked, who=who, now=now):
        known = await store.accreditation(conn, asked.id)
        return known if known is not None and _wish_of(known) == asked else ID_TAKEN
    if await pass_reads.states(conn, [asked.id]):
        return ID_TAKEN  # the id of somebody's ticket
    (number,) = await passes.issue(conn, [issue_of(asked, event)], now)
    await store.number(conn, asked.id, number)
    await append(
        conn, [Fact("accreditation_added", who, asked.id, {"event_id": asked.event_id, "number": number})], now
    )
    printed = await badge(conn, vault, asked.id, who=who, now=now)
    if isinstance(printed, Refused):
        return printed
    return Accreditation(asked.id, asked.event_id, asked.kind, asked.name, asked.email, number, now, None)


async def badge(conn: Connection, vault: KeyVault, id_: UUID, *, who: UUID | None, now: datetime) -> Printed | Refused:
    """The pass of an accreditation on paper: the same one each time."""
    return (await passes.print_paper(conn, vault, [Printing(id_, allowed=True, who=who)], now))[0]


async def end(conn: Connection, id_: UUID, *, who: UUID | None, now: datetime) -> None:
    """End an accreditation: gates refuse its badge from now on. One that has ended stays so."""
    if await store.revoke(conn, id_, now):
        await append(conn, [Fact("accreditation_revoked", who, id_)], now)
        await passes.revoke(conn, [id_], now, who)


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """End the accreditations of an erased person's address, and forget the words in them."""
    person = await people.person(conn, person_id)
    mine = [] if person is None else await store.of_address(conn, person.email)
    if mine:
        ids = [one.id for one in mine]
        await store.forget(conn, ids, now)
        live = [Fact("accreditation_revoked", person_id, one.id) for one in mine if one.revoked_at is None]
        await append(conn, live, now)
        await passes.revoke(conn, ids, now, person_id)
    return None


def _wish_of(known: Accreditation) -> AccreditationWish:
    return AccreditationWish(known.id, known.event_id, known.kind, known.name or "", known.email)
