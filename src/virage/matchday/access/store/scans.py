"""Scans, crossings and presence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.matchday.access.rules.crossings import Crossing, Duplicate
from virage.matchday.access.rules.decision import Presence, Stale
from virage.matchday.access.rules.judging import Judged, PassKey, Stored
from virage.matchday.access.rules.scans import Answer, Read
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection

ScanKey = tuple[UUID, int]


class ScanRow(Struct, frozen=True):
    """A scan as it is stored."""

    device_id: UUID
    number: int
    event_id: UUID
    gate: str
    kind: str
    at: datetime
    received_at: datetime
    pass_number: int | None
    generation: int | None
    outcome: str
    reason: str | None
    override: str | None
    person_id: UUID | None
    lane: str | None
    count: int
    offline: bool
    training: bool
    time_trusted: bool
    answer: Answer


class Change(Struct, frozen=True):
    """What a pass's row of presence becomes."""

    key: PassKey
    stored: Stored
    zone: str | None


async def known_scans(conn: Connection, keys: Sequence[ScanKey]) -> dict[ScanKey, Answer]:
    """The answers to scans that came before."""
    rows = queries.known_scans(conn, device_ids=[key[0] for key in keys], numbers=[key[1] for key in keys])
    return {(row["device_id"], row["number"]): msgspec.convert(row["answer"], Answer) async for row in rows}


async def lock_presence(conn: Connection, keys: Sequence[PassKey]) -> dict[PassKey, Stored]:
    """The presence of passes, locked until the transaction ends."""
    rows = queries.lock_presence(conn, **_split(keys))
    return {(row["event_id"], row["pass_number"]): _stored(row) async for row in rows}


async def presence_of(conn: Connection, keys: Sequence[PassKey]) -> dict[PassKey, Stored]:
    """The presence of passes; those that never came are not in it."""
    rows = queries.presence_of(conn, **_split(keys))
    return {(row["event_id"], row["pass_number"]): _stored(row) async for row in rows}


async def crossings_of(conn: Connection, keys: Sequence[PassKey]) -> dict[PassKey, list[Crossing]]:
    """All crossings of passes."""
    found: dict[PassKey, list[Crossing]] = {}
    async for row in queries.crossings_of(conn, **_split(keys)):
        event_id, number, *step = row
        found.setdefault((event_id, number), []).append(Crossing(*step))
    return found


async def flags_of(conn: Connection, keys: Sequence[PassKey], now: datetime) -> dict[PassKey, list[UUID]]:
    """The bans that passes met and that still hold."""
    found: dict[PassKey, list[UUID]] = {}
    async for row in queries.flags_of(conn, **_split(keys), now=now):
        found.setdefault((row["event_id"], row["pass_number"]), []).append(row["ban_id"])
    return found


async def count_overrides(conn: Connection, keys: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], int]:
    """How many overrides came before, by device and event; no other transaction adds to them meanwhile."""
    device_ids, event_ids = [key[0] for key in keys], [key[1] for key in keys]
    await queries.lock_overrides(conn, device_ids=sorted(set(device_ids)))
    rows = queries.count_overrides(conn, device_ids=device_ids, event_ids=event_ids)
    return {(row["device_id"], row["event_id"]): row["overrides"] async for row in rows}


async def insert_scans(conn: Connection, scans: Sequence[tuple[Read, Judged]], now: datetime) -> None:
    """Write the scans of a batch with their answers."""
    if scans:
        await queries.insert_scans(conn, scans=[_row(read, judged, now) for read, judged in scans])


async def insert_crossings(conn: Connection, crossings: Sequence[tuple[PassKey, Crossing]]) -> None:
    """Write the steps of a batch."""
    if not crossings:
        return
    await queries.insert_crossings(
        conn,
        event_ids=[key[0] for key, _ in crossings],
        pass_numbers=[key[1] for key, _ in crossings],
        times=[step.at for _, step in crossings],
        device_ids=[step.device_id for _, step in crossings],
        numbers=[step.number for _, step in crossings],
        steps=[step.step for _, step in crossings],
        gates=[step.gate for _, step in crossings],
        proved=[step.proved for _, step in crossings],
    )


async def write_presence(conn: Connection, changes: Sequence[Change]) -> None:
    """Write what the crossings of a batch have changed."""
    if not changes:
        return
    presences = [change.stored.presence for change in changes]
    stales = [change.stored.stale for change in changes]
    await queries.write_presence(
        conn,
        **_split([change.key for change in changes]),
        states=[None if one is None else one.state for one in presences],
        sinces=[None if one is None else one.since for one in presences],
        gates=[None if one is None else one.gate for one in presences],
        pending_untils=[None if one is None else one.pending_until for one in presences],
        generations=[change.stored.generation for change in changes],
        entries=[change.stored.entries for change in changes],
        steps=[change.stored.steps for change in changes],
        zones=[change.zone for change in changes],
        stale_steps=[None if one is None else one.step for one in stales],
        stale_ats=[None if one is None else one.at for one in stales],
        people=[change.stored.people for change in changes],
    )


