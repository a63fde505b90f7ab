"""Projection of till records into sales statistics. Statistics and position are written in one transaction."""

from typing import Final

from virage.control.books.rules.sales_statistics import add_figures, add_receipts, receipt_count_of, statistics_of
from virage.control.books.store import sales_statistics as store
from virage.money.fiscal.types import read_record
from virage.platform.data.database import Connection

TILLS_A_TURN: Final = 100
RECORDS_A_TILL: Final = 200


async def project(conn: Connection) -> int:
    """Add the next records of tills that are behind; return the number of records.

    A chain has no gaps and its head moves with its records, so the last number of each till is the position. Chain rows
    are read without locks, so sales are never delayed.
    """
    tills = await store.chains_behind(conn, TILLS_A_TURN)
    if not tills:
        return 0
    heads = await store.lock_heads(conn, tills)
    found = await store.records_after(conn, heads, RECORDS_A_TILL)
    records = [read_record(record.body) for record in found]
    read = [record for record in records if record is not None]
    if len(read) != len(records):
        raise ValueError("A stored record is invalid.")
    await store.add_figures(conn, add_figures(figure for record in read for figure in statistics_of(record)))
    await store.add_receipts(conn, add_receipts(count for count in map(receipt_count_of, read) if count is not None))
    await store.move_heads(conn, {record.till: record.number for record in found})
    return len(found)


async def rebuild(conn: Connection) -> int:
    """Rebuild all statistics from the records; return the number of records."""
    await store.empty(conn)
    count = 0
    while taken := await project(conn):
        count += taken
    return count
