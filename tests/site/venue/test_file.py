import gzip
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.site.venue.samples import TODAY, evacuation_plan, seating_plan, small_document
from virage.demo.venues.drawing import stadium, stadium_file
from virage.site.venue.rules.build import build_venue
from virage.site.venue.rules.check import check, json_schema, read
from virage.site.venue.rules.defects import DEFECTS_MAX, FILE_BYTES_MAX, DefectCode
from virage.site.venue.rules.file import PLACES_MAX, VenueFile, encode
from virage.site.venue.rules.mend import mend
from virage.site.venue.rules.routing import RouteOptions, entrance, from_outlet, outlets_from, route_table
from virage.site.venue.rules.venue import Feature, Venue, local_code, owner_of

Change = Callable[[dict[str, Any]], Any]


def built(prefix: str = "") -> Venue:
    return build_venue(msgspec.convert(small_document(), VenueFile), prefix=prefix)


def found(document: Any) -> list[tuple[str, DefectCode]]:
    return [(defect.place, defect.code) for defect in check(document, TODAY)[1]]


def test_a_complete_file_has_no_defects() -> None:
    assert found(small_document()) == []
    assert found(msgspec.to_builtins(stadium_file())) == []


def test_a_file_survives_its_canonical_json() -> None:
    written = encode(stadium_file())
    assert encode(msgspec.json.decode(written, type=VenueFile)) == written
    assert len(gzip.compress(written)) < 60_000


def test_places_are_numbered_in_the_order_of_the_file() -> None:
    venue = built()
    assert (venue.seats, venue.places) == (8, 108)
    labels = [venue.label(place) for place in (0, 2, 3, 6, 7, 8)]
    assert [(label.block or label.area, label.row, label.seat) for label in labels] == [
        ("101", "1", 1),
        ("101", "1", 3),
        ("101", "2", 11),
        ("102", "A", "1a"),
        ("102", "A", 7),
        ("FLOOR", None, None),
    ]
    assert np.flatnonzero(venue.features & Feature.WHEELCHAIR).tolist() == [3]
    assert (venue.x[6], venue.y[6]) == (15.0, 15.0)
    assert venue.blocks[1].heights == (None,)


def test_a_seat_with_a_number_above_the_highest_is_named_by_it() -> None:
    document = small_document()
    document["blocks"][1]["rows"][0]["segments"][0]["numbers"] = ["65535", "65536"]
    venue = build_venue(msgspec.convert(document, VenueFile))
    assert [venue.label(venue.blocks[1].first_seat + at).seat for at in range(2)] == [65_535, "65536"]


def test_codes_of_another_than_the_first_venue_have_its_prefix() -> None:
    venue = built("arena.")
    assert [gate.code for gate in venue.gates] == ["arena.A1", "arena.B1"]
    assert [outlet.code for outlet in venue.outlets] == ["arena.01"]
    assert venue.walk.lifts == ("arena.lift-1",)
    assert venue.ramps[0].code == "arena.R1"
    assert local_code("arena.A1") == local_code("A1") == "A1"
    assert owner_of([stadium(), venue], "arena.A1") is venue
    assert owner_of([stadium(), venue], "A1") is stadium()
    assert owner_of([stadium()], "arena.A1") is None


def test_routes_lead_through_the_gates_of_a_venue_with_a_prefix() -> None:
    venue = built("arena.")
    table = route_table(venue, RouteOptions())
    way = entrance(table, 0, ["gate:arena.A1"])
    assert way is not None
    assert (way.ramp, way.gate) == ("ramp:arena.R1", "gate:arena.A1")
    assert set(outlets_from(table, 0)) == {"arena.01"}
    assert from_outlet(table, "arena.01", 6) is not None


def test_a_venue_without_walkways_gives_no_directions() -> None:
    document = small_document()
    del document["walkways"]
    assert found(document) == []
    table = route_table(build_venue(msgspec.convert(document, VenueFile)), RouteOptions())
    assert entrance(table, 0, ["gate:A1"]) is None
    assert outlets_from(table, 0) == {}
    assert from_outlet(table, "01", 0) is None


