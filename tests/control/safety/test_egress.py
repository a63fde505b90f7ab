from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from benchmarks.evacuation import CASES, Case, Passage, small_network
from virage.control.safety.rules.egress import OBSERVED, PLANNING, Cleared, Flows, ensemble, run
from virage.control.safety.rules.network import ASSUMED_WIDTH_M, EgressNetwork, egress_network
from virage.demo.venues.drawing import stadium
from virage.site.venue.rules.routing import to_seat
from virage.site.venue.rules.walk_graph import EMPTY_WALK_GRAPH
from virage.site.venue.types import KINDS, Kind

VENUE = stadium()
SEATED = {block.code: block.seat_count for block in VENUE.blocks}
NODES = ("a", "b", "c", "d")


@cache
def bowl() -> EgressNetwork:
    return egress_network(VENUE)


@cache
def full_bowl(flows: Flows = PLANNING, closed: frozenset[str] = frozenset()) -> Cleared:
    return run(bowl(), SEATED, flows, closed)


def seconds(cleared: Cleared) -> int:
    assert cleared.seconds is not None
    return cleared.seconds


widths = st.floats(0.8, 6.0)
walks = st.floats(0.0, 90.0)
crowds = st.integers(0, 400)


@st.composite
def meshes(draw: st.DrawFn) -> tuple[EgressNetwork, dict[str, int]]:
    """Four blocks at four nodes with any passages between them, and two exits."""
    pairs = st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)).filter(lambda pair: pair[0] != pair[1])
    passages: list[Passage] = [
        (*pair, draw(walks), draw(widths), draw(st.booleans())) for pair in draw(st.lists(pairs, max_size=8))
    ]
    people = {f"B{node}": draw(crowds) for node in NODES}
    blocks = {code: ("N" if code in {"Ba", "Bb"} else "S", count, code[1]) for code, count in people.items()}
    exits = {"X": (draw(st.sampled_from(NODES)), draw(widths)), "Y": (draw(st.sampled_from(NODES)), draw(widths))}
    return small_network(blocks, passages, exits), people


def chain(passages: list[tuple[float, float, bool]], exit_m: float, people: list[int]) -> EgressNetwork:
    """A block at each end of passages in a row, and one exit after the last."""
    blocks = {f"B{at}": (f"S{at}", count, str(at)) for at, count in enumerate(people)}
    ways: list[Passage] = [(str(at), str(at + 1), *passage) for at, passage in enumerate(passages)]
    return small_network(blocks, ways, {"X": (str(len(passages)), exit_m)})


@pytest.mark.parametrize("case", CASES)
def test_a_case_with_a_known_answer_is_met_within_two_percent(case: Case) -> None:
    cleared, exact_s = case()
    assert abs(seconds(cleared) - exact_s) / exact_s <= 0.02
    assert cleared.left == cleared.people > 0


@given(meshes(), st.sets(st.sampled_from(["X", "Y"])), st.sampled_from([PLANNING, OBSERVED]))
def test_every_person_has_left_or_is_reported_as_blocked_at_every_second(
    mesh: tuple[EgressNetwork, dict[str, int]], closed: set[str], flows: Flows
) -> None:
    network, people = mesh
    cleared = run(network, people, flows, closed)
    assert cleared.people == sum(people.values()) == cleared.left + cleared.blocked
    left = cleared.left_by_s
    assert np.all(np.diff(left, prepend=0) >= 0)
    assert left[-1] == cleared.left == sum(cleared.by_exit.values())
    assert sum(stand.people for stand in cleared.stands) == cleared.people
    assert sum(stand.blocked for stand in cleared.stands) == cleared.blocked
    assert (cleared.seconds is None) == (cleared.blocked > 0)
    if not cleared.blocked:
        assert seconds(cleared) == max(stand.seconds or 0 for stand in cleared.stands) == len(left) - 1


@given(meshes(), st.sets(st.sampled_from(["X", "Y"]), min_size=1))
def test_no_person_leaves_through_a_closed_exit(mesh: tuple[EgressNetwork, dict[str, int]], closed: set[str]) -> None:
    network, people = mesh
    cleared = run(network, people, PLANNING, closed)
    assert all(cleared.by_exit[code] == 0 for code in closed)
    if closed == {"X", "Y"}:
        assert (cleared.left, cleared.blocked) == (0, sum(people.values()))


