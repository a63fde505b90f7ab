"""The venue as pure data: `load_venue()` and its Structs."""

from virage.site.venue.rules.build import build_venue, load_venue
from virage.site.venue.rules.frames import Frame
from virage.site.venue.rules.venue import (
    Amenity,
    Block,
    Feature,
    Gate,
    Outlet,
    PlaceLabel,
    Ramp,
    Segments,
    Stand,
    StandingArea,
    Venue,
)

__all__ = [
    "Amenity",
    "Block",
    "Feature",
    "Frame",
    "Gate",
    "Outlet",
    "PlaceLabel",
    "Ramp",
    "Segments",
    "Stand",
    "StandingArea",
    "Venue",
    "build_venue",
    "load_venue",
]
