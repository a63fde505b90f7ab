"""Waiting times at the security check and at the gates, estimated from counters that only send pulses.

Lane `arrived:N1` counts arrivals at the check of ramp N1, `searched:N1` people who leave it. Without a counter after
the check, its rate is assumed: 600 people per hour and lane (pat-down at low risk). Lane `arrived` counts arrivals at
the gate of its scan; the gate's entries leave that queue.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Final

from msgspec import Struct

SEARCHED_PER_MINUTE: Final = 10.0
"""Rate of a lane; the security check is the bottleneck of an entrance, not the scan."""
MINUTE: Final = timedelta(minutes=1)
ARRIVED, SEARCHED, AT_GATE, OUT = "arrived:", "searched:", "arrived", "out"
"""Lane `out` counts every exit by the gate of its scan."""

Minutes = Mapping[datetime, float]
"""People by minute."""


class Queue(Struct, frozen=True):
    """Queue before the security check of a ramp; `is_measured`: exits of the check are counted, not assumed."""

    ramp: str
    lanes: int
    waiting: int
    wait_s: int
    arrivals_per_minute: float
    is_measured: bool


class GateQueue(Struct, frozen=True):
    """Queue before a gate; `wait_s` is None where people wait and the flow is zero.

    `is_measured`: a counter stands at the gate. Otherwise the queue is the gate's share of the people who left the
    check of the nearest ramp and entered by none of its gates yet.
    """

    waiting: int
    wait_s: int | None
    is_measured: bool


class Counts(Struct, frozen=True):
    """Counts on the way in, by minute.

    `at_gates` are arrivals by gate with a counter, `through` people who left the check by ramp, `entered` entries by
    gate, or by ramp (`ramp:N1`) for all gates that share its queue.
    """

    at_gates: Mapping[str, Minutes]
    through: Mapping[str, Minutes]
    entered: Mapping[str, Minutes]


def add_up(counts: Iterable[Minutes]) -> dict[datetime, float]:
    """Return the sum of counts minute by minute."""
    total: dict[datetime, float] = {}
    for minutes in counts:
        for minute, people in minutes.items():
            total[minute] = total.get(minute, 0) + people
    return total


def still_waiting(came: Minutes, went: Minutes, now: datetime) -> float:
    """Return how many arrived and have not left, minute by minute and never below zero."""
    waiting = 0.0
    for minute in sorted({*came, *went}):
        if minute <= now:
            waiting = max(0.0, waiting + came.get(minute, 0) - went.get(minute, 0))
    return waiting


def through_search(arrived: Minutes, searched: Minutes, lanes: int, now: datetime) -> Minutes:
    """Return people who left a check by minute: as counted, else at its rate while people wait."""
    if searched:
        return searched
    rate, waiting, minute = lanes * SEARCHED_PER_MINUTE, 0.0, min(arrived, default=now)
    through: dict[datetime, float] = {}
    while minute <= now:
        waiting += arrived.get(minute, 0)
        through[minute] = min(waiting, rate * min(1.0, (now - minute) / MINUTE))
        waiting -= through[minute]
        minute += MINUTE
    return through


def queue(ramp: str, lanes: int, arrived: Minutes, searched: Minutes, now: datetime) -> Queue:
    """Return the estimated queue before a check."""
    waiting = still_waiting(arrived, through_search(arrived, searched, lanes, now), now)
    lately = sum(count for at, count in arrived.items() if now - 5 * MINUTE < at + MINUTE) / 5
    wait_s = round(60 * waiting / (lanes * SEARCHED_PER_MINUTE))
    return Queue(ramp, lanes, round(waiting), wait_s, lately, bool(searched))


def entered_by(counts_at: Iterable[str], tied: Mapping[str, str], ramps: Iterable[str]) -> dict[str, str]:
    """Return the key of `Counts.entered` for the entries of each gate; gates without an estimate are missing.

    `counts_at` are gates with a counter, `tied` names the nearest ramp of each gate, `ramps` are those with a counted
    check.
    """
    counted, known = set(counts_at), set(ramps)
    shared = {gate: f"ramp:{ramp}" for gate, ramp in tied.items() if ramp in known}
    return shared | {gate: gate for gate in counted}


def gate_queues(
    counts: Counts, tied: Mapping[str, str], flow_per_minute: Mapping[str, float], now: datetime
) -> dict[str, GateQueue]:
    """Return the estimated queue before each gate with a counter, and before open gates behind a counted check.

    `flow_per_minute` has open gates only, because closed gates have no queue.
    """
    found = {}
    for gate, came in counts.at_gates.items():
        waiting = round(still_waiting(came, counts.entered.get(gate, {}), now))
        found[gate] = GateQueue(waiting, _wait_s(waiting, flow_per_minute.get(gate, 0.0)), is_measured=True)
    for ramp, through in counts.through.items():
        behind = [gate for gate, nearest in tied.items() if nearest == ramp]
        sharing = {gate: flow_per_minute[gate] for gate in behind if gate in flow_per_minute and gate not in found}
        gone = add_up([counts.entered.get(f"ramp:{ramp}", {}), *(counts.at_gates.get(gate, {}) for gate in behind)])
        for gate, waiting in share(round(still_waiting(through, gone, now)), sharing).items():
            found[gate] = GateQueue(waiting, _wait_s(waiting, sharing[gate]), is_measured=False)
    return found


def share(people: int, flow: Mapping[str, float]) -> dict[str, int]:
    """Return people split over gates in proportion to their flow, evenly without flow; the shares add up."""
    weights = list(flow.values()) if any(flow.values()) else [1.0] * len(flow)
    ends = [0, *(round(people * upto / sum(weights)) for upto in accumulate(weights))]
    return {gate: end - start for gate, (start, end) in zip(flow, pairwise(ends), strict=True)}


def _wait_s(waiting: int, per_minute: float) -> int | None:
    if waiting == 0:
        return 0
    return round(60 * waiting / per_minute) if per_minute > 0 else None
