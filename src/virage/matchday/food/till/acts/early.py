"""Refunds that were told before their sale: what they give once it is booked, and what they say otherwise than it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct, field

from virage.matchday.food.till.rules import booking as rules
from virage.matchday.food.till.rules.booking import Awaiting, Booked, Part, RecordKey, key_of, sale_of
from virage.matchday.food.till.rules.deviations import Deviation
from virage.matchday.food.till.rules.deviations import Reason as DeviationReason
from virage.matchday.food.till.rules.refunds import Receipt, as_cash, judge_refund
from virage.matchday.food.till.store import booking as store
from virage.matchday.food.till.store import deviations
from virage.money.fiscal.types import SALES, Record
from virage.money.wallet.ledger.types import Transfer
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.data.journal import append as write_facts
from virage.platform.values.money import Cents


class Early(Struct):
    """What refunds do that were told before their sale, once it is booked.

    `settled` are those that waited, with what they give, and `moved` its transfers; `noted` is what refunds of it say
    otherwise, which nobody could tell before.
    """

    settled: list[tuple[Awaiting, list[Part]]] = field(default_factory=list)
    moved: list[Transfer] = field(default_factory=list)
    noted: list[tuple[Record, list[Deviation]]] = field(default_factory=list)


class EarlyOfOne(Early):
    """The same of one sale; `refunds` are all that were told of it, in their order."""

    refunds: list[Record] = field(default_factory=list)


async def judge_early(conn: Connection, sale: Record, parts: Sequence[Part]) -> EarlyOfOne:
    """What tills told of an order before its kitchen accepted it; the chain of the sale's till is locked."""
    key = key_of(sale)
    found = EarlyOfOne()
    early = await store.refunds_of(conn, [key])
    if not early:
        return found
    receipts = await receipts_of(conn, [], early, [sale])
    before = rules.booked_of(sale, parts)
    note_early(early, receipts, found, before, {})
    before += early
    settle_early(await store.awaiting(conn, [key]), receipts, found, before, {})
    found.refunds = receipts[key].refunds
    return found


async def write_early(conn: Connection, sale: Record, early: Early, now: datetime) -> None:
    """Write what these refunds do and say; their transfers are posted."""
    await write_settled(conn, early, now)
    lost = -kept_of(sale, early)
    if lost:
        await store.insert_losses(conn, [(sale, lost)])
    await note(conn, early.noted, now)


async def write_settled(conn: Connection, early: Early, now: datetime) -> None:
    """Write what refunds give that waited for their sale: they wait no more."""
    if early.settled:
        rows = [
            store.Row(refund.key, refund.part + n, part, refund.of, 0)
            for refund, parts in early.settled
            for n, part in enumerate(parts)
        ]
        await store.insert_bookings(conn, rows, now)
        await store.end_awaiting(conn, [refund.key for refund, _ in early.settled])


def kept_of(sale: Record, early: Early) -> Cents:
    """What refunds of before kept for a sale, and now give to nobody."""
    key = key_of(sale)
    return sum(refund.cents + sum(part.cents for part in parts) for refund, parts in early.settled if refund.of == key)


async def note(conn: Connection, noted: Sequence[tuple[Record, Sequence[Deviation]]], now: datetime) -> None:
    """Write what is otherwise."""
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


async def receipts_of(
    conn: Connection, given_back: Sequence[RecordKey], early: Sequence[Booked], told: Sequence[Record]
) -> dict[RecordKey, Receipt]:
    """The receipts of sales that are or were given back, those of this batch among them, with the refunds booked."""
    keys = {*given_back, *(one.refund_of for one in early if one.refund_of is not None)}
    if not keys:
        return {}
    records = await store.receipts_of(conn, sorted(keys))
    sales = [one for one in (*records, *told) if one.kind in SALES]
    receipts = {key_of(one): Receipt(one, []) for one in sales if key_of(one) in keys}
    for one in records:
        sale = sale_of(one)
        if sale is not None and sale in receipts:
            receipts[sale].refunds.append(one)
    return receipts


def note_early(
    early: Sequence[Booked],
    receipts: Mapping[RecordKey, Receipt],
    money: Early,
    sold: Sequence[Booked],
    purses: Mapping[UUID, UUID],
) -> None:
    """What refunds that were told before the sales of this batch say otherwise, each on what the ones before left."""
    for sale in sorted({one.refund_of for one in early if one.refund_of is not None}):
        seen = [one for one in sold if one.key == sale]
        refunds = receipts[sale].refunds if sale in receipts else []
        for number, one in enumerate(refunds):
            so_far = Receipt(receipts[sale].sale, refunds[:number])
            found, parts = given(one, so_far, seen, purses)
            seen += rules.booked_of(one, parts)
            if found:
                money.noted.append((one, found))


def settle_early(
    awaiting: Sequence[Awaiting],
    receipts: Mapping[RecordKey, Receipt],
    money: Early,
    before: list[Booked],
    purses: Mapping[UUID, UUID],
) -> None:
    """Refunds that were told before the sales of this batch give now what they could not give then."""
    for one in awaiting:
        as_cash_cents = as_cash(receipts[one.of].sale, receipts[one.of].refunds)
        parts, moved = rules.settle(one, before, purses, as_cash_cents=as_cash_cents)
        before += [Booked(one.key, rules.payer_of(part), part.cents, 0, one.of) for part in parts]
        money.settled.append((one, parts))
        money.moved += moved


def given(
    refund: Record, receipt: Receipt | None, before: Sequence[Booked], purses: Mapping[UUID, UUID]
) -> tuple[list[Deviation], list[Part]]:
    """What a refund says otherwise than its sale, and whose money it is."""
    as_cash_cents = as_cash_after(refund, receipt)
    found = [] if receipt is None else judge_refund(refund, receipt)
    reason = rules.refuse_refund(refund, before, as_cash_cents=as_cash_cents)
    if reason is not None:
        found.insert(0, Deviation(DeviationReason(reason)))
    return found, rules.refund_parts(refund, before, purses, as_cash_cents=as_cash_cents)


def as_cash_after(refund: Record, receipt: Receipt | None) -> Cents:
    """What of a sale leaves the house as cash once this refund is booked too."""
    return 0 if receipt is None else as_cash(receipt.sale, [*receipt.refunds, refund])
