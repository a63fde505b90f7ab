"""The staff: invited, given roles within a scope, and relieved of them at once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people.acts.letters import write
from virage.identity.people.rules.addresses import normalise_address
from virage.identity.people.rules.devices import may_assign
from virage.identity.people.rules.grants import (
    INVITATION_LIFETIME,
    GrantView,
    GrantWish,
    NewInvitation,
    RoleName,
    ScopeName,
    covered,
    grant_of,
    may_administer,
    view_of,
)
from virage.identity.people.rules.house import Letterhead
from virage.identity.people.rules.letters import Kind, NewLetter
from virage.identity.people.rules.persons import Locale
from virage.identity.people.rules.reasons import NOT_A_SCOPE, NOT_AN_ADDRESS, Reason
from virage.identity.people.rules.sign_in import STAFF_LIFETIME
from virage.identity.people.store import devices, grants, persons, pins, sessions
from virage.identity.people.store.scopes import enclosing, posts_for
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.values.tokens import new_token
from virage.platform.web.guard import Grant, Principal

ADMIN_OF_ALL = Grant("admin")


class InvitationWish(Struct, frozen=True):
    """Whom to invite to what. `id` made by the client keeps a repeated request from sending a second letter."""

    email: str
    role: RoleName
    scope: ScopeName
    scope_id: str | None = None
    locale: Locale | None = None
    id: UUID | None = None


class Invited(Struct, frozen=True):
    """An invitation is on its way."""

    id: UUID
    expires_at: datetime


class FirstAdmin(Struct, frozen=True):
    """The invitation of the first administrator; its code is for the operator who asked, and nobody else."""

    id: UUID
    code: str
    expires_at: datetime


async def invite(
    conn: Connection, head: Letterhead, actor: Principal, wish: InvitationWish, now: datetime
) -> Invited | Refused:
    """Invite somebody by a letter with a link that works once; an earlier invitation to the same is dead.

    The same request again is the same invitation; an id that means another one is refused.
    """
    email = normalise_address(wish.email)
    if email is None:
        return NOT_AN_ADDRESS
    grant = grant_of(GrantWish(wish.role, wish.scope, wish.scope_id))
    within = None if grant is None else await enclosing(conn, grant)
    if grant is None or within is None:
        return NOT_A_SCOPE
    inviter = await current(conn, actor)
    if inviter is None or not may_administer(inviter, grant, within):
        return Refused(Reason.FORBIDDEN)
    invited = await persons.person_by_email(conn, email)
    locale = wish.locale or (invited.locale if invited else head.locale)
    invitation_id, code, expires_at = wish.id or new_id(), new_token(), now + INVITATION_LIFETIME
    invitation = NewInvitation(invitation_id, email, grant, inviter.id, at=now, expires_at=expires_at)
    if await grants.invite(conn, invitation, code):
        letter = NewLetter(
            id=new_id(),
            kind=Kind.INVITATION,
            subject_id=invitation_id,
            to=email,
            locale=locale,
            secret={"code": code, "role": wish.role},
            expires_at=expires_at,
        )
        await write(conn, [letter], now, keys=head.keys)
        await journal.append(conn, [Fact("staff_invited", inviter.id, invitation_id, facts_of(grant))], now)
        return Invited(invitation_id, expires_at)
    known = await grants.invitation_as_sent(conn, invitation_id)
    if known is None or (known.email, known.grant, known.invited_by) != (email, grant, inviter.id):
        return Refused(Reason.ID_TAKEN)
    return Invited(invitation_id, known.expires_at)


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
    await journal.append(conn, [Fact("staff_invited", None, first.id, facts_of(ADMIN_OF_ALL))], now)
    return first


async def accept(conn: Connection, person_id: UUID, code: str, now: datetime) -> GrantView | Refused:
    """Give what an invitation promised to whoever signed in with the address it was sent to."""
    person = await persons.lock_person(conn, person_id)
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
    facts = []
    for grant in wanted:
        grant_id = new_id()
        if await grants.give(conn, grant_id, person_id, grant, by=granted_by, at=now):
            facts.append(Fact("grant_given", granted_by, grant_id, {"person": person_id, **facts_of(grant)}))
    await sessions.shorten_sessions(conn, person_id, now + STAFF_LIFETIME)
    await journal.append(conn, facts, now)


async def revoke_grant(conn: Connection, actor: Principal, grant_id: UUID, now: datetime) -> Refused | None:
    """Take a grant, and with it every token and invitation that its holder could give through it alone."""
    held = await grants.grant_by_id(conn, grant_id)
    if held is None:
        return Refused(Reason.NOT_FOUND)
    if not may_administer(actor, held.grant, await enclosing(conn, held.grant) or ()):
        return Refused(Reason.FORBIDDEN)
    await persons.lock_person(conn, held.person_id)
    if held.grant == ADMIN_OF_ALL and await grants.lock_admins(conn) == [grant_id]:
        return Refused(Reason.LAST_ADMIN)
    if not await grants.take(conn, grant_id):
        return Refused(Reason.NOT_FOUND)
    fact = Fact("grant_revoked", actor.id, grant_id, {"person": held.person_id, **facts_of(held.grant)})
    await journal.append(conn, [fact], now)
    await _withdraw_power(conn, held.person_id, now)
    return None


async def withdraw_invitation(conn: Connection, actor: Principal, invitation_id: UUID, now: datetime) -> Refused | None:
    """Let an invitation work no more."""
    grant = await grants.invitation(conn, invitation_id, now)
    if grant is None:
        return Refused(Reason.NOT_FOUND)
    if not may_administer(actor, grant, await enclosing(conn, grant) or ()):
        return Refused(Reason.FORBIDDEN)
    await grants.drop_invitations(conn, [invitation_id])
    await journal.append(conn, [Fact("invitation_withdrawn", actor.id, invitation_id)], now)
    return None


async def current(conn: Connection, actor: Principal) -> Principal | None:
    """The staff member with the grants of this moment, whom nobody relieves of them until the transaction ends."""
    if actor.kind != "staff" or actor.id is None or await persons.lock_person(conn, actor.id) is None:
        return None
    return Principal("staff", actor.id, actor.session_id, tuple(await grants.grants_of(conn, actor.id)))


def facts_of(grant: Grant) -> dict[str, str | None]:
    """A grant as the journal keeps it."""
    view = view_of(grant)
    return {"role": view.role.value, "scope": view.scope.value, "scope_id": view.scope_id}


async def _withdraw_power(conn: Connection, person_id: UUID, now: datetime) -> None:
    """End the person's programs, invitations and pairings that their remaining grants do not cover; and their PIN."""
    holder = Principal("staff", person_id, None, tuple(await grants.grants_of(conn, person_id)))
    lost = []
    for program_id, powers in (await grants.programs_of(conn, person_id, now)).items():
        for power in powers:
            if not covered(holder, power, await enclosing(conn, power) or ()):
                lost.append(program_id)
                break
    unbacked = []
    for invitation_id, grant in (await grants.invitations_by(conn, person_id, now)).items():
        if not may_administer(holder, grant, await enclosing(conn, grant) or ()):
            unbacked.append(invitation_id)
    unpaired = [
        pairing_id
        for pairing_id, (kind, posts) in (await devices.pairings_by(conn, person_id, now)).items()
        if not may_assign(holder, posts, posts_for(kind))
    ]
    await devices.drop_pairings(conn, unpaired)
    if not holder.grants:
        await pins.drop_pin(conn, person_id)
    await grants.drop_programs(conn, lost)
    await grants.drop_invitations(conn, unbacked)
    facts = [Fact("token_revoked", None, program_id, {"creator": person_id}) for program_id in lost]
    facts += [Fact("invitation_withdrawn", None, invitation_id) for invitation_id in unbacked]
    facts += [Fact("pairing_withdrawn", None, pairing_id) for pairing_id in unpaired]
    await journal.append(conn, facts, now)
