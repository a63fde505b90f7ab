"""The log of an event: numbered records, each signed and with the hash of the previous one.

A record's bytes are its canonical JSON (RFC 8785). They carry ids, codes and numbers, never a name or a text: the text
and the place of a record are its content, which stands beside it and of which the record holds a salted digest. So a
content can be deleted without breaking the chain. See docs/safety.md.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.money.fiscal.types import canonical

RECORD_PURPOSE: Final = b"virage:safety-record:v1\0"
HEADER_PURPOSE: Final = b"virage:safety-header:v1\0"
CONTENT_PURPOSE: Final = b"virage:safety-content:v1\0"
GENESIS: Final = "0" * 64
"""`previous` of the first record."""
SALT_BYTES: Final = 16
CONTENTS_DELETED: Final = "contents_deleted"
"""Kind of a record which says that the contents of all records up to `through` were deleted by the retention rule."""

Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Stamp = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]


class Written(Struct, frozen=True):
    """What a record says: its kind, its codes and numbers, and its content: texts and places, None without one."""

    kind: str
    data: dict[str, str | int]
    content: Struct | None = None


class LogRecord(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A record. `about` is its subject (an incident, or the event itself), `who` acted, None for a job.

    `at` is the server's time in UTC, `content` the digest of its text and place, None without one.
    """

    version: Literal[1] = 1
    event: UUID
    number: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    id: UUID
    kind: Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,39}$")]
    about: UUID
    who: UUID | None
    at: Stamp
    data: Mapping[str, str | int]
    content: Hash | None
    previous: Hash


class LogHead(Struct, frozen=True):
    """The last record of a log; number 0 and 64 zeros if it is empty."""

    number: int = 0
    hash: str = GENESIS


class LogHeader(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an export holds: all records of an event up to the head, and the key that signed them, in hexadecimal."""

    version: Literal[1] = 1
    event: UUID
    made_at: Stamp
    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    number: int
    hash: Hash


class SignedRecord(Struct, frozen=True):
    """The bytes of a record and the signature of the event's key over purpose and bytes."""

    number: int
    body: bytes
    signature: bytes


class SaltedContent(Struct, frozen=True):
    """The content of a record as canonical JSON, and the salt of its digest."""

    salt: bytes
    body: bytes

    @property
    def digest(self) -> str:
        """The digest that the record holds."""
        return sha256(CONTENT_PURPOSE + self.salt + self.body).hexdigest()


_decoder = msgspec.json.Decoder(LogRecord)


def hash_of(body: bytes) -> str:
    """Return the SHA-256 of a record's bytes in hexadecimal digits."""
    return sha256(body).hexdigest()


def read_record(body: bytes) -> LogRecord | None:
    """Return the record in a body; None if it is invalid or not canonical."""
    try:
        record = _decoder.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return record if canonical(record) == body else None
