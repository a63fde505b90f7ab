"""Fixtures around the seats: gates, outlets, toilets, lifts, first aid and lounges."""

from virage.demo.venues.bowl import bowl_edge, ring_fronts
from virage.demo.venues.frames import along, stand_spans
from virage.demo.venues.plan import Plan, StandPlan
from virage.site.venue.types import AmenityFile, AmenityKind, GateFile, OutletFile, centimetres

CONCOURSE_CM = 255  # behind the last row of a ring: between the wheelchair spaces and the boxes or the next ring
LIFTS_CM = 350  # lifts and stairs stand behind the concourse of the last ring
RAMP_HEAD_CM = 1200  # the head of a ramp lies outside the way along the gates

# Where things begin along a stand, as a share of the distance between two of a kind, so that kinds do not meet.
PHASES: dict[AmenityKind, float] = {
    "toilets": 0.93,
    "lift": 0.11,
    "first_aid": 0.33,
    "information": 0.71,
    "lounge": 0.06,
}
OUTLET_PHASE = GATE_PHASE = RAMP_PHASE = 0.5
STAIRS_PHASE = 0.42


def gates(plan: Plan) -> tuple[GateFile, ...]:
    """Return all ticket gates, group by group, clockwise."""
    d = bowl_edge(plan) + centimetres(plan.gates.podium_m)
    found = []
    for stand in plan.stands:
        count = len(stand.gate_groups) * plan.gates.in_group
        for number, (x, y) in enumerate(_spread(plan, stand, d, count, GATE_PHASE)):
            group = stand.gate_groups[number // plan.gates.in_group]
            found.append(GateFile(f"{group}{number % plan.gates.in_group + 1}", group, stand.code, x, y))
    return tuple(found)


def ramp_heads(plan: Plan) -> list[tuple[str, tuple[float, float], tuple[float, float]]]:
    """Return each ramp's code, its foot at the road and its head on the podium."""
    head_d = bowl_edge(plan) + centimetres(plan.gates.podium_m) + RAMP_HEAD_CM
    foot_d = head_d + centimetres(plan.ways.ramp_length_m)
    return [
        (f"{stand.code}{number}", foot, head)
        for stand in plan.stands
        for number, (foot, head) in enumerate(
            zip(
                _spread(plan, stand, foot_d, stand.ramps, RAMP_PHASE),
                _spread(plan, stand, head_d, stand.ramps, RAMP_PHASE),
                strict=True,
            ),
            start=1,
        )
    ]


def stair_cores(plan: Plan) -> list[tuple[str, float, float]]:
    """Return each staircase's code and position behind the bowl, the same on every concourse."""
    return [
        (f"{stand.code}{number}", x, y)
        for stand in plan.stands
        for number, (x, y) in enumerate(
            _spread(plan, stand, _concourse(plan, stand, -1) + LIFTS_CM, stand.stairs, STAIRS_PHASE), start=1
        )
    ]


def outlets(plan: Plan) -> tuple[OutletFile, ...]:
    """Return all points of sale, numbered ring by ring, clockwise."""
    spots = [
        (stand.code, index + 1, x, y)
        for index in range(len(plan.rings))
        for stand in plan.stands
        for x, y in _spread(plan, stand, _concourse(plan, stand, index), stand.outlets[index], OUTLET_PHASE)
    ]
    return tuple(
        OutletFile(f"{number:02}", stand, x, y, ring) for number, (stand, ring, x, y) in enumerate(spots, start=1)
    )


def amenities(plan: Plan) -> tuple[AmenityFile, ...]:
    """Return toilets, lifts, first aid, lounges and information desks."""
    found: list[AmenityFile] = []
    for stand in plan.stands:
        for index, toilets in enumerate(stand.toilets):
            found += _some(plan, stand, "toilets", ring=index + 1, count=toilets)
        found += _some(plan, stand, "lift", ring=0, count=stand.lifts)
        found += _some(plan, stand, "first_aid", ring=1, count=2)
        found += _some(plan, stand, "information", ring=1, count=1)
        found += _some(plan, stand, "lounge", ring=2, count=stand.lounges)
    return tuple(found)


def _some(plan: Plan, stand: StandPlan, kind: AmenityKind, *, ring: int, count: int) -> list[AmenityFile]:
    """Return amenities of a kind on the concourse of a ring; ring 0 is behind the bowl and serves all rings."""
    d = _concourse(plan, stand, ring - 1 if ring else -1) + (0 if ring else LIFTS_CM)
    level = f"{ring}" if ring else ""
    return [
        AmenityFile(f"{kind}-{stand.code}{level}-{number}", kind, stand.code, x, y, ring)
        for number, (x, y) in enumerate(_spread(plan, stand, d, count, PHASES[kind]), start=1)
    ]


def _concourse(plan: Plan, stand: StandPlan, index: int) -> int:
    return ring_fronts(plan)[index] + (stand.rows[index] - 1) * centimetres(plan.bowl.row_depth_m) + CONCOURSE_CM


def _spread(plan: Plan, stand: StandPlan, d: int, count: int, phase: float) -> list[tuple[float, float]]:
    spans = stand_spans(plan, stand, 1, 1)
    spots = [along(spans, d, (number + phase) / count) for number in range(count)]
    return [(round(x, 2) + 0.0, round(y, 2) + 0.0) for x, y in spots]
