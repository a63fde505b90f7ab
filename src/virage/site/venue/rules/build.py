"""Builds a `Venue` from a plan: numbers the seats and computes their positions and features."""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from virage.site.venue.rules import bowl, fixtures
from virage.site.venue.rules.bowl import BlockDraft, RowDraft
from virage.site.venue.rules.frames import point, points
from virage.site.venue.rules.plan import Plan, read_plan
from virage.site.venue.rules.sightline import sightlines
from virage.site.venue.rules.venue import Block, Feature, Ramp, Segments, Stand, StandingArea, Venue
from virage.site.venue.rules.walk_building import build_walk_graph
from virage.site.venue.rules.walk_graph import EMPTY_WALK_GRAPH

ARC_STEPS = 8
GEOMETRY_FORMAT = (
    1  # increase it when the same plan gets another format or other outlines: clients cache documents for ever
)
Row = tuple[int, int, RowDraft]
Number = TypeVar("Number", bound=np.generic)


@cache
def load_venue() -> Venue:
    """Return the default venue, built once per process from `venue.toml`."""
    return build_venue(_default_text())


def default_plan() -> Plan:
    """Return the plan of the default venue."""
    return read_plan(_default_text())


def _default_text() -> str:
    return files("virage.site.venue").joinpath("venue.toml").read_text(encoding="utf-8")


def build_venue(text: str) -> Venue:
    """Return the venue of a plan. Raises `ValueError` if its seats differ from the stated number."""
    plan = read_plan(text)
    drafts = bowl.build(plan)
    rows = [(index, position, row) for index, draft in enumerate(drafts) for position, row in enumerate(draft.rows)]
    segments = _segments(rows)
    seats = int(segments.seat_count.sum())
    if seats != plan.seats:
        raise ValueError(f"the stands have {seats} seats, the plan says {plan.seats}")
    segment = np.repeat(np.arange(len(segments.first_seat), dtype=np.int32), segments.seat_count)
    x, y = _positions(drafts, segments, segment)
    features = _features(plan, drafts, rows, segments, segment)
    blocks = _blocks(drafts, segments, features)
    areas = _areas(plan, seats)
    height = np.array([row.height for _, _, row in rows for _ in row.segments])[segment]
    rise = np.array([row.rise for _, _, row in rows for _ in row.segments])[segment]
    pitch = (plan.pitch.length_m, plan.pitch.width_m)
    score = sightlines(
        x, y, eye=height + plan.bowl.eye_height_m, rise=rise, pitch=pitch, row_depth=plan.bowl.row_depth_m
    )
    venue = Venue(
        code="stadium",
        prefix="",
        time_zone="Europe/Paris",
        version=_version(text, segments, features),
        name=plan.name,
        notice=plan.notice,
        latitude=plan.latitude,
        longitude=plan.longitude,
        pitch=pitch,
        seats=seats,
        places=seats + sum(area.capacity_max for area in areas),
        stands=tuple(Stand(stand.code, stand.name, stand.colour, stand.seats) for stand in plan.stands),
        blocks=blocks,
        areas=areas,
        gates=fixtures.gates(plan),
        outlets=fixtures.outlets(plan),
        amenities=fixtures.amenities(plan),
        ramps=tuple(Ramp(code, plan.ways.search_lanes) for code, _, _ in fixtures.ramp_heads(plan)),
        walk=EMPTY_WALK_GRAPH,
        row_segments=segments,
        block=_frozen(segments.block[segment].astype(np.uint16)),
        row=_frozen(segments.row[segment].astype(np.uint8)),
        number=_frozen(_numbers(segments, segment)),
        segment=_frozen(segment),
        x=_frozen(x.astype(np.float32)),
        y=_frozen(y.astype(np.float32)),
        height=_frozen(height.astype(np.float32)),
        features=_frozen(features),
        sightline=_frozen(score),
    )
    return msgspec.structs.replace(venue, walk=build_walk_graph(plan, venue))


def _frozen(array: npt.NDArray[Number]) -> npt.NDArray[Number]:
    array.flags.writeable = False
    return array


def _ints(values: list[int]) -> npt.NDArray[np.int32]:
    return _frozen(np.array(values, dtype=np.int32))


def _segments(rows: list[Row]) -> Segments:
    all_segments = [(block, position, segment) for block, position, row in rows for segment in row.segments]
    counts = np.array([segment.count for _, _, segment in all_segments], dtype=np.int32)
    first = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int32)
    return Segments(
        first_seat=_frozen(first),
        seat_count=_frozen(counts),
        block=_ints([block for block, _, _ in all_segments]),
        row=_ints([position for _, position, _ in all_segments]),
        d=_ints([segment.d for _, _, segment in all_segments]),
        t=_ints([segment.t for _, _, segment in all_segments]),
        pitch=_ints([segment.pitch for _, _, segment in all_segments]),
    )


