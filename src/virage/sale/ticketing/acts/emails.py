"""Emails about orders, stored in the transaction that causes them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail
from virage.money.payments.types import Captured, FailedRefund
from virage.platform.data.database import Connection
from virage.platform.data.queue import enqueue
from virage.platform.values.ids import new_id
from virage.sale.ticketing.rules.terms import PaidOrder
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.sale.ticketing.store import transfers as transfers_store
from virage.sale.ticketing.store.tickets import TicketRefund
from virage.site.programme.types import Event

MOVED_JOB = "ticketing_event_moved"


class EventMovedJob(Struct, frozen=True):
    """The job that emails every ticket buyer of an event whose start has changed."""

    move_id: UUID
    event_id: UUID
    was_at: datetime


async def notify_paid(conn: Connection, paid: Collection[PaidOrder], now: datetime) -> None:
    """Store the confirmations of orders that were just paid; a bundle, or a part of it, has one."""
    bundles = {order.bundle_id: order.owner_id for order in paid if order.bundle_id is not None}
    bought = [(EmailKind.ORDER_PAID, order.id, order.owner_id) for order in paid if order.bundle_id is None]
    bought += [(EmailKind.BUNDLE_PAID, bundle_id, owner_id) for bundle_id, owner_id in bundles.items()]
    emails = [
        NewEmail(id=new_id(), kind=kind, subject_id=id_, about_id=id_, person_id=owner_id)
        for kind, id_, owner_id in bought
    ]
    await queue_emails(conn, emails, now)


async def notify_refunded(conn: Connection, refunds: Iterable[tuple[TicketRefund, UUID]], now: datetime) -> None:
    """Store the refund emails, to the buyers and to those who received the tickets.

    A refund of a cancelled event is announced as the cancellation.
    """
    refunds = list(refunds)
    emails = [
        NewEmail(
            id=new_id(),
            kind=EmailKind.EVENT_CANCELLED if refund.reason == "event_cancelled" else EmailKind.REFUND,
            subject_id=refund.id,
            about_id=refund.order_id,
            person_id=owner_id,
        )
        for refund, owner_id in refunds
    ]
    refund_of = {ticket_id: refund.id for refund, _ in refunds for ticket_id in refund.ticket_ids}
    emails += [
        NewEmail(id=new_id(), kind=EmailKind.RECEIVED_REFUNDED, subject_id=id_, about_id=lost.id, person_id=lost.to_id)
        for lost in await transfers_store.accepted_of_tickets(conn, list(refund_of))
        for id_ in sorted({refund_of[ticket_id] for ticket_id in lost.ticket_ids if ticket_id in refund_of})
    ]
    await queue_emails(conn, emails, now)


async def notify_money_returned(conn: Connection, back: Sequence[Captured], now: datetime) -> None:
    """Store the emails about returned payments: the order was already paid, or its places were taken."""
    orders = await store.orders(conn, [payment.subject for payment in back])
    emails = [
        NewEmail(
            id=new_id(),
            kind=EmailKind.DOUBLE_PAYMENT if order.state in ("paid", "refunded") else EmailKind.LATE_PAYMENT,
            subject_id=payment.payment_id,
            about_id=order.id,
            person_id=order.owner_id,
        )
        for payment in back
        if (order := orders.get(payment.subject)) is not None
    ]
    await queue_emails(conn, emails, now)


async def notify_debits(conn: Connection, kind: EmailKind, orders: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
    """Store the emails about the debits of orders, given with their owners."""
    emails = [
        NewEmail(id=new_id(), kind=kind, subject_id=order_id, about_id=order_id, person_id=owner_id)
        for order_id, owner_id in orders
    ]
    await queue_emails(conn, emails, now)


async def notify_refunds_failed(conn: Connection, refunds: Sequence[FailedRefund], now: datetime) -> None:
    """Store the emails about refunds that the bank does not take."""
    bundles = await store.orders_paid_with(conn, {refund.subject for refund in refunds})
    of_bundles = [refund.id for refund in refunds if refund.subject in bundles]
    bought = {id_: row.order_id for id_ in of_bundles if (row := await tickets_store.refund(conn, id_)) is not None}
    subjects = {refund.id: bought.get(refund.id, refund.subject) for refund in refunds}
    orders = await store.orders(conn, list(subjects.values()))
    emails = [
        NewEmail(
            id=new_id(),
            kind=EmailKind.REFUND_FAILED,
            subject_id=refund.id,
            about_id=order.id,
            person_id=order.owner_id,
        )
        for refund in refunds
        if (order := orders.get(subjects[refund.id])) is not None
    ]
    await queue_emails(conn, emails, now)


async def notify_seats_changed(
    conn: Connection, move_id: UUID, orders: Mapping[UUID, UUID], ticket_ids: Sequence[UUID], now: datetime
) -> None:
    """Store one email for each order, and each accepted transfer, whose seats a move of its event changed.

    `orders` are the owners of the orders, `ticket_ids` the changed tickets.
    """
    received = await transfers_store.accepted_of_tickets(conn, ticket_ids)
    persons = {**orders, **{one.id: one.to_id for one in received}}
    emails = [
        NewEmail(id=new_id(), kind=EmailKind.SEATS_CHANGED, subject_id=move_id, about_id=about_id, person_id=person_id)
        for about_id, person_id in persons.items()
    ]
    await queue_emails(conn, emails, now)


async def event_moved(conn: Connection, event: Event, was_at: datetime) -> None:
    """Enqueue the job that emails the new start of an event to its ticket buyers."""
    await enqueue(conn, MOVED_JOB, [EventMovedJob(new_id(), event.id, was_at)])


async def notify_moved(conn: Connection, moved: EventMovedJob, now: datetime) -> int:
    """Store one email for each order of an event that is paid or awaits settlement, and for each accepted transfer.

    Return how many are new.
    """
    paid = await store.paid_orders(conn, moved.event_id)
    received = [(one.id, one.to_id) for one in await transfers_store.accepted_at_event(conn, moved.event_id)]
    emails = [
        NewEmail(
            id=new_id(),
            kind=EmailKind.EVENT_MOVED,
            subject_id=moved.move_id,
            about_id=about_id,
            person_id=person_id,
            was_at=moved.was_at,
        )
        for about_id, person_id in [*paid, *received]
    ]
    return len(await queue_emails(conn, emails, now))
