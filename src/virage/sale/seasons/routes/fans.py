"""Routes of renewals for their holders. A renewal is paid as the subscription with its id."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import delete, get, put
from virage.sale.seasons.acts import holders
from virage.sale.seasons.acts.holders import WishesRequest
from virage.sale.seasons.reads.fans import RenewalView, first_event, renewal_views, wish_categories
from virage.sale.seasons.store import seasons as store
from virage.sale.ticketing.api import OpenSales
from virage.sale.ticketing.types import PARTY_MAX


class SeatsRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The seats of a renewal that its holder keeps, as places of its first event."""

    places: Annotated[list[int], Meta(min_length=1, max_length=PARTY_MAX)]


@get("/", guards=[signed_in])
async def list_renewals(db: Database, clock: Clock, principal: Principal) -> list[RenewalView]:
    """Return my renewals, the latest first."""
    async with db.connection() as conn:
        return await renewal_views(conn, await store.renewals_of(conn, require_fan(principal)), clock.now())


@get("/{renewal_id:uuid}", guards=[signed_in])
async def get_renewal(renewal_id: UUID, db: Database, clock: Clock, principal: Principal) -> RenewalView:
    """Return one of my renewals, with the categories that wishes may name."""
    async with db.connection() as conn:
        return await _view(conn, renewal_id, require_fan(principal), clock)


@put("/{renewal_id:uuid}/wishes", guards=[signed_in])
async def put_wishes(
    renewal_id: UUID,
    data: WishesRequest,
    *,
    db: Database,
    clock: Clock,
    open_sales: OpenSales,
    principal: Principal,
) -> RenewalView:
    """Replace my wishes for other seats and what my party needs.

    Until the deadline of the relocation round, and while the renewal is not paid.
    """
    person_id = require_fan(principal)
    async with db.connection() as conn:
        row = (await store.renewals(conn, [renewal_id])).get(renewal_id)
        if row is None or row.person_id != person_id:
            raise Problem("not_found")
        event_id = await first_event(conn, row.campaign_id, clock.now())
    sale = None if event_id is None else await open_sales.get(event_id)
    if sale is None:
        raise Problem("renewal_closed")
    granted(await db.transact(holders.wish, renewal_id, person_id, data, sale=sale, now=clock.now()))
    async with db.connection() as conn:
        return await _view(conn, renewal_id, person_id, clock)


@put("/{renewal_id:uuid}/seats", guards=[signed_in])
async def put_renewal_seats(
    renewal_id: UUID,
    data: SeatsRequest,
    *,
    db: Database,
    clock: Clock,
    open_sales: OpenSales,
    principal: Principal,
) -> RenewalView:
    """Keep some of the seats of my renewal, while it is not paid: the others are free for others at once."""
    person_id = require_fan(principal)
    async with db.connection() as conn:
        view = await _view(conn, renewal_id, person_id, clock)
    events = [] if view.subscription is None else view.subscription.events
    sales = {one.event_id: sale for one in events if (sale := await open_sales.get(one.event_id)) is not None}
    granted(await db.transact(holders.keep, renewal_id, person_id, data.places, sales=sales, now=clock.now()))
    async with db.connection() as conn:
        return await _view(conn, renewal_id, person_id, clock)


@delete("/{renewal_id:uuid}", status_code=204, guards=[signed_in])
async def decline_renewal(renewal_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Decline my renewal: its seats are free for others at once. A repeated request changes nothing."""
    granted(await db.transact(holders.decline, renewal_id, require_fan(principal), clock.now()))


async def _view(conn: Connection, renewal_id: UUID, person_id: UUID, clock: Clock) -> RenewalView:
    now = clock.now()
    row = (await store.renewals(conn, [renewal_id])).get(renewal_id)
    if row is None or row.person_id != person_id:
        raise Problem("not_found")
    (view,) = await renewal_views(conn, [row], now)
    return view if view.wishes_until is None else replace(view, categories=await wish_categories(conn, row, now))
