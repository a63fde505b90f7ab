"""Directions from a wrong gate to the right one."""

from functools import lru_cache

from virage.site.venue.types import GateHint, RouteOptions, Venue, gate_hints, route_table


@lru_cache(maxsize=4096)  # 64 venues of 64 gates
def hints(venue: Venue, gate: str) -> dict[str, GateHint]:
    """Return the nearest gate of each other group, along the podium."""
    return gate_hints(route_table(venue, RouteOptions()), gate)


def wrong_gate_data(venue: Venue, gate: str, group: str) -> dict[str, str | int]:
    """Return the data of a `wrong_gate` refusal: group, nearest gate, turn and metres."""
    found = hints(venue, gate).get(group)
    if found is None:
        return {"group": group}
    return {"group": group, "gate": found.gate, "turn": found.turn, "metres": found.metres}
