"""Recovery of staff accounts: delayed codes by email, recovery codes, cancelling."""

from datetime import datetime
from uuid import UUID

from virage.identity.people.acts.emails import write
from virage.identity.people.acts.sessions import open_for
from virage.identity.people.acts.sso import report_break_glass, require_sso
from virage.identity.people.rules import secrets
from virage.identity.people.rules.addresses import normalise_address
from virage.identity.people.rules.emails import EmailKind, NewEmail
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.reasons import NOT_AN_ADDRESS, Reason
from virage.identity.people.rules.recovery import (
    CODES,
    CODES_MADE_PER_PERSON,
    DELAY,
    OPEN_FOR,
    REQUESTS_PER_DAY,
    TRIES_PER_BROWSER,
    Recovery,
    RecoveryCodes,
    new_recovery_code,
    recovery_code_hash,
)
from virage.identity.people.rules.secrets import PeopleKeys
from virage.identity.people.rules.sign_in import SignedIn, SignInBrowser
from virage.identity.people.store import codes, passkeys, persons
from virage.identity.people.store import grants as held_grants
from virage.identity.people.store import recovery as store
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.values.tokens import new_token

CODE_WRONG = Refused(Reason.CODE_WRONG, commit=True)  # the try is counted


async def recover(conn: Connection, keys: PeopleKeys, person_id: UUID, now: datetime) -> NewEmail | Refused | None:
    """Decide whether a code by email, which was used just now, lets a person of the staff in, or makes them wait.

    Without a passkey they need not wait; a disabled one counts, so that a copy of it opens no shorter way. The first
    code begins a recovery. Codes within its delay change nothing; the first one after it signs in, and returns the
    email that tells of it. The person is locked.
    """
    if not await passkeys.descriptors_of(conn, person_id, disabled=True):
        return None
    recovery = await store.open_recovery(conn, person_id, now)
    if recovery is not None and now >= recovery.ready_at:
        await store.use_recovery(conn, recovery.id, now)
        await journal.append(conn, [Fact("recovery_used", person_id, person_id, {"recovery": recovery.id})], now)
        return _email(EmailKind.RECOVERY_USED, person_id, recovery.id)
    if recovery is None:
        if await store.requests_within_a_day(conn, person_id, now) >= REQUESTS_PER_DAY:
            return Refused(Reason.RATE_LIMITED, commit=True)
        recovery = Recovery(new_id(), now + DELAY, now + DELAY + OPEN_FOR)
        cancel_code = new_token()
        await store.begin_recovery(conn, recovery, person_id, cancel_code, now)
        hours = str(int(DELAY.total_seconds() // 3600))
        email = _email(EmailKind.RECOVERY_STARTED, person_id, recovery.id, code=cancel_code, hours=hours)
        await write(conn, [email], now, keys=keys)
        await journal.append(conn, [Fact("recovery_begun", None, person_id, {"recovery": recovery.id})], now)
    return Refused(Reason.RECOVERY_WAITS, {"ready_at": recovery.ready_at.isoformat()}, commit=True)


async def cancel_recovery(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """End the recovery of a person who is signed in."""
    if await persons.lock_person(conn, person_id) is None or not await _cancel(conn, person_id, person_id, now):
        return Refused(Reason.NOT_FOUND)
    return None


async def cancel_recovery_by_email(conn: Connection, code: str, now: datetime) -> Refused | None:
    """End a recovery by the code in its email."""
    person_id = await store.person_of_recovery(conn, code, now)
    if person_id is None or await persons.lock_person(conn, person_id) is None:
        return Refused(Reason.NOT_FOUND)
    return None if await _cancel(conn, None, person_id, now) else Refused(Reason.NOT_FOUND)


async def _cancel(conn: Connection, who: UUID | None, person_id: UUID, now: datetime) -> bool:
    """End the recovery of a locked person; False if there is none."""
    recovery_id = await store.cancel_recovery(conn, person_id, now)
    if recovery_id is not None:
        await journal.append(conn, [Fact("recovery_cancelled", who, person_id, {"recovery": recovery_id})], now)
    return recovery_id is not None


async def make_recovery_codes(
    conn: Connection, keys: PeopleKeys, person_id: UUID, now: datetime
) -> RecoveryCodes | Refused:
    """Make ten recovery codes of a person of the staff with a passkey; earlier ones no longer work."""
    key = secrets.rate_key(keys, "recovery codes", str(person_id))
    if (await codes.count_requests(conn, {key: CODES_MADE_PER_PERSON}, now))[key] > CODES_MADE_PER_PERSON:
        return Refused(Reason.RATE_LIMITED, commit=True)
    if await persons.lock_person(conn, person_id) is None or not await passkeys.has_passkey(conn, person_id):
        return Refused(Reason.PASSKEY_NEEDED)
    made = [new_recovery_code() for _ in range(CODES)]
    await store.put_codes(conn, person_id, [recovery_code_hash(keys, person_id, code) for code in made], now)
    await write(conn, [_email(EmailKind.RECOVERY_CODES_MADE, person_id, new_id())], now)
    await journal.append(conn, [Fact("recovery_codes_made", person_id, person_id)], now)
    return RecoveryCodes(made)


async def sign_in_by_recovery_code(
    conn: Connection,
    head: PeopleConfig,
    address: str,
    code: str,
    now: datetime,
    *,
    browser: SignInBrowser,
) -> SignedIn | Refused:
    """Open a session by a recovery code, which is used up; a recovery that waits ends, and an email tells of it."""
    email = normalise_address(address)
    if email is None:
        return NOT_AN_ADDRESS
    if browser.id is None:
        return Refused(Reason.COOKIE_MISSING)
    key = secrets.rate_key(head.keys, "recovery", str(browser.id))
    if (await codes.count_requests(conn, {key: TRIES_PER_BROWSER}, now))[key] > TRIES_PER_BROWSER:
        return Refused(Reason.TOO_MANY_ATTEMPTS, {"tries_max": TRIES_PER_BROWSER}, commit=True)
    person = await persons.person_by_email(conn, email)
    if person is None or await persons.lock_person(conn, person.id) is None:
        return CODE_WRONG
    hashes = [recovery_code_hash(keys, person.id, code) for keys in head.all_keys]
    taken = await store.take_code(conn, person.id, hashes)
    refused = await require_sso(conn, head.sso, person) if taken else CODE_WRONG
    if refused is not None:
        return refused
    await _cancel(conn, person.id, person.id, now)
    staff = bool(await held_grants.grants_of(conn, person.id))
    joined = persons.Joined(person.id, joined=False, staff=staff)
    await report_break_glass(conn, head, person, browser, now)
    signed_in = await open_for(conn, head.keys, joined, browser, now)
    left = str(await store.codes_left(conn, person.id))
    await write(conn, [_email(EmailKind.RECOVERY_CODE_USED, person.id, new_id(), left=left)], now, keys=head.keys)
    data = {"session": signed_in.session_id}
    facts = [Fact("recovery_code_used", person.id, person.id, data), Fact("signed_in", person.id, person.id, data)]
    await journal.append(conn, facts, now)
    return signed_in


def _email(kind: EmailKind, person_id: UUID, subject_id: UUID, **secret: str) -> NewEmail:
    return NewEmail(id=new_id(), kind=kind, subject_id=subject_id, person_id=person_id, secret=secret or None)
