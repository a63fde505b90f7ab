"""Time to compute when the stadium is clear, and how exact that is in cases with a known answer.

`python -m benchmarks.evacuation [--quick]`. `run_ms` is the median of single runs of all seats with
ways out that are already chosen; `ensemble_per_s` counts the members of ensembles. What choosing
the ways takes is printed above the line, with the machine.
"""

import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from math import inf

import numpy as np

from benchmarks.common import machine, quick, tell
from virage.control.safety.rules.egress import PLANNING, Cleared, ensemble, run
from virage.control.safety.rules.network import EgressNetwork, egress_network
from virage.demo.venues.drawing import stadium

RUNS, QUICK_RUNS = 101, 11
MEMBERS = 200
Passage = tuple[str, str, float, float, bool]


def small_network(
    blocks: Mapping[str, tuple[str, int, str]],
    passages: Sequence[Passage],
    exits: Mapping[str, tuple[str, float]],
) -> EgressNetwork:
    """Return a network from its parts: blocks by code as (stand, places, node), people in them at no distance.

    Passages are (from, to, seconds, width in metres, stairs) and lead one way; exits by code are (node, metres).
    """
    nodes = list(
        dict.fromkeys(
            [
                *(node for _, _, node in blocks.values()),
                *(node for passage in passages for node in passage[:2]),
                *(node for node, _ in exits.values()),
            ]
        )
    )
    stands = tuple(dict.fromkeys(stand for stand, _, _ in blocks.values()))
    return EgressNetwork(
        stands=stands,
        blocks=tuple(blocks),
        stand=np.array([stands.index(stand) for stand, _, _ in blocks.values()], np.int32),
        capacity=np.array([places for _, places, _ in blocks.values()], np.int32),
        block_node=np.array([nodes.index(node) for _, _, node in blocks.values()], np.int32),
        block_m=np.full(len(blocks), inf),
        block_stairs=np.zeros(len(blocks), np.bool_),
        block_s=np.zeros(len(blocks)),
        nodes=len(nodes),
        tail=np.array([nodes.index(passage[0]) for passage in passages], np.int32),
        head=np.array([nodes.index(passage[1]) for passage in passages], np.int32),
        seconds=np.array([passage[2] for passage in passages], np.float64),
        width_m=np.array([passage[3] for passage in passages], np.float64),
        stairs=np.array([passage[4] for passage in passages], np.bool_),
        exits=tuple(exits),
        exit_node=np.array([nodes.index(node) for node, _ in exits.values()], np.int32),
        exit_m=np.array([metres for _, metres in exits.values()], np.float64),
    )


def one_door() -> tuple[Cleared, float]:
    """2,000 people behind a door of 2 m: N / (w f)."""
    network = small_network({"A": ("N", 2_000, "hall")}, [], {"X": ("hall", 2.0)})
    return run(network, {"A": 2_000}, PLANNING), 2_000 / (2.0 * PLANNING.level / 60)


def doors_in_series() -> tuple[Cleared, float]:
    """3,000 people through a door of 4 m, 60 s of walking and an exit of 2.5 m: the narrower one and the walk."""
    network = small_network({"A": ("N", 3_000, "hall")}, [("hall", "street", 60.0, 4.0, False)], {"X": ("street", 2.5)})
    return run(network, {"A": 3_000}, PLANNING), 60 + 3_000 / (2.5 * PLANNING.level / 60)


def merge() -> tuple[Cleared, float]:
    """Two stands down stairs of 3 m each into one exit of 3 m: all of them through the exit, after the shorter walk."""
    network = small_network(
        {"A": ("N", 1_500, "top"), "B": ("S", 2_500, "side")},
        [("top", "hall", 40.0, 3.0, True), ("side", "hall", 20.0, 3.0, True)],
        {"X": ("hall", 3.0)},
    )
    through_s = 3.0 * PLANNING.level / 60
    early = 20 * 3.0 * PLANNING.stairs / 60  # of the nearer stand alone, below the capacity of the exit
    return run(network, {"A": 1_500, "B": 2_500}, PLANNING), 40 + (4_000 - early) / through_s


Case = Callable[[], tuple[Cleared, float]]
CASES: tuple[Case, ...] = (one_door, doors_in_series, merge)


def errors() -> list[float]:
    """Relative error of the time to clear in each case with a known answer."""
    found = []
    for case in CASES:
        cleared, exact_s = case()
        assert cleared.seconds is not None
        found.append(abs(cleared.seconds - exact_s) / exact_s)
    return found


def main() -> None:
    """Measure and print the line."""
    venue = stadium()
    network = egress_network(venue)
    people = {block.code: block.seat_count for block in venue.blocks}
    began = time.perf_counter()
    cleared = run(network, people, PLANNING)
    first_ms = 1000 * (time.perf_counter() - began)
    run_ms, mass_error = [], 0
    for _ in range(QUICK_RUNS if quick() else RUNS):
        began = time.perf_counter()
        cleared = run(network, people, PLANNING)
        run_ms.append(1000 * (time.perf_counter() - began))
        mass_error = max(mass_error, abs(sum(people.values()) - int(cleared.left_by_s[-1]) - cleared.blocked))
    began = time.perf_counter()
    ensemble(network, people, PLANNING, members=MEMBERS)
    ensemble_s = time.perf_counter() - began
    print(
        {"first_run_ms": round(first_ms, 1), "clear_s": cleared.seconds, "p95_s": cleared.p95_s, **machine()},
        file=sys.stderr,
    )
    tell(
        {
            "people": cleared.people,
            "run_ms": round(statistics.median(run_ms), 2),
            "ensemble_per_s": round(MEMBERS / ensemble_s, 1),
            "mass_error": mass_error,
            "closed_form_error_max": round(max(errors()), 5),
        }
    )


if __name__ == "__main__":
    main()
