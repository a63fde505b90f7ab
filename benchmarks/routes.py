"""Routing: one step-free route from a ramp to a seat, with every gate computed beforehand.

`python -m benchmarks.routes [--quick]`.
"""

import argparse
import random
import statistics
import time
from typing import Any

from benchmarks.common import machine, tell
from virage.demo.venues.drawing import stadium
from virage.site.venue.rules.routing import RouteOptions, entrance, nearest, route_table

ROUTES, QUICK_ROUTES = 5_000, 500
ROUNDS = 5


def measure(*, quick: bool) -> dict[str, Any]:
    """Routes to seats all over the venue, one at a time."""
    ground, chance = stadium(), random.Random(1)
    gates: dict[str, list[str]] = {}
    for gate in ground.gates:
        gates.setdefault(gate.group, []).append(f"gate:{gate.code}")
    precompute_s = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = route_table.__wrapped__(ground, RouteOptions(step_free=True))  # without its cache
        precompute_s.append(time.perf_counter() - began)
    places = [chance.randrange(ground.seats) for _ in range(QUICK_ROUTES if quick else ROUTES)]
    route_ms, nearest_ms = [], []
    for place in places:
        began = time.perf_counter()
        entrance(found, place, gates[ground.label(place).gate_group])
        half = time.perf_counter()
        nearest(found, place, "toilets")
        route_ms.append(1000 * (half - began))
        nearest_ms.append(1000 * (time.perf_counter() - half))
    return {
        "benchmark": "routes",
        "median_ms": round(statistics.median(route_ms), 3),
        "nearest_median_ms": round(statistics.median(nearest_ms), 3),
        "precompute_s": round(min(precompute_s), 3),
        "nodes": len(ground.walk.nodes),
        "edges": len(ground.walk.edges.a),
        "routes": len(places),
        "machine": machine(),
    }


def main() -> None:
    """Read the options and print the line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routes")
    parser.add_argument("--quick", action="store_true")
    tell(measure(quick=parser.parse_args().quick))


if __name__ == "__main__":
    main()
