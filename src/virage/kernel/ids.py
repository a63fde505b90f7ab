"""Identifiers: UUIDv7, made by whoever asks first."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUIDv7: unique, and ordered by the millisecond in which it was made."""
    return uuid7()
