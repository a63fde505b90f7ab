"""The time to clear from live counts, with any exit closed, and the final capacity of a venue."""

import multiprocessing
import os
import signal
from concurrent.futures.process import BrokenProcessPool
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.control.safety.conftest import GATE, STAND, Cameras, ControlRoom
from virage.control.safety.rules.capacity import CapacityLimit, final_capacity, passage_units
from virage.control.safety.rules.clearing import (
    ClearTimes,
    clear_times,
    exits_of,
    in_use,
    people_by_block,
    places_by_stand,
    places_of,
)
from virage.control.safety.rules.egress import PLANNING, ensemble
from virage.control.safety.rules.network import EgressNetwork, egress_network
from virage.demo.venues.drawing import stadium
from virage.platform.host.background import in_background
from virage.platform.values.ids import new_id
from virage.site.venue.rules.file import ExitFile
from virage.site.venue.types import Safety

VENUE = stadium()
SEATED = {block.code for block in VENUE.blocks}


@cache
def bowl() -> EgressNetwork:
    return egress_network(VENUE)


@cache
def full_bowl(closed: frozenset[str] = frozenset()) -> ClearTimes:
    places = in_use(bowl(), SEATED)
    people = people_by_block(bowl(), places_by_stand(bowl(), places), places)
    return clear_times("bowl", bowl(), people, closed)


def test_the_sampled_ensemble_of_a_full_stadium_is_within_two_percent_of_the_whole_one() -> None:
    places = in_use(bowl(), SEATED)
    people = people_by_block(bowl(), places_by_stand(bowl(), places), places)
    whole = ensemble(bowl(), people, PLANNING)
    sampled = full_bowl().planned_spread
    assert sampled[None].p95_s == pytest.approx(whole.venue.p95_s, rel=0.02)
    for code, spread in whole.stands.items():
        if spread.p50_s:
            assert sampled[code].p50_s == pytest.approx(spread.p50_s, rel=0.02)
            assert sampled[code].p95_s == pytest.approx(spread.p95_s, rel=0.02)


@given(st.dictionaries(st.sampled_from(bowl().stands), st.integers(0, 30_000)))
def test_people_of_stands_are_shared_out_over_their_blocks_without_losing_one(counted: dict[str, int]) -> None:
    by_stand = {code: counted.get(code, 0) for code in bowl().stands}
    for sold in (SEATED, set()):
        found = people_by_block(bowl(), by_stand, in_use(bowl(), sold))
        assert sum(found.values()) == sum(by_stand.values())
        assert set(found) == set(bowl().blocks)


def test_a_stand_that_is_not_sold_has_no_places_and_an_event_that_sells_nothing_uses_all() -> None:
    stand = VENUE.blocks[0].stand
    sold = {block.code for block in VENUE.blocks if block.stand == stand}
    places = places_by_stand(bowl(), in_use(bowl(), sold))
    assert {code for code, count in places.items() if count} == {stand}
    assert sum(places_by_stand(bowl(), in_use(bowl(), set())).values()) == int(bowl().capacity.sum())


def test_a_closed_exit_lets_out_no_person_and_all_others_take_its_people() -> None:
    closed = frozenset({bowl().exits[0]})
    before, after = exits_of(bowl(), full_bowl(), frozenset()), exits_of(bowl(), full_bowl(closed), closed)
    assert before[0].people > 0
    assert (after[0].people, after[0].closed) == (0, True)
    assert sum(one.people for one in after) == sum(one.people for one in before) == len(VENUE.block)


def test_without_an_open_exit_there_is_no_time_and_all_are_blocked() -> None:
    venue, stands = places_of(full_bowl(frozenset(bowl().exits)), frozenset())
    assert (venue.planning.seconds, venue.planning.p95_s, venue.blocked) == (None, None, venue.people)
    assert sum(one.blocked for one in stands) == venue.people


@pytest.mark.parametrize(
    ("metres", "units"), [(0.89, 0), (0.9, 1), (1.39, 1), (1.4, 2), (1.79, 2), (1.8, 3), (2.4, 4), (2.39, 3), (6.0, 10)]
)
def test_an_exit_has_the_units_of_passage_of_its_width(metres: float, units: int) -> None:
    assert passage_units(metres) == units


