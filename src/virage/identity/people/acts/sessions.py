"""Sessions of persons and guests."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people.acts.emails import write
from virage.identity.people.rules import secrets
from virage.identity.people.rules.emails import EmailKind, NewEmail
from virage.identity.people.rules.persons import normalise_name
from virage.identity.people.rules.reasons import NOT_A_LABEL, Reason
from virage.identity.people.rules.secrets import PeopleKeys
from virage.identity.people.rules.sign_in import NewGuest, Opening, SignedIn, SignInBrowser, lifetime
from virage.identity.people.store import persons, sessions
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.values.tokens import new_token


async def open_for(
    conn: Connection,
    keys: PeopleKeys,
    person: persons.Joined,
    browser: SignInBrowser,
    now: datetime,
    *,
    proved_at: datetime | None = None,
) -> SignedIn:
    """Open a session for a locked person who authenticated now, or at `proved_at`.

    The session of a guest or of the same person keeps its id and gets a new token; another person's ends. An email
    tells of a browser in which the person has never signed in, but for the first one of all.
    """
    token = new_token()
    expires_at = now + lifetime(person=True, staff=person.staff)
    opening = Opening(person.id, token, browser.label, at=now, expires_at=expires_at, proved_at=proved_at)
    session_id = browser.session_id
    if session_id is not None and not await sessions.take_over_session(conn, session_id, opening):
        await sessions.end_session(conn, session_id)
        session_id = None
    if session_id is None:
        session_id = new_id()
        await sessions.open_session(conn, session_id, opening)
    browser_key = None if browser.id is None else secrets.known_browser_key(keys, person.id, browser.id)
    if await sessions.is_new_browser(conn, person.id, browser_key, session_id, now):
        secret = {"device": browser.label}
        email = NewEmail(
            id=new_id(), kind=EmailKind.NEW_DEVICE, subject_id=session_id, person_id=person.id, secret=secret
        )
        await write(conn, [email], now, keys=keys)
    return SignedIn(person.id, session_id, token, person.joined)


async def guest(conn: Connection, now: datetime) -> tuple[str, UUID]:
    """Open one guest's session: its token, for the cookie, and its id."""
    opened = NewGuest(session_id=new_id(), token=new_token())
    await open_guest_sessions(conn, [opened], now)
    return opened.token, opened.session_id


async def open_guest_sessions(conn: Connection, guests: Sequence[NewGuest], now: datetime) -> None:
    """Open many guest sessions in one statement. They belong to no person yet, so no fact is appended."""
    await sessions.open_guest_sessions(conn, guests, now)


async def sign_out(conn: Connection, session_id: UUID, person_id: UUID | None, now: datetime) -> None:
    """End the current session at once."""
    await sessions.end_session(conn, session_id)
    if person_id is not None:
        await journal.append(conn, [Fact("signed_out", person_id, person_id, {"session": session_id})], now)


async def sign_out_device(conn: Connection, session_id: UUID, person_id: UUID, now: datetime) -> Refused | None:
    """End one of the person's sessions."""
    if not await sessions.end_session_of(conn, session_id, person_id):
        return Refused(Reason.NOT_FOUND)
    await journal.append(conn, [Fact("signed_out", person_id, person_id, {"session": session_id})], now)
    return None


async def sign_out_everywhere(conn: Connection, person_id: UUID, now: datetime, kept_id: UUID | None = None) -> None:
    """End all of the person's sessions, but for `kept_id`."""
    ended = await sessions.end_sessions_of(conn, person_id, kept_id)
    await journal.append(conn, [Fact("signed_out_everywhere", person_id, person_id, {"sessions": ended})], now)


async def rename_session(
    conn: Connection, session_id: UUID, person_id: UUID, name: str | None, now: datetime
) -> Refused | None:
    """Name one of the person's sessions; None: it is called after its device again."""
    try:
        label = normalise_name(name)
    except ValueError:
        return NOT_A_LABEL
    if not await sessions.rename_session(conn, session_id, person_id, label):
        return Refused(Reason.NOT_FOUND)
    await journal.append(conn, [Fact("session_renamed", person_id, person_id, {"session": session_id})], now)
    return None
