"""Proposes mends for the defects of a venue file or seating plan: those that lose nothing that is known."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

from msgspec import Struct

from virage.site.venue.rules.defects import Defect, DefectCode, Key, Path, place_of, unexpected

OPTIONAL: Final = frozenset(
    {
        "area_m2",
        "authorised_capacity",
        "capacity",
        "height_m",
        "metres",
        "p_factor",
        "room",
        "s_factor",
        "search_lanes",
        "search_rate_h",
        "sightline",
        "width_m",
        "within",
        "zone",
    }
)
"""Values that may be unknown: an impossible one is left out."""
WHOLE_ITEMS: Final = frozenset({"edges", "evacuation_lifts"})
"""Lists from which an item that refers to nothing is left out."""

RENAMED: Final = frozenset({DefectCode.DUPLICATE, DefectCode.DUPLICATE_ROW, DefectCode.DUPLICATE_SEAT})
REMOVED: Final = frozenset({DefectCode.CIRCLE, DefectCode.DUPLICATE_SEAT, DefectCode.NUMBERS, DefectCode.POSITION})


class Mend(Struct, frozen=True):
    """A proposed change; `after` is None if the value is left out."""

    place: str
    before: str
    after: str | None


def mend(document: Any, found: Sequence[Defect]) -> tuple[Any, list[Mend]]:
    """Return a copy of a document with the defects mended that can be, and the changes. Check the result again."""
    mended, mends = deepcopy(document), []
    removals: set[Path] = set()
    taken = set(_texts(document))
    for defect in found:
        path = defect.path
        if path and defect.code in RENAMED and path[-1] != "first":
            before = _at(mended, path)
            after = _next(before, taken if defect.code is DefectCode.DUPLICATE else _siblings(mended, path))
            taken.add(str(after))
            _at(mended, path[:-1])[path[-1]] = after
            mends.append(Mend(place_of(path), str(before), str(after)))
        else:
            removals.update(_removals(defect))
    for path in sorted(removals, key=lambda path: [str(key).rjust(9, "0") for key in path], reverse=True):
        mends.append(Mend(place_of(path), str(_at(mended, path)), None))
        del _at(mended, path[:-1])[path[-1]]
    return mended, mends


def _removals(defect: Defect) -> list[Path]:
    """Return the places that are left out to mend a defect."""
    path = defect.path
    if unexpected(defect):
        return [(*path, name) for name in unexpected(defect)]
    if path and (defect.code in REMOVED or path[-1] in OPTIONAL):
        return [path]
    if defect.code in {DefectCode.LOOP, DefectCode.UNKNOWN}:
        return [path[: at + 2] for at, key in enumerate(path) if key in WHOLE_ITEMS]
    return []


def _at(document: Any, path: Path) -> Any:
    for key in path:
        document = document[key]
    return document


def _siblings(document: Any, path: Path) -> set[str]:
    """Return the names of the rows of a block, or of the seats of a row."""
    if isinstance(path[-1], int):
        return {str(name) for name in _at(document, path[:-1])}
    return {str(item.get(path[-1])) for item in _at(document, path[:-2])}


def _texts(document: Any) -> list[str]:
    """Return every text and number of a document."""
    if isinstance(document, dict):
        return [text for value in document.values() for text in _texts(value)]
    if isinstance(document, list):
        return [text for value in document for text in _texts(value)]
    return [str(document)]


def _next(value: Key, taken: set[str]) -> Key:
    """Return the first value that is not used: a number counts up, a name gets a number."""
    number = 2
    if isinstance(value, int) or value.isdecimal():
        number = int(value) + 1
        while str(number) in taken:
            number += 1
        return number if isinstance(value, int) else str(number)
    while f"{value}-{number}" in taken:
        number += 1
    return f"{value}-{number}"
