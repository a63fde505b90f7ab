"""Single sign-on of the staff: signing in through the OpenID provider, its checks, and the end of an access."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people.acts.emails import write
from virage.identity.people.acts.sessions import open_for
from virage.identity.people.acts.staff import add_grants, grant_data, revoke_dependents
from virage.identity.people.rules.emails import EmailKind, NewEmail
from virage.identity.people.rules.openid import LOGOUT_LIFETIME, Identity, Logout, Proof, proved_at
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.persons import NewPerson, Person, normalise_name
from virage.identity.people.rules.reasons import Reason
from virage.identity.people.rules.sign_in import SignedIn, SignInBrowser
from virage.identity.people.rules.sso import AWAY_MAX, VALID_FOR, DueCheck, Sso
from virage.identity.people.store import grants, passkeys, persons, sessions
from virage.identity.people.store import sso as store
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.settings.logs import log
from virage.platform.values.ids import new_id
from virage.platform.values.languages import best
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import FRESH_FOR


async def require_sso(conn: Connection, sso: Sso | None, person: Person) -> Refused | None:
    """Refuse a sign-in by code, passkey or recovery code to a locked person who must use single sign-on.

    These are persons with an account at the provider, and staff with an address of its domains; break-glass accounts
    are exempt.
    """
    if sso is None or person.email in sso.break_glass:
        return None
    linked = await store.subject_of(conn, person.id, sso.issuer) is not None
    if linked or (sso.owns(person.email) and await grants.grants_of(conn, person.id)):
        return Refused(Reason.SSO_REQUIRED, {"name": sso.name})
    return None


async def report_break_glass(
    conn: Connection, head: PeopleConfig, person: Person, browser: SignInBrowser, now: datetime
) -> None:
    """Email every administrator that a break-glass account signs in; for other accounts do nothing.

    An account that used single sign-on before loses its link to the provider, and the roles of its groups.
    """
    if head.sso is None or person.email not in head.sso.break_glass:
        return
    await store.erase(conn, person.id)
    await _take(conn, await store.grants_of(conn, person.id), now)
    about = new_id()
    secret = {"address": person.email, "device": browser.label}
    emails = [
        NewEmail(id=new_id(), kind=EmailKind.BREAK_GLASS_USED, subject_id=about, person_id=admin, secret=secret)
        for admin in await grants.admins(conn)
    ]
    await write(conn, emails, now, keys=head.keys)
    await journal.append(conn, [Fact("break_glass_used", person.id, person.id)], now)


async def use_state(conn: Connection, state: str, expires_at: datetime) -> bool:
    """Use the state of a sign-in up; False if it was used before."""
    return await passkeys.use_challenge(conn, state.encode(), expires_at)


async def sign_in_by_sso(
    conn: Connection,
    head: PeopleConfig,
    proof: Proof,
    now: datetime,
    *,
    browser: SignInBrowser,
    confirms: UUID | None = None,
) -> SignedIn | Refused:
    """Open a session for a person whom the provider has signed in, with the roles of their groups.

    The first sign-in finds the person by their address and ends their other sessions; later ones find them by the
    provider's subject. `confirms` is the signed-in person who confirms an act: refused with `sso_not_confirmed` for
    another person, or if the provider does not report a recent authentication.
    """
    identity, sso = proof.identity, head.sso
    if sso is None or identity.email is None or not sso.owns(identity.email):
        return Refused(Reason.SSO_ADDRESS)
    person_id = await store.person_of_subject(conn, sso.issuer, identity.subject)
    if person_id is None:
        newcomer = NewPerson(new_id(), identity.email, _name(identity), best(identity.locale, head.locale))
        joined = await persons.join(conn, newcomer, now)
    else:
        joined = persons.Joined(person_id, joined=False, staff=True)
    if await persons.lock_person(conn, joined.id) is None:
        return Refused(Reason.SSO_NO_ROLE)  # erased meanwhile
    known = await store.subject_of(conn, joined.id, sso.issuer)
    if known not in (None, identity.subject):
        return Refused(Reason.SSO_ADDRESS)  # the address is linked to another subject
    if confirms is not None and (joined.id != confirms or proved_at(identity, now) < now - FRESH_FOR):
        return Refused(Reason.SSO_NOT_CONFIRMED)
    await store.put_account(
        conn, head.keys, joined.id, sso.issuer, identity.subject, refresh_token=proof.refresh_token, now=now
    )
    await _give_roles(conn, sso, joined.id, identity.groups, now)
    if not await grants.grants_of(conn, joined.id) and not await grants.is_invited(conn, identity.email, now):
        return Refused(Reason.SSO_NO_ROLE)
    facts = [Fact("person_joined", joined.id, joined.id)] if joined.joined else []
    if known is None:
        ended = await sessions.end_sessions_of(conn, joined.id, browser.session_id)
        facts.append(Fact("sso_linked", joined.id, joined.id))
        if ended:
            facts.append(Fact("signed_out_everywhere", joined.id, joined.id, {"sessions": ended}))
    staff = joined._replace(staff=True)
    signed_in = await open_for(conn, head.keys, staff, browser, now, proved_at=proved_at(identity, now))
    await store.mark_session(conn, signed_in.session_id, identity.sid)
    facts.append(Fact("signed_in", joined.id, joined.id, {"session": signed_in.session_id, "by": "sso"}))
    await journal.append(conn, facts, now)
    return signed_in


def _name(identity: Identity) -> str | None:
    try:
        return normalise_name(identity.name)
    except ValueError:
        return None


async def _give_roles(conn: Connection, sso: Sso, person_id: UUID, groups: Sequence[str], now: datetime) -> None:
    """Make the grants that the provider gives a locked person those of their groups."""
    wanted = sso.grants_of(groups)
    gone = [held for held in await store.grants_of(conn, person_id) if held.grant not in wanted]
    await _take(conn, gone, now)
    await add_grants(conn, person_id, wanted, None, now, by_sso=True)
    if gone:
        await revoke_dependents(conn, person_id, now)


async def _take(conn: Connection, gone: Sequence[grants.StoredGrant], now: datetime) -> None:
    for held in gone:
        await grants.take(conn, held.id)
    facts = [
        Fact("grant_revoked", None, held.id, {"person": held.person_id, **grant_data(held.grant)}) for held in gone
    ]
    await journal.append(conn, facts, now)


async def record_check(conn: Connection, head: PeopleConfig, check: DueCheck, proof: Proof, now: datetime) -> None:
    """Store that the provider confirmed a person: the new refresh token and the roles. Without a role, access ends."""
    if head.sso is None or await persons.lock_person(conn, check.person_id) is None:
        return
    if not await store.confirm_account(conn, head.keys, check, proof.refresh_token, now):
        return
    groups = proof.identity.groups
    held, by_sso = await grants.grants_of(conn, check.person_id), await store.grants_of(conn, check.person_id)
    if head.sso.grants_of(groups) or len(held) > len(by_sso):
        await _give_roles(conn, head.sso, check.person_id, groups, now)
    else:
        await _end(conn, check.person_id, now)


async def record_away(conn: Connection, check: DueCheck, now: datetime) -> None:
    """Let sessions count a while longer because the provider is away: four hours after its last answer at most."""
    await store.keep_account(conn, check.person_id, min(now + VALID_FOR, check.confirmed_at + AWAY_MAX))


async def end_access(conn: Connection, check: DueCheck, now: datetime) -> None:
    """End the access of a person whose refresh token the provider rejected, unless they have signed in since."""
    if await persons.lock_person(conn, check.person_id) is None:
        return
    if await store.is_current(conn, check):
        await _end(conn, check.person_id, now)


async def _end(conn: Connection, person_id: UUID, now: datetime) -> None:
    """End the access of a locked person: their sessions, the roles of their groups, PIN, API clients, invitations.

    Roles that the office gave stay, and count again when the person signs in through the provider again.
    """
    await store.end_account(conn, person_id, now)
    await _take(conn, await store.grants_of(conn, person_id), now)
    await revoke_dependents(conn, person_id, now, access_ended=True)
    await journal.append(conn, [Fact("sso_access_ended", None, person_id)], now)
    log.info("sso_access_ended", person=person_id)


async def end_sso_sessions(conn: Connection, sso: Sso, logout: Logout, now: datetime) -> None:
    """End the sessions that a logout token names; the same token again ends nothing."""
    if not await passkeys.use_challenge(conn, f"logout\n{logout.id}".encode(), now + LOGOUT_LIFETIME):
        return
    if logout.subject is not None:
        found = await store.person_of_subject(conn, sso.issuer, logout.subject)
        person_ids = [] if found is None else [found]
    else:
        person_ids = await store.persons_of_sid(conn, sso.issuer, logout.sid or "")
    for person_id in sorted(person_ids):
        ended = await store.end_sessions(conn, person_id, logout.sid)
        facts = [Fact("signed_out", person_id, person_id, {"session": session_id}) for session_id in ended]
        await journal.append(conn, facts, now)
