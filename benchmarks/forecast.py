"""How right the forecast of the entry is on evenings that it was not tuned on, and what it takes to compute.

`python -m benchmarks.forecast [--quick]`. Evenings are simulated person by person, in three shapes that are not the
model's: people who come with trains, a skewed early arrival, and normal arrivals with a late part. The pace of
arrivals drifts, people choose gates unevenly, the capacity of gates differs, half of the gates count their queue.
Each evening is stored as pictures and tested again by the code of `virage safety backtest`.
"""

import statistics
import sys
import time
from datetime import UTC, datetime, timedelta

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from benchmarks.common import machine, quick, tell
from virage.control.safety.rules.entry import GATE_PER_MIN, MEMBERS, outlook
from virage.control.safety.rules.entry_record import EntryEvent, EntryRecord, backtest, summary
from virage.control.safety.rules.picture import CrowdFigure, FigureSource, GatePicture, VenuePicture
from virage.demo.venues.drawing import stadium
from virage.platform.values.ids import new_id

EVENINGS, QUICK_EVENINGS = 60, 6
FIRST_SEED = 77_000
DOORS = datetime(2026, 5, 9, 17, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
START_MIN, END_MIN = 120, 180
COUNTED = 0.5
"""The share of gates that count their queue."""
BY_TRAIN = 0.4
VENUE = stadium()
GROUPS = sorted({gate.group for gate in VENUE.gates})
Floats = NDArray[np.float64]


class SimulatedEvening(Struct, frozen=True):
    """People in and people who wait by minute after the doors and gate, and which gates count their queue."""

    event: EntryEvent
    entered: Floats
    waiting: Floats
    is_counted: NDArray[np.bool_]


def evening(seed: int, people: int = 50_000) -> SimulatedEvening:
    """Simulate the entry of an evening with so many tickets."""
    rng = np.random.default_rng(seed)
    tickets = rng.multinomial(people, rng.dirichlet(np.full(len(GROUPS), 30.0)))
    come = int(people * (1 - rng.uniform(0.02, 0.18)))
    arrivals = _drifting(_arrivals(come, rng), rng)
    group = rng.choice(len(GROUPS), come, p=tickets / tickets.sum())
    gate = np.empty(come, np.intp)
    for number, name in enumerate(GROUPS):
        own = np.flatnonzero([one.group == name for one in VENUE.gates])
        chosen = group == number
        gate[chosen] = rng.choice(own, int(chosen.sum()), p=rng.dirichlet(np.full(len(own), 8.0)))
    came = np.zeros((END_MIN, len(VENUE.gates)))
    np.add.at(came, (arrivals.astype(np.intp), gate), 1)
    capacity = GATE_PER_MIN * np.exp(rng.normal(rng.uniform(-0.15, 0.1), 0.12, len(VENUE.gates)))
    entered, waiting = np.zeros((END_MIN + 1, len(VENUE.gates))), np.zeros((END_MIN + 1, len(VENUE.gates)))
    for minute in range(END_MIN):
        there = waiting[minute] + came[minute]
        through = np.minimum(there, np.round(capacity * np.exp(rng.normal(0.0, 0.05, len(VENUE.gates)))))
        entered[minute + 1], waiting[minute + 1] = entered[minute] + through, there - through
    return SimulatedEvening(
        EntryEvent(
            DOORS,
            DOORS + START_MIN * MINUTE,
            dict(zip(GROUPS, tickets.tolist(), strict=True)),
            {one.code: one.group for one in VENUE.gates},
        ),
        entered,
        waiting,
        rng.random(len(VENUE.gates)) < COUNTED,
    )


def _arrivals(come: int, rng: np.random.Generator) -> Floats:
    """Return the minute at which each person arrives."""
    shape = rng.integers(3)
    if shape == 0:
        early = START_MIN - rng.gamma(rng.uniform(2, 5), rng.uniform(8, 16), come)
    else:
        early = START_MIN + rng.normal(rng.uniform(-55, -30), rng.uniform(15, 28), come)
    late = START_MIN + rng.normal(rng.uniform(-12, 2), rng.uniform(5, 12), come)
    found = np.where(rng.random(come) < rng.uniform(0.02, 0.3), late, early)
    if shape == 1:  # part of the people come with trains, every ten minutes
        trains = np.ceil(found / 10) * 10 + rng.normal(2.0, 1.5, come)
        found = np.where(rng.random(come) < BY_TRAIN, trains, found)
    return np.clip(found, 0, END_MIN - 5.0)


def _drifting(arrivals: Floats, rng: np.random.Generator) -> Floats:
    """Return arrivals drawn anew with a pace that drifts from minute to minute."""
    pace = np.zeros(END_MIN)
    for minute in range(1, END_MIN):
        pace[minute] = 0.9 * pace[minute - 1] + rng.normal(0.0, 0.12)
    weight = np.exp(pace)[arrivals.astype(np.intp)]
    return rng.choice(arrivals, len(arrivals), p=weight / weight.sum())


def pictures(simulated: SimulatedEvening) -> list[VenuePicture]:
    """Return the pictures of an evening, one per minute after the doors."""
    event_id = new_id()
    found = []
    for minute, (entered, waiting) in enumerate(
        zip(simulated.entered.tolist(), simulated.waiting.tolist(), strict=True)
    ):
        at = DOORS + minute * MINUTE
        found.append(
            VenuePicture(
                event_id=event_id,
                at=at,
                fresh_s=60,
                log_number=0,
                inside=[],
                zones=[],
                gates=[
                    GatePicture(
                        code=gate.code,
                        zone=gate.stand,
                        closed=False,
                        entered=[_counted(entered[number], at)],
                        left=[],
                        per_minute=_counted(0.0, at),
                        queue=[_counted(waiting[number], at)] if simulated.is_counted[number] else [],
                        devices_offline=0,
                    )
                    for number, gate in enumerate(VENUE.gates)
                ],
                ramps=[],
                devices=len(VENUE.gates),
                offline=[],
                incidents=0,
                incidents_elsewhere=0,
            )
        )
    return found


def _counted(people: float, at: datetime) -> CrowdFigure:
    return CrowdFigure(source=FigureSource.SCANS, value=round(people), at=at)


def run_ms(simulated: SimulatedEvening, runs: int) -> float:
    """Return the median time of one outlook an hour before the start."""
    record, found = EntryRecord(), []
    so_far = pictures(simulated)[: START_MIN // 2 + 1]
    for picture in so_far:
        record.add(picture)
    state = record.state(so_far[-1], simulated.event)
    assert state is not None
    for _ in range(runs):
        began = time.perf_counter()
        outlook(state, FIRST_SEED)
        found.append(1000 * (time.perf_counter() - began))
    return statistics.median(found)


def main() -> None:
    """Measure and print the line."""
    count = QUICK_EVENINGS if quick() else EVENINGS
    checks = []
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        simulated = evening(seed)
        checks += backtest(pictures(simulated), simulated.event, seed)
    found = summary(checks)
    assert found is not None
    assert found.queues_held is not None
    print(machine(), file=sys.stderr)
    tell(
        {
            "evenings": count,
            "outlooks": found.outlooks,
            "members": MEMBERS,
            "in_band": round(found.in_band, 3),
            "band_width": round(found.band_width, 3),
            "all_in_held": round(found.all_in_held, 3),
            "queues_held": round(found.queues_held, 3),
            "run_ms": round(run_ms(evening(FIRST_SEED), 11 if quick() else 51), 1),
        }
    )


if __name__ == "__main__":
    main()
