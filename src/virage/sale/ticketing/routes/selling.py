"""Routes for buyers: offer, availability, proposals, holds and payments."""

import re
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.people import api as people
from virage.identity.people.types import NewGuest
from virage.money.payments import api as payments
from virage.money.payments.api import Checkout
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.tokens import new_token
from virage.platform.web.guard import Principal, principal_of, require_fan, signed_in, with_session
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Request, Response, delete, get, post
from virage.sale.ticketing.acts import holding
from virage.sale.ticketing.acts.paying import Pay
from virage.sale.ticketing.reads.offers import Offer, offer_of
from virage.sale.ticketing.reads.proposals import Proposal
from virage.sale.ticketing.reads.views import accepted_terms, order_view, orders_of, refunds_of
from virage.sale.ticketing.reads.watch import OrderWatch
from virage.sale.ticketing.routes.order_service import FoundOrder, HoldCommand, OrderService
from virage.sale.ticketing.rules.refunds import RefundProgress
from virage.sale.ticketing.rules.terms import AcceptedTerms, BestSeats, Buyer, HoldRequest, Order, OrderRow, Reason

WAIT_MAX_S = 20.0
_WAIT = re.compile(r"\bwait=(\d{1,3})\b")


class OrderPaymentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Start a payment. The client makes `payment_id`: a repeated request is one payment.

    `terms` is the version of the terms of sale that the buyer accepts (`GET /api/pages`). Where the operator has
    published terms, a payment that names none of the versions in force is refused with `terms_not_accepted`.
    """

    payment_id: UUID
    terms: UUID | None = None


class OrderPaymentResponse(Struct, frozen=True):
    """The payment page and its deadline; `payment_url` is None if nothing is left to pay."""

    state: str
    payment_url: str | None
    expires_at: datetime


def buyer_of(principal: Principal) -> Buyer:
    """Return the buyer of a request; API clients are refused."""
    if principal.kind == "api_client":
        raise Problem("forbidden")
    fan_id = principal.id if principal.kind in ("fan", "staff") else None
    return Buyer(principal.session_id, fan_id, principal.guest_session_id)


@get("/{event_id:uuid}/offer", public=True)
async def get_offer(event_id: UUID, clock: Clock, order_service: OrderService) -> Response[Offer]:
    """Return the categories, prices, fees and sale window of an event."""
    sale = await order_service.sales.get(event_id)
    if sale is None:
        raise Problem("not_found")
    return Response(offer_of(sale, clock.now()), headers={"cache-control": "no-cache"})


@get(
    "/{event_id:uuid}/availability",
    public=True,
    answer=Described(bytes, description="One bit a place", media_type="application/octet-stream"),
)
async def get_availability(request: Request, event_id: UUID, order_service: OrderService) -> Response[bytes]:
    """Return the availability bitmap: place i is bit i % 8 of byte i // 8; 1 means for sale and free.

    `Virage-Version` is the journal position from which the stream `availability:<event_id>` continues.
    """
    found = await order_service.sales.at(event_id)
    if found is None:
        raise Problem("not_found")
    sale, position = found
    bitmap, tag = sale.inventory.bitmap()
    headers = {"virage-version": position, "etag": f'"{tag}"', "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == f'"{tag}"':
        return Response(b"", status_code=304, headers=headers)
    return Response(bitmap, media_type="application/octet-stream", headers=headers)


@post("/{event_id:uuid}/proposal", status_code=200, public=True)
async def propose_places(
    event_id: UUID, data: BestSeats, order_service: OrderService, principal: Principal
) -> Proposal:
    """Propose the best seats for a party, with prices. Nothing is held.

    The buyer then holds them as chosen seats; `place_taken` if another buyer was faster.
    """
    fan_id = principal.id if principal.kind in ("fan", "staff") else None
    return granted(await order_service.propose(event_id, data, fan_id))


@post("/", status_code=201, public=True)
async def hold_places(
    data: HoldRequest, order_service: OrderService, config: Config, principal: Principal
) -> Response[Order]:
    """Hold places for ten minutes. A browser without a session gets one; a repeated id is the same order.

    401 if guests already hold their share of the event: the buyer must sign in.
    """
    newcomer = NewGuest(new_id(), new_token()) if principal.kind == "anonymous" else None
    buyer = buyer_of(principal) if newcomer is None else Buyer(newcomer.session_id)
    owner_id = buyer.owner_id
    if owner_id is None:
        raise Problem("unauthenticated")
    row = granted(await order_service.hold(HoldCommand(data, buyer, owner_id, newcomer)))
    cookies = [] if newcomer is None else [people.cookie_of(newcomer.token, secure=config.secure_cookies)]
    venue = await order_service.venue_of(row.event_id)
    return Response(order_view(row, venue), cookies=cookies)


@get("/{order_id:uuid}", guards=[with_session])
async def get_order(
    request: Request,
    order_id: UUID,
    order_service: OrderService,
    order_watch: OrderWatch,
    principal: Principal,
) -> Order:
    """Return an order of the caller.

    `Prefer: wait=10` delays the answer by up to ten seconds while the order is being paid, or while a late payment of
    an expired order may arrive; not for days, while a debit of the order is under way.
    """
    buyer, seconds = buyer_of(principal), _preferred_wait(request.headers.get("prefer"))
    if not seconds:
        return _view(await _own(order_service, order_id, buyer))
    moved = await order_watch.start(order_id)
    try:
        found = await _own(order_service, order_id, buyer)
        if found.row.state not in ("paying", "expired") or found.row.debit is not None:
            return _view(found)
        await moved.wait(seconds)
    finally:
        order_watch.stop(order_id, moved)
    if moved.entry is not None and moved.entry.what == "order_paid":  # no other field changes with it
        return order_view(replace(found.row, state="paid", paid_at=moved.entry.at), found.venue)
    return _view(await _own(order_service, order_id, buyer))


@get("/{order_id:uuid}/terms", guards=[with_session])
async def get_accepted_terms(
    order_id: UUID, db: Database, order_service: OrderService, principal: Principal
) -> AcceptedTerms | None:
    """Return the terms of sale accepted with an order of the caller; null if there were none."""
    await _own(order_service, order_id, buyer_of(principal))
    async with db.connection() as conn:
        return await accepted_terms(conn, order_id)


@get("/{order_id:uuid}/refunds", guards=[with_session])
async def get_order_refunds(
    order_id: UUID, db: Database, order_service: OrderService, principal: Principal
) -> list[RefundProgress]:
    """Return how far the refunds of an order of the caller are, oldest first."""
    await _own(order_service, order_id, buyer_of(principal))
    async with db.connection() as conn:
        return await refunds_of(conn, order_id)


@delete("/{order_id:uuid}", status_code=204, guards=[with_session])
async def release_order(
    order_id: UUID, db: Database, clock: Clock, order_service: OrderService, principal: Principal
) -> None:
    """Release the places of an unpaid order. An order that has ended is not changed.

    An order of a bundle is released with its bundle only (`order_in_bundle`).
    """
    row = (await _own(order_service, order_id, buyer_of(principal))).row
    if row.bundle_id is not None:
        raise Problem(Reason.IN_BUNDLE)
    _refuse_paid(row)
    now = clock.now()
    async with db.transaction() as conn:
        if row.payment_id is not None:  # payments are locked before orders
            await payments.abandon(conn, [row.payment_id], now)
        closed = await holding.close(conn, [order_id], "released", now)
    await order_service.note_freed(closed)
    if not closed:  # it had ended, or its payment arrived at this moment
        _refuse_paid((await _own(order_service, order_id, buyer_of(principal))).row)


@post("/{order_id:uuid}/payment", status_code=200, guards=[signed_in])
async def pay_order(
    order_id: UUID,
    data: OrderPaymentRequest,
    *,
    config: Config,
    order_service: OrderService,
    checkout: Checkout,
    principal: Principal,
) -> OrderPaymentResponse:
    """Start the payment and return the provider's page. A free order is paid at once."""
    fan_id = require_fan(principal)
    return_url = f"{config.public_url}/orders/{order_id}"
    pay = Pay(order_id, data.payment_id, buyer_of(principal), fan_id, return_url, data.terms)
    answer = granted(await order_service.pay(pay, checkout))
    return OrderPaymentResponse(answer.order.state, answer.payment_url, answer.order.expires_at)


@get("/orders", guards=[with_session])
async def list_my_orders(request: Request, db: Database) -> list[Order]:
    """Return the caller's orders, the latest first, including a guest's basket."""
    buyer = buyer_of(await principal_of(request.scope))
    async with db.connection() as conn:
        return await orders_of(conn, buyer.owner_ids)


async def _own(order_service: OrderService, order_id: UUID, buyer: Buyer) -> FoundOrder:
    """Return an order of this buyer; `not_found` for orders of others."""
    found = await order_service.orders.submit(order_id)
    if found is None or found.row.owner_id not in buyer.owner_ids:
        raise Problem("not_found")
    return found


def _view(found: FoundOrder) -> Order:
    return order_view(found.row, found.venue, found.refunded, found.former)


def _refuse_paid(row: OrderRow) -> None:
    if row.state in ("paid", "refunded"):
        raise Problem(Reason.ALREADY_PAID)


def _preferred_wait(prefer: str | None) -> float:
    """Return the wait that the client prefers (RFC 7240), in seconds."""
    wish = _WAIT.search(prefer or "")
    return min(float(wish[1]), WAIT_MAX_S) if wish else 0.0
