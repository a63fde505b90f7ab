"""What stands around the seats: gates on the podium, outlets, toilets, lifts, first aid and lounges."""

from virage.venue.rules.bowl import bowl_edge, ring_fronts
from virage.venue.rules.frames import along, centimetres, stand_spans
from virage.venue.rules.ground import Amenity, AmenityKind, Gate, Outlet
from virage.venue.rules.plan import Plan, StandPlan

OUTLET_BEHIND_CM, TOILETS_BEHIND_CM, LIFT_BEHIND_CM = 250, 300, 600


def gates(plan: Plan) -> tuple[Gate, ...]:
    """All ticket gates, group by group, clockwise."""
    d = bowl_edge(plan) + centimetres(plan.gates.podium_m)
    found = []
    for stand in plan.stands:
        count = len(stand.gate_groups) * plan.gates.in_group
        for number, (x, y) in enumerate(_spread(plan, stand, d, count)):
            group = stand.gate_groups[number // plan.gates.in_group]
            found.append(Gate(f"{group}{number % plan.gates.in_group + 1}", group, stand.code, x, y))
    return tuple(found)


def outlets(plan: Plan) -> tuple[Outlet, ...]:
    """All points of sale, numbered ring by ring, clockwise."""
    spots = [
        (stand.code, ring.number, x, y)
        for index, ring in enumerate(plan.rings)
        for stand in plan.stands
        for x, y in _spread(plan, stand, _concourse(plan, index, OUTLET_BEHIND_CM), stand.outlets[index])
    ]
    return tuple(Outlet(f"{number:02}", *spot) for number, spot in enumerate(spots, start=1))


def amenities(plan: Plan) -> tuple[Amenity, ...]:
    """Toilets, lifts, first aid, lounges and information desks."""
    found: list[Amenity] = []
    for stand in plan.stands:
        for index, ring in enumerate(plan.rings):
            behind = _concourse(plan, index, TOILETS_BEHIND_CM)
            found += _some(plan, stand, "toilets", ring=ring.number, d=behind, count=stand.toilets[index])
        found += _some(plan, stand, "lift", ring=0, d=bowl_edge(plan) + LIFT_BEHIND_CM, count=stand.lifts)
        found += _some(plan, stand, "first_aid", ring=1, d=_concourse(plan, 0, TOILETS_BEHIND_CM), count=2)
        found += _some(plan, stand, "information", ring=1, d=_concourse(plan, 0, LIFT_BEHIND_CM), count=1)
        found += _some(plan, stand, "lounge", ring=2, d=_concourse(plan, 1, OUTLET_BEHIND_CM), count=stand.lounges)
    return tuple(found)


def _some(plan: Plan, stand: StandPlan, kind: AmenityKind, *, ring: int, d: int, count: int) -> list[Amenity]:
    level = f"{ring}" if ring else ""
    return [
        Amenity(f"{kind}-{stand.code}{level}-{number}", kind, stand.code, ring, x, y)
        for number, (x, y) in enumerate(_spread(plan, stand, d, count), start=1)
    ]


def _concourse(plan: Plan, index: int, behind: int) -> int:
    rows = max(stand.rows[index] for stand in plan.stands)
    return ring_fronts(plan)[index] + (rows - 1) * centimetres(plan.bowl.row_depth_m) + behind


def _spread(plan: Plan, stand: StandPlan, d: int, count: int) -> list[tuple[float, float]]:
    spans = stand_spans(plan, stand, 1, 1)
    spots = [along(spans, d, (number + 0.5) / count) for number in range(count)]
    return [(round(x, 2), round(y, 2)) for x, y in spots]
