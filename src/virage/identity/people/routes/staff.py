"""The staff office: invitations, grants, tokens of API clients."""

from uuid import UUID

from virage.identity.people import acts, reads
from virage.identity.people.acts import InvitationRequest, InvitationSent, TokenRequest
from virage.identity.people.reads import Staff
from virage.identity.people.rules.grants import ApiClient, CreatedToken
from virage.identity.people.rules.people_config import PeopleConfig
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web import guard
from virage.platform.web.guard import Principal, fresh, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Response, delete, get, post

ADMIN = guard.staff("admin")


def _require_staff_person(principal: Principal) -> None:
    """Refuse API clients: they cannot hand on their grants."""
    if principal.kind != "staff":
        raise Problem("forbidden")


@post("/api/office/invitations", status_code=201, guards=[ADMIN])
async def invite_staff(
    data: InvitationRequest, db: Database, clock: Clock, people_config: PeopleConfig, principal: Principal
) -> InvitationSent:
    """Invite a person to a role within a scope that I administer. Needs a sign-in of the last 15 minutes."""
    _require_staff_person(principal)
    fresh(principal, clock.now())
    return granted(await db.transact(acts.invite, people_config, principal, data, clock.now()))


@delete("/api/office/invitations/{invitation_id:uuid}", status_code=204, guards=[ADMIN])
async def withdraw_invitation(invitation_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Revoke an invitation."""
    _require_staff_person(principal)
    granted(await db.transact(acts.withdraw_invitation, principal, invitation_id, clock.now()))


@get("/api/office/staff", guards=[ADMIN])
async def list_staff(db: Database, clock: Clock, people_config: PeopleConfig, principal: Principal) -> Response[Staff]:
    """Who holds which role where, and who is invited, as far as I administer it."""
    _require_staff_person(principal)
    async with db.connection() as conn:
        found = await reads.staff(conn, principal, clock.now(), sso=people_config.sso is not None)
    return Response(found, headers={"cache-control": "no-store"})


@delete("/api/office/grants/{grant_id:uuid}", status_code=204, guards=[ADMIN])
async def revoke_grant(
    grant_id: UUID, db: Database, clock: Clock, people_config: PeopleConfig, principal: Principal
) -> None:
    """Take a grant, at once; the last administrator of everything stays. Asks for a sign-in of the last 15 minutes."""
    _require_staff_person(principal)
    fresh(principal, clock.now())
    granted(await db.transact(acts.revoke_grant, people_config.sso, principal, grant_id, clock.now()))


@post("/api/office/tokens", status_code=201, guards=[signed_in])
async def create_token(data: TokenRequest, db: Database, clock: Clock, principal: Principal) -> Response[CreatedToken]:
    """Create an API client with some of my grants; the token is shown once. Requires a sign-in within 15 minutes."""
    _require_staff_person(principal)
    fresh(principal, clock.now())
    made = granted(await db.transact(acts.create_token, principal, data, clock.now()))
    return Response(made, status_code=201, headers={"cache-control": "no-store"})


@get("/api/office/tokens", guards=[signed_in])
async def list_tokens(db: Database, clock: Clock, principal: Principal) -> list[ApiClient]:
    """The API clients that I created; all of them if I administer everything."""
    _require_staff_person(principal)
    async with db.connection() as conn:
        return await reads.api_clients(conn, principal, clock.now())


@delete("/api/office/tokens/{token_id:uuid}", status_code=204, guards=[signed_in])
async def revoke_token(token_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Revoke an API client at once."""
    _require_staff_person(principal)
    granted(await db.transact(acts.revoke_token, principal, token_id, clock.now()))


handlers = [
    invite_staff,
    withdraw_invitation,
    list_staff,
    revoke_grant,
    create_token,
    list_tokens,
    revoke_token,
]
