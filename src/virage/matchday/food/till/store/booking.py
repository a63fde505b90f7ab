"""What the money of tills' records did."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from virage.matchday.food.till.rules.booking import Awaiting, Booked, Part, Payer, RecordKey
from virage.matchday.food.till.rules.limits import Alone
from virage.matchday.food.till.store.queries import queries
from virage.money.fiscal.types import Record, read_record
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


class Row(NamedTuple):
    """A part of a record to write; `alone_cents` is what its till took from a card without having asked."""

    key: RecordKey
    number: int
    part: Part
    refund_of: RecordKey | None
    alone_cents: Cents


async def bookings_of(conn: Connection, sales: Sequence[RecordKey]) -> list[Booked]:
    """The parts of sales, locked until the transaction ends, and those of their refunds."""
    locked = [_booked(row) async for row in queries.lock_bookings(conn, **_keys(sales))]
    return locked + await refunds_of(conn, sales)


async def refunds_of(conn: Connection, sales: Sequence[RecordKey]) -> list[Booked]:
    """What was given back of sales, whose rows or whose tills' chains are locked."""
    return [_booked(row) async for row in queries.refunds_of_sales(conn, **_keys(sales))]


async def receipts_of(conn: Connection, sales: Sequence[tuple[UUID, UUID]]) -> list[Record]:
    """Sales by their tills and ids, then the refunds of them that were booked, in the order in which they were."""
    tills, ids = [till for till, _ in sales], [id_ for _, id_ in sales]
    found = [read_record(row["body"]) async for row in queries.receipts_of(conn, device_ids=tills, ids=ids)]
    return [record for record in found if record is not None]


async def awaiting(conn: Connection, sales: Sequence[RecordKey]) -> list[Awaiting]:
    """Refunds that were told before these sales, in the order in which they were told."""
    return [
        Awaiting(
            RecordKey(row["device_id"], row["record_id"]),
            RecordKey(row["refund_till"], row["refund_of"]),
            row["tender"],
            row["next_part"],
            row["awaits_cents"],
        )
        async for row in queries.awaiting(conn, **_keys(sales))
    ]


async def end_awaiting(conn: Connection, refunds: Sequence[RecordKey]) -> None:
    """Refunds wait no more."""
    tills, ids = [key.till for key in refunds], [key.id for key in refunds]
    await queries.end_awaiting(conn, tills=tills, refund_ids=ids)


async def alone_since(conn: Connection, since: Mapping[UUID, datetime]) -> dict[UUID, list[Alone]]:
    """What tills took from cards without having asked, as far as it was told from a time on."""
    found: dict[UUID, list[Alone]] = {}
    async for row in queries.alone_since(conn, tills=list(since), since=list(since.values())):
        one = Alone(row["booked_at"], row["card_id"], row["alone_cents"])
        found.setdefault(row["device_id"], []).append(one)
    return found


async def insert_losses(conn: Connection, lost: Sequence[tuple[Record, Cents]]) -> None:
    """Write what records brought otherwise than they say, which is not zero."""
    await queries.insert_losses(
        conn,
        tills=[record.till for record, _ in lost],
        numbers=[record.number for record, _ in lost],
        outlets=[record.outlet for record, _ in lost],
        cents=[cents for _, cents in lost],
    )


async def insert_bookings(conn: Connection, rows: Sequence[Row], now: datetime) -> None:
    """Write the parts of records. What went to nobody is written with nothing given."""
    await queries.insert_bookings(
        conn,
        tills=[row.key.till for row in rows],
        record_ids=[row.key.id for row in rows],
        parts=[row.number for row in rows],
        tenders=[row.part.tender for row in rows],
        refund_tills=[row.refund_of.till if row.refund_of else None for row in rows],
        refunds_of=[row.refund_of.id if row.refund_of else None for row in rows],
        purse_ids=[row.part.purse_id for row in rows],
        card_ids=[row.part.card_id for row in rows],
        bonuses=[row.part.bonus for row in rows],
        cents=[row.part.cents if row.part.counts else 0 for row in rows],
        loss_cents=[row.part.loss_cents for row in rows],
        loss_reasons=[row.part.loss_reason for row in rows],
        awaits=[row.part.awaits_cents for row in rows],
        alones=[row.alone_cents for row in rows],
        now=now,
    )


def _keys(sales: Sequence[RecordKey]) -> dict[str, Any]:
    return {"tills": [key.till for key in sales], "sale_ids": [key.id for key in sales]}


def _booked(row: Any) -> Booked:
    card_id = row["card_id"]
    sale = None if row["refund_of"] is None else RecordKey(row["refund_till"], row["refund_of"])
    payer = Payer(card_id, None if card_id else row["purse_id"], row["bonus"])
    return Booked(RecordKey(row["device_id"], row["record_id"]), payer, row["cents"], row["loss_cents"], sale)
