"""Refunds that were uploaded before their sale: loading and writing; decided by `rules/early_refunds.py`."""

from collections.abc import Collection, Sequence
from datetime import datetime

from virage.matchday.food.till.rules import booking as rules
from virage.matchday.food.till.rules.booking import Part, RecordKey, key_of
from virage.matchday.food.till.rules.deviations import Deviation
from virage.matchday.food.till.rules.early_refunds import SaleSettlement, Settlement, receipts_from, settle_early
from virage.matchday.food.till.rules.refunds import Receipt
from virage.matchday.food.till.store import booking as store
from virage.matchday.food.till.store import deviations
from virage.money.fiscal.types import Record
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.data.journal import append as write_facts


async def settle_early_refunds(conn: Connection, sale: Record, parts: Sequence[Part]) -> SaleSettlement:
    """Settle refunds of an order that tills uploaded before its kitchen accepted it.

    The chain of the sale's till must be locked.
    """
    key = key_of(sale)
    early = await store.refunds_of(conn, [key])
    if not early:
        return SaleSettlement()
    receipts = await load_receipts(conn, {key}, [sale])
    pending_refunds = await store.pending_refunds(conn, [key])
    # The order was paid from a wallet, so there are no cards to look up.
    found = settle_early(early, pending_refunds, receipts, [*rules.booked_parts(sale, parts), *early], {})
    return SaleSettlement(found.settled, found.moved, found.noted, tuple(receipts[key].refunds))


async def write_early_refunds(conn: Connection, sale: Record, early: Settlement, now: datetime) -> None:
    """Store the settlement and its deviations; the transfers are already posted."""
    await write_settled(conn, early, now)
    lost = -early.withheld_for(key_of(sale))
    if lost:
        await store.insert_losses(conn, [(sale, lost)])
    await store_deviations(conn, early.noted, now)


async def write_settled(conn: Connection, early: Settlement, now: datetime) -> None:
    """Store the parts of refunds that waited for their sale."""
    if early.settled:
        rows = [
            store.BookingRow(settled.refund.key, settled.refund.part + n, part, settled.refund.of, 0)
            for settled in early.settled
            for n, part in enumerate(settled.parts)
        ]
        await store.insert_bookings(conn, rows, now)
        await store.clear_pending_refunds(conn, [settled.refund.key for settled in early.settled])


async def store_deviations(
    conn: Connection, noted: Sequence[tuple[Record, Sequence[Deviation]]], now: datetime
) -> None:
    """Store deviations and append their journal facts."""
    if not noted:
        return
    await deviations.insert_deviations(conn, noted, now)
    facts = [
        Fact(
            "record_deviated",
            record.till,
            record.id,
            {"number": record.number, "reasons": sorted({deviation.reason.value for deviation in found})},
        )
        for record, found in noted
    ]
    await write_facts(conn, facts, now)


async def load_receipts(
    conn: Connection, wanted: Collection[RecordKey], new: Sequence[Record]
) -> dict[RecordKey, Receipt]:
    """Return the receipts of stored and new sales, with their stored refunds."""
    if not wanted:
        return {}
    stored = await store.receipts_of(conn, sorted(wanted))
    return receipts_from([*stored, *new], frozenset(wanted))
