"""Records of tills become figures, each once: what is added and up to where is one transaction."""

from typing import Final

from virage.control.books.rules.figures import add_figures, add_receipts, figures_of, receipts_of
from virage.control.books.store import figures as store
from virage.money.fiscal.types import read_record
from virage.platform.data.database import Connection

TILLS_A_TURN: Final = 100
RECORDS_A_TILL: Final = 200


async def project(conn: Connection) -> int:
    """Add the next records of the tills that are behind; how many records that were.

    A chain has no gap and its head moves in the transaction that writes its records, so that a till's last number is
    all that must be kept. Nothing of it is on the way of a sale: rows of the chain are read, never locked.
    """
    tills = await store.chains_behind(conn, TILLS_A_TURN)
    if not tills:
        return 0
    heads = await store.lock_heads(conn, tills)
    found = await store.records_after(conn, heads, RECORDS_A_TILL)
    records = [read_record(one.body) for one in found]
    read = [record for record in records if record is not None]
    if len(read) != len(records):
        raise ValueError("A stored record is none.")
    await store.add_figures(conn, add_figures(figure for record in read for figure in figures_of(record)))
    await store.add_receipts(conn, add_receipts(one for one in map(receipts_of, read) if one is not None))
    await store.move_heads(conn, {one.till: one.number for one in found})
    return len(found)


async def rebuild(conn: Connection) -> int:
    """Make all figures anew from the records; how many records that were."""
    await store.empty(conn)
    count = 0
    while taken := await project(conn):
        count += taken
    return count
