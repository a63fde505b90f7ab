"""Purses as desks see them, and what desks took."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.money.wallet.accounts.types import DeskTender
from virage.money.wallet.cards.api import card
from virage.money.wallet.cards.types import BlockReason, OwnedCard, masked
from virage.money.wallet.funding.rules.desk import DeskLimits, Loaded, loadable, payable
from virage.money.wallet.funding.store import desk as store
from virage.money.wallet.ledger.api import balances_by_id
from virage.money.wallet.ledger.types import Balance, bonus
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents

_BEGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
_END: Final = datetime(9999, 1, 1, tzinfo=UTC)


class PurseAtDesk(Struct, frozen=True):
    """A purse as the cashier sees it. `purse` is as much of its id as tells two purses apart.

    `loadable_cents` is the most that it takes at once, `payable_cash_cents` and `payable_terminal_cents` what a desk
    pays out of it: what came in that way, as far as it is left. `anonymous`: nobody's name stands on it. Of a name it
    has the first one and an initial.
    """

    purse: str
    anonymous: bool
    holder_name: str | None
    label: str | None
    blocked: BlockReason | None
    available_cents: Cents
    bonus_cents: Cents
    loadable_cents: Cents
    payable_cash_cents: Cents
    payable_terminal_cents: Cents


class LoadBooked(Struct, frozen=True):
    """A load that stands in the books, and what the purse has now."""

    id: UUID
    cents: Cents
    booked_at: datetime
    purse: str
    label: str | None
    available_cents: Cents
    bonus_cents: Cents


class DeskTaking(Struct, frozen=True):
    """What a till took in for purses less what it paid out of them."""

    till_id: UUID
    tender: DeskTender
    cents: Cents


async def at_desk(conn: Connection, owned: OwnedCard, limits: DeskLimits, now: datetime) -> PurseAtDesk:
    """The purse of a card as the cashier sees it."""
    standing = await store.standing(conn, owned.card.purse_id, now)
    names = {} if owned.owner_id is None else await people.short_names(conn, [owned.owner_id])
    return PurseAtDesk(
        purse=masked(owned.card.purse_id),
        anonymous=owned.owner_id is None,
        holder_name=next(iter(names.values()), None),
        label=owned.card.label,
        blocked=owned.card.blocked_reason,
        available_cents=standing.available_cents,
        bonus_cents=await _bonus(conn, owned.card.purse_id),
        loadable_cents=loadable(standing, limits),
        payable_cash_cents=payable(standing, DeskTender.CASH),
        payable_terminal_cents=payable(standing, DeskTender.TERMINAL),
    )


async def booked(conn: Connection, loaded: Loaded) -> LoadBooked:
    """A load as its till hears of it."""
    purse_id, card_id = loaded.load.purse_id, loaded.load.card_id
    owned = await card(conn, card_id)
    available = (await balances_by_id(conn, [purse_id])).get(purse_id, Balance()).available_cents
    return LoadBooked(
        id=loaded.load.id,
        cents=loaded.load.cents,
        booked_at=loaded.booked_at,
        purse=masked(purse_id),
        label=None if owned is None else owned.card.label,
        available_cents=available,
        bonus_cents=await _bonus(conn, purse_id),
    )


async def payable_at_desks(conn: Connection, purse_id: UUID, now: datetime) -> Cents:
    """What desks pay out of a purse, in cash and by their terminals, as far as it is left."""
    standing = await store.standing(conn, purse_id, now)
    return min(standing.available_cents, sum(payable(standing, tender) for tender in DeskTender))


async def takings(conn: Connection, since: datetime, until: datetime) -> list[DeskTaking]:
    """What tills took in for purses less what they paid out of them: a shift's drawer holds it beside its sales."""
    return [
        DeskTaking(till_id, tender, cents)
        for (till_id, tender), cents in (await store.takings(conn, since, until)).items()
    ]


async def all_takings(conn: Connection) -> list[DeskTaking]:
    """The same over all time: for the books."""
    return await takings(conn, _BEGIN, _END)


async def booked_at_tills(conn: Connection) -> dict[tuple[str, str], Cents]:
    """What the accounts of tills say that their drawers and terminals took in, by the till's id."""
    return {(key, tender.value): -cents for (key, tender), cents in (await store.balances_of_tills(conn)).items()}


async def _bonus(conn: Connection, purse_id: UUID) -> Cents:
    account_id = bonus(purse_id).id
    return (await balances_by_id(conn, [account_id])).get(account_id, Balance()).available_cents
