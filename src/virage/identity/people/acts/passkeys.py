"""Passkeys: adding, renaming and removing them, signing in and confirming with them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people.acts.emails import write
from virage.identity.people.acts.sessions import open_for
from virage.identity.people.acts.sso import report_break_glass, require_sso
from virage.identity.people.rules import secrets
from virage.identity.people.rules.emails import EmailKind, NewEmail
from virage.identity.people.rules.passkeys import (
    ADDED_PER_PERSON,
    ALGORITHMS,
    PASSKEYS_MAX,
    TIMEOUT_MS,
    TRIES_PER_BROWSER,
    Asked,
    Assertion,
    NewPasskey,
    Passkey,
    PasskeyView,
    Purpose,
    asserted,
    challenge_end,
    challenge_of,
    credential_id_of,
    encoded,
    is_clone,
    new_challenge,
    registered,
)
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.persons import normalise_name
from virage.identity.people.rules.reasons import NOT_A_LABEL, Reason
from virage.identity.people.rules.secrets import PeopleKeys
from virage.identity.people.rules.sign_in import SignedIn, SignInBrowser
from virage.identity.people.rules.webauthn import (
    AssertionJson,
    CreationOptions,
    CredentialDescriptor,
    CredentialParameters,
    RegistrationJson,
    RequestOptions,
    RpEntity,
    UserEntity,
)
from virage.identity.people.store import codes, passkeys, persons
from virage.identity.people.store import grants as held_grants
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

UNAVAILABLE = Refused(Reason.PASSKEYS_UNAVAILABLE)
UNKNOWN = Refused(Reason.PASSKEY_UNKNOWN, commit=True)  # the try is counted, here and below
INVALID = Refused(Reason.PASSKEY_INVALID, commit=True)
DISABLED = Refused(Reason.PASSKEY_DISABLED, commit=True)
CHALLENGE_INVALID = Refused(Reason.CHALLENGE_INVALID, commit=True)
CLONED = "cloned"


def request_options(
    head: PeopleConfig, asked: Asked, now: datetime, allowed: Sequence[CredentialDescriptor] = ()
) -> RequestOptions | Refused:
    """Return what a browser asks its authenticators with; without `allowed` they offer the passkeys they have."""
    if head.relying_party is None:
        return UNAVAILABLE
    challenge = encoded(new_challenge(head.keys, asked, now))
    return RequestOptions(challenge, head.relying_party.id, list(allowed), TIMEOUT_MS)


async def confirmation_options(
    conn: Connection, head: PeopleConfig, person_id: UUID, asked: Asked, now: datetime
) -> RequestOptions | Refused:
    """Return the options with which a person confirms by one of their passkeys."""
    return request_options(head, asked, now, await passkeys.descriptors_of(conn, person_id))


async def creation_options(
    conn: Connection, head: PeopleConfig, person_id: UUID, asked: Asked, now: datetime
) -> CreationOptions | Refused:
    """Return what a browser makes a passkey of a person with. An authenticator that has one of theirs makes none."""
    party = head.relying_party
    if party is None:
        return UNAVAILABLE
    person = await persons.lock_person(conn, person_id)
    if person is None:
        return Refused(Reason.NOT_FOUND)
    known = await passkeys.descriptors_of(conn, person_id, disabled=True)
    if len(known) >= PASSKEYS_MAX:
        return Refused(Reason.PASSKEYS_FULL, {"passkeys_max": PASSKEYS_MAX})
    handle = await passkeys.handle_of(conn, person_id)
    return CreationOptions(
        rp=RpEntity(party.id, party.name),
        user=UserEntity(encoded(handle), person.email, person.name or person.email),
        challenge=encoded(new_challenge(head.keys, asked, now)),
        pub_key_cred_params=[CredentialParameters(algorithm) for algorithm in ALGORITHMS],
        exclude_credentials=known,
        timeout=TIMEOUT_MS,
    )


async def add_passkey(
    conn: Connection,
    head: PeopleConfig,
    person_id: UUID,
    answer: RegistrationJson,
    now: datetime,
    *,
    browser: SignInBrowser,
    name: str | None,
) -> PasskeyView | Refused:
    """Store a passkey that an authenticator made for this person; an email tells of it.

    Without a name it is called after the browser.
    """
    label = _label(name or browser.label or "Passkey")
    if isinstance(label, Refused):
        return label
    asked = None if browser.id is None else Asked(Purpose.REGISTER, browser.id, browser.session_id)
    new = await _made(conn, head, person_id, answer, asked, now=now)
    if isinstance(new, Refused):
        return new
    if await persons.lock_person(conn, person_id) is None:
        return Refused(Reason.NOT_FOUND)
    if len(await passkeys.passkeys_of(conn, person_id)) >= PASSKEYS_MAX:
        return Refused(Reason.PASSKEYS_FULL, {"passkeys_max": PASSKEYS_MAX})
    passkey_id = new_id()
    if not await passkeys.add_passkey(conn, passkey_id, person_id, new, name=label, now=now):
        return Refused(Reason.PASSKEY_TAKEN)
    await write(conn, [_email(EmailKind.PASSKEY_ADDED, person_id, passkey_id, label)], now, keys=head.keys)
    await journal.append(conn, [Fact("passkey_added", person_id, person_id, {"passkey": passkey_id})], now)
    return PasskeyView(passkey_id, label, now, None, new.backed_up, None, None)


async def _made(
    conn: Connection,
    head: PeopleConfig,
    person_id: UUID,
    answer: RegistrationJson,
    asked: Asked | None,
    *,
    now: datetime,
) -> NewPasskey | Refused:
    """Verify what an authenticator made, and use its challenge up."""
    party = head.relying_party
    if party is None:
        return UNAVAILABLE
    key = secrets.rate_key(head.keys, "passkey", str(person_id))
    if (await codes.count_requests(conn, {key: ADDED_PER_PERSON}, now))[key] > ADDED_PER_PERSON:
        return Refused(Reason.RATE_LIMITED, commit=True)
    challenge = challenge_of(answer.response.client_data_json)
    end = _end(head.keys, asked, challenge, now)
    if challenge is None or end is None:
        return CHALLENGE_INVALID
    new = registered(party, answer, challenge)
    if new is None:
        return INVALID
    return new if await passkeys.use_challenge(conn, challenge, end) else CHALLENGE_INVALID


async def rename_passkey(
    conn: Connection, person_id: UUID, passkey_id: UUID, name: str, now: datetime
) -> Refused | None:
    """Give a passkey of a person another name."""
    label = _label(name)
    if isinstance(label, Refused):
        return label
    if await persons.lock_person(conn, person_id) is None or not await passkeys.rename_passkey(
        conn, passkey_id, person_id, label
    ):
        return Refused(Reason.NOT_FOUND)
    await journal.append(conn, [Fact("passkey_renamed", person_id, person_id, {"passkey": passkey_id})], now)
    return None


async def remove_passkey(
    conn: Connection, keys: PeopleKeys, person_id: UUID, passkey_id: UUID, now: datetime
) -> Refused | None:
    """Remove a passkey of a person; an email tells of it."""
    if await persons.lock_person(conn, person_id) is None:
        return Refused(Reason.NOT_FOUND)
    name = await passkeys.drop_passkey(conn, passkey_id, person_id)
    if name is None:
        return Refused(Reason.NOT_FOUND)
    await write(conn, [_email(EmailKind.PASSKEY_REMOVED, person_id, passkey_id, name)], now, keys=keys)
    await journal.append(conn, [Fact("passkey_removed", person_id, person_id, {"passkey": passkey_id})], now)
    return None


async def sign_in_by_passkey(
    conn: Connection,
    head: PeopleConfig,
    answer: AssertionJson,
    now: datetime,
    *,
    browser: SignInBrowser,
) -> SignedIn | Refused:
    """Open a session by a signature of a passkey, which also says whose it is."""
    asked = None if browser.id is None else Asked(Purpose.SIGN_IN, browser.id)
    passkey = await _verified(conn, head, answer, asked, now, person_id=None)
    if isinstance(passkey, Refused):
        return passkey
    person = await persons.person(conn, passkey.person_id)
    refused = UNKNOWN if person is None else await require_sso(conn, head.sso, person)
    if person is None or refused is not None:
        return refused or UNKNOWN
    await report_break_glass(conn, head, person, browser, now)
    return await _open(conn, head.keys, passkey, browser, now)


async def confirm(
    conn: Connection,
    head: PeopleConfig,
    person_id: UUID,
    answer: AssertionJson,
    now: datetime,
    *,
    browser: SignInBrowser,
) -> SignedIn | Refused:
    """Renew the session of a person by a signature of one of their passkeys."""
    asked = None if browser.id is None else Asked(Purpose.CONFIRM, browser.id, browser.session_id)
    passkey = await _verified(conn, head, answer, asked, now, person_id=person_id)
    return passkey if isinstance(passkey, Refused) else await _open(conn, head.keys, passkey, browser, now)


async def _verified(
    conn: Connection,
    head: PeopleConfig,
    answer: AssertionJson,
    asked: Asked | None,
    now: datetime,
    *,
    person_id: UUID | None,
) -> Passkey | Refused:
    """Verify a signature, use its challenge up and store its counter; the person stays locked.

    A challenge is stored after its signature was verified: only the owner of a passkey can store any. `person_id` is
    whose passkey it must be; None: anyone's.
    """
    claim = await _claim(conn, head, answer, asked, now, person_id=person_id)
    if isinstance(claim, Refused):
        return claim
    if not await passkeys.use_challenge(conn, claim.challenge, claim.challenge_end):
        return CHALLENGE_INVALID
    if await persons.lock_person(conn, claim.passkey.person_id) is None:
        return UNKNOWN
    passkey = await _known(conn, answer, person_id)  # as it is under the lock
    if isinstance(passkey, Refused):
        return passkey
    if is_clone(passkey.sign_count, claim.assertion.sign_count):
        await passkeys.disable_passkey(conn, passkey.id, CLONED, now)
        await write(
            conn, [_email(EmailKind.PASSKEY_CLONED, passkey.person_id, passkey.id, passkey.name)], now, keys=head.keys
        )
        fact = Fact("passkey_disabled", None, passkey.person_id, {"passkey": passkey.id, "reason": CLONED})
        await journal.append(conn, [fact], now)
        return DISABLED
    await passkeys.use_passkey(conn, passkey.id, claim.assertion, now)
    return passkey


class Claim(Struct, frozen=True):
    """A verified signature, by a passkey as it was then, of a challenge that may have been used before."""

    passkey: Passkey
    assertion: Assertion
    challenge: bytes
    challenge_end: datetime


async def _claim(
    conn: Connection,
    head: PeopleConfig,
    answer: AssertionJson,
    asked: Asked | None,
    now: datetime,
    *,
    person_id: UUID | None,
) -> Claim | Refused:
    """Count a try, and verify the signature of a passkey."""
    party = head.relying_party
    if party is None:
        return UNAVAILABLE
    challenge = challenge_of(answer.response.client_data_json)
    end = _end(head.keys, asked, challenge, now)
    if asked is None or challenge is None or end is None:
        return CHALLENGE_INVALID
    key = secrets.rate_key(head.keys, "passkey", str(asked.browser))
    if (await codes.count_requests(conn, {key: TRIES_PER_BROWSER}, now))[key] > TRIES_PER_BROWSER:
        return Refused(Reason.RATE_LIMITED, commit=True)
    found = await _known(conn, answer, person_id)
    if isinstance(found, Refused):
        return found
    assertion = asserted(party, answer, found, challenge, named=person_id is not None)
    return INVALID if assertion is None else Claim(found, assertion, challenge, end)


async def _known(conn: Connection, answer: AssertionJson, person_id: UUID | None) -> Passkey | Refused:
    """Return the passkey that answers, of one person if they are named."""
    credential_id = credential_id_of(answer)
    passkey = None if credential_id is None else await passkeys.passkey(conn, credential_id)
    if passkey is None or person_id not in (None, passkey.person_id):
        return UNKNOWN
    return DISABLED if passkey.disabled else passkey


async def _open(
    conn: Connection, keys: PeopleKeys, passkey: Passkey, browser: SignInBrowser, now: datetime
) -> SignedIn:
    staff = bool(await held_grants.grants_of(conn, passkey.person_id))
    person = persons.Joined(passkey.person_id, joined=False, staff=staff)
    signed_in = await open_for(conn, keys, person, browser, now)
    data = {"session": signed_in.session_id, "passkey": passkey.id}
    await journal.append(conn, [Fact("signed_in", passkey.person_id, passkey.person_id, data)], now)
    return signed_in


def _end(keys: PeopleKeys, asked: Asked | None, challenge: bytes | None, now: datetime) -> datetime | None:
    return None if asked is None or challenge is None else challenge_end(keys, asked, challenge, now)


def _label(name: str) -> str | Refused:
    try:
        return normalise_name(name) or NOT_A_LABEL
    except ValueError:
        return NOT_A_LABEL


def _email(kind: EmailKind, person_id: UUID, passkey_id: UUID, name: str) -> NewEmail:
    """An email to a person about one of their passkeys."""
    return NewEmail(id=new_id(), kind=kind, subject_id=passkey_id, person_id=person_id, secret={"name": name})
