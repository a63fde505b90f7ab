"""A kitchen's promises: within its capacity, after its waiting orders, as soon or as fresh as
possible.
"""

from datetime import UTC, datetime, timedelta
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from virage.matchday.food.menu.rules.catalogue import Station
from virage.matchday.food.orders.rules.planning import (
    INTERVAL,
    STATIONS,
    WAIT_MAX,
    Kitchen,
    Load,
    Schedule,
    closed_stations,
    in_hand_at,
    interval_of,
    plan,
    plans,
)

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
COUNTER, GRILL, FRYER, COFFEE = Station.COUNTER, Station.GRILL, Station.FRYER, Station.COFFEE
FAR = NOW + 5 * 12 * INTERVAL


def fits(kitchen: Kitchen, *wishes: dict[Station, int], now: datetime = NOW) -> list[Schedule | None]:
    """Orders as soon as possible, one after the other."""
    made, found = plan(kitchen, now), []
    for request in wishes:
        schedule = made.soonest(request, 0, FAR)
        if schedule is not None:
            made.allocate(schedule)
        found.append(schedule)
    return found


def ready(schedule: Schedule | None) -> timedelta | None:
    return None if schedule is None else schedule.ready_at - NOW


def pieces(schedule: Schedule | None) -> list[int]:
    return [] if schedule is None else [allocate.pieces for allocate in schedule.allocations]


def test_orders_fill_an_interval_and_then_the_next() -> None:
    found = fits(Kitchen({GRILL: 4}), *[{GRILL: 3}] * 3)
    assert [ready(schedule) for schedule in found] == [INTERVAL, 2 * INTERVAL, 3 * INTERVAL]
    assert pieces(found[1]) == [1, 2], "the rest of an interval is used"


def test_an_order_is_ready_when_its_slowest_station_is() -> None:
    (found,) = fits(Kitchen({GRILL: 10, FRYER: 1}), {GRILL: 1, FRYER: 3})
    assert ready(found) == 3 * INTERVAL


def test_stocked_products_need_no_station_and_a_station_without_capacity_makes_nothing() -> None:
    assert [ready(schedule) for schedule in fits(Kitchen({}), *[{COUNTER: 1}] * 99, {GRILL: 1})] == [INTERVAL] * 99 + [
        None
    ]
    assert closed_stations({COUNTER: 1, GRILL: 1, FRYER: 1}, {FRYER: 2}) == [GRILL]


def test_pick_up_times_respect_the_handover_limit() -> None:
    kitchen = Kitchen({GRILL: 100, COUNTER: 2}, counter={COUNTER: 9})
    assert [ready(schedule) for schedule in fits(kitchen, *[{GRILL: 1, COUNTER: 1}] * 5)] == [
        INTERVAL * at for at in (1, 1, 2, 2, 3)
    ]
    made, slot = plan(kitchen, NOW), NOW + 2 * INTERVAL
    for demand in ({GRILL: 1, COUNTER: 1}, {COUNTER: 1}):
        schedule = made.at(demand, 0, slot)
        assert schedule is not None
        made.allocate(schedule)
    assert made.at({GRILL: 1, COUNTER: 1}, 0, slot) is None
    assert made.capacity_by()[STATIONS.index(COUNTER)][:3].tolist() == [2, 0, 2], "each time has its own capacity"
    assert made.at({GRILL: 1}, 0, slot) is not None, "deliveries use no handover capacity"


def test_only_the_rest_of_the_current_interval_is_promised() -> None:
    found = fits(Kitchen({GRILL: 10}), {GRILL: 4}, {GRILL: 1}, now=NOW + 3 * MINUTE)
    assert [ready(schedule) for schedule in found] == [INTERVAL, 2 * INTERVAL]


def test_no_order_is_ready_before_its_preparation_time() -> None:
    schedule = plan(Kitchen({GRILL: 100}), NOW + 4 * MINUTE).soonest({GRILL: 1}, 180, FAR)
    assert ready(schedule) == 7 * MINUTE


def test_overdue_orders_come_first() -> None:
    late = Load(GRILL, NOW - 2 * INTERVAL, 6)
    made = Load(GRILL, NOW - 2 * INTERVAL, 9, waiting=False)
    assert ready(fits(Kitchen({GRILL: 4}, [late, made]), {GRILL: 3})[0]) == 3 * INTERVAL


def test_late_orders_delay_later_ones() -> None:
    full = [Load(GRILL, NOW + INTERVAL * at, 4) for at in range(3)]
    assert ready(fits(Kitchen({GRILL: 4}, [Load(GRILL, NOW - INTERVAL, 4), *full]), {GRILL: 1})[0]) == 5 * INTERVAL


