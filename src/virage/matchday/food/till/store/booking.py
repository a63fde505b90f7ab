"""Stored parts of sales and refunds, and losses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from virage.matchday.food.till.rules.booking import BookedPart, Part, Payer, PendingRefund, RecordKey
from virage.matchday.food.till.rules.limits import OfflineTaking
from virage.matchday.food.till.store.queries import queries
from virage.money.fiscal.types import Record, read_record
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


class BookingRow(NamedTuple):
    """Part of a record to store; `alone_cents` is an offline card payment."""

    key: RecordKey
    number: int
    part: Part
    refund_of: RecordKey | None
    alone_cents: Cents


async def bookings_of(conn: Connection, sales: Sequence[RecordKey]) -> list[BookedPart]:
    """Return the parts of sales, locked until the transaction ends, and those of their refunds."""
    locked = [_booked(row) async for row in queries.lock_bookings(conn, **_keys(sales))]
    return locked + await refunds_of(conn, sales)


async def refunds_of(conn: Connection, sales: Sequence[RecordKey]) -> list[BookedPart]:
    """Return the refunded parts of sales; the sales or the chains of their tills must be locked."""
    return [_booked(row) async for row in queries.refunds_of_sales(conn, **_keys(sales))]


async def receipts_of(conn: Connection, sales: Sequence[tuple[UUID, UUID]]) -> list[Record]:
    """Return sales by till and id, then their booked refunds in the order of booking."""
    tills, ids = [till for till, _ in sales], [id_ for _, id_ in sales]
    found = [read_record(row["body"]) async for row in queries.receipts_of(conn, device_ids=tills, ids=ids)]
    return [record for record in found if record is not None]


async def paid_by_wallets(conn: Connection, sales: Sequence[RecordKey]) -> dict[RecordKey, dict[UUID, Cents]]:
    """Return what wallets paid of sales, by sale and wallet, without bonus credit and losses."""
    found: dict[RecordKey, dict[UUID, Cents]] = {}
    async for row in queries.paid_by_wallets(conn, **_keys(sales)):
        found.setdefault(RecordKey(row["device_id"], row["record_id"]), {})[row["purse_id"]] = row["cents"]
    return found


async def pending_refunds(conn: Connection, sales: Sequence[RecordKey]) -> list[PendingRefund]:
    """Return refunds that were uploaded before these sales, in the order of upload."""
    return [
        PendingRefund(
            RecordKey(row["device_id"], row["record_id"]),
            RecordKey(row["refund_till"], row["refund_of"]),
            row["tender"],
            row["next_part"],
            row["awaits_cents"],
            row["by_terminal"],
        )
        async for row in queries.pending_refunds(conn, **_keys(sales))
    ]


async def clear_pending_refunds(conn: Connection, refunds: Sequence[RecordKey]) -> None:
    """Mark refunds as no longer waiting for their sale."""
    tills, ids = [key.till for key in refunds], [key.id for key in refunds]
    await queries.clear_pending_refunds(conn, tills=tills, refund_ids=ids)


async def offline_takings_since(conn: Connection, since: Mapping[UUID, datetime]) -> dict[UUID, list[OfflineTaking]]:
    """Return the offline card payments of tills that were uploaded since a time."""
    found: dict[UUID, list[OfflineTaking]] = {}
    async for row in queries.offline_takings_since(conn, tills=list(since), since=list(since.values())):
        taking = OfflineTaking(row["booked_at"], row["card_id"], row["alone_cents"])
        found.setdefault(row["device_id"], []).append(taking)
    return found


async def insert_losses(conn: Connection, lost: Sequence[tuple[Record, Cents]]) -> None:
    """Store the losses of records; none of them is zero."""
    await queries.insert_losses(
        conn,
        tills=[record.till for record, _ in lost],
        numbers=[record.number for record, _ in lost],
        outlets=[record.outlet for record, _ in lost],
        cents=[cents for _, cents in lost],
    )


async def insert_bookings(conn: Connection, rows: Sequence[BookingRow], now: datetime) -> None:
    """Store the parts of records. Uncovered refunds are stored with zero cents."""
    await queries.insert_bookings(
        conn,
        tills=[row.key.till for row in rows],
        record_ids=[row.key.id for row in rows],
        parts=[row.number for row in rows],
        tenders=[row.part.tender for row in rows],
        refund_tills=[row.refund_of.till if row.refund_of else None for row in rows],
        refunds_of=[row.refund_of.id if row.refund_of else None for row in rows],
        wallet_ids=[row.part.wallet_id for row in rows],
        card_ids=[row.part.card_id for row in rows],
        bonuses=[row.part.bonus for row in rows],
        cents=[row.part.cents if row.part.counts else 0 for row in rows],
        loss_cents=[row.part.loss_cents for row in rows],
        loss_reasons=[row.part.loss_reason for row in rows],
        awaits=[row.part.awaits_cents for row in rows],
        card_payments=[row.part.card_payment for row in rows],
        alones=[row.alone_cents for row in rows],
        now=now,
    )


def _keys(sales: Sequence[RecordKey]) -> dict[str, Any]:
    return {"tills": [key.till for key in sales], "sale_ids": [key.id for key in sales]}


def _booked(row: Any) -> BookedPart:
    card_id = row["card_id"]
    sale = None if row["refund_of"] is None else RecordKey(row["refund_till"], row["refund_of"])
    payer = Payer(card_id, None if card_id else row["purse_id"], row["bonus"], row["card_payment_id"])
    return BookedPart(RecordKey(row["device_id"], row["record_id"]), payer, row["cents"], row["loss_cents"], sale)
