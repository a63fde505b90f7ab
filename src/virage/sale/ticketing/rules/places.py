"""The places of a venue as ticketing uses them, computed once per version of a venue."""

import re
from functools import lru_cache

import numpy as np
from msgspec import Struct

from virage.sale.ticketing.rules.plan import SeatPlan, cut
from virage.site.venue.types import PlaceLabel, Venue

VERSIONS_MAX = 64
"""Versions of venues whose plans stay in memory."""
LABELS_MAX = 1 << 18
_WORDS = re.compile(r"[^\W_]+")
_NAMES = frozenset({"BLOC", "BLOCK", "RANG", "ROW", "PLACE", "SEAT", "SIÈGE"})


class Layout(Struct, frozen=True):
    """Blocks and areas of a venue by code: (index, first seat, seats) and (first place, capacity).

    `hospitality` names the blocks of hospitality seats and boxes.
    """

    blocks: dict[str, tuple[int, int, int]]
    areas: dict[str, tuple[int, int]]
    hospitality: frozenset[str] = frozenset()


@lru_cache(maxsize=VERSIONS_MAX)
def seat_plan(venue: Venue) -> SeatPlan:
    """Return the seats of a venue in ranked segments; about 0.05 s for a stadium, so call it in a thread."""
    return cut(venue.row_segments, venue.features, venue.sightline, venue.places)


@lru_cache(maxsize=VERSIONS_MAX)
def layout(venue: Venue) -> Layout:
    """Return the blocks and areas of a venue by code."""
    return Layout(
        blocks={block.code: (index, block.first_seat, block.seat_count) for index, block in enumerate(venue.blocks)},
        areas={area.code: (area.first_place, area.capacity_max) for area in venue.areas},
        hospitality=frozenset(block.code for block in venue.blocks if block.kind != "seats"),
    )


@lru_cache(maxsize=VERSIONS_MAX)
def parts_of(venue: Venue) -> tuple[list[int], list[str]]:
    """Return the first place of each block and area in ascending order, and their codes."""
    places = layout(venue)
    firsts = [(first, code) for code, (_, first, _) in places.blocks.items()]
    firsts += [(first, code) for code, (first, _) in places.areas.items()]
    firsts.sort()
    return [first for first, _ in firsts], [code for _, code in firsts]


@lru_cache(maxsize=VERSIONS_MAX)
def part_numbers(venue: Venue) -> dict[str, int]:
    """Return the number of each block and area in the order of `parts_of`, counted from 1, by its code."""
    return {code: number for number, code in enumerate(parts_of(venue)[1], start=1)}


@lru_cache(maxsize=LABELS_MAX)
def label(venue: Venue, place: int) -> PlaceLabel:
    """Return the label of a place of a venue. Raises `IndexError` for a place that the venue does not have."""
    return venue.label(place)


def seat_of(venue: Venue, typed: str) -> int | None:
    """Return the seat typed as block, row and number (`113 12 14`, `Block 113, row 12, seat 14`), or None."""
    *names, number = _words(typed) or [""]
    if not number.isdecimal():
        return None
    for block in venue.blocks:
        code = _words(block.code)
        rows = [index for index, row in enumerate(block.rows) if names == [*code, *_words(row)]]
        if rows:
            seats = slice(block.first_seat, block.first_seat + block.seat_count)
            found = np.flatnonzero((venue.row[seats] == rows[0]) & (venue.number[seats] == int(number)))
            if len(found):
                return block.first_seat + int(found[0])
    return None


def _words(text: str) -> list[str]:
    """Return the words of a text in capitals, without the names of the parts of a seat."""
    return [word for word in _WORDS.findall(text.upper()) if word not in _NAMES]


def code_of(venue: Venue, place: int) -> tuple[str, bool]:
    """Return the code of the block or area of a place, and whether it is an area."""
    found = label(venue, place)
    return (found.area, True) if found.area is not None else (found.block or "", False)
