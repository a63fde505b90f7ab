"""`virage fiscal verify`: verify archives of tills."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from rich.table import Table

from virage.cli.deployment import console
from virage.money.fiscal.types import Damage, Finding, Header, NotAnArchive, Report, verify
from virage.platform.values.jwk import bytes_of_base64url

CLEAN: Final = 0
DAMAGED: Final = 1
UNREADABLE: Final = 2
_LINE_BYTES_MAX: Final = 65_536
_FINDINGS_SHOWN: Final = 50

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
    return max((_verify(file) for file in files), default=CLEAN)


def _verify(file: Path) -> int:
    try:
        report = verify(_lines(file))
    except (OSError, NotAnArchive) as error:
        reason = str(error) if isinstance(error, OSError) else "not an archive of a till"
        console.print(f"{file}: unreadable: {reason}", style="bold red", markup=False)
        return UNREADABLE
    _show(file, report)
    return DAMAGED if report.findings else CLEAN


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


def _show(file: Path, report: Report) -> None:
    header, findings = report.header, report.findings
    if not findings:
        console.print(f"{file}: clean", style="bold green", markup=False)
    else:
        console.print(f"{file}: damaged", style="bold red", markup=False)
        table = Table("till", "number", "line", "what is wrong", highlight=False)
        till = "unknown" if header is None else str(header.till)
        for finding in findings[:_FINDINGS_SHOWN]:
            table.add_row(till, _number(finding), str(finding.line), _TEXTS[finding.damage])
        console.print(table)
        if len(findings) > _FINDINGS_SHOWN:
            console.print(f"and {len(findings) - _FINDINGS_SHOWN} more")
    if header is not None:
        console.print(_about(header), markup=False)


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
