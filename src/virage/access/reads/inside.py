"""Who is in the ground."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.access.store import scans as store
from virage.kernel.database import Connection
from virage.passes import reads as passes


async def is_inside(conn: Connection, event_id: UUID, ticket_ids: Sequence[UUID]) -> bool:
    """Tell whether somebody came in with one of these tickets and has not left since."""
    return bool(await inside_since(conn, event_id, ticket_ids))


async def inside_since(conn: Connection, event_id: UUID, ticket_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return since when the holders of these tickets are inside; those who are not are left out.

    Whoever was admitted and has not passed the turnstile yet counts as inside.
    """
    states = await passes.states(conn, ticket_ids) if ticket_ids else {}
    present = await store.presence_of(conn, [(event_id, state.number) for state in states.values()])
    found = {ticket_id: present.get((event_id, state.number)) for ticket_id, state in states.items()}
    return {
        ticket_id: stored.presence.since
        for ticket_id, stored in found.items()
        if stored is not None and stored.presence is not None and stored.presence.state != "outside"
    }
