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

_SAID: Final = {
    Damage.LINE_UNREADABLE: "cannot be read",
    Damage.LINE_MISPLACED: "stands where no such line belongs",
    Damage.LINES_CHANGED: "the lines before it are not those that were sealed",
    Damage.HEADER_MISSING: "the first line is no header",
    Damage.HEADER_CHANGED: "the header is not what the house signed",
    Damage.SEAL_MISSING: "the file is cut: its seal is missing",
    Damage.SEAL_CHANGED: "the seal is not what the house signed",
    Damage.RECORD_CHANGED: "the record is not what the till signed",
    Damage.RECORD_MISSING: "is missing before this line",
    Damage.RECORD_REPEATED: "stands here a second time",
    Damage.RECORD_MISPLACED: "stands out of its order",
    Damage.CHAIN_BROKEN: "does not follow the record before it",
    Damage.ANCHOR_CHANGED: "the anchor is not what the server wrote",
    Damage.ANCHOR_MISSING: "an anchor is missing before this line",
    Damage.ANCHOR_REPEATED: "the anchor stands here a second time",
    Damage.ANCHOR_MISPLACED: "the anchor stands out of its order",
    Damage.CLOSING_CHANGED: "the closing is not what the house signed",
    Damage.CLOSING_MISSING: "a closing is missing before this line",
    Damage.CLOSING_REPEATED: "the closing stands here a second time",
    Damage.CLOSING_MISPLACED: "the closing stands out of its order",
    Damage.CLOSING_WRONG: "the closing is not the sum of what it closes",
}


def verify_archives(files: Sequence[Path]) -> int:
    """Print the defects of each file. Return 0 if all are intact, 1 if one is damaged, 2 if one is unreadable."""
    return max((_verify(file) for file in files), default=CLEAN)


def _verify(file: Path) -> int:
    try:
        report = verify(_lines(file))
    except (OSError, NotAnArchive) as error:
        said = str(error) if isinstance(error, OSError) else "this is no archive of a till"
        console.print(f"{file}: unreadable: {said}", style="bold red", markup=False)
        return UNREADABLE
    _show(file, report)
    return DAMAGED if report.findings else CLEAN


def _lines(file: Path) -> Iterator[bytes]:
    """The lines of a file without their ends; where it cannot be unpacked any further, one that says nothing.

    Raises:
        OSError: when there is nothing to be read at all.
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
            table.add_row(till, _number(finding), str(finding.line), _SAID[finding.damage])
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
    """What is in the archive, and by whose key: whoever reads it compares the fingerprint with the one they know."""
    key = sha256(bytes_of_base64url(header.server_key.x) or b"").hexdigest()
    return (
        f"  till {header.till}, records {header.first} to {header.last}, written {header.made_at}\n"
        f"  signed by the house's key {header.server_key.kid}, SHA-256 {key}"
    )
