"""Queries of the settings of gates, zones and entry."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.matchday.access.rules.decision import Window
from virage.matchday.access.rules.venue_state import GateState, VenueState, VenueStateRow, venue_state
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection


async def venue_states(conn: Connection, event_ids: Sequence[UUID]) -> dict[UUID, VenueState]:
    """Return the state of the venue at each event."""
    rows: dict[UUID, list[VenueStateRow]] = {event_id: [] for event_id in event_ids}
    async for event_id, *row in queries.venue_states(conn, event_ids=list(rows)):
        rows[event_id].append(VenueStateRow(*row))
    return {event_id: venue_state(found) for event_id, found in rows.items()}


async def put_gate(conn: Connection, event_id: UUID, gate: str, state: GateState) -> None:
    """Store the settings of a gate."""
    await queries.put_gate(
        conn,
        event_id=event_id,
        gate=gate,
        turnstile=state.turnstile,
        closed=state.closed,
        extra_groups=list(state.extra_groups),
    )


async def put_zone(conn: Connection, event_id: UUID, zone: str, now: datetime, *, full: bool) -> None:
    """Store whether a zone is full."""
    if full:
        await queries.fill_zone(conn, event_id=event_id, zone=zone, now=now)
    else:
        await queries.open_zone(conn, event_id=event_id, zone=zone)


async def put_entry_closed(conn: Connection, event_id: UUID, now: datetime, *, closed: bool) -> None:
    """Store whether all entry is stopped."""
    if closed:
        await queries.close_entry(conn, event_id=event_id, now=now)
    else:
        await queries.open_entry(conn, event_id=event_id)


async def put_window(conn: Connection, event_id: UUID, gate_group: str, window: Window) -> bool:
    """Store the access window of a gate group; return whether it changed."""
    return bool(
        await queries.put_window(
            conn, event_id=event_id, gate_group=gate_group, opens_at=window.opens_at, closes_at=window.closes_at
        )
    )


async def put_group(
    conn: Connection, event_id: UUID, gate_group: str, gates: Sequence[str]
) -> list[tuple[str, GateState]]:
    """Store which gates accept an extra group; return the gates that changed, with their new settings."""
    parameters = {"event_id": event_id, "gate_group": gate_group, "gates": list(gates)}
    _ = [row async for row in queries.lock_gates(conn, event_id=event_id)]
    rows = [row async for row in queries.add_group(conn, **parameters)]
    rows += [row async for row in queries.drop_group(conn, **parameters)]
    return [(row["gate"], GateState(row["turnstile"], row["closed"], tuple(row["extra_groups"]))) for row in rows]
