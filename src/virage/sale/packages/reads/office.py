"""Packages and their buyers for the office."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents, Currency
from virage.platform.values.tables import Cell, amount, table
from virage.sale.packages.reads.instalments import Instalment
from virage.sale.packages.reads.packages import (
    PackageOffer,
    PackageView,
    SubscriptionState,
    package_views,
    subscription_views,
)
from virage.sale.packages.rules.terms import Package, SubscriptionRow
from virage.sale.packages.store import instalments as instalments_store
from virage.sale.packages.store import packages as store
from virage.sale.packages.store.packages import PackageCounts
from virage.site.venue.types import PlaceLabel

SUBSCRIPTIONS_MAX = 100


class OfficePackage(Struct, frozen=True):
    """A package as the office sets it and as buyers see it, with its counts.

    `planned` counts the instalments that are charged on their dates, `to_pay` those that their buyers must pay.
    """

    package: Package
    view: PackageView
    counts: PackageCounts
    planned: int
    to_pay: int


class PackagePreview(Struct, frozen=True):
    """What buyers would see of a package; no offer while one of its events has no prices."""

    view: PackageView
    offer: PackageOffer | None


class OfficeSubscription(Struct, frozen=True):
    """A subscription for the office; `name` and `email` are None after the erasure of the person.

    `instalments` are empty if it is paid at once.
    `labels` are the seats at the first event, `other_seats` counts the events with other ones.
    """

    id: UUID
    name: str | None
    email: str | None
    state: SubscriptionState
    code: str
    labels: list[PlaceLabel]
    events: int
    other_seats: int
    total_cents: Cents
    instalments: list[Instalment]
    begun_at: datetime


class OfficeSubscriptions(Struct, frozen=True):
    """Subscriptions in the order of their ids, at most 100; `more` continues after the last one."""

    subscriptions: list[OfficeSubscription]
    more: bool


async def office_packages(conn: Connection, organiser_ids: Sequence[UUID] | None, now: datetime) -> list[OfficePackage]:
    """Return the packages of organisers (None: all), the latest sale first."""
    packages = await store.packages_of(conn, organiser_ids)
    seen = await package_views(conn, packages, now)
    counts = await store.counts(conn, [package.id for package in packages], now)
    parts = await instalments_store.instalment_counts(conn, [package.id for package in packages], now)
    return [
        OfficePackage(package, view, counts.get(package.id, PackageCounts()), *parts.get(package.id, (0, 0)))
        for package, view in zip(packages, seen, strict=True)
    ]


async def office_subscriptions(
    conn: Connection, package_id: UUID, after: UUID, now: datetime, *, unpaid: bool
) -> OfficeSubscriptions:
    """Return the subscriptions to a package in the order of their ids, from the one after `after`.

    `unpaid`: those alone of which an instalment is not paid.
    """
    if unpaid:
        found = await instalments_store.unpaid_subscriptions(conn, package_id, after, now, SUBSCRIPTIONS_MAX + 1)
    else:
        found = await store.subscriptions_to(conn, package_id, after, SUBSCRIPTIONS_MAX + 1)
    return OfficeSubscriptions(await _shown(conn, found[:SUBSCRIPTIONS_MAX]), len(found) > SUBSCRIPTIONS_MAX)


async def buyers_table(conn: Connection, package_id: UUID, currency: Currency) -> bytes:
    """Return all subscriptions to a package as CSV, with their seats at the first event."""
    header = (
        *("subscription_id", "name", "email", "state", "order_code", "seats", "events", "other_seats", "total"),
        *("instalments", "instalments_paid", "begun_at"),
    )
    listed: list[Sequence[Cell]] = []
    after = UUID(int=0)
    while rows := await store.subscriptions_to(conn, package_id, after, SUBSCRIPTIONS_MAX):
        for one in await _shown(conn, rows):
            seats = " | ".join(label.area or f"{label.block} {label.row} {label.seat}" for label in one.labels)
            paid = sum(part.state == "paid" for part in one.instalments)
            listed.append(
                [
                    *(str(one.id), one.name, one.email, one.state, one.code, seats, one.events, one.other_seats),
                    *(amount(one.total_cents, currency), len(one.instalments), paid, one.begun_at),
                ]
            )
        after = rows[-1].id
    return table(header, listed)


async def _shown(conn: Connection, rows: Sequence[SubscriptionRow]) -> list[OfficeSubscription]:
    persons = await people.persons_by_id(conn, sorted({row.person_id for row in rows if row.person_id is not None}))
    shown = []
    for row, view in zip(rows, await subscription_views(conn, rows), strict=True):
        person = None if row.person_id is None else persons.get(row.person_id)
        first = view.events[0].order
        shown.append(
            OfficeSubscription(
                id=row.id,
                name=None if person is None else person.name,
                email=None if person is None else person.email,
                state=view.state,
                code=first.code,
                labels=[line.label for line in first.lines],
                events=len(view.events),
                other_seats=len(row.other_seats),
                total_cents=view.total_cents,
                instalments=[] if view.instalments is None else view.instalments.parts,
                begun_at=row.begun_at,
            )
        )
    return shown
