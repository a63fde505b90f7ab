"""The books for the accountant: what each day moved on the accounts of the house's chart, debits equal to credits.

Three sources: the ledger of the purses and tills, the records for the VAT of what was sold, and the orders of tickets.
A ticket's price is owed until its event has taken place (deferred), its VAT is due when it is paid.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.control.books.rules.tables import euros, table
from virage.platform.values.money import Cents, vat_included
from virage.sale.ticketing.types import TicketMoney

CHART: Final = {
    "purses": "4191",
    "bonus": "4198",
    "deposits": "4196",
    "clearing": "5115",
    "cash": "531",
    "terminal": "5113",
    "sales": "707",
    "vat": "44571",
    "tips": "467",
    "unclaimed": "4671",
    "loss": "658",
    "grants": "7097",
    "ticket_clearing": "5115",
    "deferred_tickets": "487",
    "tickets": "706",
}
"""Account numbers by the French plan comptable général; the configuration replaces what a house has otherwise."""
OF_KIND: Final = {"purse": "purses"}
"""What kinds of the ledger are called here, where it is not their own name."""
HEADER: Final = ("day", "account", "what", "outlet", "vat_permille", "event_id", "event", "debit", "credit")


class JournalLine(Struct, frozen=True):
    """One line of a day: a debit or a credit, the other amount is zero.

    `what` says which of the house's accounts it is (`purses`, `bonus`, `deposits`, `clearing`, `cash`, `terminal`,
    `sales`, `vat`, `tips`, `unclaimed`, `loss`, `grants`, `ticket_clearing`, `deferred_tickets`, `tickets`), `account`
    its number in the chart; `outlet`, `vat_permille` and the event (its title in French) tell more of sales, VAT and
    tickets.
    """

    day: date
    account: str
    what: str
    outlet: str | None
    vat_permille: int | None
    event_id: UUID | None
    event: str | None
    debit_cents: Cents
    credit_cents: Cents


class AccountBalance(Struct, frozen=True):
    """What the house owes (above zero) or has (below) on an account at the end of the last day."""

    account: str
    what: str
    balance_cents: Cents


class Journal(Struct, frozen=True):
    """The lines of some days, both named ones among them, by day and account; debits and credits sum to the same.

    `balances` are those of money held and owed: purses, bonus, cups, what is in drawers and at providers, tickets of
    events that are still to come.
    """

    starts_on: date
    ends_on: date
    made_at: datetime
    lines: Sequence[JournalLine]
    debit_cents: Cents
    credit_cents: Cents
    balances: Sequence[AccountBalance]


class Moved(NamedTuple):
    """What moved on the ledger's accounts of a kind on a day: credits less debits."""

    day: date
    kind: str
    cents: Cents


class Sold(NamedTuple):
    """What was sold on a day at an outlet at one rate: by the ledger, and its VAT by the records.

    `beside_cents` of it are in no record; its VAT is reckoned from the sum.
    """

    day: date
    outlet: str | None
    vat_permille: int
    gross_cents: Cents
    vat_cents: Cents
    beside_cents: Cents


class _Place(NamedTuple):
    """Where an amount stands."""

    day: date
    what: str
    outlet: str = ""
    vat_permille: int = -1
    event_id: UUID | None = None


class Ticketing(NamedTuple):
    """What tickets moved, on which day each event is over (none: it is not yet, or never will be), and their titles."""

    moved: Sequence[TicketMoney]
    over: Mapping[UUID, date]
    titles: Mapping[UUID, str]


