"""Coming in and going out: codes, sessions, guests."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET

from virage.kernel import journal
from virage.kernel.database import Connection
from virage.kernel.ids import new_id
from virage.kernel.journal import Fact
from virage.kernel.problems import Refused
from virage.kernel.security import new_token
from virage.people.acts.mail import post
from virage.people.rules import secrets
from virage.people.rules.addresses import normalise_address
from virage.people.rules.house import Letterhead
from virage.people.rules.mails import code_mail, open_code_mail
from virage.people.rules.persons import Locale, Newcomer, Person, PersonChange, tidy_name
from virage.people.rules.reasons import NOT_A_NAME, NOT_AN_ADDRESS, Reason
from virage.people.rules.secrets import Secrets
from virage.people.rules.sign_in import (
    ASKED,
    ASKS_PER_ADDRESS,
    ASKS_PER_DEVICE,
    ASKS_PER_DEVICE_AND_ADDRESS,
    CODE_LIFETIME,
    OPEN_CODE_LIFETIME,
    TRIES_MAX,
    Answer,
    Asks,
    CodeAsked,
    NewGuest,
    Opening,
    SignedIn,
    Try,
    answer_ask,
    judge_try,
    lifetime,
)
from virage.people.store import codes, persons, sessions


async def ask_code(
    conn: Connection,
    head: Letterhead,
    address: str,
    now: datetime,
    *,
    locale: Locale,
    session_id: UUID,
    person_id: UUID | None = None,
) -> CodeAsked | Refused:
    """Send a new code to the address, for the device that asks; the one it asked for before is dead.

    Nothing depends on whether somebody has the address. `session_id` is the device, `person_id` who is signed in
    there. A device that asks too often is told so. Past an address's limit, which strangers may have used up, letters
    are few and their codes work in every browser; the answer stays the same. Commit a refusal too: it counts.
    """
    email = normalise_address(address)
    if email is None:
        return NOT_AN_ADDRESS
    asker = None if person_id is None else await persons.person(conn, person_id)
    own = asker is not None and asker.email == email
    answer = answer_ask(await _count_ask(conn, head.keys, email, session_id, now), own=own)
    if answer is Answer.REFUSE:
        return Refused(Reason.RATE_LIMITED)
    if answer is Answer.SEND_OPEN:
        await _send_open_code(conn, head, email, locale, now)
        return ASKED
    code, expires_at = secrets.new_code(), now + CODE_LIFETIME
    key = secrets.code_key(head.keys, email, session_id)
    await codes.put_code(conn, key, secrets.code_hash(head.keys, email, code), locale, expires_at)
    await post(conn, head.keys, [code_mail(email, code, locale, club=head.club, expires_at=expires_at)])
    return ASKED


async def _send_open_code(conn: Connection, head: Letterhead, email: str, locale: Locale, now: datetime) -> None:
    """Send a code that works in every browser, unless the last one that was sent still serves for long enough."""
    code, key = secrets.new_open_code(), secrets.open_code_key(head.keys, email)
    if await codes.put_open_code(conn, key, secrets.code_hash(head.keys, email, code), locale, now):
        expires_at = now + OPEN_CODE_LIFETIME
        await post(conn, head.keys, [open_code_mail(email, code, locale, club=head.club, expires_at=expires_at)])


def pace_keys(keys: Secrets, email: str, session_id: UUID) -> tuple[bytes, bytes, bytes]:
    """Where requests for codes are counted: by address, by device, by both."""
    device = str(session_id)
    return (
        secrets.pace_key(keys, email),
        secrets.pace_key(keys, device),
        secrets.pace_key(keys, email, device),
    )


async def _count_ask(conn: Connection, keys: Secrets, email: str, session_id: UUID, now: datetime) -> Asks:
    address, device, both = pace_keys(keys, email, session_id)
    limits = {address: ASKS_PER_ADDRESS, device: ASKS_PER_DEVICE, both: ASKS_PER_DEVICE_AND_ADDRESS}
    counted = await codes.pace(conn, limits, now)
    return Asks(of_address=counted[address], of_device=counted[device], of_both=counted[both])


async def sign_in(
    conn: Connection,
    keys: Secrets,
    address: str,
    code: str,
    now: datetime,
    *,
    session_id: UUID | None = None,
    name: str | None = None,
    device: str = "",
) -> SignedIn | Refused:
    """Open a session for whoever reads the letters to this address; who is new becomes a fan.

    A code works in the session that asked for it, an open one in any; the tries at either count in the session, each
    for itself. A guest's session or one's own keeps its id and gets a new token; somebody else's ends. Commit a
    refusal too.
    """
    email = normalise_address(address)
    if email is None:
        return NOT_AN_ADDRESS
    try:
        tidied = tidy_name(name)
    except ValueError:
        return NOT_A_NAME
    locale = await _use_code(conn, keys, email, "".join(code.split()), now, session_id=session_id)
    if isinstance(locale, Refused):
        return locale
    newcomer = Newcomer(new_id(), email, tidied, locale)
    person = await persons.join(conn, newcomer, now)
    signed_in = await _open(conn, person, session_id, device, now)
    facts = [Fact("signed_in", person.id, person.id, {"session": signed_in.session_id})]
    if person.joined:
        facts.insert(0, Fact("person_joined", person.id, person.id))
    await journal.append(conn, facts, now)
    return signed_in


async def _use_code(
    conn: Connection, keys: Secrets, email: str, code: str, now: datetime, *, session_id: UUID | None
) -> Locale | Refused:
    """Use a code up, and return the locale in which it was asked for.

    Without a session there is no code of one's own, and no counter that strangers would share: the open one alone.
    """
    is_open = len(code) == secrets.OPEN_CODE_DIGITS
    tried_hash = secrets.code_hash(keys, email, code)
    if session_id is None:
        taken = await codes.take_open_code(conn, secrets.open_code_key(keys, email), tried_hash, now)
        return Refused(Reason.CODE_WRONG) if taken is None else taken
    key = (secrets.open_tries_key if is_open else secrets.code_key)(keys, email, session_id)
    stored_hash, locale, tries = await codes.count_try(conn, key, now)  # for an open code a decoy: its tries alone
    verdict = judge_try(stored_hash, tried_hash, tries)
    if verdict is Try.TOO_MANY:
        return Refused(Reason.TOO_MANY_ATTEMPTS, {"tries_max": TRIES_MAX})
    if verdict is Try.WRONG:
        opened = None
        if is_open:
            opened = await codes.take_open_code(conn, secrets.open_code_key(keys, email), tried_hash, now)
        if opened is None:
            return Refused(Reason.CODE_WRONG)
        locale = opened
    await codes.drop_code(conn, key)
    return locale


async def _open(
    conn: Connection, person: persons.Joined, session_id: UUID | None, device: str, now: datetime
) -> SignedIn:
    token = new_token()
    expires_at = now + lifetime(person=True, staff=person.staff)
    opening = Opening(person.id, token, device, at=now, expires_at=expires_at)
    if session_id is not None:
        if await sessions.take_over_session(conn, session_id, opening):
            return SignedIn(person.id, session_id, token, person.joined)
        await sessions.end_session(conn, session_id)
    opened = new_id()
    await sessions.open_session(conn, opened, opening)
    return SignedIn(person.id, opened, token, person.joined)


async def guest(conn: Connection, now: datetime) -> tuple[str, UUID]:
    """Open one guest's session: its token, for the cookie, and its id."""
    opened = NewGuest(session_id=new_id(), token=new_token())
    await open_guests(conn, [opened], now)
    return opened.token, opened.session_id


