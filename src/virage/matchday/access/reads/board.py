"""The supervisor's board, cached for a second per process."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from time import monotonic
from typing import Final
from uuid import UUID

from msgspec.structs import astuple, replace

from virage.identity.passes import api as passes
from virage.matchday.access.reads.crowd import corrected_by_zone, open_gates, people_by_zone
from virage.matchday.access.reads.names import Names, names_of
from virage.matchday.access.reads.queues import pulses, queues_at_gates, ramp_queues
from virage.matchday.access.rules.board import (
    FLOW_MINUTES,
    HEARD_WITHIN,
    Correction,
    CorrectionEntry,
    DeviceStatus,
    DuplicateAdmission,
    GateBoard,
    GateStatus,
    ScanAlert,
    TicketCounts,
    ZoneStatus,
)
from virage.matchday.access.rules.heartbeats import DeviceState
from virage.matchday.access.rules.overrides import OVERRIDES_MAX
from virage.matchday.access.rules.queues import GateQueue
from virage.matchday.access.rules.venue_state import DEFAULT_GATE_STATE, VenueState, label, nearest_ramps
from virage.matchday.access.store import board as store
from virage.matchday.access.store import identity as identity_store
from virage.matchday.access.store import venue_state as venue_state_store
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.site.venue.types import Venue

KEPT_S: Final = 1.0
SHOWN_MAX: Final = 200


class Boards:
    """Cached boards of a process."""

    def __init__(self, db: Database, clock: Clock, kept_s: float = KEPT_S) -> None:
        self._db = db
        self._clock = clock
        self._kept_s = kept_s
        self._one_at_a_time = asyncio.Lock()
        self._kept: dict[UUID, tuple[float, GateBoard]] = {}

    async def of(self, event_id: UUID, venue: Venue) -> GateBoard:
        """Return the board of an event at its venue."""
        async with self._one_at_a_time:
            kept = self._kept.get(event_id)
            if kept is None or monotonic() >= kept[0]:
                await asyncio.to_thread(nearest_ramps, venue)  # computed once, and with no connection held
                async with self._db.connection() as conn:
                    kept = (monotonic() + self._kept_s, await read_board(conn, event_id, venue, self._clock.now()))
                self._kept[event_id] = kept
        return kept[1]


async def read_board(conn: Connection, event_id: UUID, venue: Venue, now: datetime) -> GateBoard:
    """Return the board of an event, with a number of queries that does not grow with the crowd."""
    state = (await venue_state_store.venue_states(conn, [event_id]))[event_id]
    corrections = await store.corrections(conn, event_id)
    zone_lines = await _zones(conn, event_id, venue, state, corrections)
    refused = await store.refusals(conn, event_id)
    by_reason: Counter[str] = Counter()
    for _, reason, scans in refused:
        by_reason[reason] += scans
    flows = await store.flow_by_gate(conn, event_id, now - timedelta(minutes=FLOW_MINUTES))
    counted = await pulses(conn, event_id, venue, now)
    open_flow = {gate: flows[gate].lately / FLOW_MINUTES if gate in flows else 0.0 for gate in open_gates(venue, state)}
    at_gates = await queues_at_gates(conn, event_id, venue, counted, flow_per_minute=open_flow, now=now)
    states = await store.device_states(conn, event_id)
    duplicates = await _duplicates(conn, event_id, venue)
    alerts = await _alerts(conn, event_id, venue)
    overrides = await store.overrides(conn, event_id, SHOWN_MAX)
    scans_shown = [
        *alerts,
        *overrides,
        *(scan for duplicate in duplicates for scan in (duplicate.first, duplicate.second)),
        *(alert.present for alert in alerts if alert.present is not None),
    ]
    names = await names_of(
        conn, [*states, *scans_shown], [correction.corrected_by for correction in corrections[:SHOWN_MAX]]
    )
    queues = ramp_queues(counted, venue, now)
    return GateBoard(
        now=now,
        closed=state.closed,
        inside=sum(line.inside for line in zone_lines),
        admitted=sum(line.admitted for line in zone_lines),
        not_entered=sum(line.tickets.not_entered for line in zone_lines),
        zones=zone_lines,
        gates=_gates(venue, state, flows, refused, at_gates),
        devices=_devices(states, names, now),
        refusals=dict(by_reason.most_common()),
        duplicates_open=await store.open_duplicates(conn, event_id),
        duplicates=[
            replace(duplicate, first=names.named(duplicate.first), second=names.named(duplicate.second))
            for duplicate in duplicates
        ],
        alerts=[
            names.named(alert if alert.present is None else replace(alert, present=names.named(alert.present)))
            for alert in alerts
        ],
        overrides=[names.named(override) for override in overrides],
        overrides_max=OVERRIDES_MAX,
        queues=queues,
        fastest_ramp=min(queues, key=lambda queue: queue.wait_s).ramp if queues else None,
        corrections=[
            CorrectionEntry(*(*astuple(correction), names.person(correction.corrected_by)))
            for correction in corrections[:SHOWN_MAX]
        ],
        identity=await identity_store.identity_counts(conn, event_id),
    )


async def _zones(
    conn: Connection, event_id: UUID, venue: Venue, state: VenueState, corrections: Sequence[Correction]
) -> list[ZoneStatus]:
    firsts, codes = _parts(venue)
    sold: Counter[str] = Counter()
    entered: Counter[str] = Counter()
    for part, (live, came) in (await passes.counts_by_part(conn, event_id, firsts)).items():
        sold[codes[part - 1]] += live
        entered[codes[part - 1]] += came
    inside, more = await people_by_zone(conn, event_id, venue)
    corrected = corrected_by_zone(corrections)
    capacity = _capacity(venue)
    stands = {stand.code for stand in venue.stands}
    return [
        ZoneStatus(
            code=zone,
            kind="stand" if zone in stands else "area",
            inside=inside[zone] + corrected[zone],
            admitted=inside[zone] + corrected[zone] - more[zone],
            capacity=capacity[zone],
            corrected=corrected[zone],
            full=zone in state.full,
            tickets=TicketCounts(sold[zone], entered[zone], sold[zone] - entered[zone]),
        )
        for zone in venue.zones
    ]


@lru_cache(maxsize=64)
def _parts(venue: Venue) -> tuple[list[int], list[str]]:
    """Return the first place of each block and standing area, and its zone; accreditations follow in no zone."""
    firsts = [(block.first_seat, block.stand) for block in venue.blocks]
    firsts += [(area.first_place, area.code) for area in venue.areas]
    ordered = sorted([*firsts, (venue.places, "")])
    return [first for first, _ in ordered], [zone for _, zone in ordered]


@lru_cache(maxsize=64)
def _capacity(venue: Venue) -> Counter[str]:
    """Return the number of places of each zone."""
    firsts, codes = _parts(venue)
    ends = [*firsts[1:], venue.places]
    capacity: Counter[str] = Counter()
    for first, end, zone in zip(firsts, ends, codes, strict=True):
        capacity[zone] += end - first
    return capacity


def _gates(
    venue: Venue,
    state: VenueState,
    flows: Mapping[str, store.Flow],
    refused: Sequence[tuple[str, str, int]],
    queues: Mapping[str, GateQueue],
) -> list[GateStatus]:
    refusals: Counter[str] = Counter()
    for where, _, scans in refused:
        refusals[where] += scans
    lines = []
    for code, gate in venue.gate_by_code.items():
        here, flow = state.gates.get(code, DEFAULT_GATE_STATE), flows.get(code, store.Flow())
        lines.append(
            GateStatus(
                code=code,
                group=gate.group,
                zone=gate.stand,
                turnstile=here.turnstile,
                closed=here.closed,
                extra_groups=here.extra_groups,
                entries=flow.entries,
                exits=flow.exits,
                refused=refusals[code],
                entries_per_minute=flow.lately / FLOW_MINUTES,
                queue=queues.get(code),
            )
        )
    return lines


def _devices(states: Sequence[DeviceState], names: Names, now: datetime) -> list[DeviceStatus]:
    """Return the status of devices that are not revoked."""
    return [
        DeviceStatus(
            id=state.device_id,
            name=names.devices.get(state.device_id),
            gate=state.gate,
            online=now - state.last_seen_at <= HEARD_WITHIN,
            last_seen_at=state.last_seen_at,
            offline_since=state.offline_since if now - state.last_seen_at <= HEARD_WITHIN else state.last_seen_at,
            backlog=state.backlog,
            clock_off_ms=state.clock_off_ms,
            battery_percent=state.battery_percent,
            person_id=state.person_id,
            person_name=names.person(state.person_id),
        )
        for state in states
        if state.device_id not in names.revoked
    ]


async def _alerts(conn: Connection, event_id: UUID, venue: Venue) -> list[ScanAlert]:
    """Return the alerts. Those of revoked passes name their place, and the entry of the pass that has it now."""
    alerts = await store.scan_alerts(conn, event_id, SHOWN_MAX)
    revoked = [alert.pass_number for alert in alerts if alert.reason == "revoked" and alert.pass_number is not None]
    if not revoked:
        return alerts
    issued = await passes.at_gate(conn, [(event_id, number) for number in revoked])
    places = {number: found.place for (_, number), found in issued.items()}
    present = await passes.at_places(conn, event_id, sorted(places.values()))
    entries = await store.first_entries(conn, event_id, sorted(present.values()))
    return [
        alert
        if alert.pass_number is None or alert.reason != "revoked" or alert.pass_number not in places
        else replace(
            alert,
            place_label=label(venue, places[alert.pass_number]),
            present=entries.get(present[places[alert.pass_number]]) if places[alert.pass_number] in present else None,
        )
        for alert in alerts
    ]


async def _duplicates(conn: Connection, event_id: UUID, venue: Venue) -> list[DuplicateAdmission]:
    rows = await store.duplicates(conn, event_id, SHOWN_MAX)
    issued = await passes.at_gate(conn, [(event_id, row.pass_number) for row in rows])
    return [
        DuplicateAdmission(
            row.pass_number,
            label(venue, issued[event_id, row.pass_number].place) if (event_id, row.pass_number) in issued else None,
            row.first,
            row.second,
            row.found_at,
            row.resolved_at,
        )
        for row in rows
    ]
