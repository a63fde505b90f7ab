"""The entry of an evening from its pictures: the state for each outlook, and how right past outlooks were."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from msgspec import Struct

from virage.control.safety.rules.entry import AHEAD_MIN, ALL_IN, EntryGate, EntryOutlook, EntryState, outlook
from virage.control.safety.rules.picture import CrowdFigure, FigureSource, GatePicture, VenuePicture, people_of

MINUTE: Final = timedelta(minutes=1)
PEAK_MIN: Final = 5
LATE_MAX: Final = timedelta(seconds=90)
"""A picture stands for the minute that it is at most so late for."""
EVERY_MIN: Final = 5
"""A back-test looks ahead once in so many minutes."""


class EntryEvent(Struct, frozen=True):
    """An event as its entry sees it: doors, start, tickets by group of gates, and the group of each gate."""

    doors_at: datetime
    starts_at: datetime
    tickets: dict[str, int]
    groups: dict[str, str]


class EntryRecord:
    """The counts of the pictures so far, a minute apart."""

    def __init__(self) -> None:
        self._history: list[tuple[datetime, float]] = []
        self._entered: dict[str, float] = {}
        self._lately: deque[tuple[datetime, dict[str, float]]] = deque(maxlen=PEAK_MIN + 1)
        self._peaks: dict[str, float] = {}

    def add(self, picture: VenuePicture) -> None:
        """Add a picture, unless one of less than a minute before was added."""
        if self._history and picture.at - self._history[-1][0] < MINUTE:
            return
        for gate in picture.gates:
            entered = _entered(gate)
            if entered is not None:
                self._entered[gate.code] = entered
        self._history.append((picture.at, sum(self._entered.values())))
        self._lately.append((picture.at, dict(self._entered)))
        began, before = self._lately[0]
        minutes = (picture.at - began) / MINUTE
        if minutes >= PEAK_MIN:
            for code, entered in self._entered.items():
                flow = (entered - before.get(code, entered)) / minutes
                self._peaks[code] = max(self._peaks.get(code, 0.0), flow)

    def state(self, picture: VenuePicture, event: EntryEvent) -> EntryState | None:
        """Return the state at a picture; None without tickets, an open gate in use, or a fresh count at a gate.

        Gates that never had a source are not in use. The last count of a silent gate stands.
        """
        numbers = {group: number for number, group in enumerate(event.tickets)}
        gates: list[EntryGate] = []
        is_fresh = False
        for gate in picture.gates:
            entered = _entered(gate)
            is_fresh = is_fresh or entered is not None
            known = self._entered.get(gate.code) if entered is None else entered
            if known is None:
                continue
            number = numbers.setdefault(event.groups[gate.code], len(numbers))
            queue, peak = people_of(gate.queue), self._peaks.get(gate.code, 0.0)
            gates.append(EntryGate(gate.code, number, not gate.closed, known, queue, peak))
        if not is_fresh or not any(gate.is_open for gate in gates) or not any(event.tickets.values()):
            return None
        now = (picture.at - event.doors_at) / MINUTE
        past = [
            ((at - event.doors_at) / MINUTE, entered)
            for at, entered in self._history
            if event.doors_at < at < picture.at
        ]
        return EntryState(
            now=now,
            start=(event.starts_at - event.doors_at) / MINUTE,
            expected=[event.tickets.get(group, 0) for group in numbers],
            gates=gates,
            history=[*past, (now, sum(gate.entered for gate in gates))],
        )


def _entered(gate: GatePicture) -> float | None:
    """Return the people in, less those out again, by scans or else by counters; None without a fresh count."""
    for source in (FigureSource.SCANS, FigureSource.COUNTERS):
        entered = _of(gate.entered, source)
        if entered is not None:
            return max(0.0, entered - (_of(gate.left, source) or 0))
    return None


def _of(figures: Sequence[CrowdFigure], source: FigureSource) -> int | None:
    return next((one.value for one in figures if one.source is source), None)


def is_counted(picture: VenuePicture) -> bool:
    """Return whether some gate has a fresh count."""
    return any(_entered(gate) is not None for gate in picture.gates)


def silent_gates(picture: VenuePicture) -> int:
    """Return the gates that were counted before and have no fresh count now."""
    return sum(any(one.at is not None for one in gate.entered) and _entered(gate) is None for gate in picture.gates)


class EntryCheck(Struct, frozen=True):
    """An outlook of a recorded evening, and what came: people in ten minutes, minutes until all were in."""

    minute: float
    made: EntryOutlook
    inside: int
    all_in: float
    queues: int
    queues_held: int

    @property
    def is_in_band(self) -> bool:
        """Whether the people in ten minutes lie in the band of 95 %."""
        return self.made.ahead.low <= self.inside <= self.made.ahead.high

    @property
    def is_all_in_held(self) -> bool:
        """Whether all were in by the 95th percentile."""
        return self.made.all_in_p95 is None or self.all_in <= self.made.all_in_p95


class BacktestSummary(Struct, frozen=True):
    """Shares of outlooks that held, and the mean width of the band as a share of the people who came.

    `queues_held` is the share of counted queues at or below their 95th percentile, None without a counted queue.
    """

    outlooks: int
    in_band: float
    band_width: float
    all_in_held: float
    queues_held: float | None


def backtest(pictures: Sequence[VenuePicture], event: EntryEvent, seed: int) -> list[EntryCheck]:
    """Make the outlooks of a recorded evening again, each from the pictures before it, until all were in.

    The pictures ascend. An outlook without a picture ten minutes later is left out.
    """
    record = EntryRecord()
    states: list[tuple[VenuePicture, EntryState | None]] = []
    for picture in pictures:
        record.add(picture)
        states.append((picture, record.state(picture, event)))
    last = max((state.history[-1][1] for _, state in states if state is not None), default=0.0)
    times = [picture.at for picture, state in states if state is not None and state.history[-1][1] >= ALL_IN * last]
    found: list[EntryCheck] = []
    next_at = event.doors_at + EVERY_MIN * MINUTE
    for picture, state in states:
        if state is None or picture.at < next_at or picture.at >= times[0]:
            continue
        due = picture.at + AHEAD_MIN * MINUTE
        then = next(((one, later) for one, later in states if due <= one.at <= due + LATE_MAX), None)
        if then is None or then[1] is None:
            continue
        made = outlook(state, seed)
        real = {gate.code: people_of(gate.queue) for gate in then[0].gates}
        counted = [
            (gate, queue) for gate in made.gates if (queue := real.get(gate.code)) is not None and gate.is_counted
        ]
        found.append(
            EntryCheck(
                minute=state.now,
                made=made,
                inside=round(then[1].history[-1][1]),
                all_in=(times[0] - picture.at) / MINUTE,
                queues=len(counted),
                queues_held=sum(queue <= gate.waiting_p95 for gate, queue in counted),
            )
        )
        next_at = picture.at + EVERY_MIN * MINUTE
    return found


def summary(checks: Sequence[EntryCheck]) -> BacktestSummary | None:
    """Return how often outlooks held; None without any."""
    if not checks:
        return None
    queues = sum(one.queues for one in checks)
    came = [one.made.ahead.high - one.made.ahead.low for one in checks]
    total = max(one.inside for one in checks)
    return BacktestSummary(
        outlooks=len(checks),
        in_band=float(np.mean([one.is_in_band for one in checks])),
        band_width=float(np.mean(came)) / max(1, total),
        all_in_held=float(np.mean([one.is_all_in_held for one in checks])),
        queues_held=sum(one.queues_held for one in checks) / queues if queues else None,
    )