def _set(path: str, value: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        at: Any = document
        *within, last = (int(key) if key.isdecimal() else key for key in path.split("."))
        for key in within:
            at = at[key]
        at[last] = value

    return change


def _plan(path: str, value: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["safety"]["evacuation_plan"] = evacuation_plan()
        _set(f"safety.evacuation_plan.{path}", value)(document)

    return change


DEFECTS: list[tuple[Change, str, DefectCode]] = [
    (_set("time_zone", "Europe/Atlantis"), "time_zone", DefectCode.TIME_ZONE),
    (_set("time_zone", "localtime"), "time_zone", DefectCode.TIME_ZONE),
    (_set("gates.1.code", "A1"), "gates[1].code", DefectCode.DUPLICATE),
    (_set("areas.0.code", "N"), "areas[0].code", DefectCode.DUPLICATE),
    (_set("blocks.1.code", "101"), "blocks[1].code", DefectCode.DUPLICATE),
    (_set("blocks.0.rows.1.name", "1"), "blocks[0].rows[1].name", DefectCode.DUPLICATE_ROW),
    (
        _set("blocks.1.rows.0.segments.0.numbers", ["7", "7"]),
        "blocks[1].rows[0].segments[0].numbers[1]",
        DefectCode.DUPLICATE_SEAT,
    ),
    (
        lambda document: document["blocks"][0]["rows"][0]["segments"][0].update(first=60_000, count=6_000),
        "blocks[0].rows[0].segments[0]",
        DefectCode.NUMBER_TOO_HIGH,
    ),
    (_set("blocks.1.rows.0.segments.0.numbers", ["7"]), "blocks[1].rows[0].segments[0].numbers", DefectCode.NUMBERS),
    (_set("blocks.0.stand", "X"), "blocks[0].stand", DefectCode.UNKNOWN),
    (_set("blocks.0.gate_group", "X"), "blocks[0].gate_group", DefectCode.NO_GATE),
    (_set("blocks.0.rows.0.segments.0.count", None), "blocks[0].rows[0].segments[0]", DefectCode.SEGMENT),
    (_set("blocks.0.frame", None), "blocks[0].rows[0].segments[0]", DefectCode.FRAME),
    (_set("blocks.1.rows.0.segments.0.points_m", [1, 2, 3]), "blocks[1].rows[0].segments[0].points_m", DefectCode.ODD),
    (
        _set("blocks.0.rows.1.segments.0.features", {"wheelchair": [3]}),
        "blocks[0].rows[1].segments[0].features.wheelchair[0]",
        DefectCode.POSITION,
    ),
    (
        _set("blocks.0.rows.1.segments.0.features", {"wheelchair": [1], "companion": [1]}),
        "blocks[0].rows[1].segments[0].features",
        DefectCode.FEATURES,
    ),
    (_set("blocks.1.rows.0.segments.0.points_m", [15, 15, 15, 15]), "blocks[1].rows[0]", DefectCode.SAME_PLACE),
    (_set("areas.0.capacity_max", PLACES_MAX), "", DefectCode.TOO_MANY_PLACES),
    (_set("areas.0.name", {}), "areas[0].name", DefectCode.INVALID),
    (_set("gates.0.x_m", -9e9), "gates[0].x_m", DefectCode.INVALID),
    (_set("walkways.edges.2.width_m", -1), "walkways.edges[2].width_m", DefectCode.INVALID),
    (_set("walkways.edges.2.b", "gate:A1"), "walkways.edges[2]", DefectCode.LOOP),
    (_set("walkways.edges.5.kind", "lift"), "walkways.edges[5]", DefectCode.NO_LIFT),
    (_set("walkways.edges.5.lift", "lift-2"), "walkways.edges[5].lift", DefectCode.UNKNOWN),
    (_set("walkways.nodes.6.id", "n2"), "blocks[1].code", DefectCode.NO_NODE),
    (_set("walkways.edges.6.a", "area:FLOOR"), "", DefectCode.UNREACHABLE),
    (_set("walkways.edges", []), "walkways.nodes[1].id", DefectCode.UNREACHABLE),
    (_set("safety.zones.0.within", "north"), "safety.zones[0].within", DefectCode.CIRCLE),
    (_set("safety.evacuation_lifts", ["lift-9"]), "safety.evacuation_lifts[0]", DefectCode.UNKNOWN),
    (_plan("ways.0.place", "103"), "safety.evacuation_plan.ways[0].place", DefectCode.UNKNOWN),
    (_plan("ways.0.place", "103"), "safety.evacuation_plan.ways", DefectCode.NO_WAY),
    (_plan("ways.2.place", "102"), "safety.evacuation_plan.ways[2].place", DefectCode.SECOND_WAY),
    (_plan("ways.1.exits.1", "C"), "safety.evacuation_plan.ways[1].exits[1]", DefectCode.NO_GATE),
    (_plan("ways.1.exits", []), "safety.evacuation_plan.ways[1].exits", DefectCode.INVALID),
    (_plan("approved_on", "2026-12-02"), "safety.evacuation_plan.approved_on", DefectCode.FUTURE),
    (_plan("approved_on", "2026-02-30"), "safety.evacuation_plan.approved_on", DefectCode.INVALID),
    (_plan("help_number", "112"), "safety.evacuation_plan.help_number", DefectCode.INVALID),
    (_set("hospitality.boxes.0.block", "999"), "hospitality.boxes[0].block", DefectCode.UNKNOWN),
]


@pytest.mark.parametrize(("change", "place", "code"), DEFECTS)
def test_a_defect_is_reported_with_its_place(change: Change, place: str, code: DefectCode) -> None:
    document = small_document()
    change(document)
    if code is DefectCode.UNREACHABLE and not place:  # the area and a block are an island
        document["walkways"]["edges"].pop(7)
        assert {name for name, kind in found(document) if kind is code} == {
            "walkways.nodes[6].id",
            "walkways.nodes[7].id",
        }
        return
    assert (place, code) in found(document)


def test_a_plan_for_every_block_and_standing_area_has_no_defects_and_its_defects_are_reported_at_once() -> None:
    document = small_document()
    document["safety"]["evacuation_plan"] = evacuation_plan()
    assert found(document) == []
    _plan("approved_on", "2026-12-02")(document)
    document["safety"]["evacuation_plan"]["ways"] = [
        {"place": "102", "exits": ["A", "C"]},
        {"place": "102", "exits": ["B"]},
    ]
    assert [code for _, code in found(document)] == [
        DefectCode.FUTURE,
        DefectCode.SECOND_WAY,
        DefectCode.NO_GATE,
        DefectCode.NO_WAY,
        DefectCode.NO_WAY,
    ]


def test_all_defects_are_reported_at_once() -> None:
    document = msgspec.to_builtins(stadium_file())
    for gate in document["gates"][1:41]:
        gate["code"] = "A1"
    document["walkways"]["edges"][5]["width_m"] = -2
    document["blocks"][0]["colour"] = "red"
    document["blocks"][0]["stand"] = "X"
    codes = [code for _, code in found(document)]
    assert codes.count(DefectCode.DUPLICATE) == 40
    assert codes.count(DefectCode.INVALID) == 2
    assert codes.count(DefectCode.UNKNOWN) == 1


def test_a_list_of_defects_has_an_end() -> None:
    document = small_document()
    document["gates"] *= DEFECTS_MAX
    defects = found(document)
    assert len(defects) == DEFECTS_MAX + 1
    assert defects[-1] == ("", DefectCode.MORE)


def whole(raw: bytes) -> list[DefectCode]:
    checked = read(raw, TODAY)
    assert checked.file is None
    return [defect.code for defect in checked.found]


def test_a_file_that_is_no_json_is_one_defect() -> None:
    assert whole(b"\x00\x01\xff" * 1_700_000) == [DefectCode.NOT_JSON]
    assert whole(b"") == [DefectCode.NOT_JSON]
    assert whole(b"[" * 1_000_000) == [DefectCode.NOT_JSON]
    assert whole(gzip.compress(encode(stadium_file()))[:-20]) == [DefectCode.NOT_JSON]
    assert whole(b"[1, 2]") == [DefectCode.INVALID]


def test_a_compressed_file_is_unpacked_only_to_the_limit() -> None:
    bomb = gzip.compress(b" " * (8 * FILE_BYTES_MAX))
    tracemalloc.start()
    assert whole(bomb) == [DefectCode.TOO_LARGE]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * FILE_BYTES_MAX


def test_two_million_seats_are_refused_before_they_are_built() -> None:
    document = small_document()
    document["blocks"][0]["rows"][0]["segments"] = [
        {"count": PLACES_MAX, "d_m": 5.0, "t_m": -0.5, "pitch_m": 0.5} for _ in range(8)
    ]
    assert found(document) == [("", DefectCode.TOO_MANY_PLACES)]


def test_a_compressed_file_is_read_like_a_plain_one() -> None:
    plain = json.dumps(small_document()).encode()
    assert read(gzip.compress(plain), TODAY).file == read(plain, TODAY).file is not None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from([*VenueFile.__struct_fields__, "zones", "categories"]), inner, max_size=6)
        ),
    )
)
def test_any_json_is_a_file_or_a_list_of_defects(document: Any) -> None:
    checked = read(msgspec.json.encode(document), TODAY)
    assert (checked.file is None) == bool(checked.found)
    mend(checked.document, checked.found)


