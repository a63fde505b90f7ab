"""The seating bowl: builds blocks from a plan, each with rows of segments (adjacent seats without a gap).

Everything is integer centimetres in the block's frame (see `frames`). A stand is built slightly too large and then
shortened in its last rows, segment by segment, until it has exactly the seats of the plan.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import NamedTuple

from virage.demo.venues.frames import Span, stand_spans, turned
from virage.demo.venues.plan import Plan, StandPlan
from virage.site.venue.types import BlockKind, Frame, centimetres

BOX_RING = 2


@dataclass
class Segment:
    """Adjacent seats at distance `d`: the first at `t`, then one every `pitch`."""

    d: int
    t: int
    pitch: int
    count: int


@dataclass
class RowDraft:
    """A row: its name, height above the pitch and rise over the row in front, in metres."""

    name: str
    height: float
    rise: float
    segments: list[Segment]
    platform: bool = False
    easy: bool = False


class Edge(NamedTuple):
    """The front or the back of a block in its frame, from left to right (clockwise)."""

    d: float
    left: float
    right: float

    def along(self, fraction: float) -> tuple[float, float]:
        """Return (d, t) at a fraction of the way from left to right."""
        return self.d, self.left + fraction * (self.right - self.left)


@dataclass
class BlockDraft:
    """A block before numbering; `position` is its middle on the stand's line, 0 to 1, clockwise."""

    stand: StandPlan
    ring: int
    kind: BlockKind
    frame: Frame
    position: float
    near: Edge
    far: Edge
    code: str = ""
    rows: list[RowDraft] = field(default_factory=list)

    @property
    def seats(self) -> int:
        """Number of seats of the block."""
        return sum(segment.count for row in self.rows for segment in row.segments)


def ring_fronts(plan: Plan) -> list[int]:
    """Return the distance of the first row of each ring."""
    fronts, d = [], centimetres(plan.bowl.corner_radius_m)
    for index, ring in enumerate(plan.rings):
        d += centimetres(ring.gap_m)
        fronts.append(d)
        d += (max(stand.rows[index] for stand in plan.stands) - 1) * centimetres(plan.bowl.row_depth_m)
    return fronts


def bowl_edge(plan: Plan) -> int:
    """Return the distance of the last row of the bowl."""
    rows = max(stand.rows[-1] for stand in plan.stands)
    return ring_fronts(plan)[-1] + (rows - 1) * centimetres(plan.bowl.row_depth_m)


def build(plan: Plan) -> list[BlockDraft]:
    """Return all blocks in the order of their codes: ring 1, 2, 3 clockwise from the first stand, then the boxes."""
    blocks: list[BlockDraft] = []
    for index in range(len(plan.rings)):
        of_ring = [block for stand in plan.stands for block in _ring_blocks(plan, stand, index)]
        for number, block in enumerate(of_ring, start=1):
            block.code = f"{index + 1}{number:02}"
            block.kind = "hospitality" if block.code in plan.hospitality_blocks else "seats"
        blocks += of_ring
    boxes = [block for stand in plan.stands for block in _boxes(plan, stand)]
    for number, block in enumerate(boxes, start=1):
        block.code = f"L{number:03}"
    blocks += boxes
    for stand in plan.stands:
        _shorten(stand, [block for block in blocks if block.stand.code == stand.code])
    return blocks


def _ring_blocks(plan: Plan, stand: StandPlan, index: int) -> Iterator[BlockDraft]:
    ring, front = plan.rings[index], ring_fronts(plan)[index]
    spans = stand_spans(plan, stand, stand.blocks[index], ring.corner_blocks)
    share, extra = divmod(stand.wheelchair_spaces[index], len(spans))
    whole = sum(span.length(front) for span in spans)
    passed = 0.0
    for number, span in enumerate(spans):
        rows = [_row(plan, index, span, row) for row in range(stand.rows[index])]
        pairs = share + (number < extra)
        if pairs:
            rows.append(_platform(plan, rows[-1], span, pairs))
        length = span.length(front)
        yield BlockDraft(
            stand,
            index + 1,
            "seats",
            span.frame,
            (passed + length / 2) / whole,
            *_edges(plan, span, front, rows),
            rows=rows,
        )
        passed += length


def _edges(plan: Plan, span: Span, front: int, rows: list[RowDraft]) -> tuple[Edge, Edge]:
    """Return front and back of a block, without its share of the stairs beside it."""
    half_aisle, half_row = centimetres(plan.bowl.aisle_m) / 2, centimetres(plan.bowl.row_depth_m) / 2
    behind = centimetres(plan.platform.space_depth_m) / 2 if rows[-1].platform else half_row
    near, far = front - half_row, rows[-1].segments[0].d + behind
    half_near, half_far = span.length(near) / 2 - half_aisle, span.length(far) / 2 - half_aisle
    return Edge(near, -half_near, half_near), Edge(far, -half_far, half_far)


def _slope(plan: Plan, index: int, row: int) -> tuple[float, float]:
    """Return the height of a row and its rise over the row in front, which grows evenly; 0 for the first row."""
    ring = plan.rings[index]
    front, back = ring.rise_m
    growth = (back - front) / (max(stand.rows[index] for stand in plan.stands) - 1)
    height = ring.front_height_m + row * front + growth * row * (row - 1) / 2
    return height, front + growth * (row - 1) if row else 0.0


def tread_height(plan: Plan, index: int, row: int) -> float:
    """Return the height of a row's tread above the pitch in metres; rows count from 0."""
    return _slope(plan, index, row)[0]


