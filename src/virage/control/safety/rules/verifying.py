"""Verification of the export of a log, without a database: each damage and its place.

An export is JSON lines: a signed header, then one line for each record.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import groupby

import msgspec
from msgspec import Struct

from virage.control.safety.rules.log import (
    CONTENTS_DELETED,
    GENESIS,
    HEADER_PURPOSE,
    RECORD_PURPOSE,
    LogHeader,
    LogRecord,
    SaltedContent,
    SignedRecord,
    hash_of,
    read_record,
)
from virage.identity.keys.types import IssuerKey, kid_of, signed_by_issuer
from virage.money.fiscal.types import canonical
from virage.platform.values.jwk import base64url, bytes_of_base64url


class LogDamage(StrEnum):
    """Kind of damage of a record, its content, or the export."""

    LINE_UNREADABLE = "line_unreadable"
    HEADER_CHANGED = "header_changed"
    RECORD_CHANGED = "record_changed"
    RECORD_MISSING = "record_missing"
    RECORD_REPEATED = "record_repeated"
    RECORD_MISPLACED = "record_misplaced"
    CHAIN_BROKEN = "chain_broken"
    HEAD_WRONG = "head_wrong"
    CONTENT_CHANGED = "content_changed"
    CONTENT_MISSING = "content_missing"


class LogFinding(Struct, frozen=True, order=True):
    """One damage. `number` is that of the record, 0 for the header, `through` the last one of a missing range.

    `line` counts from 1; it is None for a missing record.
    """

    number: int
    damage: LogDamage
    line: int | None = None
    through: int | None = None


class LogReport(Struct, frozen=True):
    """Result of a verification. `deleted` counts the contents that were deleted by the retention rule."""

    header: LogHeader
    records: int
    deleted: int
    findings: tuple[LogFinding, ...]


class NotALog(Exception):
    """The file does not begin with the header of a log."""


class _HeaderLine(Struct, frozen=True, forbid_unknown_fields=True, tag="header"):
    body: str
    signature: str


class _RecordLine(Struct, frozen=True, forbid_unknown_fields=True, tag="record"):
    body: str
    signature: str
    content: str | None = None
    salt: str | None = None


_lines = msgspec.json.Decoder(_HeaderLine | _RecordLine)


def header_line(header: bytes, signature: bytes) -> bytes:
    """Return the first line of an export, without line end."""
    return canonical(_HeaderLine(base64url(header), base64url(signature)))


def record_line(record: SignedRecord, content: SaltedContent | None) -> bytes:
    """Return the line of a record, with its content unless that was deleted."""
    body, signature = base64url(record.body), base64url(record.signature)
    if content is None:
        return canonical(_RecordLine(body, signature))
    return canonical(_RecordLine(body, signature, base64url(content.body), base64url(content.salt)))


class _Found(Struct, frozen=True):
    """A record with a valid signature, its line, and its content if the line has one."""

    line: int
    record: LogRecord
    hash: str
    content: SaltedContent | None


def verify(lines: Iterable[bytes]) -> LogReport:
    """Verify an export. Raises NotALog."""
    numbered = enumerate(lines, 1)
    _, first = next(numbered, (0, b""))
    header, key, findings = _header(first)
    found: dict[int, _Found] = {}
    damaged: set[int] = set()
    highest = 0
    for at, line in numbered:
        read = _read(line)
        if read is None:
            findings.append(LogFinding(highest + 1, LogDamage.LINE_UNREADABLE, at))
            continue
        record, one = read
        number = record.number
        signed = bytes_of_base64url(one.signature) or b""
        body = bytes_of_base64url(one.body) or b""
        if record.event != header.event or not signed_by_issuer(key, signed, RECORD_PURPOSE + body):
            findings.append(LogFinding(number, LogDamage.RECORD_CHANGED, at))
            damaged.add(number)
        elif number in found:
            findings.append(LogFinding(number, LogDamage.RECORD_REPEATED, at))
        else:
            if number < highest:
                findings.append(LogFinding(number, LogDamage.RECORD_MISPLACED, at))
            found[number] = _Found(at, record, hash_of(body), _content(one))
            highest = max(highest, number)
    findings += _missing(header.number, found.keys() | damaged)
    findings += _broken(header, found)
    wrong, deleted = _contents(list(found.values()))
    return LogReport(header, len(found), deleted, tuple(sorted([*findings, *wrong], key=_place)))


def _place(finding: LogFinding) -> tuple[int, int]:
    return finding.number, finding.line or 0


def _header(line: bytes) -> tuple[LogHeader, IssuerKey, list[LogFinding]]:
    try:
        first = _lines.decode(line)
        if not isinstance(first, _HeaderLine):
            raise NotALog
        body = bytes_of_base64url(first.body) or b""
        header = msgspec.json.decode(body, type=LogHeader)
    except (msgspec.DecodeError, ValueError) as error:
        raise NotALog from error
    public = bytes.fromhex(header.key)
    key = IssuerKey(header.event, kid_of(public), public)
    signature = bytes_of_base64url(first.signature) or b""
    intact = canonical(header) == body and signed_by_issuer(key, signature, HEADER_PURPOSE + body)
    return header, key, [] if intact else [LogFinding(0, LogDamage.HEADER_CHANGED, 1)]


def _read(line: bytes) -> tuple[LogRecord, _RecordLine] | None:
    """Return the record of a line, whether it is intact or not; None if nothing can be read."""
    try:
        one = _lines.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    record = read_record(bytes_of_base64url(one.body) or b"")
    return None if record is None or not isinstance(one, _RecordLine) else (record, one)


def _content(line: _RecordLine) -> SaltedContent | None:
    """Return the content of a line; one that cannot be read has the digest of no record."""
    if line.content is None and line.salt is None:
        return None
    return SaltedContent(bytes_of_base64url(line.salt or "") or b"", bytes_of_base64url(line.content or "") or b"")


def _missing(last: int, present: set[int]) -> list[LogFinding]:
    missing = [number for number in range(1, last + 1) if number not in present]
    ranges = [
        [number for _, number in group] for _, group in groupby(enumerate(missing), key=lambda pair: pair[1] - pair[0])
    ]
    return [LogFinding(numbers[0], LogDamage.RECORD_MISSING, None, numbers[-1]) for numbers in ranges]


def _broken(header: LogHeader, found: dict[int, _Found]) -> list[LogFinding]:
    """Return the records that do not continue the previous one, and the head if it is not that of the header."""
    findings = []
    for number, one in found.items():
        before = found.get(number - 1)
        expected = GENESIS if number == 1 else None if before is None else before.hash
        if expected is not None and one.record.previous != expected:
            findings.append(LogFinding(number, LogDamage.CHAIN_BROKEN, one.line))
    last = found.get(header.number)
    if max(found, default=0) > header.number or (last is not None and last.hash != header.hash):
        findings.append(LogFinding(header.number, LogDamage.HEAD_WRONG, None if last is None else last.line))
    return findings


def _contents(found: Sequence[_Found]) -> tuple[list[LogFinding], int]:
    """Return the damaged contents, and how many were deleted by the retention rule."""
    through = max(
        (int(one.record.data.get("through", 0)) for one in found if one.record.kind == CONTENTS_DELETED), default=0
    )
    findings, deleted = [], 0
    for one in found:
        digest, number = one.record.content, one.record.number
        if one.content is not None:
            if one.content.digest != digest:
                findings.append(LogFinding(number, LogDamage.CONTENT_CHANGED, one.line))
        elif digest is not None and number <= through:
            deleted += 1
        elif digest is not None:
            findings.append(LogFinding(number, LogDamage.CONTENT_MISSING, one.line))
    return findings, deleted
