"""Payments of orders: captured money issues tickets and passes, or is returned."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.passes import api as passes
from virage.identity.passes.types import Issue
from virage.identity.people.types import EmailKind
from virage.money.payments import api as payments_api
from virage.money.payments.types import (
    FAILED,
    Captured,
    DisputeChange,
    Failed,
    FailedRefund,
    PaymentIntent,
    Processing,
    Reference,
    RefundRequest,
)
from virage.money.wallet.funding import api as wallets
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts import exchange
from virage.sale.ticketing.acts.disputes import reinstate_tickets, suspend_disputed
from virage.sale.ticketing.acts.emails import notify_debits, notify_money_returned, notify_paid, notify_refunds_failed
from virage.sale.ticketing.acts.holding import claim_again, close, taken_fact
from virage.sale.ticketing.rules.moving import GONE
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.sale import LIVES_AT_MOST, OPEN_STATES, PAYING_FOR, may_debit, may_pay, paying_until
from virage.sale.ticketing.rules.terms import (
    AWAITING_SETTLEMENT,
    MONEY_RETURNED,
    Basket,
    BundlePart,
    Buyer,
    ClosedOrder,
    OrderRow,
    PaidOrder,
    Reason,
)
from virage.sale.ticketing.store import orders as store
from virage.site.pages import api as pages
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue.api import venue_at
from virage.site.venue.types import Venue

PURPOSE = "ticketing"
PASS_ENDS_AFTER = timedelta(hours=6)


class Pay(Struct, frozen=True):
    """A buyer starts a payment; the client makes `payment_id`, so that a repeated request is one payment."""

    order_id: UUID
    payment_id: UUID
    buyer: Buyer
    fan_id: UUID
    return_url: str
    terms: UUID | None = None
    """The version of the terms of sale that the buyer accepts; needed where the operator has published terms."""


class PayBundle(Struct, frozen=True):
    """A fan starts the payment of a bundle, or of a part of one (`bundle_id`); see `Pay`.

    `card` is the saved card that its page offers.
    """

    bundle_id: UUID
    payment_id: UUID
    fan_id: UUID
    return_url: str
    terms: UUID | None = None
    card: Reference | None = None


class Paying(Struct, frozen=True):
    """An order being paid; `start` is the request to the provider, None if nothing is left to pay."""

    order: Basket
    start: PaymentIntent | None


async def pay(conn: Connection, pays: Sequence[Pay], now: datetime) -> list[Paying | Refused]:
    """Start the payment of each order; return one answer per order. Free orders are paid at once.

    An order has one running payment: starting another returns the page of the first.

    A fan pays in one transaction at a time, so that no two processes let them pass the limit together.
    """
    await store.lock_buyers(conn, [pay.fan_id for pay in pays])
    locked = await store.lock_baskets(
        conn,
        [pay.order_id for pay in pays],
        list({owner for pay in pays for owner in pay.buyer.owner_ids}),
    )
    orders = {order.id: order for order in locked}
    original = dict(orders)
    events = await _events_of(conn, locked)
    bought = _bought(locked, now)
    terms = await pages.terms_in_force(conn)
    answers = [_decide(pay, orders, events, bought, terms, now=now) for pay in pays]
    answers = await _begin(conn, answers, now)
    moved = {a.order.id: a.order for a in answers if isinstance(a, Paying) and a.order != original[a.order.id]}
    if moved:
        await store.start_paying(conn, list(moved.values()))
        accepted = {pay.order_id: pay.terms for pay in pays if pay.order_id in moved and pay.terms in terms}
        if accepted:
            await store.accept_terms(conn, accepted, now)
        await append(conn, [Fact("order_paying", order.owner_id, order.id) for order in moved.values()], now)
    free = [(id_, order.payment_id) for id_, order in moved.items() if order.total_cents == 0]
    paid = await _mark_paid(conn, free, now) if free else {}
    await _issue_passes(conn, paid.values(), now)
    return [_paid(a) if isinstance(a, Paying) and a.order.id in paid else a for a in answers]


async def pay_bundles(conn: Connection, pays: Sequence[PayBundle], now: datetime) -> list[Paying | Refused]:
    """Start the payment of each bundle, or part of one, in the answer as one order; free ones are paid at once.

    Starting it again returns the page of the first. A part that follows a paid one is bought under the terms that were
    accepted with the first, without the orders that have ended meanwhile. A refused one writes nothing.
    Refusals: `not_found`, `order_already_paid`, `hold_expired`, `event_cancelled`,
    `terms_not_accepted`, `payment_failed`, and those of payments.
    """
    named = await store.orders_paid_with(conn, {pay.bundle_id for pay in pays})
    locked = await store.lock_orders(conn, sorted(order.id for found in named.values() for order in found))
    bundles = {bundle_id: [locked[order.id] for order in found] for bundle_id, found in named.items()}
    events = await _events_of(conn, locked.values())
    terms = await pages.terms_in_force(conn)
    following = await _following(conn, bundles)
    answers = [_decide_bundle(pay, bundles, events, terms, follows=pay.bundle_id in following, now=now) for pay in pays]
    answers = await _begin(conn, answers, now)
    moved = {
        answer.order.id: answer.order
        for answer in answers
        if isinstance(answer, Paying) and locked[bundles[answer.order.id][0].id].state == "held"
    }
    if not moved:
        return answers
    changed = [order for bundle_id in moved for order in bundles[bundle_id]]
    await store.start_paying(conn, changed)
    await _accept_terms_of_bundles(
        conn,
        {
            bundles[pay.bundle_id][0].bundle_id or pay.bundle_id: pay.terms
            for pay in reversed(pays)  # of two requests the first one counts
            if pay.bundle_id in moved and pay.bundle_id not in following and pay.terms in terms
        },
        now,
    )
    await append(conn, [Fact("order_paying", order.owner_id, order.id) for order in changed], now)
    free = {bundle_id for bundle_id, bundle in moved.items() if not bundle.total_cents}
    paid_with = [(order.id, order.payment_id) for bundle_id in free for order in bundles[bundle_id]]
    paid = await _mark_paid(conn, paid_with, now) if paid_with else {}
    await _issue_passes(conn, paid.values(), now)
    return [_paid(answer) if isinstance(answer, Paying) and answer.order.id in free else answer for answer in answers]


def _decide_bundle(
    pay: PayBundle,
    bundles: dict[UUID, list[OrderRow]],
    events: dict[UUID, Event],
    terms: Collection[UUID],
    *,
    follows: bool,
    now: datetime,
) -> Paying | Refused:
    """Return how a bundle is paid; its orders in `bundles` change, so that a repeated request finds them so."""
    orders = bundles.get(pay.bundle_id, [])
    if follows:
        terms = frozenset()
        left = [one for one in orders if one.state in OPEN_STATES and events[one.event_id].state != "cancelled"]
        orders = left or orders
    refusal = _may_pay_bundle(pay, orders, events, terms, now)
    if refusal is not None:
        return refusal
    first = orders[0]
    bundle = Basket(
        id=pay.bundle_id,
        event_id=first.event_id,
        owner_id=pay.fan_id,
        state="paying" if first.state in OPEN_STATES else first.state,
        size=sum(len(order.places) for order in orders),
        total_cents=sum(order.total_cents for order in orders),
        expires_at=max(first.expires_at, now + PAYING_FOR)
        if first.payment_id is None and not follows
        else first.expires_at,
        payment_id=first.payment_id if first.state == "paying" else pay.payment_id,
    )
    if first.state not in OPEN_STATES:
        return Paying(bundle, None)
    if first.state == "held":
        bundles[pay.bundle_id] = [
            replace(order, state="paying", payment_id=bundle.payment_id, expires_at=bundle.expires_at)
            for order in orders
        ]
    start = _start_bundle(bundle, pay, events)
    if start is not None:  # its orders may be held for months, a page is not
        start = replace(start, expires_at=min(start.expires_at, now + LIVES_AT_MOST))
    return Paying(bundle, start)


async def _accept_terms_of_bundles(conn: Connection, accepted: Mapping[UUID, UUID | None], now: datetime) -> None:
    """Store the accepted terms with all orders of bundles: the later parts are bought under them too."""
    bundles = await store.orders_of_bundles(conn, accepted) if accepted else {}
    of_orders = {
        order.id: terms for bundle_id, terms in accepted.items() if terms is not None for order in bundles[bundle_id]
    }
    if of_orders:
        await store.accept_terms(conn, of_orders, now)


def _start_bundle(bundle: Basket, pay: PayBundle, events: dict[UUID, Event]) -> PaymentIntent | None:
    """Return the payment of a bundle, None for a free one."""
    if not bundle.total_cents or bundle.payment_id is None:
        return None
    return PaymentIntent(
        bundle.payment_id,
        PURPOSE,
        bundle.id,
        bundle.total_cents,
        pay.return_url,
        bundle.expires_at,
        card=pay.card,
        organiser_id=events[bundle.event_id].organiser_id,
    )


async def _following(conn: Connection, bundles: Mapping[UUID, Sequence[OrderRow]]) -> set[UUID]:
    """Return which of these parts, given with their orders, have another part of their bundle that is paid."""
    parts = {id_: orders[0] for id_, orders in bundles.items() if orders[0].part_id is not None}
    whole = {order.bundle_id for order in parts.values() if order.bundle_id is not None}
    found = await store.orders_of_bundles(conn, whole) if whole else {}
    return {
        id_
        for id_, order in parts.items()
        if order.bundle_id is not None
        and any(one.state in ("paid", "refunded") and one.part_id != order.part_id for one in found[order.bundle_id])
    }


async def split_bundle(
    conn: Connection, bundle_id: UUID, fan_id: UUID, parts: Sequence[BundlePart], now: datetime
) -> Refused | None:
    """Let the orders of a bundle be paid in parts, the first one first; an earlier division is replaced.

    A payment that has begun is abandoned, and its money returned if it comes. Until the first part is paid, all of them
    end together. Refusals: `not_found`, `order_already_paid`, `event_cancelled`, `hold_expired`.
    """
    named = (await store.orders_of_bundles(conn, [bundle_id])).get(bundle_id, [])
    started = {order.payment_id for order in named if order.payment_id is not None}
    if started:  # payments are locked before orders
        await payments_api.abandon(conn, sorted(started), now)
    orders = list((await store.lock_orders(conn, [order.id for order in named])).values())
    begun = any(order.payment_id is not None for order in orders)
    wish = PayBundle(bundle_id, bundle_id, fan_id, "")
    refusal = _may_pay_bundle(wish, orders, await _events_of(conn, orders), set(), now)
    if refusal is not None:
        return refusal
    expires_at = min(order.expires_at for order in orders)
    await store.split_orders(conn, parts, expires_at if begun else max(expires_at, now + PAYING_FOR))
    return None


def _may_pay_bundle(  # noqa: PLR0911 - each reason by its name
    pay: PayBundle, orders: Sequence[OrderRow], events: dict[UUID, Event], terms: Collection[UUID], now: datetime
) -> Refused | None:
    """Return why a bundle cannot be paid now, or None, also for a repeated request: it is sold whole or not at all."""
    if not orders or orders[0].owner_id != pay.fan_id:
        return Refused(Reason.NOT_FOUND)
    if all(order.payment_id == pay.payment_id and order.state in ("paid", "refunded") for order in orders):
        return None
    if any(order.state in ("paid", "refunded") for order in orders):
        return Refused(Reason.ALREADY_PAID)
    if any(events[order.event_id].state == "cancelled" for order in orders):
        return Refused(Reason.EVENT_CANCELLED)
    if any(order.state not in OPEN_STATES or order.expires_at <= now for order in orders):
        return Refused(Reason.HOLD_EXPIRED)
    if orders[0].state == "held" and terms and pay.terms not in terms:
        return Refused(Reason.TERMS_NOT_ACCEPTED)
    return None


async def release_bundle(conn: Connection, bundle_id: UUID, fan_id: UUID, now: datetime) -> list[ClosedOrder] | Refused:
    """Release the places of an unpaid bundle; return its orders that were open.

    Refusals: not_found, order_already_paid.
    """
    orders = (await store.orders_of_bundles(conn, [bundle_id])).get(bundle_id, [])
    if not orders or orders[0].owner_id != fan_id:
        return Refused(Reason.NOT_FOUND)
    if any(order.state in ("paid", "refunded") for order in orders):
        return Refused(Reason.ALREADY_PAID)
    started = {order.payment_id for order in orders if order.payment_id is not None}
    if started:  # payments are locked before orders
        await payments_api.abandon(conn, sorted(started), now)
    closed = await close(conn, [order.id for order in orders], "released", now)
    if not closed:  # it had ended, or its payment arrived at this moment
        standing = await store.orders(conn, [order.id for order in orders])
        if any(order.state in ("paid", "refunded") for order in standing.values()):
            return Refused(Reason.ALREADY_PAID)
    return closed


async def keep_waiting(conn: Connection, starts: Sequence[PaymentIntent], now: datetime) -> None:
    """Keep the seats of orders and bundles whose payment page is not open yet: the provider is at its rate of calls.

    Each of them has the full time to pay again, within half an hour of its hold.
    """
    until = now + PAYING_FOR
    unopened = await payments_api.extend_unopened(conn, [start.payment_id for start in starts], until)
    orders = sorted(start.subject for start in starts if start.payment_id in unopened)
    await store.extend_paying(
        conn, orders, held_after=until - LIVES_AT_MOST, before=until - PAYING_FOR / 2, until=until
    )


def _paid(answer: Paying) -> Paying:
    return Paying(replace(answer.order, state="paid"), None)


async def _begin(conn: Connection, answers: Sequence[Paying | Refused], now: datetime) -> list[Paying | Refused]:
    """Store the payments; return the refusals of the payments domain."""
    starts = [answer.start for answer in answers if isinstance(answer, Paying) and answer.start is not None]
    begun = await payments_api.begin(conn, starts, now) if starts else []
    direct = await payments_api.direct_charges(conn, starts, begun)
    payments = iter(begun)
    outcomes: list[Paying | Refused] = []
    for answer in answers:
        if isinstance(answer, Refused) or answer.start is None:
            outcomes.append(answer)
            continue
        outcome = next(payments)
        if isinstance(outcome, Refused):
            outcomes.append(outcome)
        elif outcome.state in FAILED:
            outcomes.append(Refused(Reason.PAYMENT_FAILED, {"reason": outcome.reason}))
        else:
            outcomes.append(Paying(answer.order, replace(answer.start, direct=direct.get(outcome.id))))
    return outcomes


def _decide(
    pay: Pay,
    orders: dict[UUID, Basket],
    events: dict[UUID, Event],
    bought: Counter[tuple[UUID, UUID]],
    terms: Collection[UUID],
    *,
    now: datetime,
) -> Paying | Refused:
    order = orders.get(pay.order_id)
    if order is None or order.owner_id not in pay.buyer.owner_ids:
        return Refused(Reason.NOT_FOUND)
    if order.state in ("paid", "refunded") and order.payment_id == pay.payment_id:
        return Paying(order, None)
    event = events.get(order.event_id)
    refusal = may_pay(order, now) or _refusals(order, event, pay, bought)
    if refusal is not None:
        return refusal
    event = events[order.event_id]
    if order.state == "paying" and order.payment_id is not None:
        return Paying(order, _start(order, order.payment_id, pay, event))
    if terms and pay.terms not in terms:
        return Refused(Reason.TERMS_NOT_ACCEPTED)
    bought[pay.fan_id, order.event_id] += order.size  # the next of this batch may be the same fan's
    moved = replace(
        order,
        state="paying",
        owner_id=pay.fan_id,
        payment_id=pay.payment_id,
        expires_at=paying_until(order, now),
    )
    orders[order.id] = moved
    return Paying(moved, _start(moved, pay.payment_id, pay, event) if moved.total_cents else None)


def _start(order: Basket, payment_id: UUID, pay: Pay, event: Event) -> PaymentIntent:
    return PaymentIntent(
        payment_id,
        PURPOSE,
        order.id,
        order.total_cents,
        pay.return_url,
        order.expires_at,
        allows_debit=not order.exchanged and may_debit(event.starts_at, order.expires_at),
        organiser_id=event.organiser_id,
    )


def _refusals(order: Basket, event: Event | None, pay: Pay, bought: Counter[tuple[UUID, UUID]]) -> Refused | None:
    """Return the refusal of a cancelled event or exceeded limit; of two concurrent payments, the second."""
    if event is None or event.state == "cancelled":
        return Refused(Reason.EVENT_CANCELLED)
    has = sum(bought[owner, order.event_id] for owner in pay.buyer.owner_ids)
    if order.state == "paying":
        has -= order.size
    limit = event.rules.limit_per_buyer
    if has + order.size > limit:
        return Refused(Reason.LIMIT_REACHED, {"limit": limit, "left": limit - has})
    return None


def _bought(locked: Sequence[Basket], now: datetime) -> Counter[tuple[UUID, UUID]]:
    """Return the places that each owner has paid for or is paying, by event."""
    bought: Counter[tuple[UUID, UUID]] = Counter()
    for order in locked:
        if order.state == "paid" or (order.state == "paying" and order.expires_at > now):
            bought[order.owner_id, order.event_id] += order.size
    return bought


async def _events_of(conn: Connection, orders: Iterable[Basket | OrderRow | PaidOrder]) -> dict[UUID, Event]:
    return await programme.events(conn, sorted({order.event_id for order in orders}))


async def _mark_paid(
    conn: Connection, paid_with: Iterable[tuple[UUID, UUID | None]], now: datetime
) -> dict[UUID, PaidOrder]:
    """Mark open orders as paid and insert their tickets; return those that were open. All named orders are locked."""
    pairs = sorted(paid_with)
    paid = await store.mark_paid(conn, [order for order, _ in pairs], [payment for _, payment in pairs], now)
    return {order.id: order for order in paid}


async def _issue_passes(conn: Connection, paid: Collection[PaidOrder], now: datetime) -> None:
    """Issue the passes of paid orders and store their confirmations."""
    if paid:
        events = await _events_of(conn, paid)
        venues = {id_: await venue_at(conn, event.venue_version) for id_, event in events.items()}
        await passes.issue(conn, _issues(paid, events, venues), now)
        facts = [Fact("order_paid", order.owner_id, order.id, {"event": order.event_id}) for order in paid]
        await append(conn, facts, now)
        await notify_paid(conn, paid, now)


def _issues(paid: Iterable[PaidOrder], events: dict[UUID, Event], venues: dict[UUID, Venue]) -> list[Issue]:
    return [
        Issue(
            subject=ticket_id,
            event_id=order.event_id,
            place=place,
            gate_group=label(venues[order.event_id], place).gate_group,
            not_before=events[order.event_id].doors_at,
            expires_at=events[order.event_id].ends_at + PASS_ENDS_AFTER,
        )
        for order in paid
        for ticket_id, place in zip(order.ticket_ids, order.places, strict=True)
    ]


async def captured(conn: Connection, came: Sequence[Captured], *, wallet_max_cents: Cents, now: datetime) -> None:
    """Issue tickets for open orders and for expired ones whose places are still free; return all other money."""
    bundles = await store.orders_paid_with(conn, {payment.subject for payment in came})
    if bundles:
        await _lock_paid(conn, [payment.subject for payment in came], bundles)
        bundles = await store.orders_paid_with(conn, bundles)
    of_bundles = [payment for payment in came if payment.subject in bundles]
    came = [payment for payment in came if payment.subject not in bundles]
    sales = await exchange.take_back(conn, {payment.subject for payment in came}, now)
    whole = _open_bundles(of_bundles, bundles)
    bought_whole = [(order.id, id_) for subject, id_ in whole.items() for order in bundles[subject]]
    paid = await _mark_paid(conn, [*_first_of_each_order(came), *bought_whole], now) if came or whole else {}
    left = [payment for payment in came if not _bought_with(payment, paid)]
    if left:
        paid |= await _sell_expired(conn, left, now)
    lost: list[Captured] = []
    for payment in of_bundles:
        orders = bundles[payment.subject]
        if whole.get(payment.subject) == payment.payment_id and orders[0].id in paid:
            continue
        bought: dict[UUID, PaidOrder] = {}
        sold = [] if orders[0].id in paid else await _sold_bundle(conn, orders, payment, now)
        if sold:
            bought = await _mark_paid(conn, [(order.id, payment.payment_id) for order in sold], now)
        if not bought:
            lost.append(replace(payment, subject=orders[0].id))
        paid |= bought
    await _issue_passes(conn, paid.values(), now)
    await exchange.pay_sellers(conn, sales, wallet_max_cents=wallet_max_cents, now=now)
    back = [payment for payment in left if not _bought_with(payment, paid)]
    divided = await store.orders_of_bundles(conn, {payment.subject for payment in back}) if back else {}
    if divided:  # they were divided into parts since the payment began
        await store.lock_orders(conn, [orders[0].id for orders in divided.values()])
    back = [
        replace(payment, subject=divided[payment.subject][0].id) if payment.subject in divided else payment
        for payment in back
    ] + lost
    if back:
        await _return_payments(conn, back, now)


def _open_bundles(came: Sequence[Captured], bundles: Mapping[UUID, Sequence[OrderRow]]) -> dict[UUID, UUID]:
    """Return the payments of locked bundles that are open and paid at once, by bundle: these are paid together.

    Of two payments for a bundle, the first one counts. Parts depend on each other and are paid one by one.
    """
    first: dict[UUID, UUID] = {}
    for payment in came:
        orders = bundles[payment.subject]
        is_open = all(order.state in OPEN_STATES and order.part_id is None for order in orders)
        if is_open and sum(order.total_cents for order in orders) == payment.amount_cents:
            first.setdefault(payment.subject, payment.payment_id)
    return first


def _first_of_each_order(came: Sequence[Captured]) -> list[tuple[UUID, UUID]]:
    """Return (order, payment); of two payments for an order, the first one counts."""
    first: dict[UUID, UUID] = {}
    for payment in came:
        first.setdefault(payment.subject, payment.payment_id)
    return list(first.items())


def _bought_with(payment: Captured, paid: dict[UUID, PaidOrder]) -> bool:
    order = paid.get(payment.subject)
    return order is not None and order.payment_id == payment.payment_id


async def _sell_expired(conn: Connection, left: Sequence[Captured], now: datetime) -> dict[UUID, PaidOrder]:
    """Sell expired orders whose late payment arrived, if their places are free; the orders are locked.

    The money of a debit is late by days: once the event has begun, it is returned.
    """
    orders = await store.orders(conn, [payment.subject for payment in left])
    events = await _events_of(conn, orders.values())
    again = await _reopen_expired(
        conn,
        [
            order
            for order in orders.values()
            if events[order.event_id].state == "published"
            and (order.debit is None or events[order.event_id].starts_at > now)
        ],
        now,
    )
    if not again:
        return {}
    return await _mark_paid(conn, _first_of_each_order([payment for payment in left if payment.subject in again]), now)


async def _reopen_expired(
    conn: Connection, orders: Sequence[OrderRow], now: datetime, *, whole: bool = False
) -> set[UUID]:
    """Claim the places of those of these locked orders that are expired; return the orders that got all of theirs.

    `whole`: either all of the orders get theirs, or none.
    """
    expired = {
        order.id: order
        for order in orders
        if order.state == "expired" and GONE not in order.places and order.listing_ids is None
    }
    if whole and len(expired) < len(orders):
        return set()
    again = await claim_again(conn, list(expired.values()), whole=whole) if expired else set()
    if again:
        await store.reopen(conn, sorted(again), now)
        await append(conn, [taken_fact(expired[order_id]) for order_id in sorted(again)], now)
    return again


async def _sold_bundle(
    conn: Connection, orders: Sequence[OrderRow], payment: Captured, now: datetime
) -> Sequence[OrderRow]:
    """Return the locked orders that a payment of a bundle, or of a part of it, buys; none if its money goes back.

    A bundle is sold whole: expired orders get their places again if all of them are free, those of later parts too. A
    payment that had begun before the orders were divided, or lost one, buys nothing: its amount is another one.
    """
    if any(order.state in ("paid", "refunded") for order in orders):
        return []
    events = await _events_of(conn, orders)
    follows, bundle = bool(await _following(conn, {payment.subject: orders})), orders
    if follows:
        left = [one for one in orders if one.state in OPEN_STATES and events[one.event_id].state != "cancelled"]
        orders = bundle = left or orders
    elif orders[0].part_id is not None and orders[0].bundle_id is not None:
        bundle = (await store.orders_of_bundles(conn, [orders[0].bundle_id]))[orders[0].bundle_id]
        events = await _events_of(conn, bundle)
    if sum(order.total_cents for order in orders) != payment.amount_cents:
        await store.back_to_held(conn, [one.id for one in orders], [payment.payment_id for _ in orders])
        return []
    ended = [order for order in bundle if order.state not in OPEN_STATES]
    too_late = not follows and any(one.part_until is not None and one.part_until <= now for one in ended)
    if too_late or any(one.state != "expired" or events[one.event_id].state != "published" for one in ended):
        await close(conn, [order.id for order in orders], "released", now)
        return []
    if ended and len(await _reopen_expired(conn, ended, now, whole=True)) < len(ended):
        return []
    if bundle is not orders:
        await store.keep_parts(conn, [order.id for order in bundle])
    return orders


async def processing(conn: Connection, waiting: Sequence[Processing], now: datetime) -> None:
    """Let orders whose buyers authorised a debit await its settlement, at most until their event begins.

    An order whose hold has just expired gets its places back if they are free. Other debits buy nothing: their money is
    returned when it arrives.
    """
    debits = {payment.subject: payment.payment_id for payment in reversed(waiting)}  # of two, the first one counts
    orders = await store.lock_orders(conn, sorted(debits))
    events = await _events_of(conn, orders.values())
    coming = [
        order
        for order in orders.values()
        if events[order.event_id].state == "published" and events[order.event_id].starts_at > now
    ]
    again = await _reopen_expired(conn, coming, now)
    kept = [order for order in coming if order.state in OPEN_STATES or order.id in again]
    started = await store.await_debits(
        conn,
        [order.id for order in kept],
        [debits[order.id] for order in kept],
        [events[order.event_id].starts_at for order in kept],
    )
    await append(conn, [Fact(AWAITING_SETTLEMENT, owner_id, order_id) for order_id, owner_id in started], now)
    await notify_debits(conn, EmailKind.DEBIT_STARTED, started, now)


async def move_debits(conn: Connection, event_id: UUID) -> None:
    """Keep the places of orders that await settlement until the present start of their event."""
    event = await programme.event(conn, event_id)
    if event is not None:
        await store.move_debits(conn, event_id, event.starts_at)


async def _return_payments(conn: Connection, back: Sequence[Captured], now: datetime) -> None:
    """Request the refund of payments that bought nothing."""
    await payments_api.request_refund(conn, [RefundRequest(new_id(), p.payment_id, p.amount_cents) for p in back], now)
    await store.count_returned(conn, [(p.subject, p.amount_cents) for p in back])
    facts = [Fact(MONEY_RETURNED, None, p.subject, {"payment": p.payment_id}) for p in back]
    await append(conn, facts, now)
    await notify_money_returned(conn, back, now)


async def failed(conn: Connection, ended: Sequence[Failed], now: datetime) -> None:
    """Return the orders to `held`, so that the buyer can try another card while the hold lasts.

    An order whose debit failed ends: its hold is long over, and its places are sold to others.
    """
    bundles = await store.orders_paid_with(conn, {payment.subject for payment in ended})
    ended = [payment for payment in ended if payment.subject not in bundles] + [
        replace(payment, subject=order.id) for payment in ended for order in bundles.get(payment.subject, ())
    ]
    ended = sorted(ended, key=lambda payment: payment.subject)
    order_ids, payment_ids = [payment.subject for payment in ended], [payment.payment_id for payment in ended]
    back = await store.back_to_held(conn, order_ids, payment_ids)
    await append(conn, [Fact("order_held", None, order, {"event": event}) for order, event in back], now)
    refused = await store.fail_debits(conn, order_ids, payment_ids, now)
    if refused:
        await close(conn, [order_id for order_id, _ in refused], "expired", now)
        await notify_debits(conn, EmailKind.DEBIT_FAILED, refused, now)


async def _orders_paid_by(conn: Connection, subjects: Sequence[UUID]) -> list[UUID]:
    """Return the orders of payments, in order: the subject of a payment is an order, a bundle or a part of one."""
    bundles = await store.orders_paid_with(conn, set(subjects))
    alone = [subject for subject in subjects if subject not in bundles]
    return sorted(alone + [order.id for orders in bundles.values() for order in orders])


async def _lock_paid(conn: Connection, subjects: Sequence[UUID], bundles: Mapping[UUID, Sequence[OrderRow]]) -> None:
    """Lock the orders of these payments, with their whole bundles and those whose seats they buy on the exchange.

    `bundles` are the orders of those payments that pay several, as `orders_paid_with` finds them.
    """
    whole = {order.bundle_id for orders in bundles.values() for order in orders if order.bundle_id is not None}
    parts = [order.id for orders in (await store.orders_of_bundles(conn, whole)).values() for order in orders]
    order_ids = sorted([subject for subject in subjects if subject not in bundles] + parts)
    if not await exchange.lock_sellers(conn, order_ids):
        await store.lock_orders(conn, order_ids)


class OrderMoney:
    """Handlers for payments of orders, in the payment's transaction.

    Proceeds of the exchange go to wallets of at most `wallet_max_cents`.
    """

    def __init__(self, wallet_max_cents: Cents) -> None:
        self._wallet_max_cents = wallet_max_cents

    async def lock(self, conn: Connection, subjects: Sequence[UUID]) -> None:
        """Lock the orders of all settled payments before the first one changes, with those that they buy seats of."""
        await _lock_paid(conn, subjects, await store.orders_paid_with(conn, set(subjects)))

    async def captured(self, conn: Connection, payments: Sequence[Captured], now: datetime) -> None:
        """Issue tickets for captured payments."""
        await captured(conn, payments, wallet_max_cents=self._wallet_max_cents, now=now)

    async def processing(self, conn: Connection, payments: Sequence[Processing], now: datetime) -> None:
        """Keep the places of orders whose buyers authorised a debit."""
        await processing(conn, payments, now)

    async def failed(self, conn: Connection, payments: Sequence[Failed], now: datetime) -> None:
        """Let the buyer try another card, or free the places of a failed debit."""
        await failed(conn, payments, now)

    async def disputed(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:
        """Suspend the tickets that the buyers still hold, and take back what sold ones paid into a wallet.

        On the day of the event and later a person decides about the tickets.
        """
        await suspend_disputed(conn, await _orders_paid_by(conn, [change.subject for change in disputes]), now)
        await wallets.take_back_proceeds(conn, [change.dispute for change in disputes], now)

    async def dispute_won(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:
        """Make the tickets valid again, and return what was taken back from wallets."""
        await reinstate_tickets(conn, await _orders_paid_by(conn, [change.subject for change in disputes]), now)
        await wallets.return_proceeds(conn, [change.dispute for change in disputes], now)

    async def refunds_failed(self, conn: Connection, refunds: Sequence[FailedRefund], now: datetime) -> None:
        """Tell the buyers."""
        await notify_refunds_failed(conn, refunds, now)
