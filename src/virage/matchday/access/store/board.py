"""What the supervisor's board is made of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from virage.matchday.access.rules.board import Correction, HistoryLine, OverrideLine, ScanLine, SpecialLine
from virage.matchday.access.rules.queues import Minutes
from virage.matchday.access.rules.states import DeviceState
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection


class Flow(NamedTuple):
    """What crossed at a gate."""

    entries: int = 0
    exits: int = 0
    lately: int = 0


class DuplicateRow(NamedTuple):
    """A duplicate with both scans."""

    pass_number: int
    first: ScanLine
    second: ScanLine
    found_at: datetime
    gone_at: datetime | None


async def inside_by_zone(conn: Connection, event_id: UUID) -> dict[str, tuple[int, int]]:
    """How many people are inside, and with how many passes, by zone."""
    rows = queries.inside_by_zone(conn, event_id=event_id)
    return {row["zone"]: (row["people"], row["admitted"]) async for row in rows}


async def passless(conn: Connection, event_id: UUID) -> dict[str, int]:
    """Who went in with a code that names no pass, by gate."""
    return {row["gate"]: row["people"] async for row in queries.passless(conn, event_id=event_id)}


async def flow_by_gate(conn: Connection, event_id: UUID, since: datetime) -> dict[str, Flow]:
    """What crossed, by gate; `lately` since a time."""
    rows = queries.flow_by_gate(conn, event_id=event_id, since=since)
    return {row["gate"]: Flow(row["entries"], row["exits"], row["lately"]) async for row in rows}


async def refusals(conn: Connection, event_id: UUID) -> list[tuple[str, str, int]]:
    """Refused scans: (gate, reason, how many)."""
    return [tuple(row) async for row in queries.refusals(conn, event_id=event_id)]


async def pulses(conn: Connection, event_id: UUID, since: datetime) -> list[tuple[str, str, Minutes]]:
    """What counters told since a time: (lane, gate, people by minute)."""
    rows = queries.pulses(conn, event_id=event_id, since=since)
    return [(row["lane"], row["gate"], dict(zip(row["minutes"], row["people"], strict=True))) async for row in rows]


async def entries(conn: Connection, event_id: UUID, since: datetime, keys: Mapping[str, str]) -> dict[str, Minutes]:
    """Entries by minute since a time, under the key that each gate has in `keys`; other gates are left out."""
    rows = queries.entries(conn, event_id=event_id, since=since, gates=list(keys), keys=list(keys.values()))
    return {row["key"]: dict(zip(row["minutes"], row["people"], strict=True)) async for row in rows}


async def outs(conn: Connection, event_id: UUID) -> dict[str, int]:
    """Who left without a scan, by gate."""
    return {row["gate"]: row["people"] async for row in queries.outs(conn, event_id=event_id)}


async def duplicates(conn: Connection, event_id: UUID, limit: int) -> list[DuplicateRow]:
    """What two gates both let in; those that nothing explains come first."""
    return [
        DuplicateRow(row["pass_number"], _scan(row, "first"), _scan(row, "second"), row["found_at"], row["gone_at"])
        async for row in queries.duplicates(conn, event_id=event_id, limit_=limit)
    ]


def _scan(row: Any, which: str) -> ScanLine:
    told = ("device_id", "number", "gate", "at", "offline", "override", "person_id")
    return ScanLine(*(row[f"{which}_{name}"] for name in told))


async def standing_duplicates(conn: Connection, event_id: UUID) -> int:
    """How many duplicates nothing explains."""
    return int(await queries.standing_duplicates(conn, event_id=event_id))


async def special_scans(conn: Connection, event_id: UUID, limit: int) -> list[SpecialLine]:
    """What people overruled, what was let in without proof, and who came after a film of their code."""
    return [SpecialLine(*row) async for row in queries.special_scans(conn, event_id=event_id, limit_=limit)]


async def overrides(conn: Connection, event_id: UUID, limit: int) -> list[OverrideLine]:
    """How many overrides each device sent; most first."""
    rows = queries.overrides_by_device(conn, event_id=event_id, limit_=limit)
    return [OverrideLine(**row) async for row in rows]


async def history(conn: Connection, event_id: UUID, number: int, limit: int) -> list[HistoryLine]:
    """The scans of a pass, the latest first."""
    rows = queries.history(conn, event_id=event_id, number=number, limit_=limit)
    return [HistoryLine(**row) async for row in rows]


async def device_states(conn: Connection, event_id: UUID) -> list[DeviceState]:
    """How the devices of an event said they were."""
    return [DeviceState(*row) async for row in queries.device_states(conn, event_id=event_id)]


async def insert_correction(conn: Connection, correction: Correction) -> bool:
    """Write a correction down; False if its id is taken."""
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
    """A correction by its id."""
    row = await queries.correction(conn, id=id_)
    return None if row is None else Correction(*row)


async def corrections(conn: Connection, event_id: UUID) -> Sequence[Correction]:
    """Every correction of an event, the latest first."""
    return [Correction(*row) async for row in queries.corrections(conn, event_id=event_id)]
