"""CSV files (RFC 4180) in UTF-8, safe against formula injection."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from io import StringIO
from typing import Final

from virage.platform.values.money import Cents, Currency

FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | date | None


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a table as CSV."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # noqa: TID251 - here
    writer.writerow(header)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def amount(cents: Cents, currency: Currency) -> str:
    """Return an amount with the decimals of its currency, such as `-12.50`, without formula escaping."""
    return _Number(f"{currency.decimal(cents):f}")


class _Number(str):
    """Number text, which needs no formula escaping."""

    __slots__ = ()


def _cell(cell: Cell) -> Cell:
    if isinstance(cell, str) and not isinstance(cell, _Number) and cell.startswith(FORMULAS):
        return "'" + cell
    return cell
