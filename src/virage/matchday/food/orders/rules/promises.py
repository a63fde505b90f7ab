"""When an order can be ready: promised from what its kitchen says that it makes, and from what stands before it.

Time is cut into intervals of five minutes, by the clock. A kitchen says how many pieces each of its stations makes in
one. An order takes pieces out of intervals, and is promised for the end of the last one that it takes from. So no
interval is promised beyond its capacity. The counter hands orders over: it may say how many in five minutes, and then
no more are promised for one time, for food that is ready is of no use at the end of a queue.

What was promised for an interval that has passed and is not made yet stands before everything else, and so does what
the counter sells beside the orders, as far as the last minutes tell it.

It knows no database: a kitchen is an array of pieces by station and interval, so that all kitchens of a ground are
planned at once, and a simulation may do the same.
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
"""How far ahead is planned: five hours, from the doors to the end."""
SOON: Final = timedelta(hours=1)
"""Whoever wants food as soon as possible and would wait longer hears that the outlet is full."""
COUNTER_INTERVALS: Final = 3
"""For how many intervals the counter is taken to sell on as it did in the last one."""
FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""What was promised so long ago and nobody said ready stands before nothing any more."""
BOUNDLESS: Final = 1_000_000
STATIONS: Final = tuple(Station)
HANDED: Final = STATIONS.index(Station.COUNTER)
USUAL: Final = (Station.GRILL, Station.BAR)
"""What a usual basket has a piece of, where the kitchen makes it."""

Pieces = npt.NDArray[np.int64]
Wanted = Mapping[Station, int]


class Load(NamedTuple):
    """Pieces of an order that an interval was promised for; `waiting`: they are not made yet."""

    station: Station
    starts_at: datetime
    pieces: int
    waiting: bool = True


class Kitchen(NamedTuple):
    """What a kitchen says that it makes in five minutes, what stands, and what its counter sold in the last five."""

    per_five_minutes: Wanted
    loads: Sequence[Load] = ()
    counter: Wanted = MappingProxyType({})


class Take(NamedTuple):
    """Pieces that an order takes out of an interval."""

    station: Station
    starts_at: datetime
    pieces: int


class Fit(NamedTuple):
    """How an order is made: when it is ready, and out of which intervals."""

    ready_at: datetime
    takes: tuple[Take, ...]


