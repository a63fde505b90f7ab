"""State of the gates at an event, for venue updates of the feed."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from virage.matchday.access.reads.queues import pulses, queues_at_gates
from virage.matchday.access.rules.board import FLOW_MINUTES
from virage.matchday.access.rules.venue_state import DEFAULT_GATE_STATE, nearest_ramps
from virage.matchday.access.store import board as store
from virage.matchday.access.store import venue_state as venue_state_store
from virage.platform.data.database import Database
from virage.site.programme import api as programme
from virage.site.venue.api import venue_at
from virage.site.venue.types import Place, Reading


class GateReadings:
    """Reads all gates; none while all entry is stopped, which the control room announces."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def __call__(self, event_id: UUID, now: datetime) -> list[Reading]:
        """Return each gate: closed or open, and its waiting time where it is counted."""
        async with self._db.connection() as conn:
            event = await programme.event(conn, event_id)
            venue = None if event is None else await venue_at(conn, event.venue_version)
        if venue is None:
            return []
        await asyncio.to_thread(nearest_ramps, venue)  # computed once, and with no connection held
        async with self._db.connection() as conn:
            state = (await venue_state_store.venue_states(conn, [event_id]))[event_id]
            if state.closed:
                return []
            closed = {code for code in venue.gate_by_code if state.gates.get(code, DEFAULT_GATE_STATE).closed}
            flows = await store.flow_by_gate(conn, event_id, now - timedelta(minutes=FLOW_MINUTES))
            open_flow = {
                code: flows[code].lately / FLOW_MINUTES if code in flows else 0.0
                for code in venue.gate_by_code
                if code not in closed
            }
            counted = await pulses(conn, event_id, venue, now)
            queues = await queues_at_gates(conn, event_id, venue, counted, flow_per_minute=open_flow, now=now)
        return [
            Reading(
                Place("gate", code),
                "closed" if code in closed else "open",
                queues[code].wait_s if code in queues else None,
            )
            for code in venue.gate_by_code
        ]
