"""Refund tickets: revoke passes, free places and request the money, in one transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes
from virage.money.payments import api as payments
from virage.money.payments.types import RefundRequest
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.data.queue import enqueue
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts import exchange
from virage.sale.ticketing.acts.emails import notify_refunded
from virage.sale.ticketing.acts.holding import close, freed_fact
from virage.sale.ticketing.acts.transfers import withdraw_of_person, withdraw_of_tickets
from virage.sale.ticketing.rules.refunds import RefundPlan, RefundReason, plan_refund
from virage.sale.ticketing.rules.terms import OrderRow, Reason
from virage.sale.ticketing.store import claims as claims_store
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store import reminders as reminders_store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.sale.ticketing.store import waiting as waiting_store
from virage.sale.ticketing.store.claims import Claim, Occupied
from virage.sale.ticketing.store.tickets import TicketRefund
from virage.site.programme import api as programme
from virage.site.programme.types import Event

CANCELLED_JOB = "ticketing_event_cancelled"
CANCEL_BATCH = 100


class RefundCommand(Struct, frozen=True):
    """A refund of an order or of some tickets; the client makes `refund_id`, so that a repeated request is one refund.

    `asked_by` is None for a cancelled event. `despite_inside` includes tickets of people who are inside.
    """

    order_id: UUID
    refund_id: UUID
    ticket_ids: tuple[UUID, ...] | None = None
    asked_by: UUID | None = None
    reason: RefundReason = "event_cancelled"
    despite_inside: bool = False


class WhoIsInside(Protocol):
    """Presence at the gates, provided by the access domain."""

    async def __call__(self, conn: Connection, event_id: UUID, ticket_ids: Sequence[UUID]) -> Mapping[UUID, datetime]:
        """Return since when the holders of these tickets are inside; others are left out."""
        ...


class EventCancelledJob(Struct, frozen=True):
    """The job that refunds every order of a cancelled event."""

    event_id: UUID


async def refund(
    conn: Connection, command: RefundCommand, now: datetime, who_is_inside: WhoIsInside | None = None
) -> TicketRefund | Refused:
    """Refund an order or some of its tickets and store the email; a repeated refund id is the same refund.

    Roll back a refusal.

    Refused with `people_inside` while a holder of one of the tickets is inside, unless `despite_inside`; the places
    of those people go on sale again once they have left. `who_is_inside` is None for a cancelled event.
    """
    refunded = await _refund(conn, command, now, who_is_inside)
    if isinstance(refunded, Refused):
        return refunded
    row, owner_id = refunded
    await notify_refunded(conn, [(row, owner_id)], now)
    return row


async def _refund(
    conn: Connection, command: RefundCommand, now: datetime, who_is_inside: WhoIsInside | None = None
) -> tuple[TicketRefund, UUID] | Refused:
    """Refund an order or some of its tickets; return the refund and the order's owner."""
    order = (await store.lock_orders(conn, [command.order_id])).get(command.order_id)
    if order is None:
        return Refused(Reason.NOT_FOUND)
    known = await tickets_store.refund(conn, command.refund_id)
    if known is not None:
        return (known, order.owner_id) if known.order_id == order.id else Refused(Reason.ID_REUSED)
    tickets = await tickets_store.tickets(conn, order.ticket_ids)
    plan = plan_refund(order, tickets, command.ticket_ids)
    if isinstance(plan, Refused):
        return plan
    ticket_ids = [ticket.id for ticket in plan.tickets]
    await exchange.end_of_tickets(conn, ticket_ids, now)
    inside = await _inside(conn, order, ticket_ids, now, who_is_inside)
    if inside and not command.despite_inside:
        return Refused(
            Reason.PEOPLE_INSIDE, {"inside": [{"ticket_id": id_, "since": at} for id_, at in inside.items()]}
        )
    row = TicketRefund(command.refund_id, order.id, plan.amount_cents, ticket_ids, now, command.reason)
    await _store_refund(conn, order, plan, row, inside.keys(), command.asked_by)
    await append(conn, _facts(order, plan, row, inside.keys(), command.asked_by), now)
    await passes.revoke(conn, row.ticket_ids, now, command.asked_by)
    if plan.amount_cents and order.payment_id is not None:  # last: payments come after passes in the order of locks
        money = [RefundRequest(row.id, order.payment_id, plan.amount_cents)]
        refusal = (await payments.request_refund(conn, money, now))[0]
        if isinstance(refusal, Refused):
            return refusal
    return row, order.owner_id


async def _inside(
    conn: Connection, order: OrderRow, ticket_ids: Sequence[UUID], now: datetime, who_is_inside: WhoIsInside | None
) -> Mapping[UUID, datetime]:
    """Return who of these ticket holders is inside; none once the event is over, because few people scan out."""
    event = None if who_is_inside is None else await programme.event(conn, order.event_id)
    if who_is_inside is None or event is None or event.ends_at <= now:
        return {}
    return await who_is_inside(conn, order.event_id, ticket_ids)