class Plan:
    """What a kitchen can still make: `free[station, interval]`, the first interval being the one that runs."""

    __slots__ = ("free", "now", "starts_at")

    def __init__(self, now: datetime, free: Pieces) -> None:
        self.now = now
        self.starts_at = interval_of(now)
        self.free = free

    def end_of(self, interval: int) -> datetime:
        """When an interval ends."""
        return self.starts_at + INTERVAL * (interval + 1)

    def soonest(self, wanted: Wanted, preparation_s: int, until: datetime) -> Fit | None:
        """The earliest way to make an order and hand it over; None where it is not ready by then."""
        takes: list[Take] = []
        last = 0
        for station, pieces in made_of(wanted).items():
            row = self.free[STATIONS.index(station)]
            left = pieces
            for interval in np.flatnonzero(row):
                if left == 0:
                    break
                taken = min(left, int(row[interval]))
                takes.append(Take(station, self.starts_at + INTERVAL * int(interval), taken))
                left -= taken
                last = max(last, int(interval))
            if left:
                return None
        if Station.COUNTER in wanted:
            handed = np.flatnonzero(self.free[HANDED, last:])
            if not len(handed):
                return None
            last += int(handed[0])
            takes.append(self._handed(last))
        ready_at = max(self.end_of(last), self.now + timedelta(seconds=preparation_s))
        return Fit(ready_at, tuple(takes)) if ready_at <= until else None

    def at(self, wanted: Wanted, preparation_s: int, slot_at: datetime) -> Fit | None:
        """How to make an order for a time that an interval ends at, as late as can be, so that it is fresh."""
        last = (slot_at - self.starts_at) // INTERVAL - 1
        if not self.is_slot(slot_at) or slot_at < self.now + timedelta(seconds=preparation_s):
            return None
        takes: list[Take] = []
        if Station.COUNTER in wanted:
            if not self.free[HANDED, last]:
                return None
            takes.append(self._handed(last))
        for station, pieces in made_of(wanted).items():
            row = self.free[STATIONS.index(station)]
            left = pieces
            for interval in np.flatnonzero(row[: last + 1])[::-1]:
                if left == 0:
                    break
                taken = min(left, int(row[interval]))
                takes.append(Take(station, self.starts_at + INTERVAL * int(interval), taken))
                left -= taken
            if left:
                return None
        return Fit(slot_at, tuple(takes))

    def _handed(self, interval: int) -> Take:
        """One order handed over at the end of an interval."""
        return Take(Station.COUNTER, self.starts_at + INTERVAL * interval, 1)

    def at_or_after(self, wanted: Wanted, preparation_s: int, slot_at: datetime, until: datetime) -> Fit | None:
        """How to make an order for the first time from one on that there is room for; None where that is too late."""
        while slot_at <= until:
            fit = self.at(wanted, preparation_s, slot_at)
            if fit is not None:
                return fit
            slot_at += INTERVAL
        return None

    def is_slot(self, slot_at: datetime) -> bool:
        """Whether an interval that is planned ends then."""
        whole, rest = divmod(slot_at - self.starts_at, INTERVAL)
        return not rest and 1 <= whole <= self.free.shape[1]

    def take(self, fit: Fit) -> None:
        """Give an order what it takes: the next one finds what is left."""
        for one in fit.takes:
            self.free[STATIONS.index(one.station), (one.starts_at - self.starts_at) // INTERVAL] -= one.pieces

    def left_by(self) -> Pieces:
        """How many pieces of each station can still be made by the end of each interval, and handed over at it."""
        left: Pieces = np.cumsum(self.free, axis=1)
        left[HANDED] = self.free[HANDED]
        return left


def made_of(wanted: Wanted) -> dict[Station, int]:
    """What of an order is made; what the counter has is there."""
    return {station: pieces for station, pieces in wanted.items() if station is not Station.COUNTER}


def interval_of(moment: datetime) -> datetime:
    """When the interval of a moment began."""
    seconds = int(INTERVAL.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def plans(kitchens: Sequence[Kitchen], now: datetime) -> list[Plan]:
    """What each of some kitchens can still make, all at once."""
    capacity = np.array([_row(kitchen.per_five_minutes, bounded=False) for kitchen in kitchens], np.int64)
    counter = np.array([_row(made_of(kitchen.counter)) for kitchen in kitchens], np.int64)
    backlog, waiting, taken = _standing(kitchens, interval_of(now))
    free = _free(_makes(capacity, counter, _left_of_now(now)), backlog, waiting)
    # What is made already was promised of its interval too: no piece of it is promised twice.
    bounded = np.minimum(free, np.maximum(capacity[:, :, None] - taken, 0))
    return [Plan(now, bounded[at]) for at in range(len(kitchens))]


def plan(kitchen: Kitchen, now: datetime) -> Plan:
    """What one kitchen can still make."""
    return plans([kitchen], now)[0]


def _row(wanted: Wanted, *, bounded: bool = True) -> list[int]:
    """Pieces by station; the counter hands over without a bound unless it says one."""
    missing = {} if bounded else {Station.COUNTER: BOUNDLESS}
    return [wanted.get(station, missing.get(station, 0)) for station in STATIONS]


def _left_of_now(now: datetime) -> float:
    """Which part of the interval that runs is still to come."""
    return 1.0 - (now - interval_of(now)) / INTERVAL


def _standing(kitchens: Sequence[Kitchen], first: datetime) -> tuple[Pieces, Pieces, Pieces]:
    """What stands of intervals that have passed, what waits in those to come, and all that was taken of these."""
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


def _makes(capacity: Pieces, counter: Pieces, left_of_now: float) -> Pieces:
    """What each station makes for orders in each interval: less what its counter is taken to sell."""
    part = np.ones(INTERVALS)
    part[0] = left_of_now
    sells = (np.arange(INTERVALS) < COUNTER_INTERVALS) * part
    makes = np.floor(capacity[:, :, None] * part) - np.ceil(counter[:, :, None] * sells)
    whole: Pieces = np.maximum(makes, 0).astype(np.int64)
    return whole


def _free(makes: Pieces, backlog: Pieces, waiting: Pieces) -> Pieces:
    """Pour what stands into the intervals in order, what does not fit into the next one: what is left is free."""
    free = np.zeros_like(waiting)
    carried = backlog
    for interval in range(waiting.shape[2]):
        stands = carried + waiting[:, :, interval]
        made = np.minimum(stands, makes[:, :, interval])
        carried = stands - made
        free[:, :, interval] = makes[:, :, interval] - made
    return free


def wanted_of(lines: Iterable[PricedLine], catalogue: Catalogue, *, delivered: bool) -> tuple[dict[Station, int], int]:
    """What a basket asks of each station, and the seconds that its slowest product needs at least.

    The counter hands it over once, whatever is in it; what a runner brings it does not.
    """
    wanted: dict[Station, int] = {} if delivered else {Station.COUNTER: 1}
    preparation_s = 0
    for line in lines:
        product = catalogue.product(line.item_id)
        if product is not None:
            preparation_s = max(preparation_s, product.preparation_s)
            if product.station is not Station.COUNTER:
                wanted[product.station] = wanted.get(product.station, 0) + line.quantity
    return wanted, preparation_s


def counter_of(sold: Mapping[UUID, int], catalogue: Catalogue) -> dict[Station, int]:
    """What a counter asked of each station, by the products that it sold."""
    found: dict[Station, int] = {}
    for product_id, pieces in sold.items():
        product = catalogue.product(product_id)
        if product is not None and pieces > 0:
            found[product.station] = found.get(product.station, 0) + pieces
    return found


def usual(per_five_minutes: Wanted) -> dict[Station, int]:
    """A usual basket at a kitchen: a piece of what it makes of the usual, handed over at the counter."""
    return {Station.COUNTER: 1} | {station: 1 for station in USUAL if per_five_minutes.get(station)}


def closed_of(wanted: Wanted, per_five_minutes: Wanted) -> list[Station]:
    """The stations of an order at which a kitchen makes nothing."""
    return [station for station in wanted if station is not Station.COUNTER and not per_five_minutes.get(station)]


def in_hand_at(ready_at: datetime, now: datetime, walking_s: int, *, delivered: bool = False) -> datetime:
    """When a fan has the food: at the outlet once both are there, or at their place once it was brought."""
    walked = timedelta(seconds=walking_s)
    return ready_at + walked if delivered else max(ready_at, now + walked)
