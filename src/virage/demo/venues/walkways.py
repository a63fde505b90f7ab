"""Draws the walking graph of a bowl: floors are loops around the pitch, and what opens onto a floor is tied to it."""

from collections.abc import Sequence
from itertools import combinations, pairwise
from math import atan2, hypot
from typing import Final

from msgspec import Struct

from virage.demo.venues.bowl import BlockDraft, bowl_edge, ring_fronts, tread_height
from virage.demo.venues.fixtures import CONCOURSE_CM, ramp_heads, stair_cores
from virage.demo.venues.frames import inner_half_sides
from virage.demo.venues.plan import Plan
from virage.site.venue.types import (
    AmenityFile,
    EdgeFile,
    FloorFile,
    GateFile,
    Kind,
    NodeFile,
    OutletFile,
    Walkways,
    centimetres,
    point,
)

PODIUM_LOOP_M: Final = 6.0  # the path along the gates, outside of them
ROAD, PODIUM, PITCH = "road", "podium", "pitch"
CONCOURSES: Final = ("ring1", "ring2", "ring3")
GALLERIES: Final = ("gallery1", "ring2", "gallery3")
"""From which floor the wheelchair spaces behind each ring's last row are reached without a step."""
FLOORS: Final = (
    FloorFile(ROAD, {"fr": "Rue", "en": "Street", "de": "Straße"}, outside=True),
    FloorFile(PODIUM, {"fr": "Parvis", "en": "Podium", "de": "Vorplatz"}, outside=True),
    FloorFile("ring1", {"fr": "Niveau 1", "en": "Level 1", "de": "Ebene 1"}),
    FloorFile("ring2", {"fr": "Niveau 2", "en": "Level 2", "de": "Ebene 2"}),
    FloorFile("ring3", {"fr": "Niveau 3", "en": "Level 3", "de": "Ebene 3"}),
    FloorFile("gallery1", {"fr": "Galerie 1", "en": "Gallery 1", "de": "Galerie 1"}),
    FloorFile("gallery3", {"fr": "Galerie 3", "en": "Gallery 3", "de": "Galerie 3"}),
    FloorFile(PITCH, {"fr": "Pelouse", "en": "Pitch", "de": "Innenraum"}),
)


class Places(Struct, frozen=True):
    """What the walkways lead to."""

    blocks: Sequence[BlockDraft]
    gates: Sequence[GateFile]
    outlets: Sequence[OutletFile]
    amenities: Sequence[AmenityFile]


class _Loops(Struct, frozen=True):
    """Distance (cm, as of rows) of each floor that is a loop, and height (m above the pitch) of every floor."""

    d: dict[str, int]
    height: dict[str, float]


class _Draft:
    """Nodes and edges during construction."""

    def __init__(self, plan: Plan, loops: _Loops) -> None:
        self.plan = plan
        self.loops = loops
        self.nodes: list[NodeFile] = []
        self.edges: list[EdgeFile] = []
        self._stations: dict[str, list[int]] = {floor: [] for floor in loops.d}
        self._half = inner_half_sides(plan)

    def node(self, code: str, floor: str, x: float, y: float) -> int:
        """Add a node."""
        height = self.loops.height[floor]
        number = len(self.nodes)
        place = round(x, 2) + 0.0, round(y, 2) + 0.0, round(height, 2)
        self.nodes.append(NodeFile(code or f"n{number}", floor, *place))
        return number

    def edge(self, a: int, b: int, kind: Kind, width: float, lift: str | None = None) -> None:
        """Add an edge."""
        self.edges.append(EdgeFile(self.nodes[a].id, self.nodes[b].id, kind, width, lift=lift))

    def station(self, floor: str, x: float, y: float) -> int:
        """Return the node of a floor's loop nearest to (x, y)."""
        half_x, half_y = (half / 100 for half in self._half)
        near_x, near_y = min(max(x, -half_x), half_x), min(max(y, -half_y), half_y)
        away = hypot(x - near_x, y - near_y)
        d = self.loops.d[floor] / 100
        found = self.node("", floor, near_x + (x - near_x) / away * d, near_y + (y - near_y) / away * d)
        self._stations[floor].append(found)
        return found

    def opening(self, code: str, floor: str, x: float, y: float, width: float) -> int:
        """Add a node at (x, y) that opens onto a floor's loop."""
        node = self.node(code, floor, x, y)
        self.edge(self.station(floor, x, y), node, Kind.LEVEL, width)
        return node

    def close_loops(self) -> None:
        """Connect the stations of each floor to their neighbours, all the way round."""
        for stations in self._stations.values():
            around = sorted(stations, key=lambda at: atan2(self.nodes[at].y_m, self.nodes[at].x_m))
            for a, b in pairwise([*around, around[0]]):
                self.edge(a, b, Kind.LEVEL, self.plan.ways.concourse_width_m)


