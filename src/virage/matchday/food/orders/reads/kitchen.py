"""Food orders as kitchens and the office see them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from virage.matchday.food.menu.api import Catalogues, terms_at
from virage.matchday.food.menu.types import Station, zone_name
from virage.matchday.food.orders import store
from virage.matchday.food.orders.reads.orders import DeliveryPlace, delivery_place, outlet_name, venues_of_events
from virage.matchday.food.orders.rules.orders import (
    CODE_TRIES_MAX,
    FoodLine,
    FoodState,
    KitchenCapacity,
    Order,
    OutletTimingStats,
    TimingStats,
)
from virage.matchday.food.orders.rules.planning import INTERVAL, STATIONS, counter_demand, interval_of
from virage.platform.data.database import Connection
from virage.site.programme.types import Text
from virage.site.venue import api as venue
from virage.site.venue.types import Route, RouteOptions, Venue, owner_of

ENDED_SHOWN: Final = timedelta(minutes=15)
LOAD_SHOWN: Final = 12
CLOSED: Final = KitchenCapacity({}, open=False)
NO_TIMING: Final = TimingStats(0, None, None, 0)


class KitchenTicket(Struct, frozen=True):
    """An order as its kitchen sees it. `age_limit` above zero requires an age check at the handover."""

    id: UUID
    number: int
    state: FoodState
    stations: list[Station]
    lines: list[FoodLine]
    age_limit: int
    placed_at: datetime
    accept_by: datetime
    promised_at: datetime
    accepted_at: datetime | None
    ready_at: datetime | None
    ended_at: datetime | None
    deliver_to: DeliveryPlace | None
    code_tries_left: int


class StationLoad(Struct, frozen=True):
    """Capacity of a station in five minutes, and the pieces used by counter sales and by orders."""

    capacity: int
    counter: int
    orders: int


class KitchenInterval(Struct, frozen=True):
    """Load of a kitchen in one interval of five minutes."""

    starts_at: datetime
    stations: dict[Station, StationLoad]


class KitchenBoard(Struct, frozen=True):
    """A kitchen's screen: tickets by pick-up time, capacity and load.

    `promise_error` has the timing statistics of the current event. `time_zone` is the IANA name of the venue's zone;
    absent for Europe/Paris.
    """

    now: datetime
    outlet: str
    name: Text
    tickets: list[KitchenTicket]
    capacity: KitchenCapacity
    load: list[KitchenInterval]
    promise_error: TimingStats
    time_zone: str | UnsetType = UNSET


class DeliveryStop(Struct, frozen=True):
    """A ready order to deliver."""

    order_id: UUID
    number: int
    place: DeliveryPlace
    promised_at: datetime
    ready_at: datetime
    age_limit: int


class DeliveryRun(Struct, frozen=True):
    """Deliveries to one block or standing area, row by row, with the route to the first stop."""

    block: str
    stops: list[DeliveryStop]
    way: Route | None


class PlannedRun(Struct, frozen=True):
    """A run without its route, and the venue that the route is computed in."""

    venue: Venue
    run: DeliveryRun


async def board(conn: Connection, catalogues: Catalogues, outlet: str, late: timedelta, now: datetime) -> KitchenBoard:
    """Return a kitchen's screen; ended orders stay on it for 15 minutes."""
    kitchen = (await store.kitchens(conn, [outlet])).get(outlet)
    orders = await store.kitchen_orders(conn, outlet, now - ENDED_SHOWN)
    event = (await terms_at(conn, outlet, now)).event
    if event is not None:
        ground = await venue.venue_at(conn, event.venue_version)
    else:
        venues = await venue.venues(conn)
        ground = owner_of(venues, outlet) or venues[0]
    kept = [] if event is None else await store.timing_stats(conn, [outlet], broken_after=late, event_id=event.id)
    error = TimingStats(kept[0].orders, kept[0].p50_s, kept[0].p90_s, kept[0].broken) if kept else NO_TIMING
    capacity = CLOSED if kitchen is None else kitchen.capacity
    load = await _load(conn, catalogues, outlet, capacity, now)
    tickets = await tickets_of(conn, orders)
    name = outlet_name(ground, outlet)
    return KitchenBoard(now, outlet, name, tickets, capacity, load, error, zone_name(ground))


