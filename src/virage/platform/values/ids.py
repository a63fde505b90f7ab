"""Identifiers: UUIDv7, made by whoever asks first, and those that are made from a name.

They are the database driver's own kind of UUID: equal to any other, but hashed and written into a query in a fraction
of the time, which is most of what a batch of some hundred rows costs.
"""

import uuid
from uuid import UUID

import uuid_utils
from asyncpg.pgproto.pgproto import UUID as DriverUUID  # noqa: N811 - it is a UUID, not a constant


def new_id() -> UUID:
    """A new UUIDv7: unique, and ordered by the millisecond in which it was made."""
    return DriverUUID(uuid_utils.uuid7().bytes)


def id_of(text: str) -> UUID | None:
    """Read an id as it is written everywhere, None for anything else; `UUID` takes braces and blanks too."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


def named_id(namespace: UUID, name: str) -> UUID:
    """The UUIDv5 (RFC 9562) of a name: the same each time, so that what it names needs no look-up."""
    return DriverUUID(uuid.uuid5(namespace, name).bytes)
