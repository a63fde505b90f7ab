"""Signing in by a code: its length and lifetime, how often it may be tried, how often it may be asked for."""

from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from msgspec import Struct

from virage.identity.people.rules.secrets import same

CODE_LIFETIME = timedelta(minutes=10)
TRIES_MAX = 5
REQUEST_WINDOW = timedelta(hours=1)
REQUESTS_PER_ADDRESS = 5
REQUESTS_PER_DEVICE = 20
REQUESTS_PER_DEVICE_AND_ADDRESS = 5
OPEN_CODE_EVERY = timedelta(minutes=10)
OPEN_CODE_LIFETIME = OPEN_CODE_EVERY + CODE_LIFETIME  # at least as long as a code of one browser
WRONG_WINDOW = timedelta(hours=24)
WRONG_MAX = 20  # wrong short codes at an address within the window; after them only long ones are sent and accepted
NEWCOMER_BURST = timedelta(minutes=1)  # an unused minute of the budget may be used at once
NEWCOMER_WAIT = timedelta(minutes=2)  # as long a newcomer's email may wait for its turn
NETWORK_SHARE = 2
"""A network gets at most one in so many emails of the newcomer budget."""
NEVER_REQUESTED = datetime.min.replace(tzinfo=UTC)
GUEST_LIFETIME = timedelta(days=2)
FAN_LIFETIME = timedelta(days=90)
STAFF_LIFETIME = timedelta(hours=12)
BROWSER_KNOWN_FOR = timedelta(days=400)  # as long as its cookie
SEEN_INTERVAL = timedelta(minutes=10)  # a session that is seen again so late is written down again


class CodeRequested(Struct, frozen=True):
    """The answer to a request for a code, the same for known and new addresses and above their limit."""

    valid_seconds: int


CODE_REQUESTED = CodeRequested(valid_seconds=int(CODE_LIFETIME.total_seconds()))


class RequestCounts(Struct, frozen=True):
    """How often codes were asked for within the last hour, this time included (counted to one above the limit)."""

    of_address: int
    of_device: int
    of_both: int


class AddressStatus(Struct, frozen=True):
    """An address as sign-in sees it. `wrong` are the wrong short codes that were tried at it within the window."""

    known: bool
    staff: bool
    wrong: int


def needs_long_code(address_status: AddressStatus) -> bool:
    """Whether six digits are too few for this address: it is staff's, or too many wrong codes were tried."""
    return address_status.staff or address_status.wrong >= WRONG_MAX


class Slot(Struct, frozen=True):
    """When an email to an address without an account goes, and when the next ones may: any, and one of its network."""

    at: datetime
    free_at: datetime
    network_free_at: datetime


def newcomer_slot_at(free_at: datetime, network_free_at: datetime, per_minute: int, now: datetime) -> Slot | None:
    """Return the next moment for an email to an address without an account; None while no budget is left.

    Both budgets allow an unused minute at once and let emails wait for two. That of a network is half of the whole.
    """
    spacing = timedelta(minutes=1) / per_minute
    latest = now + NEWCOMER_WAIT
    if free_at > latest or network_free_at > latest:
        return None
    at, network_at = max(free_at, now - NEWCOMER_BURST), max(network_free_at, now - NEWCOMER_BURST)
    return Slot(max(at, network_at, now), at + spacing, network_at + spacing * NETWORK_SHARE)


class CodeDecision(Enum):
    """What becomes of a request for a code."""

    SEND = auto()
    SEND_LONG = auto()  # twelve digits, for this browser: six could be guessed
    SEND_OPEN = auto()  # others may have asked for this address: one code for all who ask, now and then
    REFUSE = auto()  # this browser asked too often: it may know


def decide_code_request(counts: RequestCounts, *, own: bool = False, long: bool = False) -> CodeDecision:
    """Refuse a browser that asks too often; past an address's limit send open codes alone, and answer as always.

    `own`: the browser is signed in with this address; however often others ask for it, it gets codes of its own.
    `long`: `needs_long_code` holds for the address.
    """
    if counts.of_device > REQUESTS_PER_DEVICE or counts.of_both > REQUESTS_PER_DEVICE_AND_ADDRESS:
        return CodeDecision.REFUSE
    if counts.of_address > REQUESTS_PER_ADDRESS and not own:
        return CodeDecision.SEND_OPEN
    return CodeDecision.SEND_LONG if long else CodeDecision.SEND


class TryResult(Enum):
    """What one try at a code comes to."""

    RIGHT = auto()
    WRONG = auto()
    TOO_MANY = auto()


def judge_try(stored_hash: bytes, tried_hash: bytes, tries: int) -> TryResult:
    """The try counts itself in `tries`: the fifth may still be right, the sixth is not looked at."""
    right = same(stored_hash, tried_hash)
    if tries > TRIES_MAX:
        return TryResult.TOO_MANY
    return TryResult.RIGHT if right else TryResult.WRONG


class NewGuest(Struct, frozen=True):
    """A browser that holds something before signing in. Only `token_hash` of the token is ever stored."""

    session_id: UUID
    token: str


class Opening(Struct, frozen=True):
    """Whose session begins, under which token, on which device, and until when.

    `proved_at` is when the person authenticated, None for now; acts that need a recent sign-in compare it.
    """

    person_id: UUID
    token: str
    device: str
    at: datetime
    expires_at: datetime
    proved_at: datetime | None = None


class SignInBrowser(Struct, frozen=True):
    """Where a person signs in. `id` is the number in the browser's cookie, `session_id` the session that it has."""

    id: UUID | None
    session_id: UUID | None
    label: str


class SignedIn(Struct, frozen=True):
    """A session that belongs to a person from now on; `token` goes into the cookie and nowhere else."""

    person_id: UUID
    session_id: UUID
    token: str
    joined: bool


def lifetime(*, person: bool, staff: bool) -> timedelta:
    """How long a session lives after it was last seen."""
    if not person:
        return GUEST_LIFETIME
    return STAFF_LIFETIME if staff else FAN_LIFETIME
