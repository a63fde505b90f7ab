"""Closings: what a till or an outlet took in a day, a month, a year, chained, with totals that never start again.

A day is closed over the records since the closing before, by number and not by clock: none falls between two of them,
also where a till was without network and its records came later. A month is the sum of days, a year of months.
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
    Hash,
    Number,
    Reason,
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
"""Under this id the vault keeps the house's fiscal key beside those of the events; its public half is published so."""


NOT_A_PERIOD: Final = invalid_input("starts_on", "A month begins on its first day, a year in January.")


class PeriodKind(StrEnum):
    """How long a closing reaches."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


PART_OF: Final = {PeriodKind.MONTH: PeriodKind.DAY, PeriodKind.YEAR: PeriodKind.MONTH}
"""What a longer period is the sum of."""


class Period(NamedTuple):
    """A day of business, a month or a year, by its first day."""

    kind: PeriodKind
    starts_on: date

    @property
    def is_whole(self) -> bool:
        """Whether the first day is one that such a period can begin with."""
        day, month = self.starts_on.day, self.starts_on.month
        return self.kind is PeriodKind.DAY or (day == 1 and (self.kind is PeriodKind.MONTH or month == 1))

    @property
    def next_starts_on(self) -> date:
        """The first day of the period that follows."""
        first = self.starts_on
        if self.kind is PeriodKind.DAY:
            return date.fromordinal(first.toordinal() + 1)
        if self.kind is PeriodKind.YEAR:
            return date(first.year + 1, 1, 1)
        return date(first.year + first.month // 12, first.month % 12 + 1, 1)


class Subject(NamedTuple):
    """Whose closing it is: a till by its id, or an outlet by its code."""

    kind: Literal["till", "outlet"]
    id: str


class TenderTotal(Struct, frozen=True, forbid_unknown_fields=True):
    """What was taken in one kind of money, less what was given back in it; tips are in it."""

    kind: TenderKind
    cents: int


class Range(Struct, frozen=True, forbid_unknown_fields=True):
    """Records of a till, from the first to the last number."""

    till: UUID
    first: Number
    last: Number


class Tally(Struct, frozen=True, forbid_unknown_fields=True):
    """What records come to. `absolute_cents` adds the amounts of sales and of refunds, as if all had been sales."""

    records: int = 0
    totals: tuple[VatTotal, ...] = ()
    tenders: tuple[TenderTotal, ...] = ()
    tip_cents: int = 0
    total_cents: int = 0
    absolute_cents: int = 0


class Closing(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One closing. `sequence` counts those of its subject and period, `previous` is the hash of the one before.

    `first_part` to `last_part` are the closings of the shorter period that it is the sum of, 0 for a day. The perpetual
    totals are those of the subject since its first record: sales less refunds, and the sum of all amounts.
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
        """Whose closing it is."""
        return Subject(self.subject, self.subject_id)


_decoder = msgspec.json.Decoder(Closing)


def read_closing(body: bytes) -> Closing | None:
    """Return the closing in its canonical bytes, None where they are none."""
    try:
        closing = _decoder.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return closing if canonical(closing) == body else None


def tally(record: Record) -> Tally:
    """What one record comes to; nothing for a rehearsal or a record without money."""
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
    """The sum: VAT is that of each receipt, added, so that the closing agrees with what was printed."""
    gross: dict[int, int] = {}
    vat: dict[int, int] = {}
    tenders: list[tuple[TenderKind, int]] = []
    records = tip = total = absolute = 0
    for one in tallies:
        for rate in one.totals:
            gross[rate.vat_permille] = gross.get(rate.vat_permille, 0) + rate.gross_cents
            vat[rate.vat_permille] = vat.get(rate.vat_permille, 0) + rate.vat_cents
        tenders += [(tender.kind, tender.cents) for tender in one.tenders]
        records += one.records
        tip += one.tip_cents
        total += one.total_cents
        absolute += one.absolute_cents
    totals = tuple(VatTotal(rate, gross[rate], vat[rate]) for rate in sorted(gross))
    return Tally(records, totals, _tenders(tenders), tip, total, absolute)


def _tenders(amounts: Iterable[tuple[TenderKind, int]]) -> tuple[TenderTotal, ...]:
    sums: dict[TenderKind, int] = {}
    for kind, cents in amounts:
        sums[kind] = sums.get(kind, 0) + cents
    return tuple(TenderTotal(kind, sums[kind]) for kind in sorted(sums))


def refuse(period: Period, last_closed: Mapping[PeriodKind, date]) -> Refused | None:
    """Refuse a period that is none, or that begins before the end of one of its own kind or longer that is closed.

    `last_closed` has the first day of the last period of each kind that was closed.
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
        return Refused(Reason.PERIOD_CLOSED, {"open_since": max(ends).isoformat()})
    return None


def close_day(
    subject: Subject, day: date, ranges: Sequence[Range], taken: Tally, *, before: Closing | None, at: Stamp
) -> Closing:
    """Close the records of a day of business; `before` is the subject's last closing of a day."""
    return _closing(Period(PeriodKind.DAY, day), subject, ranges, taken, before=before, at=at, parts=())


def close_longer(period: Period, parts: Sequence[Closing], *, before: Closing | None, at: Stamp) -> Closing:
    """Close a month over its days or a year over its months: `parts`, at least one, of one subject and in order."""
    ranges: dict[UUID, Range] = {}
    for one in (one for part in parts for one in part.ranges):
        first = ranges.get(one.till, one).first
        ranges[one.till] = Range(one.till, first, one.last)
    in_order = [ranges[till] for till in sorted(ranges)]
    taken = add(part.tally for part in parts)
    return _closing(period, parts[0].of, in_order, taken, before=before, at=at, parts=parts)


def _closing(
    period: Period,
    subject: Subject,
    ranges: Sequence[Range],
    taken: Tally,
    *,
    before: Closing | None,
    at: Stamp,
    parts: Sequence[Closing],
) -> Closing:
    return Closing(
        subject=subject.kind,
        subject_id=subject.id,
        period=period.kind,
        starts_on=period.starts_on,
        sequence=1 if before is None else before.sequence + 1,
        previous=GENESIS if before is None else hash_of(canonical(before)),
        closed_at=at,
        ranges=tuple(ranges),
        first_part=parts[0].sequence if parts else 0,
        last_part=parts[-1].sequence if parts else 0,
        tally=taken,
        perpetual_cents=taken.total_cents + (0 if before is None else before.perpetual_cents),
        perpetual_absolute_cents=taken.absolute_cents + (0 if before is None else before.perpetual_absolute_cents),
    )
