"""The ground as the box office needs it, computed once a process."""

from functools import cache

from virage.ticketing.rules.open_sale import Layout
from virage.ticketing.rules.plan import SeatPlan, cut
from virage.venue.reads import load_ground
from virage.venue.rules.ground import PlaceLabel


@cache
def seat_plan() -> SeatPlan:
    """The seats of the ground in ranked segments."""
    ground = load_ground()
    return cut(ground.row_segments, ground.features, ground.sightline, ground.places)


@cache
def layout() -> Layout:
    """The blocks and areas of the ground by code."""
    ground = load_ground()
    return Layout(
        blocks={block.code: (index, block.first_seat, block.seat_count) for index, block in enumerate(ground.blocks)},
        areas={area.code: (area.first_place, area.capacity_max) for area in ground.areas},
    )


@cache
def label(place: int) -> PlaceLabel:
    """What the signs say of a place."""
    return load_ground().label(place)


def code_of(place: int) -> tuple[str, bool]:
    """The block or area of a place, and whether it is an area."""
    found = label(place)
    return (found.area, True) if found.area is not None else (found.block or "", False)
