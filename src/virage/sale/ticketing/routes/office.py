"""Office routes of ticketing: prices, sales, orders and refunds, within the scope of a role."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role, fresh, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import delete, get, post, put
from virage.sale.ticketing.acts import disputes, moving, refunding
from virage.sale.ticketing.acts import pricing as pricing_acts
from virage.sale.ticketing.acts.moving import EventMoveResult, MovePreview
from virage.sale.ticketing.acts.refunding import RefundCommand, WhoIsInside
from virage.sale.ticketing.reads import office as reads
from virage.sale.ticketing.reads.office import EventSales, OfficeOrder, OfficeOrderDetail, Sales
from virage.sale.ticketing.reads.open_sales import load_pricing, load_sale
from virage.sale.ticketing.routes.order_service import OrderService
from virage.sale.ticketing.rules.names import Named
from virage.sale.ticketing.rules.pricing import AreaPricing, PriceCategory, Pricing
from virage.sale.ticketing.rules.refunds import AskedReason
from virage.sale.ticketing.rules.reseating import MoveChoice
from virage.sale.ticketing.store.tickets import TicketRefund
from virage.site.programme import api as programme
from virage.site.venue.api import venue_at

NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
SELLERS: tuple[Role, ...] = ("box_office", "finance", "programme")


class PricingUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """The complete pricing of an event. `accept_sold` allows changes for places that are sold or held."""

    categories: Annotated[list[PriceCategory], Meta(max_length=200)]
    blocks: Annotated[dict[str, UUID], Meta(max_length=2000)]
    areas: Annotated[list[AreaPricing], Meta(max_length=200)] = []
    fee_cents: int = 150
    vat_permille: int = 55
    fee_vat_permille: int = 200
    accept_sold: bool = False


class OrderRefundRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Refund an order or some of its tickets. The client makes `refund_id`: a repeated request is one refund.

    `despite_inside` includes tickets of people who are inside; otherwise they are refused with `people_inside`.
    """

    refund_id: UUID
    reason: AskedReason
    ticket_ids: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=50)] | None = None
    despite_inside: bool = False


@get("/events/{event_id:uuid}/pricing", guards=[staff(*SELLERS)])
async def get_pricing(event_id: UUID, db: Database, principal: Principal) -> Pricing:
    """Return the pricing of an event; an empty one if there is none."""
    async with db.connection() as conn:
        granted(await programme.event_within(conn, event_id, principal, *SELLERS))
        return await load_pricing(conn, event_id)


@put("/events/{event_id:uuid}/pricing", guards=[staff("programme")])
async def put_pricing(
    event_id: UUID,
    data: PricingUpdate,
    *,
    db: Database,
    clock: Clock,
    order_service: OrderService,
    principal: Principal,
    config: Config,
) -> Pricing:
    """Replace the pricing of an event; a refusal lists all defects. Needs a sign-in of the last 15 minutes."""
    new = Pricing(data.categories, data.blocks, data.areas, data.fee_cents, data.vat_permille, data.fee_vat_permille)

    async def set_pricing(conn: Connection) -> Pricing | Refused:
        event = await programme.event_within(conn, event_id, principal, "programme")
        if isinstance(event, Refused):
            return event
        fresh(principal, clock.now())
        return await pricing_acts.set_pricing(
            conn,
            event_id,
            new,
            principal.id,
            clock.now(),
            accept_sold=data.accept_sold,
            languages=config.languages,
        )

    stored = granted(await db.transact(set_pricing))
    order_service.sales.forget(event_id)
    return stored


@get("/events/{event_id:uuid}/move", guards=[staff("programme")])
async def preview_event_move(
    event_id: UUID, venue_version: Annotated[str, Meta(min_length=1, max_length=64)], db: Database, principal: Principal
) -> MovePreview:
    """Return which tickets and baskets could not keep their places if the event moved to a version of its venue."""
    async with db.connection() as conn:
        event = granted(await programme.event_within(conn, event_id, principal, "programme"))
        old = await venue_at(conn, event.venue_version)
        try:
            new = await venue_at(conn, venue_version)
        except LookupError:
            raise Problem("not_found") from None
        if new.code != old.code:
            raise Problem("not_found")
        return await moving.preview_move(conn, event, old, new)


class EventMove(Struct, frozen=True, forbid_unknown_fields=True):
    """The version of the venue to move to, and what happens to each affected ticket, by its id.

    `from_version` is the version that the preview returned: if the event has another one by now, the request is
    refused with `changed_meanwhile`.
    """

    from_version: Annotated[str, Meta(min_length=1, max_length=64)]
    venue_version: Annotated[str, Meta(min_length=1, max_length=64)]
    choices: dict[UUID, MoveChoice] = {}


