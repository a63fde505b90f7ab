"""Lines of stands: the straight sides and rounded corners around the pitch that rows are parallel to."""

from math import cos, degrees, pi, radians, sin

from msgspec import Struct

from virage.demo.venues.plan import Plan, StandPlan
from virage.site.venue.types import Frame, centimetres, point

HALF_CORNER_DEG = 45.0


class Span(Struct, frozen=True):
    """A stretch of a stand's line: `length` at any distance is `straight_cm`, or the arc of `angle_rad`."""

    frame: Frame
    straight_cm: float
    angle_rad: float

    def length(self, d: float) -> float:
        """Return the length of a row at distance `d`, in centimetres."""
        return self.angle_rad * d if self.frame.curved else self.straight_cm


def turned(frame: Frame, d: float, t: float) -> Frame:
    """Return the frame whose middle is the point at `d` and `t` of another one."""
    facing = radians(frame.facing_mdeg / 1000)
    if frame.curved:
        return Frame(frame.x, frame.y, round(degrees(facing - t / d) * 1000) % 360_000, curved=True)
    x, y = frame.x + t * sin(facing), frame.y - t * cos(facing)
    return Frame(round(x), round(y), frame.facing_mdeg, curved=False)


def stand_spans(plan: Plan, stand: StandPlan, straight_parts: int, corner_parts: int) -> list[Span]:
    """Return the parts of a stand's line, clockwise: half a corner, the straight side, half the next corner."""
    before = _corner_spans(plan, stand.facing_deg + HALF_CORNER_DEG / 2, corner_parts)
    after = _corner_spans(plan, stand.facing_deg - HALF_CORNER_DEG / 2, corner_parts)
    return [*before, *_straight_spans(plan, stand, straight_parts), *after]


def inner_half_sides(plan: Plan) -> tuple[int, int]:
    """Return half the sides of the inner rectangle along x and y, in centimetres."""
    inset = plan.bowl.clearance_m - plan.bowl.corner_radius_m
    return centimetres(plan.pitch.length_m / 2 + inset), centimetres(plan.pitch.width_m / 2 + inset)


def _straight_spans(plan: Plan, stand: StandPlan, parts: int) -> list[Span]:
    half_x, half_y = inner_half_sides(plan)
    facing = radians(stand.facing_deg)
    length = 2 * (half_y if abs(cos(facing)) > abs(sin(facing)) else half_x)
    spans = []
    for part in range(parts):
        t = (part + 0.5) * length / parts - length / 2
        x, y = half_x * cos(facing) + t * sin(facing), half_y * sin(facing) - t * cos(facing)
        frame = Frame(round(x), round(y), stand.facing_deg * 1000, curved=False)
        spans.append(Span(frame, length / parts, 0.0))
    return spans


def _corner_spans(plan: Plan, middle_deg: float, parts: int) -> list[Span]:
    half_x, half_y = inner_half_sides(plan)
    width = HALF_CORNER_DEG / parts
    first = middle_deg + HALF_CORNER_DEG / 2 - width / 2
    middles = [first - part * width for part in range(parts)]
    return [
        Span(
            Frame(
                half_x if cos(radians(middle)) > 0 else -half_x,
                half_y if sin(radians(middle)) > 0 else -half_y,
                round(middle * 1000) % 360_000,
                curved=True,
            ),
            0.0,
            width * pi / 180,
        )
        for middle in middles
    ]


def along(spans: list[Span], d: float, fraction: float) -> tuple[float, float]:
    """Return the point at a fraction (0..1, clockwise) of a stand's line at distance `d` (cm), in metres."""
    lengths = [span.length(d) for span in spans]
    rest = fraction * sum(lengths)
    for span, length in zip(spans, lengths, strict=True):
        if rest <= length:
            return point(span.frame, d, rest - length / 2)
        rest -= length
    return point(spans[-1].frame, d, lengths[-1] / 2)
