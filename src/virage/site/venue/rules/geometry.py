"""The venue for browsers: one geometry document, and the labels of each block.

Geometry, `GET /api/venue/{version}/geometry`. All lengths are integer centimetres, origin in the middle of the pitch,
x along its long side towards the south stand, y towards the east stand: y points up, so a screen draws -y. Polygons are
flat lists x, y, x, y, ...

    version, name, notice {fr, en}, seats, places     places = seats + standing places
    code, time_zone, eye_height
    pitch       [length, width], zeros if unknown
    stands      {code, name, colour, seats}
    floors      {code, name {fr, en}}
    blocks      {code, stand, ring, kind "seats" | "hospitality" | "box", gate_group, first_seat, seat_count,
                 wheelchairs, frame [x, y, facing, curved], centre [x, y], outline, segments, heights, points}
    areas       {code, name {fr, en}, first_place, capacity_max, outline}             standing areas on the pitch
    gates       {code, group, stand, x, y}
    outlets     {code, stand, ring, x, y}
    amenities   {code, kind "toilets" | "lift" | "first_aid" | "lounge" | "information", stand, ring (0: all), x, y}

`heights` has one value a row, null where it is unknown. `points` is empty, or has the position of each seat of the
block, x, y, x, y, ..., which then replaces the expansion below.

`segments` is flat, five integers for each run of neighbouring seats: row, d, t, pitch, count. `row` counts from 0 (its
name is in the labels). Seats are numbered through: a block begins with seat `first_seat`. To expand:

    seat = block.first_seat
    [fx, fy, mdeg, curved] = block.frame; facing = mdeg / 1000 * PI / 180
    for each (row, d, t, pitch, count), for i in 0 .. count - 1:
        along = t + i * pitch
        if curved: x = fx + d * cos(facing - along / d);          y = fy + d * sin(facing - along / d)
        else:      x = fx + d * cos(facing) + along * sin(facing); y = fy + d * sin(facing) - along * cos(facing)
        seat += 1

Labels, `GET /api/venue/{version}/labels/{block}`; every list goes by seats from `first_seat` on:

    block, stand, ring, kind, gate_group, first_seat, seat_count
    rows        {name, segments: [[first_seat, first_number, count], ...]}     numbers count up along a segment
    names       [[seat, name], ...]                                            seats whose name is not a number
    features    [[first_seat, count, step, bits], ...]                         every `step`-th seat from `first_seat` on
    sightline   one integer per row, 0 (worst of the venue) to 100
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from virage.site.venue.rules.frames import centimetres, points
from virage.site.venue.rules.venue import AmenityKind, Block, BlockKind, Floor, Stand, Venue

FIELDS = 5  # integers a segment


class BlockGeometry(Struct, frozen=True):
    """A block in centimetres; see the module."""

    code: str
    stand: str
    ring: int
    kind: BlockKind
    gate_group: str
    first_seat: int
    seat_count: int
    wheelchairs: int
    frame: tuple[int, int, int, int]
    centre: tuple[int, int]
    outline: tuple[int, ...]
    segments: list[int]
    heights: list[int | None]
    points: list[int]


class AreaGeometry(Struct, frozen=True):
    """A standing area in centimetres."""

    code: str
    name: dict[str, str]
    first_place: int
    capacity_max: int
    outline: tuple[int, ...]


class GateLocation(Struct, frozen=True):
    """Location of a ticket gate, in centimetres."""

    code: str
    group: str
    stand: str
    x: int
    y: int


class OutletLocation(Struct, frozen=True):
    """Location of a point of sale, in centimetres."""

    code: str
    stand: str
    ring: int
    x: int
    y: int


class AmenityLocation(Struct, frozen=True):
    """Location of an amenity, in centimetres."""

    code: str
    kind: AmenityKind
    stand: str
    ring: int
    x: int
    y: int


class Geometry(Struct, frozen=True):
    """The whole venue; see the module."""

    version: str
    code: str
    name: str
    time_zone: str
    eye_height: int
    notice: dict[str, str]
    seats: int
    places: int
    pitch: tuple[int, int]
    stands: tuple[Stand, ...]
    floors: tuple[Floor, ...]
    blocks: list[BlockGeometry]
    areas: list[AreaGeometry]
    gates: list[GateLocation]
    outlets: list[OutletLocation]
    amenities: list[AmenityLocation]


class RowLabels(Struct, frozen=True):
    """One row: its name and (first seat, first number, count) of each segment."""

    name: str
    segments: list[tuple[int, int, int]]


class BlockLabels(Struct, frozen=True):
    """Names and features of a block's seats; see the module."""

    block: str
    stand: str
    ring: int
    kind: BlockKind
    gate_group: str
    first_seat: int
    seat_count: int
    rows: list[RowLabels]
    features: list[tuple[int, int, int, int]]
    sightline: list[int]
    names: list[tuple[int, str]]


