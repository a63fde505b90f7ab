"""Choosing, holding and paying: what a buyer does before there is a ticket."""

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
from virage.sale.ticketing.reads.views import accepted_terms, order_view, orders_of
from virage.sale.ticketing.reads.watch import OrderWatch
from virage.sale.ticketing.routes.box_office import Ask, BoxOffice, Seen
from virage.sale.ticketing.rules.terms import AcceptedTerms, Best, Buyer, HoldRequest, Order, OrderRow, Reason

WAIT_MAX_S = 20.0
_WAIT = re.compile(r"\bwait=(\d{1,3})\b")


class PaymentWish(Struct, frozen=True, forbid_unknown_fields=True):
    """The buyer goes to pay; the browser makes `payment_id`: sent twice, it is one payment.

    `terms` is the version of the terms of sale that the buyer accepts (`GET /api/pages`). Where the operator has
    published terms, a payment that names none of the versions in force is refused with `terms_not_accepted`.
    """

    payment_id: UUID
    terms: UUID | None = None


class PaymentAnswer(Struct, frozen=True):
    """Where to pay, until when; `payment_url` is None once nothing is left to pay."""

    state: str
    payment_url: str | None
    expires_at: datetime


def buyer_of(principal: Principal) -> Buyer:
    """The buyer behind a request; programs are no buyers."""
    if principal.kind == "program":
        raise Problem("forbidden")
    fan_id = principal.id if principal.kind in ("fan", "staff") else None
    return Buyer(principal.session_id, fan_id, principal.guest_session_id)


@get("/{event_id:uuid}/offer", public=True)
async def get_offer(event_id: UUID, clock: Clock, box_office: BoxOffice) -> Response[Offer]:
    """Categories, prices, fees and the sale's window of an event."""
    sale = await box_office.sales.get(event_id)
    if sale is None:
        raise Problem("not_found")
    return Response(offer_of(sale, clock.now()), headers={"cache-control": "no-cache"})


