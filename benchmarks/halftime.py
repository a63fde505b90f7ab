"""A half-time at all outlets, on the venue's own walking graph and with the rules that promise
times, faster than real time.

    python -m benchmarks.halftime [--quick]

A model, not a measurement of people: its assumptions are in `Assumed`, are printed, and are varied.
Every customer leaves their seat in the first minutes and walks (`venue.rules.routing`). Fans who
have not ordered queue at a nearby outlet. Fans who ordered were promised a time by
`food.orders.rules.promises`; they come at that time, or when notified that the order is ready.
Kitchens make a little more or less than their capacity. Every five minutes the unfinished orders
are planned before the next promise, as in the real system.
"""

import heapq
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict, replace

from benchmarks import common
from virage.demo.venues.drawing import stadium
from virage.matchday.food.menu.rules.catalogue import Station
from virage.matchday.food.orders.rules.planning import (
    INTERVAL,
    Allocation,
    Kitchen,
    Load,
    Plan,
    Schedule,
    in_hand_at,
    interval_of,
    plans,
)
from virage.site.venue.rules.routing import RouteOptions, outlets_from, route_table

HALF_TIME = datetime(2026, 5, 9, 19, 50, tzinfo=UTC)
RESTART = HALF_TIME + timedelta(minutes=15)
ORDERS_FROM = HALF_TIME - timedelta(minutes=30)
NEAR = 6
"""So many outlets, the nearest ones, are weighed against each other."""
SLOTS = 3
"""Orders are made for the whistle, and for five and ten minutes after it."""
LATE = timedelta(minutes=10)
"""A promise that is broken by so much is worth a voucher."""
AHEAD = (0.0, 0.25, 0.5)
VARIED: list[dict[str, Any]] = [
    {},
    {"cash": 0.0},
    {"cash": 0.3},
    {"wanting": 0.5},
    {"points": 240},
    {"up_after_s": 60.0},
    {"kitchen_spread": 0.4},
    {"handed_per_five_minutes": 50},
    {"grill_per_five_minutes": 30, "bar_per_five_minutes": 60},
]


class Assumed(Struct, frozen=True, kw_only=True):
    """The model's assumptions about people, outlets and kitchens."""

    fans: int = 59_186
    wanting: float = 0.40
    """Which part of them wants something at half-time."""
    points: int = 300
    """Payment points of all outlets together."""
    cashless_s: float = 8.0
    cash_s: float = 27.0
    cash: float = 0.10
    """Which part pays in cash."""
    hand_over_s: float = 4.0
    """What it takes to hand over an order that is ready, by its code."""
    spread: float = 0.35
    """Of each of these times (the sigma of a log-normal)."""
    up_after_s: float = 180.0
    """Time by which all fans who go have left their seats."""
    drinks: float = 0.75
    """Share of these fans who want something from the bar; all others go to the grill."""
    drinks_and_food: float = 0.4
    """Share of those who want something from the grill too."""
    nearest: float = 0.7
    """Which part goes to the nearest outlet; the others to the next one."""
    ahead: float = 0.0
    """Which part of them has ordered ahead."""
    grill_per_five_minutes: int = 60
    bar_per_five_minutes: int = 120
    """What the kitchen of an outlet says that it makes for orders."""
    handed_per_five_minutes: int = 100
    """How many orders its counter says that it hands over."""
    kitchen_spread: float = 0.15
    """How far an interval of a kitchen is from what it says."""


class Fan(NamedTuple):
    """A customer: their seat, when they get up, and the ways to the nearby outlets."""

    up_at: datetime
    near: Sequence[tuple[int, str]]
    wanted: dict[Station, int]


class Order(NamedTuple):
    """A promised order and its outlet."""

    fan: Fan
    outlet: str
    walking_s: int
    promised_at: datetime
    number: int


class Served(NamedTuple):
    """How long a fan stood in the queue of an outlet, and when they had their food."""

    outlet: str
    queued_s: float
    at: datetime


def crowd(assumed: Assumed, chance: random.Random) -> list[Fan]:
    """All customers, all over the venue."""
    ground = stadium()
    found = route_table(ground, RouteOptions())
    places = chance.sample(range(ground.seats), round(assumed.fans * assumed.wanting))
    fans = []
    for place in places:
        near = sorted((seconds, outlet) for outlet, seconds in outlets_from(found, place).items())[:NEAR]
        up_at = HALF_TIME + timedelta(seconds=chance.triangular(0, assumed.up_after_s, assumed.up_after_s / 3))
        drinks = {Station.BAR: 1} if chance.random() < assumed.drinks else {}
        food = {Station.GRILL: 1} if not drinks or chance.random() < assumed.drinks_and_food else {}
        fans.append(Fan(up_at, near, {Station.COUNTER: 1} | drinks | food))
    return fans


