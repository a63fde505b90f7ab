"""Where people wait: before the search of each ramp, and before each gate."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.matchday.access.rules.queues import (
    ARRIVED,
    AT_GATE,
    SEARCHED,
    Counts,
    GateQueue,
    Minutes,
    Queue,
    add_up,
    entered_by,
    gate_queues,
    queue,
    through_search,
)
from virage.matchday.access.rules.venue_state import nearest_ramps
from virage.matchday.access.store import board as store
from virage.platform.data.database import Connection
from virage.site.venue.types import load_venue

COUNTED_SINCE: Final = timedelta(hours=4)


class Pulses(Struct, frozen=True):
    """Counts of counters, people by minute: arrived and searched by ramp, arrived by gate."""

    arrived: dict[str, Minutes]
    searched: dict[str, Minutes]
    at_gates: dict[str, Minutes]


@cache
def _ramps() -> frozenset[str]:
    return frozenset(code.removeprefix("ramp:") for code in load_venue().walk.index if code.startswith("ramp:"))


async def pulses(conn: Connection, event_id: UUID, now: datetime) -> Pulses:
    """Return the counts of an event, lanes of one place added up; unknown ramps are left out."""
    counted = Pulses({}, {}, {})
    for lane, gate, people in await store.pulses(conn, event_id, now - COUNTED_SINCE):
        if lane == AT_GATE:
            counted.at_gates[gate] = people
        for prefix, counts in ((ARRIVED, counted.arrived), (SEARCHED, counted.searched)):
            ramp = lane.removeprefix(prefix)
            if lane.startswith(prefix) and ramp in _ramps():
                counts[ramp] = add_up([counts.get(ramp, {}), people])
    return counted


def ramp_queues(counted: Pulses, now: datetime) -> list[Queue]:
    """The queues before the search of every ramp that a counter stands at."""
    lanes = load_venue().ramps[0].search_lanes or 1
    return [
        queue(ramp, lanes, come, counted.searched.get(ramp, {}), now) for ramp, come in sorted(counted.arrived.items())
    ]


async def queues_at_gates(
    conn: Connection, event_id: UUID, counted: Pulses, flow_per_minute: Mapping[str, float], now: datetime
) -> dict[str, GateQueue]:
    """Return the queues before gates; gates without counts are missing."""
    lanes, tied = load_venue().ramps[0].search_lanes or 1, nearest_ramps()
    through = {
        ramp: through_search(counted.arrived.get(ramp, {}), counted.searched.get(ramp, {}), lanes, now)
        for ramp in {*counted.arrived, *counted.searched}
    }
    keys = entered_by(counted.at_gates, tied, through)
    entered = await store.entries(conn, event_id, now - COUNTED_SINCE, keys)
    return gate_queues(Counts(counted.at_gates, through, entered), tied, flow_per_minute, now)


async def delays(conn: Connection, event_id: UUID, now: datetime) -> Mapping[str, float]:
    """How long one waits at `ramp:N1` now, in seconds, for the ways of venue."""
    return {
        f"ramp:{queue_.ramp}": float(queue_.wait_s) for queue_ in ramp_queues(await pulses(conn, event_id, now), now)
    }
