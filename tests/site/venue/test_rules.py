from collections import Counter
from importlib.resources import files

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.site.venue.rules import Feature, Ground, build_ground, load_ground
from virage.site.venue.rules.geometry import expand, geometry, labels
from virage.site.venue.rules.ground import Amenity, Gate, Outlet
from virage.site.venue.rules.sightline import c_value

PLAN = files("virage.site.venue").joinpath("ground.toml").read_text(encoding="utf-8")
GROUND = load_ground()


def of_block(ground: Ground, code: str) -> slice:
    block = ground.blocks[ground.block_index[code]]
    return slice(block.first_seat, block.first_seat + block.seat_count)


def cells(size: float) -> dict[tuple[int, int], list[int]]:
    grid: dict[tuple[int, int], list[int]] = {}
    keys = np.floor(np.stack([GROUND.x, GROUND.y], axis=1) / size).astype(int)
    for seat, (x, y) in enumerate(keys.tolist()):
        grid.setdefault((x, y), []).append(seat)
    return grid


def test_the_ground_has_exactly_its_seats() -> None:
    assert GROUND.seats == 59_186
    assert {stand.name: stand.seats for stand in GROUND.stands} == {
        "Virage Nord": 13_500,
        "Est": 17_000,
        "Virage Sud": 13_500,
        "Ouest": 15_186,
    }
    by_stand = Counter[str]()
    for block in GROUND.blocks:
        by_stand[block.stand] += block.seat_count
    assert by_stand == {stand.code: stand.seats for stand in GROUND.stands}


def test_blocks_and_segments_tile_the_seats_in_order() -> None:
    assert [block.first_seat for block in GROUND.blocks] == np.cumsum([0, *(b.seat_count for b in GROUND.blocks)])[
        :-1
    ].tolist()
    segments = GROUND.row_segments
    assert np.array_equal(segments.first_seat[1:], np.cumsum(segments.seat_count)[:-1])
    assert segments.seat_count.min() >= 1
    assert np.array_equal(GROUND.segment, np.repeat(np.arange(len(segments.first_seat)), segments.seat_count))
    assert np.array_equal(GROUND.block, segments.block[GROUND.segment])


def test_neighbours_of_a_segment_sit_side_by_side() -> None:
    same = np.diff(GROUND.segment) == 0
    apart = np.hypot(np.diff(GROUND.x), np.diff(GROUND.y))
    assert apart[same].max() < 0.66
    assert apart[~same].min() > 0.9


def test_stairs_are_as_wide_as_the_plan_says_inside_and_between_blocks() -> None:
    segments = GROUND.row_segments
    platform = (GROUND.features[segments.first_seat] & Feature.WHEELCHAIR) > 0
    last = segments.first_seat + segments.seat_count - 1
    for ring in (1, 2, 3):
        rows: dict[tuple[str, int], list[int]] = {}
        for segment in np.flatnonzero(~platform).tolist():
            block = GROUND.blocks[segments.block[segment]]
            if block.ring == ring and block.kind != "box":
                rows.setdefault((block.stand, int(segments.row[segment])), []).append(segment)
        for found in rows.values():
            left, right = last[found[:-1]], segments.first_seat[found[1:]]
            apart = np.hypot(GROUND.x[left] - GROUND.x[right], GROUND.y[left] - GROUND.y[right])
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
            GROUND.x[seats][:, None] - GROUND.x[around][None], GROUND.y[seats][:, None] - GROUND.y[around][None]
        )
        gaps[np.array(seats)[:, None] == np.array(around)[None]] = 9.0
        nearest = min(nearest, float(gaps.min()))
    assert nearest >= 0.499


def test_nobody_sits_on_the_pitch() -> None:
    beside = np.hypot(np.maximum(np.abs(GROUND.x) - 52.5, 0), np.maximum(np.abs(GROUND.y) - 34, 0))
    assert beside.min() > 7


def test_every_place_has_a_label_of_its_own() -> None:
    seats = [GROUND.label(seat) for seat in range(GROUND.seats)]
    assert len(set(seats)) == GROUND.seats
    assert GROUND.label(0).stand == "Virage Nord"
    assert (GROUND.label(0).block, GROUND.label(0).row, GROUND.label(0).seat) == ("101", "1", 1)


@given(st.integers(0, GROUND.places - 1))
def test_a_label_leads_back_to_its_block_or_area(place: int) -> None:
    label = GROUND.label(place)
    if place < GROUND.seats:
        assert label.block is not None
        assert label.area is None
        assert of_block(GROUND, label.block).start <= place < of_block(GROUND, label.block).stop
    else:
        assert label.area is not None
        [area] = [area for area in GROUND.areas if area.code == label.area]
        assert area.first_place <= place < area.first_place + area.capacity_max
        assert label.gate_group in area.gate_groups
        assert label.area_name == area.name


