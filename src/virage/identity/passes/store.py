"""Queries of passes, one typed function each."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from virage.identity.passes.rules.binding import Issue, Pass
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

_sql = load(__file__)


async def issue(conn: Connection, issues: Sequence[Issue]) -> dict[UUID, range]:
    """Write the passes and return, for each event, the numbers that they got, in the order of the issues."""
    shares = Counter(issue.event_id for issue in issues)
    left = dict(shares)
    from_end: list[int] = []
    for wanted in issues:
        from_end.append(left[wanted.event_id])
        left[wanted.event_id] -= 1
    raised = _sql.issue(
        conn,
        subjects=[issue.subject for issue in issues],
        event_ids=[issue.event_id for issue in issues],
        places=[issue.place for issue in issues],
        gate_groups=[issue.gate_group for issue in issues],
        not_befores=[issue.not_before for issue in issues],
        expires_ats=[issue.expires_at for issue in issues],
        places_from_end=from_end,
        counted_events=list(shares),
        counts=list(shares.values()),
    )
    return {row["event_id"]: range(row["issued"] - shares[row["event_id"]], row["issued"]) async for row in raised}


async def lock_passes(conn: Connection, subjects: Sequence[UUID]) -> dict[UUID, Pass]:
    """Return the passes by subject, locked until the transaction ends."""
    return {row["subject"]: _pass(row) async for row in _sql.lock_passes(conn, subjects=list(subjects))}


async def passes_of(conn: Connection, subjects: Sequence[UUID]) -> dict[UUID, Pass]:
    """Return the passes by subject."""
    return {row["subject"]: _pass(row) async for row in _sql.passes_of(conn, subjects=list(subjects))}


async def passes_at_gate(conn: Connection, wanted: Sequence[tuple[UUID, int]]) -> list[Any]:
    """Return (event, number, place, gate group, generation, revoked) of passes by event and number."""
    event_ids, numbers = [event_id for event_id, _ in wanted], [number for _, number in wanted]
    return [row async for row in _sql.passes_at_gate(conn, event_ids=event_ids, numbers=numbers)]


async def subjects(conn: Connection, event_id: UUID, numbers: Sequence[int]) -> dict[int, UUID]:
    """Return the subjects of passes of an event by number."""
    return {row["number"]: row["subject"] async for row in _sql.subjects(conn, event_id=event_id, numbers=numbers)}


async def issued(conn: Connection, event_id: UUID) -> int:
    """Return how many passes an event has issued."""
    return int(await _sql.issued(conn, event_id=event_id) or 0)


async def changed_passes(conn: Connection, event_id: UUID) -> list[tuple[int, int, bool]]:
    """Return (number, generation, revoked) of the passes that changed since their issue."""
    return [tuple(row) async for row in _sql.changed_passes(conn, event_id=event_id)]


async def passes_of_groups(conn: Connection, event_id: UUID, groups: Sequence[str]) -> list[tuple[UUID, int, int]]:
    """Return (subject, number, place) of the live passes of some gate groups."""
    return [tuple(row) async for row in _sql.passes_of_groups(conn, event_id=event_id, groups=list(groups))]


async def passes_at_places(conn: Connection, event_id: UUID, places: Sequence[int]) -> list[tuple[int, int]]:
    """Return (number, place) of the live passes of some places."""
    return [tuple(row) async for row in _sql.passes_at_places(conn, event_id=event_id, places=list(places))]


async def counts_by_part(conn: Connection, event_id: UUID, firsts: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return (live, entered) passes by part of the venue, counted from 1."""
    rows = _sql.counts_by_part(conn, event_id=event_id, firsts=list(firsts))
    return {row["part"]: (row["live"], row["entered"]) async for row in rows}


async def counts_by_group(conn: Connection, event_id: UUID) -> dict[str, int]:
    """Return the passes that are live or have entered, by group of gates."""
    return {row["gate_group"]: row["count"] async for row in _sql.counts_by_group(conn, event_id=event_id)}


async def write_passes(conn: Connection, passes: Sequence[Pass]) -> None:
    """Store generation, count of rebinds, form and holder of each pass."""
    await _sql.write_passes(
        conn,
        subjects=[held.subject for held in passes],
        generations=[held.generation for held in passes],
        rebinds=[held.rebinds for held in passes],
        printed=[held.printed for held in passes],
        holders=[held.holder for held in passes],
    )


async def relocate(conn: Connection, passes: Sequence[Pass]) -> None:
    """Store place, gate group and generation of locked passes."""
    await _sql.relocate(
        conn,
        subjects=[held.subject for held in passes],
        places=[held.place for held in passes],
        gate_groups=[held.gate_group for held in passes],
        generations=[held.generation for held in passes],
    )


async def relocate_unseated(conn: Connection, event_id: UUID, from_place: int, to_place: int) -> None:
    """Give the passes of an event that have no seat the place `to_place`: those from `from_place` on."""
    await _sql.relocate_unseated(conn, event_id=event_id, from_place=from_place, to_place=to_place)


async def suspend(conn: Connection, subjects: Sequence[UUID], at: datetime) -> list[tuple[UUID, UUID, int]]:
    """Suspend passes and return (subject, event, number) of those that were live."""
    return [tuple(row) async for row in _sql.suspend(conn, subjects=list(subjects), at=at)]


async def reinstate(conn: Connection, subjects: Sequence[UUID]) -> list[tuple[UUID, UUID, int]]:
    """Reinstate passes and return (subject, event, number) of those that were suspended."""
    return [tuple(row) async for row in _sql.reinstate(conn, subjects=list(subjects))]


async def revoke(conn: Connection, subjects: Sequence[UUID], at: datetime) -> list[tuple[UUID, UUID, int]]:
    """Revoke passes and return (subject, event, number) of those that were live."""
    return [tuple(row) async for row in _sql.revoke(conn, subjects=list(subjects), at=at)]


async def mark_entered(conn: Connection, event_id: UUID, numbers: Sequence[int], at: datetime) -> None:
    """Store the first crossing of passes of one event."""
    await _sql.mark_entered(conn, event_id=event_id, numbers=list(numbers), at=at)


async def clear_entered(conn: Connection, event_id: UUID, numbers: Sequence[int]) -> None:
    """Remove the first crossing of passes of one event."""
    await _sql.clear_entered(conn, event_id=event_id, numbers=list(numbers))


def _pass(row: Any) -> Pass:
    return Pass(*row)
