"""Tickets of disputed payments: suspended until the dispute is won, or a person decides."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.passes import api as passes
from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.days import local_day
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.terms import OrderRow, Reason
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.site.programme import api as programme
from virage.site.venue.api import venue_at


async def suspend_disputed(conn: Connection, order_ids: Sequence[UUID], now: datetime) -> None:
    """Suspend the tickets that buyers still hold of orders whose payment is disputed, before the day of their event.

    From that day on the office decides, so that no one is surprised at the gate.
    """
    orders = await store.lock_orders(conn, sorted(order_ids))
    events = await programme.events(conn, sorted({order.event_id for order in orders.values()}))
    early = []
    for order in orders.values():
        event = events[order.event_id]
        zone = (await venue_at(conn, event.venue_version)).zone
        if order.state == "paid" and local_day(now, zone) < local_day(event.starts_at, zone):
            early.append(order)
    await _suspend(conn, early, now, None)


async def suspend_tickets(conn: Connection, order_id: UUID, now: datetime, who: UUID | None) -> Refused | None:
    """Suspend the tickets of an order that its buyer still holds. Refusals: not_found, order_not_paid."""
    order = (await store.lock_orders(conn, [order_id])).get(order_id)
    if order is None:
        return Refused(Reason.NOT_FOUND)
    if order.state != "paid":
        return Refused(Reason.NOT_PAID)
    await _suspend(conn, [order], now, who)
    return None


async def _suspend(conn: Connection, orders: Sequence[OrderRow], now: datetime, who: UUID | None) -> None:
    ids = sorted(id_ for order in orders for id_ in order.ticket_ids)
    await tickets_store.lock_tickets(conn, ids)  # a transfer comes before or after the suspension
    held = [ticket.id for ticket in (await tickets_store.tickets(conn, ids)).values() if ticket.holder_id is None]
    suspended = await passes.suspend(conn, sorted(held), now, who)
    mine = [order for order in orders if not suspended.isdisjoint(order.ticket_ids)]
    await append(conn, [Fact("tickets_suspended", who, order.id) for order in mine], now)
    await _tell(conn, EmailKind.TICKETS_SUSPENDED, mine, now)


async def reinstate_tickets(
    conn: Connection, order_ids: Sequence[UUID], now: datetime, who: UUID | None = None
) -> None:
    """Make the suspended tickets of orders valid again."""
    orders = list((await store.lock_orders(conn, sorted(order_ids))).values())
    reinstated = await passes.reinstate(conn, sorted(id_ for order in orders for id_ in order.ticket_ids), now, who)
    mine = [order for order in orders if not reinstated.isdisjoint(order.ticket_ids)]
    await append(conn, [Fact("tickets_reinstated", who, order.id) for order in mine], now)
    await _tell(conn, EmailKind.TICKETS_REINSTATED, mine, now)


async def _tell(conn: Connection, kind: EmailKind, orders: Sequence[OrderRow], now: datetime) -> None:
    emails = [
        NewEmail(id=new_id(), kind=kind, subject_id=new_id(), about_id=order.id, person_id=order.owner_id)
        for order in orders
    ]
    await queue_emails(conn, emails, now)
