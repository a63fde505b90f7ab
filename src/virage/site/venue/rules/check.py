"""Checks of a venue file: every defect at once, each with its place in the document."""

from collections.abc import Container, Iterable, Iterator, Sequence
from copy import deepcopy
from datetime import date
from functools import cache
from itertools import chain, islice
from typing import Any, Final

import jsonschema_rs
import msgspec
import numpy as np
from msgspec import Struct
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from virage.platform.values.zones import zone_names
from virage.site.venue.rules.build import NUMBER_MAX, build_venue
from virage.site.venue.rules.defects import (
    DEFECTS_MAX,
    Defect,
    DefectCode,
    Key,
    Path,
    invalid_values,
    limited,
    parse,
    repeated,
    unexpected,
    unpack,
    without_null,
)
from virage.site.venue.rules.file import (
    PLACES_MAX,
    BlockFile,
    Hospitality,
    RowFile,
    Safety,
    SegmentFile,
    VenueFile,
    Walkways,
)
from virage.site.venue.rules.pretix import check_plan, is_seating_plan, venue_document
from virage.site.venue.rules.venue import Venue
from virage.site.venue.rules.walk_graph import Kind

SAME_PLACE_CM: Final = 10
_NODE_KINDS: Final = {
    "ramp": "ramps",
    "gate": "gates",
    "block": "blocks",
    "area": "areas",
    "outlet": "outlets",
}
"""Nodes that a walking graph must have, each of a list of the file."""


class Checked(Struct, frozen=True):
    """A read file: its document as it was read, the venue file, None if there is none, and its defects."""

    document: Any
    file: VenueFile | None
    found: list[Defect]


def read(raw: bytes, today: date, *, code: str = "", time_zone: str = "") -> Checked:
    """Return the venue file in the bytes of a file, JSON or gzip, with all of its defects on the day `today`.

    A seating plan of pretix gets the code and the time zone that it does not have.
    """
    unpacked = unpack(raw)
    document = unpacked if isinstance(unpacked, Defect) else parse(unpacked)
    if isinstance(document, Defect):
        return Checked(None, None, [document])
    if not is_seating_plan(document):
        file, found = check(document, today)
        return Checked(document, file, found)
    plan, found = check_plan(document)
    if plan is None or found:
        return Checked(document, None, found)
    file, found = check(venue_document(plan, code=code, time_zone=time_zone), today)
    return Checked(document, file, found)


def check(document: Any, today: date) -> tuple[VenueFile | None, list[Defect]]:
    """Return the file of a parsed document and its defects, at most `DEFECTS_MAX` and then one that says so.

    The file is None if a value has the wrong form. Codes and references are then checked as if impossible numbers and
    unknown keys were not there, so that one run names them all; walkways and positions wait for a file without these.
    """
    try:
        file = msgspec.convert(document, VenueFile)
    except (msgspec.ValidationError, RecursionError) as error:
        invalid = invalid_values(_schema(), document, error)
        try:
            rest = msgspec.convert(_passable(document, invalid), VenueFile)
        except msgspec.ValidationError:
            return None, invalid
        return None, limited(
            islice(chain(invalid, _contents(rest), _references(rest), _evacuation(rest, today)), DEFECTS_MAX + 1)
        )
    found = list(islice(chain(_contents(file), _references(file), _evacuation(file, today)), DEFECTS_MAX + 1))
    if not found:
        found = list(islice(chain(_same_places(build_venue(file)), _walkable(file)), DEFECTS_MAX + 1))
    return file, limited(found)


def _passable(document: Any, invalid: Sequence[Defect]) -> Any:
    """Return a copy of a document without unknown keys, and with 1, which every number may be, for impossible ones."""
    copy = {"": deepcopy(document)}
    for defect in invalid:
        parent: Any = copy
        *within, last = "", *defect.path
        for key in within:
            parent = parent[key]
        for name in unexpected(defect):
            del parent[last][name]
        if isinstance(parent[last], int | float):
            parent[last] = 1
    return copy[""]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the venue file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **without_null(msgspec.json.schema(VenueFile))}


