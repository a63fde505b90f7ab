"""Archive of a till: its records over a period with their proofs, verifiable without a database.

JSON lines, compressed by gzip: header, records, the server's anchors, closings, and a seal over all lines.
`verifying.py` finds lines that were changed, removed, added or moved.
"""

from hashlib import sha256
from typing import Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.money.fiscal.rules.chain import Anchor
from virage.money.fiscal.rules.record import Stamp, canonical
from virage.platform.values.jwk import Jwk, base64url

HEADER_PURPOSE: Final = b"virage:archive-header:v1\0"
SEAL_PURPOSE: Final = b"virage:archive-seal:v1\0"
VERSION: Final = 1


class ServerKey(Struct, frozen=True, forbid_unknown_fields=True):
    """Public fiscal key of the server (Ed25519, 32 bytes in base64url) with its key id."""

    kid: str
    x: str


class Header(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Content of the archive.

    `previous` is the hash of the record before the first one, `head` the hash of the last one. `anchors` are the first
    and last sequence, (0, 0) for none; `anchor_head` is the hash of the last anchor. `closings` are (period, first
    sequence, last sequence).
    """

    version: Literal[1]
    till: UUID
    made_at: Stamp
    till_key: Jwk
    server_key: ServerKey
    first: int
    last: int
    previous: str
    head: str
    anchors: tuple[int, int]
    anchor_head: str
    closings: tuple[tuple[str, int, int], ...]


class SealBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Number of lines before the seal, and their SHA-256 with line ends."""

    lines: int
    sha256: str


class HeaderLine(Struct, frozen=True, forbid_unknown_fields=True, tag="header"):
    """First line: the header in canonical bytes, signed by the server."""

    body: str
    signature: str


class RecordLine(Struct, frozen=True, forbid_unknown_fields=True, tag="record"):
    """Record as its till signed it."""

    number: int
    body: str
    signature: str


class AnchorLine(Struct, frozen=True, forbid_unknown_fields=True, tag="anchor"):
    """Anchor of the server."""

    anchor: Anchor


class ClosingLine(Struct, frozen=True, forbid_unknown_fields=True, tag="closing"):
    """Closing in canonical bytes, signed by the server."""

    body: str
    kid: str
    signature: str


class SealLine(Struct, frozen=True, forbid_unknown_fields=True, tag="seal"):
    """Last line, signed by the server."""

    body: str
    signature: str


ArchiveLine = HeaderLine | RecordLine | AnchorLine | ClosingLine | SealLine

_decoder = msgspec.json.Decoder(ArchiveLine)


class Signed(NamedTuple):
    """Bytes and the signature over purpose and bytes."""

    body: bytes
    signature: bytes


def read_line(line: bytes) -> ArchiveLine | None:
    """Return the parsed line; None if it is invalid or not canonical."""
    try:
        found = _decoder.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return found if canonical(found) == line else None


def header_line(signed: Signed) -> bytes:
    """Return the header line, without line end."""
    return canonical(HeaderLine(base64url(signed.body), base64url(signed.signature)))


def record_line(number: int, signed: Signed) -> bytes:
    """Return the line of a record."""
    return canonical(RecordLine(number, base64url(signed.body), base64url(signed.signature)))


def anchor_line(anchor: Anchor) -> bytes:
    """Return the line of an anchor."""
    return canonical(AnchorLine(anchor))


def closing_line(kid: bytes, signed: Signed) -> bytes:
    """Return the line of a closing."""
    return canonical(ClosingLine(base64url(signed.body), base64url(kid), base64url(signed.signature)))


def seal_line(signed: Signed) -> bytes:
    """Return the seal line."""
    return canonical(SealLine(base64url(signed.body), base64url(signed.signature)))


class Digest:
    """Running SHA-256 and count of lines."""

    def __init__(self) -> None:
        self.lines = 0
        self._sha256 = sha256()

    def add(self, line: bytes) -> None:
        """Add one line; its line end is hashed as well."""
        self.lines += 1
        self._sha256.update(line + b"\n")

    def body(self) -> SealBody:
        """Return the content of the seal."""
        return SealBody(self.lines, self._sha256.hexdigest())
