"""Geometry of rows: each is parallel to an inner rectangle, straight along its sides and an arc at its corners.

A frame fixes one direction away from the pitch; in it a seat is given by `d`, its distance from the inner rectangle
(the radius, at a corner), and `t`, its distance along the row, clockwise seen from above, from the frame's middle.
All of them are integer centimetres, so a plan, a server and a browser compute the same seat:

    angle = facing - (t / d if curved else 0)
    x = frame.x + d * cos(angle) + (0 if curved else t * sin(facing))
    y = frame.y + d * sin(angle) - (0 if curved else t * cos(facing))
"""

from math import atan2, cos, hypot, pi, radians, sin

import numpy as np
import numpy.typing as npt
from msgspec import Struct

Floats = npt.NDArray[np.float64]


def centimetres(metres: float) -> int:
    """Return a length of the plan in integer centimetres, the unit of all geometry."""
    return round(metres * 100)


class Frame(Struct, frozen=True):
    """Origin in centimetres on the inner rectangle, direction in thousandths of a degree."""

    x: int
    y: int
    facing_mdeg: int
    curved: bool


def point(frame: Frame, d: float, t: float) -> tuple[float, float]:
    """Return a point of a frame, in metres."""
    facing = radians(frame.facing_mdeg / 1000)
    if frame.curved:
        angle = facing - t / d
        return (frame.x + d * cos(angle)) / 100, (frame.y + d * sin(angle)) / 100
    x, y = frame.x + d * cos(facing) + t * sin(facing), frame.y + d * sin(facing) - t * cos(facing)
    return x / 100, y / 100


def local(frame: Frame, x_m: float, y_m: float) -> tuple[float, float]:
    """Return `d` and `t` of a point in metres: the inverse of `point`."""
    facing = radians(frame.facing_mdeg / 1000)
    x, y = 100 * x_m - frame.x, 100 * y_m - frame.y
    if frame.curved:
        turn = (facing - atan2(y, x) + pi) % (2 * pi) - pi
        return hypot(x, y), turn * hypot(x, y)
    return x * cos(facing) + y * sin(facing), x * sin(facing) - y * cos(facing)


def points(frames: npt.NDArray[np.int32], d: npt.NDArray[np.int32], t: npt.NDArray[np.int32]) -> tuple[Floats, Floats]:
    """Return many points, in metres; each row of `frames` is x, y, facing_mdeg, curved."""
    x, y, facing_mdeg, curved = frames.T
    facing = np.radians(facing_mdeg / 1000.0)
    angle = facing - np.divide(t, d, out=np.zeros(len(t)), where=curved.astype(bool))
    along = np.where(curved, 0, t)
    return (x + d * np.cos(angle) + along * np.sin(facing)) / 100, (
        y + d * np.sin(angle) - along * np.cos(facing)
    ) / 100
