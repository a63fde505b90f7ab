"""Booking of uploaded records for many tills at once.

A till signs a record and uploads it. An **online sale** is authorised: the server may refuse it, and its number stays
free. An **offline sale** has already happened and its receipt is printed: it is always booked, and an uncovered amount
goes to the till's loss account.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.matchday.food.menu import api as menu
from virage.matchday.food.menu.api import Sold
from virage.matchday.food.till.acts.early_refunds import store_deviations, write_settled
from virage.matchday.food.till.acts.tendering import booking_rows, load
from virage.matchday.food.till.rules import booking as rules
from virage.matchday.food.till.rules.booking import Part, RecordKey, key_of, sale_of
from virage.matchday.food.till.rules.limits import TillLimits
from virage.matchday.food.till.rules.tendering import Decision, Outcome, UploadedRecord, decide, refunded_tills
from virage.matchday.food.till.store import booking as store
from virage.money.card_readers import api as card_readers
from virage.money.fiscal import api as fiscal
from virage.money.fiscal.api import Plan
from virage.money.fiscal.types import COUNTED, REFUNDS, SALES, Appended, Known, Record, check
from virage.money.payments import api as payments
from virage.money.payments.types import RefundRequest
from virage.money.wallet.cards import api as cards
from virage.money.wallet.cards.api import holders_at_till
from virage.money.wallet.cards.types import Reason as CardReason
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import Entry, Posted
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

HIDDEN_DATA: Final = frozenset({"card_id", "counter"})
"""Refusal data about a card that a till must not see."""
HOLDER_MUST_CONFIRM: Final = frozenset({CardReason.CONFIRMATION_REQUIRED, CardReason.PIN_WRONG})
"""Refusals after which the card holder types the PIN, so the cashier sees the holder's name."""


class PhoneOrders(Protocol):
    """Order-ahead orders, whose sales tills can refund like any other."""

    async def lock_refunded_orders(self, conn: Connection, refunds: Sequence[Record]) -> Sequence[Any]:
        """Lock the orders refunded by some records, before the chains of any till."""

    async def end_refunded_orders(
        self, conn: Connection, orders: Sequence[Any], refunds: Sequence[Record], now: datetime
    ) -> list[Sold]:
        """End orders that are fully refunded by these records; return what goes back into stock."""


class RecordAnswer(Struct, frozen=True, omit_defaults=True):
    """Answer to one record: `booked`, `known` (uploaded before), or `refused` with a reason.

    `available_cents` is the fan's remaining balance, `loss_cents` the uncovered amount of an offline sale. `holder` is
    the card holder's name for the cashier: never stored, sent once, and only for online sales.
    """

    number: int
    outcome: str
    hash: str | None = None
    reason: str | None = None
    data: dict[str, Any] = {}
    available_cents: Cents | None = None
    loss_cents: Cents = 0
    holder: str | None = None


