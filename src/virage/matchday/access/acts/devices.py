"""Heartbeats of devices."""

from datetime import datetime
from uuid import UUID

from virage.matchday.access.rules.heartbeats import Heartbeat, state_of
from virage.matchday.access.store import packs as store
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused


async def record_heartbeat(conn: Connection, device_id: UUID, beat: Heartbeat, now: datetime) -> Refused | None:
    """Store the latest state of a device; heartbeats are not journalled."""
    state = state_of(device_id, beat, now)
    if isinstance(state, Refused):
        return state
    await store.put_device_state(conn, state)
    return None
