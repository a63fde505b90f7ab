"""Orders as their fans see them: where and when food can be had, and what became of what they ordered."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Literal, assert_never
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu.api import Catalogues, terms_at
from virage.matchday.food.menu.types import Derogation, Station, VatTotal
from virage.matchday.food.orders import store
from virage.matchday.food.orders.rules import promises as rules
from virage.matchday.food.orders.rules.orders import FoodLine, FoodState, FoodWish, Offered, Order, orders_for
from virage.matchday.food.orders.rules.placing import Shelf, meal_of
from virage.matchday.food.orders.rules.promises import HANDED, SOON, STATIONS, Plan
from virage.matchday.food.orders.store import StoredKitchen
from virage.platform.data.database import Connection, Database
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.site.programme import api as programme
from virage.site.programme.types import Event, Text
from virage.site.venue import api as venue
from virage.site.venue.types import Place, Reading, load_venue

PAGE: Final = 50
ALL: Final = 100_000
NEXT_MAX: Final = 3
SLOTS_MAX: Final = 48


class Closed(StrEnum):
    """Why an outlet takes no order now: it is closed, no way leads there, or the next hour is full."""

    CLOSED = "closed"
    NO_WAY = "no_way"
    FULL = "full"


class OutletOffer(Struct, frozen=True):
    """An outlet that takes orders, or why it does not now: `closed`, `full`, `no_way`.

    `ready_at` is the earliest for a usual basket, `in_hand_at` when a fan who sits at the place that was asked for has
    it in the hand. Without a place nobody walks.
    """

    outlet: str
    name: Text
    walking_s: int | None
    offers_delivery: bool
    ready_at: datetime | None
    in_hand_at: datetime | None
    note: str
    closed_reason: Closed | None


class FoodSlot(Struct, frozen=True):
    """A time at which an order can be ready, and how many pieces of each station the kitchen can still make by then.

    The counter is named where the kitchen says how many orders it hands over: it has no bound else.
    """

    at: datetime
    left: dict[Station, int]


class Promise(Struct, frozen=True):
    """When an order is ready; `arrives_at` is when it is at the fan's place, where it is brought there."""

    ready_at: datetime
    arrives_at: datetime | None


class Delivery(Struct, frozen=True):
    """Where an order is brought to: a seat, or a standing area alone."""

    place: int
    block: str | None
    row: str | None
    seat: int | None
    area: Text | None


class FoodOrder(Struct, frozen=True):
    """An order as its fan sees it. `accept_by` is when it ends by itself unless the kitchen accepts it.

    `reason` is why it was declined or refunded; `voucher_cents` what the house gave for a broken promise.
    """

    id: UUID
    event_id: UUID
    outlet: str
    outlet_name: Text
    number: int
    state: FoodState
    lines: list[FoodLine]
    vat: list[VatTotal]
    total_cents: Cents
    bonus_cents: Cents
    promise: Promise
    deliver_to: Delivery | None
    pick_up_code: str
    placed_at: datetime
    accept_by: datetime
    accepted_at: datetime | None
    ready_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    voucher_cents: Cents | None


class Opening(Struct, frozen=True):
    """An event for which one may order, for when, and the calendar of alcohol around it."""

    event: Event
    at: datetime
    derogations: tuple[Derogation, ...]


async def opening(conn: Connection, event_id: UUID, now: datetime) -> Opening | None:
    """For when one orders at an event; None where nothing may be ordered for it."""
    event = await programme.event(conn, event_id)
    at = orders_for(event, now)
    if event is None or at is None:
        return None
    return Opening(event, at, (await terms_at(conn, at)).derogations)


class Floor(Struct, frozen=True):
    """All kitchens at the moment for which one orders; `walking_s` has the ways from where somebody sits, if anywhere.

    Nothing is planned or sold where nothing may be ordered.
    """

    event: Event | None
    at: datetime
    kitchens: dict[str, StoredKitchen]
    plans: dict[str, Plan]
    shelf: Shelf | None
    walking_s: dict[str, int] | None


