"""Takings of tills, from their signed records."""

from virage.control.books.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


async def takings_of_records(conn: Connection) -> dict[tuple[str, str], Cents]:
    """Return cash and terminal payments of each till, less refunds and what no card reader has captured."""
    told = {(str(row[0]), row[1]): row[2] async for row in queries.takings_of_records(conn)}
    async for row in queries.card_payment_losses(conn):
        told[str(row["device_id"]), "terminal"] -= row["cents"]
    return told