@settings(derandomize=True)
@given(
    st.lists(st.tuples(walks, widths, st.booleans()), min_size=1, max_size=4),
    st.lists(crowds, min_size=5, max_size=5),
    widths,
    st.data(),
)
def test_a_wider_passage_never_makes_a_venue_slower(
    passages: list[tuple[float, float, bool]], people: list[int], exit_m: float, data: st.DataObject
) -> None:
    crowd = {f"B{at}": count for at, count in enumerate(people[: len(passages) + 1])}
    before = run(chain(passages, exit_m, list(crowd.values())), crowd, PLANNING)
    at = data.draw(st.integers(0, len(passages)))
    factor = data.draw(st.floats(1.0, 3.0))
    if at == len(passages):
        exit_m *= factor
    else:
        walk, width, stairs = passages[at]
        passages[at] = (walk, width * factor, stairs)
    after = run(chain(passages, exit_m, list(crowd.values())), crowd, PLANNING)
    # Where people begin to queue, a passage costs the last one up to 1 / (0.8 m x 66 / min) and a rounded second.
    assert seconds(after) <= seconds(before) + 2.2 * len(passages)


@given(widths, st.lists(crowds, min_size=2, max_size=2), st.sampled_from([PLANNING, OBSERVED]))
def test_an_exit_never_passes_more_people_than_its_width_allows(exit_m: float, people: list[int], flows: Flows) -> None:
    network = chain([(12.5, 6.0, False)], exit_m, people)
    left = run(network, {"B0": people[0], "B1": people[1]}, flows).left_by_s
    per_s = exit_m * flows.level / 60
    for span in (1, 5, 30):
        assert np.all(left[span:] - left[:-span] <= per_s * span + 1)


def test_stairs_are_slower_than_the_level_by_their_flow() -> None:
    level = run(chain([(0.0, 1.0, False)], 9.0, [1_000, 0]), {"B0": 1_000}, PLANNING)
    stairs = run(chain([(0.0, 1.0, True)], 9.0, [1_000, 0]), {"B0": 1_000}, PLANNING)
    assert seconds(stairs) / seconds(level) == pytest.approx(82 / 66, rel=0.01)


def test_people_leave_a_queue_in_the_order_of_their_arrival() -> None:
    network = chain([(300.0, 9.0, False)], 1.0, [200, 200])
    cleared = run(network, {"B0": 200, "B1": 200}, PLANNING)
    near = next(stand for stand in cleared.stands if stand.stand == "S1")
    assert near.seconds == pytest.approx(200 / (82 / 60), abs=1)
    assert cleared.seconds == pytest.approx(300 + 200 / (82 / 60), abs=2)
    assert near.p95_s == pytest.approx(190 / (82 / 60), abs=1)
    assert cleared.p95_s == pytest.approx(300 + 180 / (82 / 60), abs=2)


def test_people_keep_their_order_also_after_a_day() -> None:
    network = chain([(0.0, 0.04, False)], 0.06, [5_000, 100])
    cleared = run(network, {"B0": 5_000, "B1": 100}, PLANNING)
    assert cleared.seconds == pytest.approx(5_000 / (0.04 * 82 / 60), abs=20)
    near = next(stand for stand in cleared.stands if stand.stand == "S1")
    assert near.seconds is not None
    assert near.seconds < 5_000


def test_two_exits_share_the_people_of_two_blocks() -> None:
    network = small_network(
        {"A": ("N", 1_000, "hall"), "B": ("N", 1_000, "hall2")},
        [("hall", "x", 10.0, 9.0, False), ("hall2", "x", 10.0, 9.0, False), ("hall2", "y", 15.0, 9.0, False)],
        {"X": ("x", 1.0), "Y": ("y", 1.0)},
    )
    cleared = run(network, {"A": 1_000, "B": 1_000}, PLANNING)
    assert cleared.by_exit == {"X": 1_000, "Y": 1_000}


