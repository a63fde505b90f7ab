"""The evacuation instructions of events that were sent last. Their texts are contents of the log."""

from uuid import UUID

import msgspec
from msgspec.structs import asdict

from virage.control.safety.rules.instructions import SentInstructions
from virage.control.safety.store.queries import queries
from virage.platform.data.database import Connection


async def instruction_sets(conn: Connection, event_id: UUID) -> list[SentInstructions]:
    """Return the instructions of an event that were sent last, by mode."""
    return [
        msgspec.convert(dict(row), SentInstructions) async for row in queries.instruction_sets(conn, event_id=event_id)
    ]


async def put_instruction_set(conn: Connection, event_id: UUID, sent: SentInstructions) -> None:
    """Store the instructions that were sent last."""
    await queries.put_instruction_set(conn, event_id=event_id, **asdict(sent))