def test_the_schema_accepts_the_files_that_the_program_accepts() -> None:
    schema = jsonschema_rs.validator_for(json_schema())
    assert schema.is_valid(small_document())
    assert schema.is_valid(msgspec.to_builtins(stadium_file()))
    assert not schema.is_valid(small_document() | {"name": ""})


def test_mends_remove_what_is_impossible_and_rename_what_is_double() -> None:
    document = small_document()
    del document["walkways"]
    document["gates"][1]["code"] = "A1"
    document["gates"].append(document["gates"][0] | {"code": "A1-2"})
    document["ramps"][0]["search_lanes"] = 0
    document["blocks"][0]["shape"] = "round"
    document["blocks"][0]["rows"][1]["name"] = "1"
    document["safety"]["zones"][0]["within"] = "north"
    mended = document
    for _ in range(3):
        _, defects = check(mended, TODAY)
        mended, _ = mend(mended, defects)
    assert found(mended) == []
    assert [gate["code"] for gate in mended["gates"]] == ["A1", "A1-3", "A1-2"]
    assert "search_lanes" not in mended["ramps"][0]
    assert [row["name"] for row in mended["blocks"][0]["rows"]] == ["1", "2"]
    assert document["gates"][1]["code"] == "A1"


def plan_found(document: Any) -> list[tuple[str, DefectCode]]:
    checked = read(json.dumps(document).encode(), TODAY, code="hall", time_zone="Europe/Berlin")
    return [(defect.place, defect.code) for defect in checked.found]


