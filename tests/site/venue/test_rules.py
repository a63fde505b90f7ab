from collections import Counter
from importlib.resources import files
from typing import get_args

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.demo.venues.drawing import draw, stadium
from virage.demo.venues.plan import read_plan
from virage.sale.ticketing.rules.plan import NEED_BITS
from virage.site.venue.rules.build import build_venue
from virage.site.venue.rules.file import SeatFeature
from virage.site.venue.rules.geometry import expand, geometry, labels
from virage.site.venue.rules.sightline import c_value
from virage.site.venue.rules.venue import Amenity, Feature, Gate, Outlet, Venue

PLAN = files("virage.demo.venues").joinpath("stadium.toml").read_text(encoding="utf-8")
VENUE = stadium()


def of_block(venue: Venue, code: str) -> slice:
    block = venue.blocks[venue.block_index[code]]
    return slice(block.first_seat, block.first_seat + block.seat_count)


def cells(size: float) -> dict[tuple[int, int], list[int]]:
    grid: dict[tuple[int, int], list[int]] = {}
    keys = np.floor(np.stack([VENUE.x, VENUE.y], axis=1) / size).astype(int)
    for seat, (x, y) in enumerate(keys.tolist()):
        grid.setdefault((x, y), []).append(seat)
    return grid


def test_the_venue_has_exactly_its_seats() -> None:
    assert VENUE.seats == 59_186
    assert {stand.name: stand.seats for stand in VENUE.stands} == {
        "Virage Nord": 13_500,
        "Est": 17_000,
        "Virage Sud": 13_500,
        "Ouest": 15_186,
    }
    by_stand = Counter[str]()
    for block in VENUE.blocks:
        by_stand[block.stand] += block.seat_count
    assert by_stand == {stand.code: stand.seats for stand in VENUE.stands}


def test_blocks_and_segments_tile_the_seats_in_order() -> None:
    assert [block.first_seat for block in VENUE.blocks] == np.cumsum([0, *(b.seat_count for b in VENUE.blocks)])[
        :-1
    ].tolist()
    segments = VENUE.row_segments
    assert np.array_equal(segments.first_seat[1:], np.cumsum(segments.seat_count)[:-1])
    assert segments.seat_count.min() >= 1
    assert np.array_equal(VENUE.segment, np.repeat(np.arange(len(segments.first_seat)), segments.seat_count))
    assert np.array_equal(VENUE.block, segments.block[VENUE.segment])


def test_neighbours_of_a_segment_sit_side_by_side() -> None:
    same = np.diff(VENUE.segment) == 0
    apart = np.hypot(np.diff(VENUE.x), np.diff(VENUE.y))
    assert apart[same].max() < 0.66
    assert apart[~same].min() > 0.9


def test_stairs_are_as_wide_as_the_plan_says_inside_and_between_blocks() -> None:
    segments = VENUE.row_segments
    platform = (VENUE.features[segments.first_seat] & Feature.WHEELCHAIR) > 0
    last = segments.first_seat + segments.seat_count - 1
    for ring in (1, 2, 3):
        rows: dict[tuple[str, int], list[int]] = {}
        for segment in np.flatnonzero(~platform).tolist():
            block = VENUE.blocks[segments.block[segment]]
            if block.ring == ring and block.kind != "box":
                rows.setdefault((block.stand, int(segments.row[segment])), []).append(segment)
        for found in rows.values():
            left, right = last[found[:-1]], segments.first_seat[found[1:]]
            apart = np.hypot(VENUE.x[left] - VENUE.x[right], VENUE.y[left] - VENUE.y[right])
            assert apart.min() > 1.20 + 0.50 - 0.02


def test_no_two_seats_overlap() -> None:
    nearest = 9.0
    grid = cells(0.6)
    for (column, row), seats in grid.items():
        around = [
            other
            for x in (column - 1, column, column + 1)
            for y in (row - 1, row, row + 1)
            for other in grid.get((x, y), ())
        ]
        gaps = np.hypot(
            VENUE.x[seats][:, None] - VENUE.x[around][None], VENUE.y[seats][:, None] - VENUE.y[around][None]
        )
        gaps[np.array(seats)[:, None] == np.array(around)[None]] = 9.0
        nearest = min(nearest, float(gaps.min()))
    assert nearest >= 0.499