@pytest.mark.parametrize("place", [-1, GROUND.places])
def test_a_place_outside_the_ground_has_no_label(place: int) -> None:
    with pytest.raises(IndexError):
        GROUND.label(place)


def test_numbers_count_up_along_a_row_across_its_stairs() -> None:
    first_row = GROUND.number[of_block(GROUND, "109")][GROUND.row[of_block(GROUND, "109")] == 0]
    assert first_row.tolist() == list(range(1, len(first_row) + 1))


def test_standing_places_come_after_all_seats() -> None:
    assert GROUND.areas[0].first_place == GROUND.seats
    assert GROUND.places == GROUND.seats + sum(area.capacity_max for area in GROUND.areas) == 77_186


def test_wheelchair_spaces_are_in_every_stand_and_ring() -> None:
    wheelchair = np.flatnonzero(GROUND.features & Feature.WHEELCHAIR)
    assert len(wheelchair) == 350
    found = Counter((GROUND.blocks[b].stand, GROUND.blocks[b].ring) for b in GROUND.block[wheelchair].tolist())
    assert set(found) == {(stand, ring) for stand in "NESO" for ring in (1, 2, 3)}
    assert min(found.values()) >= 12


def test_wheelchair_spaces_are_in_every_price_band() -> None:
    """Prices are painted on blocks: cut them into four bands of as many seats, by their view."""
    by_view = sorted(
        (block for block in GROUND.blocks if block.kind != "box"),
        key=lambda block: float(GROUND.sightline[of_block(GROUND, block.code)].mean()),
    )
    spaces, passed = [0, 0, 0, 0], 0
    for block in by_view:
        spaces[4 * passed // GROUND.seats] += block.wheelchairs
        passed += block.seat_count
    assert min(spaces) >= 60


def test_each_wheelchair_space_has_a_companion_beside_it_and_room_enough() -> None:
    wheelchair = np.flatnonzero(GROUND.features & Feature.WHEELCHAIR)
    assert np.all(GROUND.features[wheelchair + 1] & Feature.COMPANION)
    assert np.array_equal(GROUND.segment[wheelchair], GROUND.segment[wheelchair + 1])
    assert np.count_nonzero(GROUND.features & Feature.COMPANION) == 350
    apart = np.hypot(GROUND.x[wheelchair] - GROUND.x[wheelchair + 1], GROUND.y[wheelchair] - GROUND.y[wheelchair + 1])
    assert apart.min() > (0.80 + 0.50) / 2 - 0.005
    others = np.flatnonzero((GROUND.features & (Feature.WHEELCHAIR | Feature.COMPANION)) == 0)
    for space in wheelchair[::7]:
        ahead = np.hypot(GROUND.x[others] - GROUND.x[space], GROUND.y[others] - GROUND.y[space])
        assert ahead.min() > 1.30 / 2 + 0.40


@pytest.mark.parametrize("feature", [Feature.EASY_ACCESS, Feature.AUDIO_DESCRIPTION, Feature.HEARING_LOOP])
def test_other_features_are_in_every_stand(feature: Feature) -> None:
    stands = {GROUND.blocks[block].stand for block in GROUND.block[(GROUND.features & feature) > 0].tolist()}
    assert stands == {"N", "E", "S", "O"}


def test_easy_access_seats_are_beside_the_stairs() -> None:
    easy = np.flatnonzero(GROUND.features & Feature.EASY_ACCESS)
    first = GROUND.row_segments.first_seat[GROUND.segment[easy]]
    last = first + GROUND.row_segments.seat_count[GROUND.segment[easy]] - 1
    assert np.minimum(easy - first, last - easy).max() == 1


def test_there_are_105_boxes_of_12_to_50_places_and_about_6000_hospitality_seats() -> None:
    boxes = [block.seat_count for block in GROUND.blocks if block.kind == "box"]
    assert len(boxes) == 105
    assert min(boxes) == 12
    assert max(boxes) == 50
    hospitality = sum(block.seat_count for block in GROUND.blocks if block.kind == "hospitality")
    assert 5_500 < sum(boxes) + hospitality < 6_500


def test_160_gates_serve_the_blocks_in_groups_of_about_as_many_people() -> None:
    assert len(GROUND.gates) == len({gate.code for gate in GROUND.gates}) == 160
    served = Counter[str]()
    for block in GROUND.blocks:
        served[block.gate_group] += block.seat_count
    assert set(served) == {gate.group for gate in GROUND.gates}
    assert max(served.values()) < 660 * 8


def test_gates_outlets_and_amenities_stand_outside_the_seats() -> None:
    assert len(GROUND.outlets) == len({outlet.code for outlet in GROUND.outlets}) == 58
    kinds = Counter(amenity.kind for amenity in GROUND.amenities)
    assert {"toilets", "lift", "first_aid", "lounge"} <= set(kinds)
    assert kinds["lounge"] == 8
    furthest = np.hypot(GROUND.x, GROUND.y).max()
    corner_gates = [gate for gate in GROUND.gates if abs(gate.x) > 52.5 and abs(gate.y) > 34]
    assert all(np.hypot(gate.x, gate.y) > furthest - 30 for gate in corner_gates)
    things: list[Gate | Outlet | Amenity] = [*GROUND.gates, *GROUND.outlets, *GROUND.amenities]
    for thing in things:
        assert np.hypot(GROUND.x - thing.x, GROUND.y - thing.y).min() > 0.8
    spots = np.array([(thing.x, thing.y) for thing in things[len(GROUND.gates) :]])
    apart = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1)) + 9 * np.eye(len(spots))
    assert apart.min() > 1


