"""Food ordering as fans see it: outlets, pick-up times, and their orders."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Literal, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.matchday.food.menu.api import Catalogues, permits_around
from virage.matchday.food.menu.types import AlcoholPermit, BasketVat, Station
from virage.matchday.food.orders import store
from virage.matchday.food.orders.rules import planning
from virage.matchday.food.orders.rules.orders import (
    AlternativeOutlet,
    FoodLine,
    FoodOrderRequest,
    FoodState,
    Order,
    ordering_time,
)
from virage.matchday.food.orders.rules.placing import SaleContext, price_order
from virage.matchday.food.orders.rules.planning import COUNTER_ROW, STATIONS, WAIT_MAX, Plan
from virage.matchday.food.orders.rules.sale_of_order import FoodMessages
from virage.matchday.food.orders.store import StoredKitchen
from virage.platform.data.database import Connection, Database
from virage.platform.values.languages import installed, messages
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.site.programme import api as programme
from virage.site.programme.types import Event, Text
from virage.site.venue import api as venue
from virage.site.venue.types import Place, Reading, Venue, local_code

PAGE: Final = 50
ALL: Final = 100_000
NEXT_MAX: Final = 3
SLOTS_MAX: Final = 48


class ClosedReason(StrEnum):
    """Why an outlet takes no orders: closed, not reachable, or full for the next hour."""

    CLOSED = "closed"
    NO_WAY = "no_way"
    FULL = "full"


class OutletOffer(Struct, frozen=True):
    """An outlet, with its earliest pick-up time or the reason why it takes no orders.

    `ready_at` is the earliest time for a typical basket. `in_hand_at` includes the walk from the given place; without a
    place the walk is left out.
    """

    outlet: str
    name: Text
    walking_s: int | None
    offers_delivery: bool
    ready_at: datetime | None
    in_hand_at: datetime | None
    note: str
    closed_reason: ClosedReason | None


class FoodSlot(Struct, frozen=True):
    """A pick-up time, and the remaining capacity of each station until then, in pieces.

    `counter` is present if the kitchen limits the number of handovers.
    """

    at: datetime
    left: dict[Station, int]


class OrderTiming(Struct, frozen=True):
    """Expected times of an order; `arrives_at` is the delivery to the seat, None for a pick-up."""

    ready_at: datetime
    arrives_at: datetime | None


class DeliveryPlace(Struct, frozen=True):
    """Where an order is delivered: a seat, or a standing area."""

    place: int
    block: str | None
    row: str | None
    seat: int | str | None
    area: Text | None


class FoodOrder(Struct, frozen=True):
    """An order as its fan sees it. It expires at `accept_by` unless the kitchen accepts it.

    `reason` is why it was declined or refunded; `voucher_cents` is the bonus granted for a late order.
    """

    id: UUID
    event_id: UUID
    outlet: str
    outlet_name: Text
    number: int
    state: FoodState
    lines: list[FoodLine]
    vat: list[BasketVat]
    total_cents: Cents
    bonus_cents: Cents
    promise: OrderTiming
    deliver_to: DeliveryPlace | None
    pick_up_code: str
    placed_at: datetime
    accept_by: datetime
    accepted_at: datetime | None
    ready_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    voucher_cents: Cents | None


class OrderingWindow(Struct, frozen=True):
    """An event that takes orders, the time that orders are planned from, and the alcohol permits at that time."""

    event: Event
    at: datetime
    permits: tuple[AlcoholPermit, ...]


async def ordering_window(conn: Connection, event: Event, now: datetime) -> OrderingWindow | None:
    """Return the ordering window of an event; None if it takes no orders."""
    at = ordering_time(event, now)
    return None if at is None else OrderingWindow(event, at, tuple(await permits_around(conn, at, at)))


class OrderingSnapshot(Struct, frozen=True):
    """The kitchens of an event's venue at the time that orders are planned from.

    `walking_s` is by outlet, None without a place. `plans` and `context` are empty if the event takes no orders.
    A kitchen whose outlet is closed for the event is not open.
    """

    venue: Venue
    event: Event | None
    at: datetime
    kitchens: dict[str, StoredKitchen]
    plans: dict[str, Plan]
    context: SaleContext | None
    walking_s: dict[str, int] | None


class FoodReads:
    """Queries over the kitchens of an event's venue."""

    def __init__(self, db: Database, catalogues: Catalogues) -> None:
        self._db = db
        self._catalogues = catalogues

    async def outlets(self, event_id: UUID, place: int | None, now: datetime, *, step_free: bool) -> list[OutletOffer]:
        """Return the outlets that take orders, fastest first, then the others with the reason."""
        snapshot = await self._snapshot(event_id, place, now, step_free=step_free)
        offers = [_offer(snapshot, kitchen) for kitchen in snapshot.kitchens.values()]

        def key(offer: OutletOffer) -> tuple[bool, datetime, int, str]:
            return offer.closed_reason is not None, offer.in_hand_at or now, offer.walking_s or 0, offer.outlet

        return sorted(offers, key=key)

    async def readings(self, event_id: UUID, now: datetime) -> list[Reading]:
        """Return the state of each outlet for the live feed. Sold out: it tracks stock, and all of it is gone."""
        offers = await self.outlets(event_id, None, now, step_free=False)
        async with self._db.connection() as conn:
            left = await store.stock_left(conn, [offer.outlet for offer in offers])
        counted = {outlet for outlet, _ in left}
        supplied = {outlet for (outlet, _), pieces in left.items() if pieces > 0}
        return [_reading(offer, now, sold_out=offer.outlet in counted - supplied) for offer in offers]

    async def slots(self, event_id: UUID, outlet: str, now: datetime) -> list[FoodSlot]:
        """Return the pick-up times of an outlet; none while it takes no orders."""
        snapshot = await self._snapshot(event_id, None, now, outlets=[outlet])
        kitchen = snapshot.kitchens.get(outlet)
        if snapshot.event is None or snapshot.context is None or kitchen is None or not kitchen.capacity.open:
            return []
        plan = snapshot.plans[outlet]
        said = kitchen.capacity.per_five_minutes
        made = [
            at for at, station in enumerate(STATIONS) if said.get(station) or (at == COUNTER_ROW and station in said)
        ]
        left = plan.capacity_by()
        ends = [at for at in range(min(left.shape[1], SLOTS_MAX)) if plan.end_of(at) <= snapshot.event.ends_at]
        handed = [at for at in ends if kitchen.capacity.delivers or left[COUNTER_ROW, at]]
        slots = [FoodSlot(plan.end_of(at), {STATIONS[row]: int(left[row, at]) for row in made}) for at in handed]
        return [slot for slot in slots if not slot.left or any(slot.left.values())]

    async def sold_out(self, outlet: str) -> list[UUID]:
        """Return the products sold out at an outlet, waiting orders included."""
        async with self._db.connection() as conn:
            left = await store.stock_left(conn, [outlet])
        return sorted(product_id for (_, product_id), pieces in left.items() if pieces <= 0)

    async def alternatives(self, request: FoodOrderRequest, now: datetime) -> list[AlternativeOutlet]:
        """Return outlets that can make the order of a full outlet, fastest first."""
        place = request.deliver_to if request.place is None else request.place
        snapshot = await self._snapshot(request.event_id, place, now, step_free=request.step_free)
        found = [
            offer
            for outlet, kitchen in snapshot.kitchens.items()
            if kitchen.capacity.open
            and (kitchen.capacity.delivers or request.deliver_to is None)
            and (offer := _alternative(snapshot, outlet, request)) is not None
        ]

        def key(offer: AlternativeOutlet) -> tuple[datetime, int, str]:
            walking_s = offer.walking_s or 0
            return planning.in_hand_at(offer.ready_at, snapshot.at, walking_s), walking_s, offer.outlet

        return sorted(found, key=key)[:NEXT_MAX]

    async def delivery_s(self, request: FoodOrderRequest) -> int | None:
        """Return the delivery time from the outlet to the seat, in seconds; None without a delivery or a route."""
        if request.deliver_to is None:
            return None
        async with self._db.connection() as conn:
            event = await programme.event(conn, request.event_id)
            if event is None:
                return None
            ground = await venue.venue_at(conn, event.venue_version)
            today = await venue.route_options(conn, step_free=False)
        if request.deliver_to >= ground.places:
            return None
        return (await venue.walking_s(ground, request.deliver_to, today)).get(request.outlet)

    async def _snapshot(
        self,
        event_id: UUID,
        place: int | None,
        now: datetime,
        *,
        step_free: bool = False,
        outlets: Collection[str] | None = None,
    ) -> OrderingSnapshot:
        """Return the kitchens of an event's venue (`outlets` None: all of them); of the first one without an event."""
        async with self._db.connection() as conn:
            event = await programme.event(conn, event_id)
            if event is None:
                ground, window = (await venue.venues(conn))[0], None
            else:
                ground = await venue.venue_at(conn, event.venue_version)
                window = await ordering_window(conn, event, now)
            catalogue = await self._catalogues.in_force(conn)
            wanted = [code for code in ground.outlet_by_code if outlets is None or code in outlets]
            kitchens = await store.kitchens(conn, wanted)
            plans: dict[str, Plan] = {}
            context = None
            if catalogue is not None and window is not None:
                plans = await store.plans_of(conn, kitchens, catalogue, window.at)
                stock = await store.stock_left(conn, list(kitchens))
                context = SaleContext(catalogue, window.event, window.permits, stock)
            today = await venue.route_options(conn, step_free=step_free, event_id=event_id)
            for outlet in (await venue.closures(conn, event_id)).outlets & kitchens.keys():
                kitchen = kitchens[outlet]
                kitchens[outlet] = replace(kitchen, capacity=replace(kitchen.capacity, open=False))
        known = place is not None and place < ground.places
        walking_s = await venue.walking_s(ground, place, today) if place is not None and known else None
        open_event, at = (None, now) if window is None else (window.event, window.at)
        return OrderingSnapshot(ground, open_event, at, kitchens, plans, context, walking_s)


