"""When everybody is in, and how many people wait at each gate in ten minutes: an ensemble, from the counts so far.

People of each gate group arrive on a curve over time: two groups of normal arrivals, early and late, and a part that
does not come. Candidates for the curve are weighed by the counts so far; members drawn from them go on minute by
minute through gates with a capacity. Model, sources and limits: docs/forecast.md.
"""

from datetime import datetime, timedelta
from math import inf
from typing import Final
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

CANDIDATES: Final = 4_000
MEMBERS: Final = 400
AHEAD_MIN: Final = 10
"""The minutes that the figures of gates look ahead."""
LIMIT: Final = timedelta(minutes=60)
"""The forecast ends so long after the start of the event."""
ALL_IN: Final = 0.99
"""Everybody counts as in with this share of the people who come: the last ones come at half-time."""
GATE_PER_MIN: Final = 11.0
"""People per minute through a gate: at most 660 an hour (Guide to Safety at Sports Grounds, 6th ed., entry)."""
CAPACITY_SD: Final = 0.15
"""Relative deviation of the capacity of a gate."""
BLOCK_MIN: Final = 5
NOISE: Final = 0.12
"""Relative deviation of the arrivals in `BLOCK_MIN` minutes from their curve."""
EFFECTIVE_MIN: Final = 200
"""At least so many candidates keep their weight: the curve of the model is never the true one."""
PACE_SD: Final = 0.12
"""Deviation of the pace at which the people who are still to come arrive."""
SHARE_WEIGHT: Final = 30.0
"""The share of a gate in its group is as certain as if so many people per gate had been counted, at most."""


class EntryGate(Struct, frozen=True):
    """A gate in use: its group, whether it is open, people in, people who wait (None if not counted).

    `peak` is its highest flow so far in people per minute, a mean of five.
    """

    code: str
    group: int
    is_open: bool
    entered: float
    queue: float | None
    peak: float


class EntryState(Struct, frozen=True):
    """What is known at an instant. Times are minutes after the doors; `expected` are tickets by group of gates.

    `history` has the people in at past minutes, with the instant itself as the last one.
    """

    now: float
    start: float
    expected: list[int]
    gates: list[EntryGate]
    history: list[tuple[float, float]]


class EntryBand(Struct, frozen=True):
    """The median, and the limits between which 95 % of the members lie."""

    median: int
    low: int
    high: int


class GateOutlook(Struct, frozen=True):
    """A gate in ten minutes: people who wait (median, 95th percentile), people in per minute until then (median).

    `is_counted`: its queue now is counted; otherwise it follows from the model.
    """

    code: str
    waiting: int
    waiting_p95: int
    per_minute: float
    is_counted: bool


class EntryOutlook(Struct, frozen=True):
    """People in ten minutes from now; minutes from now until all are in, None if after the limit; all gates in use."""

    inside: int
    ahead: EntryBand
    coming: EntryBand
    all_in_p50: float | None
    all_in_p95: float | None
    gates: list[GateOutlook]


class EntryForecast(Struct, frozen=True, kw_only=True):
    """The forecast of an event's entry from the counts at `at`, with `tickets` expected.

    `ahead` are the people in at `ahead_at`, `coming` those who come at all. The times at which all are in are None if
    they are after `until`. `gates` have the longest queue (95th percentile) first. The last count of `silent_gates`
    stands.
    """

    event_id: UUID
    at: datetime
    members: int
    tickets: int
    inside: int
    ahead_at: datetime
    ahead: EntryBand
    coming: EntryBand
    all_in_p50: datetime | None
    all_in_p95: datetime | None
    until: datetime
    silent_gates: int
    gates: list[GateOutlook]


class _Curves(Struct, frozen=True):
    """Curves of arrival, one per row: the mean and deviation of both groups, the late share, and who comes at all."""

    early: Floats
    early_sd: Floats
    late: Floats
    late_sd: Floats
    late_share: Floats
    coming: Floats

    def taken(self, rows: NDArray[np.intp]) -> "_Curves":
        return _Curves(*(getattr(self, name)[rows] for name in self.__struct_fields__))

    def arrived(self, at: Floats | float) -> Floats:
        """The share of the people who come that has arrived at a time; the doors open on all that came before."""
        early = ndtr((at - self.early) / self.early_sd)
        late = ndtr((at - self.late) / self.late_sd)
        found: Floats = (1 - self.late_share) * early + self.late_share * late
        return found