async def _load(
    conn: Connection, catalogues: Catalogues, outlet: str, capacity: KitchenCapacity, now: datetime
) -> list[KitchenInterval]:
    """Return the load of the next hour: orders, and counter sales at the rate of the last five minutes."""
    catalogue = await catalogues.in_force(conn)
    first = interval_of(now)
    sold = (await store.counter_sales(conn, [outlet], now - INTERVAL)).get(outlet, {})
    counter = {} if catalogue is None else counter_demand(sold, catalogue)
    taken: dict[tuple[datetime, Station], int] = {}
    for load in (await store.loads(conn, [outlet], first, first)).get(outlet, []):
        taken[load.starts_at, load.station] = taken.get((load.starts_at, load.station), 0) + load.pieces
    busy = {station for _, station in taken} | set(counter) | set(capacity.per_five_minutes)
    stations = [station for station in STATIONS if station in busy]
    return [
        KitchenInterval(
            at,
            {
                station: StationLoad(
                    capacity.per_five_minutes.get(station, 0), counter.get(station, 0), taken.get((at, station), 0)
                )
                for station in stations
            },
        )
        for at in (first + INTERVAL * number for number in range(LOAD_SHOWN))
    ]


async def tickets_of(conn: Connection, orders: Sequence[Order]) -> list[KitchenTicket]:
    """Return orders as their kitchen sees them; only deliveries need the venue of their event."""
    grounds = await venues_of_events(conn, {order.event_id for order in orders if order.deliver_to is not None})
    return [_ticket(order, grounds.get(order.event_id)) for order in orders]


def _ticket(order: Order, ground: Venue | None) -> KitchenTicket:
    asked = {line.station for line in order.lines}
    return KitchenTicket(
        order.id,
        order.number,
        order.state,
        [station for station in STATIONS if station in asked],
        list(order.lines),
        order.age_limit,
        order.placed_at,
        order.accept_by,
        order.promised_at,
        order.accepted_at,
        order.ready_at,
        order.ended_at,
        None if ground is None or order.deliver_to is None else delivery_place(ground, order.deliver_to),
        CODE_TRIES_MAX - min(order.code_misses, CODE_TRIES_MAX),
    )


async def runs(conn: Connection, outlet: str, now: datetime) -> tuple[list[PlannedRun], RouteOptions]:
    """Return deliveries by block without routes, and the passages open today."""
    ready = [
        order
        for order in await store.kitchen_orders(conn, outlet, now)
        if order.state is FoodState.READY and order.deliver_to is not None
    ]
    grounds = await venues_of_events(conn, {order.event_id for order in ready})
    blocks: dict[tuple[Venue, str], list[DeliveryStop]] = {}
    for order in ready:
        if order.deliver_to is not None and order.ready_at is not None:
            ground = grounds[order.event_id]
            place = delivery_place(ground, order.deliver_to)
            stop = DeliveryStop(order.id, order.number, place, order.promised_at, order.ready_at, order.age_limit)
            block = place.block or (next(iter(place.area.values()), "") if place.area else "")
            blocks.setdefault((ground, block), []).append(stop)
    found = [
        PlannedRun(ground, DeliveryRun(block, sorted(s, key=_by_place), None)) for (ground, block), s in blocks.items()
    ]
    found.sort(key=lambda planned: min(stop.promised_at for stop in planned.run.stops))
    return found, await venue.route_options(conn, step_free=False)


async def with_way(planned: PlannedRun, outlet: str, today: RouteOptions) -> DeliveryRun:
    """Return a run with the route to its first stop. Computed without holding a database connection."""
    run = planned.run
    way = await venue.route_from_outlet(planned.venue, outlet, run.stops[0].place.place, today)
    return DeliveryRun(run.block, run.stops, way)


def _by_place(stop: DeliveryStop) -> int:
    """Return the sort key of a stop: places are numbered row by row."""
    return stop.place.place


async def timing_stats(
    conn: Connection,
    outlets: list[str] | None,
    late: timedelta,
    *,
    event_id: UUID | None,
    since: datetime | None,
    until: datetime | None,
) -> list[OutletTimingStats]:
    """Return the order timing of outlets; None for all."""
    return await store.timing_stats(conn, outlets, broken_after=late, event_id=event_id, since=since, until=until)


async def capacities(conn: Connection) -> dict[str, KitchenCapacity]:
    """Return the capacity of kitchens by outlet; kitchens without one are missing."""
    return {outlet: kitchen.capacity for outlet, kitchen in (await store.kitchens(conn)).items()}