def _offer(snapshot: OrderingSnapshot, kitchen: StoredKitchen) -> OutletOffer:
    """Return the offer of a kitchen."""
    capacity, walking_s = kitchen.capacity, None
    if snapshot.walking_s is not None:
        walking_s = snapshot.walking_s.get(kitchen.outlet)
    ready_at = None
    closed = ClosedReason.CLOSED if not capacity.open or snapshot.event is None or snapshot.context is None else None
    if closed is None and snapshot.walking_s is not None and walking_s is None:
        closed = ClosedReason.NO_WAY
    if closed is None and snapshot.event is not None:
        until = min(snapshot.at + WAIT_MAX, snapshot.event.ends_at)
        schedule = snapshot.plans[kitchen.outlet].soonest(planning.usual_demand(capacity.per_five_minutes), 0, until)
        ready_at = None if schedule is None else schedule.ready_at
        closed = ClosedReason.FULL if schedule is None else None
    return OutletOffer(
        kitchen.outlet,
        outlet_name(snapshot.venue, kitchen.outlet),
        walking_s,
        capacity.delivers,
        ready_at,
        None if ready_at is None else planning.in_hand_at(ready_at, snapshot.at, walking_s or 0),
        capacity.note,
        closed,
    )


def _reading(offer: OutletOffer, now: datetime, *, sold_out: bool) -> Reading:
    """Return the reading of an outlet; a full one counts as a wait of `WAIT_MAX`."""
    wait = WAIT_MAX if offer.ready_at is None else offer.ready_at - now
    state: Literal["open", "closed", "sold_out"]
    match offer.closed_reason:
        case ClosedReason.CLOSED:
            state = "closed"
        case None | ClosedReason.NO_WAY | ClosedReason.FULL:
            state = "sold_out" if sold_out else "open"
        case unknown:
            assert_never(unknown)
    return Reading(Place("outlet", offer.outlet), state, wait.total_seconds())


