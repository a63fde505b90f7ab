"""Other venues and other versions of the venue, made from its plan."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from virage.demo.venues.drawing import stadium_file
from virage.site.venue.rules.build import build_venue
from virage.site.venue.rules.venue import Segments, Venue

Seats = Sequence[int] | npt.NDArray[np.int64]


def arranged(venue: Venue, seats: Seats, **changes: Any) -> Venue:
    """Return a venue with these seats of another one in this order, seats of a block together; areas follow them."""
    kept = np.asarray(seats, np.int64)
    old_block, old_segment = venue.block[kept], venue.segment[kept]
    begins = np.flatnonzero(np.diff(old_block, prepend=-1))
    ends = np.append(begins[1:], len(kept))
    parts = np.flatnonzero((np.diff(kept, prepend=-2) != 1) | (np.diff(old_segment, prepend=-1) != 0))
    lengths = np.diff(np.append(parts, len(kept)))
    block = np.repeat(np.arange(len(begins)), ends - begins)
    rows, source = venue.row_segments, old_segment[parts]
    segments = Segments(
        first_seat=parts.astype(np.int32),
        seat_count=lengths.astype(np.int32),
        block=block[parts].astype(np.int32),
        row=rows.row[source],
        d=rows.d[source],
        t=rows.t[source],
        pitch=rows.pitch[source],
    )
    first_segments = np.searchsorted(segments.block, np.arange(len(begins) + 1))
    blocks = tuple(
        replace(
            venue.blocks[old_block[begin]],
            first_seat=int(begin),
            seat_count=int(end - begin),
            first_segment=int(first_segments[number]),
            segment_count=int(first_segments[number + 1] - first_segments[number]),
        )
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True))
    )
    first, areas = len(kept), []
    for area in changes.pop("areas", venue.areas):
        areas.append(replace(area, first_place=first))
        first += area.capacity_max
    content: dict[str, Any] = {
        "seats": len(kept),
        "places": first,
        "blocks": blocks,
        "areas": tuple(areas),
        "row_segments": segments,
        "block": block.astype(np.uint16),
        "segment": np.repeat(np.arange(len(parts), dtype=np.int32), lengths),
    }
    arrays = {
        name: getattr(venue, name)[kept] for name in ("row", "number", "x", "y", "height", "features", "sightline")
    }
    return replace(venue, **(arrays | content | changes))


def seats_of(venue: Venue, *codes: str) -> npt.NDArray[np.int64]:
    """Return the seats of some blocks, in the order of the codes."""
    blocks = [venue.blocks[venue.block_index[code]] for code in codes]
    return np.concatenate([np.arange(block.first_seat, block.first_seat + block.seat_count) for block in blocks])


@cache
def arena() -> Venue:
    """A second venue in another zone: the same local codes, other numbers of all places."""
    file = replace(
        stadium_file(),
        code="arena",
        name="Harbour Arena",
        time_zone="America/New_York",
        blocks=tuple(reversed(stadium_file().blocks)),
    )
    return build_venue(file, prefix="arena.")
