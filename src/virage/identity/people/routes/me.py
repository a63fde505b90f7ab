"""What I see and change of myself."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from virage.identity.people import acts, reads
from virage.identity.people.acts import PersonErased
from virage.identity.people.reads import ErasurePreview, Me, PersonExport, PersonTickets
from virage.identity.people.rules.grants import GrantView
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.persons import Person, PersonUpdate, SessionView
from virage.identity.people.rules.reasons import Reason
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, fresh, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Response, delete, get, patch, post
from virage.platform.web.security import ended_cookie

PRIVATE = {"cache-control": "no-store"}


class InvitationCode(Struct, frozen=True):
    """The code out of an invitation's link."""

    code: str


class SessionName(Struct, frozen=True):
    """What I call a session; None: its device."""

    name: str | None


@get("/api/me", public=True)
async def read_me(db: Database, clock: Clock, principal: Principal) -> Response[Me]:
    """Who I am: anonymous, a guest, a fan, staff with grants, or an API client."""
    async with db.connection() as conn:
        return Response(await reads.me(conn, principal, clock.now()), headers=PRIVATE)


@patch("/api/me", guards=[signed_in])
async def change_me(data: PersonUpdate, db: Database, clock: Clock, principal: Principal) -> Person:
    """Change my name or language; what is left out stays."""
    return granted(await db.transact(acts.change, require_fan(principal), data, clock.now()))


@get("/api/me/sessions", guards=[signed_in])
async def list_my_sessions(db: Database, clock: Clock, principal: Principal) -> list[SessionView]:
    """Where I am signed in."""
    async with db.connection() as conn:
        return await reads.sessions_of(conn, require_fan(principal), principal.session_id, clock.now())


@delete("/api/me/sessions/{session_id:uuid}", status_code=204, guards=[signed_in])
async def end_my_session(session_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Sign out one of my devices."""
    granted(await db.transact(acts.sign_out_device, session_id, require_fan(principal), clock.now()))


@delete("/api/me/sessions", status_code=204, guards=[signed_in])
async def end_my_sessions(
    db: Database, clock: Clock, principal: Principal, config: Config, *, keep_current: bool = False
) -> Response[None]:
    """Sign out everywhere, here too unless this session is kept."""
    kept_id = principal.session_id if keep_current else None
    async with db.transaction() as conn:
        await acts.sign_out_everywhere(conn, require_fan(principal), clock.now(), kept_id)
    cookies = [] if keep_current else [ended_cookie(secure=config.secure_cookies)]
    return Response(None, status_code=204, cookies=cookies)


@patch("/api/me/sessions/{session_id:uuid}", status_code=204, guards=[signed_in])
async def rename_my_session(
    session_id: UUID, data: SessionName, db: Database, clock: Clock, principal: Principal
) -> None:
    """Name one of my sessions."""
    granted(await db.transact(acts.rename_session, session_id, require_fan(principal), data.name, clock.now()))


@get("/api/me/export", guards=[signed_in])
async def export_me(
    db: Database, clock: Clock, principal: Principal, person_exports: Mapping[str, PersonExport]
) -> Response[dict[str, Any]]:
    """Everything that Virage keeps about me, as a file. Asks for a sign-in of the last 15 minutes."""
    person_id, now = require_fan(principal), clock.now()
    fresh(principal, now)
    async with db.connection() as conn:
        about = await reads.export(conn, person_id, person_exports, now)
    return Response(about, headers=PRIVATE | {"content-disposition": 'attachment; filename="virage.json"'})


@get("/api/me/erasure", guards=[signed_in])
async def read_erasure(
    db: Database, clock: Clock, principal: Principal, person_tickets: PersonTickets
) -> Response[ErasurePreview]:
    """What erasing me would end: to be read before."""
    async with db.connection() as conn:
        found = await reads.erasure(conn, require_fan(principal), person_tickets, clock.now())
    return Response(found, headers=PRIVATE)


@delete("/api/me", status_code=204, guards=[signed_in])
async def erase_me(
    db: Database,
    clock: Clock,
    config: Config,
    *,
    principal: Principal,
    people_config: PeopleConfig,
    person_erased: Sequence[PersonErased],
    person_tickets: PersonTickets,
    give_up_tickets: bool = False,
) -> Response[None]:
    """Erase me; what the law makes us keep stays without my name. Asks for a sign-in of the last 15 minutes.

    With tickets for coming events only if I give them up: they stop working, and are not refunded.
    """
    person_id, now = require_fan(principal), clock.now()
    fresh(principal, now)
    upcoming = None if give_up_tickets else person_tickets
    erased = await db.transact(acts.erase, people_config.keys, person_id, person_erased, upcoming=upcoming, now=now)
    granted(erased)
    return Response(None, status_code=204, cookies=[ended_cookie(secure=config.secure_cookies)])


@post("/api/invitations/read", status_code=200, guards=[signed_in])
async def read_invitation(data: InvitationCode, db: Database, clock: Clock, principal: Principal) -> GrantView:
    """The role that an invitation would give me, before I accept it."""
    async with db.connection() as conn:
        offered = await reads.offered(conn, require_fan(principal), data.code, clock.now())
    if offered is None:
        raise Problem(Reason.INVITATION_INVALID)
    return offered


@post("/api/invitations/accept", status_code=200, guards=[signed_in])
async def accept_invitation(
    data: InvitationCode, db: Database, clock: Clock, people_config: PeopleConfig, principal: Principal
) -> GrantView:
    """Join the staff, signed in with the address that the invitation was sent to."""
    return granted(
        await db.transact(acts.accept_invitation, people_config.sso, require_fan(principal), data.code, clock.now())
    )


handlers = [
    read_me,
    change_me,
    list_my_sessions,
    end_my_session,
    rename_my_session,
    end_my_sessions,
    export_me,
    read_erasure,
    erase_me,
    read_invitation,
    accept_invitation,
]
