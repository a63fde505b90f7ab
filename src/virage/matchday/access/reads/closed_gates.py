"""Gates that are closed for an event."""

from uuid import UUID

from virage.matchday.access.store import venue_state as store
from virage.platform.data.database import Connection


async def closed_gates(conn: Connection, event_id: UUID) -> frozenset[str]:
    """Return the codes of the gates that a supervisor has closed for an event."""
    state = (await store.venue_states(conn, [event_id]))[event_id]
    return frozenset(code for code, gate in state.gates.items() if gate.closed)