class FoodReads:
    """What is asked of all kitchens at once."""

    def __init__(self, db: Database, catalogues: Catalogues) -> None:
        self._db = db
        self._catalogues = catalogues

    async def outlets(self, event_id: UUID, place: int | None, now: datetime, *, step_free: bool) -> list[OutletOffer]:
        """The outlets that take orders, best first, then those that do not, with why."""
        floor = await self._floor(event_id, place, now, step_free=step_free)
        offers = [_offer(floor, kitchen) for kitchen in floor.kitchens.values()]

        def key(one: OutletOffer) -> tuple[bool, datetime, int, str]:
            return one.closed_reason is not None, one.in_hand_at or now, one.walking_s or 0, one.outlet

        return sorted(offers, key=key)

    async def readings(self, event_id: UUID, now: datetime) -> list[Reading]:
        """How outlets are now, for the news of the feed; sold out is one that counts what it has and has nothing."""
        offers = await self.outlets(event_id, None, now, step_free=False)
        async with self._db.connection() as conn:
            left = await store.stock_left(conn, [offer.outlet for offer in offers])
        counted = {outlet for outlet, _ in left}
        supplied = {outlet for (outlet, _), pieces in left.items() if pieces > 0}
        return [_reading(offer, now, sold_out=offer.outlet in counted - supplied) for offer in offers]

    async def slots(self, event_id: UUID, outlet: str, now: datetime) -> list[FoodSlot]:
        """When an order can be ready at an outlet, while it takes orders."""
        floor = await self._floor(event_id, None, now, outlets=[outlet])
        kitchen = floor.kitchens.get(outlet)
        if floor.event is None or floor.shelf is None or kitchen is None or not kitchen.capacity.open:
            return []
        plan = floor.plans[outlet]
        said = kitchen.capacity.per_five_minutes
        made = [at for at, station in enumerate(STATIONS) if said.get(station) or (at == HANDED and station in said)]
        left = plan.left_by()
        ends = [at for at in range(min(left.shape[1], SLOTS_MAX)) if plan.end_of(at) <= floor.event.ends_at]
        handed = [at for at in ends if kitchen.capacity.delivers or left[HANDED, at]]
        slots = [FoodSlot(plan.end_of(at), {STATIONS[row]: int(left[row, at]) for row in made}) for at in handed]
        return [slot for slot in slots if not slot.left or any(slot.left.values())]

    async def sold_out(self, outlet: str) -> list[UUID]:
        """The products of which nothing is left at an outlet, once the orders that wait are served."""
        async with self._db.connection() as conn:
            left = await store.stock_left(conn, [outlet])
        return sorted(product_id for (_, product_id), pieces in left.items() if pieces <= 0)

    async def next_best(self, wish: FoodWish, now: datetime) -> list[Offered]:
        """Where and when else one gets what a full outlet has no time for: in the hand soonest first."""
        place = wish.deliver_to if wish.place is None else wish.place
        floor = await self._floor(wish.event_id, place, now, step_free=wish.step_free)
        found = [
            one
            for outlet, kitchen in floor.kitchens.items()
            if kitchen.capacity.open
            and (kitchen.capacity.delivers or wish.deliver_to is None)
            and (one := _instead(floor, outlet, wish)) is not None
        ]

        def key(one: Offered) -> tuple[datetime, int, str]:
            walking_s = one.walking_s or 0
            return rules.in_hand_at(one.ready_at, floor.at, walking_s), walking_s, one.outlet

        return sorted(found, key=key)[:NEXT_MAX]

    async def delivery_s(self, wish: FoodWish) -> int | None:
        """How long a runner walks from the outlet to the place of a wish; None where it goes nowhere."""
        if wish.deliver_to is None or wish.deliver_to >= load_venue().places:
            return None
        async with self._db.connection() as conn:
            today = await venue.route_options(conn, step_free=False)
        return (await venue.walking_s(wish.deliver_to, today)).get(wish.outlet)

    async def _floor(
        self,
        event_id: UUID,
        place: int | None,
        now: datetime,
        *,
        step_free: bool = False,
        outlets: Sequence[str] | None = None,
    ) -> Floor:
        async with self._db.connection() as conn:
            opened = await opening(conn, event_id, now)
            catalogue = await self._catalogues.in_force(conn)
            kitchens = await store.kitchens(conn, outlets)
            plans: dict[str, Plan] = {}
            shelf = None
            if catalogue is not None and opened is not None:
                plans = await store.plans_of(conn, kitchens, catalogue, opened.at)
                stock = await store.stock_left(conn, list(kitchens))
                shelf = Shelf(catalogue, opened.event, opened.derogations, stock)
            today = await venue.route_options(conn, step_free=step_free)
        known = place is not None and place < load_venue().places
        walking_s = await venue.walking_s(place, today) if place is not None and known else None
        event, at = (None, now) if opened is None else (opened.event, opened.at)
        return Floor(event, at, kitchens, plans, shelf, walking_s)


