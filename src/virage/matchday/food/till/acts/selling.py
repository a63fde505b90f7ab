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
from virage.matchday.food.till.acts.early import kept_of, note, write_settled
from virage.matchday.food.till.acts.tendering import Money, Sent, beside, decide, rows_of
from virage.matchday.food.till.rules import booking as rules
from virage.matchday.food.till.rules.booking import Part, key_of
from virage.matchday.food.till.rules.limits import TillLimits
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

    async def lock_given_back(self, conn: Connection, refunds: Sequence[Record]) -> Sequence[Any]:
        """Lock the orders that some records give something back of: before the chains of any till."""

    async def given_back(
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
    orders = await phone_orders.lock_given_back(conn, [one.record for one in sent])
    plan = await fiscal.plan_records(conn, [one.written for one in sent], beside(sent))
    new = {
        at: one
        for at, one in enumerate(sent)
        if isinstance(plan.outcomes[at], Appended) and one.record.kind in (*SALES, *REFUNDS) and not one.record.training
    }
    money = await decide(conn, new, limits, now)
    for at, one in enumerate(sent):
        wrong = check(one.record) if one.record.kind in COUNTED and not one.told else None
        if wrong is not None and isinstance(plan.outcomes[at], Appended):
            money.refused[at] = wrong
    booked = await _post(conn, new, money, now)
    lost = {at: cents for at in booked if (cents := _lost(new[at], money.parts[at], money))}
    plan = fiscal.records_without(plan, money.refused)
    await fiscal.write_records(conn, plan, now)
    if booked:
        await _write(conn, {at: new[at] for at in booked}, money, lost, now)
        unsold = await phone_orders.given_back(conn, orders, [new[at].record for at in booked], now)
        await menu.note_sales(conn, [*(sold_of(new[at].record) for at in booked), *unsold])
    holders = await _holders(conn, new, money)
    return [_answer(plan, at, money, holders.get(at), lost.get(at, 0)) for at in range(len(sent))]


async def _holders(conn: Connection, new: Mapping[int, Sent], money: Money) -> dict[int, str]:
    """Whose cards pay what is asked about, or must say yes to it, by the place of its record."""
    asked = {
        at: holder
        for at, holder in money.holders.items()
        if not new[at].told and (at not in money.refused or money.refused[at].reason in HOLDER_SAYS_YES)
    }
    return await holders_at_till(conn, asked) if asked else {}


async def _write(
    conn: Connection, booked: Mapping[int, Sent], money: Money, lost: Mapping[int, Cents], now: datetime
) -> None:
    """Write what the records did, what refunds of before do that waited for them, and what is otherwise."""
    rows = [
        row
        for at, one in booked.items()
        for row in rows_of(key_of(one.record), one.record, money.parts[at], told=one.told)
    ]
    await store.insert_bookings(conn, rows, now)
    await write_settled(conn, money, now)
    if lost:
        await store.insert_losses(conn, [(booked[at].record, cents) for at, cents in lost.items()])
    noted = [(booked[at].record, found) for at, found in money.deviations.items() if found and at in booked]
    await note(conn, [*noted, *money.noted], now)


def _lost(one: Sent, parts: Sequence[Part], money: Money) -> Cents:
    """What nobody pays of a record; what refunds of before kept for its sale, and now give to nobody, is none of it."""
    return rules.lost_of(one.record, parts) - kept_of(one.record, money)


def sold_of(record: Record) -> Sold:
    """What a record takes from the stock of its outlet; a refund gives money back, and says nothing of the goods."""
    products: dict[UUID, int] = {}
    for line in record.lines if record.kind in SALES else ():
        if not line.deposit:
            products[line.product] = products.get(line.product, 0) + line.quantity
    return Sold(key_of(record).made("stock"), record.outlet, products, record.moment)


def _answer(plan: Plan, at: int, money: Money, holder: str | None, lost_cents: Cents) -> Answer:
    outcome, record = plan.outcomes[at], plan.written[at].record
    number = record.number
    if isinstance(outcome, Refused):
        data = {name: value for name, value in outcome.data.items() if name not in CARDS_OWN}
        return Answer(number, "refused", reason=str(outcome.reason), data=data, holder=holder)
    if isinstance(outcome, Known):
        return Answer(number, "known", outcome.hash)
    lost = lost_cents if record.kind in SALES else 0
    left = money.left.get(at)
    return Answer(number, "booked", outcome.hash, available_cents=left, loss_cents=lost, holder=holder)


async def _post(conn: Connection, new: Mapping[int, Sent], money: Money, now: datetime) -> list[int]:
    """Move the money of what is not refused; the places of what is booked.

    Told first: what they count on is theirs. A refusal of the ledger refuses an ask; `decide` leaves it none.
    """
    wanted = sorted((at for at in new if at not in money.refused), key=lambda at: not new[at].told)
    entries: list[Entry] = [rules.transfers(new[at].record, money.parts[at]) for at in wanted]
    outcomes = await ledger.post(conn, [*entries, *([one] for one in money.moved)], now)
    for at, outcome in zip([*wanted, *(None for _ in money.moved)], outcomes, strict=True):
        if isinstance(outcome, Posted):
            continue
        if at is None or new[at].told:
            raise RuntimeError(f"What a till has told is not booked: {outcome.reason}")
        money.refused[at] = outcome
    unspent = [spent for at, spents in money.spent.items() if at in money.refused for spent in spents]
    await cards.give_back(conn, unspent)
    return sorted(at for at in wanted if at not in money.refused)


def asks_alone(upload: Sequence[Sent]) -> bool:
    """Whether an upload asks about one record or tells of all of its records."""
    return len(upload) == 1 or all(one.told for one in upload)
