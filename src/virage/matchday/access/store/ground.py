"""How gates, zones and the ground stand at events."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.matchday.access.rules.decision import Window
from virage.matchday.access.rules.ground import GateState, GroundRow, GroundState, ground_state
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection


async def ground_of(conn: Connection, event_ids: Sequence[UUID]) -> dict[UUID, GroundState]:
    """The state of the ground at each of the events."""
    rows: dict[UUID, list[GroundRow]] = {event_id: [] for event_id in event_ids}
    async for event_id, *row in queries.ground_of(conn, event_ids=list(rows)):
        rows[event_id].append(GroundRow(*row))
    return {event_id: ground_state(found) for event_id, found in rows.items()}


async def put_gate(conn: Connection, event_id: UUID, gate: str, state: GateState) -> None:
    """Say how a gate stands."""
    await queries.put_gate(
        conn,
        event_id=event_id,
        gate=gate,
        turnstile=state.turnstile,
        closed=state.closed,
        extra_groups=list(state.extra_groups),
    )


async def put_zone(conn: Connection, event_id: UUID, zone: str, now: datetime, *, full: bool) -> None:
    """Say whether a zone is full."""
    if full:
        await queries.fill_zone(conn, event_id=event_id, zone=zone, now=now)
    else:
        await queries.open_zone(conn, event_id=event_id, zone=zone)


async def put_ground(conn: Connection, event_id: UUID, now: datetime, *, closed: bool) -> None:
    """Say whether anybody may come in."""
    if closed:
        await queries.close_ground(conn, event_id=event_id, now=now)
    else:
        await queries.open_ground(conn, event_id=event_id)


async def put_window(conn: Connection, event_id: UUID, gate_group: str, window: Window) -> bool:
    """Say when the passes of an accreditation may cross; whether that changed it."""
    return bool(
        await queries.put_window(
            conn, event_id=event_id, gate_group=gate_group, opens_at=window.opens_at, closes_at=window.closes_at
        )
    )


async def put_group(
    conn: Connection, event_id: UUID, gate_group: str, gates: Sequence[str]
) -> list[tuple[str, GateState]]:
    """Say which gates take a group besides their own, all of them; the gates that changed, as they stand now."""
    said = {"event_id": event_id, "gate_group": gate_group, "gates": list(gates)}
    _ = [row async for row in queries.lock_gates(conn, event_id=event_id)]
    rows = [row async for row in queries.add_group(conn, **said)]
    rows += [row async for row in queries.drop_group(conn, **said)]
    return [(row["gate"], GateState(row["turnstile"], row["closed"], tuple(row["extra_groups"]))) for row in rows]
