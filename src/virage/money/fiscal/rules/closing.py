"""Closings: chained totals of a till or outlet per day, month and year, with a grand total that never resets.

A day contains the records since the previous closing, by number rather than by time, so that late offline records are
never lost. A month is the sum of days, a year the sum of months.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.money.fiscal.rules.record import (
    GENESIS,
    FiscalRefusal,
    Hash,
    Number,
    Record,
    Stamp,
    TenderKind,
    VatTotal,
    canonical,
    hash_of,
)
from virage.platform.values.refusals import Refused, invalid_input

CLOSING_PURPOSE: Final = b"virage:closing:v1\0"
FISCAL_KEY: Final = UUID("0196a000-0000-7000-8000-f15ca1000001")
"""Id of the server's fiscal key in the vault; its public key is published under this id."""


NOT_A_PERIOD: Final = invalid_input("starts_on", "A month begins on its first day, a year in January.")


class PeriodKind(StrEnum):
    """Length of a closing."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


PART_OF: Final = {PeriodKind.MONTH: PeriodKind.DAY, PeriodKind.YEAR: PeriodKind.MONTH}
"""Shorter period that a longer one is the sum of."""


class Period(NamedTuple):
    """Business day, month or year, by its first day."""

    kind: PeriodKind
    starts_on: date

    @property
    def is_whole(self) -> bool:
        """Whether such a period can begin on its first day."""
        day, month = self.starts_on.day, self.starts_on.month
        return self.kind is PeriodKind.DAY or (day == 1 and (self.kind is PeriodKind.MONTH or month == 1))

    @property
    def next_starts_on(self) -> date:
        """First day of the following period."""
        first = self.starts_on
        if self.kind is PeriodKind.DAY:
            return date.fromordinal(first.toordinal() + 1)
        if self.kind is PeriodKind.YEAR:
            return date(first.year + 1, 1, 1)
        return date(first.year + first.month // 12, first.month % 12 + 1, 1)


class Subject(NamedTuple):
    """Subject of a closing: a till by id, or an outlet by code."""

    kind: Literal["till", "outlet"]
    id: str


class TenderTotal(Struct, frozen=True, forbid_unknown_fields=True):
    """Total of one payment method, less refunds, tips included."""

    kind: TenderKind
    cents: int


class Range(Struct, frozen=True, forbid_unknown_fields=True):
    """Range of record numbers of a till."""

    till: UUID
    first: Number
    last: Number


class Tally(Struct, frozen=True, forbid_unknown_fields=True):
    """Totals of records. `absolute_cents` adds sales and refunds as positive amounts."""

    records: int = 0
    totals: tuple[VatTotal, ...] = ()
    tenders: tuple[TenderTotal, ...] = ()
    tip_cents: int = 0
    total_cents: int = 0
    absolute_cents: int = 0


class Closing(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One closing. `sequence` counts closings of its subject and period, `previous` is the hash of the last one.

    `first_part` to `last_part` are the summed closings of the shorter period, 0 for a day. The perpetual totals are the
    grand totals of the subject since its first record: sales less refunds, and the sum of absolute amounts.
    """

    subject: Literal["till", "outlet"]
    subject_id: Annotated[str, Meta(max_length=40)]
    period: PeriodKind
    starts_on: date
    sequence: Number
    previous: Hash
    closed_at: Stamp
    ranges: tuple[Range, ...]
    first_part: int
    last_part: int
    tally: Tally
    perpetual_cents: int
    perpetual_absolute_cents: int

    @property
    def of(self) -> Subject:
        """Subject of the closing."""
        return Subject(self.subject, self.subject_id)


_decoder = msgspec.json.Decoder(Closing)


def read_closing(body: bytes) -> Closing | None:
    """Return the closing in canonical bytes; None if invalid."""
    try:
        closing = _decoder.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return closing if canonical(closing) == body else None


def tally(record: Record) -> Tally:
    """Return the totals of one record; zero for training and for records without money."""
    if record.training:
        return Tally(records=1)
    total = record.total_cents
    return Tally(
        records=1,
        totals=tuple(record.totals),
        tenders=_tenders((tender.kind, tender.cents) for tender in record.tenders),
        tip_cents=record.tip_cents,
        total_cents=total,
        absolute_cents=abs(total),
    )


