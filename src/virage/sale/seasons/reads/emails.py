"""The content of emails about renewals."""

from virage.identity.people.types import Email, EmailContent
from virage.platform.data.database import Connection
from virage.platform.values.zones import zone_note
from virage.sale.seasons.reads.fans import renewal_views
from virage.sale.seasons.store import seasons as store
from virage.site.programme import api as programme
from virage.site.venue.api import venues


async def renewal_email(conn: Connection, email: Email) -> EmailContent | None:
    """Return a renewal as its emails tell it; None once it is not open any more."""
    rows = {} if email.about_id is None else await store.renewals(conn, [email.about_id])
    if not rows:
        return None
    (renewal,) = rows.values()
    campaign = (await store.campaigns(conn, [renewal.campaign_id]))[renewal.campaign_id]
    (view,) = await renewal_views(conn, [renewal], campaign.opens_at)
    if view.state != "open" or view.subscription is None:
        return None
    first = view.subscription.events[0]
    event = await programme.event(conn, first.event_id)
    if event is None:
        return None
    values = {
        "package": view.name,
        "earlier": view.earlier,
        "labels": [line.label for line in first.order.lines],
        "events": len(view.subscription.events),
        "other": len(view.other_events),
        "cents": view.subscription.total_cents,
        "until": view.until.astimezone(event.zone),
        "wishes": view.wishes_until is not None,
        "wishes_until": (view.wishes_until or view.until).astimezone(event.zone),
        "zone": zone_note(event.zone, (await venues(conn))[0].zone),
    }
    return EmailContent(values, path=f"/renewals/{renewal.id}")
