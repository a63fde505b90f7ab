"""Packages and subscriptions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.sale.packages.rules.terms import Package, SubscriptionRow
from virage.sale.packages.store.queries import queries


class PackageCounts(Struct, frozen=True):
    """Subscriptions of a package that are held and paid, the seats of the paid ones, and their money less refunds."""

    held: int = 0
    paid: int = 0
    seats: int = 0
    cents: Cents = 0


def _package(row: Mapping[str, Any]) -> Package:
    return msgspec.convert(dict(row), Package)


def subscription_row(row: Any) -> SubscriptionRow:
    """Return a subscription from its columns."""
    return SubscriptionRow(
        id=row["id"],
        package_id=row["package_id"],
        person_id=row["person_id"],
        regular_cents=row["regular_cents"],
        other_seats=row["other_seats"],
        begun_at=row["begun_at"],
        regular_by_event=msgspec.convert(row["regular_by_event"], dict[UUID, Cents]),
    )


async def packages(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Package]:
    """Return packages by id."""
    return {row["id"]: _package(row) async for row in queries.packages(conn, ids=list(ids))}


async def packages_of(conn: Connection, organiser_ids: Sequence[UUID] | None) -> list[Package]:
    """Return the packages of organisers (None: all), the latest sale first; at most 500."""
    rows = queries.packages_of(conn, organiser_ids=organiser_ids or [], all_of_them=organiser_ids is None)
    return [_package(row) async for row in rows]


async def open_packages(conn: Connection, now: datetime) -> list[Package]:
    """Return packages that are on sale or will be, the first sale first; at most 500."""
    return [_package(row) async for row in queries.open_packages(conn, now=now)]


async def lock_package(conn: Connection, package_id: UUID) -> None:
    """Lock a package, if there is one."""
    await queries.lock_package(conn, package_id=package_id)


async def put_package(conn: Connection, package: Package, now: datetime) -> None:
    """Insert a package, or replace the content of a locked one and increase its revision."""
    columns = {name: getattr(package, name) for name in Package.__struct_fields__ if name != "revision"}
    await queries.put_package(conn, **columns, now=now)


async def insert_subscriptions(conn: Connection, rows: Sequence[SubscriptionRow]) -> None:
    """Insert subscriptions, except those whose id there is."""
    await queries.insert_subscriptions(
        conn,
        ids=[row.id for row in rows],
        package_ids=[row.package_id for row in rows],
        person_ids=[row.person_id for row in rows],
        regular_cents=[row.regular_cents for row in rows],
        other_seats=[f"{{{','.join(map(str, row.other_seats))}}}" for row in rows],
        begun_ats=[row.begun_at for row in rows],
        regular_by_event=[msgspec.json.encode(row.regular_by_event).decode() for row in rows],
    )


async def change_seats(
    conn: Connection,
    more_cents: Mapping[UUID, Cents],
    same_events: Mapping[UUID, Sequence[UUID]],
    regular_by_event: Mapping[UUID, Mapping[UUID, Cents]],
) -> None:
    """Change the regular price of subscriptions, and remove events from those where they have other seats.

    `regular_by_event` has the new regular prices of the events that change.
    """
    ids = sorted(more_cents)
    await queries.change_seats(
        conn,
        ids=ids,
        more_cents=[more_cents[id_] for id_ in ids],
        same_events=[f"{{{','.join(map(str, same_events[id_]))}}}" for id_ in ids],
        regular_by_event=[msgspec.json.encode(regular_by_event[id_]).decode() for id_ in ids],
    )


async def subscriptions(conn: Connection, ids: Collection[UUID]) -> dict[UUID, SubscriptionRow]:
    """Return subscriptions by id."""
    return {row["id"]: subscription_row(row) async for row in queries.subscriptions(conn, ids=list(ids))}


async def subscriptions_of(conn: Connection, person_id: UUID) -> list[SubscriptionRow]:
    """Return the subscriptions of a person, the latest first; at most 200."""
    return [subscription_row(row) async for row in queries.subscriptions_of(conn, person_id=person_id)]


async def subscriptions_to(conn: Connection, package_id: UUID, after: UUID, wanted: int) -> list[SubscriptionRow]:
    """Return subscriptions to a package in the order of their ids, from the one after `after`."""
    rows = queries.subscriptions_to(conn, package_id=package_id, after=after, wanted=wanted)
    return [subscription_row(row) async for row in rows]


async def forget_subscriptions(conn: Connection, person_id: UUID) -> None:
    """Remove a person from their subscriptions."""
    await queries.forget_subscriptions(conn, person_id=person_id)


async def counts(conn: Connection, package_ids: Sequence[UUID], now: datetime) -> dict[UUID, PackageCounts]:
    """Return the counts of packages; those without subscriptions are missing."""
    rows = queries.counts(conn, package_ids=package_ids, now=now)
    return {
        row["package_id"]: PackageCounts(row["held"], row["paid"], row["seats"], row["cents"]) async for row in rows
    }
