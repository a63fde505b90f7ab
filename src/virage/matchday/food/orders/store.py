"""Storage of kitchens and food orders."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.matchday.food.menu.types import Catalogue, Key, Station
from virage.matchday.food.orders.rules.orders import FoodState, KitchenCapacity, Order, OutletTimingStats
from virage.matchday.food.orders.rules.placing import Placed
from virage.matchday.food.orders.rules.planning import (
    BACKLOG_MAX_AGE,
    INTERVAL,
    Kitchen,
    Load,
    Plan,
    counter_demand,
    interval_of,
    plans,
)
from virage.platform.data.database import Connection
from virage.platform.data.sql import load
from virage.platform.values.money import Cents

queries = load(__file__)


class StoredKitchen(Struct, frozen=True):
    """A kitchen as stored."""

    outlet: str
    till_id: UUID
    capacity: KitchenCapacity
    last_number: int


def _order(row: Any) -> Order:
    return msgspec.convert(dict(row), Order)


def _kitchen(row: Any) -> StoredKitchen:
    capacity = KitchenCapacity(
        {Station(station): pieces for station, pieces in row["per_five_minutes"].items()},
        row["is_open"],
        row["delivers"],
        row["note"],
    )
    return StoredKitchen(row["outlet"], row["till_id"], capacity, row["last_number"])


async def insert_kitchen(conn: Connection, outlet: str, till_id: UUID, now: datetime) -> bool:
    """Create a kitchen; return whether it is new."""
    return await queries.insert_kitchen(conn, outlet=outlet, till_id=till_id, now=now) is not None


async def lock_kitchens(conn: Connection, outlets: Sequence[str]) -> dict[str, StoredKitchen]:
    """Lock kitchens and return them by outlet."""
    rows = queries.lock_kitchens(conn, outlets=sorted(set(outlets)))
    return {row["outlet"]: _kitchen(row) async for row in rows}


async def kitchens(conn: Connection, outlets: Sequence[str] | None = None) -> dict[str, StoredKitchen]:
    """Return kitchens by outlet; None for all."""
    rows = queries.kitchens(conn, all_of_them=outlets is None, outlets=list(outlets or ()))
    return {row["outlet"]: _kitchen(row) async for row in rows}


async def set_capacity(
    conn: Connection, outlet: str, capacity: KitchenCapacity, who: UUID | None, now: datetime
) -> None:
    """Store the capacity of a kitchen."""
    await queries.set_capacity(
        conn,
        outlet=outlet,
        per_five_minutes=capacity.per_five_minutes,
        is_open=capacity.open,
        delivers=capacity.delivers,
        note=capacity.note,
        now=now,
        who=who,
    )


async def set_numbers(conn: Connection, numbers: Mapping[str, int]) -> None:
    """Store the last order number of kitchens."""
    await queries.set_numbers(conn, outlets=list(numbers), numbers=list(numbers.values()))


async def loads(
    conn: Connection, outlets: Sequence[str], since: datetime, forgotten_before: datetime
) -> dict[str, list[Load]]:
    """Return allocated pieces by outlet: from `since` on, and earlier unfinished ones."""
    found: dict[str, list[Load]] = {}
    rows = queries.loads(conn, outlets=list(outlets), since=since, forgotten_before=forgotten_before)
    async for row in rows:
        load = Load(Station(row["station"]), row["starts_at"], row["pieces"], row["waiting"])
        found.setdefault(row["outlet"], []).append(load)
    return found


async def counter_sales(conn: Connection, outlets: Sequence[str], since: datetime) -> dict[str, dict[UUID, int]]:
    """Return counter sales by outlet and product since a time."""
    found: dict[str, dict[UUID, int]] = {}
    async for row in queries.counter_sales(conn, outlets=list(outlets), since=since):
        found.setdefault(row["outlet"], {})[row["product_id"]] = row["pieces"]
    return found


async def plans_of(
    conn: Connection, kitchens_: Mapping[str, StoredKitchen], catalogue: Catalogue, now: datetime
) -> dict[str, Plan]:
    """Return the plans of kitchens. Lock the kitchens before allocating capacity."""
    outlets, since = list(kitchens_), interval_of(now)
    standing = await loads(conn, outlets, since, now - BACKLOG_MAX_AGE)
    sold = await counter_sales(conn, outlets, now - INTERVAL)
    found = (
        plans(
            [
                Kitchen(
                    kitchens_[outlet].capacity.per_five_minutes,
                    standing.get(outlet, ()),
                    counter_demand(sold.get(outlet, {}), catalogue),
                )
                for outlet in outlets
            ],
            now,
        )
        if outlets
        else []
    )
    return dict(zip(outlets, found, strict=True))


async def stock_left(conn: Connection, outlets: Sequence[str]) -> dict[Key, int]:
    """What is left of what is counted, once the orders that wait are served."""
    rows = queries.stock_left(conn, outlets=list(outlets))
    return {(row["outlet"], row["product_id"]): row["left_"] async for row in rows}


async def insert_orders(conn: Connection, placed: Sequence[Placed], accept_by: datetime, now: datetime) -> None:
    """Store orders with their allocations. UniqueViolationError if another transaction has used an id meanwhile."""
    requests = [order.placement.request for order in placed]
    await queries.insert_orders(
        conn,
        ids=[request.id for request in requests],
        person_ids=[order.placement.person_id for order in placed],
        wallet_ids=[order.wallet_id for order in placed],
        event_ids=[request.event_id for request in requests],
        outlets=[request.outlet for request in requests],
        numbers=[order.number for order in placed],
        digests=[order.placement.digest for order in placed],
        versions=[request.version for request in requests],
        lines=[msgspec.json.encode(order.lines).decode() for order in placed],
        vats=[msgspec.json.encode(order.vat).decode() for order in placed],
        totals=[order.total_cents for order in placed],
        bonuses=[order.bonus_cents for order in placed],
        now=now,
        promised_ats=[order.promised_at for order in placed],
        accept_by=accept_by,
        places=[request.deliver_to for request in requests],
        delivery_s=[
            order.placement.delivery_s if order.placement.request.deliver_to is not None else None for order in placed
        ],
        codes=[order.placement.code for order in placed],
    )
    allocations = [(order.placement.request, taken) for order in placed for taken in order.allocations]
    await queries.insert_loads(
        conn,
        order_ids=[request.id for request, _ in allocations],
        stations=[taken.station.value for _, taken in allocations],
        starts_ats=[taken.starts_at for _, taken in allocations],
        outlets=[request.outlet for request, _ in allocations],
        pieces=[taken.pieces for _, taken in allocations],
    )


async def free_loads(conn: Connection, order_ids: Sequence[UUID]) -> None:
    """Let orders take nothing."""
    await queries.free_loads(conn, order_ids=list(order_ids))


async def orders(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Order]:
    """Orders by their ids."""
    return {row["id"]: _order(row) async for row in queries.food_orders(conn, ids=list(ids))}


async def lock_order(conn: Connection, order_id: UUID) -> Order | None:
    """An order, locked until the transaction ends."""
    found = [_order(row) async for row in queries.lock_food_orders(conn, ids=[order_id])]
    return found[0] if found else None


async def lock_orders(conn: Connection, order_ids: Sequence[UUID]) -> list[Order]:
    """Those orders that there are, locked until the transaction ends."""
    return [_order(row) async for row in queries.lock_food_orders(conn, ids=list(order_ids))]


async def lock_waiting_of(conn: Connection, person_id: UUID) -> list[Order]:
    """The orders of a person that no kitchen has accepted, locked."""
    return [_order(row) async for row in queries.lock_waiting_of(conn, person_id=person_id)]


async def lock_orders_of(conn: Connection, person_id: UUID) -> None:
    """Lock all orders of a person."""
    async for _ in queries.lock_orders_of(conn, person_id=person_id):
        pass


async def lock_expired(conn: Connection, now: datetime, most: int) -> list[Order]:
    """Orders that no kitchen accepted in time, locked."""
    return [_order(row) async for row in queries.lock_expired(conn, now=now, most=most)]


async def lock_late_orders(conn: Connection, late_since: datetime, most: int) -> list[Order]:
    """Return orders with a pick-up time up to then that were not checked for compensation, locked."""
    return [_order(row) async for row in queries.lock_late_orders(conn, late_since=late_since, most=most)]


async def vouchers_of(conn: Connection, orders: Sequence[Order]) -> Counter[tuple[UUID, UUID]]:
    """Return how many vouchers were given at the events of these orders, by event and wallet."""
    event_ids, wallet_ids = {order.event_id for order in orders}, {order.wallet_id for order in orders}
    rows = queries.vouchers_of(conn, event_ids=list(event_ids), wallet_ids=list(wallet_ids))
    return Counter({(row["event_id"], row["purse_id"]): row["vouchers"] async for row in rows})


async def compensate(conn: Connection, given: Mapping[UUID, Cents | None]) -> None:
    """Store the vouchers of late orders by order; None for none."""
    await queries.compensate(conn, ids=list(given), cents=list(given.values()))


async def end_orders(
    conn: Connection, ids: Sequence[UUID], state: FoodState, now: datetime, *, reason: str | None = None
) -> None:
    """Set the final state of locked orders."""
    await queries.end_orders(conn, ids=list(ids), state=state.value, reason=reason, now=now)


async def accept(conn: Connection, order_id: UUID, now: datetime) -> None:
    """Mark a locked order as accepted."""
    await queries.accept_order(conn, id=order_id, now=now)


async def ready(conn: Connection, order_id: UUID, now: datetime, *, is_judged: bool) -> None:
    """Mark a locked order as ready."""
    await queries.ready_order(conn, id=order_id, now=now, is_judged=is_judged)


async def refund(conn: Connection, order_id: UUID, reason: str, now: datetime) -> None:
    """Mark a locked order as refunded."""
    await queries.refund_order(conn, id=order_id, reason=reason, now=now)


async def count_code_miss(conn: Connection, order_id: UUID) -> None:
    """Count a wrong code."""
    await queries.count_code_miss(conn, id=order_id)


async def orders_of(conn: Connection, person_id: UUID, before: datetime | None, most: int) -> list[Order]:
    """Return a person's orders, latest first."""
    rows = queries.food_orders_of(conn, person_id=person_id, before=before, most=most)
    return [_order(row) async for row in rows]


