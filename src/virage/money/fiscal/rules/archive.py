"""The archive of a till: its records over a period with whatever proves them, in a file that needs no database.

JSON lines, compressed by gzip. A header, the records, the server's anchors, the closings, and a seal over all lines.
`verifying.py` reads one and finds what was changed, left out, added or moved.
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
    """The house's public key (Ed25519), 32 bytes in base64url, under its key id."""

    kid: str
    x: str


class Header(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the archive holds.

    `previous` is the hash of the record before the first one, `head` that of the last one. `anchors` are the first and
    the last sequence, (0, 0) for none, and `anchor_head` the hash of the last one. `closings`
    are (period, first sequence, last sequence) of those that are in it.
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
    """How many lines stand before the seal, and the SHA-256 of them with their line ends."""

    lines: int
    sha256: str


class HeaderLine(Struct, frozen=True, forbid_unknown_fields=True, tag="header"):
    """The first line: a header in its canonical bytes, signed by the house."""

    body: str
    signature: str


class RecordLine(Struct, frozen=True, forbid_unknown_fields=True, tag="record"):
    """A record as its till signed it."""

    number: int
    body: str
    signature: str


class AnchorLine(Struct, frozen=True, forbid_unknown_fields=True, tag="anchor"):
    """An anchor of the server."""

    anchor: Anchor


class ClosingLine(Struct, frozen=True, forbid_unknown_fields=True, tag="closing"):
    """A closing in its canonical bytes, signed by the house."""

    body: str
    kid: str
    signature: str


class SealLine(Struct, frozen=True, forbid_unknown_fields=True, tag="seal"):
    """The last line, signed by the house."""

    body: str
    signature: str


ArchiveLine = HeaderLine | RecordLine | AnchorLine | ClosingLine | SealLine

_decoder = msgspec.json.Decoder(ArchiveLine)


class Signed(NamedTuple):
    """Bytes and the house's signature over them, with the purpose before them."""

    body: bytes
    signature: bytes


def read_line(line: bytes) -> ArchiveLine | None:
    """Return what a line says, None where it is none of an archive in its only spelling."""
    try:
        found = _decoder.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return found if canonical(found) == line else None


def header_line(signed: Signed) -> bytes:
    """The first line, without its end."""
    return canonical(HeaderLine(base64url(signed.body), base64url(signed.signature)))


def record_line(number: int, signed: Signed) -> bytes:
    """The line of a record."""
    return canonical(RecordLine(number, base64url(signed.body), base64url(signed.signature)))


def anchor_line(anchor: Anchor) -> bytes:
    """The line of an anchor."""
    return canonical(AnchorLine(anchor))


def closing_line(kid: bytes, signed: Signed) -> bytes:
    """The line of a closing."""
    return canonical(ClosingLine(base64url(signed.body), base64url(kid), base64url(signed.signature)))


def seal_line(signed: Signed) -> bytes:
    """The last line."""
    return canonical(SealLine(base64url(signed.body), base64url(signed.signature)))


class Digest:
    """The SHA-256 of lines as they are written or read, and how many they were."""

    def __init__(self) -> None:
        self.lines = 0
        self._sha256 = sha256()

    def add(self, line: bytes) -> None:
        """Count one line; its end is added to it."""
        self.lines += 1
        self._sha256.update(line + b"\n")

    def body(self) -> SealBody:
        """What is sealed after these lines."""
        return SealBody(self.lines, self._sha256.hexdigest())
