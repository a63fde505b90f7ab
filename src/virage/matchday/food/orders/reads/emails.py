"""Content of the receipt email of a food order, loaded when it is sent."""

from virage.identity.people.types import Email, EmailContent, Receipt, VatAmount
from virage.matchday.food.orders import store
from virage.matchday.food.orders.reads.orders import outlet_name, venues_of_events
from virage.matchday.food.orders.rules.orders import PAID_STATES
from virage.platform.data.database import Connection


async def food_receipt(conn: Connection, email: Email) -> EmailContent | None:
    """Return the receipt of a paid order; None if it was refunded meanwhile."""
    order = (await store.orders(conn, [email.subject_id])).get(email.subject_id)
    if order is None or order.state not in PAID_STATES:
        return None
    ground = (await venues_of_events(conn, [order.event_id]))[order.event_id]
    at = (order.accepted_at or order.placed_at).astimezone(ground.zone)
    rows = [{"quantity": line.quantity, "name": line.name, "cents": line.gross_cents} for line in order.lines]
    vat = [VatAmount(part.vat_permille, part.gross_cents, part.vat_cents) for part in order.vat]
    receipt = Receipt(f"{order.outlet}-{order.number}", at, order.total_cents, vat)
    values = {"outlet": outlet_name(ground, order.outlet), "at": at, "total_cents": order.total_cents}
    return EmailContent(values, rows, f"/food/orders/{order.id}", receipt)
