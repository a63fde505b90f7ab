"""Seats of winners are charged to their saved cards; what is not paid in time is released."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from virage.identity.people.types import EmailKind
from virage.money.payments import api as payments
from virage.money.payments.types import Charge, Payment, PaymentState
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.draws.acts.emails import notify
from virage.sale.draws.acts.waiting import ENDED, give_back
from virage.sale.draws.rules.paying import PRICE_CHANGED, Fate, fate_of
from virage.sale.draws.rules.terms import EntryRow, EntryState
from virage.sale.draws.store import draws as store
from virage.sale.draws.store import entries as entries_store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.api import Pay
from virage.sale.ticketing.types import Buyer

CHARGED_AT_ONCE: Final = 100
FORGOTTEN_AT_ONCE: Final = 500
TOLD_AT_ONCE: Final = 500


async def begin_charges(conn: Connection, draw_id: UUID, return_url: str, now: datetime) -> int:
    """Begin the payments of a batch of seated winners; return how many there were. Their cards are charged later.

    Who cannot be charged, because the terms of sale changed for instance, is asked to pay, as is a winner whose seats
    cost more than they agreed to; who has reached the limit of the event otherwise is released.
    """
    draw = await store.lock_draw(conn, draw_id)
    if draw is None or draw.state != "drawn":
        return 0
    seated = await entries_store.entries_in(conn, draw_id, "held", 0, CHARGED_AT_ONCE)
    agreed = await entries_store.charge_maxima(conn, [entry.id for entry in seated])
    orders = await ticketing.orders(conn, [entry.order_id for entry in seated if entry.order_id is not None])
    dearer = [
        entry
        for entry in seated
        if entry.id in agreed
        and entry.order_id is not None
        and orders[entry.order_id][0].total_cents > agreed[entry.id]
    ]
    charged = [entry for entry in seated if entry not in dearer]
    pays = [
        Pay(entry.order_id, entry.payment_id, Buyer(None, entry.person_id), entry.person_id, return_url, entry.terms)
        for entry in charged
        if entry.order_id is not None and entry.payment_id is not None and entry.person_id is not None
    ]
    answers = await ticketing.pay(conn, pays, now) if pays else []
    by_order = {pay.order_id: answer for pay, answer in zip(pays, answers, strict=True)}
    refused = {
        entry.id: answer.reason
        for entry in charged
        if entry.order_id is not None and isinstance(answer := by_order.get(entry.order_id), Refused)
    }
    await entries_store.set_states(conn, [entry.id for entry in charged if entry.id not in refused], "charging")
    if dearer:
        await _ask_to_pay(conn, dearer, PRICE_CHANGED, now)
    for entry in charged:
        if entry.id in refused and refused[entry.id] == "limit_reached":
            draw = (await store.draws(conn, [draw_id]))[draw_id]
            await give_back(conn, draw, [entry], "limit_reached", now)
        elif entry.id in refused:
            await _ask_to_pay(conn, [entry], refused[entry.id], now)
    return len(seated)


async def due_charges(conn: Connection, draw_id: UUID, after: int) -> tuple[list[Charge], int | None]:
    """Return a batch of charges without an outcome, and the number after which the next one starts; None at the end.

    A charge without an answer is repeated with the same id.
    """
    charging = await entries_store.entries_in(conn, draw_id, "charging", after, CHARGED_AT_ONCE)
    begun = await payments.payments(conn, [entry.payment_id for entry in charging if entry.payment_id is not None])
    charges = [
        Charge(payment.id, entry.method_id, payment.amount_cents)
        for entry in charging
        if entry.payment_id is not None
        and (payment := begun.get(entry.payment_id)) is not None
        and payment.state in (PaymentState.CREATED, PaymentState.PENDING)
        and payment.account is None
    ]
    return charges, charging[-1].number if charging else None


async def follow(
    conn: Connection, draw_id: UUID, state: Literal["charging", "to_pay"], after: int, now: datetime
) -> int | None:
    """Compare a batch of entries that are `charging` or `to_pay` with their orders and payments.

    A paid order makes a paid entry, a declined charge an entry to pay, and an order that has ended releases its places.
    Return the number of the last one, None at the end.
    """
    draw = await store.lock_draw(conn, draw_id)
    if draw is None or draw.state != "drawn":
        return None
    page = await entries_store.entries_in(conn, draw_id, state, after, CHARGED_AT_ONCE)
    if not page:
        return None
    orders = await ticketing.orders(conn, [entry.order_id for entry in page if entry.order_id is not None])
    charged = [entry.payment_id for entry in page if entry.payment_id is not None]
    latest = [order.payment_id for order, _ in orders.values() if order.payment_id is not None]
    begun: dict[UUID | None, Payment] = dict((await payments.payments(conn, charged + latest)).items())
    by_fate: dict[tuple[Fate, str], list[EntryRow]] = {}
    for entry in page:
        if entry.order_id is not None:
            order, _ = orders[entry.order_id]
            found = fate_of(entry, order, begun.get(entry.payment_id), begun.get(order.payment_id))
            by_fate.setdefault(found, []).append(entry)
    for (fate, reason), entries in by_fate.items():
        if fate is Fate.PAID:
            await entries_store.set_states(conn, [entry.id for entry in entries], "paid")
            await append(conn, [Fact("draw_entry_paid", None, entry.id, {"draw": draw_id}) for entry in entries], now)
            await notify(conn, EmailKind.DRAW_WON, [(entry.id, entry.person_id) for entry in entries], now)
        elif fate is Fate.TO_PAY:
            await _ask_to_pay(conn, entries, reason, now)
        elif fate is Fate.RELEASED:
            await give_back(conn, draw, entries, reason, now)
    return page[-1].number


async def _ask_to_pay(conn: Connection, entries: Sequence[EntryRow], reason: str, now: datetime) -> None:
    await entries_store.set_states(conn, [entry.id for entry in entries], "to_pay", reason)
    await append(conn, [Fact("draw_entry_to_pay", None, one.id, {"draw": one.draw_id}) for one in entries], now)
    for entry in entries:
        await notify(conn, EmailKind.DRAW_TO_PAY, [(entry.id, entry.person_id)], now, expires_at=entry.pays_until)


async def tell_the_others(conn: Connection, draw_id: UUID, now: datetime) -> int:
    """Tell a batch of people that they did not win, or that the draw is cancelled; return how many."""
    draw = await store.lock_draw(conn, draw_id)
    if draw is None:
        return 0
    cancelled = draw.state == "cancelled"
    states: tuple[EntryState, ...] = ("cancelled",) if cancelled else ("waiting", "lost")
    told = await entries_store.untold(conn, draw_id, states, TOLD_AT_ONCE)
    kind = EmailKind.DRAW_CANCELLED if cancelled else EmailKind.DRAW_NOT_WON
    await notify(conn, kind, [(entry.id, entry.person_id) for entry in told], now)
    await entries_store.set_told(conn, [entry.id for entry in told], now)
    return len(told)


async def forget_cards(conn: Connection, draw_id: UUID, now: datetime) -> int:
    """Forget a batch of cards of entries that have ended, paid or not; return how many."""
    await store.lock_draw(conn, draw_id)
    cards = await entries_store.cards_to_forget(conn, draw_id, ENDED, FORGOTTEN_AT_ONCE)
    await entries_store.set_forgotten(conn, list(cards), now)
    await payments.forget(conn, list(cards.values()), now)
    return len(cards)


async def end(conn: Connection, draw_id: UUID, now: datetime) -> None:
    """End the waiting order of a draw after its time, and the draw once nothing is left to do."""
    draw = await store.lock_draw(conn, draw_id)
    if draw is None:
        return
    if draw.state == "drawn" and draw.ends_at <= now and draw.applied_at is not None:
        await entries_store.end_states(conn, draw_id, ("waiting",), "lost")
        if not await entries_store.has_unpaid(conn, draw_id):
            await store.set_state(conn, draw_id, "ended")
            await append(conn, [Fact("draw_ended", None, draw_id, {"event": draw.event_id})], now)
    elif draw.state in ("ended", "cancelled") and not await entries_store.has_unfinished(conn, draw_id):
        await entries_store.forget_needs(conn, draw_id)
        await store.finish_draw(conn, draw_id, now)
