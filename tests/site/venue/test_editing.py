"""Edits of a venue file, and the differences that people see between two files."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.site.venue.samples import TODAY, small_document
from virage.site.venue.rules.check import check
from virage.site.venue.rules.differences import Detail, Difference, differences
from virage.site.venue.rules.editing import FEATURES, Edit, edited, features_of, seat_names
from virage.site.venue.rules.file import VenueFile, encode


def arena(**changes: Any) -> VenueFile:
    return msgspec.convert(small_document() | changes, VenueFile)


def edits_of(*documents: dict[str, Any]) -> list[Edit]:
    return msgspec.convert(list(documents), list[Edit])


def after(*documents: dict[str, Any]) -> VenueFile:
    """The arena after edits without defects, as the check of a stored file reads it."""
    file, found = edited(arena(), edits_of(*documents))
    assert found == []
    read, defects = check(msgspec.json.decode(encode(file)), TODAY)
    assert defects == []
    assert read == file
    return file


def seats_with(file: VenueFile, feature: Any) -> set[str]:
    """The seats with a feature, as `block row seat`."""
    return {
        f"{block.code} {row.name} {names[position]}"
        for block in file.blocks
        for row, segments in zip(block.rows, features_of(block, feature), strict=True)
        for names, positions in zip(seat_names(row), segments, strict=True)
        for position in positions
    }


def feature(name: str, *seats: dict[str, Any], present: bool = True) -> dict[str, Any]:
    return {"edit": "feature", "feature": name, "present": present, "seats": list(seats)}


def test_seats_are_named_as_tickets_print_them() -> None:
    first, second = arena().blocks
    assert [seat_names(row) for row in first.rows] == [[["1", "2", "3"]], [["11", "12", "13"]]]
    assert seat_names(second.rows[0]) == [["1a", "7"]]


def test_a_feature_is_set_for_named_seats_a_row_and_a_block() -> None:
    file = after(
        feature("easy_access", {"block": "101", "row": "2", "seats": ["13"]}, {"block": "101", "row": "1"}),
        feature("hearing_loop", {"block": "102"}),
    )
    assert seats_with(file, "easy_access") == {"101 1 1", "101 1 2", "101 1 3", "101 2 13"}
    assert seats_with(file, "hearing_loop") == {"102 A 1a", "102 A 7"}
    assert file.blocks[1].features == ("hearing_loop",)


def test_a_feature_of_a_whole_block_is_removed_from_one_seat() -> None:
    file = after(
        feature("hearing_loop", {"block": "101"}),
        feature("hearing_loop", {"block": "101", "row": "1", "seats": ["2"]}, present=False),
    )
    assert file.blocks[0].features == ()
    assert seats_with(file, "hearing_loop") == {"101 1 1", "101 1 3", "101 2 11", "101 2 12", "101 2 13"}


def test_an_edit_without_effect_keeps_the_bytes() -> None:
    file = after(feature("wheelchair", {"block": "101", "row": "2", "seats": ["11"]}))
    assert encode(file) == encode(arena())


def test_blocks_rows_gates_and_stands_are_edited() -> None:
    file = after(
        {"edit": "block_group", "blocks": ["101", "102"], "gate_group": "B"},
        {"edit": "block_kind", "blocks": ["101"], "kind": "box"},
        {"edit": "sightline", "block": "101", "row": "2", "sightline": 40},
        {"edit": "gate", "gate": "A1", "x_m": -3.0, "group": "B"},
        {"edit": "stand", "stand": "N", "name": "North stand"},
    )
    assert [block.gate_group for block in file.blocks] == ["B", "B"]
    assert file.blocks[0].kind == "box"
    assert [row.sightline for row in file.blocks[0].rows] == [None, 40]
    assert (file.gates[0].x_m, file.gates[0].y_m, file.gates[0].group) == (-3.0, 30.0, "B")
    assert file.walkways is not None
    assert next(node.x_m for node in file.walkways.nodes if node.id == "gate:A1") == -3.0
    assert file.stands[0].name == "North stand"


def test_a_sightline_is_computed_again_once_it_is_removed() -> None:
    one = {"edit": "sightline", "block": "101", "row": "2"}
    assert after(one | {"sightline": 40}, one | {"sightline": None}) == arena()


@pytest.mark.parametrize(
    ("edit", "places"),
    [
        ({"edit": "block_group", "blocks": ["101", "X"], "gate_group": "A"}, ["edits[0].blocks[1]"]),
        ({"edit": "block_kind", "blocks": ["X", "Y"], "kind": "box"}, ["edits[0].blocks[0]", "edits[0].blocks[1]"]),
        ({"edit": "sightline", "block": "101", "row": "9", "sightline": 1}, ["edits[0].row"]),
        ({"edit": "sightline", "block": "X", "row": "9", "sightline": 1}, ["edits[0].block"]),
        ({"edit": "gate", "gate": "Z9", "group": "A"}, ["edits[0].gate"]),
        ({"edit": "stand", "stand": "Z", "name": "Z"}, ["edits[0].stand"]),
        (feature("companion", {"block": "X"}), ["edits[0].seats[0].block"]),
        (feature("companion", {"block": "101", "row": "9"}), ["edits[0].seats[0].row"]),
        (feature("companion", {"block": "101", "seats": ["1"]}), ["edits[0].seats[0].row"]),
        (
            feature("companion", {"block": "101", "row": "1", "seats": ["1", "8", "9"]}),
            ["edits[0].seats[0].seats[1]", "edits[0].seats[0].seats[2]"],
        ),
    ],
)
def test_an_unknown_code_or_name_is_a_defect_at_its_place(edit: dict[str, Any], places: list[str]) -> None:
    file, found = edited(arena(), edits_of(edit))
    assert [defect.place for defect in found] == places
    assert file == arena() or edit["edit"].startswith("block_")


def test_a_seat_that_is_both_wheelchair_space_and_companion_seat_is_a_defect() -> None:
    file, found = edited(arena(), edits_of(feature("companion", {"block": "101", "row": "2", "seats": ["11"]})))
    assert found == []
    assert [defect.code for defect in check(msgspec.json.decode(encode(file)), TODAY)[1]] == ["features_contradict"]


seats = st.sampled_from(
    [
        {"block": "101"},
        {"block": "102"},
        {"block": "101", "row": "1"},
        {"block": "101", "row": "2", "seats": ["11", "13"]},
        {"block": "102", "row": "A", "seats": ["1a"]},
    ]
)
feature_edits = st.builds(
    lambda name, chosen, present: feature(name, *chosen, present=present),
    st.sampled_from(FEATURES),
    st.lists(seats, min_size=1, max_size=3),
    st.booleans(),
)
other_edits = st.sampled_from(
    [
        {"edit": "block_group", "blocks": ["101"], "gate_group": "B"},
        {"edit": "block_kind", "blocks": ["102"], "kind": "seats"},
        {"edit": "sightline", "block": "101", "row": "1", "sightline": 7},
        {"edit": "gate", "gate": "B1", "x_m": 21.5},
        {"edit": "stand", "stand": "N", "name": "N"},
    ]
)


@given(st.lists(feature_edits | other_edits, max_size=6))
def test_equal_files_have_no_difference_and_others_have_one(documents: list[dict[str, Any]]) -> None:
    file, found = edited(arena(), edits_of(*documents))
    assert found == []
    assert differences(file, file) == []
    assert bool(differences(arena(), file)) == (encode(file) != encode(arena()))


@given(st.lists(feature_edits, max_size=6))
def test_features_are_edited_like_sets_of_seats(documents: list[dict[str, Any]]) -> None:
    file, _ = edited(arena(), edits_of(*documents))
    everyone = {"101": {"1": {"1", "2", "3"}, "2": {"11", "12", "13"}}, "102": {"A": {"1a", "7"}}}
    for name in FEATURES:
        expected = seats_with(arena(), name)
        for document in documents:
            if document["feature"] != name:
                continue
            for chosen in document["seats"]:
                named = {
                    f"{chosen['block']} {row} {seat}"
                    for row, all_seats in everyone[chosen["block"]].items()
                    if chosen.get("row") in (None, row)
                    for seat in all_seats & set(chosen.get("seats", all_seats))
                }
                expected = expected | named if document["present"] else expected - named
        assert seats_with(file, name) == expected


def test_a_difference_names_the_seats_of_a_feature() -> None:
    file = after(feature("wheelchair", {"block": "102", "row": "A", "seats": ["7"]}))
    assert differences(arena(), file) == [
        Difference("block", "changed", "102", (Detail("wheelchair", 0, 1, names=("A 7",)),))
    ]


def test_added_and_removed_blocks_say_how_many_seats_they_have() -> None:
    document = small_document()
    document["blocks"][1]["code"] = "103"
    found = differences(arena(), msgspec.convert(document, VenueFile))
    assert found[:2] == [
        Difference("block", "removed", "102", (Detail("seats", 2, None),)),
        Difference("block", "added", "103", (Detail("seats", None, 2),)),
    ]


def test_seats_that_are_gone_and_new_are_counted_with_their_first_names() -> None:
    document = small_document()
    document["blocks"][0]["rows"][0]["segments"][0] |= {"count": 12, "first": 3}
    found = differences(arena(), msgspec.convert(document, VenueFile))
    assert found == [
        Difference(
            "block",
            "changed",
            "101",
            (
                Detail("seats", 6, 15),
                Detail("seats_gone", before=2, row="1", names=("1", "2")),
                Detail("seats_new", after=11, row="1", names=("4", "5", "6", "7", "8")),
            ),
        )
    ]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"name": "Hall"}, Difference("venue", "changed", details=(Detail("name", "Arena", "Hall"),))),
        ({"walkways": None}, Difference("walkways", "removed")),
        ({"safety": {"p_factor": 0.8}}, Difference("safety", "changed")),
        ({"hospitality": None}, Difference("hospitality", "removed")),
        (
            {"gates": [small_document()["gates"][0], small_document()["gates"][1] | {"x_m": 21, "group": "C"}]},
            Difference("gate", "changed", "B1", (Detail("group", "B", "C"), Detail("position", "20, 30", "21, 30"))),
        ),
        (
            {"areas": [small_document()["areas"][0] | {"capacity_max": 90}]},
            Difference("area", "changed", "FLOOR", (Detail("capacity_max", 100, 90),)),
        ),
        ({"outlets": []}, Difference("outlet", "removed", "01")),
        (
            {"ramps": [{"code": "R1", "search_lanes": 5, "search_rate_h": [230, 600]}]},
            Difference("ramp", "changed", "R1", (Detail("search_lanes", 4, 5),)),
        ),
        ({"blocks": small_document()["blocks"][::-1]}, Difference("venue", "changed", details=(Detail("order"),))),
    ],
)
def test_each_part_of_the_venue_is_compared(changes: dict[str, Any], difference: Difference) -> None:
    assert differences(arena(), arena(**changes)) == [difference]
