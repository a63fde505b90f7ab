"""Recovery of a staff account whose passkeys are lost: a delay for codes by email, and recovery codes."""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.people.rules.secrets import PeopleKeys

DELAY: Final = timedelta(hours=24)
OPEN_FOR: Final = timedelta(days=3)
"""How long a code by email lets a person in after the delay."""
KEPT_FOR: Final = timedelta(days=7)
REQUEST_WINDOW: Final = timedelta(days=1)
REQUESTS_PER_DAY: Final = 3
CODES: Final = 10
CODE_LETTERS: Final = 16
LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter looks like another one or a digit. 16 of them are 80 bits."""
TRIES_PER_BROWSER: Final = 10  # recovery codes within an hour
CODES_MADE_PER_PERSON: Final = 10  # within an hour
_LOOKALIKES: Final = str.maketrans("OIL", "011")


class Recovery(Struct, frozen=True):
    """A recovery that is neither cancelled nor used: from `ready_at` to `expires_at` a code by email signs in."""

    id: UUID
    ready_at: datetime
    expires_at: datetime


class RecoveryView(Struct, frozen=True):
    """My recovery that waits or is ready, and how many recovery codes I have left."""

    codes_left: int
    ready_at: datetime | None = None
    expires_at: datetime | None = None


class RecoveryCodes(Struct, frozen=True):
    """New recovery codes, shown once."""

    codes: list[str]


def new_recovery_code() -> str:
    """Return a random code in groups of four letters."""
    code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
    return "-".join(code[at : at + 4] for at in range(0, CODE_LETTERS, 4))


def recovery_code_hash(keys: PeopleKeys, person_id: UUID, code: str) -> bytes:
    """Return what is stored of a code, however it is typed: an HMAC bound to its person."""
    letters = "".join(letter for letter in code.upper().translate(_LOOKALIKES) if letter in LETTERS)
    return hmac.digest(keys.recovery, person_id.bytes + letters.encode(), "sha256")