def _alternative(snapshot: OrderingSnapshot, outlet: str, request: FoodOrderRequest) -> AlternativeOutlet | None:
    """Return when an outlet can make an order, at the requested time at the earliest; None if it cannot."""
    if snapshot.context is None or snapshot.event is None:
        return None
    walking_s = None if snapshot.walking_s is None else snapshot.walking_s.get(outlet)
    if snapshot.walking_s is not None and walking_s is None:
        return None
    priced_order = price_order(request, outlet, snapshot.context, snapshot.at)
    if isinstance(priced_order, Refused):
        return None
    if planning.closed_stations(priced_order.demand, snapshot.kitchens[outlet].capacity.per_five_minutes):
        return None
    plan, demand, preparation_s = snapshot.plans[outlet], priced_order.demand, priced_order.preparation_s
    until = min((request.slot_at or snapshot.at) + WAIT_MAX, snapshot.event.ends_at)
    schedule = (
        plan.soonest(demand, preparation_s, until)
        if request.slot_at is None
        else plan.at_or_after(demand, preparation_s, request.slot_at, until)
    )
    if schedule is None:
        return None
    return AlternativeOutlet(outlet, outlet_name(snapshot.venue, outlet), walking_s, schedule.ready_at)


def outlet_name(ground: Venue | None, code: str) -> Text:
    """Return the name of an outlet of a venue as people read it: its local code and its stand."""
    outlet = None if ground is None else ground.outlet_by_code.get(code)
    if ground is None or outlet is None:
        return dict.fromkeys(installed(), code)
    stand = next(stand.name for stand in ground.stands if stand.code == outlet.stand)
    return {
        tag: messages(tag, "push.food", FoodMessages).outlet.format(code=local_code(code), stand=stand)
        for tag in installed()
    }