async def _store_refund(  # noqa: PLR0917 - the parts of one refund
    conn: Connection, order: OrderRow, plan: RefundPlan, row: TicketRefund, inside: Collection[UUID], who: UUID | None
) -> None:
    """Insert the refund and free the places. Raises if the id was taken meanwhile: the transaction rolls back."""
    await claims_store.free_places(conn, [Claim(order.event_id, place, order.id) for place in _left(plan, inside)])
    await claims_store.keep_occupied(conn, order.id, [ticket for ticket in plan.tickets if ticket.id in inside])
    if not await tickets_store.insert_refund(conn, row, order.event_id, who):
        raise RuntimeError(f"The refund {row.id} was inserted by another process at the same time.")
    await tickets_store.refund_tickets(conn, row.ticket_ids, row.id)
    await withdraw_of_tickets(conn, row.ticket_ids, row.asked_at)
    await store.count_refund(conn, order.id, plan.amount_cents)


def _left(plan: RefundPlan, inside: Collection[UUID]) -> list[int]:
    """Return the places of tickets whose holders are not inside."""
    return sorted(ticket.place for ticket in plan.tickets if ticket.id not in inside)


def _facts(
    order: OrderRow, plan: RefundPlan, row: TicketRefund, inside: Collection[UUID], who: UUID | None
) -> list[Fact]:
    refunded = Fact("order_refunded", who, order.id, {"refund": row.id, "event": order.event_id, "reason": row.reason})
    left = _left(plan, inside)
    return [freed_fact(order.id, order.event_id, left, "refunded"), refunded] if left else [refunded]


async def free_left_places(conn: Connection, who_is_inside: WhoIsInside, now: datetime) -> int:
    """Free the places of refunded tickets whose holders have left or whose event is over; return how many."""
    occupied = await claims_store.occupied_places(conn)
    by_event: dict[UUID, list[Occupied]] = {}
    for place in occupied:
        by_event.setdefault(place.event_id, []).append(place)
    events = await programme.events(conn, sorted(by_event))
    left: list[Occupied] = []
    for event_id, places in by_event.items():
        over = event_id not in events or events[event_id].ends_at <= now
        inside = {} if over else await who_is_inside(conn, event_id, [place.ticket_id for place in places])
        left += [place for place in places if place.ticket_id not in inside]
    if left:
        order_ids = sorted({place.order_id for place in left})
        await store.lock_orders(conn, order_ids)
        gone = {place.ticket_id for place in left}
        # Read again under the lock: a move to another version of the venue gives the places other numbers.
        left = [p for p in await claims_store.occupied_of_orders(conn, order_ids) if p.ticket_id in gone]
        await claims_store.free_places(conn, sorted(Claim(p.event_id, p.place, p.order_id) for p in left))
        await claims_store.forget_occupied(conn, left)
        await append(conn, [freed_fact(p.order_id, p.event_id, [p.place], "left") for p in left], now)
    return len(left)


async def event_cancelled(conn: Connection, event: Event, now: datetime) -> None:  # noqa: ARG001 - the protocol's form
    """Enqueue the job that refunds every order of a cancelled event in small transactions."""
    await enqueue(conn, CANCELLED_JOB, [EventCancelledJob(event.id)])


async def refund_cancelled_orders(conn: Connection, event_id: UUID, now: datetime) -> int:
    """Refund a batch of orders of a cancelled event; return how many. Call again until there are none.

    An unpaid bundle goes on without the event, at a lower price: its holder keeps the right to the others.
    """
    orders = await store.lock_open_or_paid(conn, event_id, CANCEL_BATCH)
    waiting = [order.id for order in orders if order.state != "paid"]
    if waiting:
        await close(conn, waiting, "released", now)
        await store.leave_bundles(conn, sorted(waiting))
    refunds = []
    for order in sorted((order for order in orders if order.state == "paid"), key=lambda order: order.id):
        outcome = await _refund(conn, RefundCommand(order.id, new_id()), now)
        if isinstance(outcome, Refused):
            raise RuntimeError(f"Order {order.id} of a cancelled event is not refunded: {outcome.reason}")  # noqa: TRY004 - not a type error
        refunds.append(outcome)
    await notify_refunded(conn, refunds, now)
    return len(orders)


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Erase the holder names of the tickets that a person holds, revoke their passes, and end offers and listings.

    The orders stay for accounting, without a name. Tickets for coming events stop working.
    Open orders are released, so that a late payment is returned: its tickets would belong to no account.
    """
    await close(conn, [order.id for order in await store.orders_of_owners(conn, [person_id])], "released", now)
    await exchange.withdraw_of_person(conn, person_id, now)
    tickets = await tickets_store.tickets_of_owner(conn, person_id)
    await tickets_store.forget_holders(conn, [person_id])
    await withdraw_of_person(conn, person_id, now)
    await reminders_store.forget_person(conn, person_id)
    await waiting_store.forget_person(conn, person_id)
    await passes.revoke(conn, [ticket.id for ticket in tickets], now, person_id)
    return None
