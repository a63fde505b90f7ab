"""Recording time of video, from its arrival: cameras share no clock with the server, and transports have jitter.

A packet arrives after the delay of its transport, and up to a second more. The minimum of arrival time less media time,
over a while, belongs to packets without jitter: media time is counted from it.
"""

from collections import deque
from math import inf
from typing import Final

WINDOW_S: Final = 10.0
WINDOWS: Final = 6
SLEW: Final = 0.0005
"""Correction rate for cameras with a slow clock (500 ppm; quartz has at most 100), too slow to follow jitter."""


class Arrivals:
    """Arrival times of one take, in seconds. `media_s`: time within the take; `arrived_s`: server time."""

    def __init__(self) -> None:
        self._zero_s = inf
        self._last_s = -inf
        self._windows: deque[tuple[float, float]] = deque(maxlen=WINDOWS)

    def note(self, media_s: float, arrived_s: float) -> None:
        """Add the arrival of a packet with a presentation time."""
        lag_s = arrived_s - media_s
        if not self._windows or arrived_s - self._windows[-1][0] >= WINDOW_S:
            self._windows.append((arrived_s, lag_s))
        elif lag_s < self._windows[-1][1]:
            self._windows[-1] = (self._windows[-1][0], lag_s)
        least_s = min(lag for _, lag in self._windows)
        self._zero_s = min(least_s, self._zero_s + SLEW * max(0.0, arrived_s - self._last_s))
        self._last_s = arrived_s

    def arrived(self, media_s: float) -> float:
        """Return the arrival time of a presentation time without jitter."""
        return self._zero_s + media_s
