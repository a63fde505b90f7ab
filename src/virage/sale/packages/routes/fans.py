"""Routes of packages for fans: what is on sale, holding, paying and releasing."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.money.payments.api import Checkout, PaymentProvider, open_page
from virage.money.payments.types import PaymentRefusal, SavedCardState
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import delete, get, post
from virage.sale.packages.acts.instalments import Agreement, agree, pay_instalment, replace_card
from virage.sale.packages.acts.subscribing import SubscriptionRequest
from virage.sale.packages.reads.packages import (
    PackageOffer,
    PackageView,
    SubscriptionView,
    offer_of,
    package_of,
    package_views,
    subscription_views,
)
from virage.sale.packages.routes.package_service import PackageHold, PackageService, sales_of
from virage.sale.packages.rules.packages import sold_events
from virage.sale.packages.rules.terms import EVENTS_MAX, INSTALMENTS_MAX
from virage.sale.packages.store import packages as store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.api import OpenSales


class OfferRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The choice of events whose prices are asked for; absent for a package without a choice."""

    event_ids: Annotated[list[UUID], Meta(min_length=1, max_length=EVENTS_MAX)] | None = None


class SubscriptionPayment(Struct, frozen=True, forbid_unknown_fields=True):
    """Start a payment. The client makes `payment_id`: a repeated request is one payment.

    `terms` is the version of the terms of sale that the buyer accepts, as for an order. With an `agreement`, it is
    paid in instalments. `instalment` is the number of one to pay by page.
    """

    payment_id: UUID
    terms: UUID | None = None
    agreement: Agreement | None = None
    instalment: Annotated[int, Meta(ge=1, le=INSTALMENTS_MAX)] | None = None


class CardRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Save another card, whose id the client makes: a repeated request is one card."""

    method_id: UUID


class CardPage(Struct, frozen=True):
    """The provider's page that saves a card; None once it is saved."""

    page_url: str | None


class SubscriptionPaymentPage(Struct, frozen=True):
    """The page of the payment, or of the card for instalments, and its deadline. None: nothing is left to do there."""

    state: str
    payment_url: str | None
    expires_at: datetime


@get("/", public=True)
async def list_packages(db: Database, clock: Clock) -> list[PackageView]:
    """Return the packages that are on sale or will be, the first sale first."""
    now = clock.now()
    async with db.connection() as conn:
        return await package_views(conn, await store.open_packages(conn, now), now)


@get("/{package_id:uuid}", public=True)
async def get_package(package_id: UUID, db: Database, clock: Clock) -> PackageView:
    """Return a package."""
    now = clock.now()
    async with db.connection() as conn:
        found = await store.packages(conn, [package_id])
        if not found or not found[package_id].is_open:
            raise Problem("not_found")
        (view,) = await package_views(conn, list(found.values()), now)
    return view


@post("/{package_id:uuid}/offer", status_code=200, public=True)
async def get_package_offer(
    package_id: UUID, data: OfferRequest, db: Database, clock: Clock, open_sales: OpenSales
) -> PackageOffer:
    """Return the prices of a package by category, for all of its events on sale or for a choice of them."""
    async with db.connection() as conn:
        found = await package_of(conn, package_id, clock.now())
    if found is None:
        raise Problem("not_found")
    events = granted(sold_events(*found, data.event_ids, clock.now()))
    return offer_of(found[0], granted(await sales_of(open_sales, events)))


@post("/{package_id:uuid}/subscriptions", status_code=201, guards=[signed_in])
async def hold_package(
    package_id: UUID,
    data: SubscriptionRequest,
    package_service: PackageService,
    principal: Principal,
) -> SubscriptionView:
    """Hold a package for ten minutes: the same seats at every event where they are free, else the best equal ones."""
    person_id = require_fan(principal)
    row = granted(await package_service.hold(PackageHold(package_id, data, person_id)))
    return await _own(package_service, row.id, person_id)