async def open_guests(conn: Connection, guests: Sequence[NewGuest], now: datetime) -> None:
    """Open many guests' sessions in one statement. Nobody is behind them yet, so no fact is written."""
    await sessions.open_guests(conn, guests, now)


async def sign_out(conn: Connection, session_id: UUID, person_id: UUID | None, now: datetime) -> None:
    """End one's own session, at once."""
    await sessions.end_session(conn, session_id)
    if person_id is not None:
        await journal.append(conn, [Fact("signed_out", person_id, person_id, {"session": session_id})], now)


async def sign_out_device(conn: Connection, session_id: UUID, person_id: UUID, now: datetime) -> Refused | None:
    """End one of the person's sessions."""
    if not await sessions.end_session_of(conn, session_id, person_id):
        return Refused(Reason.NOT_FOUND)
    await journal.append(conn, [Fact("signed_out", person_id, person_id, {"session": session_id})], now)
    return None


async def sign_out_everywhere(conn: Connection, person_id: UUID, now: datetime) -> None:
    """End all of the person's sessions, this one too."""
    ended = await sessions.end_sessions_of(conn, person_id)
    await journal.append(conn, [Fact("signed_out_everywhere", person_id, person_id, {"sessions": ended})], now)


async def change(conn: Connection, person_id: UUID, wish: PersonChange, now: datetime) -> Person | Refused:
    """Change one's name or language."""
    current = await persons.lock_person(conn, person_id)
    if current is None:
        return Refused(Reason.NOT_FOUND)
    try:
        name = current.name if wish.name is UNSET else tidy_name(wish.name)
    except ValueError:
        return NOT_A_NAME
    locale = current.locale if wish.locale is UNSET else wish.locale
    changed = await persons.change_person(conn, person_id, name, locale)
    if changed is None:
        return Refused(Reason.NOT_FOUND)
    await journal.append(conn, [Fact("person_changed", person_id, person_id)], now)
    return changed
