"""Content of a paper ticket; `passes.paper` draws the page."""

from virage.identity.passes.api import PaperTicket
from virage.identity.people.types import Locale
from virage.platform.data.database import Connection
from virage.platform.settings.config import Config
from virage.platform.values.languages import best
from virage.platform.values.zones import zone_note
from virage.sale.ticketing.reads.views import Ticket
from virage.sale.ticketing.rules.terms import OrderRow
from virage.sale.ticketing.store import orders as store
from virage.site.venue.api import venue_at, venues


async def paper_of(conn: Connection, ticket: Ticket, code: str, config: Config, locale: Locale) -> PaperTicket:
    """Return the content of a paper ticket, in the fan's language and another one of the deployment.

    `code` is the text of its QR code; the route is not in it.
    """
    venue = await venue_at(conn, ticket.event.venue_version)
    home = (await venues(conn))[0].zone
    lang = best(locale, config.club.locale)
    order = (await store.orders(conn, [ticket.order_id]))[ticket.order_id]
    event = ticket.event
    return PaperTicket(
        code=code,
        reference=reference(order, ticket),
        club=config.club.name,
        primary=config.club.primary,
        title=event.title,
        subtitle=event.subtitle,
        venue=venue,
        doors_at=event.doors_at.astimezone(venue.zone),
        starts_at=event.starts_at.astimezone(venue.zone),
        zone=zone_note(venue.zone, home),
        label=ticket.label,
        tariff=ticket.tariff,
        price_cents=ticket.price_cents,
        currency=config.currency,
        holder_name=ticket.holder_name,
        identity_check=event.paper_identity_check,
        reentry=event.reentry,
        lang=lang,
        second=next((tag for tag in config.languages if tag != lang), None),
    )


def reference(order: OrderRow, ticket: Ticket) -> str:
    """Return the order code and the number of the ticket within the order: `ABCD-EFGH 2/4`."""
    number = order.ticket_ids.index(ticket.id) + 1
    return f"{order.code[:4]}-{order.code[4:]} {number}/{len(order.ticket_ids)}"
