"""People by zone and gate as the scans of the gates count them, for the supervisor's board and the control room."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people_api
from virage.matchday.access.reads.queues import Pulses, pulses, queues_at_gates, ramp_queues
from virage.matchday.access.rules.board import FLOW_MINUTES, HEARD_WITHIN, Correction
from virage.matchday.access.rules.queues import GateQueue, Queue
from virage.matchday.access.rules.venue_state import DEFAULT_GATE_STATE, VenueState, nearest_ramps
from virage.matchday.access.store import board as store
from virage.matchday.access.store import venue_state as venue_state_store
from virage.platform.data.database import Connection, Database
from virage.site.venue.types import Venue


class GateCrowd(Struct, frozen=True, kw_only=True):
    """A gate: entries and exits so far, entries in the last `FLOW_MINUTES`, and its queue where that is known.

    `scanned_at` is the time of the last scan of a crossing, `heard_at` that of the last heartbeat of a device there.
    """

    code: str
    zone: str
    closed: bool
    entries: int
    exits: int
    lately: int
    scanned_at: datetime | None
    heard_at: datetime | None
    queue: GateQueue | None


class CrowdDevice(Struct, frozen=True):
    """A device of the event by its last heartbeat."""

    id: UUID
    name: str | None
    gate: str
    online: bool
    last_seen_at: datetime


class Crowd(Struct, frozen=True, kw_only=True):
    """People inside by zone, with corrections; gates, queues before the search of ramps, and devices not revoked.

    `pulsed_at` is the minute of the last count by a counter at a gate or ramp, by the code of that.
    """

    inside: dict[str, int]
    gates: list[GateCrowd]
    ramps: list[Queue]
    pulsed_at: dict[str, datetime]
    devices: list[CrowdDevice]


async def crowd(db: Database, event_id: UUID, venue: Venue, now: datetime) -> Crowd:
    """Return what the gates have counted. The number of queries does not grow with the crowd."""
    await asyncio.to_thread(nearest_ramps, venue)  # computed once, and with no connection held
    async with db.connection() as conn:
        return await _crowd(conn, event_id, venue, now)


async def _crowd(conn: Connection, event_id: UUID, venue: Venue, now: datetime) -> Crowd:
    state = (await venue_state_store.venue_states(conn, [event_id]))[event_id]
    counted, _ = await people_by_zone(conn, event_id, venue)
    counted.update(corrected_by_zone(await store.corrections(conn, event_id)))
    flows = await store.flow_by_gate(conn, event_id, now - timedelta(minutes=FLOW_MINUTES))
    opened = open_gates(venue, state)
    counters = await pulses(conn, event_id, venue, now)
    flow = {gate: flows[gate].lately / FLOW_MINUTES if gate in flows else 0.0 for gate in opened}
    queues = await queues_at_gates(conn, event_id, venue, counters, flow_per_minute=flow, now=now)
    states = await store.device_states(conn, event_id)
    known = await people_api.devices(conn, [device.device_id for device in states])
    present = [device for device in states if device.device_id in known and not known[device.device_id].revoked_at]
    heard: dict[str, datetime] = {}
    for device in present:
        heard[device.gate] = max(heard.get(device.gate, device.last_seen_at), device.last_seen_at)
    return Crowd(
        inside={zone: counted[zone] for zone in venue.zones},
        gates=[
            GateCrowd(
                code=gate.code,
                zone=gate.stand,
                closed=gate.code not in opened,
                entries=flows.get(gate.code, store.Flow()).entries,
                exits=flows.get(gate.code, store.Flow()).exits,
                lately=flows.get(gate.code, store.Flow()).lately,
                scanned_at=flows.get(gate.code, store.Flow()).last_at,
                heard_at=heard.get(gate.code),
                queue=queues.get(gate.code),
            )
            for gate in venue.gates
        ],
        ramps=ramp_queues(counters, venue, now),
        pulsed_at=_last_minutes(counters),
        devices=[
            CrowdDevice(
                device.device_id,
                known[device.device_id].name,
                device.gate,
                now - device.last_seen_at <= HEARD_WITHIN,
                device.last_seen_at,
            )
            for device in present
        ],
    )


def open_gates(venue: Venue, state: VenueState) -> list[str]:
    """Return the gates that admit."""
    if state.closed:
        return []
    return [gate.code for gate in venue.gates if not state.gates.get(gate.code, DEFAULT_GATE_STATE).closed]


async def people_by_zone(conn: Connection, event_id: UUID, venue: Venue) -> tuple[Counter[str], Counter[str]]:
    """Return the people inside by zone without corrections, and those of them beyond the passes that were admitted."""
    inside: Counter[str] = Counter()
    more: Counter[str] = Counter()
    for zone, (people, admitted) in (await store.inside_by_zone(conn, event_id)).items():
        inside[zone], more[zone] = people, people - admitted
    for gate, people in (await store.unidentified_entries(conn, event_id)).items():
        inside[venue.gate_by_code[gate].stand] += people
        more[venue.gate_by_code[gate].stand] += people
    for gate, people in (await store.anonymous_exits(conn, event_id)).items():
        inside[venue.gate_by_code[gate].stand] -= people
    return inside, more


def corrected_by_zone(corrections: Sequence[Correction]) -> Counter[str]:
    """Return the sum of the corrections of each zone."""
    corrected: Counter[str] = Counter()
    for correction in corrections:
        corrected[correction.zone] += correction.people
    return corrected


def _last_minutes(counters: Pulses) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for counts in (counters.arrived, counters.searched, counters.at_gates):
        for code, minutes in counts.items():
            found[code] = max([*minutes, *([found[code]] if code in found else [])])
    return found
