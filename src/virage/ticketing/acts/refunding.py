"""Tickets are given back: passes revoked, places free, money on its way, all in one transaction."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.kernel.database import Connection
from virage.kernel.ids import new_id
from virage.kernel.journal import Fact, append
from virage.kernel.problems import Refused
from virage.kernel.queue import enqueue
from virage.passes import acts as passes
from virage.payments import acts as payments
from virage.payments.rules import RefundRequest
from virage.programme.rules import Event
from virage.ticketing.acts.holding import close, freed_fact
from virage.ticketing.rules.refunds import RefundPlan, RefundReason, plan_refund
from virage.ticketing.rules.terms import OrderRow, Reason
from virage.ticketing.store import claims as claims_store
from virage.ticketing.store import orders as store
from virage.ticketing.store import tickets as tickets_store
from virage.ticketing.store.claims import Claim
from virage.ticketing.store.tickets import RefundRow

CANCELLED_JOB = "ticketing_event_cancelled"
CANCEL_BATCH = 100


class RefundWish(Struct, frozen=True):
    """Give an order back, or some of its tickets. Who asks makes `refund_id`: sent twice, it is one refund.

    `asked_by` None: nobody asks, the event was cancelled.
    """

    order_id: UUID
    refund_id: UUID
    ticket_ids: tuple[UUID, ...] | None = None
    asked_by: UUID | None = None
    reason: RefundReason = "event_cancelled"


class EventGone(Struct, frozen=True):
    """The job that gives back every order of a cancelled event."""

    event_id: UUID


async def refund(conn: Connection, wish: RefundWish, now: datetime) -> RefundRow | Refused:
    """Give back an order or tickets of it; the same refund id again is the same refund."""
    order = (await store.lock_orders(conn, [wish.order_id])).get(wish.order_id)
    if order is None:
        return Refused(Reason.NOT_FOUND)
    known = await tickets_store.refund(conn, wish.refund_id)
    if known is not None:
        return known if known.order_id == order.id else Refused(Reason.ID_REUSED)
    tickets = await tickets_store.tickets(conn, order.ticket_ids)
    plan = plan_refund(order, tickets, wish.ticket_ids)
    if isinstance(plan, Refused):
        return plan
    ticket_ids = [ticket.id for ticket in plan.tickets]
    row = RefundRow(wish.refund_id, order.id, plan.amount_cents, ticket_ids, now, wish.reason)
    if plan.amount_cents and order.payment_id is not None:
        money = [RefundRequest(row.id, order.payment_id, plan.amount_cents)]
        refusal = (await payments.request_refund(conn, money, now))[0]
        if isinstance(refusal, Refused):
            return refusal
    await _give_back(conn, order, plan, row, wish.asked_by)
    await append(conn, _facts(order, plan, row, wish.asked_by), now)
    await passes.revoke(conn, row.ticket_ids, now, wish.asked_by)
    return row


async def _give_back(conn: Connection, order: OrderRow, plan: RefundPlan, row: RefundRow, who: UUID | None) -> None:
    """Write the refund down and free the places. The id was free a moment ago; taken now, nothing of this stands."""
    claims = [Claim(order.event_id, place, order.id) for place in sorted(ticket.place for ticket in plan.tickets)]
    await claims_store.free_places(conn, claims)
    if not await tickets_store.insert_refund(conn, row, order.event_id, who):
        raise RuntimeError(f"The refund {row.id} was written by somebody else at the same time.")
    await tickets_store.refund_tickets(conn, row.ticket_ids, row.id)
    await store.count_refund(conn, order.id, plan.amount_cents)


def _facts(order: OrderRow, plan: RefundPlan, row: RefundRow, who: UUID | None) -> list[Fact]:
    return [
        freed_fact(order.id, order.event_id, [ticket.place for ticket in plan.tickets], "refunded"),
        Fact("order_refunded", who, order.id, {"refund": row.id, "event": order.event_id, "reason": row.reason}),
    ]


async def event_cancelled(conn: Connection, event: Event, now: datetime) -> None:  # noqa: ARG001 - the protocol's form
    """Have every order of a cancelled event given back, by a job in small transactions."""
    await enqueue(conn, CANCELLED_JOB, [EventGone(event.id)])


async def give_back_event(conn: Connection, event_id: UUID, now: datetime) -> int:
    """Give back a batch of orders of a cancelled event; how many there were. Call again until there are none."""
    orders = await store.lock_open_or_paid(conn, event_id, CANCEL_BATCH)
    waiting = [order.id for order in orders if order.state != "paid"]
    if waiting:
        await close(conn, waiting, "released", now)
    for order in sorted((order for order in orders if order.state == "paid"), key=lambda order: order.id):
        outcome = await refund(conn, RefundWish(order.id, new_id()), now)
        if isinstance(outcome, Refused):
            raise RuntimeError(f"Order {order.id} of a cancelled event is not given back: {outcome.reason}")  # noqa: TRY004 - it is no type that is wrong
    return len(orders)


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Forget the names that an erased person gave to tickets, and the phones that hold them.

    The orders stay, for the books, without a name. Tickets for coming events stop working: the person gave them up.
    What they hold or are paying is let go, so that money that still comes goes back: nobody could open its tickets.
    """
    await close(conn, [order.id for order in await store.orders_of_owners(conn, [person_id])], "released", now)
    tickets = await tickets_store.tickets_of_owner(conn, person_id)
    await tickets_store.forget_holders(conn, [person_id])
    await passes.revoke(conn, [ticket.id for ticket in tickets], now, person_id)
    return None
