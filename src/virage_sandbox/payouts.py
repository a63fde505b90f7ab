"""Payouts: one per day (UTC) and currency, computed from the captures and refunds of that day."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

from virage_sandbox.bank import Bank
from virage_sandbox.wire import Payout, PayoutEntry

ARRIVES_AFTER = timedelta(days=2)


def payouts(bank: Bank, since: datetime, now: datetime) -> list[Payout]:
    """Return the payouts of days that begin at or after `since`, or that contain it, earliest first."""
    net: dict[tuple[date, str], int] = defaultdict(int)
    for entry in bank.balance():
        net[entry.created_at.date(), entry.currency] += entry.amount_cents - entry.fee_cents
    return [
        Payout(
            f"po_{day}_{currency}",
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
    found = (entry for entry in bank.balance() if f"po_{entry.created_at.date()}_{entry.currency}" == payout_id)
    return sorted(found, key=lambda entry: entry.id)
