"""The code that moves a ticket to another phone: six digits by email, valid ten minutes, five tries, five an hour."""

import hmac
from datetime import timedelta
from uuid import UUID

CODE_LIVES = timedelta(minutes=10)
RESEND_AFTER = timedelta(minutes=1)
TRIES_MAX = 5
CODES_WINDOW = timedelta(hours=1)
CODES_MAX = 5  # per ticket within the window; each code has its own tries


def code_hash(key: bytes, ticket_id: UUID, code: str) -> bytes:
    """Return the HMAC of a code for storage: a plain hash of six digits could be brute-forced."""
    return hmac.digest(key, ticket_id.bytes + code.encode(), "sha256")


def right(stored: bytes, given: bytes) -> bool:
    """Return whether a code is correct, in constant time."""
    return hmac.compare_digest(stored, given)
