"""The shapes of messages of streams and the journal: how documents are described, and how a rename
changes them.
"""

import pytest

from tests.golden.shapes import changes, renamed, shape_of

ID = "01970000-0000-7000-8000-000000000001"
THEN = {"order": {"": "dict", ".lines": "list", ".lines[]": "dict", ".lines[].cents": "int"}}


def test_a_shape_has_the_types_of_each_member_and_whether_every_object_has_it() -> None:
    documents = [{"id": ID, "lines": [{"cents": 5}, {"cents": None, "name": "1"}]}, {"id": "none", "by": {ID: True}}]
    assert shape_of(documents) == {
        "": "dict",
        ".by": "dict, sometimes",
        ".by.*": "bool",
        ".id": "id, text",
        ".lines": "list, sometimes",
        ".lines[]": "dict",
        ".lines[].cents": "int, null",
        ".lines[].name": "text, sometimes",
    }


def test_a_kind_and_a_member_are_expected_under_their_new_names() -> None:
    today = {"purchase": {"": "dict", ".items": "list", ".items[]": "dict", ".items[].cents": "int"}}
    assert renamed(THEN, {"order": "purchase"}, {"order": {".lines": "items"}}) == today
    assert changes(today, today) == []
    assert changes(THEN, {}) == [f"order {path}: {types}, now not there" for path, types in THEN["order"].items()]


def test_a_line_of_the_map_that_names_nothing_is_an_error() -> None:
    for kinds, members in (({"none": "nothing"}, {}), ({}, {"order": {".none": "nothing"}})):
        with pytest.raises(KeyError):
            renamed(THEN, kinds, members)
