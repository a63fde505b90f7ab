"""Directions from a wrong gate to the right one."""

from functools import cache

from virage.site.venue.types import GateHint, RouteOptions, gate_hints, load_venue, route_table


@cache
def hints(gate: str) -> dict[str, GateHint]:
    """Return the nearest gate of each other group, along the podium."""
    return gate_hints(route_table(load_venue(), RouteOptions()), gate)


def wrong_gate_data(gate: str, group: str) -> dict[str, str | int]:
    """Return the data of a `wrong_gate` refusal: group, nearest gate, turn and metres."""
    found = hints(gate).get(group)
    if found is None:
        return {"group": group}
    return {"group": group, "gate": found.gate, "turn": found.turn, "metres": found.metres}