def test_the_quicker_of_two_passages_between_the_same_points_is_taken() -> None:
    network = small_network(
        {"A": ("N", 1, "a")}, [("a", "b", 50.0, 2.0, False), ("a", "b", 20.0, 2.0, False)], {"X": ("b", 2.0)}
    )
    assert run(network, {"A": 1}, PLANNING).seconds == 21


def test_people_without_an_open_exit_are_reported_and_the_others_leave() -> None:
    network = small_network({"A": ("N", 50, "a"), "B": ("S", 50, "b")}, [], {"X": ("a", 2.0), "Y": ("b", 2.0)})
    cleared = run(network, {"A": 50, "B": 50}, PLANNING, {"Y"})
    north, south = cleared.stands
    assert (north.blocked, north.seconds) == (0, 19)
    assert (south.blocked, south.seconds, south.p95_s) == (50, None, None)
    assert (cleared.left, cleared.blocked, cleared.seconds, cleared.p95_s) == (50, 50, None, None)
    spread = ensemble(network, {"A": 50, "B": 50}, PLANNING, members=5, closed={"Y"})
    assert spread.venue.p50_s is None
    assert spread.stands["S"].p95_s is None
    assert spread.stands["N"].p50_s is not None


def test_an_empty_venue_is_clear_at_once() -> None:
    cleared = run(bowl(), {}, PLANNING)
    assert (cleared.people, cleared.seconds, cleared.p95_s) == (0, 0, 0)
    assert ensemble(bowl(), {}, PLANNING, members=2).venue.p95_s == 0


def test_unknown_blocks_and_exits_and_negative_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="no block"):
        run(bowl(), {"nowhere": 1}, PLANNING)
    with pytest.raises(ValueError, match="no number"):
        run(bowl(), {"103": -1}, PLANNING)
    with pytest.raises(ValueError, match="no exits"):
        run(bowl(), {"103": 1}, PLANNING, {"nowhere"})
    with pytest.raises(ValueError, match="at least one member"):
        ensemble(bowl(), {"103": 1}, PLANNING, members=0)


@settings(max_examples=30)
@given(meshes(), st.integers(0, 9))
def test_an_ensemble_of_one_equals_the_single_run(mesh: tuple[EgressNetwork, dict[str, int]], seed: int) -> None:
    network, people = mesh
    cleared = run(network, people, PLANNING)
    spread = ensemble(network, people, PLANNING, members=1, seed=seed)
    assert (spread.venue.p50_s, spread.venue.p95_s) == (cleared.seconds, cleared.seconds)
    assert {code: stand.p50_s for code, stand in spread.stands.items()} == {
        stand.stand: stand.seconds for stand in cleared.stands
    }


def test_an_ensemble_varies_by_its_members_and_is_the_same_for_the_same_seed() -> None:
    network = chain([(60.0, 3.0, False)], 2.0, [500, 500])
    people = {"B0": 500, "B1": 500}
    spread = ensemble(network, people, PLANNING, seed=1)
    assert spread == ensemble(network, people, PLANNING, seed=1)
    assert spread != ensemble(network, people, PLANNING, seed=2)
    assert spread.members == 200
    assert spread.venue.p50_s is not None
    assert spread.venue.p95_s is not None
    alone_s = seconds(run(network, people, PLANNING))
    # People start after about half a minute, and in one of twenty members the flow is lower by a sixth.
    assert alone_s + 5 < spread.venue.p50_s < alone_s + 60
    assert 1.08 < spread.venue.p95_s / spread.venue.p50_s < 1.35


def test_the_full_stadium_is_cleared_by_all_exits() -> None:
    cleared = full_bowl()
    assert (cleared.people, cleared.left, cleared.blocked) == (59_186, 59_186, 0)
    assert all(cleared.by_exit.values())
    upstairs = sum(block.seat_count for block in VENUE.blocks if block.ring > 1)
    stairs_m = 28 * 3.0  # 28 stairs lead down to ring 1
    assert upstairs / (stairs_m * PLANNING.stairs / 60) < seconds(cleared) < 900
    assert {stand.stand: stand.people for stand in cleared.stands if stand.people} == {
        stand.code: stand.seats for stand in VENUE.stands
    }


def test_observed_flows_take_longer_than_planning_figures() -> None:
    assert (PLANNING.level, PLANNING.stairs, OBSERVED.level, OBSERVED.stairs) == (82, 66, 60, 48)
    assert seconds(full_bowl(OBSERVED)) > 1.2 * seconds(full_bowl())


