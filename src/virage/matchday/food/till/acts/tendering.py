"""Loads and locks the data for `rules/tendering.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from virage.matchday.food.till.acts.early_refunds import load_receipts
from virage.matchday.food.till.rules.booking import BookedPart, Part, RecordKey, account_of, key_of, sale_of
from virage.matchday.food.till.rules.limits import TillLimits
from virage.matchday.food.till.rules.tendering import (
    Batch,
    Tendered,
    UploadedRecord,
    count,
    is_wallet_payment,
    named_payments,
    offline_takings,
    proofs_of,
    refusal_of,
    taps_of,
    tender,
)
from virage.matchday.food.till.store import booking as store
from virage.money.card_readers import api as card_readers
from virage.money.card_readers.types import CardPayment
from virage.money.fiscal.types import REFUNDS, Record
from virage.money.wallet.cards import api as cards
from virage.money.wallet.cards.api import charge
from virage.money.wallet.cards.types import Spent, TapTaken
from virage.money.wallet.ledger import api as ledger
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


async def load(
    conn: Connection, new: Mapping[int, UploadedRecord], limits: TillLimits, *, zone: ZoneInfo, now: datetime
) -> Batch:
    """Load the data of new records and take the taps that pay them.

    Rows are locked in the global order: refunded sales, payments at card readers, cards, then all wallets that the
    batch moves. Rows read without
    a lock are protected by the chains of the tills, which the caller has locked.
    """
    # An invalid online record takes no tap, so the same tap can pay the corrected one.
    refused = {at: refusal for at, upload in new.items() if (refusal := refusal_of(upload)) is not None}
    refunds = {at: upload for at, upload in new.items() if at not in refused and upload.record.kind in REFUNDS}
    sales = {at: upload for at, upload in new.items() if at not in refused and at not in refunds}
    offline = [upload.record for upload in sales.values() if upload.offline]

    refunded = sorted({sale for upload in refunds.values() if (sale := sale_of(upload.record)) is not None})
    booked = await store.bookings_of(conn, refunded) if refunded else []
    early = await store.refunds_of(conn, [key_of(record) for record in offline]) if offline else []
    pending_refunds = await store.pending_refunds(conn, [key_of(record) for record in offline]) if early else []
    card_payments = await card_readers.lock_named(conn, sorted(named_payments(sales)))
    tendered = await _take_cards(conn, sales, card_payments, cap_cents=limits.tap_cap_cents, zone=zone, now=now)
    wallets = await _wallets_of_cards(conn, booked, tendered) if refunds or early else {}
    # After the cards, which determine the wallets. A sale refused by its card moves none.
    moved = [part for tenders in tendered.values() if tenders.refused is None for part in tenders.parts]
    available = await _available(conn, booked, moved, wallets)
    # After the sales and the chains of tills are locked: no refund of these receipts is being booked elsewhere.
    wanted = {*refunded, *(part.refund_of for part in early if part.refund_of is not None)}
    receipts = await load_receipts(conn, wanted, offline)
    took = offline_takings(sales, refunds, tendered)
    since = {till: min(taking.at for taking in of_till.values()) for till, of_till in took.items()}
    alone = await store.offline_takings_since(conn, since) if since else {}
    return Batch(
        limits,
        sales,
        refunds,
        refused,
        tendered,
        tuple(booked),
        tuple(early),
        tuple(pending_refunds),
        receipts,
        wallets,
        available,
        alone,
    )


async def _take_cards(
    conn: Connection,
    sales: Mapping[int, UploadedRecord],
    card_payments: Mapping[str, CardPayment],
    *,
    cap_cents: Cents,
    zone: ZoneInfo,
    now: datetime,
) -> dict[int, Tendered]:
    """Take the taps of sales, in the order of their counters, and count them against the daily limits."""
    taps, proofs = taps_of(sales), proofs_of(sales)
    taken: dict[int, dict[int, TapTaken | UUID | Refused]] = {at: {} for at in sales}
    if taps:
        for (at, place), tap in zip(taps, await cards.take_taps(conn, list(taps.values()), now), strict=True):
            taken[at][place] = tap
    if proofs:
        for (at, place), wallet in zip(proofs, await charge(conn, list(proofs.values()), now), strict=True):
            taken[at][place] = wallet
    tendered = {at: tender(upload, taken[at], card_payments) for at, upload in sales.items()}

    # Only now: a sale that one of its cards refuses must not use up the daily limit of another.
    spends = [(at, spend) for at, tenders in tendered.items() if tenders.refused is None for spend in tenders.spends]
    if not spends:
        return tendered
    counted: dict[int, list[Spent | Refused]] = {}
    found = await cards.count_spends(conn, [spend for _, spend in spends], cap_cents=cap_cents, zone=zone, now=now)
    for (at, _), outcome in zip(spends, found, strict=True):
        counted.setdefault(at, []).append(outcome)
    return tendered | {at: count(tendered[at], outcomes) for at, outcomes in counted.items()}


async def _wallets_of_cards(
    conn: Connection, booked: Sequence[BookedPart], tendered: Mapping[int, Tendered]
) -> dict[UUID, UUID]:
    """Return the wallets that the paying cards are linked to."""
    paid_by = {booked_part.payer.card_id for booked_part in booked} | {
        part.card_id for tenders in tendered.values() for part in tenders.parts
    }
    return await cards.wallets_of(conn, [card_id for card_id in paid_by if card_id is not None])


async def _available(
    conn: Connection, booked: Sequence[BookedPart], parts: Sequence[Part], wallets: Mapping[UUID, UUID]
) -> dict[UUID, Cents]:
    """Return the available balances of the wallets that a batch moves, bonus credit included; all locked in order."""
    moved = (
        {part.wallet_id for part in parts}
        | set(wallets.values())
        | {booked_part.payer.wallet_id for booked_part in booked}
    )
    accounts = [
        account_of(wallet_id, is_bonus=is_bonus).id
        for wallet_id in moved
        if wallet_id is not None
        for is_bonus in (False, True)
    ]
    return await ledger.available(conn, accounts) if accounts else {}


def booking_rows(key: RecordKey, record: Record, parts: Sequence[Part], *, offline: bool) -> list[store.BookingRow]:
    """Return the parts of a record as stored rows."""
    sale = sale_of(record)
    return [
        store.BookingRow(key, number, part, sale, part.cents if offline and is_wallet_payment(record, part) else 0)
        for number, part in enumerate(parts)
    ]
