"""Rules of bank lines: match them with payouts, by reference or by amount and date."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct


class AwaitedPayout(Struct, frozen=True):
    """Payout that no bank line is matched with."""

    id: UUID
    amount_cents: int
    currency: str
    arrives_on: date
    reference: str | None = None


class FreeLine(Struct, frozen=True):
    """Bank line that no payout is matched with; a credit is positive. `text` is all that the bank wrote."""

    id: UUID
    amount_cents: int
    currency: str
    booked_on: date
    text: str


class LineMatch(Struct, frozen=True):
    """Bank line of a payout. `by` is what they have in common: the reference, or amount and date."""

    payout_id: UUID
    line_id: UUID
    by: str


class LineMatches(Struct, frozen=True):
    """Matches, and the lines that name a payout with another amount, as pairs of line and payout."""

    matched: list[LineMatch]
    differing: list[tuple[UUID, UUID]]


LINE_WITHIN: Final = timedelta(days=5)
REFERENCE_CHARS_MIN: Final = 6
"""A shorter reference may occur in a text by chance."""


def match_lines(payouts: Sequence[AwaitedPayout], lines: Sequence[FreeLine]) -> LineMatches:
    """Match payouts with bank lines: by reference, else by exact amount within five days if both are unique.

    A payout or line that a reference connects with several others stays unmatched.
    """
    named = _named(payouts, lines)
    matched: list[LineMatch] = []
    differing: list[tuple[UUID, UUID]] = []
    payouts_named = Counter(payout.id for payout, _ in named)
    lines_named = Counter(line.id for _, line in named)
    for payout, line in named:
        if payouts_named[payout.id] > 1 or lines_named[line.id] > 1:
            continue
        if (payout.amount_cents, payout.currency) == (line.amount_cents, line.currency):
            matched.append(LineMatch(payout.id, line.id, "reference"))
        else:
            differing.append((line.id, payout.id))
    pairs = [
        (payout, line)
        for payout in payouts
        for line in lines
        if payout.id not in payouts_named and line.id not in lines_named and _fits(payout, line)
    ]
    payouts_fitting = Counter(payout.id for payout, _ in pairs)
    lines_fitting = Counter(line.id for _, line in pairs)
    matched += [
        LineMatch(payout.id, line.id, "amount")
        for payout, line in pairs
        if payouts_fitting[payout.id] == lines_fitting[line.id] == 1
    ]
    return LineMatches(matched, differing)


def _named(payouts: Sequence[AwaitedPayout], lines: Sequence[FreeLine]) -> list[tuple[AwaitedPayout, FreeLine]]:
    """Return the pairs of a payout and a line that contains its reference."""
    texts = [(line, condensed(line.text)) for line in lines]
    references = [(payout, condensed(payout.reference or "")) for payout in payouts]
    return [
        (payout, line)
        for payout, reference in references
        if len(reference) >= REFERENCE_CHARS_MIN
        for line, text in texts
        if reference in text
    ]


def _fits(payout: AwaitedPayout, line: FreeLine) -> bool:
    same = (payout.amount_cents, payout.currency) == (line.amount_cents, line.currency)
    return same and abs(line.booked_on - payout.arrives_on) <= LINE_WITHIN


def condensed(text: str) -> str:
    """Return the letters and digits of a text in capitals: banks break and space references as they like."""
    return "".join(letter for letter in text.upper() if letter.isalnum())


def concerns(text: str, names: Iterable[str]) -> bool:
    """Return whether a bank line names the provider, by its name or by the descriptor of a payout."""
    written = condensed(text)
    return any(len(name) >= REFERENCE_CHARS_MIN - 1 and name in written for name in map(condensed, names))
