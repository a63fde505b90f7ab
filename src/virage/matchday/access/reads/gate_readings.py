"""State of the gates at an event, for venue updates of the feed."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from virage.matchday.access.reads.queues import pulses, queues_at_gates
from virage.matchday.access.rules.board import FLOW_MINUTES
from virage.matchday.access.rules.venue_state import DEFAULT_GATE_STATE, gates, nearest_ramps
from virage.matchday.access.store import board as store
from virage.matchday.access.store import venue_state as venue_state_store
from virage.platform.data.database import Database
from virage.site.venue.types import Place, Reading


class GateReadings:
    """Reads all gates; none while all entry is stopped, which the control room announces."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def __call__(self, event_id: UUID, now: datetime) -> list[Reading]:
        """Return each gate: closed or open, and its waiting time where it is counted."""
        await asyncio.to_thread(nearest_ramps)  # computed once, and with no connection held
        async with self._db.connection() as conn:
            state = (await venue_state_store.venue_states(conn, [event_id]))[event_id]
            if state.closed:
                return []
            closed = {code for code in gates() if state.gates.get(code, DEFAULT_GATE_STATE).closed}
            flows = await store.flow_by_gate(conn, event_id, now - timedelta(minutes=FLOW_MINUTES))
            open_flow = {
                code: flows[code].lately / FLOW_MINUTES if code in flows else 0.0
                for code in gates()
                if code not in closed
            }
            queues = await queues_at_gates(conn, event_id, await pulses(conn, event_id, now), open_flow, now)
        return [
            Reading(
                Place("gate", code),
                "closed" if code in closed else "open",
                queues[code].wait_s if code in queues else None,
            )
            for code in gates()
        ]
