"""How much later one camera brings a picture than another, from flashes of light that both have seen.

No camera shares our clock, but light is there for all of them at once. A lamp that flashes unevenly makes a pattern of
rises in each picture; the shift at which most rises of two cameras meet is how much later one of them is.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from virage.media.replay.rules.cameras import DELAY_MS_MAX

COLUMNS: Final = 16
ROWS: Final = 9
RISE: Final = 40.0  # levels of luma (of 255) by which a ninth by a sixteenth of the picture grows from frame to frame
OF_BRIGHTEST: Final = 0.6  # of the greatest rise, which is the lamp's: players, balls and boards rise too, but less
MEET_MS: Final = 60.0  # a frame and a half at 25 a second
SHIFT_MS_MAX: Final = 10_000.0
MEETINGS_MIN: Final = 6
SHARE_MIN: Final = 0.7  # of the flashes of whoever saw fewer: more than meet by chance


class CameraDelay(Struct, frozen=True):
    """How late a camera is (ms), and by how many flashes that is known; None: too few were seen to tell."""

    camera: str
    delay_ms: int | None
    flashes: int


def grid(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The mean luma of each part of a picture, ROWS by COLUMNS; what does not divide is left out at the edges."""
    height, width = luma.shape[0] // ROWS, luma.shape[1] // COLUMNS
    parts = luma[: height * ROWS, : width * COLUMNS].reshape(ROWS, height, COLUMNS, width)
    means: NDArray[np.float64] = parts.mean(axis=(1, 3))
    return means


def flashes(seen_ms: NDArray[np.float64], grids: NDArray[np.float64]) -> NDArray[np.float64]:
    """When something in the picture became bright at once; frames are in order, each with when it was seen."""
    if len(seen_ms) < 2:  # noqa: PLR2004 - a rise is between two
        return np.empty(0)
    rises = np.diff(grids, axis=0).max(axis=(1, 2))
    found: NDArray[np.float64] = seen_ms[1:][rises >= max(RISE, OF_BRIGHTEST * rises.max())]
    return found[np.concatenate([[True], np.diff(found) > MEET_MS])] if len(found) else found


def shift(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> tuple[float, int] | None:
    """How much later (ms) theirs are than ours, and how many meet; None where too few do, or as many otherwise."""
    differences = (theirs[None, :] - ours[:, None]).ravel()
    differences = np.sort(differences[np.abs(differences) <= SHIFT_MS_MAX])
    if not len(differences):
        return None
    ends = np.searchsorted(differences, differences + MEET_MS, side="right")
    meetings = ends - np.arange(len(differences))
    best = int(meetings.argmax())
    middle = float(np.median(differences[best : ends[best]]))
    others = meetings[np.abs(differences + MEET_MS / 2 - middle) > MEET_MS]
    most = int(meetings[best])
    if most < MEETINGS_MIN or most < SHARE_MIN * min(len(ours), len(theirs)):
        return None
    if len(others) and int(others.max()) >= most:
        return None
    return middle, most


def delays(known_ms: Mapping[str, int], seen: Sequence[tuple[str, NDArray[np.float64]]]) -> list[CameraDelay]:
    """How late each camera is, from its flashes and the delay that was taken off their times; the first is compared to.

    Only differences can be seen: the first keeps its delay, unless another would be early, and then all are later.
    """
    if not seen:
        return []
    (first, ours), *others = seen
    found: dict[str, tuple[float, int]] = {first: (known_ms[first], len(ours))}
    for camera, theirs in others:
        shifted = shift(ours, theirs)
        if shifted is not None:
            found[camera] = (known_ms[camera] + shifted[0], shifted[1])
    lift = -min(0.0, *(delay for delay, _ in found.values()))
    return [_late(camera, found.get(camera), lift) for camera, _ in seen]


def _late(camera: str, found: tuple[float, int] | None, lift: float) -> CameraDelay:
    if found is None:
        return CameraDelay(camera, None, 0)
    return CameraDelay(camera, min(DELAY_MS_MAX, round(found[0] + lift)), found[1])
