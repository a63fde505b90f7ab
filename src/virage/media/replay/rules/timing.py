"""When a picture was seen, from when it arrived: cameras share no clock with us, and no transport is even.

A packet arrives its transport's delay after it was seen, and up to a second more where something held it up. The least
of arrival less media time over a while is that of the packets which nothing held up: media time counts from there.
"""

from collections import deque
from math import inf
from typing import Final

WINDOW_S: Final = 10.0
WINDOWS: Final = 6
SLEW: Final = 0.0005
"""How fast it follows a camera whose clock is slow (500 ppm; quartz has 100 at most), and no delay of a minute."""


class Arrivals:
    """The arrivals of one take. All times are seconds; `media_s` is that of the take, `arrived_s` of our clock."""

    def __init__(self) -> None:
        self._zero_s = inf
        self._last_s = -inf
        self._windows: deque[tuple[float, float]] = deque(maxlen=WINDOWS)

    def note(self, media_s: float, arrived_s: float) -> None:
        """A packet that is shown at `media_s` has arrived."""
        lag_s = arrived_s - media_s
        if not self._windows or arrived_s - self._windows[-1][0] >= WINDOW_S:
            self._windows.append((arrived_s, lag_s))
        elif lag_s < self._windows[-1][1]:
            self._windows[-1] = (self._windows[-1][0], lag_s)
        least_s = min(lag for _, lag in self._windows)
        self._zero_s = min(least_s, self._zero_s + SLEW * max(0.0, arrived_s - self._last_s))
        self._last_s = arrived_s

    def arrived(self, media_s: float) -> float:
        """When what is shown at `media_s` would have arrived with nothing to hold it up."""
        return self._zero_s + media_s
