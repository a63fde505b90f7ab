"""Refunds that were uploaded before their sale: loaded once it is booked, decided by `rules/early.py`, and written."""

from collections.abc import Collection, Sequence
from datetime import datetime

from virage.matchday.food.till.rules import booking as rules
from virage.matchday.food.till.rules.booking import Part, RecordKey, key_of
from virage.matchday.food.till.rules.deviations import Deviation
from virage.matchday.food.till.rules.early import Settlement, SettlementOfOne, receipts_from, settle_early
from virage.matchday.food.till.rules.refunds import Receipt
from virage.matchday.food.till.store import booking as store
from virage.matchday.food.till.store import deviations
from virage.money.fiscal.types import Record
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.data.journal import append as write_facts


async def judge_early(conn: Connection, sale: Record, parts: Sequence[Part]) -> SettlementOfOne:
    """What tills told of an order before its kitchen accepted it; the chain of the sale's till is locked."""
    key = key_of(sale)
    early = await store.refunds_of(conn, [key])
    if not early:
        return SettlementOfOne()
    receipts = await load_receipts(conn, {key}, [sale])
    awaiting = await store.awaiting(conn, [key])
    # The phone paid with a purse, so no card has to be looked up that stands on another one by now.
    found = settle_early(early, awaiting, receipts, [*rules.booked_of(sale, parts), *early], {})
    return SettlementOfOne(found.settled, found.moved, found.noted, tuple(receipts[key].refunds))


async def write_early(conn: Connection, sale: Record, early: Settlement, now: datetime) -> None:
    """Write what these refunds do and say; their transfers are posted."""
    await write_settled(conn, early, now)
    lost = -early.kept_of(key_of(sale))
    if lost:
        await store.insert_losses(conn, [(sale, lost)])
    await note(conn, early.noted, now)


async def write_settled(conn: Connection, early: Settlement, now: datetime) -> None:
    """Write what refunds give that waited for their sale: they wait no more."""
    if early.settled:
        rows = [
            store.Row(one.refund.key, one.refund.part + n, part, one.refund.of, 0)
            for one in early.settled
            for n, part in enumerate(one.parts)
        ]
        await store.insert_bookings(conn, rows, now)
        await store.end_awaiting(conn, [one.refund.key for one in early.settled])


async def note(conn: Connection, noted: Sequence[tuple[Record, Sequence[Deviation]]], now: datetime) -> None:
    """Store deviations and append their journal facts."""
    if not noted:
        return
    await deviations.insert_deviations(conn, noted, now)
    facts = [
        Fact(
            "record_deviated",
            record.till,
            record.id,
            {"number": record.number, "reasons": sorted({one.reason.value for one in found})},
        )
        for record, found in noted
    ]
    await write_facts(conn, facts, now)


async def load_receipts(
    conn: Connection, wanted: Collection[RecordKey], new: Sequence[Record]
) -> dict[RecordKey, Receipt]:
    """The receipts of sales that are stored, or that are new, with the refunds of them that are stored."""
    if not wanted:
        return {}
    stored = await store.receipts_of(conn, sorted(wanted))
    return receipts_from([*stored, *new], frozenset(wanted))