@post("/events/{event_id:uuid}/move", status_code=200, guards=[staff("programme")])
async def move_event(
    event_id: UUID,
    data: EventMove,
    *,
    db: Database,
    clock: Clock,
    order_service: OrderService,
    principal: Principal,
) -> EventMoveResult:
    """Move an event to another version of its venue. Needs a sign-in of the last 15 minutes.

    Tickets keep their seats where the new version has them; every other ticket is moved or refunded as chosen.
    """
    now = clock.now()

    async def move(conn: Connection) -> EventMoveResult | Refused:
        event = await programme.event_within(conn, event_id, principal, "programme")
        if isinstance(event, Refused):
            return event
        fresh(principal, now)
        event = await programme.lock_for_move(conn, event_id, data.from_version, data.venue_version, now)
        if isinstance(event, Refused):
            return event
        if event.venue_version == data.venue_version:
            return EventMoveResult(data.venue_version, 0, 0, 0)
        old, new = await venue_at(conn, event.venue_version), await venue_at(conn, data.venue_version)
        moved = await moving.move_event(conn, event, old, new, data.choices, principal.id, now)
        if not isinstance(moved, Refused):
            await programme.set_venue_version(conn, event, data.venue_version, principal.id, now)
        return moved

    moved = granted(await db.transact(move))
    order_service.sales.forget(event_id)
    return moved


@get("/events/{event_id:uuid}/sales", guards=[staff(*SELLERS)])
async def get_sales(
    event_id: UUID, db: Database, clock: Clock, order_service: OrderService, principal: Principal
) -> Sales:
    """Return the sales of an event: by category and hour, revenue, and places in baskets."""
    sale = await order_service.sales.get(event_id)
    async with db.connection() as conn:
        event = granted(await programme.event_within(conn, event_id, principal, *SELLERS))
        sale = sale or await load_sale(conn, event_id, drafts=True)
        if sale is None:
            raise Problem("not_found")
        return await reads.sales(conn, sale, event.organiser_id, clock.now())


@get("/events/{event_id:uuid}/names", guards=[staff(*SELLERS)])
async def get_names(event_id: UUID, db: Database, principal: Principal) -> Named:
    """Return how many tickets of an event carry a name."""
    async with db.connection() as conn:
        event = granted(await programme.event_within(conn, event_id, principal, *SELLERS))
        return await reads.named(conn, event)


@get("/sales", guards=[staff(*SELLERS)])
async def list_sales(db: Database, principal: Principal) -> list[EventSales]:
    """Return the sales of all public events within the caller's roles."""
    async with db.connection() as conn:
        return await reads.event_sums(conn, principal, *SELLERS)


@get("/orders", guards=[staff("box_office", "finance")])
async def find_orders(
    q: Annotated[
        str, Meta(min_length=2, max_length=200, pattern=NO_CONTROLS, description="code, address, name or seat")
    ],
    db: Database,
    principal: Principal,
) -> list[OfficeOrder]:
    """Search orders within the caller's scope, the latest first, at most 50.

    `q` is an order code, the start of the buyer's email address, part of the buyer's or a holder's name, or a seat
    (`113 12 14`).
    """
    async with db.connection() as conn:
        return await reads.search(conn, q, principal, "box_office", "finance")


@get("/orders/{order_id:uuid}", guards=[staff("box_office", "finance")])
async def get_office_order(order_id: UUID, db: Database, principal: Principal) -> OfficeOrderDetail:
    """Return an order with its payments, refunds and passes."""
    async with db.connection() as conn:
        row = await reads.order(conn, order_id)
        if row is None:
            raise Problem("not_found")
        granted(await programme.event_within(conn, row.event_id, principal, "box_office", "finance"))
        return await reads.detail(conn, row)


@put("/orders/{order_id:uuid}/suspension", status_code=204, guards=[staff("box_office")])
async def suspend_order(order_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Suspend the tickets of an order: gates refuse them until they are reinstated, and the buyer is told.

    Needs a sign-in of the last 15 minutes.
    """

    async def suspend(conn: Connection) -> Refused | None:
        refusal = await _managed(conn, order_id, principal, clock.now())
        return refusal or await disputes.suspend_tickets(conn, order_id, clock.now(), principal.id)

    granted(await db.transact(suspend))


@delete("/orders/{order_id:uuid}/suspension", status_code=204, guards=[staff("box_office")])
async def reinstate_order(order_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Make the suspended tickets of an order valid again. Needs a sign-in of the last 15 minutes."""

    async def reinstate(conn: Connection) -> Refused | None:
        refusal = await _managed(conn, order_id, principal, clock.now())
        if refusal is None:
            await disputes.reinstate_tickets(conn, [order_id], clock.now(), principal.id)
        return refusal

    granted(await db.transact(reinstate))


async def _managed(conn: Connection, order_id: UUID, principal: Principal, now: datetime) -> Refused | None:
    """Return why the caller may not change an order, or None."""
    row = await reads.order(conn, order_id)
    if row is None:
        return Refused("not_found")
    event = await programme.event_within(conn, row.event_id, principal, "box_office")
    if isinstance(event, Refused):
        return event
    fresh(principal, now)
    return None


@post("/orders/{order_id:uuid}/refund", status_code=200, guards=[staff("box_office")])
async def refund_order(
    order_id: UUID,
    data: OrderRefundRequest,
    *,
    db: Database,
    clock: Clock,
    principal: Principal,
    who_is_inside: WhoIsInside,
) -> TicketRefund:
    """Refund an order or some of its tickets. Needs a sign-in of the last 15 minutes."""
    now = clock.now()
    command = RefundCommand(
        order_id, data.refund_id, data.ticket_ids, principal.id, data.reason, despite_inside=data.despite_inside
    )

    async def refund(conn: Connection) -> TicketRefund | Refused:
        refusal = await _managed(conn, order_id, principal, now)
        return refusal or await refunding.refund(conn, command, now, who_is_inside)

    return granted(await db.transact(refund))