def delivery_place(ground: Venue, place: int) -> DeliveryPlace:
    """Return the label of a place."""
    label = ground.label(place)
    return DeliveryPlace(place, label.block, label.row, label.seat, label.area_name)


async def venues_of_events(conn: Connection, event_ids: Collection[UUID]) -> dict[UUID, Venue]:
    """Return the venues of events, each in the event's version, by event."""
    events = await programme.events(conn, list(event_ids)) if event_ids else {}
    return {event_id: await venue.venue_at(conn, event.venue_version) for event_id, event in events.items()}


def food_order(order: Order, ground: Venue) -> FoodOrder:
    """Return an order as its fan sees it; `ground` is the venue of its event."""
    arrives_at = None if order.delivery_s is None else order.promised_at + timedelta(seconds=order.delivery_s)
    return FoodOrder(
        order.id,
        order.event_id,
        order.outlet,
        outlet_name(ground, order.outlet),
        order.number,
        order.state,
        list(order.lines),
        list(order.vat),
        order.total_cents,
        order.bonus_cents,
        OrderTiming(order.promised_at, arrives_at),
        None if order.deliver_to is None else delivery_place(ground, order.deliver_to),
        order.pick_up_code,
        order.placed_at,
        order.accept_by,
        order.accepted_at,
        order.ready_at,
        order.ended_at,
        order.reason,
        order.voucher_cents,
    )


async def food_orders(conn: Connection, orders: Sequence[Order]) -> list[FoodOrder]:
    """Return orders as their fans see them."""
    grounds = await venues_of_events(conn, {order.event_id for order in orders})
    return [food_order(order, grounds[order.event_id]) for order in orders]


async def orders_of(conn: Connection, person_id: UUID, before: datetime | None) -> list[FoodOrder]:
    """Return a person's orders, latest first."""
    return await food_orders(conn, await store.orders_of(conn, person_id, before, PAGE))


async def order_of(conn: Connection, person_id: UUID, order_id: UUID) -> FoodOrder | None:
    """Return an order of this person; None if it belongs to another person or does not exist."""
    order = (await store.orders(conn, [order_id])).get(order_id)
    return None if order is None or order.person_id != person_id else (await food_orders(conn, [order]))[0]


async def export(conn: Connection, person_id: UUID) -> Any:
    """Return a person's orders for their data export."""
    return await food_orders(conn, await store.orders_of(conn, person_id, None, ALL))
