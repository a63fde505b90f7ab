"""How long one waits at the search and at the gates: from counters that only send pulses.

A lane `arrived:N1` counts who comes to the search of ramp N1, `searched:N1` who comes through it. Where nothing counts
the second, the search is taken to work at its rate: 600 people an hour and lane, a pat-down at low risk. A lane
`arrived` counts who comes to the gate of its scan; who leaves that queue are the gate's entries.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Final

from msgspec import Struct

SEARCHED_A_MINUTE: Final = 10.0
"""A lane's rate; the search is the bottleneck of an entrance, not the scan."""
MINUTE: Final = timedelta(minutes=1)
ARRIVED, SEARCHED, AT_GATE, OUT = "arrived:", "searched:", "arrived", "out"
"""`out` counts who leaves by the gate of its scan, whoever they are."""

Minutes = Mapping[datetime, float]
"""People by minute."""


class Queue(Struct, frozen=True):
    """The queue before the search of a ramp; `is_measured`: its way out is counted too, and not taken from the rate."""

    ramp: str
    lanes: int
    waiting: int
    wait_s: int
    arriving_a_minute: float
    is_measured: bool


class GateQueue(Struct, frozen=True):
    """Who waits before a gate; `wait_s` is None where people wait and nobody went in lately.

    `is_measured`: a counter stands at the gate. Otherwise it is the gate's share of those who came through the search
    of the nearest ramp and are in by none of its gates yet.
    """

    waiting: int
    wait_s: int | None
    is_measured: bool


class Counts(Struct, frozen=True):
    """What is counted on the way in, by minute.

    `at_gates` are arrivals by gate where a counter stands, `through` who came through the search by ramp where one is
    counted, `entered` entries by gate, or by ramp (`ramp:N1`) for all gates that share what stands behind its search.
    """

    at_gates: Mapping[str, Minutes]
    through: Mapping[str, Minutes]
    entered: Mapping[str, Minutes]


def together(counts: Iterable[Minutes]) -> dict[datetime, float]:
    """Add people up, minute by minute."""
    total: dict[datetime, float] = {}
    for one in counts:
        for minute, people in one.items():
            total[minute] = total.get(minute, 0) + people
    return total


def still_there(came: Minutes, went: Minutes, now: datetime) -> float:
    """Return who came and has not gone, minute by minute and never less than nobody."""
    waiting = 0.0
    for minute in sorted({*came, *went}):
        if minute <= now:
            waiting = max(0.0, waiting + came.get(minute, 0) - went.get(minute, 0))
    return waiting


def through_search(arrived: Minutes, searched: Minutes, lanes: int, now: datetime) -> Minutes:
    """Return who came through a search by minute: as counted, else at its rate while somebody waits."""
    if searched:
        return searched
    rate, waiting, minute = lanes * SEARCHED_A_MINUTE, 0.0, min(arrived, default=now)
    through: dict[datetime, float] = {}
    while minute <= now:
        waiting += arrived.get(minute, 0)
        through[minute] = min(waiting, rate * min(1.0, (now - minute) / MINUTE))
        waiting -= through[minute]
        minute += MINUTE
    return through


def queue(ramp: str, lanes: int, arrived: Minutes, searched: Minutes, now: datetime) -> Queue:
    """Estimate the queue before a search: each minute adds who came, and takes away who was searched."""
    waiting = still_there(arrived, through_search(arrived, searched, lanes, now), now)
    lately = sum(count for at, count in arrived.items() if now - 5 * MINUTE < at + MINUTE) / 5
    wait_s = round(60 * waiting / (lanes * SEARCHED_A_MINUTE))
    return Queue(ramp, lanes, round(waiting), wait_s, lately, bool(searched))


def entered_by(counts_at: Iterable[str], tied: Mapping[str, str], ramps: Iterable[str]) -> dict[str, str]:
    """Return under which key of `Counts.entered` the entries of each gate belong; gates without estimate are missing.

    `counts_at` are gates with a counter, `tied` names the nearest ramp of each gate, `ramps` are those with a counted
    search.
    """
    counted, known = set(counts_at), set(ramps)
    shared = {gate: f"ramp:{ramp}" for gate, ramp in tied.items() if ramp in known}
    return shared | {gate: gate for gate in counted}


def gate_queues(
    counts: Counts, tied: Mapping[str, str], flow_a_minute: Mapping[str, float], now: datetime
) -> dict[str, GateQueue]:
    """Estimate the queue before each gate that is counted, and before open ones behind a counted search.

    `flow_a_minute` has the open gates alone: nobody is expected before a gate that is closed.
    """
    found = {}
    for gate, came in counts.at_gates.items():
        waiting = round(still_there(came, counts.entered.get(gate, {}), now))
        found[gate] = GateQueue(waiting, _wait_s(waiting, flow_a_minute.get(gate, 0.0)), is_measured=True)
    for ramp, through in counts.through.items():
        behind = [gate for gate, nearest in tied.items() if nearest == ramp]
        sharing = {gate: flow_a_minute[gate] for gate in behind if gate in flow_a_minute and gate not in found}
        gone = together([counts.entered.get(f"ramp:{ramp}", {}), *(counts.at_gates.get(gate, {}) for gate in behind)])
        for gate, waiting in share(round(still_there(through, gone, now)), sharing).items():
            found[gate] = GateQueue(waiting, _wait_s(waiting, sharing[gate]), is_measured=False)
    return found


def share(people: int, flow: Mapping[str, float]) -> dict[str, int]:
    """Split people over gates in proportion to their flow, evenly where nothing flows; the shares add up to them."""
    weights = list(flow.values()) if any(flow.values()) else [1.0] * len(flow)
    ends = [0, *(round(people * upto / sum(weights)) for upto in accumulate(weights))]
    return {gate: end - start for gate, (start, end) in zip(flow, pairwise(ends), strict=True)}


def _wait_s(waiting: int, a_minute: float) -> int | None:
    if waiting == 0:
        return 0
    return round(60 * waiting / a_minute) if a_minute > 0 else None
