"""Moving an event to another version of its venue: where each place went, and who needs another place or a refund."""

from collections import deque
from collections.abc import Container, Iterable
from functools import lru_cache
from typing import Literal
from uuid import UUID

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from virage.platform.values.money import Cents
from virage.sale.ticketing.rules.places import VERSIONS_MAX
from virage.sale.ticketing.rules.plan import COMPANION, EASY_ACCESS, WHEELCHAIR
from virage.sale.ticketing.rules.terms import TARIFF_CODE, Tariff
from virage.site.venue.types import StandingArea, Venue

GONE = -1
"""The place of a seat or standing place that a version of the venue does not have."""
AffectedReason = Literal["gone", "features", "hospitality", "capacity", "party"]
"""Why a line cannot keep its place: the seat is gone, it lost a feature that the person relies on or became a
wheelchair space, it is no hospitality seat any more, its standing area has too few places, or another person with
the access or companion tariff of the same order is affected."""
_ACCESS, _COMPANION = TARIFF_CODE[Tariff.ACCESS], TARIFF_CODE[Tariff.COMPANION]


class Line(Struct, frozen=True):
    """A place of an order, held or sold; `ticket_id` is its id in the order, `tariff` its code in the store."""

    order_id: UUID
    ticket_id: UUID
    place: int
    tariff: int
    price_cents: Cents


class Affected(Struct, frozen=True):
    """A line that cannot keep its place."""

    line: Line
    reason: AffectedReason


class MovePlan(Struct, frozen=True):
    """The new places of the lines that keep theirs, by ticket, and the other lines in the order of their old places."""

    places: dict[UUID, int]
    affected: list[Affected]


@lru_cache(maxsize=VERSIONS_MAX)
def new_places(old: Venue, new: Venue) -> npt.NDArray[np.int32]:
    """Return the place in the new version of each place of the old one, `GONE` for none.

    A seat is the same seat if its block code, row name and number are; a standing place by its area's code and its
    number within the area. A seat whose label is not unique in a version is gone.
    """
    row_of: dict[tuple[str, str], int] = {}
    numbers = _row_numbers(old, row_of), _row_numbers(new, row_of)
    width = 1 + int(max(old.number.max(initial=0), new.number.max(initial=0)))
    old_keys, new_keys = (rows * width + venue.number for rows, venue in zip(numbers, (old, new), strict=True))
    known, first, counts = np.unique(new_keys, return_index=True, return_counts=True)
    _, inverse, old_counts = np.unique(old_keys, return_inverse=True, return_counts=True)
    places = np.full(old.places, GONE, np.int32)
    if len(known):
        at = np.minimum(np.searchsorted(known, old_keys), len(known) - 1)
        same = (known[at] == old_keys) & (counts[at] == 1) & (old_counts[inverse] == 1)
        places[: old.seats] = np.where(same, first[at], GONE)
    areas = {area.code: area for area in new.areas}
    for area in old.areas:
        if area.code in areas:
            kept = min(area.capacity_max, areas[area.code].capacity_max)
            places[area.first_place : area.first_place + kept] = areas[area.code].first_place + np.arange(kept)
    places.flags.writeable = False
    return places


def _row_numbers(venue: Venue, row_of: dict[tuple[str, str], int]) -> npt.NDArray[np.int64]:
    """Return a number of the row of each seat, the same for rows of the same block code and name in any version."""
    width = 1 + int(venue.row.max(initial=0))
    table = np.zeros(len(venue.blocks) * width, np.int64)
    for index, block in enumerate(venue.blocks):
        for row, name in enumerate(block.rows[:width]):
            table[index * width + row] = row_of.setdefault((block.code, name), len(row_of))
    numbers: npt.NDArray[np.int64] = table[venue.block.astype(np.int64) * width + venue.row]
    return numbers


def plan_move(old: Venue, new: Venue, lines: Iterable[Line]) -> MovePlan:
    """Return which lines keep their places under another version of the venue, and which are affected.

    A standing place beyond the new capacity of its area moves to a free place of the area, of the same gate group if
    there is one; the last lines of a full area are affected.
    """
    lines = sorted(lines, key=lambda line: (line.place, line.ticket_id))
    mapped = new_places(old, new)
    places: dict[UUID, int] = {}
    affected: dict[UUID, Affected] = {}
    standing: dict[str, list[Line]] = {}
    for line in lines:
        place = int(mapped[line.place])
        area = old.area_of(line.place)
        if area is not None and place == GONE:
            standing.setdefault(area.code, []).append(line)
        elif area is None and (reason := _reason(old, new, line, place)) is not None:
            affected[line.ticket_id] = Affected(line, reason)
        else:
            places[line.ticket_id] = place
    taken = set(places.values())
    new_areas = {area.code: area for area in new.areas}
    for code, over in standing.items():
        area = new_areas.get(code)
        free = {} if area is None else _free_by_group(area, taken)
        for line in over:
            group = free.get(old.label(line.place).gate_group) or min(filter(None, free.values()), default=None)
            if group:
                places[line.ticket_id] = group.popleft()
            else:
                affected[line.ticket_id] = Affected(line, "gone" if area is None else "capacity")
    parties = {found.line.order_id for found in affected.values() if found.line.tariff in (_ACCESS, _COMPANION)}
    for line in lines:
        if line.order_id in parties and line.tariff in (_ACCESS, _COMPANION) and line.ticket_id not in affected:
            affected[line.ticket_id] = Affected(line, "party")
            del places[line.ticket_id]
    return MovePlan(places, sorted(affected.values(), key=lambda found: (found.line.place, found.line.ticket_id)))


def _free_by_group(area: StandingArea, taken: Container[int]) -> dict[str, deque[int]]:
    """Return the free places of a standing area by gate group, in ascending order."""
    free: dict[str, deque[int]] = {group: deque() for group in area.gate_groups}
    for number in range(area.capacity_max):
        if area.first_place + number not in taken:
            free[area.gate_groups[number % len(area.gate_groups)]].append(area.first_place + number)
    return free


def _reason(old: Venue, new: Venue, line: Line, place: int) -> AffectedReason | None:
    """Return why a seat is not good enough for its line; None if it is."""
    if place == GONE:
        return "gone"
    was, becomes = int(old.features[line.place]), int(new.features[place])
    if needs_of(old, line) & ~becomes or (becomes & WHEELCHAIR and not was & WHEELCHAIR):
        return "features"
    had = old.blocks[old.block[line.place]].kind
    return "hospitality" if had not in ("seats", new.blocks[new.block[place]].kind) else None


def needs_of(old: Venue, line: Line) -> int:
    """Return the features that the person of a line relies on: those of the seat, with the access tariff."""
    if line.place >= old.seats:
        return 0
    features = int(old.features[line.place])
    if line.tariff == _ACCESS:
        # A wheelchair space is always easy to reach.
        return features & ~(COMPANION | EASY_ACCESS if features & WHEELCHAIR else COMPANION)
    return features & COMPANION if line.tariff == _COMPANION else 0