def outlook(state: EntryState, seed: int) -> EntryOutlook:
    """Return the outlook; one seed for an event, so that it moves with the counts and not by chance.

    Raises:
        ValueError: without an open gate or without tickets.
    """
    if not sum(state.expected) or not any(gate.is_open for gate in state.gates):
        raise ValueError("an outlook needs tickets and an open gate")
    rng = np.random.default_rng(seed)
    curves, waiting = _weighed(state, _prior(state.start, rng), rng)
    return _ahead(state, curves, waiting, rng)


def _prior(start: float, rng: np.random.Generator) -> _Curves:
    size = CANDIDATES
    return _Curves(
        early=start + rng.normal(-45.0, 15.0, size),
        early_sd=rng.uniform(12.0, 40.0, size),
        late=start + rng.normal(-8.0, 8.0, size),
        late_sd=rng.uniform(4.0, 15.0, size),
        late_share=rng.beta(1.5, 3.0, size),
        coming=1 - rng.beta(1.6, 14.0, size),
    )


def _weighed(state: EntryState, prior: _Curves, rng: np.random.Generator) -> tuple[_Curves, Floats]:
    """Draw the members by how well their curve, through the gates, gives the counts; return their uncounted queue."""
    tickets = sum(state.expected)
    capacity = sum(max(GATE_PER_MIN, gate.peak) for gate in state.gates if gate.is_open)
    ends = np.append(np.arange(BLOCK_MIN, max(state.now, 0.0), BLOCK_MIN), max(state.now, 0.0))
    known = np.array([(0.0, 0.0), *state.history])
    counted = np.interp(ends, known[:, 0], known[:, 1])
    waiting = np.zeros(CANDIDATES)
    before, at, entered_before = np.zeros(CANDIDATES), 0.0, 0.0
    fit = np.zeros(CANDIDATES)
    for end, entered in zip(ends.tolist(), counted.tolist(), strict=True):
        arrived = tickets * prior.coming * prior.arrived(end)
        waiting += arrived - before
        through = np.minimum(waiting, capacity * (end - at))
        waiting -= through
        variance = through + (NOISE * through) ** 2 + 25.0
        fit -= (entered - entered_before - through) ** 2 / (2 * variance) + np.log(variance) / 2
        before, at, entered_before = arrived, end, entered
    weights = _tempered(fit)
    places = (rng.random() + np.arange(MEMBERS)) / MEMBERS
    rows = np.minimum(np.searchsorted(np.cumsum(weights), places), CANDIDATES - 1)
    return prior.taken(rows), waiting[rows]


def _tempered(fit: Floats) -> Floats:
    """Return weights from logarithms, flattened until `EFFECTIVE_MIN` candidates count."""
    best, low, high = fit - fit.max(), 0.0, 1.0
    for _ in range(20):
        power = (low + high) / 2
        weights = np.exp(power * best)
        effective = weights.sum() ** 2 / (weights**2).sum()
        low, high = (power, high) if effective >= EFFECTIVE_MIN else (low, power)
    weights = np.exp(low * best)
    found: Floats = weights / weights.sum()
    return found


