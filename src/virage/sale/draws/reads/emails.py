"""The content of emails about draws."""

from typing import Any

from virage.identity.people.types import Email, EmailContent, EmailKind
from virage.platform.data.database import Connection
from virage.platform.values.zones import zone_note
from virage.sale.draws.rules.paying import PRICE_CHANGED
from virage.sale.draws.store import draws as store
from virage.sale.draws.store import entries as entries_store
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme
from virage.site.venue.api import venues


async def draw_email(conn: Connection, email: Email) -> EmailContent | None:
    """Return an entry as its emails tell it; None once it is gone, and for a payment that is settled meanwhile."""
    entry = (
        None if email.about_id is None else (await entries_store.entries(conn, [email.about_id])).get(email.about_id)
    )
    if entry is None or (email.kind is EmailKind.DRAW_TO_PAY and entry.state != "to_pay"):
        return None
    draw = (await store.draws(conn, [entry.draw_id]))[entry.draw_id]
    event, pricing = await programme.event(conn, draw.event_id), await ticketing.load_pricing(conn, draw.event_id)
    if event is None:
        return None
    names = {category.id: category.name for category in pricing.categories}
    order = None if entry.order_id is None else (await ticketing.orders(conn, [entry.order_id])).get(entry.order_id)
    values: dict[str, Any] = {
        "event": event.title,
        "code": entry.code,
        "price_changed": entry.reason == PRICE_CHANGED,
        "commitment": "" if draw.commitment is None else draw.commitment.hex(),
        "size": entry.size,
        "category": {} if entry.category is None else names.get(draw.quotas[entry.category].category_id, {}),
        "cents": 0 if order is None else order[0].total_cents,
        "zone": zone_note(event.zone, (await venues(conn))[0].zone),
        "closes_at": draw.closes_at.astimezone(event.zone),
        "draws_at": draw.draws_at.astimezone(event.zone),
        "ends_at": draw.ends_at.astimezone(event.zone),
        "pays_until": (entry.pays_until or draw.ends_at).astimezone(event.zone),
        "number": entry.number or 0,
        "met": [] if entry.unmet is None else [need for need in entry.needs if need not in entry.unmet],
        "unmet": entry.unmet or [],
        "waits": entry.state == "waiting",
    }
    pages = {EmailKind.DRAW_WON: "/tickets", EmailKind.DRAW_CANCELLED: f"/events/{draw.event_id}"}
    return EmailContent(values, path=pages.get(email.kind, f"/events/{draw.event_id}/draw"))