@get(
    "/{event_id:uuid}/availability",
    public=True,
    answer=Described(bytes, description="One bit a place", media_type="application/octet-stream"),
)
async def get_availability(request: Request, event_id: UUID, box_office: BoxOffice) -> Response[bytes]:
    """What is free: place i is bit i % 8 of byte i // 8, 1 for free and for sale.

    `Virage-Version` is the position of the journal from which the stream `availability:<event_id>` goes on.
    """
    found = await box_office.sales.at(event_id)
    if found is None:
        raise Problem("not_found")
    sale, position = found
    bitmap, tag = sale.hall.bitmap()
    headers = {"virage-version": position, "etag": f'"{tag}"', "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == f'"{tag}"':
        return Response(b"", status_code=304, headers=headers)
    return Response(bitmap, media_type="application/octet-stream", headers=headers)


@post("/{event_id:uuid}/proposal", status_code=200, public=True)
async def propose_places(event_id: UUID, data: Best, box_office: BoxOffice) -> Proposal:
    """Show the best seats for a party with what they cost; nothing is held.

    Who likes them holds them as chosen seats, and is refused with `place_taken` if somebody was faster.
    """
    return granted(await box_office.propose(event_id, data))


@post("/", status_code=201, public=True)
async def hold_places(
    data: HoldRequest, box_office: BoxOffice, config: Config, principal: Principal
) -> Response[Order]:
    """Hold places for ten minutes. A browser without a session gets one; the same id again is the same order.

    401 when guests hold their share of the event already: who signs in may hold.
    """
    newcomer = NewGuest(new_id(), new_token()) if principal.kind == "anonymous" else None
    buyer = buyer_of(principal) if newcomer is None else Buyer(newcomer.session_id)
    owner_id = buyer.owner_id
    if owner_id is None:
        raise Problem("unauthenticated")
    row = granted(await box_office.hold(Ask(data, buyer, owner_id, newcomer)))
    cookies = [] if newcomer is None else [people.cookie_of(newcomer.token, secure=config.secure_cookies)]
    return Response(order_view(row), cookies=cookies)


@get("/{order_id:uuid}", guards=[with_session])
async def get_order(
    request: Request,
    order_id: UUID,
    box_office: BoxOffice,
    order_watch: OrderWatch,
    principal: Principal,
) -> Order:
    """An order of one's own.

    With `Prefer: wait=10` the answer waits up to so long while the order is being paid, and while money may still come
    late for an order that expired.
    """
    buyer, seconds = buyer_of(principal), _patience(request.headers.get("prefer"))
    if not seconds:
        return order_view(*await _own(box_office, order_id, buyer))
    moved = await order_watch.start(order_id)
    try:
        row, refunded = await _own(box_office, order_id, buyer)
        if row.state not in ("paying", "expired"):
            return order_view(row, refunded)
        await moved.wait(seconds)
    finally:
        order_watch.stop(order_id, moved)
    if moved.entry is not None and moved.entry.what == "order_paid":  # all that it changed is known
        return order_view(replace(row, state="paid", paid_at=moved.entry.at))
    return order_view(*await _own(box_office, order_id, buyer))


@get("/{order_id:uuid}/terms", guards=[with_session])
async def get_accepted_terms(
    order_id: UUID, db: Database, box_office: BoxOffice, principal: Principal
) -> AcceptedTerms | None:
    """The terms of sale that the buyer of an order of one's own accepted; null where there were none."""
    await _own(box_office, order_id, buyer_of(principal))
    async with db.connection() as conn:
        return await accepted_terms(conn, order_id)


@delete("/{order_id:uuid}", status_code=204, guards=[with_session])
async def release_order(
    order_id: UUID, db: Database, clock: Clock, box_office: BoxOffice, principal: Principal
) -> None:
    """Let the places of an order go that is not paid. One that is over already stays as it is."""
    row, _ = await _own(box_office, order_id, buyer_of(principal))
    _refuse_paid(row)
    now = clock.now()
    async with db.transaction() as conn:
        if row.payment_id is not None:  # payments before orders: the order of all locks
            await payments.give_up(conn, [row.payment_id], now)
        closed = await holding.close(conn, [order_id], "released", now)
    await box_office.note_freed(closed)
    if not closed:  # it was over before, or its money came in this moment
        row, _ = await _own(box_office, order_id, buyer_of(principal))
        _refuse_paid(row)


@post("/{order_id:uuid}/payment", status_code=200, guards=[signed_in])
async def pay_order(
    order_id: UUID,
    data: PaymentWish,
    *,
    config: Config,
    box_office: BoxOffice,
    checkout: Checkout,
    principal: Principal,
) -> PaymentAnswer:
    """Go and pay: the address of the provider's page. What costs nothing is paid at once."""
    fan_id = require_fan(principal)
    return_url = f"{config.public_url}/orders/{order_id}"
    pay = Pay(order_id, data.payment_id, buyer_of(principal), fan_id, return_url, data.terms)
    answer = granted(await box_office.pay(pay, checkout))
    return PaymentAnswer(answer.order.state, answer.payment_url, answer.order.expires_at)


@get("/orders", guards=[with_session])
async def list_my_orders(request: Request, db: Database) -> list[Order]:
    """One's own orders, the latest first; a guest's basket too."""
    buyer = buyer_of(await principal_of(request.scope))
    async with db.connection() as conn:
        return await orders_of(conn, buyer.owner_ids)


async def _own(box_office: BoxOffice, order_id: UUID, buyer: Buyer) -> Seen:
    """The order, if it is this buyer's; another one's looks as if it did not exist."""
    found = await box_office.orders.submit(order_id)
    if found is None or found[0].owner_id not in buyer.owner_ids:
        raise Problem("not_found")
    return found


def _refuse_paid(row: OrderRow) -> None:
    if row.state in ("paid", "refunded"):
        raise Problem(Reason.ALREADY_PAID)


def _patience(prefer: str | None) -> float:
    """How long the asker would wait (RFC 7240), in seconds."""
    wish = _WAIT.search(prefer or "")
    return min(float(wish[1]), WAIT_MAX_S) if wish else 0.0
