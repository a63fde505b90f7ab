"""`virage fiscal verify`: verify archives of tills."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from virage.cli.deployment import console
from virage.cli.verification import Unreadable, show_verdict, verify_files
from virage.money.fiscal.types import Damage, Finding, Header, NotAnArchive, verify
from virage.platform.values.jwk import bytes_of_base64url

_LINE_BYTES_MAX: Final = 65_536

_TEXTS: Final = {
    Damage.LINE_UNREADABLE: "unreadable line",
    Damage.LINE_MISPLACED: "line in a wrong position",
    Damage.LINES_CHANGED: "lines before it differ from the sealed ones",
    Damage.HEADER_MISSING: "the first line is not a header",
    Damage.HEADER_CHANGED: "invalid signature of the header",
    Damage.SEAL_MISSING: "the file is truncated: its seal is missing",
    Damage.SEAL_CHANGED: "invalid signature of the seal",
    Damage.RECORD_CHANGED: "invalid record or signature",
    Damage.RECORD_MISSING: "record missing before this line",
    Damage.RECORD_REPEATED: "repeated record",
    Damage.RECORD_MISPLACED: "record out of order",
    Damage.CHAIN_BROKEN: "does not continue the previous record",
    Damage.ANCHOR_CHANGED: "invalid anchor",
    Damage.ANCHOR_MISSING: "anchor missing before this line",
    Damage.ANCHOR_REPEATED: "repeated anchor",
    Damage.ANCHOR_MISPLACED: "anchor out of order",
    Damage.CLOSING_CHANGED: "invalid closing or signature",
    Damage.CLOSING_MISSING: "closing missing before this line",
    Damage.CLOSING_REPEATED: "repeated closing",
    Damage.CLOSING_MISPLACED: "closing out of order",
    Damage.CLOSING_WRONG: "the closing is not the sum of its records",
}


def verify_archives(files: Sequence[Path]) -> int:
    """Print the defects of each file. Return 0 if all are intact, 1 if one is damaged, 2 if one is unreadable."""
    return verify_files(files, _is_intact)


def _is_intact(file: Path) -> bool:
    try:
        report = verify(_lines(file))
    except NotAnArchive as error:
        raise Unreadable("not an archive of a till") from error
    till = "unknown" if report.header is None else str(report.header.till)
    rows = [(till, _number(one), str(one.line), _TEXTS[one.damage]) for one in report.findings]
    show_verdict(file, ("till", "number", "line", "what is wrong"), rows)
    if report.header is not None:
        console.print(_about(report.header), markup=False)
    return not report.findings


def _lines(file: Path) -> Iterator[bytes]:
    """Yield the lines of a file without line ends; an empty line if it cannot be decompressed any further.

    Raises:
        OSError: if nothing can be read.
    """
    count = 0
    with gzip.open(file, "rb") as unpacked:
        while True:
            try:
                line = unpacked.readline(_LINE_BYTES_MAX)
            except (EOFError, zlib.error, gzip.BadGzipFile):
                if not count:
                    raise gzip.BadGzipFile("it cannot be unpacked") from None
                yield b""
                return
            if not line:
                return
            count += 1
            yield line.removesuffix(b"\n")


def _number(finding: Finding) -> str:
    if finding.number is None:
        return ""
    return str(finding.number) if finding.through is None else f"{finding.number} to {finding.through}"


def _about(header: Header) -> str:
    """Return the content of the archive and the fingerprint of the signing key, to be compared with the known one."""
    key = sha256(bytes_of_base64url(header.server_key.x) or b"").hexdigest()
    return (
        f"  till {header.till}, records {header.first} to {header.last}, written {header.made_at}\n"
        f"  signed by the server's key {header.server_key.kid}, SHA-256 {key}"
    )
