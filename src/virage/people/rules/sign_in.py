"""Signing in by a code: how long it lives, how often it may be tried, how often it may be asked for."""

from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from msgspec import Struct

from virage.people.rules.secrets import same

CODE_LIFETIME = timedelta(minutes=10)
TRIES_MAX = 5
ASK_WINDOW = timedelta(hours=1)
ASKS_PER_ADDRESS = 5
ASKS_PER_DEVICE = 20
ASKS_PER_DEVICE_AND_ADDRESS = 5
OPEN_CODE_EVERY = timedelta(minutes=10)
OPEN_CODE_LIFETIME = OPEN_CODE_EVERY + CODE_LIFETIME  # whoever asks has at least as long as with a code of their own
GUEST_LIFETIME = timedelta(days=2)
FAN_LIFETIME = timedelta(days=90)
STAFF_LIFETIME = timedelta(hours=12)
SEEN_AFTER = timedelta(minutes=10)  # a session that is seen again so late is written down again


class CodeAsked(Struct, frozen=True):
    """The answer to everybody who asks for a code, whether the address is known, new or asked for too often."""

    valid_seconds: int


ASKED = CodeAsked(valid_seconds=int(CODE_LIFETIME.total_seconds()))


class Asks(Struct, frozen=True):
    """How often codes were asked for within the last hour, this time included (counted to one above the limit)."""

    of_address: int
    of_device: int
    of_both: int


class Answer(Enum):
    """What becomes of a request for a code."""

    SEND = auto()
    SEND_OPEN = auto()  # others may have asked for this address: one code for all who ask, now and then
    REFUSE = auto()  # this device asked too often: it may know


def answer_ask(asks: Asks, *, own: bool = False) -> Answer:
    """Refuse a device that asks too often; past an address's limit send open codes alone, and answer as always.

    `own`: the browser is signed in with this address; however often others ask for it, it gets codes of its own.
    """
    if asks.of_device > ASKS_PER_DEVICE or asks.of_both > ASKS_PER_DEVICE_AND_ADDRESS:
        return Answer.REFUSE
    return Answer.SEND_OPEN if asks.of_address > ASKS_PER_ADDRESS and not own else Answer.SEND


class Try(Enum):
    """What one try at a code comes to."""

    RIGHT = auto()
    WRONG = auto()
    TOO_MANY = auto()


def judge_try(stored_hash: bytes, tried_hash: bytes, tries: int) -> Try:
    """The try counts itself in `tries`: the fifth may still be right, the sixth is not looked at."""
    right = same(stored_hash, tried_hash)
    if tries > TRIES_MAX:
        return Try.TOO_MANY
    return Try.RIGHT if right else Try.WRONG


class NewGuest(Struct, frozen=True):
    """A browser that holds something before signing in. Only `token_hash` of the token is ever stored."""

    session_id: UUID
    token: str


class Opening(Struct, frozen=True):
    """Whose session begins, under which token, on which device, and until when."""

    person_id: UUID
    token: str
    device: str
    at: datetime
    expires_at: datetime


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