async def book_uploads(
    conn: Connection,
    uploads: Sequence[Sequence[UploadedRecord]],
    limits: TillLimits,
    phone_orders: PhoneOrders,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> list[list[RecordAnswer]]:
    """Book one upload each of some tills; one answer per record, in order.

    Idempotent: a repeated upload gets the same answers. An upload holds one online record, or only offline ones.
    Daily limits of cards are of the day in `zone`.
    """
    sent = [uploaded for upload in uploads for uploaded in upload]
    found = iter(await _book(conn, sent, limits, phone_orders, zone=zone, now=now))
    return [[next(found) for _ in upload] for upload in uploads]


async def _book(
    conn: Connection,
    sent: Sequence[UploadedRecord],
    limits: TillLimits,
    phone_orders: PhoneOrders,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> list[RecordAnswer]:
    # Locks, in the order of all transactions: phone orders, chains of tills, and what `load` locks.
    orders = await phone_orders.lock_refunded_orders(conn, [uploaded.record for uploaded in sent])
    plan = await fiscal.plan_records(conn, [uploaded.written for uploaded in sent], refunded_tills(sent))
    new = {at: uploaded for at, uploaded in enumerate(sent) if isinstance(plan.outcomes[at], Appended)}
    moving = {
        at: uploaded
        for at, uploaded in new.items()
        if uploaded.record.kind in (*SALES, *REFUNDS) and not uploaded.record.training
    }
    batch = await load(conn, moving, limits, zone=zone, now=now)
    decision = decide(batch)
    # A count of the drawer moves no money, and is refused online where it is more than one holds.
    counts = {at: uploaded for at, uploaded in new.items() if uploaded.record.kind in COUNTED and not uploaded.offline}
    refused = {at: refusal for at, uploaded in counts.items() if (refusal := check(uploaded.record)) is not None}
    written = await _write(conn, plan, {**batch.sales, **batch.refunds}, decision, refused, now=now)
    if written.booked:
        records = [sent[at].record for at in written.booked]
        unsold = await phone_orders.end_refunded_orders(conn, orders, records, now)
        await menu.record_sales(conn, [*(stock_sale(record) for record in records), *unsold])
    holders = await _holders(conn, sent, decision, written.refused)
    return [
        _answer(written.plan, at, decision.outcomes.get(at), holders.get(at), written.lost.get(at, 0))
        for at in range(len(sent))
    ]


async def _holders(
    conn: Connection, sent: Sequence[UploadedRecord], decision: Decision, refused: Mapping[int, Refused]
) -> dict[int, str]:
    """Return the holders of cards that pay online records or must confirm them, by index."""
    paying = {
        at: outcome.holder
        for at, outcome in decision.outcomes.items()
        if outcome.holder is not None
        and not sent[at].offline
        and (at not in refused or refused[at].reason in HOLDER_MUST_CONFIRM)
    }
    return await holders_at_till(conn, paying) if paying else {}


class BookedBatch(Struct, frozen=True):
    """What was written of a batch, by the indexes of its records; `plan` has the outcome of each."""

    plan: Plan
    booked: list[int]
    refused: dict[int, Refused]
    lost: dict[int, Cents]


async def _write(
    conn: Connection,
    plan: Plan,
    sent: Mapping[int, UploadedRecord],
    decision: Decision,
    counts: Mapping[int, Refused],
    *,
    now: datetime,
) -> BookedBatch:
    """Write the decision: money first, because the ledger may still refuse an online record."""
    outcomes = decision.outcomes
    refused = {**counts, **{at: outcome.refused for at, outcome in outcomes.items() if outcome.refused is not None}}
    # Offline first, as they were decided: the ledger takes no wallet below zero at any entry.
    wanted = sorted((at for at in sorted(outcomes) if at not in refused), key=lambda at: not sent[at].offline)
    entries: list[Entry] = [rules.transfers(sent[at].record, outcomes[at].parts) for at in wanted]
    moved = decision.early.moved
    posted = await ledger.post(conn, [*entries, *([transfer] for transfer in moved)], now)
    for place, outcome in zip([*wanted, *(None for _ in moved)], posted, strict=True):
        if isinstance(outcome, Posted):
            continue
        if place is None or sent[place].offline:
            raise RuntimeError(f"An offline record is not booked: {outcome.reason}")
        refused[place] = outcome
    # After the ledger: release what a refused record counted against the daily limits of its cards.
    await cards.give_back(conn, [spent for at in sorted(outcomes) if at in refused for spent in outcomes[at].spent])
    # The chain has no gap: a refused record is not stored, and its number stays free.
    left = fiscal.records_without(plan, refused)
    await fiscal.write_records(conn, left, now)
    booked = sorted(at for at in wanted if at not in refused)
    lost = {at: cents for at in booked if (cents := _loss(sent[at].record, outcomes[at], decision))}
    if booked:
        rows = [
            row
            for at in booked
            for row in booking_rows(
                key_of(sent[at].record), sent[at].record, outcomes[at].parts, offline=sent[at].offline
            )
        ]
        await store.insert_bookings(conn, rows, now)
        await write_settled(conn, decision.early, now)
        new = [_NewParts(key_of(sent[at].record), 0, outcomes[at].parts) for at in booked]
        new += [_NewParts(early.refund.key, early.refund.part, early.parts) for early in decision.early.settled]
        await _settle_card_payments(conn, new, now)
        await append(conn, await _facts(conn, [(sent[at].record, outcomes[at].parts) for at in booked]), now)
        if lost:
            await store.insert_losses(conn, [(sent[at].record, cents) for at, cents in lost.items()])
        noted = [
            (sent[at].record, outcome.deviations)
            for at, outcome in outcomes.items()
            if outcome.deviations and at not in refused
        ]
        await store_deviations(conn, [*noted, *decision.early.noted], now)
    return BookedBatch(left, booked, refused, lost)


class _NewParts(NamedTuple):
    """Parts of a record that are booked now, numbered from `first`: of a sale, a refund or a settled early refund."""

    key: RecordKey
    first: int
    parts: Sequence[Part]


async def _settle_card_payments(conn: Connection, booked: Sequence[_NewParts], now: datetime) -> None:
    """Mark the payments at card readers that pay sales as booked, and send refunds of such sales to their cards."""
    paid = [part.card_payment for new in booked for part in new.parts if part.card_payment and part.cents > 0]
    await card_readers.book(conn, paid, now)
    requests = [
        RefundRequest(new.key.derived_id(f"card refund {number}"), part.card_payment, -part.cents)
        for new in booked
        for number, part in enumerate(new.parts, new.first)
        if part.card_payment is not None and part.cents < 0
    ]
    for answer in await payments.request_refund(conn, requests, now):
        if isinstance(answer, Refused):
            raise RuntimeError(f"A refund of a card payment is not sent: {answer.reason}")  # noqa: TRY004 - it is no type that is wrong


async def _facts(conn: Connection, booked: Sequence[tuple[Record, Sequence[Part]]]) -> list[Fact]:
    """Return facts about sales during an event that a wallet paid, and about refunds of such sales, for points."""
    refunded = {sale for record, _ in booked if (sale := sale_of(record)) is not None}
    by_wallet = await store.paid_by_wallets(conn, sorted(refunded)) if refunded else {}
    facts = []
    for record, parts in booked:
        sale = sale_of(record)
        if sale in by_wallet:
            facts.append(Fact("till_sale_refunded", record.till, sale.id, {"till": sale.till}))
        elif sale is None and record.event_id is not None and any(part.wallet_id is not None for part in parts):
            facts.append(Fact("till_sale_booked", record.till, record.id, {"till": record.till}))
    return facts


def _loss(record: Record, outcome: Outcome, decision: Decision) -> Cents:
    """Unpaid remainder of a record, excluding amounts withheld by earlier refunds of the same sale."""
    return rules.loss_of(record, outcome.parts) - decision.early.withheld_for(key_of(record))


def stock_sale(record: Record) -> Sold:
    """Return what a record takes from the stock of its outlet; a refund returns no goods."""
    products: dict[UUID, int] = {}
    for line in record.lines if record.kind in SALES else ():
        if not line.deposit:
            products[line.product] = products.get(line.product, 0) + line.quantity
    return Sold(key_of(record).derived_id("stock"), record.outlet, products, record.moment)


def _answer(plan: Plan, at: int, decided: Outcome | None, holder: str | None, lost_cents: Cents) -> RecordAnswer:
    outcome, record = plan.outcomes[at], plan.written[at].record
    number = record.number
    if isinstance(outcome, Refused):
        data = {name: value for name, value in outcome.data.items() if name not in HIDDEN_DATA}
        return RecordAnswer(number, "refused", reason=str(outcome.reason), data=data, holder=holder)
    if isinstance(outcome, Known):
        return RecordAnswer(number, "known", outcome.hash)
    lost = lost_cents if record.kind in SALES else 0
    left = None if decided is None else decided.left_cents
    return RecordAnswer(number, "booked", outcome.hash, available_cents=left, loss_cents=lost, holder=holder)


def is_valid_upload(upload: Sequence[UploadedRecord]) -> bool:
    """Return whether an upload is one online record or only offline records."""
    return len(upload) == 1 or all(uploaded.offline for uploaded in upload)
