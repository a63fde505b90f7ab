"""Queries of the supervisor's board."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from virage.matchday.access.rules.board import Correction, DeviceOverrides, PassScan, ScanAlert, ScanSummary
from virage.matchday.access.rules.heartbeats import DeviceState
from virage.matchday.access.rules.queues import Minutes
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection


class Flow(NamedTuple):
    """Crossings of a gate."""

    entries: int = 0
    exits: int = 0
    lately: int = 0
    last_at: datetime | None = None


class DuplicateRow(NamedTuple):
    """A duplicate with both scans."""

    pass_number: int
    first: ScanSummary
    second: ScanSummary
    found_at: datetime
    resolved_at: datetime | None


async def inside_by_zone(conn: Connection, event_id: UUID) -> dict[str, tuple[int, int]]:
    """Return people inside and their passes by zone."""
    rows = queries.inside_by_zone(conn, event_id=event_id)
    return {row["zone"]: (row["people"], row["admitted"]) async for row in rows}


async def unidentified_entries(conn: Connection, event_id: UUID) -> dict[str, int]:
    """Return entries with a code that names no pass, by gate."""
    return {row["gate"]: row["people"] async for row in queries.unidentified_entries(conn, event_id=event_id)}


async def flow_by_gate(conn: Connection, event_id: UUID, since: datetime) -> dict[str, Flow]:
    """Return crossings by gate; `lately` since a time, `last_at` by the clocks of the devices."""
    rows = queries.flow_by_gate(conn, event_id=event_id, since=since)
    return {row["gate"]: Flow(row["entries"], row["exits"], row["lately"], row["last_at"]) async for row in rows}


async def refusals(conn: Connection, event_id: UUID) -> list[tuple[str, str, int]]:
    """Return refused scans as (gate, reason, count)."""
    return [tuple(row) async for row in queries.refusals(conn, event_id=event_id)]


async def pulses(conn: Connection, event_id: UUID, since: datetime) -> list[tuple[str, str, Minutes]]:
    """Return counts since a time as (lane, gate, people by minute)."""
    rows = queries.pulses(conn, event_id=event_id, since=since)
    return [(row["lane"], row["gate"], dict(zip(row["minutes"], row["people"], strict=True))) async for row in rows]


async def entries(conn: Connection, event_id: UUID, since: datetime, keys: Mapping[str, str]) -> dict[str, Minutes]:
    """Return entries by minute since a time, under the gate's key in `keys`; other gates are left out."""
    rows = queries.entries(conn, event_id=event_id, since=since, gates=list(keys), keys=list(keys.values()))
    return {row["key"]: dict(zip(row["minutes"], row["people"], strict=True)) async for row in rows}


async def anonymous_exits(conn: Connection, event_id: UUID) -> dict[str, int]:
    """Return exits without a scan, by gate."""
    return {row["gate"]: row["people"] async for row in queries.anonymous_exits(conn, event_id=event_id)}


async def duplicates(conn: Connection, event_id: UUID, limit: int) -> list[DuplicateRow]:
    """Return duplicate admissions, unresolved ones first."""
    return [
        DuplicateRow(row["pass_number"], _scan(row, "first"), _scan(row, "second"), row["found_at"], row["gone_at"])
        async for row in queries.duplicates(conn, event_id=event_id, limit_=limit)
    ]


def _scan(row: Any, which: str) -> ScanSummary:
    names = ("device_id", "number", "gate", "at", "offline", "override", "person_id")
    return ScanSummary(*(row[f"{which}_{name}"] for name in names))


async def open_duplicates(conn: Connection, event_id: UUID) -> int:
    """Return the number of unresolved duplicates."""
    return int(await queries.open_duplicates(conn, event_id=event_id))


async def scan_alerts(conn: Connection, event_id: UUID, limit: int) -> list[ScanAlert]:
    """Return overrides, entries without proof, and refusals after a recorded code was used."""
    return [ScanAlert(*row) async for row in queries.scan_alerts(conn, event_id=event_id, limit_=limit)]


async def first_entries(conn: Connection, event_id: UUID, numbers: Sequence[int]) -> dict[int, ScanSummary]:
    """Return the scans by which passes came in first, by pass number."""
    rows = queries.first_entries(conn, event_id=event_id, numbers=list(numbers))
    return {row[0]: ScanSummary(*row[1:]) async for row in rows}


async def overrides(conn: Connection, event_id: UUID, limit: int) -> list[DeviceOverrides]:
    """Return the number of overrides by device, most first."""
    rows = queries.overrides_by_device(conn, event_id=event_id, limit_=limit)
    return [DeviceOverrides(**row) async for row in rows]


async def history(conn: Connection, event_id: UUID, number: int, limit: int) -> list[PassScan]:
    """Return the scans of a pass, the latest first."""
    rows = queries.history(conn, event_id=event_id, number=number, limit_=limit)
    return [PassScan(**row) async for row in rows]


async def scans_of_passes(conn: Connection, event_id: UUID, numbers: Sequence[int], limit: int) -> list[PassScan]:
    """Return the scans of some passes without training, the earliest first."""
    rows = queries.scans_of_passes(conn, event_id=event_id, numbers=numbers, limit_=limit)
    return [PassScan(**row) async for row in rows]


async def device_states(conn: Connection, event_id: UUID) -> list[DeviceState]:
    """Return the last states of an event's devices."""
    return [DeviceState(*row) async for row in queries.device_states(conn, event_id=event_id)]


async def insert_correction(conn: Connection, correction: Correction) -> bool:
    """Store a correction; False if its id is taken."""
    return bool(
        await queries.insert_correction(
            conn,
            id=correction.id,
            event_id=correction.event_id,
            zone=correction.zone,
            people=correction.people,
            reason=correction.reason,
            now=correction.corrected_at,
            who=correction.corrected_by,
        )
    )


async def correction(conn: Connection, id_: UUID) -> Correction | None:
    """Return a correction by id."""
    row = await queries.correction(conn, id=id_)
    return None if row is None else Correction(*row)


async def corrections(conn: Connection, event_id: UUID) -> Sequence[Correction]:
    """Return the corrections of an event, the latest first."""
    return [Correction(*row) async for row in queries.corrections(conn, event_id=event_id)]
