"""Queries of scans, crossings and presence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.matchday.access.rules.crossings import Crossing, Duplicate
from virage.matchday.access.rules.decision import Presence, StaleCode
from virage.matchday.access.rules.evaluation import Evaluation, PassKey, StoredPresence
from virage.matchday.access.rules.scans import ScanAnswer, VerifiedScan
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection

ScanKey = tuple[UUID, int]


class ScanRow(Struct, frozen=True):
    """A stored scan."""

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
    answer: ScanAnswer


class PresenceChange(Struct, frozen=True):
    """New presence row of a pass."""

    key: PassKey
    stored: StoredPresence
    zone: str | None


async def known_scans(conn: Connection, keys: Sequence[ScanKey]) -> dict[ScanKey, ScanAnswer]:
    """Return the answers of scans that were processed before."""
    rows = queries.known_scans(conn, device_ids=[key[0] for key in keys], numbers=[key[1] for key in keys])
    return {(row["device_id"], row["number"]): msgspec.convert(row["answer"], ScanAnswer) async for row in rows}


async def lock_presence(conn: Connection, keys: Sequence[PassKey]) -> dict[PassKey, StoredPresence]:
    """Return the presence of passes, locked until the transaction ends."""
    rows = queries.lock_presence(conn, **_split(keys))
    return {(row["event_id"], row["pass_number"]): _stored(row) async for row in rows}


async def presence_of(conn: Connection, keys: Sequence[PassKey]) -> dict[PassKey, StoredPresence]:
    """Return the presence of passes; passes without scans are missing."""
    rows = queries.presence_of(conn, **_split(keys))
    return {(row["event_id"], row["pass_number"]): _stored(row) async for row in rows}


async def crossings_of(conn: Connection, keys: Sequence[PassKey]) -> dict[PassKey, list[Crossing]]:
    """Return all crossings of passes."""
    found: dict[PassKey, list[Crossing]] = {}
    async for row in queries.crossings_of(conn, **_split(keys)):
        event_id, number, *step = row
        found.setdefault((event_id, number), []).append(Crossing(*step))
    return found


async def flags_of(conn: Connection, keys: Sequence[PassKey], now: datetime) -> dict[PassKey, list[UUID]]:
    """Return the bans in force that match passes."""
    found: dict[PassKey, list[UUID]] = {}
    async for row in queries.flags_of(conn, **_split(keys), now=now):
        found.setdefault((row["event_id"], row["pass_number"]), []).append(row["ban_id"])
    return found


async def count_overrides(conn: Connection, keys: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], int]:
    """Return earlier overrides by device and event; locked against other transactions."""
    device_ids, event_ids = [key[0] for key in keys], [key[1] for key in keys]
    await queries.lock_overrides(conn, device_ids=sorted(set(device_ids)))
    rows = queries.count_overrides(conn, device_ids=device_ids, event_ids=event_ids)
    return {(row["device_id"], row["event_id"]): row["overrides"] async for row in rows}


async def insert_scans(conn: Connection, scans: Sequence[tuple[VerifiedScan, Evaluation]], now: datetime) -> None:
    """Store the scans of a batch with their answers."""
    if scans:
        await queries.insert_scans(conn, scans=[_row(verified, evaluation, now) for verified, evaluation in scans])


async def insert_crossings(conn: Connection, crossings: Sequence[tuple[PassKey, Crossing]]) -> None:
    """Store the crossings of a batch."""
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


async def write_presence(conn: Connection, changes: Sequence[PresenceChange]) -> None:
    """Store the changed presence of passes."""
    if not changes:
        return
    presences = [change.stored.presence for change in changes]
    stales = [change.stored.stale for change in changes]
    await queries.write_presence(
        conn,
        **_split([change.key for change in changes]),
        states=[None if presence is None else presence.state for presence in presences],
        sinces=[None if presence is None else presence.since for presence in presences],
        gates=[None if presence is None else presence.gate for presence in presences],
        pending_untils=[None if presence is None else presence.pending_until for presence in presences],
        generations=[change.stored.generation for change in changes],
        entries=[change.stored.entries for change in changes],
        steps=[change.stored.steps for change in changes],
        zones=[change.zone for change in changes],
        stale_steps=[None if stale is None else stale.step for stale in stales],
        stale_ats=[None if stale is None else stale.at for stale in stales],
        people=[change.stored.people for change in changes],
    )


async def write_duplicates(
    conn: Connection, touched: Sequence[PassKey], found: Sequence[tuple[PassKey, Duplicate]], now: datetime
) -> None:
    """Store duplicates of passes, and mark those that are resolved."""
    if not touched:
        return
    seconds = [duplicate.second for _, duplicate in found]
    await queries.end_duplicates(
        conn,
        **_split(touched),
        device_ids=[duplicate.device_id for duplicate in seconds],
        device_numbers=[duplicate.number for duplicate in seconds],
        now=now,
    )
    if found:
        await queries.write_duplicates(
            conn,
            **_split([key for key, _ in found]),
            first_devices=[duplicate.first.device_id for _, duplicate in found],
            first_numbers=[duplicate.first.number for _, duplicate in found],
            second_devices=[duplicate.device_id for duplicate in seconds],
            second_numbers=[duplicate.number for duplicate in seconds],
            now=now,
        )


async def insert_hits(conn: Connection, hits: Sequence[tuple[UUID, VerifiedScan, int]]) -> None:
    """Store scans of flagged passes as (ban, scan, pass)."""
    if not hits:
        return
    await queries.insert_hits(
        conn,
        ban_ids=[ban_id for ban_id, _, _ in hits],
        device_ids=[verified.device_id for _, verified, _ in hits],
        numbers=[verified.scan.number for _, verified, _ in hits],
        event_ids=[verified.scan.event_id for _, verified, _ in hits],
        pass_numbers=[number for _, _, number in hits],
        times=[verified.scan.at for _, verified, _ in hits],
    )


async def overdue_admissions(conn: Connection, now: datetime, limit: int) -> list[PassKey]:
    """Return passes whose time to pass is over, locked."""
    return [
        (row["event_id"], row["pass_number"]) async for row in queries.overdue_admissions(conn, now=now, limit_=limit)
    ]


async def gates_of_scans(conn: Connection, device_id: UUID, since: datetime) -> dict[UUID, list[str]]:
    """Return the gates by event at which a device scanned since a time."""
    return {
        row["event_id"]: row["gates"] async for row in queries.gates_of_scans(conn, device_id=device_id, since=since)
    }


async def withdraw(
    conn: Connection, device_id: UUID, since: datetime, event_ids: Sequence[UUID], *, now: datetime, who: UUID | None
) -> None:
    """Mark scans and crossings of a device since a time as withdrawn, and store who did it."""
    await queries.withdraw_crossings(conn, device_id=device_id, since=since, event_ids=event_ids, now=now)
    await queries.withdraw_scans(conn, device_id=device_id, since=since, event_ids=event_ids, now=now)
    await queries.insert_withdrawal(conn, device_id=device_id, since=since, now=now, who=who)


async def passes_of_scans(
    conn: Connection, device_id: UUID, since: datetime, event_ids: Sequence[UUID]
) -> list[PassKey]:
    """Return the passes with counted crossings of a device since a time, in order."""
    rows = queries.passes_of_scans(conn, device_id=device_id, since=since, event_ids=event_ids)
    return [(row["event_id"], row["pass_number"]) async for row in rows]


def _split(keys: Sequence[PassKey]) -> dict[str, Any]:
    return {"event_ids": [key[0] for key in keys], "numbers": [key[1] for key in keys]}


def _stored(row: Any) -> StoredPresence:
    presence = stale = None
    if row["state"] is not None:
        presence = Presence(row["state"], row["since"], row["gate"], row["pending_until"])
    if row["stale_step"] is not None:
        stale = StaleCode(row["stale_step"], row["stale_at"])
    return StoredPresence(presence, row["generation"], row["entries"], row["steps"], stale, row["people"])


def _row(verified: VerifiedScan, evaluation: Evaluation, now: datetime) -> ScanRow:
    scan, claims = verified.scan, None if verified.verdict is None else verified.verdict.claims
    answer = evaluation.answer
    return ScanRow(
        device_id=verified.device_id,
        number=scan.number,
        event_id=scan.event_id,
        gate=scan.gate,
        kind=scan.kind,
        at=scan.at,
        received_at=now,
        pass_number=verified.pass_number,
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