def test_the_final_capacity_is_the_least_of_its_limits_and_names_it() -> None:
    exits = tuple(ExitFile(f"X{number}", 0, 0, 3.0) for number in range(3))
    found = final_capacity(
        places=9_000, gates=9, safety=Safety(exits=exits, p_factor=0.9, s_factor=0.8), gate_groups_m=[50]
    )
    assert found.limits == {
        CapacityLimit.ENTRY: 9 * 660,
        CapacityLimit.HOLDING: 7_200,
        CapacityLimit.EXIT: 9 * 82 * 8,
        CapacityLimit.EMERGENCY: 6 * 82 * 8,
        CapacityLimit.PASSAGE_UNITS: 15 * 300,
    }
    assert (found.people, found.limited_by, found.are_exits_given) == (6 * 82 * 8, CapacityLimit.EMERGENCY, True)
    ordered = final_capacity(places=9_000, gates=9, safety=Safety(authorised_capacity=3_000), gate_groups_m=[50, 50])
    assert (ordered.people, ordered.limited_by, ordered.are_exits_given) == (3_000, CapacityLimit.AUTHORISED, False)


async def clearing(room: ControlRoom, *closed: str) -> Any:
    answer = await room.ask("GET", f"events/{room.event}/clearing?closed={','.join(closed)}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def stand_of(found: Any) -> Any:
    return next(one for one in found["stands"] if one["code"] == STAND)


async def test_the_people_of_a_stand_are_its_count_and_a_stand_without_one_counts_as_full(cameras: Cameras) -> None:
    room = cameras.room
    before = await clearing(room)
    assert (stand_of(before)["is_measured"], before["venue"]["is_measured"]) == (False, False)
    full = stand_of(before)["people"]
    assert full > 800
    await cameras.sent(await room.world.device(GATE), cameras.count("people", 800))
    counted = await clearing(room)
    assert (stand_of(counted)["people"], stand_of(counted)["is_measured"]) == (800, True)
    assert counted["venue"]["people"] == before["venue"]["people"] - full + 800
    assert 0 < stand_of(counted)["planning"]["seconds"] < stand_of(before)["planning"]["seconds"]
    for place in (counted["venue"], *counted["stands"]):
        assert place["planning"]["p50_s"] <= place["planning"]["p95_s"]
        assert place["planning"]["seconds"] <= place["observed"]["seconds"], "observed flows are slower"
    room.clock.advance(timedelta(seconds=61))
    assert stand_of(await clearing(room))["people"] == full, "an old count counts no more"


async def test_an_exit_can_be_taken_as_closed_and_an_unknown_one_is_refused_with_its_name(room: ControlRoom) -> None:
    exits = [one["code"] for one in (await clearing(room))["exits"]]
    found = await clearing(room, exits[0], exits[1])
    assert [one["code"] for one in found["exits"] if one["closed"]] == exits[:2]
    assert all(one["people"] == 0 for one in found["exits"] if one["closed"])
    answer = await room.ask("GET", f"events/{room.event}/clearing?closed={exits[0]},nowhere")
    assert (answer.status_code, answer.json()["code"]) == (409, "place_unknown")
    assert answer.json()["data"]["places"] == ["nowhere"]


async def test_only_a_controller_of_the_event_sees_its_time_to_clear(room: ControlRoom) -> None:
    other = await room.world.signed_in("third@example.org")
    answer = await room.ask("GET", f"events/{room.event}/clearing", who=other)
    assert answer.status_code == 403
    assert (await room.ask("GET", f"events/{new_id()}/clearing")).status_code == 404


async def test_the_computing_process_may_be_killed_and_the_next_answer_comes_all_the_same(room: ControlRoom) -> None:
    first = await clearing(room)
    pid = await in_background("clearing", os.getpid)
    assert pid in {one.pid for one in multiprocessing.active_children()}
    os.kill(pid, signal.SIGKILL)
    exits = [one["code"] for one in first["exits"]]
    assert (await clearing(room, exits[2]))["venue"]["people"] == first["venue"]["people"]
    with pytest.raises(BrokenProcessPool):
        await in_background("clearing", os._exit, 1)
