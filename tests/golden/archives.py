"""Archives of tills, read as files: JSON lines compressed by gzip (docs/fiscal.md)."""

import gzip
import json
from base64 import urlsafe_b64decode
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.golden.system import ArchiveContents


def lines_of(file: Path) -> list[bytes]:
    """Return the lines of an archive, without their ends."""
    return gzip.decompress(file.read_bytes()).splitlines()


def write(file: Path, lines: list[bytes]) -> Path:
    """Write an archive of these lines."""
    file.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0))
    return file


def type_of(line: bytes) -> str:
    """Return the kind of a line: header, record, anchor, closing or seal."""
    return str(json.loads(line)["type"])


def contents(file: Path) -> ArchiveContents:
    """Return the contents of an archive."""
    lines = lines_of(file)
    header = json.loads(body(lines[0]))
    types = Counter(type_of(line) for line in lines)
    return ArchiveContents(UUID(header["till"]), header["first"], header["last"], dict(types))


def records(file: Path) -> dict[str, dict[str, Any]]:
    """Return the records of an archive by the SHA-256 of their bytes, in their order."""
    bodies = [body(line) for line in lines_of(file) if type_of(line) == "record"]
    return {sha256(signed).hexdigest(): json.loads(signed) for signed in bodies}


def body(line: bytes) -> bytes:
    """Return the signed bytes of a line."""
    return decoded(json.loads(line)["body"])


def decoded(text: str) -> bytes:
    """Return the bytes of base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
