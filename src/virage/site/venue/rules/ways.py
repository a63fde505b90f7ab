"""The way: from a ramp through a gate to a seat, and from a seat to whatever is nearest, with or without steps.

The graph falls into two parts that meet at the gates: outside (roads and podium) and inside. A way in takes both, a way
to a bar or a way out only the second. Everything is computed for one `Passable`: with or without stairs, and with the
lifts that are out of order left out.
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

from virage.site.venue.rules.ground import Feature
from virage.site.venue.rules.walking import (
    KINDS,
    STAIRS_DOWN_M_S,
    STAIRS_UP_M_S,
    WALK_M_S,
    Floor,
    Kind,
    Node,
    Walk,
    load_walk,
    steps_of,
)

Turn = Literal["", "left", "right"]
LegKind = Literal["level", "ramp", "stairs", "lift", "row"]
Nearest = Literal["outlet", "toilets", "first_aid", "information", "exit"]
OUTLET = "outlet:"
OUTSIDE = (Floor.ROAD, Floor.PODIUM)
TURN_FROM_M = 8.0  # a shorter walk around the bowl is not worth a word


class Leg(Struct, frozen=True, omit_defaults=True):
    """One stretch of a way without a change of kind or floor.

    `to` names where it ends (`gate:A1`, `stairs:N2`, `lift-N-1`, `block:203`, `seat`, ...); `floor` where it begins and
    `to_floor` where it ends. `turn` is the side to turn to when one faces the pitch. `steps` counts up (+) or down (-).
    `line` is x, y, x, y, ... in centimetres from the middle of the pitch.
    """

    kind: LegKind
    to: str
    floor: Floor
    to_floor: Floor
    metres: int
    seconds: int
    turn: Turn = ""
    steps: int = 0
    line: tuple[int, ...] = ()


class Way(Struct, frozen=True):
    """A whole way. `step_free` is false as soon as one leg has steps, the last ones to the seat included."""

    metres: int
    seconds: int
    steps: int
    step_free: bool
    legs: tuple[Leg, ...]


class Entrance(Struct, frozen=True):
    """The quickest way in to a place: by which ramp, through which gate; `delay_s` is what queues there may cost."""

    ramp: str
    gate: str
    delay_s: int
    way: Way


class Passable(Struct, frozen=True):
    """What somebody can pass: `step_free` leaves out stairs, `closed` the lifts that are out of order, by code."""

    step_free: bool = False
    closed: frozenset[str] = frozenset()


class Ways(Struct, frozen=True, eq=False):
    """All shortest ways in from ramps and gates for one `Passable`.

    `outside` and `inside` are the two parts as matrices of seconds; `to_gates[ramp, gate]` and `from_gates[gate, node]`
    are seconds, `before_gates` and `after_gates` the predecessors on those ways, -9999 for none.
    """

    walk: Walk
    outside: csr_array
    inside: csr_array
    ramps: tuple[int, ...]
    gates: tuple[int, ...]
    to_gates: npt.NDArray[np.float64]
    before_gates: npt.NDArray[np.int32]
    from_gates: npt.NDArray[np.float64]
    after_gates: npt.NDArray[np.int32]
    edge_of: Mapping[tuple[int, int], int]


@lru_cache(maxsize=16)
def ways(passable: Passable) -> Ways:
    """The ways of the default ground."""
    return compute(load_walk(), passable)


def compute(walk: Walk, passable: Passable) -> Ways:
    """All ways in, from every ramp and every gate."""
    edges, floors = walk.edges, [node.floor in OUTSIDE for node in walk.nodes]
    open_ = np.ones(len(edges.a), np.bool_)
    if passable.step_free:
        open_ &= edges.kind != KINDS.index(Kind.STAIRS)
    closed = [number for number, code in enumerate(walk.lifts) if code in passable.closed]
    open_ &= ~np.isin(edges.lift, closed)
    outer = np.array([floors[a] and floors[b] for a, b in zip(edges.a, edges.b, strict=True)])
    outside, inside = _matrix(walk, open_ & outer), _matrix(walk, open_ & ~outer)
    ramps = tuple(at for code, at in walk.index.items() if code.startswith("ramp:"))
    gates = tuple(at for code, at in walk.index.items() if code.startswith("gate:"))
    to_gates, before_gates = dijkstra(outside, indices=ramps, return_predecessors=True)
    from_gates, after_gates = dijkstra(inside, indices=gates, return_predecessors=True)
    edge_of = {}
    for number in np.flatnonzero(open_).tolist():
        a, b = int(edges.a[number]), int(edges.b[number])
        edge_of[a, b] = edge_of[b, a] = number
    return Ways(walk, outside, inside, ramps, gates, to_gates, before_gates, from_gates, after_gates, edge_of)


def _matrix(walk: Walk, wanted: npt.NDArray[np.bool_]) -> csr_array:
    edges, size = walk.edges, len(walk.nodes)
    a, b = edges.a[wanted], edges.b[wanted]
    seconds = np.concatenate((edges.seconds[wanted], edges.back[wanted]))
    return csr_array((seconds, (np.concatenate((a, b)), np.concatenate((b, a)))), shape=(size, size))


def entrance(
    found: Ways, place: int, gates: Sequence[str], delays_s: Mapping[str, float] | None = None
) -> Entrance | None:
    """The quickest way in to a place through one of these gates, None where there is none.

    `delays_s` says how long one waits at `ramp:N1` or `gate:A1` now, by code.
    """
    walk, waits = found.walk, delays_s or {}
    entry, rest = to_seat(walk, place)
    columns = [number for number, at in enumerate(found.gates) if walk.nodes[at].code in set(gates)]
    at_gates = [found.gates[number] for number in columns]
    if not at_gates:
        return None
    ramp_s = np.array([waits.get(walk.nodes[at].code, 0.0) for at in found.ramps])
    gate_s = np.array([waits.get(walk.nodes[at].code, 0.0) for at in at_gates])
    whole = ramp_s[:, None] + found.to_gates[:, at_gates] + gate_s + found.from_gates[columns, entry]
    ramp, gate = np.unravel_index(int(np.argmin(whole)), whole.shape)
    if whole[ramp, gate] == inf:
        return None
    path = _path(found.before_gates[ramp], at_gates[gate])
    path += _path(found.after_gates[columns[gate]], entry)[1:]
    codes = walk.nodes[found.ramps[ramp]].code, walk.nodes[at_gates[gate]].code
    return Entrance(*codes, round(ramp_s[ramp] + gate_s[gate]), _way(found, path, rest))


class GateHint(Struct, frozen=True):
    """Where else to go from a gate: along the podium to another one. `turn` is as one faces the pitch."""

    gate: str
    turn: Turn
    metres: int


def gate_hints(found: Ways, gate: str) -> dict[str, GateHint]:
    """The nearest gate of each other group from before one gate; `gate` and the answers are plain codes."""
    walk, groups = found.walk, {one.code: one.group for one in found.walk.ground.gates}
    (seconds,), (before,) = dijkstra(found.outside, indices=[walk.index[f"gate:{gate}"]], return_predecessors=True)
    nearest_of: dict[str, tuple[float, str]] = {}
    for code, group in groups.items():
        far = float(seconds[walk.index[f"gate:{code}"]])
        if group != groups[gate] and far != inf:
            nearest_of[group] = min(nearest_of.get(group, (inf, "")), (far, code))
    hints = {}
    for group, (_, code) in nearest_of.items():
        path = _path(before, walk.index[f"gate:{code}"])
        metres = sum(float(walk.edges.metres[found.edge_of[a, b]]) for a, b in pairwise(path))
        hints[group] = GateHint(code, _turn([walk.nodes[at] for at in path]), round(metres))
    return hints


def nearest(found: Ways, place: int, wanted: Nearest, delays_s: Mapping[str, float] | None = None) -> Way | None:
    """The way from a place to the nearest thing of a kind, counting what one waits there."""
    entry, rest = to_seat(found.walk, place)
    (seconds,), (before,) = dijkstra(found.inside, indices=[entry], return_predecessors=True)
    waits, nodes = delays_s or {}, found.walk.nodes
    best = min(_targets(found.walk, wanted), key=lambda at: seconds[at] + waits.get(nodes[at].code, 0.0))
    if seconds[best] == inf:
        return None
    return _way(
        found, _path(before, best), [_reversed(leg, found.walk.nodes[entry].code) for leg in reversed(rest)], out=True
    )


def outlets_from(found: Ways, place: int) -> dict[str, int]:
    """How many seconds it is from a place to each outlet, by its code; without those that no way leads to."""
    entry, rest = to_seat(found.walk, place)
    at_seat = sum(leg.seconds for leg in rest)
    seconds = _seconds_from(found, entry)
    outlets = ((node_code, at) for node_code, at in found.walk.index.items() if node_code.startswith(OUTLET))
    return {
        node_code.removeprefix(OUTLET): round(at_seat + float(seconds[at]))
        for node_code, at in outlets
        if seconds[at] != inf
    }


@lru_cache(maxsize=1024)
def _seconds_from(found: Ways, entry: int) -> npt.NDArray[np.float64]:
    """Seconds from a node to each other inside; a ground has a few hundred at which one enters a block."""
    (seconds,) = dijkstra(found.inside, indices=[entry])
    return seconds


def from_outlet(found: Ways, outlet: str, place: int) -> Way | None:
    """The way from an outlet to a place, None where there is none."""
    entry, rest = to_seat(found.walk, place)
    (seconds,), (before,) = dijkstra(
        found.inside, indices=[found.walk.index[f"{OUTLET}{outlet}"]], return_predecessors=True
    )
    return None if seconds[entry] == inf else _way(found, _path(before, entry), rest)


@lru_cache(maxsize=16)
def _targets(walk: Walk, wanted: Nearest) -> tuple[int, ...]:
    prefix = {"exit": "gate:", "outlet": "outlet:"}.get(wanted, f"{wanted}-")
    return tuple(at for code, at in walk.index.items() if code.startswith(prefix))


def to_seat(walk: Walk, place: int) -> tuple[int, list[Leg]]:
    """The node at which one leaves the graph for a place, and the legs from there.

    Raises:
        IndexError: when the ground has no such place.
    """
    ground = walk.ground
    area = ground.area_of(place)
    if area is not None:
        return walk.index[f"area:{area.code}"], []
    block = ground.blocks[ground.block[place]]
    on_platform = bool(ground.features[place] & (Feature.WHEELCHAIR | Feature.COMPANION))
    entry = walk.index[f"{'platform' if on_platform else 'block'}:{block.code}"]
    node, segments, segment = walk.nodes[entry], ground.row_segments, int(ground.segment[place])
    rise = 0.0 if on_platform else float(ground.height[place]) - node.height
    depth_m = abs(int(segments.d[segment]) - walk.entry_cm[block.code]) / 100
    along_m = abs(int(segments.t[segment] + (place - segments.first_seat[segment]) * segments.pitch[segment])) / 100
    row = Leg("row", "seat", node.floor, node.floor, round(along_m), round(along_m / WALK_M_S))
    if not steps_of(rise):
        return entry, [row]
    up = rise > 0
    seconds = depth_m / (STAIRS_UP_M_S if up else STAIRS_DOWN_M_S)
    steps = steps_of(rise) if up else -steps_of(rise)
    return entry, [Leg("stairs", "row", node.floor, node.floor, round(depth_m), round(seconds), steps=steps), row]


def _path(before: npt.NDArray[np.int32], end: int) -> list[int]:
    """The nodes of a shortest way, from its source to `end`."""
    path = [end]
    while (at := int(before[path[-1]])) >= 0:
        path.append(at)
    return path[::-1]


def _way(found: Ways, path: Sequence[int], rest: Sequence[Leg], *, out: bool = False) -> Way:
    """A way along nodes; the legs at the seat come last, or first on a way out of it."""
    legs = [*rest, *_legs(found, path)] if out else [*_legs(found, path), *rest]
    steps = sum(abs(leg.steps) for leg in legs)
    return Way(sum(leg.metres for leg in legs), sum(leg.seconds for leg in legs), steps, steps == 0, tuple(legs))


def _legs(found: Ways, path: Sequence[int]) -> list[Leg]:
    """Stretches of one kind and one turn; the walk ends at each gate, so that it is named."""
    stretches: list[list[int]] = []
    for a, b in pairwise(path):
        kind, before = _kind(found, a, b), stretches[-1] if stretches else None
        gate = before is not None and found.walk.nodes[a].code.startswith("gate:")
        if before is None or gate or kind != _kind(found, before[-2], before[-1]):
            stretches.append([a])
        stretches[-1].append(b)
    return [_leg(found, stretch) for stretch in stretches]


def _kind(found: Ways, a: int, b: int) -> Kind:
    return KINDS[int(found.walk.edges.kind[found.edge_of[a, b]])]


def _leg(found: Ways, stretch: Sequence[int]) -> Leg:
    edges, nodes = found.walk.edges, [found.walk.nodes[at] for at in stretch]
    metres = seconds = 0.0
    steps = 0
    for a, b in pairwise(stretch):
        number = found.edge_of[a, b]
        forward = edges.a[number] == a
        metres += edges.metres[number]
        seconds += edges.seconds[number] if forward else edges.back[number]
        if KINDS[edges.kind[number]] is Kind.STAIRS:
            rise = edges.rise[number] if forward else -edges.rise[number]
            steps += steps_of(rise) * (1 if rise > 0 else -1)
    kind = _kind(found, stretch[0], stretch[1])
    return Leg(
        kind.value,
        _named(nodes[-1].code),
        nodes[0].floor,
        nodes[-1].floor,
        round(metres),
        round(seconds),
        turn=_turn(nodes) if kind is Kind.LEVEL else "",
        steps=steps,
        line=tuple(round(value * 100) for node in nodes for value in (node.x, node.y)),
    )


def _named(code: str) -> str:
    """What a person calls a node: stairs and lifts without their floor."""
    name, _, floor = code.rpartition(":")
    return name if floor in set(Floor) else code


def _turn(nodes: Sequence[Node]) -> Turn:
    """Clockwise around the pitch, as seen from above, is to the left of whoever faces it."""
    across = sum(a.x * b.y - a.y * b.x for a, b in pairwise(nodes))
    far = hypot(nodes[-1].x - nodes[0].x, nodes[-1].y - nodes[0].y)
    if far < TURN_FROM_M:
        return ""
    return "left" if across < 0 else "right"


def _reversed(leg: Leg, entry: str) -> Leg:
    """A leg at the seat, walked the other way."""
    to = "row" if leg.kind == "row" else entry
    return replace(leg, to=to, steps=-leg.steps)
