"""What an order bought, for the evidence of a disputed payment."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.sale.ticketing.reads.views import former_labels, order_view, refunded_of
from virage.sale.ticketing.rules.terms import AcceptedTerms, Order, OrderLine, OrderRow
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue.api import venue_at
from virage.site.venue.types import Venue


class NamedLine(Struct, frozen=True):
    """A place of an order with the name of its holder; None if it has none."""

    line: OrderLine
    holder_name: str | None


class Purchase(Struct, frozen=True):
    """An order with its event, the version of the venue, the names on its tickets and the terms that were accepted."""

    row: OrderRow
    order: Order
    event: Event
    venue: Venue
    lines: Sequence[NamedLine]
    terms: AcceptedTerms | None


async def purchase(conn: Connection, order_id: UUID) -> Purchase | None:
    """Return what a payment for an order bought, or None; of a bundle, its first order."""
    row = (await store.orders(conn, [order_id])).get(order_id)
    if row is None:
        row = next(iter((await store.orders_paid_with(conn, [order_id])).get(order_id, ())), None)
    if row is None:
        return None
    event = (await programme.events(conn, [row.event_id]))[row.event_id]
    venue = await venue_at(conn, event.venue_version)
    order = order_view(row, venue, await refunded_of(conn, [row]), await former_labels(conn, [row]))
    tickets = await tickets_store.tickets(conn, row.ticket_ids)
    names = {id_: ticket.holder_name for id_, ticket in tickets.items()}
    lines = [NamedLine(line, None if line.ticket_id is None else names.get(line.ticket_id)) for line in order.lines]
    return Purchase(row, order, event, venue, lines, await store.accepted_terms(conn, row.id))