async def kitchen_orders(conn: Connection, outlet: str, ended_since: datetime) -> list[Order]:
    """Return the open orders of a kitchen, and those ended since a time."""
    rows = queries.kitchen_orders(conn, outlet=outlet, ended_since=ended_since)
    return [_order(row) async for row in rows]


async def timing_stats(
    conn: Connection,
    outlets: Sequence[str] | None,
    *,
    broken_after: timedelta,
    event_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[OutletTimingStats]:
    """Return the order timing of outlets; None for all."""
    rows = queries.timing_stats(
        conn,
        all_of_them=outlets is None,
        outlets=list(outlets or ()),
        event_id=event_id,
        since=since,
        until=until,
        broken_after=broken_after,
    )
    return [
        OutletTimingStats(
            row["orders"],
            None if row["p50_s"] is None else round(row["p50_s"]),
            None if row["p90_s"] is None else round(row["p90_s"]),
            row["broken"],
            row["outlet"],
            row["vouchers"],
            row["voucher_cents"],
        )
        async for row in rows
    ]


async def forget_orders_of(conn: Connection, person_id: UUID) -> None:
    """Anonymise the orders of an erased person."""
    await queries.forget_orders_of(conn, person_id=person_id)


async def outlets_of(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the outlet codes of records and orders by id; unknown ids are left out."""
    return {row["id"]: row["outlet"] async for row in queries.outlets_of(conn, ids=list(ids))}
