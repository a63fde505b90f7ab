"""`virage safety verify`: verify exported logs of the control room."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from virage.cli.deployment import console
from virage.cli.verification import Unreadable, show_verdict, verify_files
from virage.control.safety.types import LogDamage, LogFinding, NotALog, verify_log

_TEXTS: Final = {
    LogDamage.LINE_UNREADABLE: "unreadable line",
    LogDamage.HEADER_CHANGED: "invalid signature of the header",
    LogDamage.RECORD_CHANGED: "invalid record or signature",
    LogDamage.RECORD_MISSING: "record missing",
    LogDamage.RECORD_REPEATED: "repeated record",
    LogDamage.RECORD_MISPLACED: "record out of order",
    LogDamage.CHAIN_BROKEN: "does not continue the previous record",
    LogDamage.HEAD_WRONG: "the last record is not the one in the header",
    LogDamage.CONTENT_CHANGED: "text or place changed",
    LogDamage.CONTENT_MISSING: "text or place missing, not deleted by the retention rule",
}


def verify_logs(files: Sequence[Path]) -> int:
    """Print the defects of each file. Return 0 if all are intact, 1 if one is damaged, 2 if one is unreadable."""
    return verify_files(files, _is_intact)


def _is_intact(file: Path) -> bool:
    try:
        with file.open("rb") as lines:
            report = verify_log(line.removesuffix(b"\n") for line in lines)
    except NotALog as error:
        raise Unreadable("not a log of the control room") from error
    show_verdict(file, ("record", "line", "what is wrong"), [_row(finding) for finding in report.findings])
    key = sha256(bytes.fromhex(report.header.key)).hexdigest()
    console.print(
        f"  event {report.header.event}, {report.records} of {report.header.number} records, "
        f"written {report.header.made_at}\n"
        f"  texts and places erased by rule: {report.deleted}\n"
        f"  signed by the key of the event, SHA-256 {key}",
        markup=False,
    )
    return not report.findings


def _row(finding: LogFinding) -> tuple[str, str, str]:
    last = finding.through or finding.number
    numbers = str(finding.number) if last == finding.number else f"{finding.number} to {last}"
    return numbers, "" if finding.line is None else str(finding.line), _TEXTS[finding.damage]
