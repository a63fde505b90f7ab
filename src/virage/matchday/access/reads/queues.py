"""Where people wait: before the search of each ramp, and before each gate."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.matchday.access.rules.ground import nearest_ramps
from virage.matchday.access.rules.queues import (
    ARRIVED,
    AT_GATE,
    SEARCHED,
    Counts,
    GateQueue,
    Minutes,
    Queue,
    entered_by,
    gate_queues,
    queue,
    through_search,
    together,
)
from virage.matchday.access.store import board as store
from virage.platform.data.database import Connection
from virage.site.venue.types import default_plan, load_walk_graph

COUNTED_SINCE: Final = timedelta(hours=4)


class Pulses(Struct, frozen=True):
    """What counters told, people by minute: arrived and searched by ramp, arrived by gate."""

    arrived: dict[str, Minutes]
    searched: dict[str, Minutes]
    at_gates: dict[str, Minutes]


@cache
def _ramps() -> frozenset[str]:
    return frozenset(code.removeprefix("ramp:") for code in load_walk_graph().index if code.startswith("ramp:"))


async def pulses(conn: Connection, event_id: UUID, now: datetime) -> Pulses:
    """What counters told of an event, all of a lane together; of a ramp that the ground does not have, nothing."""
    told = Pulses({}, {}, {})
    for lane, gate, people in await store.pulses(conn, event_id, now - COUNTED_SINCE):
        if lane == AT_GATE:
            told.at_gates[gate] = people
        for prefix, counts in ((ARRIVED, told.arrived), (SEARCHED, told.searched)):
            ramp = lane.removeprefix(prefix)
            if lane.startswith(prefix) and ramp in _ramps():
                counts[ramp] = together([counts.get(ramp, {}), people])
    return told


def ramp_queues(told: Pulses, now: datetime) -> list[Queue]:
    """The queues before the search of every ramp that a counter stands at."""
    lanes = default_plan().ways.search_lanes
    return [queue(ramp, lanes, come, told.searched.get(ramp, {}), now) for ramp, come in sorted(told.arrived.items())]


async def queues_at_gates(
    conn: Connection, event_id: UUID, told: Pulses, flow_a_minute: Mapping[str, float], now: datetime
) -> dict[str, GateQueue]:
    """The queues before gates; a gate that nothing tells of is missing."""
    lanes, tied = default_plan().ways.search_lanes, nearest_ramps()
    through = {
        ramp: through_search(told.arrived.get(ramp, {}), told.searched.get(ramp, {}), lanes, now)
        for ramp in {*told.arrived, *told.searched}
    }
    keys = entered_by(told.at_gates, tied, through)
    entered = await store.entries(conn, event_id, now - COUNTED_SINCE, keys)
    return gate_queues(Counts(told.at_gates, through, entered), tied, flow_a_minute, now)


async def delays(conn: Connection, event_id: UUID, now: datetime) -> Mapping[str, float]:
    """How long one waits at `ramp:N1` now, in seconds, for the ways of venue."""
    return {f"ramp:{one.ramp}": float(one.wait_s) for one in ramp_queues(await pulses(conn, event_id, now), now)}
