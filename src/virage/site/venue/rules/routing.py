"""Routing: from a ramp through a gate to a seat, and from a seat to the nearest amenity, optionally step-free.

The graph has two parts that meet at the gates: outside (roads and podium) and inside. A route to a seat uses both, a
route to an outlet or exit only the second. Routes are computed for one `RouteOptions`: step-free or not, and without
the lifts that are out of order.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import hypot, inf
from typing import Literal

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from virage.site.venue.rules.venue import Feature, Venue
from virage.site.venue.rules.walk_graph import (
    KINDS,
    STAIRS_DOWN_M_S,
    STAIRS_UP_M_S,
    WALK_M_S,
    Kind,
    Node,
    WalkGraph,
    steps_of,
)

Turn = Literal["", "left", "right"]
LegKind = Literal["level", "ramp", "stairs", "lift", "row"]
Nearest = Literal["outlet", "toilets", "first_aid", "information", "exit"]
OUTLET = "outlet:"
TURN_FROM_M = 8.0  # a shorter walk around the bowl gets no turn instruction


class Leg(Struct, frozen=True, omit_defaults=True):
    """A part of a route without a change of kind or floor.

    `to` is its end (`gate:A1`, `stairs:N2`, `lift-N-1`, `block:203`, `seat`, ...); it leads from `floor` to `to_floor`.
    `turn` is the direction of a person who faces the pitch. `steps` counts up (+) or down (-).
    `line` is x, y, x, y, ... in centimetres from the middle of the pitch.
    """

    kind: LegKind
    to: str
    floor: str
    to_floor: str
    metres: int
    seconds: int
    turn: Turn = ""
    steps: int = 0
    line: tuple[int, ...] = ()


class Route(Struct, frozen=True):
    """A route. `step_free` is false if any leg has steps, including the last ones to the seat."""

    metres: int
    seconds: int
    steps: int
    step_free: bool
    legs: tuple[Leg, ...]


class Entrance(Struct, frozen=True):
    """The quickest route to a place: its ramp and gate; `delay_s` is the wait in queues there."""

    ramp: str
    gate: str
    delay_s: int
    route: Route


class RouteOptions(Struct, frozen=True):
    """Routing options: `step_free` excludes stairs.

    `closed` are codes of lifts (`lift-N-1`), gates (`gate:A1`) and outlets (`outlet:01`) that are not used. People
    still walk past a closed gate in front of it, and past a closed outlet.
    """

    step_free: bool = False
    closed: frozenset[str] = frozenset()


class RouteTable(Struct, frozen=True, eq=False):
    """All shortest routes from ramps and gates for one `RouteOptions`.

    `outside` and `inside` are the two parts as matrices of seconds; `to_gates[ramp, gate]` and `from_gates[gate, node]`
    are seconds, `gate_predecessors` and `place_predecessors` the predecessors on those routes, -9999 for none.
    """

    venue: Venue
    walk: WalkGraph
    outside: csr_array
    inside: csr_array
    ramps: tuple[int, ...]
    gates: tuple[int, ...]
    to_gates: npt.NDArray[np.float64]
    gate_predecessors: npt.NDArray[np.int32]
    from_gates: npt.NDArray[np.float64]
    place_predecessors: npt.NDArray[np.int32]
    edge_of: Mapping[tuple[int, int], int]
    closed: frozenset[str]


@lru_cache(maxsize=32)
def route_table(venue: Venue, route_options: RouteOptions) -> RouteTable:
    """Return all shortest routes from every ramp and every gate of a venue; cached, about 0.1 s for a stadium."""
    walk = venue.walk
    edges, outside_ = walk.edges, walk.outside
    open_ = np.ones(len(edges.a), np.bool_)
    if route_options.step_free:
        open_ &= edges.kind != KINDS.index(Kind.STAIRS)
    closed = [number for number, code in enumerate(walk.lifts) if code in route_options.closed]
    open_ &= ~np.isin(edges.lift, closed)
    outer = np.array([outside_[a] and outside_[b] for a, b in zip(edges.a, edges.b, strict=True)], np.bool_)
    shut = [at for code, at in walk.index.items() if code.startswith("gate:") and code in route_options.closed]
    open_ &= outer | ~(np.isin(edges.a, shut) | np.isin(edges.b, shut))
    outside, inside = _matrix(walk, open_ & outer), _matrix(walk, open_ & ~outer)
    ramps = tuple(at for code, at in walk.index.items() if code.startswith("ramp:"))
    gates = tuple(
        at for code, at in walk.index.items() if code.startswith("gate:") and code not in route_options.closed
    )
    to_gates, gate_predecessors = _shortest(outside, ramps)
    from_gates, place_predecessors = _shortest(inside, gates)
    edge_of = {}
    for number in np.flatnonzero(open_).tolist():
        a, b = int(edges.a[number]), int(edges.b[number])
        edge_of[a, b] = edge_of[b, a] = number
    return RouteTable(
        venue,
        walk,
        outside,
        inside,
        ramps,
        gates,
        to_gates,
        gate_predecessors,
        from_gates,
        place_predecessors,
        edge_of,
        route_options.closed,
    )


def _shortest(seconds: csr_array, sources: Sequence[int]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    if not sources:
        return np.zeros((0, seconds.shape[0])), np.zeros((0, seconds.shape[0]), np.int32)
    times, predecessors = dijkstra(seconds, indices=sources, return_predecessors=True)
    return times, predecessors


def _matrix(walk: WalkGraph, wanted: npt.NDArray[np.bool_]) -> csr_array:
    edges, size = walk.edges, len(walk.nodes)
    a, b = edges.a[wanted], edges.b[wanted]
    seconds = np.concatenate((edges.seconds[wanted], edges.back[wanted]))
    return csr_array((seconds, (np.concatenate((a, b)), np.concatenate((b, a)))), shape=(size, size))


def entrance(
    table: RouteTable, place: int, gates: Sequence[str], delays_s: Mapping[str, float] | None = None
) -> Entrance | None:
    """Return the quickest route to a place through one of these gates; None if there is none.

    `delays_s` are the current waits in seconds by code (`ramp:N1`, `gate:A1`).
    """
    walk, waits = table.walk, delays_s or {}
    end = to_seat(table.venue, place)
    if end is None:
        return None
    entry, rest = end
    columns = [number for number, at in enumerate(table.gates) if walk.nodes[at].code in set(gates)]
    at_gates = [table.gates[number] for number in columns]
    if not at_gates or not table.ramps:
        return None
    ramp_s = np.array([waits.get(walk.nodes[at].code, 0.0) for at in table.ramps])
    gate_s = np.array([waits.get(walk.nodes[at].code, 0.0) for at in at_gates])
    whole = ramp_s[:, None] + table.to_gates[:, at_gates] + gate_s + table.from_gates[columns, entry]
    ramp, gate = np.unravel_index(int(np.argmin(whole)), whole.shape)
    if whole[ramp, gate] == inf:
        return None
    path = _path(table.gate_predecessors[ramp], at_gates[gate])
    path += _path(table.place_predecessors[columns[gate]], entry)[1:]
    codes = walk.nodes[table.ramps[ramp]].code, walk.nodes[at_gates[gate]].code
    return Entrance(*codes, round(ramp_s[ramp] + gate_s[gate]), _route(table, path, rest))


class GateHint(Struct, frozen=True):
    """Direction from a gate along the podium to another gate. `turn` is that of a person who faces the pitch."""

    gate: str
    turn: Turn
    metres: int


def gate_hints(table: RouteTable, gate: str) -> dict[str, GateHint]:
    """Return the nearest gate of each other group from outside a gate; codes are plain (`A1`)."""
    walk, groups = table.walk, {other.code: other.group for other in table.venue.gates}
    here = walk.index.get(f"gate:{gate}")
    if here is None:
        return {}
    (seconds,), (predecessors,) = dijkstra(table.outside, indices=[here], return_predecessors=True)
    nearest_of: dict[str, tuple[float, str]] = {}
    for code, group in groups.items():
        there = walk.index.get(f"gate:{code}")
        far = inf if there is None else float(seconds[there])
        if group != groups[gate] and far != inf:
            nearest_of[group] = min(nearest_of.get(group, (inf, "")), (far, code))
    hints = {}
    for group, (_, code) in nearest_of.items():
        path = _path(predecessors, walk.index[f"gate:{code}"])
        metres = sum(float(walk.edges.metres[table.edge_of[a, b]]) for a, b in pairwise(path))
        hints[group] = GateHint(code, _turn([walk.nodes[at] for at in path]), round(metres))
    return hints


def nearest(
    table: RouteTable, place: int, wanted: Nearest, delays_s: Mapping[str, float] | None = None
) -> Route | None:
    """Return the route from a place to the nearest amenity of a kind, including the wait there."""
    end = to_seat(table.venue, place)
    targets = [at for at in _targets(table.walk, wanted) if table.walk.nodes[at].code not in table.closed]
    if end is None or not targets:
        return None
    entry, rest = end
    (seconds,), (predecessors,) = dijkstra(table.inside, indices=[entry], return_predecessors=True)
    waits, nodes = delays_s or {}, table.walk.nodes
    best = min(targets, key=lambda at: seconds[at] + waits.get(nodes[at].code, 0.0))
    if seconds[best] == inf:
        return None
    return _route(
        table,
        _path(predecessors, best),
        [_reversed(leg, table.walk.nodes[entry].code) for leg in reversed(rest)],
        out=True,
    )


def outlets_from(table: RouteTable, place: int) -> dict[str, int]:
    """Return the walking time in seconds from a place to each reachable outlet, by code."""
    end = to_seat(table.venue, place)
    if end is None:
        return {}
    entry, rest = end
    at_seat = sum(leg.seconds for leg in rest)
    seconds = _seconds_from(table, entry)
    outlets = ((node_code, at) for node_code, at in table.walk.index.items() if node_code.startswith(OUTLET))
    return {
        node_code.removeprefix(OUTLET): round(at_seat + float(seconds[at]))
        for node_code, at in outlets
        if seconds[at] != inf and node_code not in table.closed
    }


@lru_cache(maxsize=1024)
def _seconds_from(table: RouteTable, entry: int) -> npt.NDArray[np.float64]:
    """Return the seconds from a block entry to each node inside; cached, as a venue has a few hundred entries."""
    (seconds,) = dijkstra(table.inside, indices=[entry])
    return seconds


def from_outlet(table: RouteTable, outlet: str, place: int) -> Route | None:
    """Return the route from an outlet to a place; None if there is none."""
    end, start = to_seat(table.venue, place), table.walk.index.get(f"{OUTLET}{outlet}")
    if end is None or start is None:
        return None
    entry, rest = end
    (seconds,), (predecessors,) = dijkstra(table.inside, indices=[start], return_predecessors=True)
    return None if seconds[entry] == inf else _route(table, _path(predecessors, entry), rest)


@lru_cache(maxsize=16)
def _targets(walk: WalkGraph, wanted: Nearest) -> tuple[int, ...]:
    prefix = {"exit": "gate:", "outlet": "outlet:"}.get(wanted, f"{wanted}-")
    return tuple(at for code, at in walk.index.items() if code.startswith(prefix))


def to_seat(venue: Venue, place: int) -> tuple[int, list[Leg]] | None:
    """Return the node where a route to a place leaves the graph, and the legs from there; None without such a node.

    Raises:
        IndexError: if the venue has no such place.
    """
    walk, area = venue.walk, venue.area_of(place)
    if area is not None:
        at_area = walk.index.get(f"area:{area.code}")
        return None if at_area is None else (at_area, [])
    block = venue.blocks[venue.block[place]]
    on_platform = bool(venue.features[place] & (Feature.WHEELCHAIR | Feature.COMPANION))
    at_block = walk.index.get(f"block:{block.code}")
    entry = walk.index.get(f"platform:{block.code}", at_block) if on_platform else at_block
    if entry is None:
        return None
    node, segments, segment = walk.nodes[entry], venue.row_segments, int(venue.segment[place])
    rise = 0.0 if on_platform else float(venue.height[place]) - node.height
    depth_m = abs(int(segments.d[segment]) - walk.entry_cm[block.code]) / 100
    along_m = abs(int(segments.t[segment] + (place - segments.first_seat[segment]) * segments.pitch[segment])) / 100
    row = Leg("row", "seat", node.floor, node.floor, round(along_m), round(along_m / WALK_M_S))
    if not steps_of(rise):
        return entry, [row]
    up = rise > 0
    seconds = depth_m / (STAIRS_UP_M_S if up else STAIRS_DOWN_M_S)
    steps = steps_of(rise) if up else -steps_of(rise)
    return entry, [Leg("stairs", "row", node.floor, node.floor, round(depth_m), round(seconds), steps=steps), row]


def _path(predecessors: npt.NDArray[np.int32], end: int) -> list[int]:
    """Return the nodes of a shortest path, from its source to `end`."""
    path = [end]
    while (at := int(predecessors[path[-1]])) >= 0:
        path.append(at)
    return path[::-1]


def _route(table: RouteTable, path: Sequence[int], rest: Sequence[Leg], *, out: bool = False) -> Route:
    """Return a route along nodes; the legs at the seat come last, or first when leaving it."""
    legs = [*rest, *_legs(table, path)] if out else [*_legs(table, path), *rest]
    steps = sum(abs(leg.steps) for leg in legs)
    return Route(sum(leg.metres for leg in legs), sum(leg.seconds for leg in legs), steps, steps == 0, tuple(legs))


def _legs(table: RouteTable, path: Sequence[int]) -> list[Leg]:
    """Return legs of one kind each; a leg ends at each gate, so that the gate is named."""
    stretches: list[list[int]] = []
    for a, b in pairwise(path):
        kind, predecessors = _kind(table, a, b), stretches[-1] if stretches else None
        gate = predecessors is not None and table.walk.nodes[a].code.startswith("gate:")
        if predecessors is None or gate or kind != _kind(table, predecessors[-2], predecessors[-1]):
            stretches.append([a])
        stretches[-1].append(b)
    return [_leg(table, stretch) for stretch in stretches]


def _kind(table: RouteTable, a: int, b: int) -> Kind:
    return KINDS[int(table.walk.edges.kind[table.edge_of[a, b]])]


def _leg(table: RouteTable, stretch: Sequence[int]) -> Leg:
    edges, nodes = table.walk.edges, [table.walk.nodes[at] for at in stretch]
    metres = seconds = 0.0
    steps = 0
    for a, b in pairwise(stretch):
        number = table.edge_of[a, b]
        forward = edges.a[number] == a
        metres += edges.metres[number]
        seconds += edges.seconds[number] if forward else edges.back[number]
        if KINDS[edges.kind[number]] is Kind.STAIRS:
            rise = edges.rise[number] if forward else -edges.rise[number]
            steps += steps_of(rise) * (1 if rise > 0 else -1)
    kind = _kind(table, stretch[0], stretch[1])
    return Leg(
        kind.value,
        _named(nodes[-1]),
        nodes[0].floor,
        nodes[-1].floor,
        round(metres),
        round(seconds),
        turn=_turn(nodes) if kind is Kind.LEVEL else "",
        steps=steps,
        line=tuple(round(value * 100) for node in nodes for value in (node.x, node.y)),
    )


def _named(node: Node) -> str:
    """Return the name of a node for people: stairs and lifts without their floor."""
    return node.code.removesuffix(f":{node.floor}")


def _turn(nodes: Sequence[Node]) -> Turn:
    """Return the turn: clockwise around the pitch, seen from above, is to the left of a person who faces it."""
    across = sum(a.x * b.y - a.y * b.x for a, b in pairwise(nodes))
    far = hypot(nodes[-1].x - nodes[0].x, nodes[-1].y - nodes[0].y)
    if far < TURN_FROM_M:
        return ""
    return "left" if across < 0 else "right"


def _reversed(leg: Leg, entry: str) -> Leg:
    """Return a leg at the seat in the opposite direction."""
    to = "row" if leg.kind == "row" else entry
    return replace(leg, to=to, steps=-leg.steps)
