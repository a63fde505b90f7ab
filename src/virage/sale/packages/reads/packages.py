"""Packages for screens: what is on sale, what it costs, and what a person has."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from virage.money.payments import api as payments
from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.platform.values.money import Cents
from virage.sale.packages.reads.instalments import InstalmentPart, Instalments, choices, instalments_of
from virage.sale.packages.rules.instalments import part_events
from virage.sale.packages.rules.packages import LeftOut, PackageEvent, closed_because, discounted, events_of
from virage.sale.packages.rules.terms import Package, PackageContent, PackageKind, SubscriptionRow
from virage.sale.packages.store import packages as store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.types import OpenSale, Order, bundle_offer
from virage.site.programme import api as programme
from virage.site.programme.types import Event

PackageState = Literal["open", "opens_later", "not_open", "over"]
SubscriptionState = Literal["held", "paying", "paid", "refunded", "ended"]
"""`paid`: at least one of its events has valid tickets."""


class PackageEventView(Struct, frozen=True):
    """An event of a package; `left_out` says why it is not sold with it."""

    event_id: UUID
    title: LocalisedText
    starts_at: datetime
    time_zone: str
    venue_name: str
    left_out: LeftOut | None


class PackageView(Struct, frozen=True):
    """A package for buyers, with its events in order. Discounts are in per mille."""

    id: UUID
    kind: PackageKind
    name: LocalisedText
    organiser: str
    state: PackageState
    opens_at: datetime
    closes_at: datetime
    discount_permille: int
    family_permille: int
    choose_min: int | None
    choose_max: int | None
    events: list[PackageEventView]


class PackagePrice(Struct, frozen=True):
    """What an adult pays for a package in a category of its first event: from a block or area to another.

    `regular_*` are the prices of the same tickets one by one. `free` counts the places that are free at every event.
    `seated`: it has seats, not only standing areas.
    """

    category_id: UUID
    name: LocalisedText
    colour: str
    free: int
    from_cents: Cents
    to_cents: Cents
    regular_from_cents: Cents
    regular_to_cents: Cents
    seated: bool


class PackageArea(Struct, frozen=True):
    """A standing area of a package, and its price category."""

    area: str
    name: LocalisedText
    category_id: UUID


class PackageOffer(Struct, frozen=True):
    """The prices of a package for the events that would be sold, which `event_ids` names in order."""

    event_ids: list[UUID]
    prices: list[PackagePrice]
    areas: list[PackageArea]


class SubscriptionEvent(Struct, frozen=True):
    """An event of a subscription with its order. `same_seats`: those of the first event at its venue."""

    event_id: UUID
    title: LocalisedText
    starts_at: datetime
    time_zone: str
    venue_name: str
    cancelled: bool
    same_seats: bool
    order: Order


class SubscriptionView(Struct, frozen=True):
    """A package that a person holds or bought.

    `regular_cents` is what its tickets cost one by one; those of a cancelled event count what was paid for them.

    `choices` are the ways to pay an unpaid one in parts, `instalments` what was agreed, None if it is paid at once.
    """

    id: UUID
    package_id: UUID
    kind: PackageKind
    name: LocalisedText
    state: SubscriptionState
    events: list[SubscriptionEvent]
    total_cents: Cents
    regular_cents: Cents
    begun_at: datetime
    expires_at: datetime
    payment_id: UUID | None
    choices: list[list[InstalmentPart]]
    instalments: Instalments | None


async def package_of(conn: Connection, package_id: UUID, now: datetime) -> tuple[Package, list[PackageEvent]] | None:
    """Return a package with its events, or None."""
    package = (await store.packages(conn, [package_id])).get(package_id)
    if package is None:
        return None
    return package, events_of(package, await programme.events(conn, package.event_ids), now)


async def package_views(conn: Connection, packages: Sequence[Package], now: datetime) -> list[PackageView]:
    """Return packages for buyers."""
    events = await programme.events(conn, sorted({id_ for package in packages for id_ in package.event_ids}))
    named = {one.id: one.name for one in await programme.organisers(conn, [one.organiser_id for one in packages])}
    return [_package_view(package, named, events_of(package, events, now), now) for package in packages]


def _package_view(
    package: Package, organisers: Mapping[UUID, str], events: Sequence[PackageEvent], now: datetime
) -> PackageView:
    return PackageView(
        id=package.id,
        kind=package.kind,
        name=package.name,
        organiser=organisers[package.organiser_id],
        state=closed_because(package, events, now) or "open",
        opens_at=package.opens_at,
        closes_at=package.closes_at,
        discount_permille=package.discount_permille,
        family_permille=package.family_permille,
        choose_min=package.choose_min,
        choose_max=package.choose_max,
        events=[_event_view(one) for one in events if one.left_out != "not_published"],
    )


def _event_view(one: PackageEvent) -> PackageEventView:
    event = one.event
    return PackageEventView(event.id, event.title, event.starts_at, event.time_zone, event.venue_name, one.left_out)


def offer_of(package: PackageContent, sales: Sequence[OpenSale]) -> PackageOffer:
    """Return what a package costs for these events; categories that one of them does not sell are left out."""
    first = sales[0]
    categories = {category.id: category for category in first.pricing.categories}
    seated = set(first.pricing.blocks.values())
    prices = []
    for offer in bundle_offer(sales):
        if offer.prices:
            regular = [sum(costs) for costs in offer.prices]
            reduced = [sum(discounted(costs, (package.discount_permille, 0))) for costs in offer.prices]
            category = categories[offer.category_id]
            prices.append(
                PackagePrice(
                    category_id=category.id,
                    name=category.name,
                    colour=category.colour,
                    free=offer.free,
                    from_cents=min(reduced),
                    to_cents=max(reduced),
                    regular_from_cents=min(regular),
                    regular_to_cents=max(regular),
                    seated=category.id in seated,
                )
            )
    sold = {price.category_id for price in prices}
    names = {area.code: area.name for area in first.venue.areas}
    areas = [
        PackageArea(open_area.area, names[open_area.area], open_area.category_id)
        for open_area in first.pricing.areas
        if open_area.category_id in sold
    ]
    return PackageOffer([sale.event.event_id for sale in sales], prices, areas)


async def packages_by_id(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Package]:
    """Return packages by id."""
    return await store.packages(conn, ids)


async def subscriptions_by_id(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, SubscriptionView]:
    """Return subscriptions by id, without the choices of their payment; those that there are not are missing."""
    rows = list((await store.subscriptions(conn, ids)).values())
    return {view.id: view for view in await subscription_views(conn, rows)}


async def subscription_views(
    conn: Connection, rows: Sequence[SubscriptionRow], now: datetime | None = None
) -> list[SubscriptionView]:
    """Return subscriptions for the people who have them; `now` is needed for the choices of their payment."""
    packages = await store.packages(conn, {row.package_id for row in rows})
    orders = await ticketing.bundles(conn, [row.id for row in rows])
    named = {order.event_id for found in orders.values() for order in found}
    named |= {event_id for package in packages.values() for event_id in package.event_ids}
    events = await programme.events(conn, sorted(named))
    agreed = await instalments_of(conn, [row.id for row in rows])
    offering = {package.organiser_id for package in packages.values() if package.instalments_max > 1}
    sold_apart = {id_ for id_ in offering if await payments.has_account(conn, id_)}
    views = []
    for row in rows:
        package, of_row = packages[row.package_id], orders[row.id]
        found: list[list[InstalmentPart]] = []
        if now is not None and state_of(of_row) in ("held", "paying") and package.organiser_id not in sold_apart:
            found = choices(package, part_events(of_row, events), now)
        views.append(_subscription_view(row, package, of_row, events, found, agreed.get(row.id)))
    return views


def _subscription_view(  # noqa: PLR0917 - what a subscription consists of
    row: SubscriptionRow,
    package: Package,
    orders: Sequence[Order],
    events: Mapping[UUID, Event],
    offered: list[list[InstalmentPart]],
    agreed: Instalments | None,
) -> SubscriptionView:
    ordered = sorted(orders, key=lambda order: (events[order.event_id].starts_at, order.event_id))
    total = sum(order.total_cents for order in orders)
    return SubscriptionView(
        id=row.id,
        package_id=package.id,
        kind=package.kind,
        name=package.name,
        state=state_of(orders),
        events=[_subscription_event(row, order, events[order.event_id]) for order in ordered],
        total_cents=total,
        regular_cents=_regular_cents(row, package, orders, events),
        begun_at=row.begun_at,
        expires_at=ordered[0].expires_at,
        payment_id=ordered[0].payment_id,
        choices=offered,
        instalments=agreed,
    )


def _regular_cents(
    row: SubscriptionRow, package: Package, orders: Sequence[Order], events: Mapping[UUID, Event]
) -> Cents:
    """Return what the tickets cost one by one. A cancelled event counts what was paid: nothing is saved there."""
    if all(order.event_id in row.regular_by_event for order in orders):
        return sum(
            order.total_cents if events[order.event_id].state == "cancelled" else row.regular_by_event[order.event_id]
            for order in orders
        )
    left = set(package.event_ids) - {order.event_id for order in orders}
    # Before the prices by event were stored: what an event cost that was cancelled before the payment is not known.
    is_smaller = any(events[event_id].state == "cancelled" for event_id in left)
    return sum(order.total_cents for order in orders) if is_smaller else row.regular_cents


def _subscription_event(row: SubscriptionRow, order: Order, event: Event) -> SubscriptionEvent:
    return SubscriptionEvent(
        event_id=event.id,
        title=event.title,
        starts_at=event.starts_at,
        time_zone=event.time_zone,
        venue_name=event.venue_name,
        cancelled=event.state == "cancelled",
        same_seats=event.id not in row.other_seats,
        order=order,
    )


def state_of(orders: Sequence[Order]) -> SubscriptionState:
    """Return the state of a subscription from its orders, which are paid in parts and refunded one by one."""
    states = {order.state for order in orders}
    for state in ("paid", "refunded"):
        if state in states:
            return state
    if not states <= {"held", "paying"}:
        return "ended"
    return "paying" if "paying" in states else "held"


async def export(conn: Connection, person_id: UUID) -> Any:
    """Return the subscriptions of a person, for the data export; their orders are exported by ticketing."""
    rows = await store.subscriptions_of(conn, person_id)
    return [{"id": row.id, "package": row.package_id, "begun_at": row.begun_at} for row in rows]
