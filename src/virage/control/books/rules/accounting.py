"""Accounting journal: balanced entries per business day on the operator's chart of accounts.

Sources: the ledger of wallets and tills, till records for VAT, ticket orders, and memberships. Ticket revenue is
deferred until the event has taken place; its VAT is due at payment. Memberships are revenue on the day they begin.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.money.settlement.types import SettledPayout
from virage.platform.values.money import Cents, Currency, vat_included
from virage.platform.values.tables import amount, table
from virage.sale.membership.types import MembershipMoney
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
    "membership_clearing": "5115",
    "memberships": "756",
    "bank": "512",
    "provider_clearing": "5115",
    "provider_fees": "6278",
    "provider_suspense": "471",
    "organiser_fees": "7082",
}
"""Account numbers of the French plan comptable général; the configuration may replace them."""
JOURNAL_NAMES: Final = {"purse": "purses"}
"""Journal names of ledger account kinds, where they differ."""
HEADER: Final = ("day", "account", "what", "outlet", "vat_permille", "event_id", "event", "debit", "credit")


class JournalLine(Struct, frozen=True):
    """One journal line: a debit or a credit, the other amount is zero.

    `account_name` is a key of `CHART` (`purses`, `bonus`, `deposits`, `clearing`, `cash`, `terminal`, `sales`, `vat`,
    `tips`, `unclaimed`, `loss`, `grants`, `ticket_clearing`, `deferred_tickets`, `tickets`, `membership_clearing`,
    `memberships`, `bank`, `provider_clearing`, `provider_fees`, `provider_suspense`, `organiser_fees`), `account` its
    number in the chart.
    `outlet`, `vat_permille` and `event` (its French title) detail sales, VAT and tickets.
    """

    day: date
    account: str
    account_name: str
    outlet: str | None
    vat_permille: int | None
    event_id: UUID | None
    event: str | None
    debit_cents: Cents
    credit_cents: Cents


class AccountBalance(Struct, frozen=True):
    """Balance of an account at the end of the last day: owed (above zero) or held (below)."""

    account: str
    account_name: str
    balance_cents: Cents


class Journal(Struct, frozen=True):
    """Lines of some days, inclusive, by day and account; debits equal credits.

    `balances` are money held and owed: wallets, bonus credit, deposits, drawers, providers, tickets of upcoming events.
    """

    starts_on: date
    ends_on: date
    made_at: datetime
    lines: Sequence[JournalLine]
    debit_cents: Cents
    credit_cents: Cents
    balances: Sequence[AccountBalance]


class LedgerMovement(NamedTuple):
    """Movement of one ledger account kind on a day: credits less debits."""

    day: date
    kind: str
    cents: Cents


class DailySales(NamedTuple):
    """Sales of a day by outlet and VAT rate: gross from the ledger, VAT from the records.

    `unrecorded_cents` of it are in no record; their VAT is computed from the sum.
    """

    day: date
    outlet: str | None
    vat_permille: int
    gross_cents: Cents
    vat_cents: Cents
    unrecorded_cents: Cents


class _EntryKey(NamedTuple):
    """Key of an amount in the journal."""

    day: date
    account_name: str
    outlet: str = ""
    vat_permille: int = -1
    event_id: UUID | None = None


class TicketRevenue(NamedTuple):
    """Ticket payments, the business day on which each event ended (missing: not yet, or cancelled), and titles."""

    moved: Sequence[TicketMoney]
    over: Mapping[UUID, date]
    titles: Mapping[UUID, str]


def journal(
    days: tuple[date, date],
    ledger: tuple[Sequence[LedgerMovement], Sequence[DailySales]],
    tickets: TicketRevenue,
    balances: Mapping[str, Cents],
    *,
    codes: Mapping[str, str],
    made_at: datetime,
    payouts: Sequence[SettledPayout] = (),
    memberships: Sequence[MembershipMoney] = (),
) -> Journal:
    """Return the journal of some days; `balances` are the ledger balances by kind at their end.

    `payouts` are all of the payment provider's until the last day, `memberships` all revenue of memberships.
    """
    chart = {**CHART, **codes}
    sums: dict[_EntryKey, Cents] = {}
    for place, cents in (
        *_of_ledger(*ledger),
        *_of_tickets(days, tickets),
        *_of_memberships(days, memberships),
        *_of_payouts(days, payouts),
    ):
        sums[place] = sums.get(place, 0) + cents
    found = sorted((entry for entry in sums.items() if entry[1]), key=lambda entry: _order(chart, entry[0]))
    lines = [_line(chart, tickets.titles, place, cents) for place, cents in found]
    standing = {JOURNAL_NAMES.get(kind, kind): cents for kind, cents in balances.items()}
    standing["deferred_tickets"] = _deferred(days[1], tickets)
    standing["ticket_clearing"] = -sum(movement.cents for movement in tickets.moved if movement.day <= days[1])
    if memberships:
        standing["membership_clearing"] = -sum(moved.cents for moved in memberships if moved.day <= days[1])
    if payouts:
        standing["provider_clearing"] = sum(map(_cleared, payouts))
        standing["terminal"] = standing.get("terminal", 0) + sum(payout.reader_cents for payout in payouts)
    return Journal(
        starts_on=days[0],
        ends_on=days[1],
        made_at=made_at,
        lines=lines,
        debit_cents=sum(line.debit_cents for line in lines),
        credit_cents=sum(line.credit_cents for line in lines),
        balances=[AccountBalance(chart[name], name, standing[name]) for name in CHART if name in standing],
    )


def _of_ledger(moved: Iterable[LedgerMovement], sold: Iterable[DailySales]) -> Iterable[tuple[_EntryKey, Cents]]:
    for movement in moved:
        yield _EntryKey(movement.day, JOURNAL_NAMES.get(movement.kind, movement.kind)), movement.cents
    for sale in sold:
        vat = sale.vat_cents + vat_included(sale.unrecorded_cents, sale.vat_permille)
        yield _EntryKey(sale.day, "sales", sale.outlet or "", sale.vat_permille), sale.gross_cents - vat
        yield _EntryKey(sale.day, "vat", vat_permille=sale.vat_permille), vat


def _of_tickets(days: tuple[date, date], tickets: TicketRevenue) -> Iterable[tuple[_EntryKey, Cents]]:
    """Yield ticket entries: net revenue is deferred until the event is over; later payments are earned at once."""
    for movement in tickets.moved:
        vat = vat_included(movement.cents, movement.vat_permille)
        net, event_id, rate = movement.cents - vat, movement.event_id, movement.vat_permille
        if days[0] <= movement.day <= days[1]:
            yield _EntryKey(movement.day, "ticket_clearing"), -movement.cents
            yield _EntryKey(movement.day, "vat", vat_permille=rate), vat
            yield _EntryKey(movement.day, "deferred_tickets", event_id=event_id), net
        earned = _earned_on(movement, tickets.over)
        if earned is not None and days[0] <= earned <= days[1]:
            yield _EntryKey(earned, "deferred_tickets", event_id=event_id), -net
            yield _EntryKey(earned, "tickets", vat_permille=rate, event_id=event_id), net


def _of_memberships(
    days: tuple[date, date], memberships: Iterable[MembershipMoney]
) -> Iterable[tuple[_EntryKey, Cents]]:
    """Yield the revenue of memberships less refunds, on the day they begin or are cancelled."""
    for moved in memberships:
        if days[0] <= moved.day <= days[1]:
            vat = vat_included(moved.cents, moved.vat_permille)
            yield _EntryKey(moved.day, "membership_clearing"), -moved.cents
            yield _EntryKey(moved.day, "vat", vat_permille=moved.vat_permille), vat
            yield _EntryKey(moved.day, "memberships", vat_permille=moved.vat_permille), moved.cents - vat


def _of_payouts(days: tuple[date, date], payouts: Iterable[SettledPayout]) -> Iterable[tuple[_EntryKey, Cents]]:
    """Yield payouts by the day of their arrival: captured less refunded money leaves the provider, for bank and fees.

    What card readers took leaves the account `terminal`, which their sales were booked to. The
    application fees of organisers' payments are income. What is disputed, adjusted or unexplained is in suspense,
    as is a payout that failed until its money comes back.
    """
    for payout in payouts:
        if days[0] <= payout.day <= days[1]:
            yield _EntryKey(payout.day, "provider_clearing"), _cleared(payout)
            yield _EntryKey(payout.day, "terminal"), payout.reader_cents
            yield _EntryKey(payout.day, "provider_fees"), -payout.fee_cents
            yield _EntryKey(payout.day, "organiser_fees"), payout.application_fee_cents
            yield _EntryKey(payout.day, "bank" if payout.is_paid else "provider_suspense"), -payout.amount_cents
            rest = payout.other_cents + payout.unexplained_cents - payout.dispute_cents
            yield _EntryKey(payout.day, "provider_suspense"), rest


def _earned_on(movement: TicketMoney, over: Mapping[UUID, date]) -> date | None:
    day = None if movement.cancelled else over.get(movement.event_id)
    return None if day is None else max(day, movement.day)


def _cleared(payout: SettledPayout) -> Cents:
    """Return what a payout takes from the account of the provider."""
    return payout.gross_cents - payout.refund_cents - payout.reader_cents


def _deferred(last: date, tickets: TicketRevenue) -> Cents:
    """Return the deferred ticket revenue at the end of a day."""
    owed = 0
    for movement in tickets.moved:
        earned = _earned_on(movement, tickets.over)
        if movement.day <= last and (earned is None or earned > last):
            owed += movement.cents - vat_included(movement.cents, movement.vat_permille)
    return owed


def _order(chart: Mapping[str, str], place: _EntryKey) -> tuple[date, str, str, str, int, str]:
    return (
        place.day,
        chart[place.account_name],
        place.account_name,
        place.outlet,
        place.vat_permille,
        str(place.event_id or ""),
    )


def _line(chart: Mapping[str, str], titles: Mapping[UUID, str], place: _EntryKey, cents: Cents) -> JournalLine:
    return JournalLine(
        day=place.day,
        account=chart[place.account_name],
        account_name=place.account_name,
        outlet=place.outlet or None,
        vat_permille=place.vat_permille if place.vat_permille >= 0 else None,
        event_id=place.event_id,
        event=None if place.event_id is None else titles.get(place.event_id),
        debit_cents=max(0, -cents),
        credit_cents=max(0, cents),
    )


def journal_table(made: Journal, currency: Currency) -> bytes:
    """Return the lines as CSV."""
    return table(
        HEADER,
        (
            (
                line.day,
                line.account,
                line.account_name,
                line.outlet,
                line.vat_permille,
                None if line.event_id is None else str(line.event_id),
                line.event,
                amount(line.debit_cents, currency),
                amount(line.credit_cents, currency),
            )
            for line in made.lines
        ),
    )
