"""Add accreditations, print their badges and revoke them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.keys.types import KeyVault
from virage.identity.passes import api as passes
from virage.identity.passes.api import PaperPass, PrintRequest
from virage.identity.people import api as people
from virage.matchday.access.rules.accreditations import (
    KEPT_AFTER,
    Accreditation,
    AccreditationRequest,
    pass_to_issue,
    validated,
)
from virage.matchday.access.store import accreditations as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused, all_or_none
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue.types import Venue


async def accredit(
    conn: Connection,
    vault: KeyVault,
    requests: Sequence[AccreditationRequest],
    event: Event,
    venue: Venue,
    *,
    who: UUID | None,
    now: datetime,
) -> list[Accreditation] | Refused:
    """Accredit people for an event, each with a paper pass: all of them or, with every reason, none.

    A repeated request returns the same accreditation. Answers are in the order of the requests.
    """
    asked = all_or_none([validated(request) for request in requests])
    if isinstance(asked, Refused):
        return asked
    new = await store.insert(conn, asked, who=who, now=now)
    known = await store.by_id(conn, [request.id for request in asked])
    # Ids of other accreditations, or of tickets.
    taken = {request.id for request in asked if request != _request_of(known[request.id])} | {
        *await passes.states(conn, [*new])
    }
    if taken:
        return Refused("id_taken", {"ids": sorted(taken)})
    added = [request for request in asked if request.id in new]
    numbers = await passes.issue(conn, [pass_to_issue(request, event, venue) for request in added], now)
    await store.number(conn, [request.id for request in added], numbers)
    facts = [
        Fact("accreditation_added", who, request.id, {"event_id": request.event_id, "number": number})
        for request, number in zip(added, numbers, strict=True)
    ]
    await append(conn, facts, now)
    printings = [PrintRequest(request.id, allowed=True, who=who) for request in added]
    refused = [
        outcome for outcome in await passes.print_paper(conn, vault, printings, now) if isinstance(outcome, Refused)
    ]
    if refused:
        return refused[0]
    known |= await store.by_id(conn, [*new])
    return [known[request.id] for request in asked]


async def badge(
    conn: Connection, vault: KeyVault, id_: UUID, *, who: UUID | None, now: datetime
) -> PaperPass | Refused:
    """Return the paper pass of an accreditation; printing again gives the same pass."""
    return (await passes.print_paper(conn, vault, [PrintRequest(id_, allowed=True, who=who)], now))[0]


async def end(conn: Connection, id_: UUID, *, who: UUID | None, now: datetime) -> None:
    """Revoke an accreditation, so that gates refuse its badge. A revoked one stays revoked."""
    if await store.revoke(conn, id_, now):
        await append(conn, [Fact("accreditation_revoked", who, id_)], now)
        await passes.revoke(conn, [id_], now, who)


async def forget_expired(conn: Connection, now: datetime) -> None:
    """Erase names and addresses of accreditations some time after their events; the journal keeps the counts."""
    events = await programme.events(conn, await store.named_events(conn))
    over = [event.id for event in events.values() if event.ends_at + KEPT_AFTER <= now]
    forgotten = await store.forget_events(conn, over) if over else {}
    facts = [Fact("accreditations_forgotten", None, id_, {"count": count}) for id_, count in sorted(forgotten.items())]
    await append(conn, facts, now)


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Revoke the accreditations of an erased person's address and erase the personal data in them."""
    person = await people.person(conn, person_id)
    mine = [] if person is None else await store.of_address(conn, person.email)
    if mine:
        ids = [accreditation.id for accreditation in mine]
        await store.forget(conn, ids, now)
        live = [
            Fact("accreditation_revoked", person_id, accreditation.id)
            for accreditation in mine
            if accreditation.revoked_at is None
        ]
        await append(conn, live, now)
        await passes.revoke(conn, ids, now, person_id)
    return None


def _request_of(known: Accreditation) -> AccreditationRequest:
    return AccreditationRequest(known.id, known.kind, known.name or "", known.email, event_id=known.event_id)
