"""The final capacity of a venue: the least of what is authorised, what can enter, what it holds, and what can leave.

Figures are those of the Guide to Safety at Sports Grounds (Green Guide), 6th edition, except for the units of passage,
which are those of the French regulation of public buildings (ERP), articles CO 36 and PA 7. Both are shown; the
authorised capacity is that of the prefect's order and stands in the venue file.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from virage.control.safety.rules.egress import PLANNING
from virage.site.venue.types import Safety

PEOPLE_PER_GATE_H: Final = 660
"""People who pass one entry in an hour, at most; all enter within one hour."""
EGRESS_MIN: Final = 8
"""Minutes of normal egress, at most. Emergency egress is counted with the same time, that of a low fire risk (est.)."""
UNIT_M: Final = 0.6
ONE_UNIT_M, TWO_UNITS_M = 0.9, 1.4
PEOPLE_PER_UNIT: Final = 300
"""People per unit of passage in an open-air venue (type PA, article PA 7)."""
ROUNDING: Final = 1e-6


class CapacityLimit(StrEnum):
    """What may limit the capacity of a venue."""

    AUTHORISED = "authorised"
    ENTRY = "entry"
    HOLDING = "holding"
    EXIT = "exit"
    EMERGENCY = "emergency"
    PASSAGE_UNITS = "passage_units"


class FinalCapacity(Struct, frozen=True, kw_only=True):
    """The final capacity of a venue in people, and what limits it.

    `limits` has each known figure; one that the venue file does not give is left out. `passage_units` are those of all
    exits. `are_exits_given` is false if the file lists no exits (`safety.exits`): then the groups of gates are counted.
    """

    people: int
    limited_by: CapacityLimit
    limits: dict[CapacityLimit, int]
    passage_units: int
    are_exits_given: bool


def passage_units(width_m: float) -> int:
    """Return the units of passage of an exit (CO 36): one from 0.90 m, two from 1.40 m, then one per full 0.60 m."""
    if width_m < ONE_UNIT_M - ROUNDING:
        return 0
    return 1 if width_m < TWO_UNITS_M - ROUNDING else max(2, int(width_m / UNIT_M + ROUNDING))


def final_capacity(*, places: int, gates: int, safety: Safety, gate_groups_m: Sequence[float]) -> FinalCapacity:
    """Return the final capacity of a venue at an event.

    `places` are those in use, `gates` the number of gates, `safety` that of the venue file. The exits are those of the
    file; if it has none, the groups of gates with their widths in metres. The venue holds its places times the lower of
    the P and S factors. In an emergency the widest exit is taken as lost.
    """
    widths = [one.clear_width_m for one in safety.exits] or list(gate_groups_m)
    factor = min((one for one in (safety.p_factor, safety.s_factor) if one is not None), default=1.0)
    units = sum(map(passage_units, widths))
    per_m = PLANNING.level * EGRESS_MIN
    limits = {
        CapacityLimit.ENTRY: gates * PEOPLE_PER_GATE_H,
        CapacityLimit.HOLDING: int(places * factor + ROUNDING),
        CapacityLimit.EXIT: int(sum(widths) * per_m + ROUNDING),
        CapacityLimit.EMERGENCY: int((sum(widths) - max(widths, default=0.0)) * per_m + ROUNDING),
        CapacityLimit.PASSAGE_UNITS: units * PEOPLE_PER_UNIT,
    }
    if safety.authorised_capacity is not None:
        limits = {CapacityLimit.AUTHORISED: safety.authorised_capacity, **limits}
    least = min(limits, key=limits.__getitem__)
    return FinalCapacity(
        people=limits[least],
        limited_by=least,
        limits=limits,
        passage_units=units,
        are_exits_given=bool(safety.exits),
    )
