"""What the run, the relocation round and their previews compute. Nothing is stored."""

import asyncio
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused
from virage.sale.packages import api as packages
from virage.sale.packages.types import Package
from virage.sale.seasons.rules.campaigns import Holder, Kept, kept_seats
from virage.sale.seasons.rules.relocation import Outcome, Seeker, relocate
from virage.sale.seasons.rules.terms import Campaign
from virage.sale.seasons.store import seasons as store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.types import BundleSeats, OpenSale, renewed_seats
from virage.site.programme.types import Event
from virage.site.venue.api import venue_at
from virage.site.venue.types import Venue


class Seasons(Struct, frozen=True):
    """Two seasons of a campaign: the earlier one's events with their venues, and the next one's package and sales.

    The sales are as loaded for this run; a change of another process costs a retry, never a seat held twice.
    """

    earlier: dict[UUID, Event]
    venues: dict[str, Venue]
    package: Package
    sales: list[OpenSale]

    def kept(self, holder: Holder) -> Kept | None:
        """Return the seats that a holder keeps."""
        return kept_seats(holder, self.earlier, {sale.venue.code for sale in self.sales})

    def seats_of(self, kept: Kept) -> list[BundleSeats] | Refused:
        """Return the seats of a holder at every event of the next season."""
        return renewed_seats(self.sales, self.venues[self.earlier[kept.event_id].venue_version], kept.assigned)


async def load_seasons(conn: Connection, campaign: Campaign, now: datetime) -> Seasons | None:
    """Return the seasons of a campaign; None while an event of the next one is not on sale with prices."""
    earlier = await packages.package_of(conn, campaign.from_package_id, now)
    following = await packages.package_of(conn, campaign.to_package_id, now)
    if earlier is None or following is None:
        return None
    package, events = following
    sold = [one.event.id for one in events if one.left_out is None]
    sales = [sale for id_ in sold if (sale := await ticketing.load_sale(conn, id_)) is not None and sale.prices]
    if len(sales) < len(sold) or not sales:
        return None
    before = {one.event.id: one.event for one in earlier[1]}
    venues = {event.venue_version: await venue_at(conn, event.venue_version) for event in before.values()}
    return Seasons(before, venues, package, sales)


def events_of_round(seasons: Seasons) -> list[OpenSale]:
    """Return the sales of the events whose seats are moved: those at the venue of the first one."""
    return [sale for sale in seasons.sales if sale.venue.code == seasons.sales[0].venue.code]


async def compute(conn: Connection, campaign: Campaign, now: datetime) -> list[Outcome] | None:
    """Return what the relocation round gives each renewal with wishes that is held, and store nothing.

    None while the next season is not on sale.
    """
    seasons = await load_seasons(conn, campaign, now)
    if seasons is None:
        return None
    sales = events_of_round(seasons)
    renewals = await store.seekers(conn, campaign.id)
    held = await store.seats_held(conn, [one.id for one in renewals])
    seekers = []
    for one in renewals:
        seats = {part.event_id: part.assigned for part in held.get(one.id, ())}
        if all(sale.event.event_id in seats for sale in sales):
            at_events = [seats[sale.event.event_id] for sale in sales]
            seekers.append(Seeker(one.id, one.years, one.wishes, at_events, one.wheelchairs, one.needs))
    return await asyncio.to_thread(relocate, sales, seekers, campaign.seed)
