"""Subscriptions are paid in instalments: agreed with the first payment, charged on their dates, paid by page."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.identity.people import api as people
from virage.identity.people.types import EmailKind
from virage.money.payments import api as payments
from virage.money.payments.types import (
    OPEN,
    Charge,
    NewSavedCard,
    Payment,
    PaymentState,
    Reference,
    SavedCard,
    SavedCardState,
)
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.packages.acts.emails import notify
from virage.sale.packages.rules.instalments import TRIES_MAX, NotCharged, Part, divide, part_events, part_id
from virage.sale.packages.rules.terms import INSTALMENTS_MAX, InstalmentRow, PackageRefusal, Plan
from virage.sale.packages.store import instalments as store
from virage.sale.packages.store import packages as packages_store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.types import BundlePart, OrderRow
from virage.site.programme import api as programme

AT_ONCE: Final = 100
PAGE_LIVES: Final = timedelta(minutes=5)
"""After this time a page that is open for an instalment is looked at again."""
FORGET_JOB: Final = "packages.forget_card"


class CardToForget(Struct, frozen=True):
    """Payload of the job: the card of an erased buyer."""

    method_id: UUID


class Agreement(Struct, frozen=True, forbid_unknown_fields=True):
    """Pay in `parts`, as the choices of the subscription say; the buyer `consents` to what their dates and amounts are.

    The card `method_id`, which the client makes, is saved and charged on these dates, the first part at once.
    """

    parts: Annotated[int, Meta(ge=2, le=INSTALMENTS_MAX)]
    method_id: UUID
    consents: bool


async def agree(  # noqa: C901, PLR0911 - each reason by its name
    conn: Connection, pay: ticketing.PayBundle, agreement: Agreement, now: datetime
) -> SavedCard | Refused:
    """Divide a subscription that is not paid into parts, and begin the payment of the first; return the card to save.

    Once the card is saved, the job charges the first part, and the others on their dates. A repeated request changes
    nothing; another one replaces what was agreed. Refusals: `unauthenticated`, `not_found`, `consent_required`,
    `instalments_not_offered`, `method_failed`, `method_id_taken`, and those of a payment of a bundle.
    """
    subscription_id, person_id = pay.bundle_id, pay.fan_id
    if await people.lock_person(conn, person_id) is None:  # an erased person agrees to nothing
        return Refused(PackageRefusal.UNAUTHENTICATED)
    row = (await packages_store.subscriptions(conn, [subscription_id])).get(subscription_id)
    if row is None or row.person_id != person_id:
        return Refused(PackageRefusal.NOT_FOUND)
    if not agreement.consents:
        return Refused(PackageRefusal.CONSENT_MISSING)
    package = (await packages_store.packages(conn, [row.package_id]))[row.package_id]
    orders = (await ticketing.bundles(conn, [subscription_id]))[subscription_id]
    before = (await store.plans(conn, [subscription_id])).get(subscription_id)
    if before is not None and before.method_id == agreement.method_id:
        card = (await payments.methods(conn, [before.method_id]))[before.method_id]
        known = await store.instalments(conn, [part_id(subscription_id, 1)])
        if card.state is not SavedCardState.FAILED and [one.payment_id for one in known] == [pay.payment_id]:
            return card
    events = await programme.events(conn, [order.event_id for order in orders])
    parts = divide(part_events(orders, events), agreement.parts, package.instalment_days, now)
    own_account = await payments.has_account(conn, package.organiser_id)  # cards are saved on the operator's only
    if own_account or not len(parts) == agreement.parts <= package.instalments_max:
        return Refused(PackageRefusal.NOT_OFFERED)
    refusal = await _split(conn, subscription_id, person_id, parts, now)
    if refusal is not None:
        return refusal
    (paying,) = await ticketing.pay_bundles(conn, [replace(pay, bundle_id=part_id(subscription_id, 1))], now)
    if isinstance(paying, Refused):
        return paying
    await store.lock_plans(conn, [subscription_id])
    await store.drop_instalments(conn, subscription_id)
    await store.put_plan(conn, Plan(subscription_id, agreement.method_id, pay.terms, now))
    await store.insert_instalments(
        conn,
        subscription_id,
        [
            InstalmentRow(
                part_id(subscription_id, part.number),
                subscription_id,
                part.number,
                part.due_at or now,
                part.until or paying.order.expires_at,
                "charging" if part.number == 1 else "waiting",
                payment_id=pay.payment_id if part.number == 1 else None,
            )
            for part in parts
        ],
    )
    fact = {"package": package.id, "parts": len(parts)}
    await append(conn, [Fact("instalments_agreed", person_id, subscription_id, fact)], now)
    if before is not None and before.method_id != agreement.method_id:
        await payments.forget(conn, [before.method_id], now)
    kept = await payments.keep(conn, NewSavedCard(agreement.method_id, subscription_id, pay.return_url), now)
    if isinstance(kept, SavedCard) and kept.state is SavedCardState.FAILED:
        return Refused(PackageRefusal.METHOD_FAILED, {"reason": kept.reason})
    return kept


async def _split(
    conn: Connection, subscription_id: UUID, person_id: UUID, parts: Sequence[Part], now: datetime
) -> Refused | None:
    division = [
        BundlePart(part_id(subscription_id, part.number), [event.order_id for event in part.events], part.until)
        for part in parts
    ]
    return await ticketing.split_bundle(conn, subscription_id, person_id, division, now)


async def pay_undivided(
    conn: Connection, pays: Sequence[ticketing.PayBundle], now: datetime
) -> list[ticketing.Paying | Refused | None]:
    """Start the payments of whole subscriptions, refused as bundles; None for those that were ever paid in parts."""
    firsts = {pay.bundle_id: part_id(pay.bundle_id, 1) for pay in pays}
    divided = await ticketing.parts(conn, list(firsts.values()))
    answers = iter(
        await ticketing.pay_bundles(conn, [pay for pay in pays if firsts[pay.bundle_id] not in divided], now)
    )
    return [None if firsts[pay.bundle_id] in divided else next(answers) for pay in pays]


async def pay_divided(conn: Connection, pay: ticketing.PayBundle, now: datetime) -> ticketing.Paying | Refused:
    """Start the payment of a whole subscription that had been divided into parts; refused as a bundle.

    The subscription then has one part, so that money of an earlier division finds its orders. Payments of an agreement
    are locked before any order, so that each one has its own transaction.
    """
    agreed = await store.instalments_of(conn, [pay.bundle_id])
    if agreed:
        orders = (await ticketing.bundles(conn, [pay.bundle_id]))[pay.bundle_id]
        events = await programme.events(conn, [order.event_id for order in orders])
        (only,) = divide(part_events(orders, events), 1, 1, now)
        refusal = await _split(conn, pay.bundle_id, pay.fan_id, [only], now)
        if refusal is not None:
            return refusal
    (paying,) = await ticketing.pay_bundles(conn, [replace(pay, bundle_id=part_id(pay.bundle_id, 1))], now)
    if agreed and not isinstance(paying, Refused):
        plans = await store.lock_plans(conn, [pay.bundle_id])
        await store.drop_instalments(conn, pay.bundle_id)
        await payments.forget(conn, [plans[pay.bundle_id].method_id], now)
    return paying


async def pay_instalment(
    conn: Connection, pay: ticketing.PayBundle, number: int, now: datetime
) -> ticketing.Paying | Refused:
    """Start the payment of an instalment by page, which offers the saved card.

    Refusals: `not_found`, `instalment_charging` while the card is charged, and those of a payment of a bundle.
    """
    plan = (await store.plans(conn, [pay.bundle_id])).get(pay.bundle_id)
    row = (await packages_store.subscriptions(conn, [pay.bundle_id])).get(pay.bundle_id)
    if plan is None or row is None or row.person_id != pay.fan_id:
        return Refused(PackageRefusal.NOT_FOUND)
    card = (await payments.methods(conn, [plan.method_id]))[plan.method_id]
    offered = Reference(card.id, card.provider_ref) if card.state is SavedCardState.SAVED else None
    id_ = part_id(pay.bundle_id, number)
    (paying,) = await ticketing.pay_bundles(conn, [replace(pay, bundle_id=id_, card=offered)], now)
    if isinstance(paying, Refused):
        return paying
    charging = [one for one in await store.instalments(conn, [id_]) if one.state == "charging"]
    if paying.start is not None and any(one.payment_id == paying.order.payment_id for one in charging):
        return Refused(PackageRefusal.CHARGING)
    return paying


async def replace_card(
    conn: Connection, subscription_id: UUID, person_id: UUID, method_id: UUID, *, return_url: str, now: datetime
) -> SavedCard | Refused:
    """Begin to save another card for the instalments that are not paid yet; return it, with its page.

    The first card is charged until the other one is saved; the job then replaces it and forgets it. A repeated request
    is one card, and another one replaces a card that is not saved yet. Refusals: `unauthenticated`, `not_found`,
    `instalments_not_offered` if no card is to be charged any more or the first part is not paid yet, `method_failed`,
    `method_id_taken`.
    """
    if await people.lock_person(conn, person_id) is None:
        return Refused(PackageRefusal.UNAUTHENTICATED)
    row = (await packages_store.subscriptions(conn, [subscription_id])).get(subscription_id)
    plan = (await store.lock_plans(conn, [subscription_id])).get(subscription_id)
    if plan is None or row is None or row.person_id != person_id:
        return Refused(PackageRefusal.NOT_FOUND)
    if method_id == plan.method_id:
        return (await payments.methods(conn, [method_id]))[method_id]
    parts = (await store.instalments_of(conn, [subscription_id])).get(subscription_id, [])
    if not any(part.state in ("open", "charging") and part.number > 1 for part in parts):
        return Refused(PackageRefusal.NOT_OFFERED)
    before = (await store.next_cards(conn, [plan.id])).get(plan.id)
    if before != method_id:
        await store.put_next_card(conn, plan.id, method_id)
        if before is not None:
            await payments.forget(conn, [before], now)
    kept = await payments.keep(conn, NewSavedCard(method_id, subscription_id, return_url), now)
    if isinstance(kept, SavedCard) and kept.state is SavedCardState.FAILED:
        return Refused(PackageRefusal.METHOD_FAILED, {"reason": kept.reason})
    return kept


async def take_next_cards(conn: Connection, after: UUID, now: datetime) -> UUID | None:
    """Replace the cards of a batch of plans whose next one is saved; return the last plan, None at the end.

    A card that is being charged stays: a charge without an answer is repeated with the same card.
    """
    ids = await store.plans_with_next_cards(conn, after, AT_ONCE)
    plans = await store.lock_plans(conn, ids)
    charging = {
        row.plan_id
        for rows in (await store.instalments_of(conn, ids)).values()
        for row in rows
        if row.state == "charging"
    }
    wanted = {id_: card_id for id_, card_id in (await store.next_cards(conn, ids)).items() if id_ not in charging}
    cards = await payments.methods(conn, list(wanted.values()))
    ended = {id_ for id_, card_id in wanted.items() if cards[card_id].state is not SavedCardState.OPEN}
    replaced = [plans[id_] for id_ in sorted(ended) if cards[wanted[id_]].state is SavedCardState.SAVED]
    for plan in replaced:
        await store.set_card(conn, plan.id, wanted[plan.id])
    await store.drop_next_cards(conn, ended)
    await append(conn, [Fact("instalments_card_replaced", None, plan.id, {}) for plan in replaced], now)
    await payments.forget(conn, [plan.method_id for plan in replaced], now)
    return ids[-1] if ids else None


async def open_plans(conn: Connection, now: datetime) -> int:
    """Let the later instalments of plans whose first one is paid wait for their dates; return how many plans."""
    begun = await store.plans_begun(conn, now, AT_ONCE)
    await store.lock_plans(conn, begun)
    await store.open_instalments(conn, begun)
    return len(begun)


async def begin_charge(
    conn: Connection, instalment_id: UUID, payment_id: UUID, return_url: str, now: datetime
) -> Refused | None:
    """Begin the payment of a due instalment, whose card is charged later. Nothing while its page is open.

    Roll back a refusal: it says why the card cannot be charged (`no_card`, `disputed`, `organisers_account`), or why a
    bundle cannot be paid.
    """
    (row,) = await store.instalments(conn, [instalment_id])
    plan = (await store.plans(conn, [row.plan_id]))[row.plan_id]
    subscription = (await packages_store.subscriptions(conn, [row.plan_id]))[row.plan_id]
    card = (await payments.methods(conn, [plan.method_id])).get(plan.method_id)
    if card is None or card.state is not SavedCardState.SAVED or subscription.person_id is None:
        return Refused(NotCharged.NO_CARD)
    orders = (await ticketing.bundles(conn, [row.plan_id]))[row.plan_id]
    paid_with = sorted({order.payment_id for order in orders if order.state == "paid" and order.payment_id is not None})
    if any(one.state != "won" and not one.is_inquiry for one in await payments.disputes_of(conn, paid_with)):
        return Refused(NotCharged.DISPUTED)
    wish = ticketing.PayBundle(row.id, payment_id, subscription.person_id, return_url)
    (paying,) = await ticketing.pay_bundles(conn, [wish], now)
    if isinstance(paying, Refused):
        return paying
    if paying.start is not None and paying.start.direct is not None:
        return Refused(NotCharged.ORGANISERS_ACCOUNT)
    if paying.order.payment_id == payment_id:
        await store.lock_plans(conn, [row.plan_id])
        state = "charging" if paying.start is not None else "done"
        await store.change_instalment(conn, replace(row, state=state, next_at=None, payment_id=payment_id))
    else:
        await store.lock_plans(conn, [row.plan_id])
        await store.change_instalment(conn, replace(row, next_at=now + PAGE_LIVES))
    return None


async def give_up(conn: Connection, instalment_id: UUID, reason: str, now: datetime) -> None:
    """Let the buyer pay an instalment whose card cannot be charged; one whose orders have ended is done."""
    (row,) = await store.instalments(conn, [instalment_id])
    await store.lock_plans(conn, [row.plan_id])
    if reason in ("event_cancelled", "hold_expired", "order_already_paid", "not_found"):
        await store.change_instalment(conn, replace(row, state="done", next_at=None, reason=reason))
    else:
        await _ask_to_pay(conn, row, reason, now)


async def due_charges(conn: Connection, after: UUID) -> tuple[list[Charge], UUID | None]:
    """Return a batch of charges without an outcome, and the id after which the next one starts; None at the end.

    A charge without an answer is repeated with the same id. The first one waits until its card is saved.
    """
    charging = await store.instalments_in(conn, ("charging",), after, AT_ONCE)
    plans = await store.plans(conn, {row.plan_id for row in charging})
    cards = await payments.methods(conn, [plan.method_id for plan in plans.values()])
    begun = await payments.payments(conn, [row.payment_id for row in charging if row.payment_id is not None])
    charges = [
        Charge(payment.id, card.id, payment.amount_cents)
        for row in charging
        if row.payment_id is not None
        and (payment := begun.get(row.payment_id)) is not None
        and payment.state in (PaymentState.CREATED, PaymentState.PENDING)
        and (card := cards[plans[row.plan_id].method_id]).state is SavedCardState.SAVED
    ]
    return charges, charging[-1].id if charging else None


async def follow(conn: Connection, after: UUID, retry: timedelta, now: datetime) -> UUID | None:
    """Compare a batch of instalments with their orders and payments; return the last id, None at the end.

    A declined card is charged again after `retry`, then its buyer is asked to pay.
    """
    page = await store.instalments_in(conn, ("charging", "to_pay"), after, AT_ONCE)
    if not page:
        return None
    plans = await store.lock_plans(conn, {row.plan_id for row in page})
    rows = [
        row for row in await store.instalments(conn, [row.id for row in page]) if row.state in ("charging", "to_pay")
    ]
    orders = await ticketing.parts(conn, [row.id for row in rows])
    latest = [order.payment_id for found in orders.values() for order in found if order.payment_id is not None]
    begun = await payments.payments(conn, sorted({*latest, *(row.payment_id for row in rows if row.payment_id)}))
    cards = await payments.methods(conn, [plan.method_id for plan in plans.values()])
    for row in rows:
        await _follow_one(conn, row, orders.get(row.id, []), begun, cards[plans[row.plan_id].method_id], retry, now)
    return page[-1].id


async def _follow_one(  # noqa: PLR0917 - what is known of an instalment
    conn: Connection,
    row: InstalmentRow,
    orders: Sequence[OrderRow],
    begun: dict[UUID, Payment],
    card: SavedCard,
    retry: timedelta,
    now: datetime,
) -> None:
    states = {order.state for order in orders}
    if states & {"paid", "refunded"}:
        await store.change_instalment(conn, replace(row, state="done", next_at=None, reason=None))
        return
    is_open = any(order.payment_id in begun and begun[order.payment_id].state in OPEN for order in orders)
    if not states & {"held", "paying"} and not is_open:
        await store.change_instalment(conn, replace(row, state="done", next_at=None, reason=row.reason or "not_paid"))
        return
    payment = begun.get(row.payment_id) if row.payment_id is not None else None
    if row.state != "charging" or payment is None:
        return
    if row.number == 1:
        failed = payment.state is PaymentState.DECLINED or card.state is SavedCardState.FAILED
        if failed:  # its buyer is looking at the screen
            reason = payment.reason or card.reason
            await store.change_instalment(conn, replace(row, state="to_pay", declined=1, reason=reason))
    elif payment.state is PaymentState.DECLINED:
        declined = row.declined + 1
        failed_row = replace(row, declined=declined, reason=payment.reason)
        again_at = min(now + retry, row.until - timedelta(days=1))
        if declined < TRIES_MAX and now < again_at:
            failed_row = replace(failed_row, state="open", next_at=again_at)
            await store.change_instalment(conn, failed_row)
            await _tell(conn, EmailKind.INSTALMENT_FAILED, failed_row, payment.id, now)
        else:
            await _ask_to_pay(conn, failed_row, payment.reason or "card_declined", now)
    elif payment.state not in OPEN:  # it was cancelled before the card was charged, or its money goes back
        await store.change_instalment(conn, replace(row, state="open", next_at=now, payment_id=None))


async def _ask_to_pay(conn: Connection, row: InstalmentRow, reason: str, now: datetime) -> None:
    asked = replace(row, state="to_pay", next_at=None, reason=reason)
    await store.change_instalment(conn, asked)
    await append(conn, [Fact("instalment_to_pay", None, row.plan_id, {"number": row.number, "reason": reason})], now)
    await _tell(conn, EmailKind.INSTALMENT_FAILED, asked, row.payment_id or row.id, now)


async def _tell(conn: Connection, kind: EmailKind, row: InstalmentRow, cause: UUID, now: datetime) -> None:
    subscription = (await packages_store.subscriptions(conn, [row.plan_id]))[row.plan_id]
    if subscription.person_id is not None:
        until = row.due_at if kind is EmailKind.INSTALMENT_DUE else row.until
        await notify(conn, kind, subscription.person_id, about=row.id, cause=cause, until=until, now=now)


async def remind(conn: Connection, before: datetime, now: datetime) -> int:
    """Remind the buyers of a batch of instalments that are due before a time; return how many."""
    due = await store.instalments_to_remind(conn, before, AT_ONCE)
    await store.lock_plans(conn, {row.plan_id for row in due})
    await store.set_instalments_reminded(conn, [row.id for row in due], now)
    for row in due:
        if row.due_at > now:
            await _tell(conn, EmailKind.INSTALMENT_DUE, row, row.id, now)
    return len(due)


async def forget_card(conn: Connection, card: CardToForget, now: datetime) -> None:
    """Forget the card of an erased person."""
    await payments.forget(conn, [card.method_id], now)