def _positions(
    drafts: Sequence[BlockDraft], segments: Segments, segment: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    frames = np.array([(f.x, f.y, f.facing_mdeg, f.curved) for f in (draft.frame for draft in drafts)], dtype=np.int32)
    place = np.arange(len(segment), dtype=np.int32) - segments.first_seat[segment]
    t = segments.t[segment] + place * segments.pitch[segment]
    return points(frames[segments.block[segment]], segments.d[segment], t)


def _numbers(segments: Segments, segment: npt.NDArray[np.int32]) -> npt.NDArray[np.uint16]:
    """Return seat numbers, which count along the whole row across its stairs, clockwise from 1."""
    new_row = np.ones(len(segments.first_seat), dtype=np.bool_)
    new_row[1:] = (np.diff(segments.block) != 0) | (np.diff(segments.row) != 0)
    row_first = np.maximum.accumulate(np.where(new_row, segments.first_seat, 0))
    return (np.arange(len(segment)) - row_first[segment] + 1).astype(np.uint16)


def _features(
    plan: Plan, drafts: Sequence[BlockDraft], rows: list[Row], segments: Segments, segment: npt.NDArray[np.int32]
) -> npt.NDArray[np.uint8]:
    place = np.arange(len(segment), dtype=np.int32) - segments.first_seat[segment]
    from_end = np.minimum(place, segments.seat_count[segment] - 1 - place)
    platform = np.array([row.platform for _, _, row in rows for _ in row.segments])[segment]
    easy = np.array([row.easy for _, _, row in rows for _ in row.segments])[segment]
    heard = np.array([draft.code in plan.hearing.audio_description for draft in drafts])[segments.block[segment]]
    loop = np.array([draft.code in plan.hearing.hearing_loop for draft in drafts])[segments.block[segment]]
    features = np.zeros(len(segment), dtype=np.uint8)
    features[platform & (place % 2 == 0)] |= np.uint8(Feature.WHEELCHAIR)
    features[platform & (place % 2 == 1)] |= np.uint8(Feature.COMPANION)
    features[easy & (from_end < plan.bowl.easy_seats_from_aisle)] |= np.uint8(Feature.EASY_ACCESS)
    features[heard] |= np.uint8(Feature.AUDIO_DESCRIPTION)
    features[loop] |= np.uint8(Feature.HEARING_LOOP)
    return features


def _blocks(drafts: Sequence[BlockDraft], segments: Segments, features: npt.NDArray[np.uint8]) -> tuple[Block, ...]:
    segment_ends = np.searchsorted(segments.block, np.arange(len(drafts) + 1))
    groups = _gate_groups(drafts)
    blocks = []
    for index, draft in enumerate(drafts):
        first_segment, after = int(segment_ends[index]), int(segment_ends[index + 1])
        first, count = int(segments.first_seat[first_segment]), draft.seats
        blocks.append(
            Block(
                code=draft.code,
                stand=draft.stand.code,
                ring=draft.ring,
                kind=draft.kind,
                gate_group=groups[draft.code],
                first_seat=first,
                seat_count=count,
                rows=tuple(row.name for row in draft.rows),
                first_segment=first_segment,
                segment_count=after - first_segment,
                wheelchairs=int(np.count_nonzero(features[first : first + count] & Feature.WHEELCHAIR)),
                frame=draft.frame,
                centre=_centre(draft),
                outline=_outline(draft),
            )
        )
    return tuple(blocks)


def _gate_groups(drafts: Sequence[BlockDraft]) -> dict[str, str]:
    """Distribute the blocks of each stand to its gate groups, clockwise, with similar numbers of people."""
    groups = {}
    for stand in {draft.stand.code: draft.stand for draft in drafts}.values():
        of_stand = sorted((d for d in drafts if d.stand.code == stand.code), key=lambda draft: draft.position)
        passed = 0
        for draft in of_stand:
            groups[draft.code] = stand.gate_groups[(passed + draft.seats // 2) * len(stand.gate_groups) // stand.seats]
            passed += draft.seats
    return groups


def _centre(draft: BlockDraft) -> tuple[float, float]:
    (near_d, near_t), (far_d, far_t) = draft.near.along(0.5), draft.far.along(0.5)
    x, y = point(draft.frame, (near_d + far_d) / 2, (near_t + far_t) / 2)
    return _rounded(x), _rounded(y)


def _rounded(metres: float) -> float:
    return round(metres, 2) + 0.0  # no negative zero


def _outline(draft: BlockDraft) -> tuple[float, ...]:
    """Return the polygon around a block, clockwise from its front left corner; arcs as a few chords."""
    steps = range(ARC_STEPS + 1) if draft.frame.curved else (0, ARC_STEPS)
    front = [draft.near.along(step / ARC_STEPS) for step in reversed(steps)]
    back = [draft.far.along(step / ARC_STEPS) for step in steps]
    corners = [point(draft.frame, d, t) for d, t in [*back, *front]]
    return tuple(_rounded(value) for corner in corners for value in corner)


def _areas(plan: Plan, seats: int) -> tuple[StandingArea, ...]:
    areas, first = [], seats
    for area in plan.areas:
        areas.append(
            StandingArea(area.code, area.name, first, area.capacity_max, area.gate_groups, area.outline_m),
        )
        first += area.capacity_max
    return tuple(areas)


def _version(text: str, segments: Segments, features: npt.NDArray[np.uint8]) -> str:
    """Return the version: it changes with the plan and with the results of this code, not with the machine."""
    digest = hashlib.sha256(f"{GEOMETRY_FORMAT}\n{text}".encode())
    for array in (segments.first_seat, segments.block, segments.row, segments.d, segments.t, segments.pitch, features):
        digest.update(array.tobytes())
    return digest.hexdigest()[:12]