def journal(
    days: tuple[date, date],
    ledger: tuple[Sequence[Moved], Sequence[Sold]],
    tickets: Ticketing,
    balances: Mapping[str, Cents],
    *,
    codes: Mapping[str, str],
    made_at: datetime,
) -> Journal:
    """The journal of some days; `balances` are the ledger's by kind at the end of them."""
    chart = {**CHART, **codes}
    sums: dict[_Place, Cents] = {}
    for place, cents in (*_of_ledger(*ledger), *_of_tickets(days, tickets)):
        sums[place] = sums.get(place, 0) + cents
    found = sorted((one for one in sums.items() if one[1]), key=lambda one: _order(chart, one[0]))
    lines = [_line(chart, tickets.titles, place, cents) for place, cents in found]
    standing = {OF_KIND.get(kind, kind): cents for kind, cents in balances.items()}
    standing["deferred_tickets"] = _deferred(days[1], tickets)
    standing["ticket_clearing"] = -sum(one.cents for one in tickets.moved if one.day <= days[1])
    return Journal(
        starts_on=days[0],
        ends_on=days[1],
        made_at=made_at,
        lines=lines,
        debit_cents=sum(line.debit_cents for line in lines),
        credit_cents=sum(line.credit_cents for line in lines),
        balances=[AccountBalance(chart[what], what, standing[what]) for what in CHART if what in standing],
    )


def _of_ledger(moved: Iterable[Moved], sold: Iterable[Sold]) -> Iterable[tuple[_Place, Cents]]:
    for one in moved:
        yield _Place(one.day, OF_KIND.get(one.kind, one.kind)), one.cents
    for sale in sold:
        vat = sale.vat_cents + vat_included(sale.beside_cents, sale.vat_permille)
        yield _Place(sale.day, "sales", sale.outlet or "", sale.vat_permille), sale.gross_cents - vat
        yield _Place(sale.day, "vat", vat_permille=sale.vat_permille), vat


def _of_tickets(days: tuple[date, date], tickets: Ticketing) -> Iterable[tuple[_Place, Cents]]:
    """What is paid is owed, but for its VAT; once the event is over it is earned, at once what comes later."""
    for one in tickets.moved:
        vat = vat_included(one.cents, one.vat_permille)
        net, event_id, rate = one.cents - vat, one.event_id, one.vat_permille
        if days[0] <= one.day <= days[1]:
            yield _Place(one.day, "ticket_clearing"), -one.cents
            yield _Place(one.day, "vat", vat_permille=rate), vat
            yield _Place(one.day, "deferred_tickets", event_id=event_id), net
        earned = _earned_on(one, tickets.over)
        if earned is not None and days[0] <= earned <= days[1]:
            yield _Place(earned, "deferred_tickets", event_id=event_id), -net
            yield _Place(earned, "tickets", vat_permille=rate, event_id=event_id), net


def _earned_on(one: TicketMoney, over: Mapping[UUID, date]) -> date | None:
    day = None if one.cancelled else over.get(one.event_id)
    return None if day is None else max(day, one.day)


def _deferred(last: date, tickets: Ticketing) -> Cents:
    """What is owed for tickets on the evening of a day."""
    owed = 0
    for one in tickets.moved:
        earned = _earned_on(one, tickets.over)
        if one.day <= last and (earned is None or earned > last):
            owed += one.cents - vat_included(one.cents, one.vat_permille)
    return owed


def _order(chart: Mapping[str, str], place: _Place) -> tuple[date, str, str, str, int, str]:
    return place.day, chart[place.what], place.what, place.outlet, place.vat_permille, str(place.event_id or "")


def _line(chart: Mapping[str, str], titles: Mapping[UUID, str], place: _Place, cents: Cents) -> JournalLine:
    return JournalLine(
        day=place.day,
        account=chart[place.what],
        what=place.what,
        outlet=place.outlet or None,
        vat_permille=place.vat_permille if place.vat_permille >= 0 else None,
        event_id=place.event_id,
        event=None if place.event_id is None else titles.get(place.event_id),
        debit_cents=max(0, -cents),
        credit_cents=max(0, cents),
    )


def journal_table(made: Journal) -> bytes:
    """The lines as comma-separated values."""
    return table(
        HEADER,
        (
            (
                line.day,
                line.account,
                line.what,
                line.outlet,
                line.vat_permille,
                None if line.event_id is None else str(line.event_id),
                line.event,
                euros(line.debit_cents),
                euros(line.credit_cents),
            )
            for line in made.lines
        ),
    )
