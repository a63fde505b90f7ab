"""A purse as its owner sees it, and as it goes into their export."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from virage.kernel.database import Connection
from virage.kernel.money import Cents
from virage.wallet.rules.ledger import Balance, Step, bonus
from virage.wallet.store import ledger, purses

PAGE: Final = 50
ALL: Final = 100_000
_END: Final = datetime(9999, 1, 1, tzinfo=UTC)


class Line(Struct, frozen=True):
    """One line of the history. `cents` is above zero for what came in; a hold that is open is told apart."""

    id: UUID
    at: datetime
    cents: Cents
    purpose: str
    subject: UUID
    step: str


class PurseView(Struct, frozen=True):
    """What is in a purse: `available_cents` may be spent or paid out now, `bonus_cents` spent only."""

    id: UUID | None
    balance_cents: Cents
    available_cents: Cents
    bonus_cents: Cents
    history: list[Line]
    more: bool


EMPTY: Final = PurseView(None, 0, 0, 0, [], more=False)


async def purse_view(conn: Connection, owner_id: UUID, before: datetime | None = None) -> PurseView:
    """Somebody's purse with a page of its history, the latest first; an empty one where they have none yet."""
    return await _view(conn, owner_id, before or _END, PAGE)


async def _view(conn: Connection, owner_id: UUID, before: datetime, page: int) -> PurseView:
    purse = await purses.purse_of(conn, owner_id)
    if purse is None:
        return EMPTY
    bonus_id = bonus(purse.id).id
    accounts = await ledger.balances(conn, [purse.id, bonus_id])
    mine = accounts.get(purse.id, Balance())
    rows = await ledger.history(conn, purse.id, before, page + 1)
    history = [
        Line(
            row.id,
            row.at,
            row.cents if row.credit_id in (purse.id, bonus_id) else -row.cents,
            row.purpose,
            row.subject,
            row.step,
        )
        for row in rows[:page]
        if row.step != Step.VOID
    ]
    given = accounts.get(bonus_id, Balance()).available_cents
    return PurseView(purse.id, mine.balance_cents, mine.available_cents, given, history, more=len(rows) > page)


async def available(conn: Connection, purse_id: UUID) -> Cents:
    """What may be spent of a purse now."""
    return (await ledger.balances(conn, [purse_id])).get(purse_id, Balance()).available_cents


async def export(conn: Connection, person_id: UUID) -> dict[str, Any]:
    """What the wallet keeps about a person: their purse and everything that moved in it."""
    view = await _view(conn, person_id, _END, ALL)
    return {"purse": None if view.id is None else view}