def test_no_seat_is_on_the_pitch() -> None:
    beside = np.hypot(np.maximum(np.abs(VENUE.x) - 52.5, 0), np.maximum(np.abs(VENUE.y) - 34, 0))
    assert beside.min() > 7


def test_every_place_has_a_label_of_its_own() -> None:
    seats = [VENUE.label(seat) for seat in range(VENUE.seats)]
    assert len(set(seats)) == VENUE.seats
    assert VENUE.label(0).stand == "Virage Nord"
    assert (VENUE.label(0).block, VENUE.label(0).row, VENUE.label(0).seat) == ("101", "1", 1)


@given(st.integers(0, VENUE.places - 1))
def test_a_label_leads_back_to_its_block_or_area(place: int) -> None:
    label = VENUE.label(place)
    if place < VENUE.seats:
        assert label.block is not None
        assert label.area is None
        assert of_block(VENUE, label.block).start <= place < of_block(VENUE, label.block).stop
    else:
        assert label.area is not None
        [area] = [area for area in VENUE.areas if area.code == label.area]
        assert area.first_place <= place < area.first_place + area.capacity_max
        assert label.gate_group in area.gate_groups
        assert label.area_name == area.name


@pytest.mark.parametrize("place", [-1, VENUE.places])
def test_a_place_outside_the_venue_has_no_label(place: int) -> None:
    with pytest.raises(IndexError):
        VENUE.label(place)


def test_numbers_count_up_along_a_row_across_its_stairs() -> None:
    first_row = VENUE.number[of_block(VENUE, "109")][VENUE.row[of_block(VENUE, "109")] == 0]
    assert first_row.tolist() == list(range(1, len(first_row) + 1))


def test_standing_places_come_after_all_seats() -> None:
    assert VENUE.areas[0].first_place == VENUE.seats
    assert VENUE.places == VENUE.seats + sum(area.capacity_max for area in VENUE.areas) == 77_186


def test_wheelchair_spaces_are_in_every_stand_and_ring() -> None:
    wheelchair = np.flatnonzero(VENUE.features & Feature.WHEELCHAIR)
    assert len(wheelchair) == 350
    found = Counter((VENUE.blocks[b].stand, VENUE.blocks[b].ring) for b in VENUE.block[wheelchair].tolist())
    assert set(found) == {(stand, ring) for stand in "NESO" for ring in (1, 2, 3)}
    assert min(found.values()) >= 12


