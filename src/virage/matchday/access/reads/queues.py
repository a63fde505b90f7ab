"""Where people wait: before the search of each ramp, and before each gate."""

from collections.abc import Mapping
from datetime import datetime, timedelta
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
from virage.site.venue.types import Venue

COUNTED_SINCE: Final = timedelta(hours=4)


class Pulses(Struct, frozen=True):
    """Counts of counters, people by minute: arrived and searched by ramp, arrived by gate."""

    arrived: dict[str, Minutes]
    searched: dict[str, Minutes]
    at_gates: dict[str, Minutes]


def search_lanes(venue: Venue) -> dict[str, int]:
    """Return the search lanes of each ramp where their number is known."""
    return {ramp.code: ramp.search_lanes for ramp in venue.ramps if ramp.search_lanes is not None}


async def pulses(conn: Connection, event_id: UUID, venue: Venue, now: datetime) -> Pulses:
    """Return the counts of an event, lanes of one place added up; ramps whose lanes are unknown are left out."""
    counted, ramps = Pulses({}, {}, {}), search_lanes(venue)
    for lane, gate, people in await store.pulses(conn, event_id, now - COUNTED_SINCE):
        if lane == AT_GATE:
            counted.at_gates[gate] = people
        for prefix, counts in ((ARRIVED, counted.arrived), (SEARCHED, counted.searched)):
            ramp = lane.removeprefix(prefix)
            if lane.startswith(prefix) and ramp in ramps:
                counts[ramp] = add_up([counts.get(ramp, {}), people])
    return counted


def ramp_queues(counted: Pulses, venue: Venue, now: datetime) -> list[Queue]:
    """The queues before the search of every ramp that a counter stands at."""
    lanes = search_lanes(venue)
    return [
        queue(ramp, lanes[ramp], come, counted.searched.get(ramp, {}), now)
        for ramp, come in sorted(counted.arrived.items())
    ]


async def queues_at_gates(
    conn: Connection,
    event_id: UUID,
    venue: Venue,
    counted: Pulses,
    *,
    flow_per_minute: Mapping[str, float],
    now: datetime,
) -> dict[str, GateQueue]:
    """Return the queues before gates; gates without counts are missing."""
    lanes, tied = search_lanes(venue), nearest_ramps(venue)
    through = {
        ramp: through_search(counted.arrived.get(ramp, {}), counted.searched.get(ramp, {}), lanes[ramp], now)
        for ramp in {*counted.arrived, *counted.searched}
    }
    keys = entered_by(counted.at_gates, tied, through)
    entered = await store.entries(conn, event_id, now - COUNTED_SINCE, keys)
    return gate_queues(Counts(counted.at_gates, through, entered), tied, flow_per_minute, now)


async def delays(conn: Connection, event_id: UUID, venue: Venue, now: datetime) -> Mapping[str, float]:
    """How long one waits at `ramp:N1` now, in seconds, for the routes of the venue."""
    queues = ramp_queues(await pulses(conn, event_id, venue, now), venue, now)
    return {f"ramp:{queue_.ramp}": float(queue_.wait_s) for queue_ in queues}
