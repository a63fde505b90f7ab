"""Routes for the exchange: the board of an event, the caller's listings, and the office's book."""

from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, fresh, require_fan, signed_in, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Request, get, post, put
from virage.sale.ticketing.acts import exchange as acts
from virage.sale.ticketing.acts.exchange import ExchangeService
from virage.sale.ticketing.acts.releasing import release
from virage.sale.ticketing.reads import exchange as reads
from virage.sale.ticketing.reads.exchange import ExchangeBoard, ExchangeBook, ListableTicket, ListingView, Releases
from virage.sale.ticketing.reads.views import order_view, venues_of
from virage.sale.ticketing.routes.selling import buyer_of
from virage.sale.ticketing.rules.exchange import ExchangePurchaseRequest, ExchangeTerms, ListingRequest, ReleaseRequest
from virage.sale.ticketing.rules.terms import Order
from virage.site.programme import api as programme


class ListingDecision(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a listing that waits for its review goes on sale."""

    allow: bool


@get("/{event_id:uuid}/exchange", public=True)
async def get_exchange(event_id: UUID, db: Database, clock: Clock, principal: Principal) -> ExchangeBoard:
    """Return what the exchange of an event offers; empty while it is closed."""
    async with db.connection() as conn:
        event = await programme.event(conn, event_id)
        if event is None or event.state == "draft":
            raise Problem("not_found")
        fan_id = principal.id if principal.kind in ("fan", "staff") else None
        return await reads.board(conn, event, fan_id, clock.now())


@get("/tickets", guards=[signed_in])
async def list_listable_tickets(db: Database, clock: Clock, principal: Principal) -> list[ListableTicket]:
    """Return the caller's tickets that may be listed now, with the highest price of each."""
    async with db.connection() as conn:
        return await reads.listable(conn, require_fan(principal), clock.now())


@get("/listings", guards=[signed_in])
async def list_my_listings(db: Database, clock: Clock, principal: Principal) -> list[ListingView]:
    """Return what the caller has listed, the latest first."""
    async with db.connection() as conn:
        return await reads.listings_of(conn, require_fan(principal), clock.now())


@post("/listings", status_code=201, guards=[signed_in])
async def list_tickets(
    request: Request,
    data: ListingRequest,
    *,
    db: Database,
    clock: Clock,
    exchange_service: ExchangeService,
    principal: Principal,
) -> ListingView:
    """List tickets of one order, sold together. They stay valid until they are sold. A repeated id is one listing."""
    fan_id, now = require_fan(principal), clock.now()
    browser_key = exchange_service.browser_key(request.cookies)
    card_key = await exchange_service.card_key(db, data, fan_id)

    async def offer(conn: Connection) -> ListingView | Refused:
        made = await acts.offer(
            conn, exchange_service, data, seller_id=fan_id, browser_key=browser_key, card_key=card_key, now=now
        )
        return made if isinstance(made, Refused) else (await reads.views(conn, [made], now))[0]

    return granted(await db.transact(offer))


@post("/listings/{listing_id:uuid}/withdraw", status_code=200, guards=[signed_in])
async def withdraw_listing(listing_id: UUID, db: Database, clock: Clock, principal: Principal) -> ListingView:
    """Withdraw a listing until it is sold."""
    fan_id, now = require_fan(principal), clock.now()

    async def withdraw(conn: Connection) -> ListingView | Refused:
        ended = await acts.withdraw(conn, listing_id, fan_id, now)
        return ended if isinstance(ended, Refused) else (await reads.views(conn, [ended], now))[0]

    return granted(await db.transact(withdraw))


@post("/orders", status_code=201, guards=[signed_in])
async def hold_listings(
    data: ExchangePurchaseRequest, db: Database, clock: Clock, exchange_service: ExchangeService, principal: Principal
) -> Order:
    """Hold listings of one event for ten minutes, in an order that is paid at `/api/orders/{order_id}/payment`.

    A repeated id is one order.
    """
    fan_id, now = require_fan(principal), clock.now()

    async def hold(conn: Connection) -> Order | Refused:
        order = await acts.hold(conn, exchange_service, data, buyer_of(principal), fan_id=fan_id, now=now)
        if isinstance(order, Refused):
            return order
        return order_view(order, (await venues_of(conn, [order.event_id]))[order.event_id])

    return granted(await db.transact(hold))


@get("/releases", guards=[signed_in])
async def list_releases(db: Database, clock: Clock, principal: Principal) -> Releases:
    """Return the caller's tickets that may be given back now without money, and those that were."""
    async with db.connection() as conn:
        return await reads.releases(conn, require_fan(principal), clock.now())


@post("/releases", status_code=204, guards=[signed_in])
async def release_tickets(data: ReleaseRequest, db: Database, clock: Clock, principal: Principal) -> None:
    """Give back tickets of one order without money: they stop working, and their places are for sale again.

    A repeated id is one release.
    """
    granted(await db.transact(release, data, require_fan(principal), clock.now()))


@get("/events/{event_id:uuid}/exchange", guards=[staff("box_office", "programme")])
async def get_exchange_book(event_id: UUID, db: Database, clock: Clock, principal: Principal) -> ExchangeBook:
    """Return the exchange of an event: its rules, all listings, and sums."""
    async with db.connection() as conn:
        event = granted(await programme.event_within(conn, event_id, principal, "box_office", "programme"))
        return await reads.book(conn, event, clock.now())


@put("/events/{event_id:uuid}/exchange", guards=[staff("programme")])
async def put_exchange_terms(
    event_id: UUID, data: ExchangeTerms, db: Database, clock: Clock, principal: Principal
) -> ExchangeTerms:
    """Replace the rules of an event's exchange. Needs a sign-in of the last 15 minutes."""
    now = clock.now()

    async def set_terms(conn: Connection) -> ExchangeTerms | Refused:
        event = await programme.event_within(conn, event_id, principal, "programme")
        if isinstance(event, Refused):
            return event
        fresh(principal, now)
        return await acts.set_terms(conn, event_id, data, principal.id, now)

    return granted(await db.transact(set_terms))


@post("/events/{event_id:uuid}/exchange/{listing_id:uuid}", status_code=204, guards=[staff("box_office")])
async def decide_listing(  # noqa: PLR0917 - an event, a listing and the decision
    event_id: UUID, listing_id: UUID, data: ListingDecision, db: Database, clock: Clock, principal: Principal
) -> None:
    """Allow or refuse a listing that waits for its review. Needs a sign-in of the last 15 minutes."""
    now = clock.now()

    async def decide(conn: Connection) -> Refused | None:
        event = await programme.event_within(conn, event_id, principal, "box_office")
        if isinstance(event, Refused):
            return event
        fresh(principal, now)
        return await acts.decide(conn, event_id, listing_id, allow=data.allow, who=principal.id, now=now)

    granted(await db.transact(decide))
