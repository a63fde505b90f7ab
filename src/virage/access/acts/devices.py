"""What devices tell of themselves."""

from virage.access.rules.states import DeviceState
from virage.access.store import packs as store
from virage.kernel.database import Connection


async def hear(conn: Connection, state: DeviceState) -> None:
    """Remember how a device says it is; the last word counts, and no journal needs it."""
    await store.put_device_state(conn, state)
