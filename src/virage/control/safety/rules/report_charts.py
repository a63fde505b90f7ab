"""Lines over time of the after-action report, as data of its template."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import log10
from typing import Any, Final

from virage.control.safety.rules.report import Sample, runs
from virage.control.safety.rules.report_pen import Pen

TICKS_MAX: Final = 10
TICK_MINUTES: Final = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
LEVELS_MAX: Final = 4


class Axis:
    """The time axis of all charts: places on it as fractions, and its ticks."""

    def __init__(self, pen: Pen, span: tuple[datetime, datetime]) -> None:
        self.start, self.end = span
        minutes = (self.end - self.start) / timedelta(minutes=1)
        step = next((one for one in TICK_MINUTES if minutes / one <= TICKS_MAX), minutes / TICKS_MAX)
        self.ticks: list[tuple[float, str]] = []
        midnight = pen.local(self.start).replace(hour=0, minute=0, second=0, microsecond=0)
        at = midnight + timedelta(minutes=step) * ((pen.local(self.start) - midnight) // timedelta(minutes=step))
        while at <= self.end:
            if at >= self.start:
                self.ticks.append((self.of(at), pen.hour(at)))
            at += timedelta(minutes=step)

    def of(self, at: datetime) -> float:
        """Return the place of an instant, within the axis."""
        return min(max((at - self.start) / (self.end - self.start), 0.0), 1.0)


def chart(pen: Pen, samples: Sequence[Sample], axis: Axis, top: int, **of: Any) -> dict[str, Any]:
    """Return a line over time. Where nothing was measured there is no line, but a hatched stretch."""
    step = _step(top)
    levels = range(0, max(-(-top // step), 1) * step + 1, step)
    stretches = runs(samples)
    edges = [axis.start, *(one.at for run in stretches for one in (run[0], run[-1])), axis.end]
    gaps = [(axis.of(start), axis.of(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    return {
        "kind": "chart",
        "x": axis.ticks,
        "y": [(level / levels[-1], pen.number(level)) for level in levels],
        "runs": [[(axis.of(one.at), (one.value or 0) / levels[-1]) for one in run] for run in stretches],
        "gaps": [gap for gap in gaps if gap[1] > gap[0]],
        "marks": [],
        "title": "",
        **of,
    }


def _step(top: int) -> int:
    """Return a round step (1, 2 or 5 times a power of ten) that reaches `top` within a few levels."""
    power: int = 10 ** int(log10(max(top / LEVELS_MAX, 1)))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor * LEVELS_MAX >= top)