async def write_duplicates(
    conn: Connection, touched: Sequence[PassKey], found: Sequence[tuple[PassKey, Duplicate]], now: datetime
) -> None:
    """Write what two gates both let in of some passes, and mark what is explained by now."""
    if not touched:
        return
    seconds = [one.second for _, one in found]
    await queries.end_duplicates(
        conn,
        **_split(touched),
        device_ids=[one.device_id for one in seconds],
        device_numbers=[one.number for one in seconds],
        now=now,
    )
    if found:
        await queries.write_duplicates(
            conn,
            **_split([key for key, _ in found]),
            first_devices=[one.first.device_id for _, one in found],
            first_numbers=[one.first.number for _, one in found],
            second_devices=[one.device_id for one in seconds],
            second_numbers=[one.number for one in seconds],
            now=now,
        )


async def insert_hits(conn: Connection, hits: Sequence[tuple[UUID, Read, int]]) -> None:
    """Write that flagged passes came to a gate: (ban, scan, pass)."""
    if not hits:
        return
    await queries.insert_hits(
        conn,
        ban_ids=[ban_id for ban_id, _, _ in hits],
        device_ids=[read.device_id for _, read, _ in hits],
        numbers=[read.scan.number for _, read, _ in hits],
        event_ids=[read.scan.event_id for _, read, _ in hits],
        pass_numbers=[number for _, _, number in hits],
        times=[read.scan.at for _, read, _ in hits],
    )


async def overdue(conn: Connection, now: datetime, limit: int) -> list[PassKey]:
    """Passes that were admitted and did not pass in time, locked."""
    return [(row["event_id"], row["pass_number"]) async for row in queries.overdue(conn, now=now, limit_=limit)]


async def gates_of_scans(conn: Connection, device_id: UUID, since: datetime) -> dict[UUID, list[str]]:
    """The gates by event for which a device uploaded scans since a time."""
    return {
        row["event_id"]: row["gates"] async for row in queries.gates_of_scans(conn, device_id=device_id, since=since)
    }


async def withdraw(
    conn: Connection, device_id: UUID, since: datetime, event_ids: Sequence[UUID], *, now: datetime, who: UUID | None
) -> None:
    """Mark what a device uploaded since a time for events as withdrawn, with its crossings, and note who did."""
    await queries.withdraw_crossings(conn, device_id=device_id, since=since, event_ids=event_ids, now=now)
    await queries.withdraw_scans(conn, device_id=device_id, since=since, event_ids=event_ids, now=now)
    await queries.insert_withdrawal(conn, device_id=device_id, since=since, now=now, who=who)


async def passes_of_scans(
    conn: Connection, device_id: UUID, since: datetime, event_ids: Sequence[UUID]
) -> list[PassKey]:
    """The passes of events whose crossings a device uploaded since a time and that still count, in order."""
    rows = queries.passes_of_scans(conn, device_id=device_id, since=since, event_ids=event_ids)
    return [(row["event_id"], row["pass_number"]) async for row in rows]


def _split(keys: Sequence[PassKey]) -> dict[str, Any]:
    return {"event_ids": [key[0] for key in keys], "numbers": [key[1] for key in keys]}


def _stored(row: Any) -> Stored:
    presence = stale = None
    if row["state"] is not None:
        presence = Presence(row["state"], row["since"], row["gate"], row["pending_until"])
    if row["stale_step"] is not None:
        stale = Stale(row["stale_step"], row["stale_at"])
    return Stored(presence, row["generation"], row["entries"], row["steps"], stale, row["people"])


def _row(read: Read, judged: Judged, now: datetime) -> ScanRow:
    scan, claims = read.scan, None if read.verdict is None else read.verdict.claims
    answer = judged.answer
    return ScanRow(
        device_id=read.device_id,
        number=scan.number,
        event_id=scan.event_id,
        gate=scan.gate,
        kind=scan.kind,
        at=scan.at,
        received_at=now,
        pass_number=read.pass_number,
        generation=scan.generation if claims is None else claims.generation,
        outcome=answer.outcome,
        reason=answer.reason or scan.reason,
        override=scan.override,
        person_id=scan.person_id,
        lane=scan.lane,
        count=scan.count,
        offline=scan.offline,
        training=scan.training,
        time_trusted=scan.time_trusted,
        answer=answer,
    )