def test_wheelchair_spaces_are_in_every_price_band() -> None:
    """Prices are set on blocks: cut them into four bands of as many seats, by their view."""
    by_view = sorted(
        (block for block in VENUE.blocks if block.kind != "box"),
        key=lambda block: float(VENUE.sightline[of_block(VENUE, block.code)].mean()),
    )
    spaces, passed = [0, 0, 0, 0], 0
    for block in by_view:
        spaces[4 * passed // VENUE.seats] += block.wheelchairs
        passed += block.seat_count
    assert min(spaces) >= 60


def test_each_wheelchair_space_has_a_companion_beside_it_and_room_enough() -> None:
    wheelchair = np.flatnonzero(VENUE.features & Feature.WHEELCHAIR)
    assert np.all(VENUE.features[wheelchair + 1] & Feature.COMPANION)
    assert np.array_equal(VENUE.segment[wheelchair], VENUE.segment[wheelchair + 1])
    assert np.count_nonzero(VENUE.features & Feature.COMPANION) == 350
    apart = np.hypot(VENUE.x[wheelchair] - VENUE.x[wheelchair + 1], VENUE.y[wheelchair] - VENUE.y[wheelchair + 1])
    assert apart.min() > (0.80 + 0.50) / 2 - 0.005
    others = np.flatnonzero((VENUE.features & (Feature.WHEELCHAIR | Feature.COMPANION)) == 0)
    for space in wheelchair[::7]:
        ahead = np.hypot(VENUE.x[others] - VENUE.x[space], VENUE.y[others] - VENUE.y[space])
        assert ahead.min() > 1.30 / 2 + 0.40


@pytest.mark.parametrize("feature", [Feature.EASY_ACCESS, Feature.AUDIO_DESCRIPTION, Feature.HEARING_LOOP])
def test_other_features_are_in_every_stand(feature: Feature) -> None:
    stands = {VENUE.blocks[block].stand for block in VENUE.block[(VENUE.features & feature) > 0].tolist()}
    assert stands == {"N", "E", "S", "O"}


def test_each_feature_of_the_file_has_its_bit_in_the_order_that_browsers_read() -> None:
    assert [(feature.name.lower(), feature.value) for feature in Feature if feature.name] == [
        (name, 1 << bit) for bit, name in enumerate(get_args(SeatFeature))
    ]
    assert {name: Feature[name.upper()] for name in get_args(SeatFeature) if name != "companion"} == NEED_BITS


def test_some_seats_are_quiet_or_in_view_of_the_interpreter_and_some_have_room_for_a_guide_dog() -> None:
    for feature, fewest in ((Feature.SIGN_LANGUAGE, 1_000), (Feature.QUIET, 1_000), (Feature.GUIDE_DOG, 8)):
        assert np.count_nonzero(VENUE.features & feature) >= fewest
    dogs = np.flatnonzero(VENUE.features & Feature.GUIDE_DOG)
    first = VENUE.row_segments.first_seat[VENUE.segment[dogs]]
    last = first + VENUE.row_segments.seat_count[VENUE.segment[dogs]] - 1
    assert np.minimum(dogs - first, last - dogs).max() == 0


def test_easy_access_seats_are_beside_the_stairs() -> None:
    easy = np.flatnonzero(VENUE.features & Feature.EASY_ACCESS)
    first = VENUE.row_segments.first_seat[VENUE.segment[easy]]
    last = first + VENUE.row_segments.seat_count[VENUE.segment[easy]] - 1
    assert np.minimum(easy - first, last - easy).max() == 1


def test_there_are_105_boxes_of_12_to_50_places_and_about_6000_hospitality_seats() -> None:
    boxes = [block.seat_count for block in VENUE.blocks if block.kind == "box"]
    assert len(boxes) == 105
    assert min(boxes) == 12
    assert max(boxes) == 50
    hospitality = sum(block.seat_count for block in VENUE.blocks if block.kind == "hospitality")
    assert 5_500 < sum(boxes) + hospitality < 6_500


def test_160_gates_serve_the_blocks_in_groups_of_about_as_many_people() -> None:
    assert len(VENUE.gates) == len({gate.code for gate in VENUE.gates}) == 160
    served = Counter[str]()
    for block in VENUE.blocks:
        served[block.gate_group] += block.seat_count
    assert set(served) == {gate.group for gate in VENUE.gates}
    assert max(served.values()) < 660 * 8


def test_gates_outlets_and_amenities_stand_outside_the_seats() -> None:
    assert len(VENUE.outlets) == len({outlet.code for outlet in VENUE.outlets}) == 58
    kinds = Counter(amenity.kind for amenity in VENUE.amenities)
    assert {"toilets", "lift", "first_aid", "lounge"} <= set(kinds)
    assert kinds["lounge"] == 8
    furthest = np.hypot(VENUE.x, VENUE.y).max()
    corner_gates = [gate for gate in VENUE.gates if abs(gate.x) > 52.5 and abs(gate.y) > 34]
    assert all(np.hypot(gate.x, gate.y) > furthest - 30 for gate in corner_gates)
    things: list[Gate | Outlet | Amenity] = [*VENUE.gates, *VENUE.outlets, *VENUE.amenities]
    for thing in things:
        assert np.hypot(VENUE.x - thing.x, VENUE.y - thing.y).min() > 0.8
    spots = np.array([(thing.x, thing.y) for thing in things[len(VENUE.gates) :]])
    apart = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1)) + 9 * np.eye(len(spots))
    assert apart.min() > 1


