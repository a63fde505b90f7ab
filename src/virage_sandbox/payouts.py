"""Payouts: one per account, day (UTC) and currency, computed from the captures and refunds of that day."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

from virage_sandbox.bank import Bank
from virage_sandbox.wire import Payout, PayoutEntry

ARRIVES_AFTER = timedelta(days=2)


def payouts(bank: Bank, since: datetime, now: datetime, account: str | None = None) -> list[Payout]:
    """Return the payouts of an account of days that begin at or after `since`, or that contain it, earliest first."""
    net: dict[tuple[date, str], int] = defaultdict(int)
    for entry in (one for one in bank.balance() if one.owner == account):
        net[entry.created_at.date(), entry.currency] += entry.amount_cents - entry.fee_cents
    return [
        Payout(
            _id(day, currency, account),
            cents,
            currency,
            datetime(day.year, day.month, day.day, tzinfo=UTC),
            day + ARRIVES_AFTER,
            complete=day < now.astimezone(UTC).date(),
        )
        for (day, currency), cents in sorted(net.items())
        if day >= since.astimezone(UTC).date()
    ]


def entries_of(bank: Bank, payout_id: str) -> list[PayoutEntry]:
    """Return the entries of a payout, by id."""
    found = (
        entry for entry in bank.balance() if _id(entry.created_at.date(), entry.currency, entry.owner) == payout_id
    )
    return sorted(found, key=lambda entry: entry.id)


def balance_of(bank: Bank, account: str, now: datetime) -> int:
    """Return what an account has and is not paid out yet, in cents: the balance of today."""
    today = now.astimezone(UTC).date()
    return sum(
        entry.amount_cents - entry.fee_cents
        for entry in bank.balance()
        if entry.owner == account and entry.created_at.date() == today
    )


def _id(day: date, currency: str, account: str | None) -> str:
    return f"po_{day}_{currency}" if account is None else f"po_{day}_{currency}_{account}"
