"""The shape of JSON documents of one kind: their members, the types of each, and whether every object has it."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.golden.renames import Names
from tests.golden.requests_log import shape

DATA = re.compile(r"\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Names of members that are data: numbers and ids."""

Shape = dict[str, str]


def shape_of(documents: Iterable[Any]) -> Shape:
    """Return the shape of documents: `{".lines[].cents": "int", ".reason": "null, text,
    sometimes"}`.
    """
    types: dict[str, set[str]] = {}
    count: Counter[str] = Counter()

    def look(value: Any, path: str) -> None:
        types.setdefault(path, set()).add(_type(value))
        count[path] += 1
        if isinstance(value, dict):
            for name, item in value.items():
                look(item, f"{path}.{'*' if DATA.fullmatch(name) else name}")
        elif isinstance(value, list):
            for item in value:
                look(item, f"{path}[]")

    for document in documents:
        look(document, "")
    return {path: ", ".join([*sorted(types[path]), *_sometimes(path, count)]) for path in sorted(types)}


def _sometimes(path: str, count: Counter[str]) -> list[str]:
    owner, dot, name = path.rpartition(".")
    is_rare = dot and name != "*" and not name.endswith("[]") and count[path] < count[owner]
    return ["sometimes"] if is_rare else []


def _type(value: Any) -> str:
    if value is None:
        return "null"
    found = shape(value)
    return "text" if found == "number" else found


def renamed(shapes: dict[str, Shape], kinds: Names, members: dict[str, Names]) -> dict[str, Shape]:
    """Return shapes under today's names; `members` has new names by old kind and old path:
    `{".lines": "items"}`.

    Raise KeyError when a line of the map matches nothing.
    """
    for kind, names in members.items():
        missing = names.keys() - shapes[kind].keys()
        if missing:
            raise KeyError(f"{kind}: {sorted(missing)}")
    for kind in kinds:
        shapes[kind]
    return {
        kinds.get(kind, kind): {_renamed(path, members.get(kind, {})): types for path, types in shape.items()}
        for kind, shape in shapes.items()
    }


def _renamed(path: str, names: Names) -> str:
    old, new = "", ""
    for step in re.findall(r"\.[^.\[]+|\[\]", path):
        old += step
        new += f".{names[old]}" if old in names else step
    return new


def changes(of_then: dict[str, Shape], of_today: dict[str, Shape]) -> list[str]:
    """Return the differences between shapes by their kinds, one line a place."""
    found = []
    for kind in sorted(of_then.keys() | of_today.keys()):
        then, today = of_then.get(kind, {}), of_today.get(kind, {})
        found += [
            f"{kind} {path}: {then.get(path, 'not there')}, now {today.get(path, 'not there')}"
            for path in sorted(then.keys() | today.keys())
            if then.get(path) != today.get(path)
        ]
    return found
