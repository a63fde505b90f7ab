"""The walking graph of the venue: walkways by floor, with lengths and speeds.

Nodes are points on floors; edges are level walks, ramps, stairs and lifts, as the venue file gives them. Seats are not
nodes: from the entry of a block, the rest is stairs and one row (`routing.to_seat`).

Speeds are those of free walking (U. Weidmann, Transporttechnik der Fussgaenger, 1993): 1.34 m/s on the level, on stairs
0.61 m/s up and 0.694 m/s down, measured along the horizontal.
"""

from enum import StrEnum
from math import ceil
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

WALK_M_S = 1.34
STAIRS_UP_M_S, STAIRS_DOWN_M_S = 0.61, 0.694
STEP_RISE_M, STEP_RUN_M = 0.17, 0.29
LIFT_WAIT_S, LIFT_DOORS_S, LIFT_M_S = 45.0, 10.0, 1.0
LEAST_M = 0.5  # a sparse matrix has no edges of length 0


class Kind(StrEnum):
    """The kind of an edge."""

    LEVEL = "level"
    RAMP = "ramp"
    STAIRS = "stairs"
    LIFT = "lift"


KINDS = tuple(Kind)


class Node(Struct, frozen=True):
    """A point on a floor, in metres; `height` is above the pitch. `code` (`gate:A1`, ...) names the object there."""

    code: str
    floor: str
    x: float
    y: float
    height: float


class Edges(Struct, frozen=True, eq=False):
    """Edges between nodes; one entry per edge.

    `a` and `b` are nodes, `metres` is the horizontal length, `rise` is in metres from a to b, `kind` an index into
    `KINDS`, `width` in metres, `lift` an index into `WalkGraph.lifts` (-1: none), `seconds` from a to b, `back` from b
    to a.
    """

    a: npt.NDArray[np.int32]
    b: npt.NDArray[np.int32]
    metres: npt.NDArray[np.float64]
    rise: npt.NDArray[np.float64]
    kind: npt.NDArray[np.int8]
    width: npt.NDArray[np.float64]
    lift: npt.NDArray[np.int16]
    seconds: npt.NDArray[np.float64]
    back: npt.NDArray[np.float64]


class WalkGraph(Struct, frozen=True, eq=False):
    """The graph of a venue; `index` maps codes to nodes, `lifts` lists the lifts.

    `entry_cm` is the distance (as of rows) of the entry of each block, by code; `outside` tells for each node whether
    it is in front of the gates.
    """

    nodes: tuple[Node, ...]
    edges: Edges
    index: dict[str, int]
    lifts: tuple[str, ...]
    entry_cm: dict[str, int]
    outside: tuple[bool, ...]


_NO_INTS: Final = np.zeros(0, np.int32)
_NO_FLOATS: Final = np.zeros(0, np.float64)
EMPTY_WALK_GRAPH: Final = WalkGraph(
    (),
    Edges(
        _NO_INTS,
        _NO_INTS,
        _NO_FLOATS,
        _NO_FLOATS,
        np.zeros(0, np.int8),
        _NO_FLOATS,
        np.zeros(0, np.int16),
        _NO_FLOATS,
        _NO_FLOATS,
    ),
    {},
    (),
    {},
    (),
)


def steps_of(rise: float) -> int:
    """Return the number of steps for a rise or fall in metres."""
    return ceil(abs(rise) / STEP_RISE_M - 1e-9)
