"""Where to send a bearer who stands at the wrong gate."""

from functools import cache

from virage.site.venue.types import GateHint, RouteOptions, gate_hints, route_table


@cache
def hints(gate: str) -> dict[str, GateHint]:
    """The nearest gate of each other group, from one gate along the podium."""
    return gate_hints(route_table(RouteOptions()), gate)


def data_of(gate: str, group: str) -> dict[str, str | int]:
    """What a refusal at the wrong gate says: the right group, its nearest gate, the turn to it and the metres."""
    found = hints(gate).get(group)
    if found is None:
        return {"group": group}
    return {"group": group, "gate": found.gate, "turn": found.turn, "metres": found.metres}