def _row(plan: Plan, index: int, span: Span, row: int) -> RowDraft:
    bowl, ring, number = plan.bowl, plan.rings[index], row + 1
    d = ring_fronts(plan)[index] + row * centimetres(bowl.row_depth_m)
    in_portal = bool(ring.portal_rows) and ring.portal_rows[0] <= number <= ring.portal_rows[1]
    gap = centimetres(bowl.portal_m if in_portal else bowl.aisle_m)
    pitch = centimetres(bowl.seat_pitch_m)
    count = int((span.length(d) - centimetres(bowl.aisle_m) - gap) / 2 // pitch)
    segments = [
        Segment(d, -gap // 2 - pitch // 2 - (count - 1) * pitch, pitch, count),
        Segment(d, gap // 2 + pitch // 2, pitch, count),
    ]
    height, rise = _slope(plan, index, row)
    return RowDraft(str(number), height, rise, segments, easy=number in ring.easy_rows)


def _platform(plan: Plan, last: RowDraft, span: Span, pairs: int) -> RowDraft:
    """Return the platform row: wheelchair spaces and companion seats in turn, with passages between groups."""
    platform = plan.platform
    d = last.segments[0].d + centimetres(platform.behind_last_row_m)
    pitch = centimetres(platform.space_width_m + plan.bowl.seat_pitch_m) // 2
    whole, rest = divmod(pairs, platform.pairs_together)
    sizes = [platform.pairs_together] * whole + ([rest] if rest else [])
    passage = centimetres(platform.passage_m)
    width = sum(2 * size * pitch for size in sizes) + passage * (len(sizes) - 1)
    if width > span.length(d):
        raise ValueError(f"{pairs} wheelchair spaces do not fit behind a block {span.length(d) / 100:.1f} m wide")
    segments, t = [], -width // 2
    for size in sizes:
        segments.append(Segment(d, t + pitch // 2, pitch, 2 * size))
        t += 2 * size * pitch + passage
    return RowDraft(platform.row, last.height + platform.rise_m, platform.rise_m, segments, platform=True)


def _boxes(plan: Plan, stand: StandPlan) -> Iterator[BlockDraft]:
    if not stand.boxes_straight and not stand.boxes_corner:
        return
    places = cycle(plan.boxes.places)
    front = ring_fronts(plan)[BOX_RING - 1] + centimetres(plan.boxes.behind_ring_m)
    front += (max(other.rows[BOX_RING - 1] for other in plan.stands) - 1) * centimetres(plan.bowl.row_depth_m)
    spans = stand_spans(plan, stand, 1, 1)
    whole = sum(span.length(front) for span in spans)
    passed = 0.0
    for span, boxes in zip(spans, (stand.boxes_corner, stand.boxes_straight, stand.boxes_corner), strict=True):
        length = span.length(front)
        for box in _boxes_of_span(plan, stand, span, list(islice(places, boxes)), front):
            middle = box.position + length / 2
            box.position = (passed + middle) / whole
            yield box
        passed += length


def _boxes_of_span(plan: Plan, stand: StandPlan, span: Span, places: list[int], front: int) -> Iterator[BlockDraft]:
    """Yield boxes at equal gaps; `position` is their middle in the span, in centimetres."""
    if not places:
        return
    pitch, wall = centimetres(plan.bowl.seat_pitch_m), centimetres(plan.boxes.wall_m)
    widths = [-(-count // plan.boxes.rows) * pitch for count in places]
    gap = (span.length(front) - sum(widths)) / len(widths)
    if gap < wall:
        raise ValueError(f"{len(places)} boxes do not fit into {span.length(front) / 100:.1f} m of stand {stand.code}")
    left, half_row = -span.length(front) / 2 + gap / 2, centimetres(plan.bowl.row_depth_m) / 2
    for count, width in zip(places, widths, strict=True):
        rows = list(_box_rows(plan, count, -width // 2, front))
        middle, back = left + width / 2, rows[-1].segments[0].d
        near, far = (Edge(d, -width / 2, width / 2) for d in (front - half_row, back + half_row))
        frame = turned(span.frame, front, middle)
        yield BlockDraft(stand, BOX_RING, "box", frame, middle, near, far, rows=rows)
        left += width + gap


def _box_rows(plan: Plan, places: int, left: int, front: int) -> Iterator[RowDraft]:
    boxes, pitch = plan.boxes, centimetres(plan.bowl.seat_pitch_m)
    bottom, _ = _slope(plan, BOX_RING - 1, max(stand.rows[BOX_RING - 1] for stand in plan.stands))
    share, extra = divmod(places, boxes.rows)
    for row in range(boxes.rows):
        count = share + (row < extra)
        d = front + row * centimetres(plan.bowl.row_depth_m)
        segment = Segment(d, left + pitch // 2, pitch, count)
        yield RowDraft(str(row + 1), bottom + row * boxes.rise_m, boxes.rise_m if row else 0.0, [segment])


def _shorten(stand: StandPlan, blocks: list[BlockDraft]) -> None:
    """Remove seats from the ends of the last rows of the last ring, away from the stairs inside the blocks."""
    surplus = sum(block.seats for block in blocks) - stand.seats
    if surplus < 0:
        raise ValueError(f"stand {stand.code} is {-surplus} seats too small for the {stand.seats} of the plan")
    last_ring = max(block.ring for block in blocks)
    last = [block for block in blocks if block.ring == last_ring]
    for back in range(1, stand.rows[-1] + 1):
        for side in (0, 1):
            for block in last:
                if not surplus:
                    return
                segment = [row for row in block.rows if not row.platform][-back].segments[side]
                segment.count -= 1
                segment.t += segment.pitch * (side == 0)
                surplus -= 1
    if surplus:
        raise ValueError(f"stand {stand.code} is {surplus} seats too large for the {stand.seats} of the plan")
