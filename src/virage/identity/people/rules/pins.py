"""PINs of stewards and cashiers for signing in on devices, also offline. They give no online access."""

import hashlib
from itertools import pairwise
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.people.rules.reasons import Reason
from virage.platform.values.refusals import Refused, invalid_input

DIGITS_MIN: Final = 6
DIGITS_MAX: Final = 12
DIFFERENT_DIGITS_MIN: Final = 3
PINS_PER_HOUR: Final = 10
SALT_BYTES: Final = 16
VERIFIER_BYTES: Final = 32
ITERATIONS: Final = 600_000
"""OWASP's figure for PBKDF2-HMAC-SHA256 (Password Storage Cheat Sheet); WebCrypto computes it on the device."""
# Rows, columns and diagonals of a phone's keys, and what people make of them.
_ON_THE_KEYS: Final = frozenset(
    {
        *("147258", "147369", "258147", "258369", "369147", "369258"),
        *("147852", "741852", "963852", "159357", "159753", "357159"),
        *("321654", "456123", "789456"),
    }
)

NOT_A_PIN: Final = invalid_input("pin", "A PIN has 6 to 12 digits.")


class PinVerifier(Struct, frozen=True):
    """What a PIN is checked against: PBKDF2-HMAC-SHA256 over its digits, with its own salt."""

    salt: bytes
    iterations: int
    verifier: bytes


class RosterEntry(Struct, frozen=True):
    """A person who may sign in on a device by PIN. `supervisor`: of the post. `salt`, `verifier`: base64 in JSON.

    `posts` are those of the device that their roles cover; None for all.
    """

    id: UUID
    name: str
    supervisor: bool
    salt: bytes
    iterations: int
    verifier: bytes
    posts: list[str] | None = None


def check_pin(pin: str) -> Refused | None:
    """Refuse an invalid or a trivial PIN."""
    if not DIGITS_MIN <= len(pin) <= DIGITS_MAX or not (pin.isascii() and pin.isdigit()):
        return NOT_A_PIN
    return Refused(Reason.PIN_TRIVIAL) if _is_trivial(pin) else None


def _is_trivial(pin: str) -> bool:
    """Few digits, one block again and again, equal steps (also every other digit), or a pattern on the keys."""
    if len(set(pin)) < DIFFERENT_DIGITS_MIN or pin in _ON_THE_KEYS:
        return True
    halves = range(1, len(pin) // 2 + 1)
    repeats = any(pin == (pin[:length] * len(pin))[: len(pin)] for length in halves)
    return repeats or all(_in_equal_steps(part) for part in (pin[::2], pin[1::2]))


def _in_equal_steps(digits: str) -> bool:
    return len({(int(after) - int(before)) % 10 for before, after in pairwise(digits)}) == 1


def verifier_of(pin: str, salt: bytes, iterations: int = ITERATIONS) -> PinVerifier:
    """The verifier of a PIN: some tenths of a second of computing, which is its purpose."""
    derived = hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, iterations, VERIFIER_BYTES)
    return PinVerifier(salt, iterations, derived)