@cache
def _schema() -> Any:
    return jsonschema_rs.validator_for(json_schema(), validate_formats=True)


def _contents(file: VenueFile) -> Iterator[Defect]:
    """Yield defects of single values, and of rows and seats within a block."""
    places = file.places
    if places > PLACES_MAX:
        yield Defect((), DefectCode.TOO_MANY_PLACES, f"{places} > {PLACES_MAX}")
        return
    if not places:
        yield Defect((), DefectCode.NO_PLACES)
    if file.time_zone not in zone_names():
        yield Defect(("time_zone",), DefectCode.TIME_ZONE, file.time_zone)
    for number, block in enumerate(file.blocks):
        yield from _block(("blocks", number), block)
    for number, area in enumerate(file.areas):
        if len(area.outline_m) % 2:
            yield Defect(("areas", number, "outline_m"), DefectCode.ODD)


def _block(path: Path, block: BlockFile) -> Iterator[Defect]:
    if block.outline_m is not None and len(block.outline_m) % 2:
        yield Defect((*path, "outline_m"), DefectCode.ODD)
    rows = (((*path, "rows", at, "name"), row.name) for at, row in enumerate(block.rows))
    yield from repeated(rows, DefectCode.DUPLICATE_ROW)
    for at, row in enumerate(block.rows):
        for number, segment in enumerate(row.segments):
            yield from _segment((*path, "rows", at, "segments", number), block, segment)
        yield from _too_high((*path, "rows", at, "segments"), row)
        if any(segment.first is not None or segment.numbers is not None for segment in row.segments):
            yield from repeated(_seat_names((*path, "rows", at, "segments"), row), DefectCode.DUPLICATE_SEAT)


def _too_high(path: Path, row: RowFile) -> Iterator[Defect]:
    """Yield the segments whose seats count beyond the highest number."""
    following = 1
    for number, segment in enumerate(row.segments):
        if segment.numbers is None:
            following = (following if segment.first is None else segment.first) + segment.seats
            if following - 1 > NUMBER_MAX:
                yield Defect((*path, number), DefectCode.NUMBER_TOO_HIGH, f"{following - 1} > {NUMBER_MAX}")


def _seat_names(path: Path, row: RowFile) -> Iterator[tuple[Path, str]]:
    """Yield the name of each seat of a row with its place in the file."""
    following = 1
    for number, segment in enumerate(row.segments):
        if segment.numbers is not None:
            yield from (((*path, number, "numbers", at), name) for at, name in enumerate(segment.numbers))
            continue
        following = following if segment.first is None else segment.first
        yield from (((*path, number, "first"), str(name)) for name in range(following, following + segment.seats))
        following += segment.seats


def _segment(path: Path, block: BlockFile, segment: SegmentFile) -> Iterator[Defect]:
    in_frame = (segment.count, segment.d_m, segment.t_m, segment.pitch_m)
    if (segment.points_m is None and None in in_frame) or (
        segment.points_m is not None and any(value is not None for value in in_frame)
    ):
        yield Defect(path, DefectCode.SEGMENT)
    elif segment.points_m is None and block.frame is None:
        yield Defect(path, DefectCode.FRAME)
    if segment.points_m is not None and len(segment.points_m) % 2:
        yield Defect((*path, "points_m"), DefectCode.ODD)
    if segment.numbers is not None and len(segment.numbers) != segment.seats:
        yield Defect((*path, "numbers"), DefectCode.NUMBERS, f"{len(segment.numbers)} for {segment.seats} seats")
    for feature, positions in segment.features.items():
        for at, position in enumerate(positions):
            if position >= segment.seats:
                yield Defect((*path, "features", feature, at), DefectCode.POSITION, str(position))
    for position in sorted({*segment.features.get("wheelchair", ())} & {*segment.features.get("companion", ())}):
        yield Defect((*path, "features"), DefectCode.FEATURES, f"wheelchair and companion: {position}")


