"""Who is in the ground."""

from collections.abc import Sequence
from uuid import UUID

from virage.access.store import scans as store
from virage.kernel.database import Connection
from virage.passes import reads as passes


async def is_inside(conn: Connection, event_id: UUID, ticket_ids: Sequence[UUID]) -> bool:
    """Tell whether somebody came in with one of these tickets and has not left since."""
    states = await passes.states(conn, ticket_ids) if ticket_ids else {}
    present = await store.presence_of(conn, [(event_id, state.number) for state in states.values()])
    return any(one.presence is not None and one.presence.state == "inside" for one in present.values())
