"""Pick-up times are offered only when the kitchen makes the order and the counter hands it over."""

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from tests.matchday.food.conftest import Counters
from tests.matchday.food.menu.board import line
from tests.matchday.food.orders.kitchen import CAPACITY, COLA, Kitchen
from tests.matchday.food.orders.test_orders import HERE
from virage.matchday.food.menu.rules.catalogue import Station
from virage.matchday.food.orders.reads.orders import FoodOrder
from virage.matchday.food.orders.rules.orders import Reason
from virage.media.live.rules.venue_updates import BUSY_FROM_S, BUSY_UNTIL_S
from virage.platform.values.refusals import Refused
from virage.site.venue.rules.readings import Place

TWO_AT_ONCE = replace(CAPACITY, per_five_minutes={**CAPACITY.per_five_minutes, Station.COUNTER: 2}, delivers=False)


async def offered(counters: Counters, kitchen: Kitchen) -> list[dict[str, Any]]:
    query = f"event_id={kitchen.event.id}&outlet={HERE}"
    answer = await counters.ask("", "GET", f"/api/food/slots?{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def moment(slot: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(slot["at"])


async def test_a_pick_up_time_at_a_full_counter_is_not_offered(counters: Counters, kitchen: Kitchen) -> None:
    await kitchen.says(TWO_AT_ONCE)
    first, second, third, *_ = await offered(counters, kitchen)
    assert [slot["left"]["counter"] for slot in (first, second, third)] == [2, 2, 2]
    for _ in range(2):
        await kitchen.placed(await kitchen.fan(), line(COLA), slot_at=moment(second))
    times = [slot["at"] for slot in await offered(counters, kitchen)]
    assert times[:2] == [first["at"], third["at"]]
    full = await kitchen.order(await kitchen.fan(), kitchen.request(line(COLA), slot_at=moment(second)))
    assert isinstance(full, Refused)
    assert full.reason == Reason.OUTLET_FULL, "a time that is not offered cannot be ordered"
    for at in times[:2]:
        assert isinstance(
            await kitchen.order(await kitchen.fan(), kitchen.request(line(COLA), slot_at=datetime.fromisoformat(at))),
            FoodOrder,
        )


async def test_a_full_counter_does_not_limit_delivery_times(counters: Counters, kitchen: Kitchen) -> None:
    await kitchen.says(replace(TWO_AT_ONCE, delivers=True))
    _, second, *_ = await offered(counters, kitchen)
    for _ in range(2):
        await kitchen.placed(await kitchen.fan(), line(COLA), slot_at=moment(second))
    _, full, *_ = await offered(counters, kitchen)
    assert (full["at"], full["left"]["counter"]) == (second["at"], 0)


@pytest.mark.parametrize("delivers", [False, True])
async def test_an_outlet_that_hands_nothing_over_offers_no_pick_up_time(
    counters: Counters, kitchen: Kitchen, delivers: bool
) -> None:
    nothing = {**CAPACITY.per_five_minutes, Station.COUNTER: 0}
    await kitchen.says(replace(CAPACITY, per_five_minutes=nothing, delivers=delivers))
    assert {slot["left"]["counter"] for slot in await offered(counters, kitchen)} == ({0} if delivers else set())


async def test_an_outlet_without_a_handover_limit_has_no_bound(counters: Counters, kitchen: Kitchen) -> None:
    assert all("counter" not in slot["left"] for slot in await offered(counters, kitchen))


async def test_venue_updates_get_the_state_of_an_outlet(kitchen: Kitchen) -> None:
    async def now() -> tuple[str, float | None]:
        readings = await kitchen.desks[0].reads.readings(kitchen.event.id, kitchen.clock.now())
        (one,) = [reading for reading in readings if reading.place == Place("outlet", HERE)]
        return one.state, one.wait_s

    state, wait_s = await now()
    assert state == "open"
    assert wait_s is not None
    assert wait_s < BUSY_UNTIL_S
    await kitchen.says(replace(TWO_AT_ONCE, per_five_minutes={Station.GRILL: 1, Station.COUNTER: 1}))
    while (wait_s or 0) < BUSY_FROM_S:
        await kitchen.placed(await kitchen.fan(), line(COLA))
        state, wait_s = await now()
    assert state == "open"
    await kitchen.delivered(HERE, 0)
    assert (await now())[0] == "sold_out"
    await kitchen.says(replace(CAPACITY, open=False))
    assert (await now())[0] == "closed"
