"""When passes entered an event for the first time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.matchday.access.rules.crossings import fold_crossings
from virage.matchday.access.store import scans as store
from virage.platform.data.database import Connection


async def first_entries(conn: Connection, event_id: UUID, numbers: Sequence[int]) -> dict[int, datetime]:
    """Return when passes entered first, by number and the clock of the gate; passes that never entered are missing."""
    crossings = await store.crossings_of(conn, [(event_id, number) for number in numbers])
    folded = {number: fold_crossings(found).entered_at for (_, number), found in crossings.items()}
    return {number: entered_at for number, entered_at in folded.items() if entered_at is not None}