class Kitchens:
    """All kitchens over the evening: their promises, and what they made when."""

    def __init__(self, assumed: Assumed, outlets: Sequence[str], chance: random.Random) -> None:
        self._makes = {Station.GRILL: assumed.grill_per_five_minutes, Station.BAR: assumed.bar_per_five_minutes}
        self._said = {Station.COUNTER: assumed.handed_per_five_minutes} | self._makes
        self._spread, self._chance = assumed.kitchen_spread, chance
        self._waiting: dict[str, list[tuple[Allocation, int]]] = {outlet: [] for outlet in outlets}
        self._handed: dict[str, list[Load]] = {outlet: [] for outlet in outlets}
        self._left: dict[int, int] = {}
        self.ready_at: dict[int, datetime] = {}
        self.plans: dict[str, Plan] = {}
        self.look(ORDERS_FROM)

    def look(self, now: datetime) -> None:
        """Plan the unfinished orders again, as the system does with each order."""
        kitchens = [
            Kitchen(self._said, [*self._handed[outlet], *(Load(*take) for take, _ in takes)])
            for outlet, takes in self._waiting.items()
        ]
        self.plans = dict(zip(self._waiting, plans(kitchens, now), strict=True))

    def promise(self, outlet: str, number: int, fit: Schedule) -> None:
        """Remove an order's pieces from the intervals that it was promised."""
        self.plans[outlet].allocate(fit)
        self._handed[outlet] += [
            Load(*take, waiting=False) for take in fit.allocations if take.station is Station.COUNTER
        ]
        made = [take for take in fit.allocations if take.station is not Station.COUNTER]
        self._waiting[outlet] += [(take, number) for take in made]
        self._left[number] = sum(take.pieces for take in made)

    def make(self, starts_at: datetime) -> None:
        """Make an interval: each station makes its waiting orders in sequence, at about its
        capacity.
        """
        for outlet, takes in self._waiting.items():
            takes.sort(key=lambda one: (one[0].starts_at, one[1]))
            later: list[tuple[Allocation, int]] = []
            for station, said in self._makes.items():
                makes = round(said * self._chance.lognormvariate(0, self._spread))
                own = [one for one in takes if one[0].station is station]
                due = [one for one in own if one[0].starts_at <= starts_at]
                made = 0
                for take, number in due[:]:
                    if made + take.pieces > makes:
                        break
                    made += take.pieces
                    self._done(number, take.pieces, starts_at + INTERVAL * (made / max(makes, 1)))
                    own.remove((take, number))
                later += own
            self._waiting[outlet] = later

    @property
    def busy(self) -> bool:
        """Whether any order is unfinished."""
        return any(self._waiting.values())

    def _done(self, number: int, pieces: int, at: datetime) -> None:
        self._left[number] -= pieces
        if self._left[number] == 0:
            self.ready_at[number] = at


def order(kitchens: Kitchens, fan: Fan, number: int) -> Order | None:
    """The outlet and the slot with the earliest food; None when all nearby ones are full until the
    restart.
    """
    best: tuple[datetime, int, str, Schedule] | None = None
    first = interval_of(HALF_TIME)
    for walking_s, outlet in fan.near:
        for slot in range(SLOTS):
            fit = kitchens.plans[outlet].at(fan.wanted, 0, first + INTERVAL * slot)
            if fit is not None:
                in_hand = in_hand_at(fit.ready_at, fan.up_at, walking_s)
                best = min(filter(None, (best, (in_hand, walking_s, outlet, fit))), key=lambda one: one[:3])
                break
    if best is None or best[0] > RESTART:
        return None
    _, walking_s, outlet, fit = best
    kitchens.promise(outlet, number, fit)
    return Order(fan, outlet, walking_s, fit.ready_at, number)


