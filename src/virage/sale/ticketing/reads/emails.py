"""Content of emails about orders, loaded when they are sent."""

from typing import Any
from uuid import UUID

from virage.identity.people.types import Email, EmailContent, EmailKind, Receipt, VatAmount
from virage.money.payments import api as payments
from virage.platform.data.database import Connection
from virage.sale.ticketing.reads.views import order_view
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.terms import TARIFFS, OrderRow
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue.api import VENUE_ZONE
from virage.site.venue.types import load_venue


async def order_paid(conn: Connection, email: Email) -> EmailContent | None:
    """Return the confirmation of an order, with its receipt if it was not free."""
    found = await _order(conn, email.about_id)
    if found is None:
        return None
    order, event = found
    view = order_view(order)
    rows: list[dict[str, Any]] = [
        {"fee": False, "label": line.label, "tariff": line.tariff.value, "cents": line.price_cents}
        for line in view.lines
    ]
    if order.fee_cents:
        rows.append({"fee": True, "cents": order.fee_cents})
    receipt = None
    if order.total_cents and order.paid_at is not None:
        vat = [VatAmount(part.rate_permille, part.gross_cents, part.vat_cents) for part in view.vat]
        receipt = Receipt(_number(order), order.paid_at.astimezone(VENUE_ZONE), order.total_cents, vat)
    values = _values(order, event) | {
        "paper": event.rules.paper_accepted,
        "standing": order.state == "paid",
        "total_cents": order.total_cents,
    }
    path = "/tickets" if order.state == "paid" else f"/orders/{order.id}"
    return EmailContent(values, rows, path, receipt)


async def refunded(conn: Connection, email: Email) -> EmailContent | None:
    """Return the refunded tickets and their amount."""
    found, refund = await _order(conn, email.about_id), await tickets_store.refund(conn, email.subject_id)
    if found is None or refund is None:
        return None
    order, event = found
    tickets = await tickets_store.tickets(conn, refund.ticket_ids)
    rows = [
        {"label": label(ticket.place), "tariff": TARIFFS[ticket.tariff].value}
        for ticket in sorted(tickets.values(), key=lambda ticket: ticket.place)
    ]
    return EmailContent(_values(order, event) | {"cents": refund.amount_cents}, rows, f"/orders/{order.id}")


async def money_returned(conn: Connection, email: Email) -> EmailContent | None:
    """Return a returned payment."""
    found, payment = await _order(conn, email.about_id), await payments.payment(conn, email.subject_id)
    if found is None or payment is None:
        return None
    order, event = found
    path = f"/events/{event.id}" if email.kind is EmailKind.LATE_PAYMENT else f"/orders/{order.id}"
    return EmailContent(_values(order, event) | {"cents": payment.amount_cents}, path=path)


async def event_moved(conn: Connection, email: Email) -> EmailContent | None:
    """Return the current event, while the order still has valid tickets."""
    found = await _order(conn, email.about_id)
    if found is None or found[0].state != "paid" or found[1].state == "cancelled" or email.was_at is None:
        return None
    order, event = found
    values = _values(order, event) | {"was_at": email.was_at.astimezone(VENUE_ZONE)}
    return EmailContent(values, path=f"/orders/{order.id}")


async def _order(conn: Connection, order_id: UUID | None) -> tuple[OrderRow, Event] | None:
    order = None if order_id is None else (await store.orders(conn, [order_id])).get(order_id)
    if order is None:
        return None
    return order, (await programme.events(conn, [order.event_id]))[order.event_id]


def _values(order: OrderRow, event: Event) -> dict[str, Any]:
    return {
        "number": _number(order),
        "title": event.title,
        "starts_at": event.starts_at.astimezone(VENUE_ZONE),
        "doors_at": event.doors_at.astimezone(VENUE_ZONE),
        "venue": load_venue().name,
    }


def _number(order: OrderRow) -> str:
    """Return the order code in the form shown to people: `ABCD-EFGH`."""
    return f"{order.code[:4]}-{order.code[4:]}"
