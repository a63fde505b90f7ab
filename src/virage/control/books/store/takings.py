"""What tills took, out of the bytes that they signed."""

from virage.control.books.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


async def takings_of_records(conn: Connection) -> dict[tuple[str, str], Cents]:
    """What the records of each till took in cash and by its terminal, less what they gave back."""
    return {(str(row[0]), row[1]): row[2] async for row in queries.takings_of_records(conn)}
