"""Routes of accreditations, for supervisors of the event."""

import asyncio
from typing import cast
from uuid import UUID

from virage.identity.keys.types import KeyVault
from virage.matchday.access.acts import accreditations as acts
from virage.matchday.access.acts.venue_state import set_group
from virage.matchday.access.reads import accreditations as reads
from virage.matchday.access.routes.supervision import whole
from virage.matchday.access.rules.accreditations import (
    GROUPS,
    Accreditation,
    AccreditationKindState,
    AccreditationKindUpdate,
    AccreditationListRequest,
    AccreditationRequest,
    Kind,
)
from virage.matchday.access.rules.badge import Badge, badge_pdf
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, fresh, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, delete, get, mount, post, put
from virage.site.programme.types import Event
from virage.site.venue.types import Venue

LIST_BYTES_MAX = 500_000
PRIVATE = {"cache-control": "no-store"}


async def supervised(conn: Connection, id_: UUID, principal: Principal) -> tuple[Accreditation, Event, Venue]:
    """Return an accreditation, its event and the venue; 404 without supervision of the event."""
    found = await reads.accreditation(conn, id_)
    if found is None:
        raise Problem("not_found")
    return found, *(await whole(conn, found.event_id, principal))


@post("/accreditations", status_code=200, guards=[staff("supervisor")])
async def add_accreditation(
    data: AccreditationRequest, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> Accreditation:
    """Accredit a person for an event. The same id again is the same accreditation.

    Asks for a sign-in of the last 15 minutes.
    """
    now = clock.now()
    fresh(principal, now)

    async def accredit(conn: Connection) -> list[Accreditation] | Refused:
        event, venue = await whole(conn, data.event_id, principal)
        return await acts.accredit(conn, vault, [data], event, venue, who=principal.id, now=now)

    (made,) = granted(await db.transact(accredit))
    return made


@post(
    "/accreditations/list",
    status_code=200,
    guards=[staff("supervisor")],
    rate="costly",
    body_bytes_max=LIST_BYTES_MAX,
)
async def add_accreditations(
    data: AccreditationListRequest, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> list[Accreditation]:
    """Accredit many people for an event: all or none. A refusal names every error by `index` in the list.

    A repeated list returns the same accreditations. Asks for a sign-in of the last 15 minutes.
    """
    now = clock.now()
    fresh(principal, now)

    async def accredit(conn: Connection) -> list[Accreditation] | Refused:
        event, venue = await whole(conn, data.event_id, principal)
        return await acts.accredit(conn, vault, data.requests(), event, venue, who=principal.id, now=now)

    return granted(await db.transact(accredit))


@get("/accreditations", guards=[staff("supervisor")])
async def list_accreditations(event_id: UUID, db: Database, principal: Principal) -> Response[list[Accreditation]]:
    """List the accreditations of an event, the latest first, revoked ones included."""
    async with db.connection() as conn:
        await whole(conn, event_id, principal)
        return Response(await reads.accreditations(conn, event_id), headers=PRIVATE)


@delete("/accreditations/{accreditation_id:uuid}", status_code=204, guards=[staff("supervisor")])
async def end_accreditation(accreditation_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Revoke an accreditation: gates refuse its badge."""
    async with db.transaction() as conn:
        found, _, _ = await supervised(conn, accreditation_id, principal)
        await acts.end(conn, found.id, who=principal.id, now=clock.now())


@get(
    "/accreditations/{accreditation_id:uuid}/badge",
    guards=[staff("supervisor")],
    rate="costly",
    answer=Described(bytes, description="The badge on paper", media_type="application/pdf"),
)
async def print_badge(
    accreditation_id: UUID, *, config: Config, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> Response[bytes]:
    """Print the badge on A6, with the current gates and times of its kind.

    Asks for a sign-in of the last 15 minutes.
    """
    now = clock.now()
    fresh(principal, now)

    async def print_(conn: Connection) -> Badge | Refused:
        found, event, venue = await supervised(conn, accreditation_id, principal)
        printed = await acts.badge(conn, vault, found.id, who=principal.id, now=now)
        if isinstance(printed, Refused):
            return printed
        return await reads.badge_of(conn, found, event, venue, code=printed.text, config=config)

    badge = granted(await db.transact(print_))
    pdf = await asyncio.to_thread(badge_pdf, badge)  # a tenth of a second of work, after the commit
    headers = PRIVATE | {"content-disposition": f'attachment; filename="{accreditation_id}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


@get("/events/{event_id:uuid}/kinds", guards=[staff("supervisor")])
async def list_kinds(event_id: UUID, db: Database, principal: Principal) -> list[AccreditationKindState]:
    """List the kinds of accreditation: access window, gates, and number of valid accreditations."""
    async with db.connection() as conn:
        await whole(conn, event_id, principal)
        return await reads.kinds(conn, event_id)


@put("/events/{event_id:uuid}/kinds/{kind:str}", guards=[staff("supervisor")])
async def put_kind(
    event_id: UUID, kind: str, data: AccreditationKindUpdate, *, db: Database, clock: Clock, principal: Principal
) -> AccreditationKindState:
    """Set the access window of a kind and the gates that accept it; other settings of the gates stay."""

    async def set_kind(conn: Connection) -> AccreditationKindState | Refused:
        _, venue = await whole(conn, event_id, principal)
        group = GROUPS.get(cast("Kind", kind))
        if group is None:
            return Refused("not_found")
        refusal = await set_group(conn, event_id, venue, group, data, who=principal.id, now=clock.now())
        return refusal or next(state for state in await reads.kinds(conn, event_id) if state.kind == kind)

    return granted(await db.transact(set_kind))


router = mount(
    "/api/access",
    [
        add_accreditation,
        add_accreditations,
        list_accreditations,
        end_accreditation,
        print_badge,
        list_kinds,
        put_kind,
    ],
)