def _codes(items: Iterable[Any], *path: Key, field: str = "code") -> list[tuple[Path, str]]:
    return [((*path, at, field), getattr(item, field)) for at, item in enumerate(items)]


def _references(file: VenueFile) -> Iterator[Defect]:
    """Yield codes that are used twice, or that name nothing."""
    safety, hospitality = file.safety or Safety(), file.hospitality or Hospitality()
    stands, areas = _codes(file.stands, "stands"), _codes(file.areas, "areas")
    yield from repeated(chain(stands, areas))  # both are zones of presence
    for group in (
        chain(_codes(file.blocks, "blocks"), areas),
        _codes(file.gates, "gates"),
        _codes(file.outlets, "outlets"),
        _codes(file.amenities, "amenities"),
        _codes(file.ramps, "ramps"),
        _codes(safety.exits, "safety", "exits"),
        _codes(safety.zones, "safety", "zones"),
        _codes(safety.refuges, "safety", "refuges"),
        _codes(safety.assembly_points, "safety", "assembly_points"),
        chain(_codes(hospitality.rooms, "hospitality", "rooms"), _codes(hospitality.boxes, "hospitality", "boxes")),
        _codes(hospitality.doors, "hospitality", "doors"),
    ):
        yield from repeated(group)
    stand_codes, groups = {stand.code for stand in file.stands}, {gate.group for gate in file.gates}
    lifts = {amenity.code for amenity in file.amenities if amenity.kind == "lift"}
    for name, items in (
        ("blocks", file.blocks),
        ("gates", file.gates),
        ("outlets", file.outlets),
        ("amenities", file.amenities),
    ):
        yield from _unknown(_codes(items, name, field="stand"), stand_codes)
    used = _codes(file.blocks, "blocks", field="gate_group")
    used += [
        (("areas", at, "gate_groups", number), group)
        for at, area in enumerate(file.areas)
        for number, group in enumerate(area.gate_groups)
    ]
    yield from _unknown(used, groups, DefectCode.NO_GATE)
    zones = {zone.code: zone.within for zone in safety.zones}
    yield from _unknown(_codes(safety.exits, "safety", "exits", field="zone"), zones)
    yield from _unknown(_codes(safety.zones, "safety", "zones", field="within"), zones)
    for at, code in enumerate(zones):
        around, seen = zones[code], {code}
        while around in zones and around not in seen:
            seen.add(around)
            around = zones[around]
        if around == code:
            yield Defect(("safety", "zones", at, "within"), DefectCode.CIRCLE, code)
    evacuation = [(("safety", "evacuation_lifts", at), code) for at, code in enumerate(safety.evacuation_lifts)]
    yield from _unknown(evacuation, lifts)
    boxes = _codes(hospitality.boxes, "hospitality", "boxes", field="block")
    yield from _unknown(boxes, {block.code for block in file.blocks})
    yield from _unknown(
        _codes(hospitality.doors, "hospitality", "doors", field="room"),
        {room.code for room in hospitality.rooms} | {box.code for box in hospitality.boxes},
    )
    if file.walkways is not None:
        yield from _walkways(file, file.walkways, lifts)


def _evacuation(file: VenueFile, today: date) -> Iterator[Defect]:
    """Yield defects of the evacuation plan: every block and standing area has its ways out once, through gates."""
    plan = None if file.safety is None else file.safety.evacuation_plan
    if plan is None:
        return
    path: Path = ("safety", "evacuation_plan")
    if plan.approved_on > today:
        yield Defect((*path, "approved_on"), DefectCode.FUTURE, plan.approved_on.isoformat())
    places = [*(block.code for block in file.blocks), *(area.code for area in file.areas)]
    ways = _codes(plan.ways, *path, "ways", field="place")
    yield from _unknown(ways, places)
    yield from repeated(ways, DefectCode.SECOND_WAY)
    used = [
        ((*path, "ways", at, "exits", number), group)
        for at, way in enumerate(plan.ways)
        for number, group in enumerate(way.exits)
    ]
    yield from _unknown(used, {gate.group for gate in file.gates}, DefectCode.NO_GATE)
    given = {place for _, place in ways}
    yield from (Defect((*path, "ways"), DefectCode.NO_WAY, place) for place in places if place not in given)