def test_sightlines_go_from_0_to_1_and_prefer_the_halfway_line() -> None:
    assert (VENUE.sightline.min(), VENUE.sightline.max()) == (0.0, 1.0)

    def mean(code: str) -> float:
        return float(VENUE.sightline[of_block(VENUE, code)].mean())

    assert mean("109") > mean("112") > mean("115")
    assert mean("103") > mean("304")
    assert mean("221") > mean("324")


def test_the_c_value_is_that_of_the_standard() -> None:
    one = c_value(np.array([20.0]), np.array([6.0]), np.array([0.35]), np.array([0.8]))
    assert one[0] == pytest.approx(20.0 * 6.35 / 20.8 - 6.0)


def test_most_seats_see_over_the_row_in_front() -> None:
    first_rows_and_better = np.count_nonzero(VENUE.sightline > 0.05)
    assert first_rows_and_better > 0.95 * VENUE.seats


def test_the_geometry_expands_to_every_seat_within_two_centimetres() -> None:
    document = msgspec.json.decode(msgspec.json.encode(geometry(VENUE)), type=type(geometry(VENUE)))
    x, y = expand(document)
    assert np.abs(x - VENUE.x).max() < 0.02
    assert np.abs(y - VENUE.y).max() < 0.02


def test_every_seat_lies_within_the_outline_of_its_block() -> None:
    for block in VENUE.blocks:
        corners = np.array(block.outline).reshape(-1, 2)
        seats = np.stack([VENUE.x, VENUE.y], axis=1)[of_block(VENUE, block.code)].astype(float)
        inside = np.zeros(len(seats), dtype=bool)
        for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            crosses = (y1 > seats[:, 1]) != (y2 > seats[:, 1])
            if y1 != y2:
                inside ^= crosses & (seats[:, 0] < (x2 - x1) * (seats[:, 1] - y1) / (y2 - y1) + x1)
        assert inside.all(), block.code


def test_the_labels_of_all_blocks_match_the_arrays() -> None:
    numbers = np.zeros(VENUE.seats, dtype=int)
    features = np.zeros(VENUE.seats, dtype=int)
    for block in VENUE.blocks:
        found = labels(VENUE, block.code)
        assert tuple(row.name for row in found.rows) == block.rows
        assert len(found.sightline) == len(found.rows)
        for row in found.rows:
            for first, number, count in row.segments:
                numbers[first : first + count] = np.arange(number, number + count)
        for first, count, step, bits in found.features:
            features[first : first + count * step : step] += bits
    assert np.array_equal(numbers, VENUE.number)
    assert np.array_equal(features, VENUE.features)


def test_an_unknown_block_has_no_labels() -> None:
    with pytest.raises(KeyError):
        labels(VENUE, "999")


def test_the_arrays_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        VENUE.x[0] = 0


def test_the_same_plan_is_the_same_version_and_another_plan_is_another() -> None:
    assert build_venue(draw(read_plan(PLAN))).version == VENUE.version
    assert build_venue(draw(read_plan(PLAN.replace('"Est"', '"East"')))).version != VENUE.version


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("seats = 59186", "seats = 59187", "59186 seats, the plan says 59187"),
        ("seats = [13500, 17000", "seats = [13500, 18000", "too small"),
        ("seats = [13500, 17000", "seats = [13500, 9000", "too large"),
        ("wall_m = 0.50", "wall_m = 3.50", "boxes do not fit"),
        ("wheelchair_spaces = [[48", "wheelchair_spaces = [[480", "wheelchair spaces do not fit"),
        ("aisle_m", "isle_m", "isle_m"),
        ('colour = ["#1f3f8f", ', "colour = [", "one entry each"),
    ],
)
def test_an_inconsistent_plan_is_refused_with_the_reason(was: str, becomes: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw(read_plan(PLAN.replace(was, becomes, 1)))


def test_the_plan_is_one_page() -> None:
    assert len(PLAN.splitlines()) <= 120
