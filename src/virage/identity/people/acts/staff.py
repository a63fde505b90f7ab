"""Staff: invitations, roles within a scope, and their revocation."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people.acts.emails import write
from virage.identity.people.rules.addresses import normalise_address
from virage.identity.people.rules.devices import may_assign
from virage.identity.people.rules.emails import EmailKind, NewEmail
from virage.identity.people.rules.grants import (
    INVITATION_LIFETIME,
    GrantRequest,
    GrantView,
    NewInvitation,
    RoleName,
    ScopeName,
    grant_of,
    holds_grant,
    may_administer,
    view_of,
)
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.persons import Locale
from virage.identity.people.rules.reasons import NOT_A_SCOPE, NOT_AN_ADDRESS, Reason
from virage.identity.people.rules.sign_in import STAFF_LIFETIME
from virage.identity.people.rules.sso import Sso
from virage.identity.people.store import devices, grants, persons, pins, sessions
from virage.identity.people.store import sso as sso_accounts
from virage.identity.people.store.scopes import enclosing, posts_for
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import new_id
from virage.platform.values.languages import best
from virage.platform.values.refusals import Refused
from virage.platform.values.tokens import new_token
from virage.platform.web.guard import Grant, Principal

ADMIN_OF_ALL = Grant("admin")


class InvitationRequest(Struct, frozen=True):
    """The address and role of an invitation. A repeated request with the same `id` sends no second email."""

    email: str
    role: RoleName
    scope: ScopeName
    scope_id: str | None = None
    locale: Locale | None = None
    id: UUID | None = None


class InvitationSent(Struct, frozen=True):
    """An invitation is on its way."""

    id: UUID
    expires_at: datetime


class FirstAdmin(Struct, frozen=True):
    """The invitation of the first administrator; its code is shown to the operator only."""

    id: UUID
    code: str
    expires_at: datetime


async def invite(
    conn: Connection, head: PeopleConfig, actor: Principal, request: InvitationRequest, now: datetime
) -> InvitationSent | Refused:
    """Invite a person by an email with a link that works once; an earlier invitation to the same role is invalidated.

    The same request again is the same invitation; an id that means another one is refused.
    """
    email = normalise_address(request.email)
    if email is None:
        return NOT_AN_ADDRESS
    grant = grant_of(GrantRequest(request.role, request.scope, request.scope_id))
    within = None if grant is None else await enclosing(conn, grant)
    if grant is None or within is None:
        return NOT_A_SCOPE
    inviter = await lock_actor(conn, actor)
    if inviter is None or not may_administer(inviter, grant, within):
        return Refused(Reason.FORBIDDEN)
    invited = await persons.person_by_email(conn, email)
    locale = best(request.locale or (invited.locale if invited else head.locale), head.locale)
    invitation_id, code, expires_at = request.id or new_id(), new_token(), now + INVITATION_LIFETIME
    invitation = NewInvitation(invitation_id, email, grant, inviter.id, at=now, expires_at=expires_at)
    if await grants.invite(conn, invitation, code):
        message = NewEmail(
            id=new_id(),
            kind=EmailKind.INVITATION,
            subject_id=invitation_id,
            to=email,
            locale=locale,
            secret={"code": code, "role": request.role},
            expires_at=expires_at,
        )
        await write(conn, [message], now, keys=head.keys)
        await journal.append(conn, [Fact("staff_invited", inviter.id, invitation_id, grant_data(grant))], now)
        return InvitationSent(invitation_id, expires_at)
    known = await grants.invitation_as_sent(conn, invitation_id)
    if known is None or (known.email, known.grant, known.invited_by) != (email, grant, inviter.id):
        return Refused(Reason.ID_TAKEN)
    return InvitationSent(invitation_id, known.expires_at)


async def invite_first_admin(conn: Connection, email: str, now: datetime) -> FirstAdmin | Refused:
    """Invite the first administrator of everything, by a code for the operator; refused once there is one."""
    address = normalise_address(email)
    if address is None:
        return NOT_AN_ADDRESS
    if await grants.lock_admins(conn):
        return Refused(Reason.ADMIN_EXISTS)
    first = FirstAdmin(id=new_id(), code=new_token(), expires_at=now + INVITATION_LIFETIME)
    invitation = NewInvitation(first.id, address, ADMIN_OF_ALL, None, at=now, expires_at=first.expires_at)
    await grants.invite(conn, invitation, first.code)
    await journal.append(conn, [Fact("staff_invited", None, first.id, grant_data(ADMIN_OF_ALL))], now)
    return first


async def accept_invitation(
    conn: Connection, sso: Sso | None, person_id: UUID, code: str, now: datetime
) -> GrantView | Refused:
    """Accept an invitation: grant its role to the person signed in with the invited address.

    Refused with `sso_required` if the OpenID provider decides about this address and has not signed them in.
    """
    person = await persons.lock_person(conn, person_id)
    decider = sso if person is not None and sso is not None and sso.owns(person.email) else None
    if decider is not None and await sso_accounts.subject_of(conn, person_id, decider.issuer) is None:
        return Refused(Reason.SSO_REQUIRED, {"name": decider.name})
    waiting = None if person is None else await grants.take_invitation(conn, code, person.email, now)
    if waiting is None:
        return Refused(Reason.INVITATION_INVALID)
    await give(conn, person_id, [waiting.grant], waiting.invited_by, now)
    return view_of(waiting.grant)


async def give(
    conn: Connection, person_id: UUID, wanted: Sequence[Grant], granted_by: UUID | None, now: datetime
) -> None:
    """Give grants that the person does not hold yet; from now on their sessions are as short as a shift."""
    if not wanted:
        return
    await add_grants(conn, person_id, wanted, granted_by, now)
    await sessions.shorten_sessions(conn, person_id, now + STAFF_LIFETIME)


async def add_grants(
    conn: Connection,
    person_id: UUID,
    wanted: Sequence[Grant],
    granted_by: UUID | None,
    now: datetime,
    *,
    by_sso: bool = False,
) -> None:
    """Store grants that the person does not hold yet. `by_sso`: groups of the OpenID provider give them."""
    facts = []
    for grant in wanted:
        grant_id = new_id()
        if await grants.give(conn, grant_id, person_id, grant, by=granted_by, at=now, by_sso=by_sso):
            facts.append(Fact("grant_given", granted_by, grant_id, {"person": person_id, **grant_data(grant)}))
    await journal.append(conn, facts, now)


async def revoke_grant(
    conn: Connection, sso: Sso | None, actor: Principal, grant_id: UUID, now: datetime
) -> Refused | None:
    """Take a grant, and with it every token and invitation that its holder could give through it alone.

    What a group of the OpenID provider gives is taken there, as long as the deployment has one.
    """
    held = await grants.grant_by_id(conn, grant_id)
    if held is None:
        return Refused(Reason.NOT_FOUND)
    if not may_administer(actor, held.grant, await enclosing(conn, held.grant) or ()):
        return Refused(Reason.FORBIDDEN)
    await persons.lock_person(conn, held.person_id)
    if held.by_sso and sso is not None:
        return Refused(Reason.GRANT_BY_SSO)
    if held.grant == ADMIN_OF_ALL and await grants.lock_admins(conn) == [grant_id]:
        return Refused(Reason.LAST_ADMIN)
    if not await grants.take(conn, grant_id):
        return Refused(Reason.NOT_FOUND)
    fact = Fact("grant_revoked", actor.id, grant_id, {"person": held.person_id, **grant_data(held.grant)})
    await journal.append(conn, [fact], now)
    await revoke_dependents(conn, held.person_id, now)
    return None


async def withdraw_invitation(conn: Connection, actor: Principal, invitation_id: UUID, now: datetime) -> Refused | None:
    """Withdraw an invitation."""
    grant = await grants.invitation(conn, invitation_id, now)
    if grant is None:
        return Refused(Reason.NOT_FOUND)
    if not may_administer(actor, grant, await enclosing(conn, grant) or ()):
        return Refused(Reason.FORBIDDEN)
    await grants.drop_invitations(conn, [invitation_id])
    await journal.append(conn, [Fact("invitation_withdrawn", actor.id, invitation_id)], now)
    return None


async def lock_actor(conn: Connection, actor: Principal) -> Principal | None:
    """Lock a staff member and return them with their current grants; None for any other principal."""
    if actor.kind != "staff" or actor.id is None or await persons.lock_person(conn, actor.id) is None:
        return None
    return Principal("staff", actor.id, actor.session_id, tuple(await grants.grants_of(conn, actor.id)))


def grant_data(grant: Grant) -> dict[str, str | None]:
    """Return a grant as journal data."""
    view = view_of(grant)
    return {"role": view.role.value, "scope": view.scope.value, "scope_id": view.scope_id}


async def revoke_dependents(conn: Connection, person_id: UUID, now: datetime, *, access_ended: bool = False) -> None:
    """End a person's API clients, invitations and pairings that their remaining grants do not cover, and their PIN.

    `access_ended`: the person can no longer sign in, so no grant covers anything, and their sessions end too.
    """
    held = () if access_ended else tuple(await grants.grants_of(conn, person_id))
    holder = Principal("staff", person_id, None, held)
    lost = []
    for client_id, powers in (await grants.api_clients_of(conn, person_id, now)).items():
        for power in powers:
            if not holds_grant(holder, power, await enclosing(conn, power) or ()):
                lost.append(client_id)
                break
    unbacked = []
    for invitation_id, grant in (await grants.invitations_by(conn, person_id, now)).items():
        if not may_administer(holder, grant, await enclosing(conn, grant) or ()):
            unbacked.append(invitation_id)
    facts = []
    if access_ended:
        ended = await sessions.end_sessions_of(conn, person_id)
        facts.append(Fact("signed_out_everywhere", None, person_id, {"sessions": ended}))
    unpaired = []
    for pairing_id, (kind, posts) in (await devices.pairings_by(conn, person_id, now)).items():
        if not may_assign(holder, posts, await posts_for(conn, kind)):
            unpaired.append(pairing_id)
    await devices.drop_pairings(conn, unpaired)
    if not holder.grants:
        await pins.drop_pin(conn, person_id)
    await grants.drop_api_clients(conn, lost)
    await grants.drop_invitations(conn, unbacked)
    facts += [Fact("token_revoked", None, client_id, {"creator": person_id}) for client_id in lost]
    facts += [Fact("invitation_withdrawn", None, invitation_id) for invitation_id in unbacked]
    facts += [Fact("pairing_withdrawn", None, pairing_id) for pairing_id in unpaired]
    await journal.append(conn, facts, now)
