"""The supervisor's board, read at most once in a moment however many look; and the queues, for who is on the way."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from time import monotonic
from typing import Final
from uuid import UUID

from virage.access.rules.board import (
    FLOW_MINUTES,
    HEARD_WITHIN,
    ByTicket,
    Correction,
    DeviceLine,
    DuplicateLine,
    GateBoard,
    GateLine,
    ZoneLine,
)
from virage.access.rules.ground import NOTHING_SAID, GroundState, gates, label, zones
from virage.access.rules.queues import ARRIVED, SEARCHED, Queue, queue
from virage.access.store import board as store
from virage.access.store import ground as ground_store
from virage.kernel.clock import Clock
from virage.kernel.database import Connection, Database
from virage.passes import reads as passes
from virage.people import reads as people
from virage.venue.rules import load_ground
from virage.venue.rules.build import default_plan
from virage.venue.rules.walking import load_walk

KEPT_S: Final = 1.0
SHOWN_MAX: Final = 200
PULSES_SINCE: Final = timedelta(hours=4)


class Boards:
    """The boards of one process."""

    def __init__(self, db: Database, clock: Clock, kept_s: float = KEPT_S) -> None:
        self._db = db
        self._clock = clock
        self._kept_s = kept_s
        self._one_at_a_time = asyncio.Lock()
        self._kept: dict[UUID, tuple[float, GateBoard]] = {}

    async def of(self, event_id: UUID) -> GateBoard:
        """The board of an event."""
        async with self._one_at_a_time:
            kept = self._kept.get(event_id)
            if kept is None or monotonic() >= kept[0]:
                async with self._db.connection() as conn:
                    kept = (monotonic() + self._kept_s, await read_board(conn, event_id, self._clock.now()))
                self._kept[event_id] = kept
        return kept[1]


async def read_board(conn: Connection, event_id: UUID, now: datetime) -> GateBoard:
    """Everything that a supervisor sees of an event."""
    state = (await ground_store.ground_of(conn, [event_id]))[event_id]
    corrections = list(await store.corrections(conn, event_id))
    zone_lines = await _zones(conn, event_id, state, corrections)
    refused = await store.refusals(conn, event_id)
    by_reason: Counter[str] = Counter()
    for _, reason, scans in refused:
        by_reason[reason] += scans
    queues = await queues_of(conn, event_id, now)
    return GateBoard(
        now=now,
        closed=state.closed,
        inside=sum(line.inside for line in zone_lines),
        not_yet_in=sum(line.by_ticket.not_yet_in for line in zone_lines),
        zones=zone_lines,
        gates=await _gates(conn, event_id, state, refused, now),
        devices=await _devices(conn, event_id, now),
        refusals=dict(by_reason.most_common()),
        duplicates_standing=await store.standing_duplicates(conn, event_id),
        duplicates=await _duplicates(conn, event_id),
        special=await store.special_scans(conn, event_id, SHOWN_MAX),
        queues=queues,
        quickest_ramp=min(queues, key=lambda one: one.wait_s).ramp if queues else None,
        corrections=corrections[:SHOWN_MAX],
    )


async def queues_of(conn: Connection, event_id: UUID, now: datetime) -> list[Queue]:
    """The queues before the search of every ramp that a counter stands at."""
    lanes = default_plan().ways.search_lanes
    arrived: dict[str, Counter[datetime]] = {}
    searched: dict[str, Counter[datetime]] = {}
    for lane, _, minute, people_ in await store.pulses(conn, event_id, now - PULSES_SINCE):
        for prefix, counts in ((ARRIVED, arrived), (SEARCHED, searched)):
            if lane.startswith(prefix):
                counts.setdefault(lane.removeprefix(prefix), Counter())[minute] += people_
    return [queue(ramp, lanes, counts, searched.get(ramp, {}), now) for ramp, counts in sorted(arrived.items())]


async def delays(conn: Connection, event_id: UUID, now: datetime) -> Mapping[str, float]:
    """How long one waits at `ramp:N1` now, in seconds, for the ways of venue."""
    ramps = {code for code in load_walk().index if code.startswith("ramp:")}
    waits = {f"ramp:{one.ramp}": float(one.wait_s) for one in await queues_of(conn, event_id, now)}
    return {ramp: seconds for ramp, seconds in waits.items() if ramp in ramps}


async def _zones(
    conn: Connection, event_id: UUID, state: GroundState, corrections: Sequence[Correction]
) -> list[ZoneLine]:
    firsts, codes = _parts()
    sold: Counter[str] = Counter()
    entered: Counter[str] = Counter()
    for part, (live, came) in (await passes.counts_by_part(conn, event_id, firsts)).items():
        sold[codes[part - 1]] += live
        entered[codes[part - 1]] += came
    inside = Counter(await store.inside_by_zone(conn, event_id))
    for gate, people_ in (await store.outs(conn, event_id)).items():
        inside[gates()[gate].stand] -= people_
    corrected: Counter[str] = Counter()
    for one in corrections:
        corrected[one.zone] += one.people
    stands = {stand.code for stand in load_ground().stands}
    return [
        ZoneLine(
            code=zone,
            kind="stand" if zone in stands else "area",
            inside=inside[zone] + corrected[zone],
            corrected=corrected[zone],
            full=zone in state.full,
            by_ticket=ByTicket(sold[zone], entered[zone], sold[zone] - entered[zone]),
        )
        for zone in zones()
    ]


@cache
def _parts() -> tuple[list[int], list[str]]:
    """Where each block and standing area begins, and its zone; accreditations come after all, in none."""
    ground = load_ground()
    firsts = [(block.first_seat, block.stand) for block in ground.blocks]
    firsts += [(area.first_place, area.code) for area in ground.areas]
    ordered = sorted([*firsts, (ground.places, "")])
    return [first for first, _ in ordered], [zone for _, zone in ordered]


async def _gates(
    conn: Connection, event_id: UUID, state: GroundState, refused: list[tuple[str, str, int]], now: datetime
) -> list[GateLine]:
    flows = await store.flow_by_gate(conn, event_id, now - timedelta(minutes=FLOW_MINUTES))
    refusals: Counter[str] = Counter()
    for where, _, scans in refused:
        refusals[where] += scans
    lines = []
    for code, gate in gates().items():
        here, flow = state.gates.get(code, NOTHING_SAID), flows.get(code, store.Flow())
        lines.append(
            GateLine(
                code=code,
                group=gate.group,
                zone=gate.stand,
                turnstile=here.turnstile,
                closed=state.closed or here.closed,
                entries=flow.entries,
                exits=flow.exits,
                refused=refusals[code],
                entries_a_minute=flow.lately / FLOW_MINUTES,
            )
        )
    return lines


async def _devices(conn: Connection, event_id: UUID, now: datetime) -> list[DeviceLine]:
    states = await store.device_states(conn, event_id)
    known = await people.devices(conn, [state.device_id for state in states])
    return [
        DeviceLine(
            id=state.device_id,
            name=known[state.device_id].name if state.device_id in known else None,
            gate=state.gate,
            online=now - state.heard_at <= HEARD_WITHIN,
            heard_at=state.heard_at,
            offline_since=state.offline_since if now - state.heard_at <= HEARD_WITHIN else state.heard_at,
            backlog=state.backlog,
            clock_off_ms=state.clock_off_ms,
            battery_percent=state.battery_percent,
            person_id=state.person_id,
        )
        for state in states
    ]


async def _duplicates(conn: Connection, event_id: UUID) -> list[DuplicateLine]:
    rows = await store.duplicates(conn, event_id, SHOWN_MAX)
    issued = await passes.at_gate(conn, [(event_id, row.pass_number) for row in rows])
    return [
        DuplicateLine(
            row.pass_number,
            label(issued[event_id, row.pass_number].place) if (event_id, row.pass_number) in issued else None,
            row.first,
            row.second,
            row.found_at,
            row.gone_at,
        )
        for row in rows
    ]
