"""The books for the accountant: what each day moved on the accounts of the house's chart, debits equal to credits."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from virage.kernel.money import Cents


class JournalLine(Struct, frozen=True):
    """One line of a day. One of the two amounts is zero, or both are of a day that moved nothing there.

    `what` says which of the house's accounts it is (`purses`, `bonus`, `deposits`, `clearing`, `cash`, `terminal`,
    `sales`, `vat`, `tips`, `loss`, `grants`, `deferred_tickets`, `tickets`), `account` its number in the chart;
    `outlet`, `vat_permille` and `event` tell more of sales, VAT and tickets.
    """

    day: date
    account: str
    what: str
    outlet: str | None
    vat_permille: int | None
    event: str | None
    debit_cents: Cents
    credit_cents: Cents


class AccountBalance(Struct, frozen=True):
    """What an account stands at on the evening of the last day: above zero what the house owes or earned."""

    account: str
    what: str
    balance_cents: Cents


class Journal(Struct, frozen=True):
    """The lines of some days, both named ones among them, by day and account; debits and credits sum to the same."""

    starts_on: date
    ends_on: date
    made_at: datetime
    lines: Sequence[JournalLine]
    debit_cents: Cents
    credit_cents: Cents
    balances: Sequence[AccountBalance]
