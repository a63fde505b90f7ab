"""How long one waits at the search: from counters that only send pulses.

A lane `arrived:N1` counts who comes to the search of ramp N1, `searched:N1` who comes through it. Where nothing counts
the second, the search is taken to work at its rate: 600 people an hour and lane, a pat-down at low risk.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

SEARCHED_A_MINUTE: Final = 10.0
"""A lane's rate; the search is the bottleneck of an entrance, not the scan."""
MINUTE: Final = timedelta(minutes=1)
ARRIVED, SEARCHED, OUT = "arrived:", "searched:", "out"
"""`out` counts who leaves by a gate, whoever they are."""


class Queue(Struct, frozen=True):
    """The queue before the search of a ramp; `is_measured`: its way out is counted too, and not taken from the rate."""

    ramp: str
    lanes: int
    waiting: int
    wait_s: int
    arriving_a_minute: float
    is_measured: bool


def queue(
    ramp: str, lanes: int, arrived: Mapping[datetime, int], searched: Mapping[datetime, int], now: datetime
) -> Queue:
    """Estimate a queue from people by minute: each minute adds who came, and takes away who was searched."""
    rate = lanes * SEARCHED_A_MINUTE
    waiting = 0.0
    minute = min([*arrived, *searched], default=now)
    while minute <= now:
        part = min(1.0, (now - minute) / MINUTE)
        served = searched.get(minute, 0) if searched else rate * part
        waiting = max(0.0, waiting + arrived.get(minute, 0) - served)
        minute += MINUTE
    lately = sum(count for at, count in arrived.items() if now - 5 * MINUTE < at + MINUTE) / 5
    return Queue(ramp, lanes, round(waiting), round(60 * waiting / rate), lately, bool(searched))
