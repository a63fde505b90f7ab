"""Walking times of teams over the venue's walking graph, with stairs and without lifts that are out of order.

Inside and outside are one graph here: the staff may pass each gate. A seat adds its stairs and row, as routes of fans
do. A point of the plan has no floor: it is reached from the nearest node of any floor.
"""

from collections.abc import Sequence
from math import hypot, inf

import numpy as np
from scipy.sparse.csgraph import dijkstra

from virage.control.safety.rules.incidents import IncidentPlace, MapPlace, SeatPlace, ZonePlace, seat_of
from virage.site.venue.types import WALK_M_S, RouteTable, Venue, to_seat


def walking_s(table: RouteTable, places: Sequence[IncidentPlace | None], to: IncidentPlace | None) -> list[int | None]:
    """Return the seconds from each place to another one; None if either is unknown or there is no way."""
    ends = [] if to is None else _nodes(table.venue, to)
    if not ends:
        return [None] * len(places)
    # The shortest way to the place is the shortest way from it in the graph with reversed edges.
    reached = dijkstra((table.outside + table.inside).T, indices=[node for node, _ in ends])
    seconds = np.min(reached + np.array([extra for _, extra in ends])[:, None], axis=0)
    return [None if place is None else _nearest(seconds, _nodes(table.venue, place)) for place in places]


def _nearest(
    seconds: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", starts: Sequence[tuple[int, float]]
) -> int | None:
    best = min((float(seconds[node]) + extra for node, extra in starts), default=inf)
    return None if best == inf else round(best)


def _nodes(venue: Venue, place: IncidentPlace) -> list[tuple[int, float]]:
    """Return the nodes of a place, with the seconds between each and the place."""
    walk = venue.walk
    match place:
        case SeatPlace():
            seat = seat_of(place, venue)
            end = None if seat is None else to_seat(venue, seat)
            return [] if end is None else [(end[0], float(sum(leg.seconds for leg in end[1])))]
        case ZonePlace():
            blocks = [block.code for block in venue.blocks if place.zone in (block.code, block.stand)]
            codes = {f"block:{code}" for code in blocks}
            codes |= {f"{kind}:{place.zone}" for kind in ("area", "gate", "outlet", "ramp")} | {place.zone}
            stops = tuple(f"{lift}:" for lift in walk.lifts if lift == place.zone)  # one node on each floor
            return [(at, 0.0) for code, at in walk.index.items() if code in codes or code.startswith(stops)]
        case MapPlace():
            x, y = place.x_cm / 100, place.y_cm / 100
            far = [(hypot(node.x - x, node.y - y) / WALK_M_S, at) for at, node in enumerate(walk.nodes)]
            return [(at, seconds) for seconds, at in [min(far)]] if far else []
