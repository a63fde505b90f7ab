"""Order-ahead food orders: placing, cancelling and expiring them, in batches.

The price is held on the wallet and captured when a kitchen accepts the order (`acts/kitchen.py`).

Kitchens are locked before their capacity is allocated, so that the last piece is sold once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu.types import AlcoholPermit, Catalogue
from virage.matchday.food.orders import store
from virage.matchday.food.orders.rules import order_money
from virage.matchday.food.orders.rules.orders import FACT, FoodState, Order, Reason, deposits_of
from virage.matchday.food.orders.rules.placing import (
    Funds,
    OpenKitchen,
    Placed,
    PlacementRequest,
    PlacementState,
    decide,
)
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.accounts.api import wallets_of
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import Transfer, bonus
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.site.programme.types import Event


class PlacementContext(Struct, frozen=True):
    """What orders of a batch are decided by. `at` is now, or the doors of an event that has not opened yet.

    `catalogue` is None before the first publication; `event` is None if it takes no orders. `outlets` are the codes of
    the event's venue.
    """

    catalogue: Catalogue | None
    event: Event | None
    permits: Sequence[AlcoholPermit]
    outlets: Collection[str]
    at: datetime


async def place(
    conn: Connection, placements: Sequence[PlacementRequest], context: PlacementContext, waits: timedelta, now: datetime
) -> list[Order | Refused]:
    """Place orders for one event, in order. Return an outcome for each.

    A repeated id with the same content returns the stored order. An outlet of another venue is refused as one that
    takes no orders.
    """
    wanted = {placement.request.outlet for placement in placements}
    kitchens = await store.lock_kitchens(conn, [outlet for outlet in wanted if outlet in context.outlets])
    known = await store.orders(conn, [placement.request.id for placement in placements])
    new = [placement for placement in placements if placement.request.id not in known]
    state = await _placement_state(conn, new, kitchens, context)
    decided: dict[UUID, Placed | Refused] = {}
    for placement in new:  # a repeated id in a batch is decided once
        if placement.request.id not in decided:
            decided[placement.request.id] = decide(placement, state, context.at)
    placed = [order for order in decided.values() if isinstance(order, Placed)]
    if placed:
        await _store(conn, placed, context.at + waits, now)
        await store.set_numbers(conn, {order.placement.request.outlet: order.number for order in placed})
        known |= await store.orders(conn, [order.placement.request.id for order in placed])
    return [
        _outcome(placement, known.get(placement.request.id), decided.get(placement.request.id))
        for placement in placements
    ]


def _outcome(placements: PlacementRequest, stored: Order | None, decided: Placed | Refused | None) -> Order | Refused:
    if stored is None:
        return decided if isinstance(decided, Refused) else Refused(Reason.ID_TAKEN)
    same = (stored.person_id, stored.request_digest) == (placements.person_id, placements.digest)
    return stored if same else Refused(Reason.ID_TAKEN)


async def _placement_state(
    conn: Connection,
    placements: Sequence[PlacementRequest],
    kitchens: dict[str, store.StoredKitchen],
    context: PlacementContext,
) -> PlacementState:
    """Load what decides about orders. Kitchens are locked already; the accounts of the payers are locked here."""
    if context.catalogue is None or not placements:
        return PlacementState(None, context.event, context.permits, {}, {}, {})
    plans = await store.plans_of(conn, kitchens, context.catalogue, context.at)
    opened = {
        outlet: OpenKitchen(kitchen.till_id, kitchen.capacity, plans[outlet], kitchen.last_number)
        for outlet, kitchen in kitchens.items()
    }
    stock = await store.stock_left(conn, list(kitchens))
    funds = await _funds(conn, sorted({placement.person_id for placement in placements}))
    return PlacementState(context.catalogue, context.event, context.permits, opened, stock, funds)


async def _funds(conn: Connection, person_ids: Sequence[UUID]) -> dict[UUID, Funds]:
    """Return what people can spend; their accounts stay locked."""
    owned = await wallets_of(conn, person_ids)
    accounts = [*owned.values(), *(bonus(wallet_id).id for wallet_id in owned.values())]
    available = await ledger.available(conn, accounts) if accounts else {}
    return {
        person_id: Funds(wallet_id, available.get(wallet_id, 0), available.get(bonus(wallet_id).id, 0))
        for person_id, wallet_id in owned.items()
    }


async def _store(conn: Connection, placed: Sequence[Placed], accept_by: datetime, now: datetime) -> None:
    await store.insert_orders(conn, placed, accept_by, now)
    await post_transfers(conn, [order_money.hold(_money(order)) for order in placed], now)
    facts = [
        _fact(
            FoodState.PLACED,
            order.placement.person_id,
            order.placement.request.id,
            order.placement.request.outlet,
            order.placement.person_id,
        )
        for order in placed
    ]
    await append(conn, facts, now)


def _money(placed: Placed) -> order_money.OrderMoney:
    return order_money.OrderMoney(
        placed.placement.request.id,
        placed.till_id,
        placed.wallet_id,
        placed.total_cents,
        placed.bonus_cents,
        deposits_of(placed.lines),
    )


async def post_transfers(conn: Connection, entries: Sequence[Sequence[Transfer]], now: datetime) -> None:
    """Post transfers of orders. They cannot be refused: the accounts are locked, or the amount was held."""
    wanted = [entry for entry in entries if entry]
    for posted in await ledger.post(conn, wanted, now) if wanted else ():
        if isinstance(posted, Refused):
            raise RuntimeError(f"The money of an order does not move: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong


def order_fact(order: Order, state: FoodState, who: UUID | None) -> Fact:
    """Return the journal fact of a new state."""
    return _fact(state, who, order.id, order.outlet, order.person_id)


def _fact(state: FoodState, who: UUID | None, order_id: UUID, outlet: str, person_id: UUID | None) -> Fact:
    return Fact(f"{FACT}{state}", who, order_id, {"outlet": outlet, "person": person_id})


async def cancel(conn: Connection, order_id: UUID, person_id: UUID, now: datetime) -> Order | Refused:
    """Cancel a person's order that no kitchen has accepted. Idempotent."""
    order = await store.lock_order(conn, order_id)
    if order is None or order.person_id != person_id:
        return Refused(Reason.NOT_FOUND)
    if order.state is FoodState.CANCELLED:
        return order
    if order.state is not FoodState.PLACED:
        return Refused(Reason.WRONG_STATE, {"state": order.state})
    await release_orders(conn, [order], FoodState.CANCELLED, person_id, now)
    return (await store.orders(conn, [order_id]))[order_id]


