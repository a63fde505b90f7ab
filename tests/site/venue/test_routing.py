import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.demo.venues.drawing import stadium
from virage.site.venue.rules.routing import Route, RouteOptions, entrance, gate_hints, nearest, route_table, to_seat
from virage.site.venue.rules.venue import Feature
from virage.site.venue.rules.walk_graph import Kind

VENUE = stadium()
WALK = VENUE.walk
ON_FOOT = route_table(VENUE, RouteOptions())
STEP_FREE = route_table(VENUE, RouteOptions(step_free=True))
PLACES = st.integers(0, VENUE.places - 1)
SPACES = np.flatnonzero(VENUE.features & Feature.WHEELCHAIR).tolist()
PMR = st.sampled_from(SPACES)


def gates_of(place: int) -> list[str]:
    group = VENUE.label(place).gate_group
    return [f"gate:{gate.code}" for gate in VENUE.gates if gate.group == group]


def kinds(route: Route) -> set[str]:
    return {leg.kind for leg in route.legs}


@given(PLACES)
def test_every_place_is_reached_through_a_gate_of_its_group(place: int) -> None:
    found = entrance(ON_FOOT, place, gates_of(place))
    assert found is not None
    assert found.gate in gates_of(place)
    assert found.route.legs[0].floor == "road"
    assert found.gate in [leg.to for leg in found.route.legs]


@given(PLACES)
def test_legs_follow_one_another_and_add_up(place: int) -> None:
    found = entrance(ON_FOOT, place, gates_of(place))
    assert found is not None
    legs = found.route.legs
    assert [leg.to_floor for leg in legs[:-1]] == [leg.floor for leg in legs[1:]]
    drawn = [leg for leg in legs if leg.line]
    assert [leg.line[-2:] for leg in drawn[:-1]] == [leg.line[:2] for leg in drawn[1:]]
    assert found.route.seconds == sum(leg.seconds for leg in legs)
    assert found.route.steps == sum(abs(leg.steps) for leg in legs)


@given(PMR)
def test_a_wheelchair_space_is_reached_without_a_step(place: int) -> None:
    found = entrance(STEP_FREE, place, gates_of(place))
    assert found is not None
    assert found.route.step_free
    assert "stairs" not in kinds(found.route)


@given(PMR, st.sampled_from(["toilets", "outlet", "exit", "first_aid", "information"]))
def test_from_a_wheelchair_space_everything_is_reached_without_a_step(place: int, wanted: str) -> None:
    found = nearest(STEP_FREE, place, wanted)  # type: ignore[arg-type]  # one of its literals
    assert found is not None
    assert found.step_free


@given(PLACES)
def test_a_step_free_route_has_only_the_steps_inside_the_block(place: int) -> None:
    found = entrance(STEP_FREE, place, gates_of(place))
    assert found is not None
    assert [leg.to for leg in found.route.legs if leg.kind == "stairs"] in ([], ["row"])


@given(PMR, st.data())
def test_a_lift_that_is_out_of_order_is_avoided(place: int, data: st.DataObject) -> None:
    before = entrance(STEP_FREE, place, gates_of(place))
    assert before is not None
    used = frozenset(leg.to for leg in before.route.legs if leg.kind == "lift")
    after = entrance(route_table(VENUE, RouteOptions(step_free=True, closed=used)), place, gates_of(place))
    assert after is not None
    assert used.isdisjoint(leg.to for leg in after.route.legs if leg.kind == "lift")
    assert after.route.seconds >= before.route.seconds


def test_without_lifts_a_wheelchair_space_upstairs_has_no_route() -> None:
    all_closed = route_table(VENUE, RouteOptions(step_free=True, closed=frozenset(WALK.lifts)))
    place = next(place for place in SPACES if VENUE.blocks[VENUE.block[place]].ring == 3)
    assert entrance(all_closed, place, gates_of(place)) is None
    assert nearest(all_closed, place, "exit") is None


@given(PLACES)
def test_a_route_never_passes_another_gate(place: int) -> None:
    found = entrance(ON_FOOT, place, gates_of(place))
    assert found is not None
    assert [leg.to for leg in found.route.legs if leg.to.startswith("gate:")] == [found.gate]


@given(PLACES)
def test_a_queue_at_the_nearest_ramp_sends_people_to_another(place: int) -> None:
    quick = entrance(ON_FOOT, place, gates_of(place))
    assert quick is not None
    steered = entrance(ON_FOOT, place, gates_of(place), {quick.ramp: 3600.0})
    assert steered is not None
    assert steered.ramp != quick.ramp
    at_gate = entrance(ON_FOOT, place, gates_of(place), {quick.gate: 3600.0})
    assert at_gate is not None
    assert at_gate.gate != quick.gate


@given(PLACES, st.sampled_from(["outlet", "toilets", "exit", "first_aid", "information"]), st.data())
def test_the_nearest_is_nearer_than_any_other(place: int, wanted: Any, data: st.DataObject) -> None:
    found = nearest(ON_FOOT, place, wanted)
    assert found is not None
    prefix = {"exit": "gate:", "outlet": "outlet:"}.get(wanted, f"{wanted}-")
    every = [code for code in WALK.index if code.startswith(prefix)]
    assert found.legs[-1].to in every
    other = data.draw(st.sampled_from(every))
    sent = nearest(ON_FOOT, place, wanted, {code: 1e6 for code in every if code != other})
    assert sent is not None
    assert sent.legs[-1].to == other
    assert found.seconds <= sent.seconds + len(sent.legs)  # each leg is rounded to a second


def first_turn_inside(gate: str, place: int) -> str:
    found = entrance(ON_FOOT, place, [gate])
    assert found is not None
    legs = found.route.legs
    return legs[1 + [leg.to for leg in legs].index(gate)].turn


def test_clockwise_around_the_pitch_is_a_left_turn() -> None:
    place = VENUE.blocks[VENUE.block_index["103"]].first_seat
    assert first_turn_inside("gate:A1", place) == "left"  # groups go clockwise
    assert first_turn_inside("gate:D8", place) == "right"


def test_floors_are_connected_only_by_stairs_and_lifts() -> None:
    for number in range(len(WALK.edges.a)):
        a, b = WALK.nodes[WALK.edges.a[number]], WALK.nodes[WALK.edges.b[number]]
        if abs(WALK.edges.rise[number]) > 0.01:
            assert list(Kind)[WALK.edges.kind[number]] is not Kind.LEVEL, (a, b)


def test_ramps_are_gentle_enough_for_a_wheelchair() -> None:
    ramps = [
        abs(WALK.edges.rise[number]) / WALK.edges.metres[number]
        for number in range(len(WALK.edges.a))
        if WALK.nodes[WALK.edges.a[number]].floor == "road"
    ]
    assert len(ramps) == 10
    assert max(ramps) <= 0.05


def test_a_place_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(IndexError):
        to_seat(VENUE, VENUE.places)


def test_a_gate_knows_the_nearest_gate_of_every_other_group_and_the_turn_to_it() -> None:
    hints = gate_hints(ON_FOOT, "B4")
    assert set(hints) == {gate.group for gate in VENUE.gates} - {"B"}
    places = {gate.code: (gate.x, gate.y) for gate in VENUE.gates}
    for group, hint in hints.items():
        straight = math.dist(places["B4"], places[hint.gate])
        assert hint.gate[0] == group
        assert hint.metres >= straight - 15  # the way runs along the podium, not at the gates themselves
    assert {hints["A"].turn, hints["C"].turn} == {"left", "right"}
    assert {gate_hints(ON_FOOT, "A4")["B"].turn} == {hints["C"].turn}
