"""Quality of a seat's view of the pitch, from 0 (worst of the venue) to 1 (best).

Four parts, each from 0 to 1, weighted by `WEIGHTS`:

- distance: from the eye to the furthest corner of the pitch; 1 at 90 m or less, 0 at 190 m, the limits that Sheard,
  John and Vickery ("Stadia: the populous design and development guide") give for football.
- side: how close to the halfway line, |y| / (|x| + |y|) of the seat.
- height: the angle under which the centre spot is seen; 1 at 15 degrees or more, 0 on the level.
- view over the row in front: the C-value of EN 13200-1 and of the "Guide to Safety at Sports Grounds",
  C = D * (N + R) / (D + T) - R, with D the distance from the eye to the nearest point of the pitch, R the height of the
  eye over the pitch, N the rise and T the depth of a row, all in metres; 0 at 60 mm (the least that is acceptable)
  and 1 at 120 mm (good). A first row has no row in front.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WEIGHTS = {"distance": 0.40, "side": 0.30, "height": 0.15, "view": 0.15}
NEAR_M, FAR_M = 90.0, 190.0
ENOUGH_HEIGHT_DEG = 15.0
C_ACCEPTABLE_M, C_GOOD_M = 0.06, 0.12


def c_value(distance: Floats, eye: Floats, rise: Floats, depth: Floats) -> Floats:
    """Return the C-value: metres by which the sightline to the nearest point clears the eyes of the row in front."""
    return distance * (rise + eye) / (distance + depth) - eye


def sightlines(
    x: Floats, y: Floats, *, eye: Floats, rise: Floats, depth: Floats, pitch: tuple[float, float]
) -> npt.NDArray[np.float32]:
    """Return the scores of all seats; `eye` is the eye height over the pitch, `rise` 0 if unknown or in a first row."""
    if not len(x):
        return np.zeros(0, dtype=np.float32)
    half_x, half_y = pitch[0] / 2, pitch[1] / 2
    furthest = np.sqrt((np.abs(x) + half_x) ** 2 + (np.abs(y) + half_y) ** 2 + eye**2)
    nearest = np.hypot(np.maximum(np.abs(x) - half_x, 0), np.maximum(np.abs(y) - half_y, 0))
    clearance = np.where(rise > 0, c_value(nearest, eye, rise, depth), C_GOOD_M)
    parts = {
        "distance": (FAR_M - furthest) / (FAR_M - NEAR_M),
        "side": np.abs(y) / np.maximum(np.abs(x) + np.abs(y), 0.01),
        "height": np.degrees(np.arctan2(eye, np.hypot(x, y))) / ENOUGH_HEIGHT_DEG,
        "view": (clearance - C_ACCEPTABLE_M) / (C_GOOD_M - C_ACCEPTABLE_M),
    }
    score = sum((WEIGHTS[name] * np.clip(part, 0, 1) for name, part in parts.items()), np.zeros_like(x))
    spread = max(float(score.max() - score.min()), 1e-9)  # all views may be equal
    normal: Floats = (score - score.min()) / spread
    return normal.astype(np.float32)