def add(tallies: Iterable[Tally]) -> Tally:
    """Return the sum. VAT is added per receipt, so that it agrees with the printed receipts."""
    gross: dict[int, int] = {}
    vat: dict[int, int] = {}
    tenders: list[tuple[TenderKind, int]] = []
    records = tip = total = absolute = 0
    for tally in tallies:
        for rate in tally.totals:
            gross[rate.vat_permille] = gross.get(rate.vat_permille, 0) + rate.gross_cents
            vat[rate.vat_permille] = vat.get(rate.vat_permille, 0) + rate.vat_cents
        tenders += [(tender.kind, tender.cents) for tender in tally.tenders]
        records += tally.records
        tip += tally.tip_cents
        total += tally.total_cents
        absolute += tally.absolute_cents
    totals = tuple(VatTotal(rate, gross[rate], vat[rate]) for rate in sorted(gross))
    return Tally(records, totals, _tenders(tenders), tip, total, absolute)


def _tenders(amounts: Iterable[tuple[TenderKind, int]]) -> tuple[TenderTotal, ...]:
    sums: dict[TenderKind, int] = {}
    for kind, cents in amounts:
        sums[kind] = sums.get(kind, 0) + cents
    return tuple(TenderTotal(kind, sums[kind]) for kind in sorted(sums))


def refuse(period: Period, last_closed: Mapping[PeriodKind, date]) -> Refused | None:
    """Refuse an invalid period, or one inside a closed period of the same or a longer kind.

    `last_closed` is the first day of the last closed period by kind.
    """
    if not period.is_whole:
        return NOT_A_PERIOD
    kinds = list(PeriodKind)
    ends = [
        Period(kind, day).next_starts_on
        for kind, day in last_closed.items()
        if kinds.index(kind) >= kinds.index(period.kind)
    ]
    if ends and period.starts_on < max(ends):
        return Refused(FiscalRefusal.PERIOD_CLOSED, {"open_since": max(ends).isoformat()})
    return None


def close_day(
    subject: Subject, day: date, ranges: Sequence[Range], taken: Tally, *, previous: Closing | None, at: Stamp
) -> Closing:
    """Close a business day; `previous` is the subject's previous daily closing."""
    return _closing(Period(PeriodKind.DAY, day), subject, ranges, taken, previous=previous, at=at, parts=())


def close_longer(period: Period, parts: Sequence[Closing], *, previous: Closing | None, at: Stamp) -> Closing:
    """Close a month over its days or a year over its months; `parts` is not empty, of one subject, in order."""
    ranges: dict[UUID, Range] = {}
    for range_ in (range_ for part in parts for range_ in part.ranges):
        first = ranges.get(range_.till, range_).first
        ranges[range_.till] = Range(range_.till, first, range_.last)
    in_order = [ranges[till] for till in sorted(ranges)]
    taken = add(part.tally for part in parts)
    return _closing(period, parts[0].of, in_order, taken, previous=previous, at=at, parts=parts)


def _closing(
    period: Period,
    subject: Subject,
    ranges: Sequence[Range],
    taken: Tally,
    *,
    previous: Closing | None,
    at: Stamp,
    parts: Sequence[Closing],
) -> Closing:
    return Closing(
        subject=subject.kind,
        subject_id=subject.id,
        period=period.kind,
        starts_on=period.starts_on,
        sequence=1 if previous is None else previous.sequence + 1,
        previous=GENESIS if previous is None else hash_of(canonical(previous)),
        closed_at=at,
        ranges=tuple(ranges),
        first_part=parts[0].sequence if parts else 0,
        last_part=parts[-1].sequence if parts else 0,
        tally=taken,
        perpetual_cents=taken.total_cents + (0 if previous is None else previous.perpetual_cents),
        perpetual_absolute_cents=taken.absolute_cents + (0 if previous is None else previous.perpetual_absolute_cents),
    )
