"""Settings of the books."""

import re
from typing import Annotated

from msgspec import Struct

ACCOUNTS = (
    "purses",
    "bonus",
    "deposits",
    "clearing",
    "cash",
    "terminal",
    "sales",
    "vat",
    "tips",
    "unclaimed",
    "loss",
    "grants",
    "ticket_clearing",
    "deferred_tickets",
    "tickets",
    "membership_clearing",
    "memberships",
    "bank",
    "provider_clearing",
    "provider_fees",
    "provider_suspense",
    "organiser_fees",
)
"""Accounts of the accounting export."""


def account_codes_of(raw: str) -> tuple[tuple[str, str], ...]:
    """Parse comma-separated `account=number` pairs, each account once."""
    pairs = [part.strip().partition("=") for part in raw.split(",") if part.strip()]
    known = {name for name, _, code in pairs if name in ACCOUNTS and re.fullmatch(r"[0-9A-Za-z]{1,20}", code)}
    if len(known) < len(pairs):
        raise ValueError(f"must be name=number, comma-separated, each once of {', '.join(ACCOUNTS)}")
    return tuple((name, code) for name, _, code in pairs)


class BookSettings(Struct, frozen=True, kw_only=True):
    """The accounts of the accounting export."""

    account_codes: Annotated[tuple[tuple[str, str], ...], account_codes_of] = ()
    """Account numbers of the accounting export that differ from the French chart, comma-separated, as in
    `purses=4191,sales=7071`: purses, bonus, deposits, clearing, cash, terminal, sales, vat, tips, unclaimed, loss,
    grants, ticket_clearing, deferred_tickets, tickets, membership_clearing, memberships, bank, provider_clearing,
    provider_fees, provider_suspense, organiser_fees."""
