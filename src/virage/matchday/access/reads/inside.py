"""People inside the venue."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.passes import api as passes
from virage.identity.passes.api import PassState
from virage.matchday.access.rules.evaluation import PassKey, StoredPresence
from virage.matchday.access.store import scans as store
from virage.platform.data.database import Connection


async def is_inside(conn: Connection, event_id: UUID, ticket_ids: Sequence[UUID]) -> bool:
    """Return whether one of these tickets is inside now."""
    return bool(await inside_since(conn, event_id, ticket_ids))


async def lock_inside(conn: Connection, event_id: UUID, ticket_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return the same as `inside_since`; no gate changes it until the transaction ends.

    It takes the locks of a gate in the same order, so later scans see what the transaction decided.
    """
    states = await passes.states(conn, ticket_ids) if ticket_ids else {}
    keys = sorted((event_id, state.number) for state in states.values())
    return _inside(event_id, states, await store.lock_presence(conn, keys) if keys else {})


async def inside_since(conn: Connection, event_id: UUID, ticket_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return since when these tickets are inside; others are left out.

    A ticket that is admitted and has not passed the turnstile yet counts as inside.
    """
    states = await passes.states(conn, ticket_ids) if ticket_ids else {}
    keys = [(event_id, state.number) for state in states.values()]
    return _inside(event_id, states, await store.presence_of(conn, keys))


def _inside(
    event_id: UUID, states: Mapping[UUID, PassState], present: Mapping[PassKey, StoredPresence]
) -> dict[UUID, datetime]:
    found = {ticket_id: present.get((event_id, state.number)) for ticket_id, state in states.items()}
    return {
        ticket_id: stored.presence.since
        for ticket_id, stored in found.items()
        if stored is not None and stored.presence is not None and stored.presence.state != "outside"
    }
