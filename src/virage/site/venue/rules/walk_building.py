"""Builds the walking graph of a drawn bowl."""

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from math import atan2, hypot

import numpy as np
from msgspec import Struct

from virage.site.venue.rules.bowl import bowl_edge, ring_fronts, tread_height
from virage.site.venue.rules.fixtures import CONCOURSE_CM, ramp_heads, stair_cores
from virage.site.venue.rules.frames import centimetres, inner_half_sides, point
from virage.site.venue.rules.plan import Plan
from virage.site.venue.rules.venue import Block, Feature, Venue
from virage.site.venue.rules.walk_graph import (
    KINDS,
    LEAST_M,
    LIFT_DOORS_S,
    LIFT_M_S,
    LIFT_WAIT_S,
    PODIUM_LOOP_M,
    STAIRS_DOWN_M_S,
    STAIRS_UP_M_S,
    STEP_RUN_M,
    WALK_M_S,
    Edges,
    Floor,
    Kind,
    Node,
    WalkGraph,
    steps_of,
)

CONCOURSES = (Floor.RING_1, Floor.RING_2, Floor.RING_3)
GALLERIES = (Floor.GALLERY_1, Floor.RING_2, Floor.GALLERY_3)
"""From which floor the wheelchair spaces behind each ring's last row are reached without a step."""


class _Loops(Struct, frozen=True):
    """Distance (cm, as of rows) of each floor that is a loop, and height (m above the pitch) of every floor."""

    d: dict[Floor, int]
    height: dict[Floor, float]


class _Draft:
    """Nodes and edges during construction."""

    def __init__(self, plan: Plan, loops: _Loops, lifts: Sequence[str]) -> None:
        self.plan = plan
        self.loops = loops
        self.lifts = {code: number for number, code in enumerate(lifts)}
        self.nodes: list[Node] = []
        self.rows: list[tuple[int, int, float, float, int, float, int]] = []
        self._stations: dict[Floor, list[int]] = {floor: [] for floor in loops.d}
        self._half = inner_half_sides(plan)

    def node(self, code: str, floor: Floor, x: float, y: float) -> int:
        """Add a node."""
        height = self.loops.height[floor]
        self.nodes.append(Node(code, floor, round(x, 2), round(y, 2), round(height, 2)))
        return len(self.nodes) - 1

    def edge(self, a: int, b: int, kind: Kind, width: float, lift: str = "") -> None:
        """Add an edge; stairs are as long as their steps, and at least as long as the distance of their ends."""
        here, there = self.nodes[a], self.nodes[b]
        rise = there.height - here.height
        metres = max(LEAST_M, hypot(there.x - here.x, there.y - here.y))
        if kind is Kind.STAIRS:
            metres = max(metres, steps_of(rise) * STEP_RUN_M)
        self.rows.append((a, b, metres, rise, KINDS.index(kind), width, self.lifts.get(lift, -1)))

    def station(self, floor: Floor, x: float, y: float) -> int:
        """Return the node of a floor's loop nearest to (x, y)."""
        half_x, half_y = (half / 100 for half in self._half)
        near_x, near_y = min(max(x, -half_x), half_x), min(max(y, -half_y), half_y)
        away = hypot(x - near_x, y - near_y)
        d = self.loops.d[floor] / 100
        found = self.node("", floor, near_x + (x - near_x) / away * d, near_y + (y - near_y) / away * d)
        self._stations[floor].append(found)
        return found

    def opening(self, code: str, floor: Floor, x: float, y: float, width: float) -> int:
        """Add a node at (x, y) that opens onto a floor's loop."""
        node = self.node(code, floor, x, y)
        self.edge(self.station(floor, x, y), node, Kind.LEVEL, width)
        return node

    def close_loops(self) -> None:
        """Connect the stations of each floor to their neighbours, all the way round."""
        for stations in self._stations.values():
            around = sorted(stations, key=lambda at: atan2(self.nodes[at].y, self.nodes[at].x))
            for a, b in pairwise([*around, around[0]]):
                self.edge(a, b, Kind.LEVEL, self.plan.ways.concourse_width_m)


def _loops(plan: Plan) -> _Loops:
    """Return the loops: a concourse is level with its ring's openings or last row, a gallery is behind it."""
    fronts, row = ring_fronts(plan), centimetres(plan.bowl.row_depth_m)
    last = [max(stand.rows[ring] for stand in plan.stands) for ring in range(len(plan.rings))]
    behind = [front + (rows - 1) * row + CONCOURSE_CM for front, rows in zip(fronts, last, strict=True)]
    d = dict(zip(CONCOURSES, behind, strict=True))
    height = {}
    for ring, floor in enumerate(CONCOURSES):
        opening = plan.rings[ring].portal_rows
        height[floor] = tread_height(plan, ring, opening[0] - 1) if opening else _gallery_height(plan, ring, last[ring])
        if GALLERIES[ring] != floor:
            d[GALLERIES[ring]], height[GALLERIES[ring]] = behind[ring], _gallery_height(plan, ring, last[ring])
    d[Floor.PODIUM] = bowl_edge(plan) + centimetres(plan.gates.podium_m + PODIUM_LOOP_M)
    height |= {Floor.PODIUM: height[Floor.RING_1], Floor.ROAD: plan.ways.road_height_m, Floor.PITCH: 0.0}
    return _Loops(d, height)


def _gallery_height(plan: Plan, ring: int, rows: int) -> float:
    return tread_height(plan, ring, rows - 1) + plan.platform.rise_m


