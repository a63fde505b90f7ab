"""Bank statements: lines, defects, and the keys that recognise a line of two overlapping files."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

from virage.platform.values.money import Currency

FILE_BYTES_MAX: Final = 8_000_000
LINES_MAX: Final = 50_000
DEFECTS_MAX: Final = 200
TEXT_CHARS_MAX: Final = 500
CENTS_MAX: Final = 10**13


class Format(StrEnum):
    """Format of a statement file."""

    CAMT053 = "camt053"
    CSV = "csv"


class Defect(Struct, frozen=True):
    """Defect of a file: its line, counted from 1, a code, and the value that is wrong."""

    line: int
    code: str
    value: str = ""


class StatementLine(Struct, frozen=True):
    """Booked line in cents; a credit is positive. `bank_ref` is the bank's own reference, if it has one."""

    booked_on: date
    amount_cents: int
    text: str
    bank_ref: str | None = None


class ParsedStatement(Struct, frozen=True):
    """Statement of one account. Balances are None where the format has none."""

    account: str
    lines: list[StatementLine]
    opening_cents: int | None = None
    closing_cents: int | None = None


class Parsed(Struct, frozen=True):
    """Statements of a file, or all its defects."""

    statements: list[ParsedStatement]
    defects: list[Defect]


def cents_of(text: str, currency: Currency) -> int | None:
    """Return an amount written with a decimal point in cents; None if it is none or has more decimals."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or not -30 <= value.adjusted() <= 30:  # noqa: PLR2004 - bounds the shift below
        return None
    cents = value.scaleb(currency.digits)
    return int(cents) if cents == cents.to_integral_value() and abs(cents) <= CENTS_MAX else None


def account_of(text: str) -> str:
    """Return an account number as it is stored: capitals, without spaces."""
    return "".join(text.split()).upper()


def keys_of(account: str, currency: str, lines: Sequence[StatementLine]) -> list[bytes]:
    """Return the key of each line, in order. Equal lines without a bank reference are told apart by their number.

    Files of one account overlap in whole days, so the n-th of some equal lines of a day is the same one in each file.
    """
    seen: Counter[tuple[date, int, str]] = Counter()
    keys = []
    for line in lines:
        what: list[str | int] = [account, line.booked_on.isoformat(), line.amount_cents, currency]
        if line.bank_ref:
            what += ["ref", line.bank_ref]
        else:
            same = (line.booked_on, line.amount_cents, line.text)
            seen[same] += 1
            what += ["text", line.text, seen[same]]
        keys.append(sha256(msgspec.json.encode(what)).digest())
    return keys
