"""A small SVG map of the venue for paper tickets: the place, and the route to it from its gate."""

from collections.abc import Iterator, Sequence
from math import hypot
from typing import Final
from xml.sax.saxutils import escape

from virage.site.venue.rules.routing import Entrance
from virage.site.venue.rules.venue import Venue, local_code

Point = tuple[float, float]

_STYLE: Final = 'font-family="Archivo" font-weight="700" text-anchor="middle" stroke-linejoin="round"'
_AROUND_M: Final = 22
_STAND_NAME_M: Final = 10


def plan_svg(venue: Venue, end: str, entrance: Entrance, colour: str) -> str:
    """Return the venue with the block or area `end` in `colour`, and the route there from the gate.

    Lengths are metres from the middle of the pitch; y points down, as SVG has it.
    """
    outlines = {block.code: list(_points(block.outline)) for block in venue.blocks}
    outlines |= {area.code: list(_points(area.outline)) for area in venue.areas if area.code == end}
    legs = entrance.route.legs
    inside = 1 + next(at for at, leg in enumerate(legs) if leg.to == entrance.gate)
    gate = list(_metres(legs[inside - 1].line))[-1]
    route = [gate, *(point for leg in legs[inside:] for point in _metres(leg.line))]
    end_x, end_y = route[-1]
    everything = [*route, *(point for outline in outlines.values() for point in outline)]
    (left, right), (top, bottom) = ((min(of) - _AROUND_M, max(of) + _AROUND_M) for of in zip(*everything, strict=True))
    long, wide = venue.pitch
    box = f"{left:.1f} {top:.1f} {right - left:.1f} {bottom - top:.1f}"
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" {_STYLE}>',
            f'<rect x="{-long / 2}" y="{-wide / 2}" width="{long}" height="{wide}" fill="#dfe9dc"/>',
            *(
                f'<path d="{_path(outline)}Z" fill="{colour if code == end else "#fff"}" stroke="#999"/>'
                for code, outline in outlines.items()
            ),
            *_stand_names(venue),
            f'<path d="{_path(route)}" fill="none" stroke="#fff" stroke-width="7"/>',
            f'<path d="{_path(route)}" fill="none" stroke="#111" stroke-width="3.5"/>',
            f'<circle cx="{end_x:.1f}" cy="{end_y:.1f}" r="5" fill="#111" stroke="#fff" stroke-width="2"/>',
            f'<circle cx="{gate[0]:.1f}" cy="{gate[1]:.1f}" r="12" fill="#111" stroke="#fff" stroke-width="2"/>',
            _text(local_code(entrance.gate.partition(":")[2]), *gate, 11, "#fff"),
            "</svg>",
        )
    )


def _stand_names(venue: Venue) -> Iterator[str]:
    for stand in venue.stands:
        own = [block for block in venue.blocks if block.stand == stand.code]
        x, y = (sum(block.centre[axis] for block in own) / len(own) * (1, -1)[axis] for axis in (0, 1))
        length = hypot(x, y)
        x, y = x / length, y / length
        out = max(px * x + py * y for block in own for px, py in _points(block.outline)) + _STAND_NAME_M
        turn = 0 if abs(x) <= abs(y) else -90 if x < 0 else 90
        name = _text(escape(stand.name), 0, 0, 11, "#444")
        yield f'<g transform="translate({x * out:.1f} {y * out:.1f}) rotate({turn})">{name}</g>'


def _text(text: str, x: float, y: float, size: float, ink: str) -> str:
    return f'<text x="{x:.1f}" y="{y + size * 0.36:.1f}" font-size="{size}" fill="{ink}">{text}</text>'


def _points(flat: Sequence[float]) -> Iterator[Point]:
    """Yield the points of x, y, x, y, ..., with y pointing down."""
    return ((flat[at], -flat[at + 1]) for at in range(0, len(flat), 2))


def _metres(line: Sequence[int]) -> Iterator[Point]:
    return ((x / 100, y / 100) for x, y in _points(line))


def _path(line: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line)
