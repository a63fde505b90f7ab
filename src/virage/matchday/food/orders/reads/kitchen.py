"""Orders as their kitchens and the office see them."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu.api import Catalogues, terms_at
from virage.matchday.food.menu.types import Station
from virage.matchday.food.orders import store
from virage.matchday.food.orders.reads.orders import Delivery, delivery_of, outlet_name
from virage.matchday.food.orders.rules.orders import (
    CODE_TRIES_MAX,
    Capacity,
    FoodLine,
    FoodState,
    Order,
    OutletPromises,
    PromiseError,
)
from virage.matchday.food.orders.rules.promises import INTERVAL, STATIONS, counter_of, interval_of
from virage.platform.data.database import Connection
from virage.site.programme.types import Text
from virage.site.venue import api as venue
from virage.site.venue.types import Route, RouteOptions

ENDED_SHOWN: Final = timedelta(minutes=15)
LOAD_SHOWN: Final = 12
CLOSED: Final = Capacity({}, open=False)
NO_PROMISES: Final = PromiseError(0, None, None, 0)


class KitchenTicket(Struct, frozen=True):
    """An order as its kitchen sees it. `age_limit` above zero: whoever hands it over checks the age."""

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
    deliver_to: Delivery | None
    code_tries_left: int


class StationLoad(Struct, frozen=True):
    """What a station can make in five minutes, and how many pieces the counter and orders take of it."""

    capacity: int
    counter: int
    orders: int


class KitchenInterval(Struct, frozen=True):
    """Five minutes of a kitchen."""

    starts_at: datetime
    stations: dict[Station, StationLoad]


class KitchenBoard(Struct, frozen=True):
    """A kitchen's screen: what is before it, oldest promise first, what it said that it can make, its load.

    `promise_error` is that of the event that is on.
    """

    now: datetime
    outlet: str
    name: Text
    tickets: list[KitchenTicket]
    capacity: Capacity
    load: list[KitchenInterval]
    promise_error: PromiseError


class Stop(Struct, frozen=True):
    """An order that is ready and goes to a place."""

    order_id: UUID
    number: int
    place: Delivery
    promised_at: datetime
    ready_at: datetime
    age_limit: int


class Run(Struct, frozen=True):
    """What a runner takes to one block (or standing area), row by row, with the way to its first stop."""

    block: str
    stops: list[Stop]
    way: Route | None


async def board(conn: Connection, catalogues: Catalogues, outlet: str, late: timedelta, now: datetime) -> KitchenBoard:
    """A kitchen's screen; what ended stays on it for a quarter of an hour."""
    kitchen = (await store.kitchens(conn, [outlet])).get(outlet)
    orders = await store.orders_before(conn, outlet, now - ENDED_SHOWN)
    event = (await terms_at(conn, now)).event
    kept = [] if event is None else await store.promises(conn, [outlet], broken_after=late, event_id=event.id)
    error = PromiseError(kept[0].orders, kept[0].p50_s, kept[0].p90_s, kept[0].broken) if kept else NO_PROMISES
    capacity = CLOSED if kitchen is None else kitchen.capacity
    load = await _load(conn, catalogues, outlet, capacity, now)
    return KitchenBoard(now, outlet, outlet_name(outlet), [ticket_of(order) for order in orders], capacity, load, error)


async def _load(
    conn: Connection, catalogues: Catalogues, outlet: str, capacity: Capacity, now: datetime
) -> list[KitchenInterval]:
    """What orders take of the next hour, and what the counter sold in the last five minutes beside them."""
    catalogue = await catalogues.in_force(conn)
    first = interval_of(now)
    sold = (await store.counter_sales(conn, [outlet], now - INTERVAL)).get(outlet, {})
    counter = {} if catalogue is None else counter_of(sold, catalogue)
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


def ticket_of(order: Order) -> KitchenTicket:
    """An order as its kitchen sees it."""
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
        delivery_of(order.deliver_to),
        CODE_TRIES_MAX - min(order.code_misses, CODE_TRIES_MAX),
    )


async def runs(conn: Connection, outlet: str, now: datetime) -> tuple[list[Run], RouteOptions]:
    """What runners carry, block by block without its way, and what they can pass today."""
    blocks: dict[str, list[Stop]] = {}
    for order in await store.orders_before(conn, outlet, now):
        place = delivery_of(order.deliver_to)
        if order.state is FoodState.READY and order.ready_at is not None and place is not None:
            stop = Stop(order.id, order.number, place, order.promised_at, order.ready_at, order.age_limit)
            blocks.setdefault(place.block or (place.area.fr if place.area else ""), []).append(stop)
    found = [Run(block, sorted(stops, key=_along), None) for block, stops in blocks.items()]
    found.sort(key=lambda run: min(stop.promised_at for stop in run.stops))
    return found, await venue.route_options(conn, step_free=False)


async def with_way(run: Run, outlet: str, today: RouteOptions) -> Run:
    """A run with the way to its first stop; the graph is asked while nobody holds a connection."""
    return Run(run.block, run.stops, await venue.route_from_outlet(outlet, run.stops[0].place.place, today))


def _along(stop: Stop) -> int:
    """Places are numbered row by row."""
    return stop.place.place


async def promises(
    conn: Connection,
    outlets: list[str] | None,
    late: timedelta,
    *,
    event_id: UUID | None,
    since: datetime | None,
    until: datetime | None,
) -> list[OutletPromises]:
    """How well outlets kept what they promised; None asks for all of them."""
    return await store.promises(conn, outlets, broken_after=late, event_id=event_id, since=since, until=until)


async def capacities(conn: Connection) -> dict[str, Capacity]:
    """What kitchens said, by their outlets; one that never said anything is missing."""
    return {outlet: kitchen.capacity for outlet, kitchen in (await store.kitchens(conn)).items()}