def test_a_seating_plan_becomes_a_venue_with_all_its_seats() -> None:
    checked = read(json.dumps(seating_plan()).encode(), TODAY, code="hall", time_zone="Europe/Berlin")
    assert checked.file is not None
    venue = build_venue(checked.file)
    assert (venue.code, venue.time_zone, venue.seats) == ("hall", "Europe/Berlin", 36)
    assert [block.code for block in venue.blocks] == ["Parterre", "Balcony"]
    label = venue.label(3)
    assert (label.block, label.row, label.seat) == ("Parterre", "1", 4)
    assert venue.segment[2] != venue.segment[3]  # an aisle is between them
    assert float(venue.x[1] - venue.x[0]) == pytest.approx(0.5)
    assert venue.y[0] > venue.y[-1]  # pixels count downwards


def test_a_zone_without_a_name_never_gets_the_code_of_another_one() -> None:
    plan = seating_plan()
    plan["zones"][0]["name"], plan["zones"][1]["name"] = "Z2", ""
    checked = read(json.dumps(plan).encode(), TODAY, code="hall", time_zone="Europe/Berlin")
    assert checked.file is not None
    assert [block.code for block in checked.file.blocks] == ["Z2", "Z3"]


def test_a_seating_plan_with_forty_double_ids_has_forty_defects() -> None:
    plan = seating_plan()
    seats = [seat for zone in plan["zones"] for row in zone["rows"] for seat in row["seats"]]
    plan["zones"] += [
        zone | {"name": f"More {zone['name']}", "position": {"x": 900, "y": zone["position"]["y"]}}
        for zone in plan["zones"]
    ]
    more = json.loads(json.dumps(plan))
    more["zones"][2]["rows"][0]["seats"][0]["category"] = "Nowhere"
    codes = [code for _, code in plan_found(more)]
    assert codes.count(DefectCode.DUPLICATE) == len(seats) == 36
    assert codes.count(DefectCode.UNKNOWN) == 1
    first = plan_found(more)[0]
    assert first == ("zones[2].rows[0].seats[0].seat_guid", DefectCode.DUPLICATE)


def test_a_damaged_seating_plan_names_each_place() -> None:
    plan = seating_plan()
    del plan["zones"][0]["position"]
    plan["zones"][1]["rows"][0]["seats"][0]["seat_number"] = 5
    assert set(plan_found(plan)) == {
        ("zones[0]", DefectCode.INVALID),
        ("zones[1].rows[0].seats[0].seat_number", DefectCode.INVALID),
    }


def test_seats_of_a_plan_at_one_place_and_double_numbers_are_defects() -> None:
    plan = seating_plan()
    first, second = plan["zones"][0]["rows"][0]["seats"][:2]
    second["position"], second["seat_number"] = first["position"], first["seat_number"]
    assert set(plan_found(plan)) == {
        ("zones[0].rows[0].seats[1].position", DefectCode.SAME_PLACE),
        ("zones[0].rows[0].seats[1].seat_number", DefectCode.DUPLICATE_SEAT),
    }