@get("/", guards=[signed_in])
async def list_subscriptions(db: Database, clock: Clock, principal: Principal) -> list[SubscriptionView]:
    """Return my subscriptions, the latest first."""
    async with db.connection() as conn:
        return await subscription_views(conn, await store.subscriptions_of(conn, require_fan(principal)), clock.now())


@get("/{subscription_id:uuid}", guards=[signed_in])
async def get_subscription(
    subscription_id: UUID, package_service: PackageService, principal: Principal
) -> SubscriptionView:
    """Return one of my subscriptions."""
    return await _own(package_service, subscription_id, require_fan(principal))


@post("/{subscription_id:uuid}/payment", status_code=200, guards=[signed_in])
async def pay_subscription(
    subscription_id: UUID,
    data: SubscriptionPayment,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    checkout: Checkout,
    package_service: PackageService,
    payment_provider: PaymentProvider,
    principal: Principal,
) -> SubscriptionPaymentPage:
    """Start the payment and return the provider's page. A free subscription is paid at once.

    The page of the card returns to `/subscriptions/{subscription_id}?method={method_id}`.
    """
    back = f"{config.public_url}/subscriptions/{subscription_id}"
    person_id, now = require_fan(principal), clock.now()
    wish = ticketing.PayBundle(subscription_id, data.payment_id, person_id, back, data.terms)
    if data.agreement is not None:
        saving = replace(wish, return_url=f"{back}?method={data.agreement.method_id}")
        card = granted(await db.transact(agree, saving, data.agreement, now))
        waits = card.state is SavedCardState.OPEN
        page_url = granted(await open_page(db, clock, payment_provider, card)) if waits else None
        async with db.connection() as conn:
            (order, *_) = (await ticketing.bundles(conn, [subscription_id]))[subscription_id]
        return SubscriptionPaymentPage("paying", page_url, order.expires_at)
    if data.instalment is not None:
        paying = granted(await db.transact(pay_instalment, wish, data.instalment, now))
    else:
        paying = granted(await package_service.pays.submit(wish))
    if paying.start is None:
        return SubscriptionPaymentPage(paying.order.state, None, paying.order.expires_at)
    opened = await checkout.open(paying.start)
    if isinstance(opened, Refused) and opened.reason is PaymentRefusal.PROVIDER_BUSY:
        async with db.transaction() as conn:
            await ticketing.keep_waiting(conn, [paying.start], clock.now())
    page = granted(opened)
    return SubscriptionPaymentPage(paying.order.state, page.payment_url, paying.order.expires_at)


@post("/{subscription_id:uuid}/card", status_code=200, guards=[signed_in])
async def replace_subscription_card(
    subscription_id: UUID,
    data: CardRequest,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    payment_provider: PaymentProvider,
    principal: Principal,
) -> CardPage:
    """Return the page that saves another card for the instalments to come; the first one is charged until then.

    The page returns to `/subscriptions/{subscription_id}?method={method_id}`.
    """
    back = f"{config.public_url}/subscriptions/{subscription_id}?method={data.method_id}"
    asked = (subscription_id, require_fan(principal), data.method_id)
    card = granted(await db.transact(replace_card, *asked, return_url=back, now=clock.now()))
    waits = card.state is SavedCardState.OPEN
    return CardPage(granted(await open_page(db, clock, payment_provider, card)) if waits else None)


@delete("/{subscription_id:uuid}", status_code=204, guards=[signed_in])
async def release_subscription(subscription_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Release the places of an unpaid subscription. One that has ended is not changed."""
    granted(await db.transact(ticketing.release_bundle, subscription_id, require_fan(principal), clock.now()))


async def _own(package_service: PackageService, subscription_id: UUID, person_id: UUID) -> SubscriptionView:
    found = await package_service.reads.submit(subscription_id)
    if found is None or found.person_id != person_id:
        raise Problem("not_found")
    return found.view
