"""Builds a `Venue` from a checked venue file: numbers the seats and computes their positions and features."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from itertools import product
from math import atan2, degrees, hypot
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull

from virage.site.venue.rules.file import BlockFile, SegmentFile, VenueFile, encode
from virage.site.venue.rules.frames import Frame, centimetres, local, point, points
from virage.site.venue.rules.sightline import sightlines
from virage.site.venue.rules.venue import (
    Amenity,
    Block,
    Feature,
    Floor,
    Gate,
    Outlet,
    Ramp,
    Segments,
    Stand,
    StandingArea,
    Venue,
)
from virage.site.venue.rules.walk_graph import (
    EMPTY_WALK_GRAPH,
    KINDS,
    LEAST_M,
    LIFT_DOORS_S,
    LIFT_M_S,
    LIFT_WAIT_S,
    STAIRS_DOWN_M_S,
    STAIRS_UP_M_S,
    STEP_RUN_M,
    WALK_M_S,
    Edges,
    Kind,
    Node,
    WalkGraph,
    steps_of,
)

HALF_SEAT_M: Final = 0.4
UNKNOWN_WIDTH_M: Final = 0.0
GEOMETRY_FORMAT: Final = 2
"""Increase it when the same file gets another geometry: clients cache the documents of a version for ever."""
NUMBER_MAX: Final = 65_535
"""The highest number of a seat; a higher one in the file is a name."""
WITH_PREFIX: Final = ("gate", "ramp", "outlet")
Number = TypeVar("Number", bound=np.generic)
Ints = npt.NDArray[np.int32]


class _Run(NamedTuple):
    """A segment of the file with its block and row, by position."""

    block: int
    row: int
    segment: SegmentFile


def version_of(file: VenueFile, prefix: str = "") -> str:
    """Return the version of a file: the first 12 hexadecimal digits of the SHA-256 of its canonical JSON and prefix."""
    return hashlib.sha256(f"{GEOMETRY_FORMAT}\n{prefix}\n".encode() + encode(file)).hexdigest()[:12]


def build_venue(file: VenueFile, *, prefix: str = "", version: str | None = None) -> Venue:
    """Return the venue of a file without defects; `prefix` precedes its codes in the deployment.

    `version` is that of a stored file, None for the version of its content. Takes about 0.5 s for 60,000 seats.
    """
    frames = [_frame(block) for block in file.blocks]
    runs = [
        _Run(block, row, segment)
        for block, in_file in enumerate(file.blocks)
        for row, of_block in enumerate(in_file.rows)
        for segment in of_block.segments
    ]
    segments = _segments(runs, frames)
    seats = int(segments.seat_count.sum())
    segment = np.repeat(np.arange(len(runs), dtype=np.int32), segments.seat_count)
    x, y = _positions(runs, frames, segments, segment)
    height, rise, depth = _heights(file, segments)
    features = _features(file, runs, segments)
    number, names = _numbers(runs, segments, seats)
    blocks = _blocks(file, frames, segments, features, (x, y))
    first, areas = seats, []
    for area in file.areas:
        areas.append(StandingArea(area.code, area.name, first, area.capacity_max, area.gate_groups, area.outline_m))
        first += area.capacity_max
    pitch = (file.pitch.length_m, file.pitch.width_m) if file.pitch else (0.0, 0.0)
    score = sightlines(
        x, y, eye=height[segment] + file.eye_height_m, rise=rise[segment], depth=depth[segment], pitch=pitch
    )
    for at, run in enumerate(runs):
        own = file.blocks[run.block].rows[run.row].sightline
        if own is not None:
            score[segments.first_seat[at] : segments.first_seat[at] + segments.seat_count[at]] = own / 100
    return Venue(
        code=file.code,
        prefix=prefix,
        version=version or version_of(file, prefix),
        name=file.name,
        time_zone=file.time_zone,
        notice=file.notice,
        latitude=file.location.latitude if file.location else None,
        longitude=file.location.longitude if file.location else None,
        pitch=pitch,
        eye_height_m=file.eye_height_m,
        seats=seats,
        places=first,
        stands=_stands(file, segments, segment),
        floors=tuple(Floor(floor.code, floor.name) for floor in file.walkways.floors) if file.walkways else (),
        blocks=blocks,
        areas=tuple(areas),
        gates=tuple(Gate(prefix + g.code, g.group, g.stand, g.x_m, g.y_m) for g in file.gates),
        outlets=tuple(Outlet(prefix + o.code, o.stand, o.ring, o.x_m, o.y_m) for o in file.outlets),
        amenities=tuple(
            Amenity(prefix + a.code if a.kind == "lift" else a.code, a.kind, a.stand, a.ring, a.x_m, a.y_m)
            for a in file.amenities
        ),
        ramps=tuple(Ramp(prefix + ramp.code, ramp.search_lanes) for ramp in file.ramps),
        walk=_walk_graph(file, prefix),
        row_segments=segments,
        block=_frozen(segments.block[segment].astype(np.uint16)),
        row=_frozen(segments.row[segment].astype(np.uint8)),
        number=number,
        names=names,
        segment=_frozen(segment),
        x=_frozen(x.astype(np.float32)),
        y=_frozen(y.astype(np.float32)),
        height=_frozen(height[segment].astype(np.float32)),
        features=features,
        sightline=_frozen(score),
    )


def _frozen(array: npt.NDArray[Number]) -> npt.NDArray[Number]:
    array.flags.writeable = False
    return array


def _frame(block: BlockFile) -> Frame:
    """Return the frame of a block; one of seats with positions only looks from the pitch through its middle."""
    if block.frame is not None:
        own = block.frame
        return Frame(centimetres(own.x_m), centimetres(own.y_m), round(own.facing_deg * 1000), own.curved)
    flat = [value for row in block.rows for segment in row.segments for value in segment.points_m or ()]
    x, y = sum(flat[::2]) / len(flat[::2]), sum(flat[1::2]) / len(flat[1::2])
    return Frame(0, 0, round(degrees(atan2(y, x)) * 1000) % 360_000, curved=False)


def _segments(runs: Sequence[_Run], frames: Sequence[Frame]) -> Segments:
    """Return the segments; one of seats with positions is a straight line through its first and last seat."""
    lines = []
    for block, _, segment in runs:
        if segment.points_m is None:
            assert segment.d_m is not None and segment.t_m is not None and segment.pitch_m is not None  # noqa: S101, PT018
            lines.append((centimetres(segment.d_m), centimetres(segment.t_m), centimetres(segment.pitch_m)))
            continue
        flat = segment.points_m
        depth, start = local(frames[block], flat[0], flat[1])
        _, end = local(frames[block], flat[-2], flat[-1])
        lines.append((round(depth), round(start), round((end - start) / max(segment.seats - 1, 1))))
    counts = np.array([run.segment.seats for run in runs], dtype=np.int32)
    first = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int32)
    d, t, pitch = (np.array(column, dtype=np.int32) for column in zip(*lines, strict=True)) if lines else [counts] * 3
    return Segments(
        first_seat=_frozen(first[: len(runs)]),
        seat_count=_frozen(counts),
        block=_frozen(np.array([run.block for run in runs], dtype=np.int32)),
        row=_frozen(np.array([run.row for run in runs], dtype=np.int32)),
        d=_frozen(d),
        t=_frozen(t),
        pitch=_frozen(pitch),
    )


def _positions(
    runs: Sequence[_Run], frames: Sequence[Frame], segments: Segments, segment: Ints
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    table = np.array([(f.x, f.y, f.facing_mdeg, f.curved) for f in frames], dtype=np.int32).reshape(-1, 4)
    place = np.arange(len(segment), dtype=np.int32) - segments.first_seat[segment]
    t = segments.t[segment] + place * segments.pitch[segment]
    x, y = points(table[segments.block[segment]], segments.d[segment], t)
    for at, run in enumerate(runs):
        if run.segment.points_m is not None:
            seats = slice(segments.first_seat[at], segments.first_seat[at] + segments.seat_count[at])
            x[seats], y[seats] = run.segment.points_m[::2], run.segment.points_m[1::2]
    return x, y


class _RowHeights(NamedTuple):
    """Metres by segment: height of the row, its rise over the row in front (0: none, or unknown) and its depth."""

    height: npt.NDArray[np.float64]
    rise: npt.NDArray[np.float64]
    depth: npt.NDArray[np.float64]


def _heights(file: VenueFile, segments: Segments) -> _RowHeights:
    found: list[tuple[float, float, float]] = []
    at = 0
    for block in file.blocks:
        front: tuple[float | None, float] = (None, 0.0)
        for row in block.rows:
            d = float(segments.d[at]) / 100
            known = row.height_m is not None and front[0] is not None
            rise = row.height_m - front[0] if row.height_m is not None and front[0] is not None else 0.0
            found += [(row.height_m or 0.0, rise, max(d - front[1], LEAST_M) if known else 1.0)] * len(row.segments)
            front = row.height_m, d
            at += len(row.segments)
    return _RowHeights(*(np.array(found, dtype=np.float64).reshape(-1, 3).T))


def _numbers(runs: Sequence[_Run], segments: Segments, seats: int) -> tuple[npt.NDArray[np.uint16], dict[int, str]]:
    """Return seat numbers, which count from 1 along the whole row across its stairs, and names that are no number."""
    number, names = np.zeros(seats, dtype=np.uint16), {}
    row, following = (-1, -1), 1
    for at, run in enumerate(runs):
        if (run.block, run.row) != row:
            row, following = (run.block, run.row), 1
        first, count = int(segments.first_seat[at]), run.segment.seats
        if run.segment.numbers is not None:
            for seat, name in enumerate(run.segment.numbers, start=first):
                if name.isdecimal() and str(int(name)) == name and int(name) <= NUMBER_MAX:
                    number[seat] = int(name)
                else:
                    names[seat] = name
            continue
        following = run.segment.first if run.segment.first is not None else following
        number[first : first + count] = np.arange(following, following + count)
        following += count
    return _frozen(number), names


def _features(file: VenueFile, runs: Sequence[_Run], segments: Segments) -> npt.NDArray[np.uint8]:
    features = np.zeros(int(segments.seat_count.sum()), dtype=np.uint8)
    for at, run in enumerate(runs):
        first = int(segments.first_seat[at])
        bits = sum(Feature[name.upper()] for name in file.blocks[run.block].features)
        features[first : first + run.segment.seats] |= np.uint8(bits)
        for name, positions in run.segment.features.items():
            features[first + np.array(positions, dtype=np.int64)] |= np.uint8(Feature[name.upper()])
    return _frozen(features)


def _stands(file: VenueFile, segments: Segments, segment: Ints) -> tuple[Stand, ...]:
    by_block = np.bincount(segments.block[segment], minlength=len(file.blocks))
    seats = dict.fromkeys((stand.code for stand in file.stands), 0)
    for block, count in zip(file.blocks, by_block.tolist(), strict=True):
        seats[block.stand] += count
    return tuple(Stand(stand.code, stand.name, stand.colour, seats[stand.code]) for stand in file.stands)


def _blocks(
    file: VenueFile,
    frames: Sequence[Frame],
    segments: Segments,
    features: npt.NDArray[np.uint8],
    positions: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
) -> tuple[Block, ...]:
    ends = np.searchsorted(segments.block, np.arange(len(file.blocks) + 1))
    found = []
    for index, block in enumerate(file.blocks):
        first_segment, after = int(ends[index]), int(ends[index + 1])
        first = int(segments.first_seat[first_segment])
        count = int(segments.seat_count[first_segment:after].sum())
        seats = slice(first, first + count)
        outline = block.outline_m or _outline(positions[0][seats], positions[1][seats])
        found.append(
            Block(
                code=block.code,
                stand=block.stand,
                ring=block.ring,
                kind=block.kind,
                gate_group=block.gate_group,
                first_seat=first,
                seat_count=count,
                rows=tuple(row.name for row in block.rows),
                heights=tuple(row.height_m for row in block.rows),
                first_segment=first_segment,
                segment_count=after - first_segment,
                wheelchairs=int(np.count_nonzero(features[seats] & Feature.WHEELCHAIR)),
                frame=frames[index],
                placed=any(segment.points_m is not None for row in block.rows for segment in row.segments),
                centre=_centre(block, frames[index], segments, range(first_segment, after), outline),
                outline=outline,
            )
        )
    return tuple(found)


def _outline(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """Return the convex outline of seats whose file gives none, clockwise."""
    corners = np.concatenate(
        [np.stack((x + dx, y + dy), axis=1) for dx, dy in product((-HALF_SEAT_M, HALF_SEAT_M), repeat=2)]
    )
    hull = corners[ConvexHull(corners).vertices[::-1]]
    return tuple(round(float(value), 2) for corner in hull for value in corner)


def _centre(
    block: BlockFile, frame: Frame, segments: Segments, own: range, outline: Sequence[float]
) -> tuple[float, float]:
    if block.frame is None:
        return sum(outline[::2]) / (len(outline) / 2), sum(outline[1::2]) / (len(outline) / 2)
    d = segments.d[own.start : own.stop]
    x, y = point(frame, (int(d.min()) + int(d.max())) / 2, 0)
    return round(x, 2) + 0.0, round(y, 2) + 0.0  # no negative zero


def _walk_graph(file: VenueFile, prefix: str) -> WalkGraph:
    """Return the walking graph; stairs are as long as their steps, or as the distance of their ends if that is more."""
    walkways = file.walkways
    if walkways is None:
        return EMPTY_WALK_GRAPH
    outside = {floor.code for floor in walkways.floors if floor.outside}
    lifts = tuple(prefix + amenity.code for amenity in file.amenities if amenity.kind == "lift")
    named = {amenity.code for amenity in file.amenities}
    nodes, position = [], {}
    for number, node in enumerate(walkways.nodes):
        position[node.id] = number
        nodes.append(Node(_node_code(node.id, named, prefix), node.floor, node.x_m, node.y_m, node.height_m))
    rows = []
    for edge in walkways.edges:
        a, b = position[edge.a], position[edge.b]
        rise = nodes[b].height - nodes[a].height
        metres = edge.metres or max(LEAST_M, hypot(nodes[b].x - nodes[a].x, nodes[b].y - nodes[a].y))
        if edge.kind is Kind.STAIRS:
            metres = max(metres, steps_of(rise) * STEP_RUN_M)
        lift = lifts.index(prefix + edge.lift) if edge.lift else -1
        rows.append((a, b, metres, rise, KINDS.index(edge.kind), edge.width_m or UNKNOWN_WIDTH_M, lift))
    entry_cm = {}
    for block in file.blocks:
        if f"block:{block.code}" in position:
            entry = nodes[position[f"block:{block.code}"]]
            entry_cm[block.code] = round(local(_frame(block), entry.x, entry.y)[0])
    return WalkGraph(
        nodes=tuple(nodes),
        edges=_edges(rows),
        index={node.code: number for number, node in enumerate(nodes) if node.code},
        lifts=lifts,
        entry_cm=entry_cm,
        outside=tuple(node.floor in outside for node in nodes),
    )


def _node_code(id_: str, amenities: Collection[str], prefix: str) -> str:
    """Return the code of a node in the deployment; a point of a walkway has none.

    Gates, ramps and outlets get the prefix of the venue after their kind, the stops of a lift before their code.
    """
    kind, colon, code = id_.partition(":")
    if kind in WITH_PREFIX and colon:
        return f"{kind}:{prefix}{code}"
    if kind in amenities and colon:
        return prefix + id_
    return id_ if colon or id_ in amenities else ""


def _edges(rows: Iterable[tuple[int, int, float, float, int, float, int]]) -> Edges:
    a, b, metres, rise, kind, width, lift = np.array(list(rows), np.float64).reshape(-1, 7).T
    stairs, lifts = kind == KINDS.index(Kind.STAIRS), kind == KINDS.index(Kind.LIFT)
    ride = LIFT_WAIT_S + LIFT_DOORS_S + np.abs(rise) / LIFT_M_S
    up = np.where(rise >= 0, STAIRS_UP_M_S, STAIRS_DOWN_M_S)
    down = np.where(rise >= 0, STAIRS_DOWN_M_S, STAIRS_UP_M_S)
    return Edges(
        a=a.astype(np.int32),
        b=b.astype(np.int32),
        metres=metres,
        rise=rise,
        kind=kind.astype(np.int8),
        width=width,
        lift=lift.astype(np.int16),
        seconds=np.where(lifts, ride, metres / np.where(stairs, up, WALK_M_S)),
        back=np.where(lifts, ride, metres / np.where(stairs, down, WALK_M_S)),
    )
