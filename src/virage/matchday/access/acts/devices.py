"""What devices tell of themselves."""

from datetime import datetime
from uuid import UUID

from virage.matchday.access.rules.states import Heartbeat, state_of
from virage.matchday.access.store import packs as store
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused


async def hear(conn: Connection, device_id: UUID, beat: Heartbeat, now: datetime) -> Refused | None:
    """Remember how a device says it is; the last word counts, and no journal needs it."""
    state = state_of(device_id, beat, now)
    if isinstance(state, Refused):
        return state
    await store.put_device_state(conn, state)
    return None
