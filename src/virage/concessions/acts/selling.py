"""What tills sold becomes money and records, for many tills at once.

A till writes and signs a record, and sends it. It either **asks**: nothing has been handed out, and the server may
refuse (then the number was never used); or it **tells**: the receipt is printed, and whatever the server thinks of the
card, the sale is booked, what nobody pays onto the loss of that till.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from msgspec import Struct

from virage.concessions.acts import fiscal, stock
from virage.concessions.acts.fiscal import Plan
from virage.concessions.acts.stock import Sold
from virage.concessions.rules import booking as rules
from virage.concessions.rules.booking import Booked, Part, Reason
from virage.concessions.rules.fiscal.chain import Appended, Known
from virage.concessions.rules.fiscal.record import PROVEN, REFUNDS, SALES, Record, TenderKind, Written, check
from virage.concessions.store import booking as store
from virage.kernel.database import Connection
from virage.kernel.money import Cents
from virage.kernel.problems import Refused
from virage.wallet.acts import ledger, taps
from virage.wallet.reads import cards
from virage.wallet.rules.cards import Reason as CardReason
from virage.wallet.rules.cards import Spend, Spent, Tap, TapTaken
from virage.wallet.rules.ledger import Entry, Posted
from virage.wallet.rules.sun import Seen

CARDS_OWN: Final = frozenset({"card_id", "counter"})
"""What a till is not told of a card."""


class Sent(Struct, frozen=True):
    """A record that came from its till; `seen` is what each tender's card proved, by the tender's place."""

    written: Written
    told: bool
    seen: Mapping[int, Seen | None]


class Answer(Struct, frozen=True, omit_defaults=True):
    """What a till hears of one record: `booked`, `known` (again), or `refused` with a reason.

    `available_cents` is what the fan has left. `loss_cents` is what nobody pays of a sale that was told.
    """

    number: int
    outcome: str
    hash: str | None = None
    reason: str | None = None
    data: dict[str, object] = {}
    available_cents: Cents | None = None
    loss_cents: Cents = 0


class _Money(Struct):
    """What the money of a batch does: the parts of each record, the days that cards spend on, what is refused."""

    parts: dict[int, list[Part]]
    spent: dict[int, list[Spent]]
    refused: dict[int, Refused]


async def take(
    conn: Connection, uploads: Sequence[Sequence[Sent]], cap_cents: Cents, now: datetime
) -> list[list[Answer]]:
    """Take an upload each of some tills; one answer a record, in order.

    Sent again it gets its answer again and no second effect. An upload asks about one record, or tells of any number.
    """
    sent = [one for upload in uploads for one in upload]
    found = iter(await _take(conn, sent, cap_cents, now))
    return [[next(found) for _ in upload] for upload in uploads]


async def _take(conn: Connection, sent: Sequence[Sent], cap_cents: Cents, now: datetime) -> list[Answer]:
    plan = await fiscal.plan(conn, [one.written for one in sent])
    new = {
        at: one
        for at, one in enumerate(sent)
        if isinstance(plan.outcomes[at], Appended)
        and one.written.record.kind in (*SALES, *REFUNDS)
        and not one.written.record.training
    }
    money = await _parts(conn, new, cap_cents, now)
    posted = await _post(conn, new, money, now)
    plan = fiscal.without(plan, money.refused)
    await fiscal.write(conn, plan, now)
    booked = [(new[at].written.record, parts) for at, parts in money.parts.items() if at in posted]
    if booked:
        await store.insert_bookings(conn, booked, now)
        await stock.note_sales(conn, [sold_of(new[at].written.record) for at in sorted(posted)])
    return [_answer(plan, at, posted.get(at), money.parts.get(at, [])) for at in range(len(sent))]


def sold_of(record: Record) -> Sold:
    """What a record takes from the stock of its outlet; a refund gives money back, and says nothing of the goods."""
    products: dict[UUID, int] = {}
    for line in record.lines if record.kind in SALES else ():
        if not line.deposit:
            products[line.product] = products.get(line.product, 0) + line.quantity
    return Sold(record.id, record.outlet, products, record.moment)


def _answer(plan: Plan, at: int, posted: Posted | None, parts: Sequence[Part]) -> Answer:
    outcome, number = plan.outcomes[at], plan.written[at].record.number
    if isinstance(outcome, Refused):
        data = {name: value for name, value in outcome.data.items() if name not in CARDS_OWN}
        return Answer(number, "refused", reason=str(outcome.reason), data=data)
    if isinstance(outcome, Known):
        return Answer(number, "known", outcome.hash)
    left = None if posted is None else posted.available_cents
    return Answer(
        number, "booked", outcome.hash, available_cents=left, loss_cents=sum(part.loss_cents for part in parts)
    )


async def _parts(conn: Connection, new: Mapping[int, Sent], cap_cents: Cents, now: datetime) -> _Money:
    """Whose money each new record moves, and which asks are refused: for what does not add up, and for their cards."""
    money = _Money({}, {}, {})
    for at, one in new.items():
        defect = None if one.told else check(one.written.record)
        if defect is not None:
            money.refused[at] = defect
    good = {at: one for at, one in new.items() if at not in money.refused}
    refunds = {at: one for at, one in good.items() if one.written.record.kind in REFUNDS}
    of = sorted({one.written.record.refund_of.record for one in refunds.values() if one.written.record.refund_of})
    before = await store.bookings_of(conn, of) if of else []
    sold = {at: one for at, one in good.items() if at not in refunds}
    await _take_cards(conn, sold, money, cap_cents, now)
    paid_by = {one.card_id for one in before if one.card_id is not None}
    paid_by |= {part.card_id for at in sold for part in money.parts.get(at, ()) if part.card_id is not None}
    purses = await cards.purses_of(conn, paid_by) if refunds else {}
    await _cover(conn, [at for at in sold if at not in money.refused], new, money, set(purses.values()))
    for at in sold:
        if new[at].told:
            before += rules.booked_of(new[at].written.record, money.parts[at])
    _give_back(refunds, money, before, purses)
    return money


async def _cover(
    conn: Connection, sold: Sequence[int], new: Mapping[int, Sent], money: _Money, beside: AbstractSet[UUID]
) -> None:
    """What purses lack of sales that were told is the house's loss.

    All purses that this batch moves are locked together first, those beside too: refunds go there.
    """
    told = [at for at in sold if new[at].told]
    purses = {part.purse_id for at in sold for part in money.parts[at] if part.purse_id is not None} | beside
    available = await ledger.available(conn, purses) if told else {}
    for at in told:
        money.parts[at] = [rules.cover(part, available, Reason.INSUFFICIENT_FUNDS) for part in money.parts[at]]


def _give_back(refunds: Mapping[int, Sent], money: _Money, before: list[Booked], purses: Mapping[UUID, UUID]) -> None:
    """Whose money refunds are: each on what the ones before have left of its sale."""
    for at, one in refunds.items():
        record = one.written.record
        reason = None if one.told else rules.refuse_refund(record, before)
        if reason is not None:
            money.refused[at] = Refused(reason)
            continue
        money.parts[at] = rules.refund_parts(record, before, purses)
        before += rules.booked_of(record, money.parts[at])


async def _take_cards(
    conn: Connection, sold: Mapping[int, Sent], money: _Money, cap_cents: Cents, now: datetime
) -> None:
    """Take the taps of sales, in the order of their counters, and count what their cards spend today."""
    tapped = [
        (at, tender, seen)
        for at, one in sold.items()
        for tender, seen in one.seen.items()
        if one.written.record.tenders[tender].cents > 0
    ]
    asked = [
        Tap(uuid5(sold[at].written.record.id, f"tap {tender}"), seen, _taken_at(sold[at]))
        for at, tender, seen in tapped
    ]
    found = await taps.take_taps(conn, asked, now) if asked else []
    taken = {(at, tender): outcome for (at, tender, _), outcome in zip(tapped, found, strict=True)}
    spends: list[tuple[int, Spend]] = []
    for at, one in sold.items():
        parts = []
        for tender, paid in enumerate(one.written.record.tenders):
            outcome = taken.get((at, tender))
            if paid.cents <= 0:  # told with its defect: it takes nobody's money
                parts.append(Part(tender, paid.cents))
            elif isinstance(outcome, TapTaken):
                parts.append(Part(tender, paid.cents, outcome.purse_id, outcome.card_id))
                spends.append((at, Spend(outcome.card_id, paid.cents, has_happened=one.told)))
            elif paid.kind in PROVEN:
                refusal = outcome or _unread(paid.kind)
                if not one.told:
                    money.refused[at] = refusal
                parts.append(Part(tender, paid.cents, None, None, paid.cents, str(refusal.reason)))
            else:
                parts.append(Part(tender, paid.cents))
        money.parts[at] = parts
    await _count(conn, [one for one in spends if one[0] not in money.refused], money, cap_cents=cap_cents, now=now)


def _taken_at(sent: Sent) -> datetime | None:
    """When a till took a tap alone; None for one that it asks about."""
    return sent.written.record.moment if sent.told else None


def _unread(kind: TenderKind) -> Refused:
    """Why nothing was read of a card: the house has no key for cards, or takes no such card at its tills."""
    return Refused(CardReason.CARDS_OFF if kind is TenderKind.CARD else Reason.CARD_NOT_ACCEPTED)


async def _count(
    conn: Connection,
    spends: Sequence[tuple[int, Spend]],
    money: _Money,
    *,
    cap_cents: Cents,
    now: datetime,
) -> None:
    """Count what cards spend to their day; whoever asks for more than that is refused, whoever tells has spent it."""
    if not spends:
        return
    found = await taps.count_spends(conn, [spend for _, spend in spends], cap_cents=cap_cents, now=now)
    for (at, _), outcome in zip(spends, found, strict=True):
        if isinstance(outcome, Spent):
            money.spent.setdefault(at, []).append(outcome)
        else:
            money.refused[at] = outcome


async def _post(conn: Connection, new: Mapping[int, Sent], money: _Money, now: datetime) -> dict[int, Posted]:
    """Move the money of what is not refused; what a purse lacks refuses an ask."""
    wanted = [at for at in new if at not in money.refused]
    entries: list[Entry] = [rules.transfers(new[at].written.record, money.parts[at]) for at in wanted]
    order = sorted(
        range(len(wanted)), key=lambda at: not new[wanted[at]].told
    )  # told first: what they count on is theirs
    outcomes = await ledger.post(conn, [entries[at] for at in order], now)
    posted: dict[int, Posted] = {}
    for place, outcome in zip(order, outcomes, strict=True):
        at = wanted[place]
        if isinstance(outcome, Posted):
            posted[at] = outcome
        elif new[at].told:
            raise RuntimeError(f"The sale {new[at].written.record.id} was told and is not booked: {outcome.reason}")
        else:
            money.refused[at] = outcome
    unspent = [spent for at, spents in money.spent.items() if at in money.refused for spent in spents]
    await taps.give_back(conn, unspent)
    return posted


def asks_alone(upload: Sequence[Sent]) -> bool:
    """Whether an upload asks about one record or tells of all of its records."""
    return len(upload) == 1 or all(one.told for one in upload)
