"""The ground as pure data: `load_ground()` and the Structs that describe it."""

from virage.site.venue.rules.build import build_ground, load_ground
from virage.site.venue.rules.frames import Frame
from virage.site.venue.rules.ground import (
    Amenity,
    Block,
    Feature,
    Gate,
    Ground,
    Outlet,
    PlaceLabel,
    Segments,
    Stand,
    StandingArea,
)

__all__ = [
    "Amenity",
    "Block",
    "Feature",
    "Frame",
    "Gate",
    "Ground",
    "Outlet",
    "PlaceLabel",
    "Segments",
    "Stand",
    "StandingArea",
    "build_ground",
    "load_ground",
]
