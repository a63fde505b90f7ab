"""Sign-in by an emailed code."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import UNSET

from virage.identity.people.acts.emails import write
from virage.identity.people.acts.recovery import recover
from virage.identity.people.acts.sessions import open_for
from virage.identity.people.acts.sso import report_break_glass, require_sso
from virage.identity.people.rules import secrets
from virage.identity.people.rules.addresses import normalise_address
from virage.identity.people.rules.emails import EmailKind, NewEmail
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.persons import Locale, NewPerson, Person, PersonUpdate, normalise_name
from virage.identity.people.rules.reasons import NOT_A_NAME, NOT_AN_ADDRESS, Reason
from virage.identity.people.rules.secrets import PeopleKeys
from virage.identity.people.rules.sign_in import (
    CODE_LIFETIME,
    CODE_REQUESTED,
    OPEN_CODE_LIFETIME,
    REQUESTS_PER_ADDRESS,
    REQUESTS_PER_DEVICE,
    REQUESTS_PER_DEVICE_AND_ADDRESS,
    TRIES_MAX,
    WRONG_MAX,
    AddressStatus,
    CodeDecision,
    CodeRequested,
    RequestCounts,
    SignedIn,
    SignInBrowser,
    TryResult,
    decide_code_request,
    judge_try,
    needs_long_code,
)
from virage.identity.people.store import codes, emails, persons
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import new_id
from virage.platform.values.languages import installed
from virage.platform.values.refusals import Refused, invalid_input


class AddressProved(Protocol):
    """Handler of a domain above: a person signed in by a code that was sent to their address."""

    async def __call__(self, conn: Connection, person_id: UUID, address: str, now: datetime) -> None:
        """Give the person what waits for this address; in the transaction of the sign-in."""
        ...


async def request_code(
    conn: Connection,
    head: PeopleConfig,
    address: str,
    now: datetime,
    *,
    locale: Locale,
    browser: UUID,
    network: str | None = None,
    person_id: UUID | None = None,
) -> CodeRequested | Refused:
    """Send a new code to the address, valid in this browser; its previous code is invalidated.

    The answer does not reveal whether the address has an account. `person_id` is the person signed in in the browser.
    Refused with `rate_limited` if the browser requests codes too often. Above the limit of an address, which other
    browsers may have used up, emails are rare and their codes work in every browser. Emails to addresses without an
    account share a budget per minute, of which one `network` gets a part; None is an unknown network. A refused request
    counts too.
    """
    email = normalise_address(address)
    if email is None:
        return NOT_AN_ADDRESS
    asker = None if person_id is None else await persons.person(conn, person_id)
    own = asker is not None and asker.email == email
    address_status = await codes.address_status(conn, email, secrets.address_key(head.keys, email), now)
    counts = await _count_request(conn, head.keys, email, browser, now)
    answer = decide_code_request(counts, own=own, long=needs_long_code(address_status))
    if answer is CodeDecision.REFUSE:
        return Refused(Reason.RATE_LIMITED, commit=True)
    slot, network_key = None, None if network is None else secrets.rate_key(head.keys, "network", network)
    if not address_status.known and not await emails.is_blocked(conn, head.all_keys, email):
        slot = await codes.newcomer_slot(conn, head.newcomer_letters_per_min, network_key, now)
        if slot is None:
            return CODE_REQUESTED
    sent_at = now if slot is None else slot.at
    if answer is CodeDecision.SEND_OPEN:
        message = await _open_code_email(conn, head, email, locale, sent_at)
    else:
        message = await _code_email(
            conn, head, email, browser, locale, sent_at=sent_at, long=answer is CodeDecision.SEND_LONG
        )
    if message is not None:
        if slot is not None:
            await codes.take_newcomer_slot(conn, slot, network_key)
        await write(conn, [message], now, keys=head.keys, delay=sent_at - now)
    return CODE_REQUESTED


async def _code_email(
    conn: Connection, head: PeopleConfig, email: str, browser: UUID, locale: Locale, *, sent_at: datetime, long: bool
) -> NewEmail:
    """The email with a new code for one browser."""
    new_code, key_of = (secrets.new_long_code, secrets.long_code_key) if long else (secrets.new_code, secrets.code_key)
    code, key, expires_at = new_code(), key_of(head.keys, email, browser), sent_at + CODE_LIFETIME
    await codes.put_code(conn, key, secrets.code_hash(head.keys, email, code), locale, expires_at)
    return _code_message(EmailKind.SIGN_IN_CODE, email, code, locale, expires_at)


async def _open_code_email(
    conn: Connection, head: PeopleConfig, email: str, locale: Locale, sent_at: datetime
) -> NewEmail | None:
    """The email with a code for every browser; None while the last one that was sent still serves for long enough."""
    code, key = secrets.new_long_code(), secrets.open_code_key(head.keys, email)
    if not await codes.put_open_code(conn, key, secrets.code_hash(head.keys, email, code), locale, sent_at):
        return None
    return _code_message(EmailKind.OPEN_SIGN_IN_CODE, email, code, locale, sent_at + OPEN_CODE_LIFETIME)


def _code_message(kind: EmailKind, email: str, code: str, locale: Locale, expires_at: datetime) -> NewEmail:
    id_, secret = new_id(), {"code": secrets.grouped(code)}
    return NewEmail(id=id_, kind=kind, subject_id=id_, to=email, locale=locale, secret=secret, expires_at=expires_at)


async def _count_request(conn: Connection, keys: PeopleKeys, email: str, browser: UUID, now: datetime) -> RequestCounts:
    """Count a request for a code by address, by browser, by both."""
    address, device, both = (
        secrets.rate_key(keys, email),
        secrets.rate_key(keys, str(browser)),
        secrets.rate_key(keys, email, str(browser)),
    )
    limits = {address: REQUESTS_PER_ADDRESS, device: REQUESTS_PER_DEVICE, both: REQUESTS_PER_DEVICE_AND_ADDRESS}
    counted = await codes.count_requests(conn, limits, now)
    return RequestCounts(of_address=counted[address], of_device=counted[device], of_both=counted[both])


async def sign_in(
    conn: Connection,
    head: PeopleConfig,
    address: str,
    code: str,
    now: datetime,
    *,
    browser: SignInBrowser,
    name: str | None = None,
    proved: AddressProved | None = None,
) -> SignedIn | Refused:
    """Open a session by a code sent to this address; a new person becomes a fan. `proved` is called at the end.

    A code works in the browser that requested it, an open code in any browser. Attempts at short and at long codes are
    counted separately per browser. The session of a guest or of the same person keeps its id and gets a new token; the
    session of another person ends. Refused with `recovery_waits` for staff with a passkey until a day has passed, and
    with `sso_required` for those who sign in through the OpenID provider.
    """
    keys = head.keys
    email = normalise_address(address)
    if email is None:
        return NOT_AN_ADDRESS
    try:
        tidied = normalise_name(name)
    except ValueError:
        return NOT_A_NAME
    locale = await _use_code(conn, keys, email, "".join(code.split()), now, browser=browser.id)
    if isinstance(locale, Refused):
        return locale
    newcomer = NewPerson(new_id(), email, tidied, locale)
    person = await persons.join(conn, newcomer, now)
    as_stored = Person(person.id, email, tidied, locale)
    refused = await require_sso(conn, head.sso, as_stored)
    if refused is not None:
        return refused
    recovered = await recover(conn, keys, person.id, now) if person.staff else None
    if isinstance(recovered, Refused):
        return recovered
    await report_break_glass(conn, head, as_stored, browser, now)
    signed_in = await open_for(conn, keys, person, browser, now)
    facts = [Fact("signed_in", person.id, person.id, {"session": signed_in.session_id})]
    if person.joined:
        facts.insert(0, Fact("person_joined", person.id, person.id))
    if recovered is not None:
        await write(conn, [recovered], now)
    await journal.append(conn, facts, now)
    if proved is not None:
        await proved(conn, person.id, email, now)
    return signed_in


async def _use_code(
    conn: Connection, keys: PeopleKeys, email: str, code: str, now: datetime, *, browser: UUID | None
) -> Locale | Refused:
    """Use a code up, and return the locale in which it was asked for.

    A browser that kept no cookie has no code of its own, and no counter that strangers would share: the open one alone.
    """
    long = len(code) == secrets.LONG_CODE_DIGITS
    address_key, tried_hash = secrets.address_key(keys, email), secrets.code_hash(keys, email, code)
    if browser is None:
        taken = await codes.take_open_code(conn, secrets.open_code_key(keys, email), tried_hash, now) if long else None
        return Refused(Reason.COOKIE_MISSING) if taken is None else taken
    allowed = long or await _short_code_allowed(conn, email, address_key, now)
    key = (secrets.long_code_key if long else secrets.code_key)(keys, email, browser)
    stored_hash, locale, tries = await codes.count_try(conn, key, now)
    verdict = judge_try(stored_hash, tried_hash, tries)
    if verdict is TryResult.TOO_MANY:
        return Refused(Reason.TOO_MANY_ATTEMPTS, {"tries_max": TRIES_MAX}, commit=True)
    if verdict is TryResult.WRONG or not allowed:
        opened = None
        if long:
            opened = await codes.take_open_code(conn, secrets.open_code_key(keys, email), tried_hash, now)
        if opened is None:
            return Refused(Reason.CODE_WRONG, commit=True)
        locale = opened
    elif not long:
        await codes.uncount_correct(conn, address_key)
    await codes.drop_code(conn, key)
    return locale


async def _short_code_allowed(conn: Connection, email: str, address_key: bytes, now: datetime) -> bool:
    """Count a try at a short code before it is looked at, and tell whether one may still be right."""
    number = await codes.count_wrong(conn, address_key, now)
    address_status: AddressStatus = await codes.address_status(conn, email, address_key, now)
    return number <= WRONG_MAX and not address_status.staff


async def change(conn: Connection, person_id: UUID, update: PersonUpdate, now: datetime) -> Person | Refused:
    """Change a person's name or language."""
    current = await persons.lock_person(conn, person_id)
    if current is None:
        return Refused(Reason.NOT_FOUND)
    try:
        name = current.name if update.name is UNSET else normalise_name(update.name)
    except ValueError:
        return NOT_A_NAME
    locale = current.locale if update.locale is UNSET else update.locale
    if locale not in installed():
        return invalid_input("locale", "This language is not installed.")
    changed = await persons.change_person(conn, person_id, name, locale)
    if changed is None:
        return Refused(Reason.NOT_FOUND)
    await journal.append(conn, [Fact("person_changed", person_id, person_id)], now)
    return changed
