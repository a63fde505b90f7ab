"""What must be known to decide who pays what tills sold, loaded and locked for `rules/tendering.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from virage.matchday.food.till.acts.early import load_receipts
from virage.matchday.food.till.rules.booking import Booked, Part, RecordKey, account_of, key_of, sale_of
from virage.matchday.food.till.rules.limits import TillLimits
from virage.matchday.food.till.rules.tendering import (
    Batch,
    Sent,
    Tendered,
    count,
    is_alone,
    proofs_of,
    taps_of,
    tender,
    took_alone,
    wrong,
)
from virage.matchday.food.till.store import booking as store
from virage.money.fiscal.types import REFUNDS, Record
from virage.money.wallet.cards import api as cards
from virage.money.wallet.cards.api import charge
from virage.money.wallet.cards.types import Spent, TapTaken
from virage.money.wallet.ledger import api as ledger
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


async def load(conn: Connection, new: Mapping[int, Sent], limits: TillLimits, now: datetime) -> Batch:
    """Load what decides about new records, and take the taps that pay them.

    Rows are locked in the order of all transactions: sales that are refunded, cards, then all wallets that the batch
    moves. What is read without a lock belongs to the chains of tills, which the caller has locked.
    """
    # An online record that is wrong by itself takes no tap: its card pays the next one.
    refused = {at: refusal for at, one in new.items() if (refusal := wrong(one)) is not None}
    refunds = {at: one for at, one in new.items() if at not in refused and one.record.kind in REFUNDS}
    sales = {at: one for at, one in new.items() if at not in refused and at not in refunds}
    told = [one.record for one in sales.values() if one.told]

    refunded = sorted({sale for one in refunds.values() if (sale := sale_of(one.record)) is not None})
    booked = await store.bookings_of(conn, refunded) if refunded else []
    early = await store.refunds_of(conn, [key_of(one) for one in told]) if told else []
    awaiting = await store.awaiting(conn, [key_of(one) for one in told]) if early else []
    tendered = await _take_cards(conn, sales, cap_cents=limits.tap_cap_cents, now=now)
    purses = await _purses_of(conn, booked, tendered) if refunds or early else {}
    # After the cards: they say whose wallets are moved. A sale that its card refuses moves none.
    moved = [part for one in tendered.values() if one.refused is None for part in one.parts]
    available = await _available(conn, booked, moved, purses)
    # After the sales and the chains of tills are locked: no refund of these receipts is being booked elsewhere.
    wanted = {*refunded, *(one.refund_of for one in early if one.refund_of is not None)}
    receipts = await load_receipts(conn, wanted, told)
    took = took_alone(sales, refunds, tendered)
    since = {till: min(one.at for one in of_till.values()) for till, of_till in took.items()}
    alone = await store.alone_since(conn, since) if since else {}
    return Batch(
        limits,
        sales,
        refunds,
        refused,
        tendered,
        tuple(booked),
        tuple(early),
        tuple(awaiting),
        receipts,
        purses,
        available,
        alone,
    )


async def _take_cards(
    conn: Connection, sales: Mapping[int, Sent], *, cap_cents: Cents, now: datetime
) -> dict[int, Tendered]:
    """Take the taps of sales, in the order of their counters, and count what their cards spend today."""
    taps, proofs = taps_of(sales), proofs_of(sales)
    taken: dict[int, dict[int, TapTaken | UUID | Refused]] = {at: {} for at in sales}
    if taps:
        for (at, place), tap in zip(taps, await cards.take_taps(conn, list(taps.values()), now), strict=True):
            taken[at][place] = tap
    if proofs:
        for (at, place), purse in zip(proofs, await charge(conn, list(proofs.values()), now), strict=True):
            taken[at][place] = purse
    tendered = {at: tender(one, taken[at]) for at, one in sales.items()}

    # Only now: a sale that one of its cards refuses must not use up the daily limit of another.
    spends = [(at, spend) for at, one in tendered.items() if one.refused is None for spend in one.spends]
    if not spends:
        return tendered
    counted: dict[int, list[Spent | Refused]] = {}
    found = await cards.count_spends(conn, [spend for _, spend in spends], cap_cents=cap_cents, now=now)
    for (at, _), outcome in zip(spends, found, strict=True):
        counted.setdefault(at, []).append(outcome)
    return tendered | {at: count(tendered[at], outcomes) for at, outcomes in counted.items()}


async def _purses_of(conn: Connection, booked: Sequence[Booked], tendered: Mapping[int, Tendered]) -> dict[UUID, UUID]:
    """The purses on which cards stand that paid what may be given back."""
    paid_by = {one.payer.card_id for one in booked} | {part.card_id for one in tendered.values() for part in one.parts}
    return await cards.wallets_of(conn, [card_id for card_id in paid_by if card_id is not None])


async def _available(
    conn: Connection, booked: Sequence[Booked], parts: Sequence[Part], purses: Mapping[UUID, UUID]
) -> dict[UUID, Cents]:
    """What the purses that a batch moves have available, with their bonus credit; all locked, in one order."""
    moved = {part.purse_id for part in parts} | set(purses.values()) | {one.payer.purse_id for one in booked}
    accounts = [
        account_of(purse_id, is_bonus=is_bonus).id
        for purse_id in moved
        if purse_id is not None
        for is_bonus in (False, True)
    ]
    return await ledger.available(conn, accounts) if accounts else {}


def rows_of(key: RecordKey, record: Record, parts: Sequence[Part], *, told: bool) -> list[store.Row]:
    """The parts of a record as they are stored."""
    sale = sale_of(record)
    return [
        store.Row(key, number, part, sale, part.cents if told and is_alone(record, part) else 0)
        for number, part in enumerate(parts)
    ]
