"""Reader of CSV statements: each bank has its own columns, so a person chooses them on a preview."""

import csv
import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from io import StringIO
from typing import Annotated, Final

from msgspec import Meta, Struct

from virage.money.settlement.rules.statements import (
    DEFECTS_MAX,
    FILE_BYTES_MAX,
    LINES_MAX,
    TEXT_CHARS_MAX,
    Defect,
    Parsed,
    ParsedStatement,
    StatementLine,
    account_of,
    cents_of,
)
from virage.platform.values.money import Currency

DELIMITERS: Final = (";", ",", "\t", "|")
PREVIEW_ROWS: Final = 12
COLUMNS_MAX: Final = 60
_YEARS_OF_TWO_DIGITS: Final = 2000
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?")
_PARTS: Final = re.compile(r"(\d{1,4})[./\- ](\d{1,2})[./\- ](\d{1,4})")
_COMPACT: Final = re.compile(r"\d{8}")
_SPACES: Final = dict.fromkeys(map(ord, " \u00a0\u202f'\u2019"))

Column = Annotated[int, Meta(ge=0, lt=COLUMNS_MAX)]


class DateOrder(StrEnum):
    """Order of the parts of a date."""

    DAY_MONTH_YEAR = "dmy"
    MONTH_DAY_YEAR = "mdy"
    YEAR_MONTH_DAY = "ymd"


class CsvColumns(Struct, frozen=True, forbid_unknown_fields=True):
    """Columns of a CSV file, counted from 0. Amounts are in one column, or in one of credits and one of debits."""

    date: Column
    amount: Column | None = None
    credit: Column | None = None
    debit: Column | None = None
    text: Annotated[list[Column], Meta(max_length=COLUMNS_MAX)] = []
    reference: Column | None = None
    skip: Annotated[int, Meta(ge=0, le=50)] = 1
    delimiter: str = ";"
    decimal_comma: bool = True
    order: DateOrder = DateOrder.DAY_MONTH_YEAR


class Preview(Struct, frozen=True):
    """First rows of a CSV file, to choose its columns."""

    rows: list[list[str]]
    delimiter: str


def preview(raw: bytes) -> Preview | None:
    """Return the first rows with the delimiter that splits them into the most columns; None if it is no text."""
    text = decoded(raw)
    if text is None:
        return None
    found = [Preview(_rows(text, delimiter)[:PREVIEW_ROWS], delimiter) for delimiter in DELIMITERS]
    return max(found, key=lambda one: sorted(map(len, one.rows))[len(one.rows) // 2] if one.rows else 0)


def decoded(raw: bytes) -> str | None:
    """Return the text of a file in UTF-8, UTF-16 with its mark, or Windows-1252; None if it is none."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: Sequence[str] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _rows(text: str, delimiter: str) -> list[list[str]]:
    return [row[:COLUMNS_MAX] for _, row in _numbered(text, delimiter)]


def _numbered(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return the rows that are not empty, each with the number of its last line."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]


def read_csv(raw: bytes, account: str, mapping: CsvColumns, currency: Currency) -> Parsed:
    """Return the statement of a file, or all its defects."""
    if len(raw) > FILE_BYTES_MAX:
        return Parsed([], [Defect(1, "file_too_large", str(len(raw)))])
    text = decoded(raw)
    if text is None:
        return Parsed([], [Defect(1, "encoding_unknown")])
    if not account_of(account):
        return Parsed([], [Defect(1, "account_missing")])
    if mapping.delimiter not in DELIMITERS or (mapping.amount, mapping.credit, mapping.debit) == (None, None, None):
        return Parsed([], [Defect(1, "columns_missing")])
    try:
        rows = _numbered(text, mapping.delimiter)[mapping.skip :]
    except csv.Error as failure:
        return Parsed([], [Defect(1, "csv_invalid", str(failure)[:TEXT_CHARS_MAX])])
    defects: list[Defect] = []
    lines = [found for number, row in rows if (found := _read(number, row, mapping, currency, defects)) is not None]
    if not rows:
        defects.append(Defect(1, "lines_missing"))
    if len(lines) > LINES_MAX:
        defects.append(Defect(1, "too_many_lines", str(LINES_MAX)))
    return Parsed([], defects[:DEFECTS_MAX]) if defects else Parsed([ParsedStatement(account_of(account), lines)], [])


def _read(
    number: int, row: Sequence[str], mapping: CsvColumns, currency: Currency, defects: list[Defect]
) -> StatementLine | None:
    def cell(column: int | None) -> str:
        return "" if column is None or column >= len(row) else row[column].strip()

    booked_on = day_of(cell(mapping.date), mapping.order)
    if booked_on is None:
        defects.append(Defect(number, "date_invalid", cell(mapping.date)[:TEXT_CHARS_MAX]))
    if mapping.amount is not None:
        written = cell(mapping.amount)
        cents = amount_of(written, currency, decimal_comma=mapping.decimal_comma)
    else:
        credit, debit = cell(mapping.credit), cell(mapping.debit)
        written = credit or debit
        cents = amount_of(written, currency, decimal_comma=mapping.decimal_comma)
        if credit and debit:
            both = [amount_of(part, currency, decimal_comma=mapping.decimal_comma) for part in (credit, debit)]
            cents = None if 0 not in both else sum(part or 0 for part in (both[0], -abs(both[1] or 0)))
        elif cents is not None:
            cents = cents if credit else -abs(cents)
    if cents is None:
        defects.append(Defect(number, "amount_invalid", written[:TEXT_CHARS_MAX]))
    if booked_on is None or cents is None:
        return None
    text = " ".join(" ".join(cell(column).split()) for column in mapping.text if cell(column))
    return StatementLine(booked_on, cents, text[:TEXT_CHARS_MAX], cell(mapping.reference) or None)


def amount_of(text: str, currency: Currency, *, decimal_comma: bool) -> int | None:
    """Return a written amount in cents: `1.234,50`, `1,234.50`, `1 234,50-`, `+12`."""
    written = text.translate(_SPACES).replace("\u2212", "-")
    if written.endswith(("-", "+")):
        written = written[-1] + written[:-1]
    written = written.replace(".", "").replace(",", ".") if decimal_comma else written.replace(",", "")
    return cents_of(written, currency) if _NUMBER.fullmatch(written) else None


def day_of(text: str, order: DateOrder) -> date | None:
    """Return a written day; a year of two digits is of this century."""
    if _COMPACT.fullmatch(text):
        size = (4, 2, 2) if order is DateOrder.YEAR_MONTH_DAY else (2, 2, 4)
        cuts = [text[: size[0]], text[size[0] : size[0] + size[1]], text[size[0] + size[1] :]]
    else:
        found = _PARTS.match(text)
        if found is None:
            return None
        cuts = list(found.groups())
    parts = dict(zip(order.value, map(int, cuts), strict=True))
    year = parts["y"] if parts["y"] > 99 else parts["y"] + _YEARS_OF_TWO_DIGITS  # noqa: PLR2004 - two digits
    try:
        return date(year, parts["m"], parts["d"])
    except ValueError:
        return None