def ordered(
    assumed: Assumed, fans: Sequence[Fan], outlets: Sequence[str], chance: random.Random
) -> tuple[list[Order], Kitchens]:
    """The orders of the half hour before the whistle, and what the kitchens make of them."""
    kitchens = Kitchens(assumed, outlets, chance)
    orders: list[Order] = []
    asking = (HALF_TIME - ORDERS_FROM) // INTERVAL
    now = ORDERS_FROM
    for interval in range(asking):
        some = range(interval * len(fans) // asking, (interval + 1) * len(fans) // asking)
        orders += [one for number in some if (one := order(kitchens, fans[number], number))]
        kitchens.make(now)
        now += INTERVAL
        kitchens.look(now)
    while kitchens.busy:
        kitchens.make(now)
        now += INTERVAL
    return orders, kitchens


def queue(arrivals: Sequence[tuple[datetime, float]], points: int, outlet: str) -> list[Served]:
    """One queue before some points: first come, first served by any free point."""
    free = [ORDERS_FROM] * points
    served = []
    for at, seconds in sorted(arrivals):
        begins = max(at, heapq.heappop(free))
        ends = begins + timedelta(seconds=seconds)
        heapq.heappush(free, ends)
        served.append(Served(outlet, (begins - at).total_seconds(), ends))
    return served


def half_time(assumed: Assumed, seed: int = 7) -> dict[str, Any]:
    """One half-time: how long people queue, who is served before the restart, how far promises are
    off.
    """
    chance = random.Random(seed)
    fans = crowd(assumed, chance)
    outlets = [outlet.code for outlet in stadium().outlets]
    wished = round(len(fans) * assumed.ahead)
    orders, kitchens = ordered(assumed, fans[:wished], outlets, chance)
    has_order = {id(one.fan) for one in orders}

    def lasting(mean_s: float) -> float:
        return chance.lognormvariate(np.log(mean_s) - assumed.spread**2 / 2, assumed.spread)

    counter: dict[str, list[tuple[datetime, float]]] = {outlet: [] for outlet in outlets}
    for fan in fans:
        if id(fan) not in has_order:
            walking_s, outlet = fan.near[0 if chance.random() < assumed.nearest else 1]
            sale_s = lasting(assumed.cash_s if chance.random() < assumed.cash else assumed.cashless_s)
            counter[outlet].append((fan.up_at + timedelta(seconds=walking_s), sale_s))
    fetched: dict[str, list[tuple[datetime, float]]] = {outlet: [] for outlet in outlets}
    for one in orders:
        walk = timedelta(seconds=one.walking_s)
        ready_at = kitchens.ready_at[one.number]
        comes = max(one.fan.up_at + walk, min(one.promised_at, ready_at + walk))
        fetched[one.outlet].append((max(comes, ready_at), lasting(assumed.hand_over_s)))
    errors = [kitchens.ready_at[one.number] - one.promised_at for one in orders]
    return _figures(assumed, errors, counter, fetched)


def _figures(
    assumed: Assumed,
    errors: Sequence[timedelta],
    counter: Mapping[str, Sequence[tuple[datetime, float]]],
    fetched: Mapping[str, Sequence[tuple[datetime, float]]],
) -> dict[str, Any]:
    """The figures of a half-time. Points are shared evenly; those for pick-up by the work of the
    orders.
    """
    queued: list[Served] = []
    picked: list[Served] = []
    for at, outlet in enumerate(counter):
        points = assumed.points // len(counter) + (at < assumed.points % len(counter))
        work = sum(seconds for _, seconds in fetched[outlet])
        whole = work + sum(seconds for _, seconds in counter[outlet])
        for_orders = min(points - 1, max(1, round(points * work / whole))) if work else 0
        queued += queue(counter[outlet], points - for_orders, outlet)
        picked += queue(fetched[outlet], for_orders, outlet)
    mean_s = [np.mean([one.queued_s for one in queued if one.outlet == outlet] or [0.0]) for outlet in counter]
    waits_s, errors_s = [one.queued_s for one in queued], [error.total_seconds() for error in errors]
    return {
        "ahead": assumed.ahead,
        "ordered": len(errors),
        "queue_p50_s": round(common.percentile(waits_s, 0.5)),
        "queue_p90_s": round(common.percentile(waits_s, 0.9)),
        "queue_by_outlet_s": [round(float(np.percentile(mean_s, part))) for part in (10, 50, 90, 100)],
        "pick_up_p90_s": round(common.percentile([one.queued_s for one in picked], 0.9)),
        "served_before_restart": round(mean(one.at <= RESTART for one in [*queued, *picked]), 3),
        "promise_error_p50_s": round(common.percentile(errors_s, 0.5)) if errors_s else None,
        "promise_error_p90_s": round(common.percentile(errors_s, 0.9)) if errors_s else None,
        "late_10_min": sum(error > LATE for error in errors),
    }


def measure(*, quick: bool) -> dict[str, Any]:
    """The half-time without and with ordering ahead, a line each, and both with other assumptions."""
    usual_demand = Assumed(fans=12_000, points=116) if quick else Assumed()
    print(f"assumed: {asdict(usual_demand)}")
    began = time.perf_counter()
    variations: list[dict[str, Any]] = [{}] if quick else VARIED
    found: dict[str, list[dict[str, Any]]] = {}
    for changed in variations:
        name = ", ".join(f"{what} {value}" for what, value in changed.items()) or "usual"
        found[name] = [half_time(replace(usual_demand, ahead=ahead, **changed)) for ahead in AHEAD]
        for result in found[name]:
            print(f"{name}: {result}")
    return {
        "benchmark": "halftime",
        "without": found["usual"][0],
        "with": found["usual"][-1],
        "served_before_restart": {
            name: [result["served_before_restart"] for result in half_times] for name, half_times in found.items()
        },
        "ahead": AHEAD,
        "promise_error_p90_s": found["usual"][-1]["promise_error_p90_s"],
        "half_times": len(found) * len(AHEAD),
        "took_s": round(time.perf_counter() - began, 1),
        "machine": common.machine(),
    }


def main() -> None:
    """Measure and print the result."""
    common.tell(measure(quick=common.quick()))


if __name__ == "__main__":
    main()
