"""The ground as the box office needs it, computed once a process."""

import re
from functools import cache

from virage.sale.ticketing.rules.open_sale import Layout
from virage.sale.ticketing.rules.plan import SeatPlan, cut
from virage.site.venue.types import PlaceLabel, load_ground

_LABEL_WORDS = 3
_WORDS = re.compile(r"\w+")
_NAMES = frozenset({"BLOC", "BLOCK", "RANG", "ROW", "PLACE", "SEAT", "SIÈGE"})


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
        hospitality=frozenset(block.code for block in ground.blocks if block.kind != "seats"),
    )


@cache
def label(place: int) -> PlaceLabel:
    """What the signs say of a place."""
    return load_ground().label(place)


def seat_of(typed: str) -> int | None:
    """The seat that somebody typed by block, row and number (`113 12 14`, `Block 113, row 12, seat 14`), or None."""
    words = [word for word in _WORDS.findall(typed.upper()) if word not in _NAMES]
    ground = load_ground()
    if len(words) != _LABEL_WORDS or words[0] not in ground.block_index or not words[2].isdecimal():
        return None
    block = ground.blocks[ground.block_index[words[0]]]
    seats = range(block.first_seat, block.first_seat + block.seat_count)
    return next((seat for seat in seats if (label(seat).row, label(seat).seat) == (words[1], int(words[2]))), None)


def code_of(place: int) -> tuple[str, bool]:
    """The block or area of a place, and whether it is an area."""
    found = label(place)
    return (found.area, True) if found.area is not None else (found.block or "", False)
