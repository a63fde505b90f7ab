"""Defects of venue files and seating plans: what is wrong, and its place in the document."""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec import Struct

FILE_BYTES_MAX: Final = 32 * 1024 * 1024
"""Maximum size of a file, also of a compressed one once it is unpacked."""
DEFECTS_MAX: Final = 1000
VALUE_CHARS_MAX: Final = 160
_GZIP: Final = b"\x1f\x8b"
_UNEXPECTED: Final = re.compile(r"'([^']+)'")

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
    NUMBER_TOO_HIGH = "number_too_high"
    POSITION = "feature_outside_segment"
    FEATURES = "features_contradict"
    ODD = "coordinate_missing"
    NO_NODE = "node_missing"
    UNREACHABLE = "not_reachable"
    LOOP = "edge_to_itself"
    NO_LIFT = "lift_missing"
    CIRCLE = "zones_in_a_circle"
    NO_WAY = "way_out_missing"
    SECOND_WAY = "second_way_out"
    FUTURE = "date_in_future"
    MORE = "more_defects"


class Defect(Struct, frozen=True):
    """A defect with the keys that lead to its place in the document; no keys for the whole file."""

    path: Path
    code: DefectCode
    value: str = ""

    @property
    def place(self) -> str:
        """The place as text, `blocks[3].rows[0].name`."""
        return place_of(self.path)


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
            return Defect((), DefectCode.NOT_JSON, str(error))
        if not engine.eof and len(raw) <= FILE_BYTES_MAX:
            return Defect((), DefectCode.NOT_JSON, "the compressed file is incomplete")
    return raw if len(raw) <= FILE_BYTES_MAX else Defect((), DefectCode.TOO_LARGE, f"{FILE_BYTES_MAX >> 20} MB")


def parse(raw: bytes) -> Any | Defect:
    """Return the JSON of an unpacked file as dictionaries and lists, or a defect."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Defect((), DefectCode.NOT_JSON, str(error))


def invalid_values(schema: Any, document: Any, error: Exception) -> list[Defect]:
    """Return every value that a JSON Schema does not allow; `error` is said if it allows all of them."""
    found = (
        Defect(tuple(fault.instance_path), DefectCode.INVALID, fault.message[:VALUE_CHARS_MAX])
        for fault in schema.iter_errors(document)
    )
    return limited(islice(found, DEFECTS_MAX + 1)) or [Defect((), DefectCode.INVALID, str(error)[:VALUE_CHARS_MAX])]


def without_null(schema: Any) -> Any:
    """Return a schema in which an unknown value is left out, not null: defects are then reported inside of it."""
    if isinstance(schema, list):
        return [without_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    alternatives = [item for item in schema.get("anyOf", ()) if item != {"type": "null"}]
    if len(alternatives) == 1:
        schema = {key: value for key, value in schema.items() if key not in ("anyOf", "default")} | alternatives[0]
    return {key: without_null(value) for key, value in schema.items()}


def unexpected(defect: Defect) -> list[str]:
    """Return the keys that a defect says are not allowed."""
    return _UNEXPECTED.findall(defect.value) if defect.value.startswith("Additional properties") else []


def limited(found: Iterable[Defect]) -> list[Defect]:
    """Return at most `DEFECTS_MAX` defects, and then one that says that there are more."""
    listed = list(found)
    return listed if len(listed) <= DEFECTS_MAX else [*listed[:DEFECTS_MAX], Defect((), DefectCode.MORE)]


def repeated(
    keys: Iterable[tuple[Path, str]],
    code: DefectCode = DefectCode.DUPLICATE,
    *,
    name: Callable[[str], str] = str,
) -> Iterator[Defect]:
    """Yield each key that came before; `name` is how people read a key."""
    known: set[str] = set()
    for path, key in keys:
        if key in known:
            yield Defect(path, code, name(key))
        known.add(key)