def _ahead(state: EntryState, curves: _Curves, waiting: Floats, rng: np.random.Generator) -> EntryOutlook:
    gates = state.gates
    is_open = np.array([gate.is_open for gate in gates])
    entered = np.array([gate.entered for gate in gates])
    is_counted = np.array([gate.queue is not None for gate in gates])
    group = np.array([gate.group for gate in gates])
    shares = _shares(state, rng)
    capacity = np.array([max(GATE_PER_MIN, gate.peak) for gate in gates]) * is_open
    capacities = capacity * np.exp(rng.normal(0.0, CAPACITY_SD, (MEMBERS, len(gates))))
    # What the gates with a counter have in their queues is known; the model fills the other ones.
    known = entered.sum() + sum(gate.queue or 0.0 for gate in gates)
    waiting = np.minimum(waiting, np.maximum(0.0, sum(state.expected) * curves.coming - known))
    guess = waiting[:, None] * shares.sum(axis=1) / shares.sum(axis=(1, 2))[:, None]
    queue = np.where(is_counted, [gate.queue or 0.0 for gate in gates], guess)
    coming = _still_coming(state, curves, entered + np.where(is_counted, queue, 0.0), guess * ~is_counted, group)
    to_gate = np.einsum("mk,mkg->mg", coming, shares)
    total = entered.sum() + queue.sum(axis=1) + to_gate.sum(axis=1)
    pace = np.exp(rng.normal(0.0, PACE_SD, MEMBERS))
    left_now = 1 - curves.arrived(state.now)
    left = np.ones(MEMBERS)
    inside, is_all_in = np.full(MEMBERS, entered.sum()), np.full(MEMBERS, inf)
    is_all_in[inside >= ALL_IN * total] = 0.0
    ends = np.append(np.arange(1.0, AHEAD_MIN + 1), np.arange(AHEAD_MIN + 2.0, _minutes_left(state) + 2, 2.0))
    at, first, waiting_then, inside_then = 0.0, np.zeros((MEMBERS, len(gates))), queue, inside
    for end in ends.tolist():
        still = np.clip((1 - curves.arrived(state.now + end)) / np.maximum(left_now, 1e-9), 0.0, 1.0) ** pace
        queue = queue + to_gate * (left - still)[:, None]
        through = np.minimum(queue, capacities * (end - at))
        queue = queue - through
        inside = inside + through.sum(axis=1)
        is_all_in = np.where((is_all_in == inf) & (inside >= ALL_IN * total), end, is_all_in)
        left, at = still, end
        if end <= AHEAD_MIN:
            first, waiting_then, inside_then = first + through, queue, inside
        elif not (is_all_in == inf).any():
            break
    waits, waits_p95 = np.percentile(waiting_then, (50, 95), axis=0)
    flows = np.median(first, axis=0) / AHEAD_MIN
    return EntryOutlook(
        inside=round(float(entered.sum())),
        ahead=_band(inside_then),
        coming=_band(total),
        all_in_p50=_minutes(is_all_in, 50),
        all_in_p95=_minutes(is_all_in, 95),
        gates=[
            GateOutlook(gate.code, round(float(wait)), round(float(p95)), round(float(flow), 1), gate.queue is not None)
            for gate, wait, p95, flow in zip(gates, waits, waits_p95, flows, strict=True)
        ],
    )


def _shares(state: EntryState, rng: np.random.Generator) -> Floats:
    """Return the share of each gate in the people of each group to come: (members, groups, gates).

    They choose open gates of their group as the people before them; without one, any open gate.
    """
    gates = state.gates
    seen = np.array([gate.entered + (gate.queue or 0.0) for gate in gates])
    found = np.zeros((MEMBERS, len(state.expected), len(gates)))
    for number in range(len(state.expected)):
        own = np.array([gate.is_open and gate.group == number for gate in gates])
        if not own.any():
            own = np.array([gate.is_open for gate in gates])
        weight = (seen[own] + SHARE_WEIGHT / 3) / (seen[own] + SHARE_WEIGHT / 3).sum()
        certain = min(float(seen[own].sum()) + SHARE_WEIGHT / 3, SHARE_WEIGHT * int(own.sum()))
        draws = rng.standard_gamma(weight * certain, (MEMBERS, int(own.sum()))) + 1e-9
        found[:, number, own] = draws / draws.sum(axis=1, keepdims=True)
    return found


def _still_coming(
    state: EntryState, curves: _Curves, arrived: Floats, guessed: Floats, group: NDArray[np.intp]
) -> Floats:
    """Return the people of each group who have not arrived yet: (members, groups). The sum is that of the curve."""
    expected = np.array(state.expected, np.float64)
    here = np.zeros((MEMBERS, len(expected)))
    for number in range(len(expected)):
        own = group == number
        here[:, number] = arrived[..., own].sum(axis=-1) + guessed[:, own].sum(axis=1)
    coming = np.maximum(0.0, expected * curves.coming[:, None] - here)
    # People in a group with more arrivals than expected leave the sum as it is.
    wanted = np.maximum(0.0, expected.sum() * curves.coming - here.sum(axis=1))
    found: Floats = coming * (wanted / np.maximum(coming.sum(axis=1), 1e-9))[:, None]
    return found


def _minutes_left(state: EntryState) -> float:
    return max(float(AHEAD_MIN), state.start + LIMIT / timedelta(minutes=1) - state.now)


def _band(values: Floats) -> EntryBand:
    low, median, high = np.percentile(values, (2.5, 50, 97.5))
    return EntryBand(round(float(median)), round(float(low)), round(float(high)))


def _minutes(values: Floats, percent: int) -> float | None:
    """Return the first minute at which so many members are all in."""
    found = float(np.sort(values)[min(len(values) - 1, -(-len(values) * percent // 100) - 1)])
    return None if found == inf else found