def test_counter_sales_use_kitchen_capacity_for_a_while() -> None:
    found = fits(Kitchen({GRILL: 4}, counter={GRILL: 3}), {GRILL: 4})
    assert pieces(found[0]) == [1, 1, 1, 1]
    assert ready(fits(Kitchen({GRILL: 4}, counter={GRILL: 9}), {GRILL: 1})[0]) == 4 * INTERVAL


def test_a_slot_is_offered_while_there_is_capacity_and_prepared_as_late_as_possible() -> None:
    made = plan(Kitchen({GRILL: 4}), NOW)
    slot = NOW + 3 * INTERVAL
    schedule = made.at({GRILL: 6}, 60, slot)
    assert schedule is not None
    assert schedule.ready_at == slot
    assert [(allocate.starts_at - NOW, allocate.pieces) for allocate in schedule.allocations] == [
        (2 * INTERVAL, 4),
        (INTERVAL, 2),
    ]
    made.allocate(schedule)
    assert made.at({GRILL: 7}, 60, slot) is None
    assert made.at({GRILL: 6}, 60, slot) is not None
    assert [made.at({GRILL: 1}, 0, at) for at in (NOW, slot + MINUTE, NOW - INTERVAL, NOW + 61 * INTERVAL)] == [
        None
    ] * 4


def test_an_order_is_in_hand_once_food_and_fan_have_arrived() -> None:
    assert in_hand_at(NOW + 5 * MINUTE, NOW, 120) == NOW + 5 * MINUTE
    assert in_hand_at(NOW + 5 * MINUTE, NOW, 420) == NOW + 7 * MINUTE
    assert in_hand_at(NOW + 5 * MINUTE, NOW, 120, delivered=True) == NOW + 7 * MINUTE


STEP = st.tuples(
    st.integers(0, 400),  # seconds that pass before it
    st.dictionaries(st.sampled_from([GRILL, FRYER, COFFEE]), st.integers(1, 9), min_size=1),
    st.integers(-1, 11),  # the requested slot; below zero: as soon as possible
    st.sets(st.integers(0, 30)),  # which orders are made by then
)


@settings(max_examples=60)
@given(
    st.fixed_dictionaries({station: st.integers(1, 8) for station in (GRILL, FRYER, COFFEE)}),
    st.lists(STEP, min_size=1, max_size=25),
    st.dictionaries(st.sampled_from([GRILL, FRYER]), st.integers(0, 5)),
)
def test_no_interval_is_allocated_beyond_its_capacity_or_before_waiting_orders(
    capacity: dict[Station, int],
    steps: list[tuple[int, dict[Station, int], int, set[int]]],
    counter: dict[Station, int],
) -> None:
    now = NOW
    orders: list[list[Load]] = []
    for passed, demand, slot, done in steps:
        now += timedelta(seconds=passed)
        orders = [
            [load._replace(waiting=load.waiting and at not in done) for load in one] for at, one in enumerate(orders)
        ]
        standing = [load for order in orders for load in order]
        kitchen = Kitchen(capacity, standing, counter)
        # alone or beside others, a kitchen is planned the same
        made = plans([Kitchen({GRILL: 1}, standing[:1]), kitchen, Kitchen({})], now)[1]
        schedule = (
            made.soonest(demand, 0, now + WAIT_MAX)
            if slot < 0
            else made.at(demand, 0, made.starts_at + INTERVAL * slot)
        )
        if schedule is None:
            continue
        orders.append([Load(*allocate) for allocate in schedule.allocations])
        for station in demand:
            taken = [allocate for allocate in schedule.allocations if allocate.station is station]
            assert sum(allocate.pieces for allocate in taken) == demand[station]
            assert all(interval_of(now) <= allocate.starts_at < schedule.ready_at for allocate in taken)
            last = max(allocate.starts_at for allocate in taken)
            # all waiting orders promised no later than the last piece of it are made before it, or
            # beside it
            before = sum(
                load.pieces for load in standing if load.station is station and load.waiting and load.starts_at <= last
            )
            part = 1 - (now - interval_of(now)) / INTERVAL
            makes = floor(capacity[station] * part) + capacity[station] * ((last - interval_of(now)) // INTERVAL)
            assert before + demand[station] <= makes
    for station, most in capacity.items():
        promised: dict[datetime, int] = {}
        for order in orders:
            for load in order:
                if load.station is station:
                    promised[load.starts_at] = promised.get(load.starts_at, 0) + load.pieces
        assert all(taken <= most for taken in promised.values())
    assert len(STATIONS) == len(Station)
