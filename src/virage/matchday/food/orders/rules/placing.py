"""Decides whether an order is placed: price, age, stock, capacity, pick-up time and funds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu import types as menu
from virage.matchday.food.menu.types import AlcoholPermit, Basket, BasketVat, Catalogue, Key, Priced, Station, price
from virage.matchday.food.orders.rules import planning
from virage.matchday.food.orders.rules.orders import (
    NUMBER_MAX,
    FoodLine,
    FoodOrderRequest,
    KitchenCapacity,
    Reason,
    deposits_of,
    lines_of,
)
from virage.matchday.food.orders.rules.planning import WAIT_MAX, Allocation, Plan, Schedule
from virage.money.wallet.accounts.types import Split, split
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.site.programme.types import Event

CLOSED: Final = Refused(Reason.OUTLET_CLOSED)


class PlacementRequest(Struct, frozen=True):
    """An order to decide. `code` is the pick-up code.

    `delivery_s` is the delivery time in seconds; None without a delivery or a route.
    """

    person_id: UUID
    request: FoodOrderRequest
    digest: bytes
    code: str
    delivery_s: int | None = None


class OpenKitchen(Struct):
    """A locked kitchen: capacity, plan and last order number."""

    till_id: UUID
    capacity: KitchenCapacity
    plan: Plan
    last_number: int


class Funds(Struct):
    """Available money and bonus of a wallet."""

    wallet_id: UUID
    wallet_cents: Cents
    bonus_cents: Cents


class PlacementState(Struct):
    """State that orders of a batch are decided by; each placed order reduces it.

    `stock` has the remaining quantity of tracked products by outlet.
    """

    catalogue: Catalogue | None
    event: Event | None
    permits: Sequence[AlcoholPermit]
    kitchens: Mapping[str, OpenKitchen]
    stock: dict[Key, int]
    funds: Mapping[UUID, Funds]


class SaleContext(Struct, frozen=True):
    """Catalogue, event, alcohol permits and remaining stock that a basket is checked against."""

    catalogue: Catalogue
    event: Event
    permits: Sequence[AlcoholPermit]
    stock: Mapping[Key, int]


class PricedOrder(Struct, frozen=True):
    """A sellable order: price, lines, demand by station and preparation time."""

    priced: Priced
    lines: tuple[FoodLine, ...]
    demand: Mapping[Station, int]
    preparation_s: int


class Placed(Struct, frozen=True):
    """A placed order with all that is stored."""

    placement: PlacementRequest
    till_id: UUID
    number: int
    lines: tuple[FoodLine, ...]
    vat: tuple[BasketVat, ...]
    total_cents: Cents
    bonus_cents: Cents
    wallet_id: UUID
    promised_at: datetime
    allocations: tuple[Allocation, ...]


def decide(placement: PlacementRequest, state: PlacementState, at: datetime) -> Placed | Refused:
    """Place an order at a time and reserve its capacity, stock and funds; or refuse it and reserve nothing."""
    request = placement.request
    opened = _open_kitchen(placement, state)
    if isinstance(opened, Refused):
        return opened
    kitchen, context = opened
    order = price_order(request, request.outlet, context, at)
    if isinstance(order, Refused):
        return order
    schedule = schedule_of(order, request.slot_at, kitchen, context.event.ends_at)
    if isinstance(schedule, Refused):
        return schedule
    funds = state.funds.get(placement.person_id)
    total_cents = order.priced.total_cents
    of_bonus = 0 if funds is None else min(funds.bonus_cents, total_cents - deposits_of(order.lines))
    available = 0 if funds is None else funds.wallet_cents + of_bonus
    if funds is None or available < total_cents:
        return Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": available, "total_cents": total_cents})
    _reserve(request, state.stock, kitchen, order, schedule)
    shares = split(total_cents, of_bonus, funds.wallet_cents)
    return _placed(placement, kitchen, funds, order, schedule=schedule, shares=shares)


def _open_kitchen(placement: PlacementRequest, state: PlacementState) -> tuple[OpenKitchen, SaleContext] | Refused:
    """Return the kitchen and its sale context, or why it takes no such order."""
    request, kitchen = placement.request, state.kitchens.get(placement.request.outlet)
    if state.event is None or state.event.id != request.event_id:
        return Refused(Reason.EVENT_NOT_ON)
    if kitchen is None or not kitchen.capacity.open or state.catalogue is None:
        return CLOSED
    if request.deliver_to is not None and (not kitchen.capacity.delivers or placement.delivery_s is None):
        return Refused(Reason.NO_DELIVERY)
    return kitchen, SaleContext(state.catalogue, state.event, state.permits, state.stock)


def price_order(request: FoodOrderRequest, outlet: str, context: SaleContext, at: datetime) -> PricedOrder | Refused:
    """Return the priced order at an outlet, or why it cannot be sold there."""
    catalogue = context.catalogue
    priced = price(Basket(request.version, request.lines), catalogue, outlet, at, event=context.event)
    if isinstance(priced, Refused):
        return priced
    products = [product for line in priced.lines if (product := catalogue.product(line.item_id)) is not None]
    refusal = menu.may_sell_all(products, context.event, at, context.permits, age_confirmed=request.age_confirmed)
    lines = lines_of(priced.lines, catalogue)
    refusal = refusal or short_of(lines, outlet, context)
    if refusal is not None:
        return refusal
    demand, preparation_s = planning.demand_of(priced.lines, catalogue, delivered=request.deliver_to is not None)
    return PricedOrder(priced, lines, demand, preparation_s)


def short_of(lines: Sequence[FoodLine], outlet: str, context: SaleContext) -> Refused | None:
    """Refuse tracked products without enough stock."""
    for product_id, quantity in products_of(lines).items():
        product = context.catalogue.product(product_id)
        left = context.stock.get((outlet, product_id), 0)
        if product is not None and product.is_stocked and left < quantity:
            return Refused(Reason.SOLD_OUT, {"product_id": product_id, "left": max(left, 0)})
    return None


def products_of(lines: Sequence[FoodLine]) -> dict[UUID, int]:
    """Return the quantities of an order by product."""
    found: dict[UUID, int] = {}
    for line in lines:
        if line.kind == "product":
            found[line.item_id] = found.get(line.item_id, 0) + line.quantity
    return found


def schedule_of(
    order: PricedOrder, slot_at: datetime | None, kitchen: OpenKitchen, ends_at: datetime
) -> Schedule | Refused:
    """Return the schedule of an order: for the requested time, or as soon as possible."""
    closed = planning.closed_stations(order.demand, kitchen.capacity.per_five_minutes)
    if closed:
        return Refused(Reason.STATION_CLOSED, {"stations": closed})
    if slot_at is None:
        schedule = kitchen.plan.soonest(order.demand, order.preparation_s, min(kitchen.plan.now + WAIT_MAX, ends_at))
    elif not kitchen.plan.is_slot(slot_at) or slot_at > ends_at:
        return Refused(Reason.SLOT_INVALID)
    else:
        schedule = kitchen.plan.at(order.demand, order.preparation_s, slot_at)
    return Refused(Reason.OUTLET_FULL) if schedule is None else schedule


def _reserve(
    request: FoodOrderRequest, stock: dict[Key, int], kitchen: OpenKitchen, order: PricedOrder, schedule: Schedule
) -> None:
    """Reserve capacity, a number and stock for an order."""
    kitchen.plan.allocate(schedule)
    kitchen.last_number = kitchen.last_number % NUMBER_MAX + 1
    for product_id, quantity in products_of(order.lines).items():
        if (request.outlet, product_id) in stock:
            stock[request.outlet, product_id] -= quantity


def _placed(
    placement: PlacementRequest,
    kitchen: OpenKitchen,
    funds: Funds,
    order: PricedOrder,
    *,
    schedule: Schedule,
    shares: Split,
) -> Placed:
    """Reserve the funds and return the placed order. Bonus is spent first, but never on deposits."""
    funds.bonus_cents -= shares.bonus_cents
    funds.wallet_cents -= shares.wallet_cents
    return Placed(
        placement,
        kitchen.till_id,
        kitchen.last_number,
        order.lines,
        order.priced.vat,
        order.priced.total_cents,
        shares.bonus_cents,
        funds.wallet_id,
        schedule.ready_at,
        schedule.allocations,
    )
