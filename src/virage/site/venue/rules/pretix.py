"""Reads the seating plans of pretix as venue files.

The format is pretix' published JSON schema `seating-plan.schema.json`: zones with rows of seats, positions in pixels
with y pointing down. It has no lengths, heights, gates or stands. The distance of neighbouring seats is taken as 50 cm;
each zone becomes a block, all of them are one stand behind one gate, which the office completes; heights stay unknown.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, count, islice, pairwise
from math import hypot
from statistics import median
from typing import Any, Final

import jsonschema_rs
import msgspec
from msgspec import Struct

from virage.site.venue.rules.defects import (
    DEFECTS_MAX,
    Defect,
    DefectCode,
    Path,
    invalid_values,
    limited,
    repeated,
    without_null,
)
from virage.site.venue.rules.file import FORMAT, LABEL_CHARS_MAX, PLACES_MAX

SEAT_DISTANCE_M: Final = 0.5
GAP: Final = 1.6
"""Seats further apart than this many distances of neighbours have stairs between them."""
COLOUR: Final = "#1f3f8f"
_NOT_CODE: Final = re.compile(r"[^A-Za-z0-9]+")


class _Position(Struct, frozen=True):
    x: float
    y: float


class _Seat(Struct, frozen=True):
    seat_guid: str
    seat_number: str
    position: _Position
    category: str


class _Row(Struct, frozen=True):
    row_number: str
    seats: list[_Seat]
    position: _Position = _Position(0, 0)


class _Zone(Struct, frozen=True):
    position: _Position
    rows: list[_Row]
    name: str = ""


class _Category(Struct, frozen=True):
    name: str


class SeatingPlan(Struct, frozen=True):
    """The parts of a seating plan that a venue file can hold; others (drawn areas, sizes) are left out."""

    name: str
    zones: list[_Zone]
    categories: list[_Category]


def is_seating_plan(document: Any) -> bool:
    """Return whether a document is a seating plan of pretix."""
    return (
        isinstance(document, dict) and "format" not in document and {"zones", "categories"} & document.keys() != set()
    )


def check_plan(document: Any) -> tuple[SeatingPlan | None, list[Defect]]:
    """Return the plan of a document and its defects; None if a value has the wrong form."""
    try:
        plan = msgspec.convert(document, SeatingPlan)
    except (msgspec.ValidationError, RecursionError) as error:
        return None, invalid_values(_schema(), document, error)
    return plan, limited(islice(_defects(plan), DEFECTS_MAX + 1))


@cache
def _schema() -> Any:
    return jsonschema_rs.validator_for(without_null(msgspec.json.schema(SeatingPlan)))


def _seats(plan: SeatingPlan) -> Iterator[tuple[Path, int, _Row, _Seat]]:
    for zone, of_plan in enumerate(plan.zones):
        for row, of_zone in enumerate(of_plan.rows):
            for seat, found in enumerate(of_zone.seats):
                yield ("zones", zone, "rows", row, "seats", seat), zone, of_zone, found


def _defects(plan: SeatingPlan) -> Iterator[Defect]:
    total = sum(len(row.seats) for zone in plan.zones for row in zone.rows)
    if total > PLACES_MAX:
        yield Defect((), DefectCode.TOO_MANY_PLACES, f"{total} > {PLACES_MAX}")
        return
    if not total:
        yield Defect((), DefectCode.NO_PLACES)
    yield from repeated(((*path, "seat_guid"), seat.seat_guid) for path, _, _, seat in _seats(plan))
    yield from repeated(
        (
            ((*path, "seat_number"), f"{zone}\0{row.row_number}\0{seat.seat_number}")
            for path, zone, row, seat in _seats(plan)
        ),
        DefectCode.DUPLICATE_SEAT,
        name=lambda key: key.rpartition("\0")[2],
    )
    known = {category.name for category in plan.categories}
    places: set[tuple[float, float]] = set()
    for path, zone, row, seat in _seats(plan):
        if seat.category not in known:
            yield Defect((*path, "category"), DefectCode.UNKNOWN, seat.category)
        place = _place(plan.zones[zone], row, seat)
        if place in places:
            yield Defect((*path, "position"), DefectCode.SAME_PLACE, f"{place[0]:g}, {place[1]:g}")
        places.add(place)
        for field, label in (("seat_number", seat.seat_number), ("row_number", row.row_number)):
            if not 0 < len(label) <= LABEL_CHARS_MAX:
                yield Defect((*path[: 6 if field == "seat_number" else 4], field), DefectCode.INVALID, repr(label[:40]))


def _place(zone: _Zone, row: _Row, seat: _Seat) -> tuple[float, float]:
    """Return the position of a seat in pixels; positions are relative to the row, and rows to their zone."""
    parts = (zone.position, row.position, seat.position)
    return sum(part.x for part in parts), sum(part.y for part in parts)


def venue_document(plan: SeatingPlan, *, code: str, time_zone: str) -> dict[str, Any]:
    """Return a plan without defects as the document of a venue file."""
    placed = [_place(plan.zones[zone], row, seat) for _, zone, row, seat in _seats(plan)]
    apart = [
        hypot(a[0] - b[0], a[1] - b[1])
        for zone in plan.zones
        for row in zone.rows
        for a, b in pairwise([_place(zone, row, seat) for seat in row.seats])
    ]
    distance = median(apart) if apart else 1.0
    left, right = min(x for x, _ in placed), max(x for x, _ in placed)
    top, bottom = min(y for _, y in placed), max(y for _, y in placed)
    scale, middle = SEAT_DISTANCE_M / distance, ((left + right) / 2, (top + bottom) / 2)

    def metres(place: tuple[float, float]) -> list[float]:
        return [round((place[0] - middle[0]) * scale, 2) + 0.0, round((middle[1] - place[1]) * scale, 2) + 0.0]

    blocks = []
    for code_of_block, zone in zip(_codes(plan.zones), plan.zones, strict=True):
        rows: dict[str, list[Any]] = {}
        for row in zone.rows:
            for run in _runs([(_place(zone, row, seat), seat.seat_number) for seat in row.seats], distance):
                points = [value for place, _ in run for value in metres(place)]
                rows.setdefault(row.row_number, []).append({"points_m": points, "numbers": [name for _, name in run]})
        if rows:
            named = [{"name": name, "segments": segments} for name, segments in rows.items()]
            blocks.append({"code": code_of_block, "stand": "S", "gate_group": "A", "rows": named})
    gate_x, gate_y = metres((middle[0], bottom))
    return {
        "format": FORMAT,
        "code": code,
        "name": plan.name or code,
        "time_zone": time_zone,
        "stands": [{"code": "S", "name": plan.name or code, "colour": COLOUR}],
        "blocks": blocks,
        "gates": [{"code": "1", "group": "A", "stand": "S", "x_m": gate_x, "y_m": gate_y - 5}],
    }


def _runs(
    seats: Sequence[tuple[tuple[float, float], str]], distance: float
) -> Iterator[list[tuple[tuple[float, float], str]]]:
    """Yield the stretches of a row without a gap."""
    run: list[tuple[tuple[float, float], str]] = []
    for seat in seats:
        if run and hypot(seat[0][0] - run[-1][0][0], seat[0][1] - run[-1][0][1]) > GAP * distance:
            yield run
            run = []
        run.append(seat)
    if run:
        yield run


def _codes(zones: Sequence[_Zone]) -> list[str]:
    """Return a code for each zone: its name where that makes one, else the first free number from its own on."""
    codes: dict[str, None] = {}
    for number, zone in enumerate(zones, start=1):
        named = _NOT_CODE.sub("-", zone.name).strip("-")[:16].strip("-")
        numbered = (f"Z{free}" for free in count(number))
        codes[next(code for code in chain([named], numbered) if code and code not in codes)] = None
    return list(codes)
