"""The venue's seats for ticketing, computed once per process."""

import re
from functools import cache

from virage.sale.ticketing.rules.open_sale import Layout
from virage.sale.ticketing.rules.plan import SeatPlan, cut
from virage.site.venue.types import PlaceLabel, load_venue

_LABEL_WORDS = 3
_WORDS = re.compile(r"\w+")
_NAMES = frozenset({"BLOC", "BLOCK", "RANG", "ROW", "PLACE", "SEAT", "SIÈGE"})


@cache
def seat_plan() -> SeatPlan:
    """Return the seats of the venue in ranked segments."""
    venue = load_venue()
    return cut(venue.row_segments, venue.features, venue.sightline, venue.places)


@cache
def layout() -> Layout:
    """Return the blocks and areas of the venue by code."""
    venue = load_venue()
    return Layout(
        blocks={block.code: (index, block.first_seat, block.seat_count) for index, block in enumerate(venue.blocks)},
        areas={area.code: (area.first_place, area.capacity_max) for area in venue.areas},
        hospitality=frozenset(block.code for block in venue.blocks if block.kind != "seats"),
    )


@cache
def label(place: int) -> PlaceLabel:
    """Return the label of a place."""
    return load_venue().label(place)


def seat_of(typed: str) -> int | None:
    """Return the seat typed as block, row and number (`113 12 14`, `Block 113, row 12, seat 14`), or None."""
    words = [word for word in _WORDS.findall(typed.upper()) if word not in _NAMES]
    venue = load_venue()
    if len(words) != _LABEL_WORDS or words[0] not in venue.block_index or not words[2].isdecimal():
        return None
    block = venue.blocks[venue.block_index[words[0]]]
    seats = range(block.first_seat, block.first_seat + block.seat_count)
    return next((seat for seat in seats if (label(seat).row, label(seat).seat) == (words[1], int(words[2]))), None)


def code_of(place: int) -> tuple[str, bool]:
    """Return the code of the block or area of a place, and whether it is an area."""
    found = label(place)
    return (found.area, True) if found.area is not None else (found.block or "", False)
