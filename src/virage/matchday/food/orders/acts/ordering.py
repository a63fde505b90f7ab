"""Orders by phone: placed, cancelled and expired, for many at once.

Their money is held, never taken, until a kitchen accepts them (`acts/kitchen.py`).

A kitchen is locked before what it can make is given out: of two fans for the last of it one gets it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu.types import Catalogue, Derogation
from virage.matchday.food.orders import store
from virage.matchday.food.orders.rules import order_money
from virage.matchday.food.orders.rules.orders import FACT, FoodState, Order, Reason, deposits_of
from virage.matchday.food.orders.rules.placing import Asked, Counter, Funds, OpenKitchen, Placed, decide
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.accounts.api import wallets_of
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import Transfer, bonus
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.site.programme.types import Event


class Offer(Struct, frozen=True):
    """What is sold at an event, and for when: who orders ahead orders for the doors, everybody else for now.

    No catalogue before the first was published; no event where nothing may be ordered for it.
    """

    catalogue: Catalogue | None
    event: Event | None
    derogations: Sequence[Derogation]
    at: datetime


async def place(
    conn: Connection, asked: Sequence[Asked], offer: Offer, waits: timedelta, now: datetime
) -> list[Order | Refused]:
    """Place orders for one event, one outcome each, in order, each on what the one before has left.

    Sent again it is the same order.
    """
    kitchens = await store.lock_kitchens(conn, [one.wish.outlet for one in asked])
    known = await store.orders(conn, [one.wish.id for one in asked])
    new = [one for one in asked if one.wish.id not in known]
    counter = await _counter(conn, new, kitchens, offer)
    decided: dict[UUID, Placed | Refused] = {}
    for one in new:  # an id that stands twice in a batch is decided once
        if one.wish.id not in decided:
            decided[one.wish.id] = decide(one, counter, offer.at)
    placed = [one for one in decided.values() if isinstance(one, Placed)]
    if placed:
        await _write(conn, placed, offer.at + waits, now)
        await store.set_numbers(conn, {one.asked.wish.outlet: one.number for one in placed})
        known |= await store.orders(conn, [one.asked.wish.id for one in placed])
    return [_outcome(one, known.get(one.wish.id), decided.get(one.wish.id)) for one in asked]


def _outcome(asked: Asked, stored: Order | None, decided: Placed | Refused | None) -> Order | Refused:
    if stored is None:
        return decided if isinstance(decided, Refused) else Refused(Reason.ID_TAKEN)
    same = (stored.person_id, stored.request_digest) == (asked.person_id, asked.digest)
    return stored if same else Refused(Reason.ID_TAKEN)


async def _counter(
    conn: Connection,
    asked: Sequence[Asked],
    kitchens: dict[str, store.StoredKitchen],
    offer: Offer,
) -> Counter:
    """All that decides, locked as far as it is given out: kitchens first, then the accounts of those who pay."""
    if offer.catalogue is None or not asked:
        return Counter(None, offer.event, offer.derogations, {}, {}, {})
    plans = await store.plans_of(conn, kitchens, offer.catalogue, offer.at)
    opened = {
        outlet: OpenKitchen(kitchen.till_id, kitchen.capacity, plans[outlet], kitchen.last_number)
        for outlet, kitchen in kitchens.items()
    }
    stock = await store.stock_left(conn, list(kitchens))
    funds = await _funds(conn, sorted({one.person_id for one in asked}))
    return Counter(offer.catalogue, offer.event, offer.derogations, opened, stock, funds)


async def _funds(conn: Connection, person_ids: Sequence[UUID]) -> dict[UUID, Funds]:
    """What persons can spend, who stay locked."""
    owned = await wallets_of(conn, person_ids)
    accounts = [*owned.values(), *(bonus(purse_id).id for purse_id in owned.values())]
    available = await ledger.available(conn, accounts) if accounts else {}
    return {
        person_id: Funds(purse_id, available.get(purse_id, 0), available.get(bonus(purse_id).id, 0))
        for person_id, purse_id in owned.items()
    }


async def _write(conn: Connection, placed: Sequence[Placed], accept_by: datetime, now: datetime) -> None:
    await store.insert_orders(conn, placed, accept_by, now)
    await settle(conn, [order_money.hold(_money(one)) for one in placed], now)
    facts = [
        _fact(FoodState.PLACED, one.asked.person_id, one.asked.wish.id, one.asked.wish.outlet, one.asked.person_id)
        for one in placed
    ]
    await append(conn, facts, now)


def _money(placed: Placed) -> order_money.OrderMoney:
    return order_money.OrderMoney(
        placed.asked.wish.id,
        placed.till_id,
        placed.purse_id,
        placed.total_cents,
        placed.bonus_cents,
        deposits_of(placed.lines),
    )


async def settle(conn: Connection, entries: Sequence[Sequence[Transfer]], now: datetime) -> None:
    """Move the money of orders, which the books cannot refuse: what pays it is locked, or was held."""
    wanted = [entry for entry in entries if entry]
    for posted in await ledger.post(conn, wanted, now) if wanted else ():
        if isinstance(posted, Refused):
            raise RuntimeError(f"The money of an order does not move: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong


def fact_of(order: Order, state: FoodState, who: UUID | None) -> Fact:
    """What happened to an order."""
    return _fact(state, who, order.id, order.outlet, order.person_id)


def _fact(state: FoodState, who: UUID | None, order_id: UUID, outlet: str, person_id: UUID | None) -> Fact:
    return Fact(f"{FACT}{state}", who, order_id, {"outlet": outlet, "person": person_id})


async def cancel(conn: Connection, order_id: UUID, person_id: UUID, now: datetime) -> Order | Refused:
    """Cancel an order of one's own that no kitchen has accepted; cancelled again it stays cancelled."""
    order = await store.lock_order(conn, order_id)
    if order is None or order.person_id != person_id:
        return Refused(Reason.NOT_FOUND)
    if order.state is FoodState.CANCELLED:
        return order
    if order.state is not FoodState.PLACED:
        return Refused(Reason.WRONG_STATE, {"state": order.state})
    await let_go(conn, [order], FoodState.CANCELLED, person_id, now)
    return (await store.orders(conn, [order_id]))[order_id]


