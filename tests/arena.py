"""A second venue, with the plan of the first one and the same local codes, in another time zone."""

from collections.abc import Sequence
from functools import cache

import pytest
from msgspec.structs import replace

from virage.platform.data.database import Connection
from virage.site.venue import api, reads, store
from virage.site.venue.rules.build import default_plan, load_venue
from virage.site.venue.rules.venue import Venue
from virage.site.venue.rules.walk_building import build_walk_graph

PREFIX = "arena."


@cache
def arena(time_zone: str = "America/New_York") -> Venue:
    """The second venue; its outlet `arena.01` is read as `01`, like that of the first one."""
    first = load_venue()
    made = replace(
        first,
        code="arena",
        prefix=PREFIX,
        version="arena-1",
        name="Arena",
        time_zone=time_zone,
        gates=tuple(replace(gate, code=PREFIX + gate.code) for gate in first.gates),
        outlets=tuple(replace(outlet, code=PREFIX + outlet.code) for outlet in first.outlets),
        amenities=tuple(replace(amenity, code=PREFIX + amenity.code) for amenity in first.amenities),
        ramps=tuple(replace(ramp, code=PREFIX + ramp.code) for ramp in first.ramps),
    )
    return replace(made, walk=build_walk_graph(default_plan(), made))


def open_venues(patch: pytest.MonkeyPatch, *others: Venue) -> None:
    """Let the deployment have more venues than the first one."""
    every = [load_venue(), *others]

    async def venue_at(_conn: Connection, version: str) -> Venue:
        return next((venue for venue in every if venue.version == version), every[0])

    async def venue_of(_conn: Connection, code: str) -> Venue | None:
        return next((venue for venue in every if venue.code == code), None)

    async def venues(_conn: Connection) -> Sequence[Venue]:
        return every

    for module in (store, reads, api):
        patch.setattr(module, "venue_at", venue_at)
        patch.setattr(module, "venue_of", venue_of)
        patch.setattr(module, "venues", venues)
