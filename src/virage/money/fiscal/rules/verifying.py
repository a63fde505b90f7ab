"""Verification of an archive, line by line, without a database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from virage.identity.keys.types import HolderKey, holder_key_from_jwk, kid_of, signed_body
from virage.money.fiscal.rules.archive import (
    HEADER_PURPOSE,
    SEAL_PURPOSE,
    AnchorLine,
    ArchiveLine,
    ClosingLine,
    Digest,
    Header,
    HeaderLine,
    RecordLine,
    SealLine,
    read_line,
)
from virage.money.fiscal.rules.chain import Anchor
from virage.money.fiscal.rules.closing import (
    CLOSING_PURPOSE,
    PART_OF,
    Closing,
    PeriodKind,
    Tally,
    add,
    read_closing,
    tally,
)
from virage.money.fiscal.rules.record import RECORD_PURPOSE, canonical, hash_of, read_record
from virage.platform.values.jwk import bytes_of_base64url

RANKS: Final = (HeaderLine, RecordLine, AnchorLine, ClosingLine, SealLine)
"""Order of the line types."""

_PERIODS: Final = list(PeriodKind)


class Damage(StrEnum):
    """Kind of damage of a line, or of a missing line."""

    LINE_UNREADABLE = "line_unreadable"
    LINE_MISPLACED = "line_misplaced"
    LINES_CHANGED = "lines_changed"
    HEADER_MISSING = "header_missing"
    HEADER_CHANGED = "header_changed"
    SEAL_MISSING = "seal_missing"
    SEAL_CHANGED = "seal_changed"
    RECORD_CHANGED = "record_changed"
    RECORD_MISSING = "record_missing"
    RECORD_REPEATED = "record_repeated"
    RECORD_MISPLACED = "record_misplaced"
    CHAIN_BROKEN = "chain_broken"
    ANCHOR_CHANGED = "anchor_changed"
    ANCHOR_MISSING = "anchor_missing"
    ANCHOR_REPEATED = "anchor_repeated"
    ANCHOR_MISPLACED = "anchor_misplaced"
    CLOSING_CHANGED = "closing_changed"
    CLOSING_MISSING = "closing_missing"
    CLOSING_REPEATED = "closing_repeated"
    CLOSING_MISPLACED = "closing_misplaced"
    CLOSING_WRONG = "closing_wrong"


class Finding(Struct, frozen=True):
    """One damage. `line` counts from 1; for a missing line it is the line in its place.

    `number` is the record number, or the sequence of the anchor or closing; `through` is the last number of a missing
    range.
    """

    line: int
    damage: Damage
    number: int | None = None
    through: int | None = None


class Report(Struct, frozen=True):
    """Result of a verification; `header` is None if it is unreadable."""

    header: Header | None
    findings: tuple[Finding, ...]


class NotAnArchive(Exception):
    """Nothing in the file is a line of an archive."""


class _Verified(NamedTuple):
    """Data of a verified record for the checks of its neighbours and closings."""

    line: int
    hash: str
    previous: str
    tally: Tally


class _Numbered(NamedTuple):
    """Damages of entries that are numbered without gaps."""

    missing: Damage
    repeated: Damage
    misplaced: Damage


_RECORDS: Final = _Numbered(Damage.RECORD_MISSING, Damage.RECORD_REPEATED, Damage.RECORD_MISPLACED)
_ANCHORS: Final = _Numbered(Damage.ANCHOR_MISSING, Damage.ANCHOR_REPEATED, Damage.ANCHOR_MISPLACED)
_CLOSINGS: Final = _Numbered(Damage.CLOSING_MISSING, Damage.CLOSING_REPEATED, Damage.CLOSING_MISPLACED)


def verify(lines: Iterable[bytes]) -> Report:
    """Verify an archive from its lines, without their ends.

    Raises:
        NotAnArchive: when no line is one of an archive.
    """
    reading = _Reading()
    for line in lines:
        reading.read(line)
    return reading.report()


class _Reading:
    """State of a verification: checks of single lines, then checks across lines."""

    def __init__(self) -> None:
        self._at = 0
        self._readable = False
        self._header: Header | None = None
        self._till_key: HolderKey | None = None
        self._server_key: HolderKey | None = None
        self._rank = 0
        self._digest = Digest()
        self._sealed = False
        self._seal_mismatch = 0  # the line of a seal over other lines
        self._findings: list[Finding] = []
        self._records: list[tuple[int, int]] = []
        self._anchors: list[tuple[int, Anchor]] = []
        self._closings: list[tuple[int, Closing]] = []
        self._kept: dict[int, _Verified] = {}

    def read(self, line: bytes) -> None:
        """Read the next line."""
        self._at += 1
        found = read_line(line)
        self._readable = self._readable or found is not None
        if self._at == 1:
            self._read_header(found)
        elif found is None:
            self._find(Damage.LINE_UNREADABLE)
        elif self._header is not None:
            self._read_later(found)
        if not isinstance(found, SealLine):
            self._digest.add(line)

    def report(self) -> Report:
        """Return the findings, by line."""
        if not self._readable:
            raise NotAnArchive
        if self._header is not None:
            self._at += 1  # missing lines at the end are reported here
            if not self._sealed and not self._found(Damage.SEAL_CHANGED):
                self._find(Damage.SEAL_MISSING)
            self._check_records(self._header)
            self._check_anchors(self._header)
            self._check_closings(self._header)
        if self._seal_mismatch and not self._findings:
            self._find(Damage.LINES_CHANGED, line=self._seal_mismatch)
        return Report(self._header, tuple(sorted(set(self._findings), key=_place)))

    def _find(
        self, damage: Damage, number: int | None = None, *, line: int | None = None, through: int | None = None
    ) -> None:
        self._findings.append(Finding(self._at if line is None else line, damage, number, through))

    def _found(self, damage: Damage) -> bool:
        return any(finding.damage is damage for finding in self._findings)

    # --- line by line ----------------------------------------------------------------------------------------------

    def _read_header(self, found: ArchiveLine | None) -> None:
        """Read the keys that verify all other lines; without them no other line is checked."""
        if not isinstance(found, HeaderLine):
            self._find(Damage.LINE_UNREADABLE if found is None else Damage.HEADER_MISSING)
            return
        header = _header_of(found)
        if header is None:
            self._find(Damage.HEADER_CHANGED)
            return
        self._header = header
        self._till_key = holder_key_from_jwk(header.till_key)
        self._server_key = _server_key(header)

    def _read_later(self, found: ArchiveLine) -> None:
        rank = RANKS.index(type(found))
        if rank < self._rank or rank == 0 or self._sealed:
            self._find(Damage.LINE_MISPLACED)
        self._rank = max(self._rank, rank)
        if isinstance(found, RecordLine):
            self._read_record(found)
        elif isinstance(found, AnchorLine):
            self._anchors.append((self._at, found.anchor))
        elif isinstance(found, ClosingLine):
            self._read_closing(found)
        elif isinstance(found, SealLine):
            self._read_seal(found)

    def _read_record(self, found: RecordLine) -> None:
        self._records.append((self._at, found.number))
        body = signed_body(found.body, found.signature, self._till_key, RECORD_PURPOSE)
        record = None if body is None else read_record(body)
        till = None if self._header is None else self._header.till
        if body is None or record is None or (record.till, record.number) != (till, found.number) or record.training:
            self._find(Damage.RECORD_CHANGED, found.number)
        else:
            kept = _Verified(self._at, hash_of(body), record.previous, tally(record))
            self._kept.setdefault(found.number, kept)

    def _read_closing(self, found: ClosingLine) -> None:
        body = signed_body(found.body, found.signature, self._server_key, CLOSING_PURPOSE)
        closing = None if body is None else read_closing(body)
        till = None if self._header is None else str(self._header.till)
        key = None if self._header is None else self._header.server_key.kid
        if closing is None or closing.of != ("till", till) or found.kid != key:
            self._find(Damage.CLOSING_CHANGED)
            return
        if self._closings and _PERIODS.index(closing.period) < _PERIODS.index(self._closings[-1][1].period):
            self._find(Damage.LINE_MISPLACED)
        self._closings.append((self._at, closing))

    def _read_seal(self, found: SealLine) -> None:
        body = signed_body(found.body, found.signature, self._server_key, SEAL_PURPOSE)
        if body is None:
            self._find(Damage.SEAL_CHANGED)
        elif body != canonical(self._digest.body()):
            self._seal_mismatch = self._at
        self._sealed = body is not None

    # --- all together ----------------------------------------------------------------------------------------------

    def _check_records(self, header: Header) -> None:
        self._check_numbers(self._records, header.first, header.last, _RECORDS, after=1)
        previous: str | None = header.previous
        for number in range(header.first, header.last + 1):
            kept = self._kept.get(number)
            if kept is not None and previous is not None and kept.previous != previous:
                self._find(Damage.CHAIN_BROKEN, number, line=kept.line)
            previous = None if kept is None else kept.hash
        last = self._kept.get(header.last)
        if last is not None and last.hash != header.head:
            self._find(Damage.CHAIN_BROKEN, header.last, line=last.line)

    def _check_anchors(self, header: Header) -> None:
        """Check anchors from the last one, whose hash is in the header, back to the first."""
        first, last = header.anchors
        if last:
            counted = [(line, anchor.sequence) for line, anchor in self._anchors]
            self._check_numbers(counted, first, last, _ANCHORS, after=_end(self._records, 1))
        expected: str | None = header.anchor_head
        after = last + 1
        for line, anchor in sorted(self._anchors, key=lambda one: one[1].sequence, reverse=True):
            follows = anchor.sequence == after - 1
            kept = self._kept.get(anchor.number)
            wrong_hash = kept is not None and kept.hash != anchor.hash
            if anchor.till != header.till or wrong_hash or (follows and anchor.own_hash != expected):
                self._find(Damage.ANCHOR_CHANGED, anchor.sequence, line=line)
            expected, after = anchor.previous, anchor.sequence

    def _check_closings(self, header: Header) -> None:
        told = {PeriodKind(name): (first, last) for name, first, last in header.closings}
        found: dict[PeriodKind, dict[int, Closing]] = {kind: {} for kind in PeriodKind}
        for _, closing in self._closings:
            found[closing.period].setdefault(closing.sequence, closing)
        after = _end(self._anchors, _end(self._records, 1))
        for kind in PeriodKind:
            mine = [(line, one.sequence) for line, one in self._closings if one.period is kind]
            first, last = told.get(kind, (1, 0))
            self._check_numbers(mine, first, last, _CLOSINGS, after=after)
            after = _end(mine, after)
        for line, closing in self._closings:
            if not self._closing_agrees(closing, found):
                self._find(Damage.CLOSING_WRONG, closing.sequence, line=line)

    def _closing_agrees(self, closing: Closing, found: Mapping[PeriodKind, Mapping[int, Closing]]) -> bool:
        """Return whether a closing follows the previous one and is the sum of its parts, if all of them are present."""
        previous = found[closing.period].get(closing.sequence - 1)
        if previous is not None and not _follows(closing, previous):
            return False
        if closing.period is PeriodKind.DAY:
            if len(closing.ranges) != 1:
                return False
            whole = closing.ranges[0]
            parts = [self._kept[number].tally for number in range(whole.first, whole.last + 1) if number in self._kept]
            expected = whole.last + 1 - whole.first
        else:
            shorter = found[PART_OF[closing.period]]
            sequences = range(closing.first_part, closing.last_part + 1)
            parts = [shorter[sequence].tally for sequence in sequences if sequence in shorter]
            expected = len(sequences)
        return len(parts) != expected or add(parts) == closing.tally

    def _check_numbers(
        self, found: Sequence[tuple[int, int]], first: int, last: int, damages: _Numbered, *, after: int
    ) -> None:
        """Check that `found`, pairs of (line, number) in file order, counts from `first` to `last`.

        If nothing was found, missing entries are reported after the line `after`.
        """
        places: dict[int, int] = {}
        missing: dict[int, int] = {}
        highest = first - 1
        for line, number in found:
            if number in places:
                self._find(damages.repeated, number, line=line)
            elif not highest < number <= last:
                self._find(damages.misplaced, number, line=line)
            else:
                missing |= dict.fromkeys(range(highest + 1, number), line)
                highest = number
            missing.pop(number, None)
            places[number] = line
        missing |= dict.fromkeys(range(highest + 1, last + 1), _end(found, after) + 1)
        for begin, end, line in _rows(missing):
            self._find(damages.missing, begin, line=line, through=end if end > begin else None)


def _rows(missing: Mapping[int, int]) -> Iterator[tuple[int, int, int]]:
    """Yield ranges of consecutive numbers that are missing at the same line: (first, last, line)."""
    begin = end = line = -1
    for number, at in sorted(missing.items()):
        if number == end + 1 and at == line:
            end = number
            continue
        if begin >= 0:
            yield begin, end, line
        begin, end, line = number, number, at
    if begin >= 0:
        yield begin, end, line


def _end(found: Sequence[tuple[int, object]], otherwise: int) -> int:
    """Return the line of the last entry found."""
    return found[-1][0] if found else otherwise


def _place(finding: Finding) -> tuple[int, str, int]:
    return finding.line, finding.damage, finding.number or 0


def _header_of(line: HeaderLine) -> Header | None:
    """Return the header if the key in it has signed it."""
    try:
        header = msgspec.json.decode(bytes_of_base64url(line.body) or b"", type=Header)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    known = {kind.value for kind in PeriodKind}
    if any(name not in known for name, _, _ in header.closings):
        return None
    body = signed_body(line.body, line.signature, _server_key(header), HEADER_PURPOSE)
    return header if body == canonical(header) else None


def _server_key(header: Header) -> HolderKey | None:
    """Return the server's key; its id must be derived from it."""
    x, kid = bytes_of_base64url(header.server_key.x), bytes_of_base64url(header.server_key.kid)
    return None if x is None or kid != kid_of(x) else HolderKey(x)


def _follows(closing: Closing, previous: Closing) -> bool:
    """Return whether a closing is the next one in its chain and its grand totals."""
    return (
        closing.previous == hash_of(canonical(previous))
        and closing.perpetual_cents == previous.perpetual_cents + closing.tally.total_cents
        and closing.perpetual_absolute_cents == previous.perpetual_absolute_cents + closing.tally.absolute_cents
        and closing.ranges[0].first == previous.ranges[-1].last + 1
    )
