"""What tills took, out of the bytes that they signed, and where."""

from collections.abc import Sequence
from uuid import UUID

from virage.matchday.concessions.store.queries import queries
from virage.platform.database import Connection
from virage.platform.money import Cents


async def takings_of_records(conn: Connection) -> dict[tuple[str, str], Cents]:
    """What the records of each till took in cash and by its terminal, less what they gave back."""
    return {(str(row[0]), row[1]): row[2] async for row in queries.takings_of_records(conn)}


async def outlets_of(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Where records were written and orders are made, by code; ids of nothing are left out."""
    return {row["id"]: row["outlet"] async for row in queries.outlets_of(conn, ids=list(ids))}
