"""Queries of packs and heartbeats."""

from datetime import datetime
from uuid import UUID

from virage.matchday.access.rules.heartbeats import DeviceState
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection


async def passes_by_state(conn: Connection, event_id: UUID) -> dict[str, list[int]]:
    """Return the numbers of the passes by presence."""
    return {row["state"]: row["numbers"] async for row in queries.passes_by_state(conn, event_id=event_id)}


async def flagged_passes(conn: Connection, event_id: UUID, now: datetime) -> list[int]:
    """Return the numbers of the passes that a ban matches."""
    return [row["pass_number"] async for row in queries.flagged_passes(conn, event_id=event_id, now=now)]


async def put_device_state(conn: Connection, state: DeviceState) -> None:
    """Store the state of a device."""
    await queries.put_device_state(
        conn,
        device_id=state.device_id,
        event_id=state.event_id,
        gate=state.gate,
        now=state.last_seen_at,
        clock_off_ms=state.clock_off_ms,
        backlog=state.backlog,
        battery_percent=state.battery_percent,
        offline_since=state.offline_since,
        pack_version=state.pack_version,
        person_id=state.person_id,
    )
