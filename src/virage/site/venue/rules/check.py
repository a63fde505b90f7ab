"""Checks of a venue file: every defect at once, each with its place in the document."""

import zlib
from collections.abc import Container, Iterable, Iterator
from enum import StrEnum
from functools import cache
from itertools import chain, islice
from typing import Any, Final
from zoneinfo import ZoneInfo

import jsonschema_rs
import msgspec
import numpy as np
from msgspec import Struct
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from virage.site.venue.rules.build import build_venue
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
from virage.site.venue.rules.venue import Venue
from virage.site.venue.rules.walk_graph import Kind

FILE_BYTES_MAX: Final = 32 * 1024 * 1024
"""Maximum size of a file, also of a compressed one once it is unpacked."""
DEFECTS_MAX: Final = 1000
SAME_PLACE_CM: Final = 10
VALUE_CHARS_MAX: Final = 160
_NODE_KINDS: Final = {
    "ramp": "ramps",
    "gate": "gates",
    "block": "blocks",
    "area": "areas",
    "outlet": "outlets",
}
"""Nodes that a walking graph must have, each of a list of the file."""
_GZIP: Final = b"\x1f\x8b"

Key = str | int
Path = tuple[Key, ...]


class DefectCode(StrEnum):
    """The kind of a defect."""

    TOO_LARGE = "file_too_large"
    NOT_JSON = "not_json"
    INVALID = "value_invalid"
    TOO_MANY_PLACES = "too_many_places"
    NO_PLACES = "no_places"
    TIME_ZONE = "time_zone_unknown"
    DUPLICATE = "duplicate_code"
    DUPLICATE_ROW = "duplicate_row"
    DUPLICATE_SEAT = "duplicate_seat"
    SAME_PLACE = "seats_at_one_place"
    UNKNOWN = "unknown_code"
    NO_GATE = "group_without_gate"
    SEGMENT = "segment_incomplete"
    FRAME = "frame_missing"
    NUMBERS = "numbers_do_not_match"
    POSITION = "feature_outside_segment"
    FEATURES = "features_contradict"
    ODD = "coordinate_missing"
    NO_NODE = "node_missing"
    UNREACHABLE = "not_reachable"
    LOOP = "edge_to_itself"
    NO_LIFT = "lift_missing"
    CIRCLE = "zones_in_a_circle"
    MORE = "more_defects"


class Defect(Struct, frozen=True):
    """A defect at a place of the document, `blocks[3].rows[0].name`; the empty place is the whole file."""

    place: str
    code: DefectCode
    value: str = ""


class Found(Struct, frozen=True):
    """A defect with the keys that lead to its place."""

    path: Path
    code: DefectCode
    value: str = ""

    def defect(self) -> Defect:
        """Return the defect as it is reported."""
        return Defect(place_of(self.path), self.code, self.value)


def place_of(path: Path) -> str:
    """Return keys as one text, `blocks[3].rows[0].name`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")


def unpack(raw: bytes) -> bytes | Defect:
    """Return a file, decompressed if it is gzip; a defect if it is too large, or is damaged."""
    if raw.startswith(_GZIP):
        engine = zlib.decompressobj(wbits=31)
        try:
            raw = engine.decompress(raw, FILE_BYTES_MAX + 1)
        except zlib.error as error:
            return Defect("", DefectCode.NOT_JSON, str(error))
        if not engine.eof and len(raw) <= FILE_BYTES_MAX:
            return Defect("", DefectCode.NOT_JSON, "the compressed file is incomplete")
    return raw if len(raw) <= FILE_BYTES_MAX else Defect("", DefectCode.TOO_LARGE, f"{FILE_BYTES_MAX >> 20} MB")


def parse(raw: bytes) -> Any | Defect:
    """Return the JSON of an unpacked file as dictionaries and lists, or a defect."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Defect("", DefectCode.NOT_JSON, str(error))