def test_sightlines_go_from_0_to_1_and_prefer_the_halfway_line() -> None:
    assert (GROUND.sightline.min(), GROUND.sightline.max()) == (0.0, 1.0)

    def mean(code: str) -> float:
        return float(GROUND.sightline[of_block(GROUND, code)].mean())

    assert mean("109") > mean("112") > mean("115")
    assert mean("103") > mean("304")
    assert mean("221") > mean("324")


def test_the_c_value_is_that_of_the_standard() -> None:
    one = c_value(np.array([20.0]), np.array([6.0]), np.array([0.35]), 0.8)
    assert one[0] == pytest.approx(20.0 * 6.35 / 20.8 - 6.0)


def test_most_seats_see_over_the_row_in_front() -> None:
    first_rows_and_better = np.count_nonzero(GROUND.sightline > 0.05)
    assert first_rows_and_better > 0.95 * GROUND.seats


def test_the_geometry_expands_to_every_seat_within_two_centimetres() -> None:
    document = msgspec.json.decode(msgspec.json.encode(geometry(GROUND)), type=type(geometry(GROUND)))
    x, y = expand(document)
    assert np.abs(x - GROUND.x).max() < 0.02
    assert np.abs(y - GROUND.y).max() < 0.02


def test_every_seat_lies_within_the_outline_of_its_block() -> None:
    for block in GROUND.blocks:
        corners = np.array(block.outline).reshape(-1, 2)
        seats = np.stack([GROUND.x, GROUND.y], axis=1)[of_block(GROUND, block.code)].astype(float)
        inside = np.zeros(len(seats), dtype=bool)
        for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            crosses = (y1 > seats[:, 1]) != (y2 > seats[:, 1])
            if y1 != y2:
                inside ^= crosses & (seats[:, 0] < (x2 - x1) * (seats[:, 1] - y1) / (y2 - y1) + x1)
        assert inside.all(), block.code


def test_the_labels_of_all_blocks_say_what_the_arrays_say() -> None:
    numbers = np.zeros(GROUND.seats, dtype=int)
    features = np.zeros(GROUND.seats, dtype=int)
    for block in GROUND.blocks:
        found = labels(GROUND, block.code)
        assert tuple(row.name for row in found.rows) == block.rows
        assert len(found.sightline) == len(found.rows)
        for row in found.rows:
            for first, number, count in row.segments:
                numbers[first : first + count] = np.arange(number, number + count)
        for first, count, step, bits in found.features:
            features[first : first + count * step : step] += bits
    assert np.array_equal(numbers, GROUND.number)
    assert np.array_equal(features, GROUND.features)


def test_an_unknown_block_has_no_labels() -> None:
    with pytest.raises(KeyError):
        labels(GROUND, "999")


def test_the_arrays_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        GROUND.x[0] = 0


def test_the_same_plan_is_the_same_version_and_another_plan_is_another() -> None:
    assert build_ground(PLAN).version == GROUND.version
    assert build_ground(PLAN.replace('"Est"', '"East"')).version != GROUND.version


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
def test_a_plan_that_does_not_add_up_is_refused_with_the_reason(was: str, becomes: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_ground(PLAN.replace(was, becomes, 1))


def test_the_plan_is_one_page() -> None:
    assert len(PLAN.splitlines()) <= 120
