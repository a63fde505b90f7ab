"""Accredit somebody, print their badge, and end it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.keys.types import KeyVault
from virage.identity.passes import api as passes
from virage.identity.passes.api import Printed, Printing
from virage.identity.people import api as people
from virage.matchday.access.rules.accreditations import KEPT_AFTER, Accreditation, AccreditationWish, cleaned, issue_of
from virage.matchday.access.store import accreditations as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused, all_or_none
from virage.site.programme import api as programme
from virage.site.programme.types import Event


async def accredit(
    conn: Connection,
    vault: KeyVault,
    wishes: Sequence[AccreditationWish],
    event: Event,
    *,
    who: UUID | None,
    now: datetime,
) -> list[Accreditation] | Refused:
    """Accredit people for an event, each with a pass on paper: all of them or, with every reason, none.

    The same wish again is the same accreditation. The answer is in the order of the wishes.
    """
    asked = all_or_none([cleaned(wish) for wish in wishes])
    if isinstance(asked, Refused):
        return asked
    new = await store.insert(conn, asked, who=who, now=now)
    known = await store.by_id(conn, [wish.id for wish in asked])
    # The id of another accreditation, or of somebody's ticket.
    taken = {wish.id for wish in asked if wish != _wish_of(known[wish.id])} | {*await passes.states(conn, [*new])}
    if taken:
        return Refused("id_taken", {"ids": sorted(taken)})
    added = [wish for wish in asked if wish.id in new]
    numbers = await passes.issue(conn, [issue_of(wish, event) for wish in added], now)
    await store.number(conn, [wish.id for wish in added], numbers)
    facts = [
        Fact("accreditation_added", who, wish.id, {"event_id": wish.event_id, "number": number})
        for wish, number in zip(added, numbers, strict=True)
    ]
    await append(conn, facts, now)
    printings = [Printing(wish.id, allowed=True, who=who) for wish in added]
    refused = [one for one in await passes.print_paper(conn, vault, printings, now) if isinstance(one, Refused)]
    if refused:
        return refused[0]
    known |= await store.by_id(conn, [*new])
    return [known[wish.id] for wish in asked]


async def badge(conn: Connection, vault: KeyVault, id_: UUID, *, who: UUID | None, now: datetime) -> Printed | Refused:
    """The pass of an accreditation on paper: the same one each time."""
    return (await passes.print_paper(conn, vault, [Printing(id_, allowed=True, who=who)], now))[0]


async def end(conn: Connection, id_: UUID, *, who: UUID | None, now: datetime) -> None:
    """End an accreditation: gates refuse its badge from now on. One that has ended stays so."""
    if await store.revoke(conn, id_, now):
        await append(conn, [Fact("accreditation_revoked", who, id_)], now)
        await passes.revoke(conn, [id_], now, who)


async def forget_over(conn: Connection, now: datetime) -> None:
    """Erase the words about those who were accredited for events that ended a while ago; the journal keeps how many."""
    events = await programme.events(conn, await store.named_events(conn))
    over = [event.id for event in events.values() if event.ends_at + KEPT_AFTER <= now]
    forgotten = await store.forget_events(conn, over) if over else {}
    facts = [Fact("accreditations_forgotten", None, id_, {"count": count}) for id_, count in sorted(forgotten.items())]
    await append(conn, facts, now)


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
    return AccreditationWish(known.id, known.kind, known.name or "", known.email, event_id=known.event_id)
