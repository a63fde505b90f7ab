"""What is in a purse and what moved in it, for its owner and for the domains above."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from virage.money.wallet.accounts import store
from virage.money.wallet.accounts.store import came_in, closed_purses_with_money, has_moved, purse_of, purses_by_id
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.api import Moved
from virage.money.wallet.ledger.types import Balance, bonus
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.site.programme.types import Text

__all__ = [
    "ALL",
    "END",
    "PAGE",
    "Line",
    "PaidAt",
    "Statement",
    "available",
    "came_in",
    "closed_purses_with_money",
    "has_moved",
    "purse_of",
    "purses_by_id",
    "purses_of",
    "statement",
]

PAGE: Final = 50
ALL: Final = 100_000
END: Final = datetime(9999, 1, 1, tzinfo=UTC)


class PaidAt(Protocol):
    """Where purses paid: the domains that sell know the places of what they sold."""

    async def __call__(self, conn: Connection, subjects: Sequence[UUID]) -> Mapping[UUID, Text]:
        """The places of those sales and orders that are theirs."""
        ...


class Line(Struct, frozen=True):
    """One line of the history. `cents` is above zero for what came in; `step` is `hold` where a hold is open.

    `bonus`: it moved what the house gave, not money. `purpose`: top_up, payout, cash_load, cash_payout, terminal_load,
    terminal_payout, sale, refund, card_moved, bonus_given, bonus_forfeited, or another domain's word (food_order).
    `place`: where it was paid or given back, if that is known.
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
    """What is in a purse: `available_cents` may be spent or paid out now, `bonus_cents` spent only."""

    id: UUID | None
    balance_cents: Cents
    available_cents: Cents
    bonus_cents: Cents
    history: list[Line]
    more: bool


EMPTY: Final = Statement(None, 0, 0, 0, [], more=False)


async def statement(
    conn: Connection, owner_id: UUID, before: datetime, page: int, paid_at: Sequence[PaidAt]
) -> Statement:
    """What is in somebody's purse and what moved there before a moment, with where it was paid."""
    purse = await purse_of(conn, owner_id)
    if purse is None:
        return EMPTY
    bonus_id = bonus(purse.id).id
    accounts = await ledger.balances_by_id(conn, [purse.id, bonus_id])
    mine = accounts.get(purse.id, Balance())
    rows = await ledger.history(conn, purse.id, before, page + 1)
    # Lines of one moment stay together on a page, for the next one begins before a moment.
    more = len(rows) > page
    shown = ([row for row in rows if row.at > rows[page].at] or rows) if more else rows
    subjects = list({row.subject for row in shown})
    places = {subject: place for one in paid_at for subject, place in (await one(conn, subjects)).items()}
    history = _lines(shown, purse.id, places)
    given = accounts.get(bonus_id, Balance()).available_cents
    return Statement(purse.id, mine.balance_cents, mine.available_cents, given, history, more)


def _lines(rows: Sequence[Moved], purse_id: UUID, places: Mapping[UUID, Text]) -> list[Line]:
    """A line for all that moved at once and for the same: a sale is a transfer a rate of VAT, and was paid once."""
    bonus_id = bonus(purse_id).id
    together: dict[tuple[datetime, UUID, str, str, bool], list[Moved]] = {}
    for row in rows:
        is_bonus = bonus_id in (row.debit_id, row.credit_id)
        together.setdefault((row.at, row.subject, row.purpose, row.step, is_bonus), []).append(row)
    mine = (purse_id, bonus_id)
    return [
        Line(moved[0].id, at, _came_in(moved, mine), purpose, subject, step, is_bonus, places.get(subject))
        for (at, subject, purpose, step, is_bonus), moved in together.items()
    ]


def _came_in(moved: Sequence[Moved], mine: Collection[UUID]) -> Cents:
    return sum(one.cents if one.credit_id in mine else -one.cents for one in moved)


async def available(conn: Connection, purse_id: UUID) -> Cents:
    """What may be spent of a purse now."""
    return (await ledger.balances_by_id(conn, [purse_id])).get(purse_id, Balance()).available_cents


async def purses_of(conn: Connection, owner_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The purses of persons, for whoever holds money there."""
    return {owner_id: purse.id for owner_id, purse in (await store.purses_of_owners(conn, owner_ids)).items()}