def _loops(plan: Plan) -> _Loops:
    """Return the loops: a concourse is level with its ring's openings or last row, a gallery is behind it."""
    fronts, row = ring_fronts(plan), centimetres(plan.bowl.row_depth_m)
    last = [max(stand.rows[ring] for stand in plan.stands) for ring in range(len(plan.rings))]
    behind = [front + (rows - 1) * row + CONCOURSE_CM for front, rows in zip(fronts, last, strict=True)]
    d = dict(zip(CONCOURSES, behind, strict=False))  # a bowl may have fewer rings
    height = {}
    for ring, floor in enumerate(CONCOURSES[: len(plan.rings)]):
        opening = plan.rings[ring].portal_rows
        height[floor] = tread_height(plan, ring, opening[0] - 1) if opening else _gallery_height(plan, ring, last[ring])
        if GALLERIES[ring] != floor:
            d[GALLERIES[ring]], height[GALLERIES[ring]] = behind[ring], _gallery_height(plan, ring, last[ring])
    d[PODIUM] = bowl_edge(plan) + centimetres(plan.gates.podium_m + PODIUM_LOOP_M)
    height |= {PODIUM: height[CONCOURSES[0]], ROAD: plan.ways.road_height_m, PITCH: 0.0}
    return _Loops(d, height)


def _gallery_height(plan: Plan, ring: int, rows: int) -> float:
    return tread_height(plan, ring, rows - 1) + plan.platform.rise_m


def _gates(draft: _Draft, places: Places) -> None:
    """Add ramps up to the podium, and gates from there to the concourse of ring 1."""
    walkways = draft.plan.ways
    for code, foot, head in ramp_heads(draft.plan):
        at = draft.node(f"ramp:{code}", ROAD, *foot)
        draft.edge(at, draft.opening("", PODIUM, *head, walkways.ramp_width_m), Kind.RAMP, walkways.ramp_width_m)
    for gate in places.gates:
        at = draft.opening(f"gate:{gate.code}", PODIUM, gate.x_m, gate.y_m, 1.0)
        draft.edge(at, draft.station(CONCOURSES[0], gate.x_m, gate.y_m), Kind.LEVEL, 1.0)


def _upwards(draft: _Draft, places: Places) -> None:
    """Add stairs between the concourses, and lifts that stop on every floor inside the gates."""
    width, concourses = draft.plan.ways.stairs_width_m, CONCOURSES[: len(draft.plan.rings)]
    for code, x, y in stair_cores(draft.plan):
        stops = [draft.opening(f"stairs:{code}:{floor}", floor, x, y, width) for floor in concourses]
        for below, above in pairwise(stops):
            draft.edge(below, above, Kind.STAIRS, width)
    floors = list(dict.fromkeys([*concourses, *GALLERIES[: len(concourses)]]))
    for lift in places.amenities:
        if lift.kind == "lift":
            stops = [draft.opening(f"{lift.code}:{floor}", floor, lift.x_m, lift.y_m, 2.0) for floor in floors]
            for lower, upper in combinations(stops, 2):
                draft.edge(lower, upper, Kind.LIFT, 2.0, lift.code)


def _concourses(draft: _Draft, places: Places) -> None:
    """Add outlets, toilets, first aid, lounges and information desks to the concourse of their ring."""
    for outlet in places.outlets:
        draft.opening(f"outlet:{outlet.code}", CONCOURSES[outlet.ring - 1], outlet.x_m, outlet.y_m, 2.0)
    for amenity in places.amenities:
        if amenity.kind != "lift":
            draft.opening(amenity.code, CONCOURSES[amenity.ring - 1], amenity.x_m, amenity.y_m, 2.0)


def _blocks(draft: _Draft, places: Places) -> None:
    """Add block entries at the opening or from behind, and entries of wheelchair platforms from the gallery."""
    width = draft.plan.bowl.portal_m
    for block in places.blocks:
        ring = block.ring - 1
        x, y = point(block.frame, _entry_cm(draft.plan, block), 0)
        draft.opening(f"block:{block.code}", CONCOURSES[ring], x, y, width)
        if block.rows[-1].platform:
            last = block.rows[-1].segments[0].d
            draft.opening(f"platform:{block.code}", GALLERIES[ring], *point(block.frame, float(last), 0), width)


def _entry_cm(plan: Plan, block: BlockDraft) -> int:
    """Return the distance of a block's entry row: the first row at its opening, or its last row."""
    opening = () if block.kind == "box" else plan.rings[block.ring - 1].portal_rows
    seated = [row for row in block.rows if not row.platform]
    named = [row for row in seated if row.name == str(opening[0])] if opening else []
    return (named[0] if named else seated[-1]).segments[0].d


def _areas(draft: _Draft, places: Places) -> None:
    """Add sloping tunnels under the stands to the standing areas, one from the gates of each group."""
    width = draft.plan.ways.ramp_width_m
    for area in draft.plan.areas:
        xs, ys = area.outline_m[::2], area.outline_m[1::2]
        at = draft.node(f"area:{area.code}", PITCH, sum(xs) / len(xs), sum(ys) / len(ys))
        for group in area.gate_groups:
            gates = [gate for gate in places.gates if gate.group == group]
            middle = gates[len(gates) // 2]
            draft.edge(at, draft.station(CONCOURSES[0], middle.x_m, middle.y_m), Kind.RAMP, width)


def walkways(plan: Plan, places: Places) -> Walkways:
    """Return the walking graph of a bowl."""
    draft = _Draft(plan, _loops(plan))
    _gates(draft, places)
    _upwards(draft, places)
    _concourses(draft, places)
    _blocks(draft, places)
    _areas(draft, places)
    draft.close_loops()
    used = {node.floor for node in draft.nodes}
    floors = tuple(floor for floor in FLOORS if floor.code in used)
    return Walkways(floors, tuple(draft.nodes), tuple(draft.edges))
