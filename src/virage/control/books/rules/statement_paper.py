"""Statement as CSV and as PDF: A4, accessible (PDF/UA-1).

The paper is slow (about a tenth of a second): make it in a thread, outside of transactions.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import msgspec
from babel.dates import format_date
from babel.numbers import format_percent

from virage.control.books.rules.statements import Statement, StatementLine, StatementTotals
from virage.matchday.food.menu.types import outlet_label
from virage.matchday.food.till.types import Seller
from virage.money.fiscal.types import VatTotal
from virage.platform.paper import breakable, ink_on, printed
from virage.platform.settings.config import Club
from virage.platform.values.formats import formats_of
from virage.platform.values.languages import messages
from virage.platform.values.localised import LanguageTag
from virage.platform.values.money import Cents, Currency
from virage.platform.values.tables import Cell, amount, table
from virage.site.venue.types import Venue

HEADER: Final = ("outlet", "from", "to", "what", "permille", "gross", "vat", "net")
_MINUS: Final = "\N{MINUS SIGN}"
_TEMPLATE: Final = Path(__file__).with_name("statement.typ")
_NARROW_SPACE: Final = "\u202f"
_WIDE_SPACE: Final = "\u00a0"


def statement_table(statement: Statement, currency: Currency) -> bytes:
    """Return the statement as CSV; the amounts paid, outlet by outlet, add up to `payable`."""
    return table(HEADER, (row for line in statement.lines for row in _rows(line, currency)))


def _rows(line: StatementLine, currency: Currency) -> Iterator[Sequence[Cell]]:
    """Return the rows of a line: sales by rate, deposits (not paid out), tips, commission, amount payable.

    A loss is `lost_concessionaire` where it is deducted, `lost_house` where it is only shown.
    """
    place: tuple[Cell, ...] = (line.outlet, line.starts_on, line.ends_on)
    sums = line.sums
    shown = partial(amount, currency=currency)
    for rate in sums.rates:
        amounts = (rate.gross_cents, rate.vat_cents, rate.gross_cents - rate.vat_cents)
        yield *place, "sales" if rate.vat_permille else "deposits", rate.vat_permille, *map(shown, amounts)
    yield *place, "tips", None, shown(sums.tip_cents), None, None
    commission = (sums.commission_cents + sums.commission_vat_cents, sums.commission_vat_cents, sums.commission_cents)
    yield *place, "commission", line.commission_permille, *(shown(-cents) for cents in commission)
    yield *place, f"lost_{line.loss_borne_by}", None, shown(-sums.lost_cents), None, None
    yield *place, "payable", None, shown(sums.payable_cents), None, None


def statement_pdf(
    statement: Statement, club: Club, seller: Seller, lang: LanguageTag, *, currency: Currency, venues: Sequence[Venue]
) -> bytes:
    """Return the statement as PDF; outlets are named within `venues`, those of the deployment."""
    content = page(statement, club, seller, lang, currency=currency, venues=venues)
    return printed(_template(), {"statement": msgspec.json.encode(content).decode()})


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def number_of(statement: Statement) -> str:
    """Return the number of a statement, derived from its days and concessionaire."""
    days = f"{statement.starts_on:%Y%m%d}-{statement.ends_on:%Y%m%d}"
    return f"{days}-{statement.concessionaire.id.hex[-6:].upper()}"


def page(
    statement: Statement, club: Club, seller: Seller, lang: LanguageTag, *, currency: Currency, venues: Sequence[Venue]
) -> dict[str, Any]:
    """Return the data of the template. Outlets without sales share one line."""
    pen, who = _Pen(lang, currency), statement.concessionaire
    period = pen.days(statement.starts_on, statement.ends_on)
    through = statement.closed_through
    sold = [line for line in statement.lines if _moved(line.sums)]
    idle = sorted({line.outlet for line in statement.lines} - {line.outlet for line in sold})
    apart = ", " if len(venues) == 1 else "; "
    open_days = through is None or through < statement.ends_on
    return {
        "lang": lang,
        "document_title": f"{pen.said('title')}: {who.name}, {period}",
        "club": breakable(club.name),
        "primary": club.primary,
        "on_primary": ink_on(club.primary),
        "title": pen.said("title"),
        "name": breakable(who.name),
        "facts": [
            {"name": pen.said("period"), "value": period},
            {"name": pen.said("number"), "value": number_of(statement)},
            {"name": pen.said("made_at"), "value": pen.day(statement.made_at.date())},
        ],
        "address": breakable(who.address),
        "ids": [
            pen.named(name, value) for name, value in (("siret", who.siret), ("vat_number", who.vat_number)) if value
        ],
        "house": _line_of(pen, seller),
        "columns": [pen.said(name) for name in ("what", "gross", "vat", "net")],
        "sections": [_section(pen, line, outlet_label(venues, line.outlet)) for line in sold],
        "idle": pen.named("idle", apart.join(outlet_label(venues, code) for code in idle)) if idle else "",
        "nothing": "" if statement.lines else pen.said("nothing"),
        "total": _table(pen, statement.total, None) if len(sold) != 1 and statement.lines else None,
        "source": pen.said("source"),
        "open": f"{pen.said('open')} {pen.said('none') if through is None else pen.day(through)}" if open_days else "",
    }


def _moved(sums: StatementTotals) -> bool:
    return any((sums.sales_cents, sums.refund_cents, sums.tip_cents, sums.lost_cents))


def _line_of(pen: "_Pen", seller: Seller) -> str:
    vat = pen.named("vat_number", seller.vat_number) if seller.vat_number else ""
    return " · ".join(breakable(part) for part in (seller.name, seller.address, vat) if part)


class _Pen:
    """Formatting of texts, days and amounts in one language."""

    def __init__(self, lang: LanguageTag, currency: Currency) -> None:
        self._messages = messages(lang, "paper.statement", dict[str, str])
        self._formats = formats_of(lang)
        self._currency = currency

    def said(self, name: str) -> str:
        """Return a text by name; the name itself if there is none."""
        return self._messages.get(name, name)

    def money(self, cents: Cents) -> str:
        """Return an amount, with a minus sign as wide as a figure and no wide space before the currency."""
        text = self._currency.format(cents, self._formats)
        return text.replace("-", _MINUS).replace(_WIDE_SPACE, _NARROW_SPACE)

    def percent(self, permille: int) -> str:
        """Return a rate."""
        return format_percent(Decimal(permille) / 1000, locale=self._formats, decimal_quantization=False)

    def day(self, day: date) -> str:
        """Return a day."""
        return format_date(day, "medium", locale=self._formats)

    def days(self, first: date, last: date) -> str:
        """Return a period of days."""
        return f"{self.day(first)} \u2013 {self.day(last)}"

    def named(self, name: str, value: object) -> str:
        """Return a label with its value."""
        return self._messages["named"].format(name=self.said(name), value=value)


def _section(pen: _Pen, line: StatementLine, outlet: str) -> dict[str, Any]:
    named = {"title": f"{pen.said('outlet')} {outlet}", "days": pen.days(line.starts_on, line.ends_on)}
    return _table(pen, line.sums, line.commission_permille) | named


def _table(pen: _Pen, sums: StatementTotals, permille: int | None) -> dict[str, Any]:
    """Table of the document: rows of a label and three amounts, the amount payable, then the small print."""
    net, vat = -sums.commission_cents, -sums.commission_vat_cents
    of_house = pen.said("commission") if permille is None else f"{pen.said('commission')} ({pen.percent(permille)})"
    taken = ", ".join(f"{pen.said(tender.kind.value)} {pen.money(tender.cents)}" for tender in sums.tenders)
    both = f"{pen.money(sums.sales_cents)}, {pen.money(-sums.refund_cents)}"
    owed = "payable" if sums.payable_cents >= 0 else "owed"
    by_house = sums.lost_cents - sums.borne_cents
    return {
        "title": pen.said("total"),
        "days": "",
        "rows": [
            *(_rate_row(pen, rate) for rate in sums.rates if rate.vat_permille),
            *([[pen.said("tips"), pen.money(sums.tip_cents), "", ""]] if sums.tip_cents else []),
            [of_house, *map(pen.money, (net + vat, vat, net))],
            *([[pen.said("lost_concessionaire"), pen.money(-sums.borne_cents), "", ""]] if sums.borne_cents else []),
        ],
        "payable": [pen.said(owed), pen.money(abs(sums.payable_cents))],
        "small": [
            *([pen.named("tenders", taken)] if taken else []),
            pen.named("of_which", both),
            *([pen.named("deposit", pen.money(sums.deposit_cents))] if sums.deposit_cents else []),
            *([pen.named("lost_house", pen.money(by_house))] if by_house else []),
            pen.named("closings", sums.closings),
        ],
    }


def _rate_row(pen: _Pen, rate: VatTotal) -> list[str]:
    amounts = (rate.gross_cents, rate.vat_cents, rate.gross_cents - rate.vat_cents)
    return [f"{pen.said('sales')} {pen.percent(rate.vat_permille)}", *map(pen.money, amounts)]
