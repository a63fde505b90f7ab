"""The plan of a bowl as written in `stadium.toml`. Lengths in metres, angles in degrees."""

import tomllib
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
ByRing = tuple[int, ...]
Text = dict[str, str]


class _Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """A misspelt key is an error, not a default."""


class Pitch(_Strict, frozen=True):
    """The field of play, centred on the origin, its long side along x."""

    length_m: Positive
    width_m: Positive


class Bowl(_Strict, frozen=True):
    """Dimensions shared by all rows. Rows are parallel to the pitch; `corner_radius_m` is that of the first row."""

    clearance_m: Positive
    corner_radius_m: Positive
    row_depth_m: Positive
    seat_pitch_m: Positive
    aisle_m: Positive
    portal_m: Positive
    eye_height_m: Positive
    easy_seats_from_aisle: Count


class Platform(_Strict, frozen=True):
    """Platforms for wheelchair spaces behind the last row of a ring, each with a companion seat beside it."""

    row: str
    space_width_m: Positive
    space_depth_m: Positive
    pairs_together: Annotated[int, Meta(ge=1)]
    passage_m: Positive
    behind_last_row_m: Positive
    rise_m: NotNegative


class Boxes(_Strict, frozen=True):
    """The terraces of the boxes, a strip behind ring 2; `places` repeats along each stand."""

    rows: Annotated[int, Meta(ge=1)]
    behind_ring_m: Positive
    wall_m: Positive
    rise_m: Positive
    places: tuple[Annotated[int, Meta(ge=12, le=50)], ...]


class Ring(_Strict, frozen=True):
    """One tier. A row's rise grows from the first to the last of `rise_m`.

    `portal_rows` is first and last row of the opening in each block, or empty.
    """

    gap_m: NotNegative
    front_height_m: NotNegative
    rise_m: tuple[Positive, Positive]
    corner_blocks: Annotated[int, Meta(ge=1)]
    portal_rows: tuple[int, ...]
    easy_rows: tuple[int, ...]


class StandPlan(_Strict, frozen=True):
    """One stand; `facing_deg` is its direction from the pitch centre, counterclockwise from +x."""

    code: str
    name: str
    colour: str
    facing_deg: int
    seats: Count
    rows: ByRing
    blocks: ByRing
    wheelchair_spaces: ByRing
    boxes_straight: Count
    boxes_corner: Count
    gate_groups: tuple[str, ...]
    outlets: ByRing
    toilets: ByRing
    stairs: Annotated[int, Meta(ge=1)]
    lifts: Count
    ramps: Annotated[int, Meta(ge=1)]
    lounges: Count


class GatePlan(_Strict, frozen=True):
    """The ticket gates on the podium around the bowl."""

    in_group: Annotated[int, Meta(ge=1)]
    podium_m: Positive


class WalkwaysPlan(_Strict, frozen=True):
    """Walkways, and the security check at the head of each ramp; `road_height_m` is above the pitch."""

    road_height_m: float
    ramp_length_m: Positive
    ramp_width_m: Positive
    search_lanes: Annotated[int, Meta(ge=1)]
    concourse_width_m: Positive
    stairs_width_m: Positive


class Hearing(_Strict, frozen=True):
    """Blocks with audio description by radio, and blocks inside an induction loop."""

    audio_description: tuple[str, ...]
    hearing_loop: tuple[str, ...]


class AccessPlan(_Strict, frozen=True):
    """Blocks in view of the sign language interpreter, quiet blocks, and blocks whose aisle seats of the first row have
    floor space for a guide dog.
    """

    sign_language: tuple[str, ...]
    quiet: tuple[str, ...]
    guide_dog: tuple[str, ...]


class AreaPlan(_Strict, frozen=True):
    """A standing area; `outline_m` is x, y, x, y, ..."""

    code: str
    name: Text
    capacity_max: Annotated[int, Meta(ge=1)]
    outline_m: tuple[float, ...]
    gate_groups: tuple[str, ...]


class Plan(_Strict, frozen=True):
    """The whole file."""

    code: str
    name: str
    time_zone: str
    notice: Text
    seats: Count
    latitude: float
    longitude: float
    hospitality_blocks: tuple[str, ...]
    pitch: Pitch
    bowl: Bowl
    platform: Platform
    boxes: Boxes
    rings: Annotated[tuple[Ring, ...], Meta(min_length=2, max_length=3)]
    stands: tuple[StandPlan, ...]
    gates: GatePlan
    ways: WalkwaysPlan
    hearing: Hearing
    access: AccessPlan
    areas: tuple[AreaPlan, ...]


def read_plan(text: str) -> Plan:
    """Return a parsed plan, whose rings and stands are tables of columns. Raises `ValueError` with the first error."""
    data = tomllib.loads(text)
    for table in ("rings", "stands"):
        if isinstance(data.get(table), dict):
            data[table] = _rows_of(table, data[table])
    return msgspec.convert(data, Plan)


def _rows_of(table: str, columns: dict[str, Any]) -> list[dict[str, Any]]:
    lengths = {name: len(column) if isinstance(column, list) else 0 for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"the columns of [{table}] must have one entry each: {lengths}")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