def geometry(venue: Venue) -> Geometry:
    """Return the document that a browser needs to draw the venue."""
    return Geometry(
        venue.version,
        venue.code,
        venue.name,
        venue.time_zone,
        centimetres(venue.eye_height_m),
        venue.notice,
        venue.seats,
        venue.places,
        (centimetres(venue.pitch[0]), centimetres(venue.pitch[1])),
        venue.stands,
        venue.floors,
        [_block(venue, block) for block in venue.blocks],
        [AreaGeometry(a.code, a.name, a.first_place, a.capacity_max, _flat(a.outline)) for a in venue.areas],
        [GateLocation(g.code, g.group, g.stand, *_flat((g.x, g.y))) for g in venue.gates],
        [OutletLocation(o.code, o.stand, o.ring, *_flat((o.x, o.y))) for o in venue.outlets],
        [AmenityLocation(a.code, a.kind, a.stand, a.ring, *_flat((a.x, a.y))) for a in venue.amenities],
    )


def _flat(metres: Sequence[float]) -> tuple[int, ...]:
    return tuple(centimetres(value) for value in metres)


def _block(venue: Venue, block: Block) -> BlockGeometry:
    of_block = slice(block.first_segment, block.first_segment + block.segment_count)
    segments = venue.row_segments
    columns = (segments.row, segments.d, segments.t, segments.pitch, segments.seat_count)
    flat = np.stack([column[of_block] for column in columns], axis=1).ravel()
    frame = block.frame
    return BlockGeometry(
        block.code,
        block.stand,
        block.ring,
        block.kind,
        block.gate_group,
        block.first_seat,
        block.seat_count,
        block.wheelchairs,
        (frame.x, frame.y, frame.facing_mdeg, int(frame.curved)),
        (centimetres(block.centre[0]), centimetres(block.centre[1])),
        _flat(block.outline),
        flat.tolist(),
        [None if height is None else centimetres(height) for height in block.heights],
        _points(venue, block) if block.placed else [],
    )


def _points(venue: Venue, block: Block) -> list[int]:
    seats = slice(block.first_seat, block.first_seat + block.seat_count)
    metres = np.stack((venue.x[seats], venue.y[seats]), axis=1).astype(np.float64).ravel()
    flat: list[int] = np.rint(metres * 100).astype(int).tolist()
    return flat


def expand(document: Geometry) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the positions of all seats in metres, computed from the document as a browser does."""
    frames, ds, ts = [], [], []
    for block in document.blocks:
        for _, d, t, pitch, count in np.array(block.segments, dtype=np.int32).reshape(-1, FIELDS):
            frames.append(np.repeat(np.array([block.frame], dtype=np.int32), count, axis=0))
            ds.append(np.full(count, d, dtype=np.int32))
            ts.append(t + pitch * np.arange(count, dtype=np.int32))
    return points(np.concatenate(frames), np.concatenate(ds), np.concatenate(ts))


def labels(venue: Venue, code: str) -> BlockLabels:
    """Return the labels of a block. Raises `KeyError` if there is no such block."""
    block = venue.blocks[venue.block_index[code]]
    rows = [RowLabels(name, []) for name in block.rows]
    for segment in range(block.first_segment, block.first_segment + block.segment_count):
        first = int(venue.row_segments.first_seat[segment])
        row = rows[venue.row_segments.row[segment]]
        row.segments.append((first, int(venue.number[first]), int(venue.row_segments.seat_count[segment])))
    of_block = slice(block.first_seat, block.first_seat + block.seat_count)
    in_row = venue.row[of_block]
    sums = np.bincount(in_row, weights=venue.sightline[of_block].astype(np.float64))
    return BlockLabels(
        block.code,
        block.stand,
        block.ring,
        block.kind,
        block.gate_group,
        block.first_seat,
        block.seat_count,
        rows,
        list(_feature_runs(venue, of_block)),
        np.rint(100 * sums / np.bincount(in_row)).astype(int).tolist(),
        [(seat, name) for seat, name in venue.names.items() if of_block.start <= seat < of_block.stop],
    )


def _feature_runs(venue: Venue, of_block: slice) -> Iterator[tuple[int, int, int, int]]:
    """Yield runs of seats with the same features, as (first seat, count, step, bits)."""
    features = venue.features[of_block]
    for bits in np.unique(features[features > 0]):
        seats = (np.flatnonzero(features == bits) + of_block.start).tolist()
        while seats:
            step = seats[1] - seats[0] if len(seats) > 1 else 1
            count = 1
            while count < len(seats) and seats[count] == seats[0] + count * step:
                count += 1
            yield seats[0], count, step, int(bits)
            seats = seats[count:]