async def let_go(
    conn: Connection,
    orders: Sequence[Order],
    state: FoodState,
    who: UUID | None,
    now: datetime,
    *,
    reason: str | None = None,
) -> None:
    """End locked orders that are not made: what was held, and what they took of their kitchens, is free again."""
    ids = [order.id for order in orders]
    await settle(conn, [order_money.void(order.money) for order in orders], now)
    await store.end_orders(conn, ids, state, now, reason=reason)
    await store.free_loads(conn, ids)
    await append(conn, [fact_of(order, state, who) for order in orders], now)


async def expire(conn: Connection, now: datetime, most: int) -> list[Order]:
    """End orders that no kitchen accepted in time."""
    expired = await store.lock_expired(conn, now, most)
    if expired:
        await let_go(conn, expired, FoodState.EXPIRED, None, now)
    return expired


async def erasing(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:  # noqa: ARG001 - a PersonErased
    """Lock the orders of somebody who is about to be erased: orders come before cards and purses."""
    await store.lock_orders_of(conn, person_id)
    return None


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Cancel what waits of somebody who is erased; what is being made is nobody's, and is fetched with its code.

    `erasing` came before whatever locks cards and purses, and this comes before the purse is closed.
    """
    waiting = await store.lock_waiting_of(conn, person_id)
    await accounts.lock_wallet_of_owner(conn, person_id)
    if waiting:
        await let_go(conn, waiting, FoodState.CANCELLED, person_id, now)
    await store.forget_orders_of(conn, person_id)
    return None