def check(document: Any) -> tuple[VenueFile | None, list[Found]]:
    """Return the file of a parsed document and its defects, at most `DEFECTS_MAX` and then one that says so.

    The file is None if a value has the wrong form; the rest is only checked once all values have the right one.
    """
    try:
        file = msgspec.convert(document, VenueFile)
    except (msgspec.ValidationError, RecursionError) as error:
        invalid = [
            Found(tuple(found.instance_path), DefectCode.INVALID, found.message[:VALUE_CHARS_MAX])
            for found in islice(_schema().iter_errors(document), DEFECTS_MAX + 1)
        ]
        return None, _limited(invalid or [Found((), DefectCode.INVALID, str(error))])
    found = list(islice(chain(_contents(file), _references(file)), DEFECTS_MAX + 1))
    if not found:
        found = list(islice(chain(_same_places(build_venue(file)), _walkable(file)), DEFECTS_MAX + 1))
    return file, _limited(found)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the venue file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_without_null(msgspec.json.schema(VenueFile))}


def _without_null(schema: Any) -> Any:
    """Return a schema in which an unknown value is left out, not null: defects are then reported inside of it."""
    if isinstance(schema, list):
        return [_without_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    alternatives = [item for item in schema.get("anyOf", ()) if item != {"type": "null"}]
    if len(alternatives) == 1:
        schema = {key: value for key, value in schema.items() if key not in ("anyOf", "default")} | alternatives[0]
    return {key: _without_null(value) for key, value in schema.items()}


@cache
def _schema() -> Any:
    return jsonschema_rs.validator_for(json_schema())


def _limited(found: list[Found]) -> list[Found]:
    return found if len(found) <= DEFECTS_MAX else [*found[:DEFECTS_MAX], Found((), DefectCode.MORE)]


def _contents(file: VenueFile) -> Iterator[Found]:
    """Yield defects of single values, and of rows and seats within a block."""
    places = file.places
    if places > PLACES_MAX:
        yield Found((), DefectCode.TOO_MANY_PLACES, f"{places} > {PLACES_MAX}")
        return
    if not places:
        yield Found((), DefectCode.NO_PLACES)
    try:
        ZoneInfo(file.time_zone)
    except (KeyError, ValueError, OSError):
        yield Found(("time_zone",), DefectCode.TIME_ZONE, file.time_zone)
    for number, block in enumerate(file.blocks):
        yield from _block(("blocks", number), block)
    for number, area in enumerate(file.areas):
        if len(area.outline_m) % 2:
            yield Found(("areas", number, "outline_m"), DefectCode.ODD)


def _block(path: Path, block: BlockFile) -> Iterator[Found]:
    if block.outline_m is not None and len(block.outline_m) % 2:
        yield Found((*path, "outline_m"), DefectCode.ODD)
    rows = (((*path, "rows", at, "name"), row.name) for at, row in enumerate(block.rows))
    yield from _repeated(rows, DefectCode.DUPLICATE_ROW)
    for at, row in enumerate(block.rows):
        for number, segment in enumerate(row.segments):
            yield from _segment((*path, "rows", at, "segments", number), block, segment)
        if any(segment.first is not None or segment.numbers is not None for segment in row.segments):
            yield from _repeated(_seat_names((*path, "rows", at, "segments"), row), DefectCode.DUPLICATE_SEAT)


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


def _segment(path: Path, block: BlockFile, segment: SegmentFile) -> Iterator[Found]:
    in_frame = (segment.count, segment.d_m, segment.t_m, segment.pitch_m)
    if (segment.points_m is None and None in in_frame) or (
        segment.points_m is not None and any(value is not None for value in in_frame)
    ):
        yield Found(path, DefectCode.SEGMENT)
    elif segment.points_m is None and block.frame is None:
        yield Found(path, DefectCode.FRAME)
    if segment.points_m is not None and len(segment.points_m) % 2:
        yield Found((*path, "points_m"), DefectCode.ODD)
    if segment.numbers is not None and len(segment.numbers) != segment.seats:
        yield Found((*path, "numbers"), DefectCode.NUMBERS, f"{len(segment.numbers)} for {segment.seats} seats")
    for feature, positions in segment.features.items():
        for at, position in enumerate(positions):
            if position >= segment.seats:
                yield Found((*path, "features", feature, at), DefectCode.POSITION, str(position))
    for position in sorted({*segment.features.get("wheelchair", ())} & {*segment.features.get("companion", ())}):
        yield Found((*path, "features"), DefectCode.FEATURES, f"wheelchair and companion: {position}")


def _repeated(names: Iterable[tuple[Path, str]], code: DefectCode = DefectCode.DUPLICATE) -> Iterator[Found]:
    """Yield each name that came before."""
    known: set[str] = set()
    for path, name in names:
        if name in known:
            yield Found(path, code, name)
        known.add(name)


def _codes(items: Iterable[Any], *path: Key, field: str = "code") -> list[tuple[Path, str]]:
    return [((*path, at, field), getattr(item, field)) for at, item in enumerate(items)]


def _references(file: VenueFile) -> Iterator[Found]:
    """Yield codes that are used twice, or that name nothing."""
    safety, hospitality = file.safety or Safety(), file.hospitality or Hospitality()
    stands, areas = _codes(file.stands, "stands"), _codes(file.areas, "areas")
    yield from _repeated(chain(stands, areas))  # both are zones of presence
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
        yield from _repeated(group)
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
            yield Found(("safety", "zones", at, "within"), DefectCode.CIRCLE, code)
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


def _unknown(
    used: Iterable[tuple[Path, str | None]], known: Container[str], code: DefectCode = DefectCode.UNKNOWN
) -> Iterator[Found]:
    return (Found(path, code, name) for path, name in used if name is not None and name not in known)


def _walkways(file: VenueFile, walkways: Walkways, lifts: Container[str]) -> Iterator[Found]:
    """Yield defects of the walking graph: its codes, and nodes without which a place cannot be reached."""
    floors, nodes = {floor.code for floor in walkways.floors}, {node.id for node in walkways.nodes}
    yield from _repeated(_codes(walkways.floors, "walkways", "floors"))
    yield from _repeated(_codes(walkways.nodes, "walkways", "nodes", field="id"))
    yield from _unknown(_codes(walkways.nodes, "walkways", "nodes", field="floor"), floors)
    for at, edge in enumerate(walkways.edges):
        path: Path = ("walkways", "edges", at)
        yield from _unknown([((*path, "a"), edge.a), ((*path, "b"), edge.b)], nodes)
        if edge.a == edge.b:
            yield Found(path, DefectCode.LOOP, edge.a)
        if edge.lift is None and edge.kind is Kind.LIFT:
            yield Found(path, DefectCode.NO_LIFT)
        elif edge.lift is not None and edge.lift not in lifts:
            yield Found((*path, "lift"), DefectCode.UNKNOWN, edge.lift)
    for kind, items in _NODE_KINDS.items():
        for path, code in _codes(getattr(file, items), items):
            if f"{kind}:{code}" not in nodes:
                yield Found(path, DefectCode.NO_NODE, f"{kind}:{code}")


def _walkable(file: VenueFile) -> Iterator[Found]:
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
            yield Found(("walkways", "nodes", at, "id"), DefectCode.UNREACHABLE, id_)


def _same_places(venue: Venue) -> Iterator[Found]:
    """Yield seats that stand where another one does."""
    grid = np.rint(np.stack((venue.x, venue.y, venue.height), axis=1) * 100 / SAME_PLACE_CM).astype(np.int32)
    _, first, of_seat = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    for seat in np.flatnonzero(first[of_seat.ravel()] != np.arange(venue.seats)).tolist():
        block, label = int(venue.block[seat]), venue.label(seat)
        other = venue.label(int(first[of_seat.ravel()[seat]]))
        yield Found(
            ("blocks", block, "rows", int(venue.row[seat])),
            DefectCode.SAME_PLACE,
            f"{label.block} {label.row} {label.seat} and {other.block} {other.row} {other.seat}",
        )