def test_closed_exits_send_a_stand_through_the_others() -> None:
    closed = frozenset("ABCD")
    north_closed = full_bowl(PLANNING, closed)
    assert north_closed.blocked == 0
    assert sum(north_closed.by_exit[code] for code in closed) == 0
    open_north, shut_north = (cleared.stands[0].seconds or 0 for cleared in (full_bowl(), north_closed))
    assert shut_north > open_north


def test_a_standing_area_is_left_by_all_of_its_tunnels() -> None:
    network = bowl()
    assert network.blocks.count("PEL") == 6
    cleared = run(network, {"PEL": 14_000}, PLANNING)
    assert sum(count > 0 for count in cleared.by_exit.values()) >= 5
    assert cleared.left == 14_000
    one_tunnel_s = 14_000 / (12.0 * PLANNING.level / 60)
    assert seconds(cleared) < one_tunnel_s / 2


def test_an_exit_is_as_wide_as_its_gates_together() -> None:
    assert bowl().exits == tuple("ABCDEFGHJKLMNPQRSTUV")
    assert bowl().exit_m.tolist() == [8.0] * 20
    assert bowl().assumed == 0


def test_a_width_that_the_file_does_not_give_is_assumed_and_counted() -> None:
    edges = VENUE.walk.edges
    unknown = replace(VENUE, walk=replace(VENUE.walk, edges=replace(edges, width=np.zeros(len(edges.a)))))
    network = egress_network(unknown)
    assert network.assumed > 1_000
    assert set(network.width_m[np.isfinite(network.width_m)].tolist()) == {ASSUMED_WIDTH_M}
    assert network.exit_m.tolist() == pytest.approx([8 * ASSUMED_WIDTH_M] * 20)


def test_lifts_are_not_a_way_out() -> None:
    edges = VENUE.walk.edges
    lift, stairs = KINDS.index(Kind.LIFT), KINDS.index(Kind.STAIRS)
    no_stairs = np.where(edges.kind == stairs, lift, edges.kind).astype(np.int8)
    network = egress_network(replace(VENUE, walk=replace(VENUE.walk, edges=replace(edges, kind=no_stairs))))
    upstairs = sum(block.seat_count for block in VENUE.blocks if block.ring > 1)
    assert run(network, SEATED, PLANNING).blocked == upstairs


def test_a_venue_without_walkways_reports_all_people_as_blocked() -> None:
    cleared = run(egress_network(replace(VENUE, walk=EMPTY_WALK_GRAPH)), SEATED, PLANNING)
    assert (cleared.left, cleared.blocked, cleared.seconds) == (0, 59_186, None)


def test_the_ground_in_front_of_the_gates_neither_widens_an_exit_nor_is_a_way() -> None:
    walk = VENUE.walk
    outer = np.array([walk.outside[a] and walk.outside[b] for a, b in zip(walk.edges.a, walk.edges.b, strict=True)])
    wide = replace(walk.edges, width=np.where(outer, 90.0, walk.edges.width))
    network = egress_network(replace(VENUE, walk=replace(walk, edges=wide)))
    assert network.exit_m.tolist() == [8.0] * 20
    assert len(network.tail) < len(walk.edges.a) * 2


@pytest.mark.parametrize("code", ["103", "203", "304"])
def test_people_walk_from_their_seats_to_the_entry_of_their_block(code: str) -> None:
    block = VENUE.blocks[VENUE.block_index[code]]
    walks_s = []
    for seat in range(block.first_seat, block.first_seat + block.seat_count):
        end = to_seat(VENUE, seat)
        assert end is not None
        stairs_m, up = sum(leg.metres for leg in end[1] if leg.steps), any(leg.steps < 0 for leg in end[1])
        row_m = sum(leg.metres for leg in end[1] if not leg.steps)
        walks_s.append(row_m / 1.34 + stairs_m / (0.61 if up else 0.694))  # a seat below the entry is left upstairs
    own = bowl().block_s[bowl().blocks.index(code)]
    assert own == pytest.approx(np.mean(walks_s), abs=0.5)