async def release_orders(
    conn: Connection,
    orders: Sequence[Order],
    state: FoodState,
    who: UUID | None,
    now: datetime,
    *,
    reason: str | None = None,
) -> None:
    """End locked orders that are not made, and release their holds and their capacity."""
    ids = [order.id for order in orders]
    await post_transfers(conn, [order_money.void(order.money) for order in orders], now)
    await store.end_orders(conn, ids, state, now, reason=reason)
    await store.free_loads(conn, ids)
    await append(conn, [order_fact(order, state, who) for order in orders], now)


async def expire(conn: Connection, now: datetime, most: int) -> list[Order]:
    """Expire orders that no kitchen accepted in time; return them."""
    expired = await store.lock_expired(conn, now, most)
    if expired:
        await release_orders(conn, expired, FoodState.EXPIRED, None, now)
    return expired


async def lock_orders_of_erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:  # noqa: ARG001 - a PersonErased
    """Lock the orders of a person who is about to be erased: orders are locked before cards and wallets."""
    await store.lock_orders_of(conn, person_id)
    return None


async def forget_orders(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Cancel the waiting orders of an erased person and anonymise the rest, which are collected with their code.

    Runs after `lock_orders_of_erased` and before the wallet is closed.
    """
    waiting = await store.lock_waiting_of(conn, person_id)
    await accounts.lock_wallet_of_owner(conn, person_id)
    if waiting:
        await release_orders(conn, waiting, FoodState.CANCELLED, person_id, now)
    await store.forget_orders_of(conn, person_id)
    return None
