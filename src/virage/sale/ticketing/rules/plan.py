"""The seats of a venue in segments of adjacent seats, best sightline first.

A segment is short (a row between two stairs), so its free seats fit one integer and a search takes a few shifts.
Segments are numbered by rank: number 0 has the best sightline. The plan is built once and never changed.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from virage.sale.ticketing.rules.terms import Need

WHEELCHAIR, COMPANION, EASY_ACCESS, AUDIO_DESCRIPTION, HEARING_LOOP = 1, 2, 4, 8, 16
SIGN_LANGUAGE, GUIDE_DOG, QUIET = 32, 64, 128
NEED_BITS: dict[Need, int] = {
    "wheelchair": WHEELCHAIR,
    "easy_access": EASY_ACCESS,
    "audio_description": AUDIO_DESCRIPTION,
    "hearing_loop": HEARING_LOOP,
    "sign_language": SIGN_LANGUAGE,
    "guide_dog": GUIDE_DOG,
    "quiet": QUIET,
}
_SEAT_FEATURES = 256 - EASY_ACCESS

Ints = npt.NDArray[np.int32]


def features_of(bits: int) -> list[Need]:
    """Return what people may need that a seat with these features has."""
    return [need for need, bit in NEED_BITS.items() if bits & bit]


class Segments(Protocol):
    """Segments of adjacent seats in the order of the seats; each array has one entry per segment."""

    @property
    def first_seat(self) -> Ints:
        """First seat of each segment."""

    @property
    def seat_count(self) -> Ints:
        """Number of seats of each segment."""

    @property
    def block(self) -> Ints:
        """Index of the block of each segment."""

    @property
    def row(self) -> Ints:
        """Row of each segment in its block, front to back."""


class Unit(Struct, frozen=True):
    """A wheelchair space and the companion seat beside it, None without one."""

    space: int
    companion: int | None
    block: int
    row: int

    @property
    def seats(self) -> tuple[int, ...]:
        """The space and its companion seat, if any."""
        return (self.space,) if self.companion is None else (self.space, self.companion)


class SeatPlan(Struct, frozen=True):
    """The segments of a venue. All lists and arrays of segments are in the order of rank.

    `ordinary` and `featured` hold one integer per segment: bit i is its seat i, 1 for an ordinary seat, or for one that
    has every feature of the set. `bears` says whether a segment has such a seat. Sets that no seat has are left out.
    """

    seats: int
    places: int
    first: list[int]
    length: list[int]
    block: Ints
    row: list[int]
    quality: npt.NDArray[np.float32]
    ordinary: list[int]
    segment_of: list[int]
    sightline: list[float]
    features: list[int]
    featured: dict[int, list[int]]
    bears: dict[int, npt.NDArray[np.bool_]]
    by_block: dict[int, Ints]
    units: list[Unit]
    unit_of: dict[int, int]
    unit_rows: list[list[Unit]]

    def block_of(self, seat: int) -> int:
        """Return the index of the block of a seat."""
        return int(self.block[self.segment_of[seat]])


def cut(segments: Segments, features: npt.NDArray[Any], sightline: npt.NDArray[Any], places: int) -> SeatPlan:
    """Return the ranked segments of a venue; `features` and `sightline` have one entry per seat.

    `places` includes the standing places after the seats.
    """
    starts, lengths = np.asarray(segments.first_seat, np.int32), np.asarray(segments.seat_count, np.int32)
    seats = len(features)
    sightline = np.asarray(sightline, np.float32)
    means = (np.add.reduceat(sightline, starts) / lengths).astype(np.float32)
    rank = np.argsort(-means, kind="stable")
    first, length = starts[rank], lengths[rank]
    segment_of = np.full(places, -1, np.int32)
    ranked = np.empty(len(rank), np.int32)
    ranked[rank] = np.arange(len(rank), dtype=np.int32)
    segment_of[:seats] = np.repeat(ranked, lengths)
    features = np.asarray(features, np.int64)
    block_of_segment = np.asarray(segments.block, np.int32)[rank]
    row = np.asarray(segments.row, np.int32)[rank]
    units = _units(features, segment_of, block_of_segment, row, sightline)
    featured = {wanted: _masks(features & wanted == wanted, first, length) for wanted in _feature_sets(features)}
    return SeatPlan(
        seats=seats,
        places=places,
        first=first.tolist(),
        length=length.tolist(),
        block=block_of_segment,
        row=row.tolist(),
        quality=means[rank],
        ordinary=_masks(features & (WHEELCHAIR | COMPANION) == 0, first, length),
        segment_of=segment_of.tolist(),
        sightline=sightline.tolist(),
        features=features.tolist(),
        featured=featured,
        bears={wanted: np.array([mask != 0 for mask in masks], np.bool_) for wanted, masks in featured.items()},
        by_block={
            int(index): np.flatnonzero(block_of_segment == index).astype(np.int32)
            for index in np.unique(block_of_segment)
        },
        units=units,
        unit_of={seat: number for number, unit in enumerate(units) for seat in unit.seats},
        unit_rows=_rows_of(units),
    )


def _feature_sets(features: npt.NDArray[np.int64]) -> set[int]:
    """Return all sets of features of which some seat has every one; wheelchair spaces and companion seats aside."""
    kinds = np.unique(features & _SEAT_FEATURES).tolist()
    return {kind & wanted for kind in kinds for wanted in range(EASY_ACCESS, 256, EASY_ACCESS)} - {0}


def _masks(chosen: npt.NDArray[np.bool_], first: Ints, length: Ints) -> list[int]:
    """Return one integer per segment: bit i says whether its seat i is chosen."""
    masks = []
    for start, count in zip(first.tolist(), length.tolist(), strict=True):
        bits = np.packbits(chosen[start : start + count], bitorder="little").tobytes()
        masks.append(int.from_bytes(bits, "little"))
    return masks


def _units(
    features: npt.NDArray[np.int64], segment_of: Ints, block: Ints, row: Ints, sightline: npt.NDArray[np.float32]
) -> list[Unit]:
    """Return each wheelchair space with its own companion seat, best sightline first."""
    used: set[int] = set()
    units = []
    for space in np.flatnonzero(features & WHEELCHAIR).tolist():
        segment = int(segment_of[space])
        beside = [
            seat
            for seat in (space + 1, space - 1)
            if 0 <= seat < len(features)
            and segment_of[seat] == segment
            and features[seat] & COMPANION
            and seat not in used
        ]
        used.update(beside[:1])
        units.append(Unit(space, beside[0] if beside else None, int(block[segment]), int(row[segment])))
    return sorted(units, key=lambda unit: -float(sightline[unit.space]))


def _rows_of(units: Sequence[Unit]) -> list[list[Unit]]:
    """Return the units by row, best row first, each row in the order of its seats."""
    rows: dict[tuple[int, int], list[Unit]] = {}
    for unit in units:
        rows.setdefault((unit.block, unit.row), []).append(unit)
    return [sorted(row, key=lambda unit: unit.space) for row in rows.values()]


def category_by_place(
    places: int, ranges: Iterable[tuple[int, int, UUID]], categories: Sequence[UUID]
) -> npt.NDArray[np.int16]:
    """Return the category of each place as an index into `categories`, -1 if not for sale.

    `ranges` are (first place, count, category).
    """
    category_of = np.full(places, -1, np.int16)
    for first, count, category in ranges:
        category_of[first : first + count] = categories.index(category)
    return category_of
