"""What tills sold becomes money and records, for many tills at once.

A till writes and signs a record, and sends it. It either **asks**: nothing has been handed out, and the server may
refuse (then the number was never used); or it **tells**: the receipt is printed, and whatever the server thinks of the
card, the sale is booked, what nobody pays onto the loss of that till.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu import api as menu
from virage.matchday.food.menu.api import Sold
from virage.matchday.food.till.acts.early import note, write_settled
from virage.matchday.food.till.acts.tendering import load, rows_of
from virage.matchday.food.till.rules import booking as rules
from virage.matchday.food.till.rules.booking import key_of
from virage.matchday.food.till.rules.limits import TillLimits
from virage.matchday.food.till.rules.tendering import Decision, Outcome, Sent, beside, decide
from virage.matchday.food.till.store import booking as store
from virage.money.fiscal import api as fiscal
from virage.money.fiscal.api import Plan
from virage.money.fiscal.types import COUNTED, REFUNDS, SALES, Appended, Known, Record, check
from virage.money.wallet.cards import api as cards
from virage.money.wallet.cards.api import holders_at_till
from virage.money.wallet.cards.types import Reason as CardReason
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import Entry, Posted
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

CARDS_OWN: Final = frozenset({"card_id", "counter"})
"""What a till is not told of a card."""
HOLDER_SAYS_YES: Final = frozenset({CardReason.CONFIRMATION_REQUIRED, CardReason.PIN_WRONG})
"""Refusals after which whoever holds the card types its PIN, so that the cashier sees whose it is."""


class PhoneOrders(Protocol):
    """Orders by phone, whose sales tills at counters give back as any other."""

    async def lock_refunded_orders(self, conn: Connection, refunds: Sequence[Record]) -> Sequence[Any]:
        """Lock the orders that some records give something back of: before the chains of any till."""

    async def end_refunded_orders(
        self, conn: Connection, orders: Sequence[Any], refunds: Sequence[Record], now: datetime
    ) -> list[Sold]:
        """End those of whose money nothing is left once these refunds are booked; what goes back to the stock."""


class Answer(Struct, frozen=True, omit_defaults=True):
    """What a till hears of one record: `booked`, `known` (again), or `refused` with a reason.

    `available_cents` is what the fan has left. `loss_cents` is what nobody pays of a sale that was told. `holder` is
    whose card was tapped, for the cashier's eyes alone: kept nowhere, told once, and never of a sale without network.
    """

    number: int
    outcome: str
    hash: str | None = None
    reason: str | None = None
    data: dict[str, Any] = {}
    available_cents: Cents | None = None
    loss_cents: Cents = 0
    holder: str | None = None


async def take(
    conn: Connection,
    uploads: Sequence[Sequence[Sent]],
    limits: TillLimits,
    phone_orders: PhoneOrders,
    now: datetime,
) -> list[list[Answer]]:
    """Take an upload each of some tills; one answer a record, in order.

    Sent again it gets its answer again and no second effect. An upload asks about one record, or tells of any number.
    """
    sent = [one for upload in uploads for one in upload]
    found = iter(await _take(conn, sent, limits, phone_orders, now))
    return [[next(found) for _ in upload] for upload in uploads]


async def _take(
    conn: Connection, sent: Sequence[Sent], limits: TillLimits, phone_orders: PhoneOrders, now: datetime
) -> list[Answer]:
    # Locks, in the order of all transactions: phone orders, chains of tills, and what `load` locks.
    orders = await phone_orders.lock_refunded_orders(conn, [one.record for one in sent])
    plan = await fiscal.plan_records(conn, [one.written for one in sent], beside(sent))
    new = {at: one for at, one in enumerate(sent) if isinstance(plan.outcomes[at], Appended)}
    moving = {at: one for at, one in new.items() if one.record.kind in (*SALES, *REFUNDS) and not one.record.training}
    batch = await load(conn, moving, limits, now)
    decision = decide(batch)
    # A count of the drawer moves no money, and is refused online where it is more than one holds.
    counts = {at: one for at, one in new.items() if one.record.kind in COUNTED and not one.told}
    refused = {at: wrong for at, one in counts.items() if (wrong := check(one.record)) is not None}
    written = await _write(conn, plan, {**batch.sales, **batch.refunds}, decision, refused, now=now)
    if written.booked:
        records = [sent[at].record for at in written.booked]
        unsold = await phone_orders.end_refunded_orders(conn, orders, records, now)
        await menu.record_sales(conn, [*(sold_of(record) for record in records), *unsold])
    holders = await _holders(conn, sent, decision, written.refused)
    return [
        _answer(written.plan, at, decision.outcomes.get(at), holders.get(at), written.lost.get(at, 0))
        for at in range(len(sent))
    ]


async def _holders(
    conn: Connection, sent: Sequence[Sent], decision: Decision, refused: Mapping[int, Refused]
) -> dict[int, str]:
    """Whose cards pay what is asked about, or must say yes to it, by the place of its record."""
    asked = {
        at: one.holder
        for at, one in decision.outcomes.items()
        if one.holder is not None and not sent[at].told and (at not in refused or refused[at].reason in HOLDER_SAYS_YES)
    }
    return await holders_at_till(conn, asked) if asked else {}


class Books(Struct, frozen=True):
    """What was written of a batch, by the places of its records; `plan` has the answer of each record."""

    plan: Plan
    booked: list[int]
    refused: dict[int, Refused]
    lost: dict[int, Cents]


async def _write(
    conn: Connection,
    plan: Plan,
    sent: Mapping[int, Sent],
    decision: Decision,
    counts: Mapping[int, Refused],
    *,
    now: datetime,
) -> Books:
    """Write what was decided: money first, because the ledger has the last word on an online record."""
    outcomes = decision.outcomes
    refused = {**counts, **{at: one.refused for at, one in outcomes.items() if one.refused is not None}}
    # Offline first, as they were decided: the ledger takes no wallet below zero at any entry.
    wanted = sorted((at for at in sorted(outcomes) if at not in refused), key=lambda at: not sent[at].told)
    entries: list[Entry] = [rules.transfers(sent[at].record, outcomes[at].parts) for at in wanted]
    moved = decision.early.moved
    posted = await ledger.post(conn, [*entries, *([one] for one in moved)], now)
    for place, outcome in zip([*wanted, *(None for _ in moved)], posted, strict=True):
        if isinstance(outcome, Posted):
            continue
        if place is None or sent[place].told:
            raise RuntimeError(f"What a till has told is not booked: {outcome.reason}")
        refused[place] = outcome
    # After the ledger: what a refused record spent of its cards' daily limits is theirs again.
    await cards.give_back(conn, [spent for at in sorted(outcomes) if at in refused for spent in outcomes[at].spent])
    # The chain has no gap: a refused record gives its number back, and is never written.
    left = fiscal.records_without(plan, refused)
    await fiscal.write_records(conn, left, now)
    booked = sorted(at for at in wanted if at not in refused)
    lost = {at: cents for at in booked if (cents := _lost(sent[at].record, outcomes[at], decision))}
    if booked:
        rows = [
            row
            for at in booked
            for row in rows_of(key_of(sent[at].record), sent[at].record, outcomes[at].parts, told=sent[at].told)
        ]
        await store.insert_bookings(conn, rows, now)
        await write_settled(conn, decision.early, now)
        if lost:
            await store.insert_losses(conn, [(sent[at].record, cents) for at, cents in lost.items()])
        noted = [
            (sent[at].record, one.deviations) for at, one in outcomes.items() if one.deviations and at not in refused
        ]
        await note(conn, [*noted, *decision.early.noted], now)
    return Books(left, booked, refused, lost)


def _lost(record: Record, outcome: Outcome, decision: Decision) -> Cents:
    """Unpaid remainder of a record, excluding amounts withheld by earlier refunds of the same sale."""
    return rules.lost_of(record, outcome.parts) - decision.early.kept_of(key_of(record))


def sold_of(record: Record) -> Sold:
    """What a record takes from the stock of its outlet; a refund gives money back, and says nothing of the goods."""
    products: dict[UUID, int] = {}
    for line in record.lines if record.kind in SALES else ():
        if not line.deposit:
            products[line.product] = products.get(line.product, 0) + line.quantity
    return Sold(key_of(record).made("stock"), record.outlet, products, record.moment)


def _answer(plan: Plan, at: int, decided: Outcome | None, holder: str | None, lost_cents: Cents) -> Answer:
    outcome, record = plan.outcomes[at], plan.written[at].record
    number = record.number
    if isinstance(outcome, Refused):
        data = {name: value for name, value in outcome.data.items() if name not in CARDS_OWN}
        return Answer(number, "refused", reason=str(outcome.reason), data=data, holder=holder)
    if isinstance(outcome, Known):
        return Answer(number, "known", outcome.hash)
    lost = lost_cents if record.kind in SALES else 0
    left = None if decided is None else decided.left_cents
    return Answer(number, "booked", outcome.hash, available_cents=left, loss_cents=lost, holder=holder)


def asks_alone(upload: Sequence[Sent]) -> bool:
    """Whether an upload asks about one record or tells of all of its records."""
    return len(upload) == 1 or all(one.told for one in upload)