def _offer(floor: Floor, kitchen: StoredKitchen) -> OutletOffer:
    """A kitchen as a fan sees it in the list."""
    capacity, walking_s = kitchen.capacity, None
    if floor.walking_s is not None:
        walking_s = floor.walking_s.get(kitchen.outlet)
    ready_at = None
    closed = Closed.CLOSED if not capacity.open or floor.event is None or floor.shelf is None else None
    if closed is None and floor.walking_s is not None and walking_s is None:
        closed = Closed.NO_WAY
    if closed is None and floor.event is not None:
        until = min(floor.at + SOON, floor.event.ends_at)
        fit = floor.plans[kitchen.outlet].soonest(rules.usual(capacity.per_five_minutes), 0, until)
        ready_at = None if fit is None else fit.ready_at
        closed = Closed.FULL if fit is None else None
    return OutletOffer(
        kitchen.outlet,
        outlet_name(kitchen.outlet),
        walking_s,
        capacity.delivers,
        ready_at,
        None if ready_at is None else rules.in_hand_at(ready_at, floor.at, walking_s or 0),
        capacity.note,
        closed,
    )


def _reading(offer: OutletOffer, now: datetime, *, sold_out: bool) -> Reading:
    """An outlet that has no time for anybody in the next hour is one where one waits that long."""
    wait = SOON if offer.ready_at is None else offer.ready_at - now
    state: Literal["open", "closed", "sold_out"]
    match offer.closed_reason:
        case Closed.CLOSED:
            state = "closed"
        case None | Closed.NO_WAY | Closed.FULL:
            state = "sold_out" if sold_out else "open"
        case unknown:
            assert_never(unknown)
    return Reading(Place("outlet", offer.outlet), state, wait.total_seconds())


def _instead(floor: Floor, outlet: str, wish: FoodWish) -> Offered | None:
    """When an outlet could make a wish, not before it was wanted; None where it cannot, or no way leads there."""
    if floor.shelf is None or floor.event is None:
        return None
    walking_s = None if floor.walking_s is None else floor.walking_s.get(outlet)
    if floor.walking_s is not None and walking_s is None:
        return None
    meal = meal_of(wish, outlet, floor.shelf, floor.at)
    if isinstance(meal, Refused):
        return None
    if rules.closed_of(meal.wanted, floor.kitchens[outlet].capacity.per_five_minutes):
        return None
    plan, wanted, preparation_s = floor.plans[outlet], meal.wanted, meal.preparation_s
    until = min((wish.slot_at or floor.at) + SOON, floor.event.ends_at)
    fit = (
        plan.soonest(wanted, preparation_s, until)
        if wish.slot_at is None
        else plan.at_or_after(wanted, preparation_s, wish.slot_at, until)
    )
    return None if fit is None else Offered(outlet, outlet_name(outlet), walking_s, fit.ready_at)


def outlet_name(code: str) -> Text:
    """What an outlet is called: by its code, and the stand that it is in."""
    ground = load_venue()
    stands = {stand.code: stand.name for stand in ground.stands}
    name = next((stands[outlet.stand] for outlet in ground.outlets if outlet.code == code), None)
    if name is None:
        return Text(code, code)
    return Text(f"Point de vente {code}, {name}", f"Food stand {code}, {name}")


def delivery_of(place: int | None) -> Delivery | None:
    """Where an order is brought to."""
    if place is None:
        return None
    label = load_venue().label(place)
    area = None if label.area_name is None else Text(label.area_name["fr"], label.area_name["en"])
    return Delivery(place, label.block, label.row, label.seat, area)


def view_of(order: Order) -> FoodOrder:
    """An order as its fan sees it."""
    arrives_at = None if order.delivery_s is None else order.promised_at + timedelta(seconds=order.delivery_s)
    return FoodOrder(
        order.id,
        order.event_id,
        order.outlet,
        outlet_name(order.outlet),
        order.number,
        order.state,
        list(order.lines),
        list(order.vat),
        order.total_cents,
        order.bonus_cents,
        Promise(order.promised_at, arrives_at),
        delivery_of(order.deliver_to),
        order.pick_up_code,
        order.placed_at,
        order.accept_by,
        order.accepted_at,
        order.ready_at,
        order.ended_at,
        order.reason,
        order.voucher_cents,
    )


async def orders_of(conn: Connection, person_id: UUID, before: datetime | None) -> list[FoodOrder]:
    """A person's orders, the latest first."""
    return [view_of(order) for order in await store.orders_of(conn, person_id, before, PAGE)]


async def order_of(conn: Connection, person_id: UUID, order_id: UUID) -> FoodOrder | None:
    """An order of a person's own; None where it is none of theirs."""
    order = (await store.orders(conn, [order_id])).get(order_id)
    return None if order is None or order.person_id != person_id else view_of(order)


async def export(conn: Connection, person_id: UUID) -> Any:
    """What is kept about what somebody ordered."""
    return [view_of(order) for order in await store.orders_of(conn, person_id, None, ALL)]
