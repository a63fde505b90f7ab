"""Planning of pick-up times from the capacity of a kitchen and its backlog.

Time is divided into intervals of five minutes. A kitchen states how many pieces each station makes in an interval. An
order allocates pieces in intervals; its pick-up time is the end of the last one. No interval is allocated beyond its
capacity. The counter may limit the handovers of an interval, so that ready food does not wait in a queue.

Unfinished pieces of past intervals come first, and so do expected counter sales, estimated from the last minutes.

Pure code: a kitchen is an array of pieces by station and interval. All kitchens of a venue are planned at once; the
half-time benchmark simulates them the same way.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt

from virage.matchday.food.menu.types import Catalogue, PricedLine, Station

INTERVAL: Final = timedelta(minutes=5)
INTERVALS: Final = 60
"""Planning horizon: five hours, from the doors to the end."""
WAIT_MAX: Final = timedelta(hours=1)
"""An outlet is full for an order as soon as possible that would wait longer."""
COUNTER_INTERVALS: Final = 3
"""Number of intervals for which counter sales are expected to continue at the last rate."""
BACKLOG_MAX_AGE: Final = timedelta(hours=1)
"""Older unfinished orders are no longer counted as backlog."""
UNLIMITED: Final = 1_000_000
STATIONS: Final = tuple(Station)
COUNTER_ROW: Final = STATIONS.index(Station.COUNTER)
USUAL_STATIONS: Final = (Station.GRILL, Station.BAR)
"""A typical basket has a piece of each of these stations that the kitchen has."""

Pieces = npt.NDArray[np.int64]
Demand = Mapping[Station, int]


class Load(NamedTuple):
    """Pieces of an order allocated in an interval; `waiting` if they are not made yet."""

    station: Station
    starts_at: datetime
    pieces: int
    waiting: bool = True


class Kitchen(NamedTuple):
    """Capacity of a kitchen in five minutes, its allocated pieces, and its counter sales of the last five minutes."""

    per_five_minutes: Demand
    loads: Sequence[Load] = ()
    counter: Demand = MappingProxyType({})


class Allocation(NamedTuple):
    """Pieces allocated to an order in an interval."""

    station: Station
    starts_at: datetime
    pieces: int


class Schedule(NamedTuple):
    """When an order is ready, and its allocations."""

    ready_at: datetime
    allocations: tuple[Allocation, ...]


class Plan:
    """Free capacity of a kitchen: `free[station, interval]`; the first interval is the current one."""

    __slots__ = ("free", "now", "starts_at")

    def __init__(self, now: datetime, free: Pieces) -> None:
        self.now = now
        self.starts_at = interval_of(now)
        self.free = free

    def end_of(self, interval: int) -> datetime:
        """Return the end of an interval."""
        return self.starts_at + INTERVAL * (interval + 1)

    def soonest(self, demand: Demand, preparation_s: int, until: datetime) -> Schedule | None:
        """Return the earliest schedule of an order; None if it is not ready by `until`."""
        allocations: list[Allocation] = []
        last = 0
        for station, pieces in kitchen_demand(demand).items():
            row = self.free[STATIONS.index(station)]
            left = pieces
            for interval in np.flatnonzero(row):
                if left == 0:
                    break
                taken = min(left, int(row[interval]))
                allocations.append(Allocation(station, self.starts_at + INTERVAL * int(interval), taken))
                left -= taken
                last = max(last, int(interval))
            if left:
                return None
        if Station.COUNTER in demand:
            handed = np.flatnonzero(self.free[COUNTER_ROW, last:])
            if not len(handed):
                return None
            last += int(handed[0])
            allocations.append(self._hand_over(last))
        ready_at = max(self.end_of(last), self.now + timedelta(seconds=preparation_s))
        return Schedule(ready_at, tuple(allocations)) if ready_at <= until else None

    def at(self, demand: Demand, preparation_s: int, slot_at: datetime) -> Schedule | None:
        """Return the schedule for a pick-up time, as late as possible so that the food is fresh; None if full."""
        last = (slot_at - self.starts_at) // INTERVAL - 1
        if not self.is_slot(slot_at) or slot_at < self.now + timedelta(seconds=preparation_s):
            return None
        allocations: list[Allocation] = []
        if Station.COUNTER in demand:
            if not self.free[COUNTER_ROW, last]:
                return None
            allocations.append(self._hand_over(last))
        for station, pieces in kitchen_demand(demand).items():
            row = self.free[STATIONS.index(station)]
            left = pieces
            for interval in np.flatnonzero(row[: last + 1])[::-1]:
                if left == 0:
                    break
                taken = min(left, int(row[interval]))
                allocations.append(Allocation(station, self.starts_at + INTERVAL * int(interval), taken))
                left -= taken
            if left:
                return None
        return Schedule(slot_at, tuple(allocations))

    def _hand_over(self, interval: int) -> Allocation:
        """Return the allocation of one handover at the end of an interval."""
        return Allocation(Station.COUNTER, self.starts_at + INTERVAL * interval, 1)

    def at_or_after(self, demand: Demand, preparation_s: int, slot_at: datetime, until: datetime) -> Schedule | None:
        """Return the schedule for the first free pick-up time from `slot_at`; None after `until`."""
        while slot_at <= until:
            schedule = self.at(demand, preparation_s, slot_at)
            if schedule is not None:
                return schedule
            slot_at += INTERVAL
        return None

    def is_slot(self, slot_at: datetime) -> bool:
        """Whether a planned interval ends at this time."""
        whole, rest = divmod(slot_at - self.starts_at, INTERVAL)
        return not rest and 1 <= whole <= self.free.shape[1]

    def allocate(self, schedule: Schedule) -> None:
        """Allocate the pieces of a schedule."""
        for taken in schedule.allocations:
            self.free[STATIONS.index(taken.station), (taken.starts_at - self.starts_at) // INTERVAL] -= taken.pieces

    def capacity_by(self) -> Pieces:
        """Return the free pieces of each station up to each interval; for the counter, those of the interval."""
        left: Pieces = np.cumsum(self.free, axis=1)
        left[COUNTER_ROW] = self.free[COUNTER_ROW]
        return left


def kitchen_demand(demand: Demand) -> dict[Station, int]:
    """Return the demand on the kitchen, without the counter."""
    return {station: pieces for station, pieces in demand.items() if station is not Station.COUNTER}


def interval_of(moment: datetime) -> datetime:
    """Return the start of the interval of a time."""
    seconds = int(INTERVAL.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def plans(kitchens: Sequence[Kitchen], now: datetime) -> list[Plan]:
    """Return the plans of kitchens, computed together."""
    capacity = np.array([_row(kitchen.per_five_minutes, bounded=False) for kitchen in kitchens], np.int64)
    counter = np.array([_row(kitchen_demand(kitchen.counter)) for kitchen in kitchens], np.int64)
    backlog, waiting, taken = _orders_in_intervals(kitchens, interval_of(now))
    free = _free_capacity(_order_capacity(capacity, counter, _left_of_now(now)), backlog, waiting)
    # Finished pieces still count in their interval, so that no piece is allocated twice.
    bounded = np.minimum(free, np.maximum(capacity[:, :, None] - taken, 0))
    return [Plan(now, bounded[at]) for at in range(len(kitchens))]


def plan(kitchen: Kitchen, now: datetime) -> Plan:
    """Return the plan of one kitchen."""
    return plans([kitchen], now)[0]


def _row(demand: Demand, *, bounded: bool = True) -> list[int]:
    """Return pieces by station; the counter is unlimited unless it has a value or `bounded`."""
    missing = {} if bounded else {Station.COUNTER: UNLIMITED}
    return [demand.get(station, missing.get(station, 0)) for station in STATIONS]


def _left_of_now(now: datetime) -> float:
    """Return the remaining fraction of the current interval."""
    return 1.0 - (now - interval_of(now)) / INTERVAL


def _orders_in_intervals(kitchens: Sequence[Kitchen], first: datetime) -> tuple[Pieces, Pieces, Pieces]:
    """Return the backlog of past intervals, the waiting pieces and all allocated pieces of the coming ones."""
    shape = (len(kitchens), len(STATIONS))
    backlog = np.zeros(shape, np.int64)
    waiting, taken = np.zeros((*shape, INTERVALS), np.int64), np.zeros((*shape, INTERVALS), np.int64)
    for at, kitchen in enumerate(kitchens):
        for load in kitchen.loads:
            station, interval = STATIONS.index(load.station), (load.starts_at - first) // INTERVAL
            if interval < 0:
                backlog[at, station] += load.pieces * load.waiting
            elif interval < INTERVALS:
                waiting[at, station, interval] += load.pieces * load.waiting
                taken[at, station, interval] += load.pieces
    return backlog, waiting, taken


def _order_capacity(capacity: Pieces, counter: Pieces, left_of_now: float) -> Pieces:
    """Return the capacity for orders by interval: capacity less expected counter sales."""
    part = np.ones(INTERVALS)
    part[0] = left_of_now
    sells = (np.arange(INTERVALS) < COUNTER_INTERVALS) * part
    makes = np.floor(capacity[:, :, None] * part) - np.ceil(counter[:, :, None] * sells)
    whole: Pieces = np.maximum(makes, 0).astype(np.int64)
    return whole


def _free_capacity(makes: Pieces, backlog: Pieces, waiting: Pieces) -> Pieces:
    """Fill the intervals with the backlog, carrying over the excess; return the remaining capacity."""
    free = np.zeros_like(waiting)
    carried = backlog
    for interval in range(waiting.shape[2]):
        stands = carried + waiting[:, :, interval]
        made = np.minimum(stands, makes[:, :, interval])
        carried = stands - made
        free[:, :, interval] = makes[:, :, interval] - made
    return free


def demand_of(lines: Iterable[PricedLine], catalogue: Catalogue, *, delivered: bool) -> tuple[dict[Station, int], int]:
    """Return the pieces of a basket by station, and the preparation time of its slowest product in seconds.

    A pick-up needs one handover at the counter; a delivery needs none.
    """
    demand: dict[Station, int] = {} if delivered else {Station.COUNTER: 1}
    preparation_s = 0
    for line in lines:
        product = catalogue.product(line.item_id)
        if product is not None:
            preparation_s = max(preparation_s, product.preparation_s)
            if product.station is not Station.COUNTER:
                demand[product.station] = demand.get(product.station, 0) + line.quantity
    return demand, preparation_s


def counter_demand(sold: Mapping[UUID, int], catalogue: Catalogue) -> dict[Station, int]:
    """Return the pieces by station that a counter sold."""
    found: dict[Station, int] = {}
    for product_id, pieces in sold.items():
        product = catalogue.product(product_id)
        if product is not None and pieces > 0:
            found[product.station] = found.get(product.station, 0) + pieces
    return found


def usual_demand(per_five_minutes: Demand) -> dict[Station, int]:
    """Return the demand of a typical basket at a kitchen."""
    return {Station.COUNTER: 1} | {station: 1 for station in USUAL_STATIONS if per_five_minutes.get(station)}


def closed_stations(demand: Demand, per_five_minutes: Demand) -> list[Station]:
    """Return the stations of an order for which the kitchen has no capacity."""
    return [station for station in demand if station is not Station.COUNTER and not per_five_minutes.get(station)]


def in_hand_at(ready_at: datetime, now: datetime, walking_s: int, *, delivered: bool = False) -> datetime:
    """Return when the fan has the food: after walking to the outlet, or after the delivery."""
    walked = timedelta(seconds=walking_s)
    return ready_at + walked if delivered else max(ready_at, now + walked)
