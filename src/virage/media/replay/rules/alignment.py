"""Delay between cameras, measured by flashes of light that all of them record.

Cameras share no clock, but light reaches all of them at the same time. A lamp that flashes unevenly makes a pattern of
rises in brightness; the delay between two cameras is the shift at which most of their rises coincide.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from virage.media.replay.rules.cameras import DELAY_MS_MAX

COLUMNS: Final = 16
ROWS: Final = 9
RISE: Final = 40.0  # increase of mean luma (of 255) in a cell from frame to frame
OF_BRIGHTEST: Final = 0.6  # share of the largest rise, that of the lamp; players, balls and boards rise less
COINCIDE_MS: Final = 60.0  # one and a half frames at 25 per second
SHIFT_MS_MAX: Final = 10_000.0
COINCIDENCES_MIN: Final = 6
SHARE_MIN: Final = 0.7  # of the flashes of the camera with fewer: more than coincide by chance


class CameraDelay(Struct, frozen=True):
    """The delay of a camera (ms) and the number of coinciding flashes; None if there are too few."""

    camera: str
    delay_ms: int | None
    flashes: int


def grid(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the mean luma of a picture in ROWS by COLUMNS cells; remainders at the edges are left out."""
    height, width = luma.shape[0] // ROWS, luma.shape[1] // COLUMNS
    parts = luma[: height * ROWS, : width * COLUMNS].reshape(ROWS, height, COLUMNS, width)
    means: NDArray[np.float64] = parts.mean(axis=(1, 3))
    return means


def flashes(seen_ms: NDArray[np.float64], grids: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the times of sudden rises in brightness. `seen_ms`: times of the frames, in order."""
    if len(seen_ms) < 2:  # noqa: PLR2004 - a rise needs two frames
        return np.empty(0)
    rises = np.diff(grids, axis=0).max(axis=(1, 2))
    found: NDArray[np.float64] = seen_ms[1:][rises >= max(RISE, OF_BRIGHTEST * rises.max())]
    return found[np.concatenate([[True], np.diff(found) > COINCIDE_MS])] if len(found) else found


def shift(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> tuple[float, int] | None:
    """Return the delay (ms) of `theirs` and the number of coinciding flashes; None if too few or ambiguous."""
    differences = (theirs[None, :] - ours[:, None]).ravel()
    differences = np.sort(differences[np.abs(differences) <= SHIFT_MS_MAX])
    if not len(differences):
        return None
    ends = np.searchsorted(differences, differences + COINCIDE_MS, side="right")
    coincidences = ends - np.arange(len(differences))
    best = int(coincidences.argmax())
    middle = float(np.median(differences[best : ends[best]]))
    others = coincidences[np.abs(differences + COINCIDE_MS / 2 - middle) > COINCIDE_MS]
    most = int(coincidences[best])
    if most < COINCIDENCES_MIN or most < SHARE_MIN * min(len(ours), len(theirs)):
        return None
    if len(others) and int(others.max()) >= most:
        return None
    return middle, most


def delays(
    known_ms: Mapping[str, int], flashes_by_camera: Sequence[tuple[str, NDArray[np.float64]]]
) -> list[CameraDelay]:
    """Return the delay of each camera, relative to the first, from flashes corrected by the known delays.

    Only differences can be measured: the first camera keeps its delay, unless another delay would be negative; then all
    are raised.
    """
    if not flashes_by_camera:
        return []
    (first, ours), *others = flashes_by_camera
    found: dict[str, tuple[float, int]] = {first: (known_ms[first], len(ours))}
    for camera, theirs in others:
        shifted = shift(ours, theirs)
        if shifted is not None:
            found[camera] = (known_ms[camera] + shifted[0], shifted[1])
    lift = -min(0.0, *(delay for delay, _ in found.values()))
    return [_camera_delay(camera, found.get(camera), lift) for camera, _ in flashes_by_camera]


def _camera_delay(camera: str, found: tuple[float, int] | None, lift: float) -> CameraDelay:
    if found is None:
        return CameraDelay(camera, None, 0)
    return CameraDelay(camera, min(DELAY_MS_MAX, round(found[0] + lift)), found[1])
