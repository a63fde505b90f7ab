"""What tills sold becomes money and records, for many tills at once.

A till writes and signs a record, and sends it. It either **asks**: nothing has been handed out, and the server may
refuse (then the number was never used); or it **tells**: the receipt is printed, and whatever the server thinks of the
card, the sale is booked, what nobody pays onto the loss of that till.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from msgspec import Struct

from virage.concessions.acts import fiscal, stock
from virage.concessions.acts.fiscal import Plan
from virage.concessions.acts.stock import Sold
from virage.concessions.rules import booking as rules
from virage.concessions.rules.booking import Part, Reason
from virage.concessions.rules.fiscal.chain import Appended, Known
from virage.concessions.rules.fiscal.record import REFUNDS, SALES, Record, TenderKind, Written, check
from virage.concessions.store import booking as store
from virage.kernel.database import Connection
from virage.kernel.money import Cents
from virage.kernel.problems import Refused
from virage.wallet.acts import ledger, taps
from virage.wallet.rules.cards import Spend, Spent, Tap, TapTaken
from virage.wallet.rules.ledger import Entry, Posted
from virage.wallet.rules.sun import Seen


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
    """Take what tills sent; one answer a record, in order. Sent again it gets its answer again and no second effect.

    An upload asks about one record, or tells of any number. Of one till one upload is taken after the other.
    """
    answers: dict[int, list[Answer]] = {}
    waiting = list(range(len(uploads)))
    while waiting:
        first: dict[UUID, int] = {}
        for at in waiting:
            first.setdefault(uploads[at][0].written.record.till, at)
        places = sorted(first.values())
        sent = [one for at in places for one in uploads[at]]
        found = iter(await _take(conn, sent, cap_cents, now))
        for at in places:
            answers[at] = [next(found) for _ in uploads[at]]
        waiting = [at for at in waiting if at not in answers]
    return [answers[at] for at in range(len(uploads))]


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
    booked = [(new[at].written.record, part) for at, parts in money.parts.items() if at in posted for part in parts]
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
        return Answer(number, "refused", reason=str(outcome.reason), data=outcome.data)
    if isinstance(outcome, Known):
        return Answer(number, "known", outcome.hash)
    left = None if posted is None else posted.available_cents
    return Answer(
        number, "booked", outcome.hash, available_cents=left, loss_cents=sum(part.loss_cents for part in parts)
    )


async def _parts(conn: Connection, new: Mapping[int, Sent], cap_cents: Cents, now: datetime) -> _Money:
    """Whose money each new record moves, and which asks are refused for their cards."""
    money = _Money({}, {}, {})
    refunds = {at: one for at, one in new.items() if one.written.record.kind in REFUNDS}
    sales = sorted({one.written.record.refund_of.record for one in refunds.values() if one.written.record.refund_of})
    before = await store.bookings_of(conn, sales) if sales else []
    for at, one in refunds.items():
        reason = rules.refuse_refund(one.written.record, before)
        if reason is not None and not one.told:
            money.refused[at] = Refused(reason)
            continue
        money.parts[at] = rules.refund_parts(one.written.record, before)
        before += [
            rules.Booked(one.written.record.id, part.tender, part.purse_id, part.card_id, part.cents, sale.record)
            for part in money.parts[at]
            if (sale := one.written.record.refund_of) is not None
        ]
    sold = {at: one for at, one in new.items() if at not in refunds}
    for at, one in sold.items():
        defect = check(one.written.record)
        if defect is not None and not one.told:
            money.refused[at] = defect
    await _take_cards(conn, {at: one for at, one in sold.items() if at not in money.refused}, money, cap_cents, now)
    return money


async def _take_cards(
    conn: Connection, sold: Mapping[int, Sent], money: _Money, cap_cents: Cents, now: datetime
) -> None:
    """Take the taps of sales, in the order of their counters, and count what their cards spend today."""
    tapped = [(at, tender, seen) for at, one in sold.items() for tender, seen in one.seen.items()]
    asked = [
        Tap(uuid5(sold[at].written.record.id, f"tap {tender}"), seen, was_taken=sold[at].told)
        for at, tender, seen in tapped
    ]
    found = await taps.take_taps(conn, asked, now) if asked else []
    taken = {(at, tender): outcome for (at, tender, _), outcome in zip(tapped, found, strict=True)}
    spends: list[tuple[int, Spend]] = []
    for at, one in sold.items():
        parts = []
        for tender, paid in enumerate(one.written.record.tenders):
            outcome = taken.get((at, tender))
            if isinstance(outcome, TapTaken):
                parts.append(Part(tender, paid.cents, outcome.purse_id, outcome.card_id))
                spends.append((at, Spend(outcome.card_id, paid.cents, confirmed=one.told)))
            elif paid.kind in (TenderKind.CARD, TenderKind.VIRTUAL_CARD):
                refusal = outcome or Refused(Reason.CARD_NOT_ACCEPTED)
                if not one.told:
                    money.refused[at] = refusal
                parts.append(Part(tender, paid.cents, None, None, paid.cents, str(refusal.reason)))
            else:
                parts.append(Part(tender, paid.cents))
        money.parts[at] = parts
    await _count(
        conn, sold, [one for one in spends if one[0] not in money.refused], money, cap_cents=cap_cents, now=now
    )


async def _count(
    conn: Connection,
    sold: Mapping[int, Sent],
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
        elif not sold[at].told:
            money.refused[at] = outcome


async def _post(conn: Connection, new: Mapping[int, Sent], money: _Money, now: datetime) -> dict[int, Posted]:
    """Move the money of what is not refused; what a purse lacks refuses an ask, and is the house's loss of a sale told.

    The purses of sales that were told are locked first: what is in them decides how much of the sale is lost.
    """
    wanted = [at for at in new if at not in money.refused]
    told = [at for at in wanted if new[at].told]
    purses = {part.purse_id for at in told for part in money.parts[at] if part.purse_id is not None}
    available = await ledger.available(conn, purses) if purses else {}
    for at in told:
        money.parts[at] = [rules.cover(part, available, Reason.INSUFFICIENT_FUNDS) for part in money.parts[at]]
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
