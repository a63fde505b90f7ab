"""A statement as a table and on paper: A4, in French or English, for screen readers too (PDF/UA-1).

The paper is slow (about a tenth of a second): make it in a thread, outside of transactions.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from virage.control.books.rules.statements import Statement, StatementLine, Sums
from virage.control.books.rules.tables import Cell, euros, table
from virage.matchday.food.till.types import House
from virage.money.fiscal.types import VatTotal
from virage.platform.paper import breakable, ink_on, printed
from virage.platform.settings.config import Club
from virage.platform.values.money import Cents
from virage.site.programme.types import Text

Lang = Literal["fr", "en"]

HEADER: Final = ("outlet", "from", "to", "what", "permille", "gross", "vat", "net")
_TEMPLATE: Final = Path(__file__).with_name("statement.typ")
_NARROW_SPACE: Final = "\u202f"
_MINUS: Final = "\u2212"

_WORDS: Final[dict[str, Text]] = {
    "title": Text("Relevé de concession", "Concession statement"),
    "period": Text("Période", "Period"),
    "concessionaire": Text("Concessionnaire", "Concessionaire"),
    "vat_number": Text("N° de TVA", "VAT number"),
    "siret": Text("SIRET", "SIRET"),
    "number": Text("N°", "Number"),
    "made_at": Text("Établi le", "Made on"),
    "outlet": Text("Point de vente", "Outlet"),
    "what": Text("Libellé", "Item"),
    "gross": Text("TTC", "Incl. VAT"),
    "vat": Text("TVA", "VAT"),
    "net": Text("HT", "Excl. VAT"),
    "sales": Text("Ventes, TVA", "Sales, VAT at"),
    "deposit": Text("Consignes de gobelets, qui reviennent à la maison", "Cup deposits, which are the house's"),
    "of_which": Text("Ventes et remboursements, consignes comprises", "Sales and refunds, with deposits"),
    "tips": Text("Pourboires", "Tips"),
    "commission": Text("Commission de la maison, sur le HT", "Commission of the house, on sales excl. VAT"),
    "lost_concessionaire": Text(
        "Ventes que personne n'a payées (caisses hors réseau), à la charge du concessionnaire",
        "Sales that nobody paid (tills without network), borne by the concessionaire",
    ),
    "lost_house": Text(
        "Ventes que personne n'a payées (caisses hors réseau), à la charge de la maison",
        "Sales that nobody paid (tills without network), borne by the house",
    ),
    "payable": Text("À verser au concessionnaire", "Payable to the concessionaire"),
    "owed": Text("Dû par le concessionnaire", "Owed by the concessionaire"),
    "total": Text("Ensemble des points de vente", "All outlets"),
    "tenders": Text("Encaissé", "Taken in"),
    "card": Text("carte sans contact", "contactless card"),
    "virtual_card": Text("carte virtuelle", "virtual card"),
    "cash": Text("espèces", "cash"),
    "terminal": Text("carte bancaire", "bank card"),
    "purse": Text("commande au téléphone", "order by phone"),
    "closings": Text("Clôtures journalières", "Closings of days"),
    "source": Text(
        "Les ventes de ce relevé sont la somme des clôtures journalières signées des points de vente ; "
        "il n'est pas une facture.",
        "The sales of this statement are the sum of the signed closings of the outlets' days; it is no invoice.",
    ),
    "open": Text(
        "Les journées après cette date ne sont pas encore clôturées et ne figurent pas ici :",
        "Days after this date are not closed yet and are not in it:",
    ),
    "none": Text("aucune", "none"),
    "idle": Text("Sans vente sur cette période", "No sales in this period"),
    "nothing": Text("Aucun point de vente sur cette période.", "No outlet was run in this period."),
}


def statement_table(statement: Statement) -> bytes:
    """The statement as comma-separated values: what is paid, outlet by outlet, adds up to `payable`."""
    return table(HEADER, (row for line in statement.lines for row in _rows(line)))


def _rows(line: StatementLine) -> Iterator[Sequence[Cell]]:
    """A line's rows: sales by rate, cups (which are not paid), tips, the commission, what is payable of them.

    What nobody paid is `lost_concessionaire` where it is taken off, `lost_house` where it is only shown.
    """
    place: tuple[Cell, ...] = (line.outlet, line.starts_on, line.ends_on)
    sums = line.sums
    for rate in sums.rates:
        amounts = (rate.gross_cents, rate.vat_cents, rate.gross_cents - rate.vat_cents)
        yield *place, "sales" if rate.vat_permille else "deposits", rate.vat_permille, *map(euros, amounts)
    yield *place, "tips", None, euros(sums.tip_cents), None, None
    commission = (sums.commission_cents + sums.commission_vat_cents, sums.commission_vat_cents, sums.commission_cents)
    yield *place, "commission", line.commission_permille, *(euros(-cents) for cents in commission)
    yield *place, f"lost_{line.loss_borne_by}", None, euros(-sums.lost_cents), None, None
    yield *place, "payable", None, euros(sums.payable_cents), None, None


def statement_pdf(statement: Statement, club: Club, house: House, lang: Lang) -> bytes:
    """The statement on paper."""
    return printed(_template(), {"statement": msgspec.json.encode(page(statement, club, house, lang)).decode()})


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def number_of(statement: Statement) -> str:
    """The number of a statement: its days and whose it is, the same each time it is made."""
    days = f"{statement.starts_on:%Y%m%d}-{statement.ends_on:%Y%m%d}"
    return f"{days}-{statement.concessionaire.id.hex[-6:].upper()}"


def page(statement: Statement, club: Club, house: House, lang: Lang) -> dict[str, Any]:
    """Every word on the paper, as the template takes them. Outlets that sold nothing are named in one line."""
    pen, who = _Pen(lang), statement.concessionaire
    period = pen.days(statement.starts_on, statement.ends_on)
    through = statement.closed_through
    sold = [line for line in statement.lines if _moved(line.sums)]
    idle = sorted({line.outlet for line in statement.lines} - {line.outlet for line in sold})
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
        "house": _line_of(pen, house),
        "columns": [pen.said(name) for name in ("what", "gross", "vat", "net")],
        "sections": [_section(pen, line) for line in sold],
        "idle": pen.named("idle", ", ".join(idle)) if idle else "",
        "nothing": "" if statement.lines else pen.said("nothing"),
        "total": _table(pen, statement.total, None) if len(sold) != 1 and statement.lines else None,
        "source": pen.said("source"),
        "open": f"{pen.said('open')} {pen.said('none') if through is None else pen.day(through)}" if open_days else "",
    }


def _moved(sums: Sums) -> bool:
    return any((sums.sales_cents, sums.refund_cents, sums.tip_cents, sums.lost_cents))


def _line_of(pen: "_Pen", house: House) -> str:
    vat = pen.named("vat_number", house.vat_number) if house.vat_number else ""
    return " · ".join(breakable(one) for one in (house.name, house.address, vat) if one)


class _Pen:
    """Words, days and amounts as one language writes them."""

    def __init__(self, lang: Lang) -> None:
        self._french = lang == "fr"

    def said(self, name: str) -> str:
        """A word; the name itself where there is none."""
        text = _WORDS.get(name, Text(name, name))
        return text.fr if self._french else text.en

    def money(self, cents: Cents) -> str:
        """An amount."""
        whole, rest = divmod(abs(cents), 100)
        sign = _MINUS if cents < 0 else ""
        if self._french:
            return f"{sign}{whole:,}".replace(",", _NARROW_SPACE) + f",{rest:02}{_NARROW_SPACE}€"
        return f"{sign}€{whole:,}.{rest:02}"

    def percent(self, permille: int) -> str:
        """A rate."""
        number = f"{permille / 10:g}"
        return f"{number.replace('.', ',')}{_NARROW_SPACE}%" if self._french else f"{number}%"

    def day(self, day: date) -> str:
        """A day."""
        return f"{day:%d/%m/%Y}" if self._french else f"{day:%Y-%m-%d}"

    def days(self, first: date, last: date) -> str:
        """From one day to another."""
        return f"{self.day(first)} \u2013 {self.day(last)}"

    def named(self, name: str, value: object) -> str:
        """A word and what it says."""
        return f"{self.said(name)}{_NARROW_SPACE if self._french else ''}: {value}"


def _section(pen: _Pen, line: StatementLine) -> dict[str, Any]:
    named = {"title": f"{pen.said('outlet')} {line.outlet}", "days": pen.days(line.starts_on, line.ends_on)}
    return _table(pen, line.sums, line.commission_permille) | named


def _table(pen: _Pen, sums: Sums, permille: int | None) -> dict[str, Any]:
    """One table of the paper: rows of a label and three amounts, what is payable, then the small print."""
    net, vat = -sums.commission_cents, -sums.commission_vat_cents
    of_house = pen.said("commission") if permille is None else f"{pen.said('commission')} ({pen.percent(permille)})"
    taken = ", ".join(f"{pen.said(one.kind.value)} {pen.money(one.cents)}" for one in sums.tenders)
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
