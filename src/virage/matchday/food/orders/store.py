"""Kitchens, and the orders that they make."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.matchday.food.menu.types import Catalogue, Key, Station
from virage.matchday.food.orders.rules.orders import Capacity, FoodState, Order, OutletPromises
from virage.matchday.food.orders.rules.placing import Placed
from virage.matchday.food.orders.rules.promises import (
    FORGOTTEN_AFTER,
    INTERVAL,
    Kitchen,
    Load,
    Plan,
    counter_of,
    interval_of,
    plans,
)
from virage.platform.data.database import Connection
from virage.platform.data.sql import load
from virage.platform.values.money import Cents

queries = load(__file__)


class StoredKitchen(Struct, frozen=True):
    """A kitchen as it is stored."""

    outlet: str
    till_id: UUID
    capacity: Capacity
    last_number: int


def _order(row: Any) -> Order:
    return msgspec.convert(dict(row), Order)


def _kitchen(row: Any) -> StoredKitchen:
    capacity = Capacity(
        {Station(station): pieces for station, pieces in row["per_five_minutes"].items()},
        row["is_open"],
        row["delivers"],
        row["note"],
    )
    return StoredKitchen(row["outlet"], row["till_id"], capacity, row["last_number"])


async def make_kitchen(conn: Connection, outlet: str, till_id: UUID, now: datetime) -> bool:
    """Whether it is new."""
    return await queries.make_kitchen(conn, outlet=outlet, till_id=till_id, now=now) is not None


async def lock_kitchens(conn: Connection, outlets: Sequence[str]) -> dict[str, StoredKitchen]:
    """Kitchens, locked until the transaction ends."""
    rows = queries.lock_kitchens(conn, outlets=sorted(set(outlets)))
    return {row["outlet"]: _kitchen(row) async for row in rows}


async def kitchens(conn: Connection, outlets: Sequence[str] | None = None) -> dict[str, StoredKitchen]:
    """What kitchens said; None asks for all."""
    rows = queries.kitchens(conn, all_of_them=outlets is None, outlets=list(outlets or ()))
    return {row["outlet"]: _kitchen(row) async for row in rows}


async def set_capacity(conn: Connection, outlet: str, capacity: Capacity, who: UUID | None, now: datetime) -> None:
    """Write what a kitchen says."""
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
    """Write which number each kitchen gave last."""
    await queries.set_numbers(conn, outlets=list(numbers), numbers=list(numbers.values()))


async def loads(
    conn: Connection, outlets: Sequence[str], since: datetime, forgotten_before: datetime
) -> dict[str, list[Load]]:
    """What orders take of kitchens from a moment on, and what stands from before it."""
    found: dict[str, list[Load]] = {}
    rows = queries.loads(conn, outlets=list(outlets), since=since, forgotten_before=forgotten_before)
    async for row in rows:
        load = Load(Station(row["station"]), row["starts_at"], row["pieces"], row["waiting"])
        found.setdefault(row["outlet"], []).append(load)
    return found


async def counter_sales(conn: Connection, outlets: Sequence[str], since: datetime) -> dict[str, dict[UUID, int]]:
    """What counters sold of each product since a moment."""
    found: dict[str, dict[UUID, int]] = {}
    async for row in queries.counter_sales(conn, outlets=list(outlets), since=since):
        found.setdefault(row["outlet"], {})[row["product_id"]] = row["pieces"]
    return found


async def plans_of(
    conn: Connection, kitchens_: Mapping[str, StoredKitchen], catalogue: Catalogue, now: datetime
) -> dict[str, Plan]:
    """What kitchens can still make: lock them first where something of it will be given out."""
    outlets, since = list(kitchens_), interval_of(now)
    standing = await loads(conn, outlets, since, now - FORGOTTEN_AFTER)
    sold = await counter_sales(conn, outlets, now - INTERVAL)
    found = (
        plans(
            [
                Kitchen(
                    kitchens_[outlet].capacity.per_five_minutes,
                    standing.get(outlet, ()),
                    counter_of(sold.get(outlet, {}), catalogue),
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
    """Write orders with what they take; UniqueViolationError where another transaction has taken an id meanwhile."""
    wishes = [one.asked.wish for one in placed]
    await queries.insert_orders(
        conn,
        ids=[wish.id for wish in wishes],
        person_ids=[one.asked.person_id for one in placed],
        purse_ids=[one.purse_id for one in placed],
        event_ids=[wish.event_id for wish in wishes],
        outlets=[wish.outlet for wish in wishes],
        numbers=[one.number for one in placed],
        digests=[one.asked.digest for one in placed],
        versions=[wish.version for wish in wishes],
        lines=[msgspec.json.encode(one.lines).decode() for one in placed],
        vats=[msgspec.json.encode(one.vat).decode() for one in placed],
        totals=[one.total_cents for one in placed],
        bonuses=[one.bonus_cents for one in placed],
        now=now,
        promised_ats=[one.promised_at for one in placed],
        accept_by=accept_by,
        places=[wish.deliver_to for wish in wishes],
        delivery_s=[one.asked.delivery_s if one.asked.wish.deliver_to is not None else None for one in placed],
        codes=[one.asked.code for one in placed],
    )
    takes = [(one.asked.wish, take) for one in placed for take in one.takes]
    await queries.insert_loads(
        conn,
        order_ids=[wish.id for wish, _ in takes],
        stations=[take.station.value for _, take in takes],
        starts_ats=[take.starts_at for _, take in takes],
        outlets=[wish.outlet for wish, _ in takes],
        pieces=[take.pieces for _, take in takes],
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


async def lock_broken(conn: Connection, broken_before: datetime, most: int) -> list[Order]:
    """Orders that were promised for no later than that, whose promise nobody has judged; locked."""
    return [_order(row) async for row in queries.lock_broken(conn, broken_before=broken_before, most=most)]


async def vouchers_of(conn: Connection, orders: Sequence[Order]) -> Counter[tuple[UUID, UUID]]:
    """How many vouchers were given at the events of these orders, by event and purse."""
    event_ids, purse_ids = {order.event_id for order in orders}, {order.purse_id for order in orders}
    rows = queries.vouchers_of(conn, event_ids=list(event_ids), purse_ids=list(purse_ids))
    return Counter({(row["event_id"], row["purse_id"]): row["vouchers"] async for row in rows})


async def judge(conn: Connection, given: Mapping[UUID, Cents | None]) -> None:
    """Write what the house gave for promises that it broke, by order; None: nothing."""
    await queries.judge(conn, ids=list(given), cents=list(given.values()))


async def end_orders(
    conn: Connection, ids: Sequence[UUID], state: FoodState, now: datetime, *, reason: str | None = None
) -> None:
    """Let locked orders end."""
    await queries.end_orders(conn, ids=list(ids), state=state.value, reason=reason, now=now)


async def accept(conn: Connection, order_id: UUID, now: datetime) -> None:
    """A locked order is made."""
    await queries.accept_order(conn, id=order_id, now=now)


async def ready(conn: Connection, order_id: UUID, now: datetime, *, is_judged: bool) -> None:
    """A locked order is ready."""
    await queries.ready_order(conn, id=order_id, now=now, is_judged=is_judged)


async def refund(conn: Connection, order_id: UUID, reason: str, now: datetime) -> None:
    """A locked order is given back."""
    await queries.refund_order(conn, id=order_id, reason=reason, now=now)


async def count_code_miss(conn: Connection, order_id: UUID) -> None:
    """One more wrong code."""
    await queries.count_code_miss(conn, id=order_id)


async def orders_of(conn: Connection, person_id: UUID, before: datetime | None, most: int) -> list[Order]:
    """A person's orders, the latest first."""
    rows = queries.food_orders_of(conn, person_id=person_id, before=before, most=most)
    return [_order(row) async for row in rows]


async def orders_before(conn: Connection, outlet: str, ended_since: datetime) -> list[Order]:
    """What a kitchen has before it, and what ended lately."""
    rows = queries.food_orders_before(conn, outlet=outlet, ended_since=ended_since)
    return [_order(row) async for row in rows]


async def promises(
    conn: Connection,
    outlets: Sequence[str] | None,
    *,
    broken_after: timedelta,
    event_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[OutletPromises]:
    """How well outlets kept what they promised; None asks for all of them."""
    rows = queries.promises(
        conn,
        all_of_them=outlets is None,
        outlets=list(outlets or ()),
        event_id=event_id,
        since=since,
        until=until,
        broken_after=broken_after,
    )
    return [
        OutletPromises(
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
    """Let nobody own the orders of somebody who is erased."""
    await queries.forget_orders_of(conn, person_id=person_id)


async def outlets_of(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Where records were written and orders are made, by code; ids of nothing are left out."""
    return {row["id"]: row["outlet"] async for row in queries.outlets_of(conn, ids=list(ids))}
