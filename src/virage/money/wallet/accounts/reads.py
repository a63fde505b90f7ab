"""Balances and histories of wallets."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from virage.money.wallet.accounts import store
from virage.money.wallet.accounts.store import (
    closed_wallets_with_money,
    has_moved,
    paid_in_at_desks,
    wallet_of,
    wallets_by_id,
)
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.api import HistoryRow
from virage.money.wallet.ledger.types import Balance, bonus
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.site.programme.types import Text

__all__ = [
    "ALL",
    "END",
    "PAGE",
    "PaidAt",
    "Statement",
    "WalletTransaction",
    "available",
    "closed_wallets_with_money",
    "has_moved",
    "moves_since",
    "paid_in_at_desks",
    "statement",
    "wallet_of",
    "wallets_by_id",
    "wallets_of",
]

PAGE: Final = 50
ALL: Final = 100_000
END: Final = datetime(9999, 1, 1, tzinfo=UTC)


class PaidAt(Protocol):
    """Look-up of points of sale, implemented by the domains that sell."""

    async def __call__(self, conn: Connection, subjects: Sequence[UUID]) -> Mapping[UUID, Text]:
        """Return the places of the domain's own sales and orders."""
        ...


class WalletTransaction(Struct, frozen=True):
    """One line of the history. `cents` is positive for money in; `step` is `hold` for an open hold.

    `bonus`: bonus credit, not money. `purpose`: top_up, payout, cash_load, cash_payout, terminal_load,
    terminal_payout, sale, refund, card_moved, bonus_given, bonus_forfeited, or another domain's purpose (food_order).
    `place`: the point of sale, if known.
    """

    id: UUID
    at: datetime
    cents: Cents
    purpose: str
    subject: UUID
    step: str
    bonus: bool
    place: Text | None


class Statement(Struct, frozen=True):
    """Balance and history of a wallet. `available_cents` can be spent or paid out, `bonus_cents` only spent."""

    id: UUID | None
    balance_cents: Cents
    available_cents: Cents
    bonus_cents: Cents
    history: list[WalletTransaction]
    more: bool


EMPTY: Final = Statement(None, 0, 0, 0, [], more=False)


async def statement(
    conn: Connection, owner_id: UUID, before: datetime, page: int, paid_at: Sequence[PaidAt]
) -> Statement:
    """Return a person's wallet with a page of its history before a moment, and the places of sale."""
    wallet = await wallet_of(conn, owner_id)
    if wallet is None:
        return EMPTY
    bonus_id = bonus(wallet.id).id
    accounts = await ledger.balances_by_id(conn, [wallet.id, bonus_id])
    mine = accounts.get(wallet.id, Balance())
    rows = await ledger.history(conn, wallet.id, before, page + 1)
    # Lines of one moment stay on one page, because the next page starts before a moment.
    more = len(rows) > page
    shown = ([row for row in rows if row.at > rows[page].at] or rows) if more else rows
    subjects = list({row.subject for row in shown})
    places = {subject: place for one in paid_at for subject, place in (await one(conn, subjects)).items()}
    history = _lines(shown, wallet.id, places)
    given = accounts.get(bonus_id, Balance()).available_cents
    return Statement(wallet.id, mine.balance_cents, mine.available_cents, given, history, more)


async def moves_since(
    conn: Connection, wallet_id: UUID, since: datetime, paid_at: Sequence[PaidAt]
) -> list[WalletTransaction]:
    """Return all that moved in a wallet after a moment, the latest first, with the places of sale."""
    rows: list[HistoryRow] = []
    before = END
    while page := [row for row in await ledger.history(conn, wallet_id, before, PAGE) if row.at > since]:
        rows += page
        before = page[-1].at
    subjects = list({row.subject for row in rows})
    places = {subject: place for one in paid_at for subject, place in (await one(conn, subjects)).items()}
    return _lines(rows, wallet_id, places)


def _lines(rows: Sequence[HistoryRow], wallet_id: UUID, places: Mapping[UUID, Text]) -> list[WalletTransaction]:
    """Merge the transfers of one act into one line: a sale has one transfer per VAT rate."""
    bonus_id = bonus(wallet_id).id
    together: dict[tuple[datetime, UUID, str, str, bool], list[HistoryRow]] = {}
    for row in rows:
        is_bonus = bonus_id in (row.debit_id, row.credit_id)
        together.setdefault((row.at, row.subject, row.purpose, row.step, is_bonus), []).append(row)
    mine = (wallet_id, bonus_id)
    return [
        WalletTransaction(moved[0].id, at, _came_in(moved, mine), purpose, subject, step, is_bonus, places.get(subject))
        for (at, subject, purpose, step, is_bonus), moved in together.items()
    ]


def _came_in(moved: Sequence[HistoryRow], mine: Collection[UUID]) -> Cents:
    return sum(one.cents if one.credit_id in mine else -one.cents for one in moved)


async def available(conn: Connection, wallet_id: UUID) -> Cents:
    """Return the available cents of a wallet."""
    return (await ledger.balances_by_id(conn, [wallet_id])).get(wallet_id, Balance()).available_cents


async def wallets_of(conn: Connection, owner_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the wallet ids of persons, by person."""
    return {owner_id: wallet.id for owner_id, wallet in (await store.wallets_of_owners(conn, owner_ids)).items()}
