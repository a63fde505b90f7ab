"""Differences of two venue files, as people compare versions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from virage.site.venue.rules.editing import FEATURES, features_of, seat_names
from virage.site.venue.rules.file import BlockFile, RowFile, VenueFile

Subject = Literal[
    "venue", "stand", "block", "area", "gate", "outlet", "amenity", "ramp", "walkways", "safety", "hospitality"
]
Change = Literal["added", "removed", "changed"]
FIRST_NAMES: Final = 5
"""Names of seats that a difference lists; their number is always given."""


class Detail(Struct, frozen=True, omit_defaults=True):
    """A value before and after, None where there was or is none.

    `field` is that of the file, or "seats" (their number), "seats_gone", "seats_new" (`names` are the first ones of a
    `row`), a feature (number of its seats), "position", "geometry" or "order".
    """

    field: str
    before: str | int | None = None
    after: str | int | None = None
    row: str = ""
    names: tuple[str, ...] = ()


class Difference(Struct, frozen=True, omit_defaults=True):
    """A part of the venue that was added, removed or changed; `code` is its code, empty for the whole venue."""

    subject: Subject
    change: Change
    code: str = ""
    details: tuple[Detail, ...] = ()


Details = Callable[[Any, Any], Iterator[Detail]]


def differences(before: VenueFile, after: VenueFile) -> list[Difference]:
    """Return what changed between two files; nothing if they are equal, at least one difference if they are not."""
    if before == after:
        return []
    found: list[Difference] = []
    fields = ("code", "name", "time_zone", "eye_height_m", "location", "pitch", "notice")
    if own := tuple(_fields(before, after, fields)):
        found.append(Difference("venue", "changed", details=own))
    parts: Sequence[tuple[Subject, Sequence[Any], Sequence[Any], Details]] = (
        ("stand", before.stands, after.stands, lambda a, b: _fields(a, b, ("name", "colour"))),
        ("block", before.blocks, after.blocks, _block),
        ("area", before.areas, after.areas, _area),
        ("gate", before.gates, after.gates, _placed),
        ("outlet", before.outlets, after.outlets, _placed),
        ("amenity", before.amenities, after.amenities, _placed),
        ("ramp", before.ramps, after.ramps, lambda a, b: _fields(a, b, ("search_lanes", "search_rate_h"))),
    )
    for subject, old, new, details in parts:
        found += _by_code(subject, old, new, details)
    wholes: Sequence[tuple[Subject, Any, Any]] = (
        ("walkways", before.walkways, after.walkways),
        ("safety", before.safety, after.safety),
        ("hospitality", before.hospitality, after.hospitality),
    )
    for subject, was, is_ in wholes:
        if was != is_:
            found.append(Difference(subject, "added" if was is None else "removed" if is_ is None else "changed"))
    return found or [Difference("venue", "changed", details=(Detail("order"),))]


def _by_code(subject: Subject, old: Iterable[Any], new: Iterable[Any], details: Details) -> Iterator[Difference]:
    before, after = {item.code: item for item in old}, {item.code: item for item in new}
    for code in [*before, *(code for code in after if code not in before)]:
        if code not in after:
            yield Difference(subject, "removed", code, tuple(_size(subject, before[code], None)))
        elif code not in before:
            yield Difference(subject, "added", code, tuple(_size(subject, None, after[code])))
        elif before[code] != after[code]:
            yield Difference(subject, "changed", code, tuple(details(before[code], after[code])))


def _size(subject: Subject, before: Any, after: Any) -> Iterator[Detail]:
    """Yield the number of places of an added or removed block or standing area."""
    if subject == "block":
        yield Detail("seats", before and seats_of(before), after and seats_of(after))
    elif subject == "area":
        yield Detail("capacity_max", before and before.capacity_max, after and after.capacity_max)


def seats_of(block: BlockFile) -> int:
    """Return the number of seats of a block."""
    return sum(segment.seats for row in block.rows for segment in row.segments)


def _fields(before: Any, after: Any, names: Iterable[str]) -> Iterator[Detail]:
    for name in names:
        was, is_ = getattr(before, name), getattr(after, name)
        if was != is_:
            yield Detail(name, _plain(was), _plain(is_))


def _plain(value: Any) -> str | int | None:
    """Return a value as people read it; a text in several languages or a structure only says that it changed."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple) and all(isinstance(part, str | int) for part in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str | int) else None


def _placed(before: Any, after: Any) -> Iterator[Detail]:
    """Yield the changes of a gate, an outlet or an amenity."""
    yield from _fields(before, after, [name for name in before.__struct_fields__ if name not in {"code", "x_m", "y_m"}])
    if (before.x_m, before.y_m) != (after.x_m, after.y_m):
        yield Detail("position", f"{before.x_m:g}, {before.y_m:g}", f"{after.x_m:g}, {after.y_m:g}")


def _area(before: Any, after: Any) -> Iterator[Detail]:
    yield from _fields(before, after, ("capacity_max", "gate_groups", "name"))
    if before.outline_m != after.outline_m:
        yield Detail("geometry")


def _block(before: BlockFile, after: BlockFile) -> Iterator[Detail]:
    yield from _fields(before, after, ("stand", "ring", "kind", "gate_group"))
    if seats_of(before) != seats_of(after):
        yield Detail("seats", seats_of(before), seats_of(after))
    old, new = {row.name: row for row in before.rows}, {row.name: row for row in after.rows}
    was, is_ = _names(old), _names(new)
    for row in [*old, *(row for row in new if row not in old)]:
        gone = [name for name in was.get(row, ()) if name not in is_.get(row, {})]
        fresh = [name for name in is_.get(row, ()) if name not in was.get(row, {})]
        if gone:
            yield Detail("seats_gone", before=len(gone), row=row, names=tuple(gone[:FIRST_NAMES]))
        if fresh:
            yield Detail("seats_new", after=len(fresh), row=row, names=tuple(fresh[:FIRST_NAMES]))
        if row in old and row in new and old[row].sightline != new[row].sightline:
            yield Detail("sightline", old[row].sightline, new[row].sightline, row=row)
    for feature in FEATURES:
        having, having_after = _with_feature(before, feature), _with_feature(after, feature)
        if having != having_after:
            changed = sorted(having ^ having_after)
            names = tuple(" ".join(seat) for seat in changed[:FIRST_NAMES])
            yield Detail(feature, len(having), len(having_after), names=names)
    if seats_of(before) == seats_of(after) and _geometry(before) != _geometry(after):
        yield Detail("geometry")


def _names(rows: Mapping[str, RowFile]) -> dict[str, dict[str, None]]:
    """Return the names of the seats of each row, in order."""
    return {code: dict.fromkeys(name for names in seat_names(row) for name in names) for code, row in rows.items()}


def _with_feature(block: BlockFile, feature: Any) -> set[tuple[str, str]]:
    """Return row and name of each seat with a feature."""
    return {
        (row.name, names[position])
        for row, segments in zip(block.rows, features_of(block, feature), strict=True)
        for names, positions in zip(seat_names(row), segments, strict=True)
        for position in positions
    }


def _geometry(block: BlockFile) -> BlockFile:
    """Return the positions, heights and outline of a block alone, for comparison."""
    rows = tuple(
        replace(
            row,
            sightline=None,
            segments=tuple(replace(segment, features={}, first=None, numbers=None) for segment in row.segments),
        )
        for row in block.rows
    )
    return replace(block, stand="", ring=1, kind="seats", gate_group="", features=(), rows=rows)