def _gates(draft: _Draft, venue: Venue) -> None:
    """Add ramps up to the podium, and gates from there to the concourse of ring 1."""
    walkways = draft.plan.ways
    for code, foot, head in ramp_heads(draft.plan):
        at = draft.node(f"ramp:{code}", Floor.ROAD, *foot)
        draft.edge(at, draft.opening("", Floor.PODIUM, *head, walkways.ramp_width_m), Kind.RAMP, walkways.ramp_width_m)
    for gate in venue.gates:
        at = draft.opening(f"gate:{gate.code}", Floor.PODIUM, gate.x, gate.y, 1.0)
        draft.edge(at, draft.station(Floor.RING_1, gate.x, gate.y), Kind.LEVEL, 1.0)


def _upwards(draft: _Draft, venue: Venue) -> None:
    """Add stairs between the concourses, and lifts that stop on every floor inside the gates."""
    width = draft.plan.ways.stairs_width_m
    for code, x, y in stair_cores(draft.plan):
        stops = [draft.opening(f"stairs:{code}:{floor}", floor, x, y, width) for floor in CONCOURSES]
        for below, above in pairwise(stops):
            draft.edge(below, above, Kind.STAIRS, width)
    floors = list(dict.fromkeys([*CONCOURSES, *GALLERIES]))
    for lift in venue.amenities:
        if lift.kind == "lift":
            stops = [draft.opening(f"{lift.code}:{floor}", floor, lift.x, lift.y, 2.0) for floor in floors]
            for lower, upper in combinations(stops, 2):
                draft.edge(lower, upper, Kind.LIFT, 2.0, lift.code)


def _concourses(draft: _Draft, venue: Venue) -> None:
    """Add outlets, toilets, first aid, lounges and information desks to the concourse of their ring."""
    for outlet in venue.outlets:
        draft.opening(f"outlet:{outlet.code}", CONCOURSES[outlet.ring - 1], outlet.x, outlet.y, 2.0)
    for amenity in venue.amenities:
        if amenity.kind != "lift":
            draft.opening(amenity.code, CONCOURSES[amenity.ring - 1], amenity.x, amenity.y, 2.0)


def _blocks(draft: _Draft, venue: Venue) -> dict[str, int]:
    """Add block entries at the opening or from behind, and entries of wheelchair platforms from the gallery."""
    width, entries = draft.plan.bowl.portal_m, {}
    for block in venue.blocks:
        ring = block.ring - 1
        entries[block.code] = _entry_cm(draft.plan, venue, block)
        x, y = point(block.frame, entries[block.code], 0)
        draft.opening(f"block:{block.code}", CONCOURSES[ring], x, y, width)
        if block.wheelchairs:
            last = venue.row_segments.d[block.first_segment + block.segment_count - 1]
            draft.opening(f"platform:{block.code}", GALLERIES[ring], *point(block.frame, float(last), 0), width)
    return entries


def _entry_cm(plan: Plan, venue: Venue, block: Block) -> int:
    """Return the distance of a block's entry row: the first row at its opening, or its last row."""
    opening = () if block.kind == "box" else plan.rings[block.ring - 1].portal_rows
    segments = range(block.first_segment, block.first_segment + block.segment_count)
    seated = [at for at in segments if not venue.features[venue.row_segments.first_seat[at]] & Feature.WHEELCHAIR]
    named = [at for at in seated if block.rows[venue.row_segments.row[at]] == str(opening[0])] if opening else []
    return int(venue.row_segments.d[named[0] if named else seated[-1]])


def _areas(draft: _Draft, venue: Venue) -> None:
    """Add sloping tunnels under the stands to the standing areas, one from the gates of each group."""
    width = draft.plan.ways.ramp_width_m
    for area in venue.areas:
        xs, ys = area.outline[::2], area.outline[1::2]
        at = draft.node(f"area:{area.code}", Floor.PITCH, sum(xs) / len(xs), sum(ys) / len(ys))
        for group in area.gate_groups:
            gates = [gate for gate in venue.gates if gate.group == group]
            middle = gates[len(gates) // 2]
            draft.edge(at, draft.station(Floor.RING_1, middle.x, middle.y), Kind.RAMP, width)


def build_walk_graph(plan: Plan, venue: Venue) -> WalkGraph:
    """Return the walking graph of a venue and its plan."""
    lifts = tuple(amenity.code for amenity in venue.amenities if amenity.kind == "lift")
    draft = _Draft(plan, _loops(plan), lifts)
    _gates(draft, venue)
    _upwards(draft, venue)
    _concourses(draft, venue)
    entry_cm = _blocks(draft, venue)
    _areas(draft, venue)
    draft.close_loops()
    index = {node.code: number for number, node in enumerate(draft.nodes) if node.code}
    return WalkGraph(tuple(draft.nodes), _edges(draft.rows), index, lifts, entry_cm)


def _edges(rows: Iterable[tuple[int, int, float, float, int, float, int]]) -> Edges:
    a, b, metres, rise, kind, width, lift = (np.array(column) for column in zip(*rows, strict=True))
    stairs, lifts = kind == KINDS.index(Kind.STAIRS), kind == KINDS.index(Kind.LIFT)
    ride = LIFT_WAIT_S + LIFT_DOORS_S + np.abs(rise) / LIFT_M_S
    up = np.where(rise >= 0, STAIRS_UP_M_S, STAIRS_DOWN_M_S)
    down = np.where(rise >= 0, STAIRS_DOWN_M_S, STAIRS_UP_M_S)
    return Edges(
        a=a.astype(np.int32),
        b=b.astype(np.int32),
        metres=metres,
        rise=rise,
        kind=kind.astype(np.int8),
        width=width,
        lift=lift.astype(np.int16),
        seconds=np.where(lifts, ride, metres / np.where(stairs, up, WALK_M_S)),
        back=np.where(lifts, ride, metres / np.where(stairs, down, WALK_M_S)),
    )
