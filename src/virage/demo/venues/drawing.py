"""Draws the venue file of a bowl from its plan."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from virage.demo.venues import bowl, fixtures
from virage.demo.venues.bowl import BlockDraft, RowDraft, Segment
from virage.demo.venues.plan import Plan, read_plan
from virage.demo.venues.walkways import Places, walkways
from virage.site.venue.types import (
    AreaFile,
    BlockFile,
    FrameFile,
    Location,
    PitchFile,
    RampFile,
    RowFile,
    SeatFeature,
    SegmentFile,
    StandFile,
    Venue,
    VenueFile,
    build_venue,
    point,
)

ARC_STEPS: Final = 8
STADIUM: Final = "stadium"
CODES: Final = (STADIUM, "arena", "park")
"""The venues of the demonstration; the stadium is the first venue."""
ZONE: Final = ZoneInfo("Europe/Paris")
"""Time zone of the stadium, whose events the demonstration plans."""


@cache
def venue_file(code: str) -> VenueFile:
    """Return the file of a venue of the demonstration."""
    return draw(read_plan(files("virage.demo.venues").joinpath(f"{code}.toml").read_text(encoding="utf-8")))


@cache
def venue(code: str) -> Venue:
    """Return a venue of the demonstration."""
    return build_venue(venue_file(code), prefix="" if code == STADIUM else f"{code}.")


def stadium_file() -> VenueFile:
    """Return the file of the stadium."""
    return venue_file(STADIUM)


def stadium() -> Venue:
    """Return the stadium."""
    return venue(STADIUM)


def draw(plan: Plan) -> VenueFile:
    """Return the venue file of a bowl. Raises `ValueError` if its seats differ from the stated number."""
    drafts = bowl.build(plan)
    seats = sum(draft.seats for draft in drafts)
    if seats != plan.seats:
        raise ValueError(f"the stands have {seats} seats, the plan says {plan.seats}")
    groups = _gate_groups(drafts)
    places = Places(drafts, fixtures.gates(plan), fixtures.outlets(plan), fixtures.amenities(plan))
    return VenueFile(
        format="virage-venue/1",
        code=plan.code,
        name=plan.name,
        time_zone=plan.time_zone,
        notice=plan.notice,
        location=Location(plan.latitude, plan.longitude),
        pitch=PitchFile(plan.pitch.length_m, plan.pitch.width_m),
        eye_height_m=plan.bowl.eye_height_m,
        stands=tuple(StandFile(stand.code, stand.name, stand.colour) for stand in plan.stands),
        blocks=tuple(_block(plan, draft, groups[draft.code]) for draft in drafts),
        areas=tuple(
            AreaFile(area.code, area.name, area.capacity_max, area.outline_m, area.gate_groups) for area in plan.areas
        ),
        gates=tuple(places.gates),
        outlets=tuple(places.outlets),
        amenities=tuple(places.amenities),
        ramps=tuple(RampFile(code, plan.ways.search_lanes) for code, _, _ in fixtures.ramp_heads(plan)),
        walkways=walkways(plan, places),
    )


def _block(plan: Plan, draft: BlockDraft, gate_group: str) -> BlockFile:
    frame = draft.frame
    by_block: dict[SeatFeature, Sequence[str]] = {
        "audio_description": plan.hearing.audio_description,
        "hearing_loop": plan.hearing.hearing_loop,
        "sign_language": plan.access.sign_language,
        "quiet": plan.access.quiet,
    }
    front, dogs = next(row for row in draft.rows if not row.platform), draft.code in plan.access.guide_dog
    return BlockFile(
        code=draft.code,
        stand=draft.stand.code,
        gate_group=gate_group,
        rows=tuple(
            RowFile(
                row.name,
                tuple(_segment(plan, row, segment, dogs=dogs and row is front) for segment in row.segments),
                row.height,
            )
            for row in draft.rows
        ),
        ring=draft.ring,
        kind=draft.kind,
        frame=FrameFile(frame.x / 100, frame.y / 100, frame.facing_mdeg / 1000, frame.curved),
        outline_m=_outline(draft),
        features=tuple(feature for feature, blocks in by_block.items() if draft.code in blocks),
    )


def _segment(plan: Plan, row: RowDraft, segment: Segment, *, dogs: bool) -> SegmentFile:
    """Return a segment: wheelchair spaces and companion seats in turn on a platform, easy access beside stairs.

    `dogs`: the seats beside stairs have floor space for a guide dog.
    """
    positions, edge = range(segment.count), plan.bowl.easy_seats_from_aisle
    features: dict[SeatFeature, tuple[int, ...]] = {}
    if row.platform:
        features = {"wheelchair": tuple(positions[::2]), "companion": tuple(positions[1::2])}
    if row.easy:
        features["easy_access"] = tuple(at for at in positions if min(at, segment.count - 1 - at) < edge)
    if dogs:
        features["guide_dog"] = tuple(sorted({0, segment.count - 1}))
    return SegmentFile(segment.count, segment.d / 100, segment.t / 100, segment.pitch / 100, features=features)


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


def _outline(draft: BlockDraft) -> tuple[float, ...]:
    """Return the polygon around a block, clockwise from its front left corner; arcs as a few chords."""
    steps = range(ARC_STEPS + 1) if draft.frame.curved else (0, ARC_STEPS)
    front = [draft.near.along(step / ARC_STEPS) for step in reversed(steps)]
    back = [draft.far.along(step / ARC_STEPS) for step in steps]
    corners = [point(draft.frame, d, t) for d, t in [*back, *front]]
    return tuple(round(value, 2) + 0.0 for corner in corners for value in corner)  # no negative zero
