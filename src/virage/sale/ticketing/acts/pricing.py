"""Set the prices of an event."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.places import code_of, layout
from virage.sale.ticketing.rules.pricing import Pricing, defects, repriced
from virage.sale.ticketing.rules.terms import Reason
from virage.sale.ticketing.store import claims as claims_store
from virage.sale.ticketing.store import pricing as store
from virage.site.programme import api as programme
from virage.site.venue.api import venue_at


async def set_pricing(
    conn: Connection,
    event_id: UUID,
    new: Pricing,
    who: UUID | None,
    now: datetime,
    *,
    accept_sold: bool = False,
    languages: Sequence[str] = (),
) -> Pricing | Refused:
    """Replace the pricing of an event; a refusal lists all defects.

    A change that reprices or closes sold or held places is refused with their blocks, unless `accept_sold`; what was
    sold keeps its price in any case. Names must stand in all `languages`.
    """
    event = await programme.event(conn, event_id)
    if event is None:
        return Refused(Reason.NOT_FOUND)
    venue = await venue_at(conn, event.venue_version)
    parts = layout(venue)
    wrong = defects(new, parts.blocks, {code: capacity for code, (_, capacity) in parts.areas.items()}, languages)
    if wrong:
        return Refused(Reason.PRICING_DEFECTS, {"defects": wrong})
    old = await store.pricing(conn, event_id, lock=True)
    if old is not None and not accept_sold:
        touched = repriced(old, new, await claims_store.places_taken(conn, event_id), partial(code_of, venue))
        if touched:
            return Refused(Reason.PRICES_SOLD_PLACES, {"blocks": touched})
    await store.put_pricing(conn, event_id, new, now)
    await append(conn, [Fact("prices_set", who, event_id)], now)
    return new