def _unknown(
    used: Iterable[tuple[Path, str | None]], known: Container[str], code: DefectCode = DefectCode.UNKNOWN
) -> Iterator[Defect]:
    return (Defect(path, code, name) for path, name in used if name is not None and name not in known)


def _walkways(file: VenueFile, walkways: Walkways, lifts: Container[str]) -> Iterator[Defect]:
    """Yield defects of the walking graph: its codes, and nodes without which a place cannot be reached."""
    floors, nodes = {floor.code for floor in walkways.floors}, {node.id for node in walkways.nodes}
    yield from repeated(_codes(walkways.floors, "walkways", "floors"))
    yield from repeated(_codes(walkways.nodes, "walkways", "nodes", field="id"))
    yield from _unknown(_codes(walkways.nodes, "walkways", "nodes", field="floor"), floors)
    for at, edge in enumerate(walkways.edges):
        path: Path = ("walkways", "edges", at)
        yield from _unknown([((*path, "a"), edge.a), ((*path, "b"), edge.b)], nodes)
        if edge.a == edge.b:
            yield Defect(path, DefectCode.LOOP, edge.a)
        if edge.lift is None and edge.kind is Kind.LIFT:
            yield Defect(path, DefectCode.NO_LIFT)
        elif edge.lift is not None and edge.lift not in lifts:
            yield Defect((*path, "lift"), DefectCode.UNKNOWN, edge.lift)
    for kind, items in _NODE_KINDS.items():
        for path, code in _codes(getattr(file, items), items):
            if f"{kind}:{code}" not in nodes:
                yield Defect(path, DefectCode.NO_NODE, f"{kind}:{code}")


def _walkable(file: VenueFile) -> Iterator[Defect]:
    """Yield the places that no walkway connects to a ramp, or to a gate if there is no ramp."""
    if file.walkways is None:
        return
    position = {node.id: at for at, node in enumerate(file.walkways.nodes)}
    ends = np.array([(position[edge.a], position[edge.b]) for edge in file.walkways.edges], dtype=np.int32).reshape(
        -1, 2
    )
    graph = csr_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(len(position), len(position)))
    _, part = connected_components(graph, directed=False)
    entrances = [at for id_, at in position.items() if id_.startswith("ramp:")]
    entrances = entrances or [at for id_, at in position.items() if id_.startswith("gate:")]
    reached = {int(part[at]) for at in entrances}
    for id_, at in position.items():
        if id_.partition(":")[0] in _NODE_KINDS and int(part[at]) not in reached:
            yield Defect(("walkways", "nodes", at, "id"), DefectCode.UNREACHABLE, id_)


def _same_places(venue: Venue) -> Iterator[Defect]:
    """Yield seats that stand where another one does."""
    grid = np.rint(np.stack((venue.x, venue.y, venue.height), axis=1) * 100 / SAME_PLACE_CM).astype(np.int32)
    _, first, of_seat = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    for seat in np.flatnonzero(first[of_seat.ravel()] != np.arange(venue.seats)).tolist():
        block, label = int(venue.block[seat]), venue.label(seat)
        other = venue.label(int(first[of_seat.ravel()[seat]]))
        yield Defect(
            ("blocks", block, "rows", int(venue.row[seat])),
            DefectCode.SAME_PLACE,
            f"{label.block} {label.row} {label.seat} and {other.block} {other.row} {other.seat}",
        )
