"""The code that moves a ticket to another phone: six digits by e-mail, ten minutes, five tries, five codes an hour."""

import hmac
from datetime import timedelta
from uuid import UUID

CODE_LIVES = timedelta(minutes=10)
RESEND_AFTER = timedelta(minutes=1)
TRIES_MAX = 5
CODES_WINDOW = timedelta(hours=1)
CODES_MAX = 5  # a ticket within the window: each code has its own tries


def code_hash(key: bytes, ticket_id: UUID, code: str) -> bytes:
    """What is stored of a code: an HMAC, for a million plain hashes are tried in a second."""
    return hmac.digest(key, ticket_id.bytes + code.encode(), "sha256")


def right(stored: bytes, given: bytes) -> bool:
    """Whether a code is the one that was sent, in a time that does not tell how nearly."""
    return hmac.compare_digest(stored, given)
