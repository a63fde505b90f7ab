"""What the money of tills' records did."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.concessions.rules.booking import Booked, Part
from virage.concessions.rules.fiscal.record import Record
from virage.concessions.store.queries import queries
from virage.kernel.database import Connection


async def bookings_of(conn: Connection, sale_ids: Sequence[UUID]) -> list[Booked]:
    """The parts of sales, locked until the transaction ends, and those of their refunds."""
    sales = [Booked(*row) async for row in queries.lock_bookings(conn, sale_ids=sale_ids)]
    return sales + [Booked(*row) async for row in queries.refunds_of_sales(conn, sale_ids=sale_ids)]


async def insert_bookings(conn: Connection, booked: Sequence[tuple[Record, Sequence[Part]]], now: datetime) -> None:
    """Write the parts of records. What went to nobody is written with nothing given."""
    rows = [(record, number, part) for record, parts in booked for number, part in enumerate(parts)]
    await queries.insert_bookings(
        conn,
        record_ids=[record.id for record, _, _ in rows],
        parts=[number for _, number, _ in rows],
        tenders=[part.tender for _, _, part in rows],
        refunds_of=[record.refund_of.record if record.refund_of else None for record, _, _ in rows],
        purse_ids=[part.purse_id for _, _, part in rows],
        card_ids=[part.card_id for _, _, part in rows],
        cents=[part.cents if part.counts else 0 for _, _, part in rows],
        loss_cents=[part.loss_cents for _, _, part in rows],
        loss_reasons=[part.loss_reason for _, _, part in rows],
        now=now,
    )
