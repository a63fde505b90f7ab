"""Hold, pay and release packages: one order per event in one bundle of ticketing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid5

from msgspec import Meta, Struct

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.packages.rules.packages import discount_of, discounted
from virage.sale.packages.rules.terms import EVENTS_MAX, Package, PackageRefusal, SubscriptionRow
from virage.sale.packages.store import packages as store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.types import (
    HOLD_FOR,
    Arrangement,
    Buyer,
    ChosenSeat,
    ChosenSeats,
    HoldRequest,
    OpenSale,
    OrderRow,
    Seats,
    bundle_seats,
)


class SubscriptionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Hold a package for some minutes. The client makes `id`: a repeated request is one subscription.

    `seats` are those of the first event; numbers of seats are of its current version of the venue. `event_ids` is the
    choice of events for a package of the kind `choice`, and absent for others.
    """

    id: UUID
    seats: Seats
    event_ids: Annotated[list[UUID], Meta(min_length=1, max_length=EVENTS_MAX)] | None = None


async def subscribe(
    conn: Connection,
    package: Package,
    request: SubscriptionRequest,
    sales: Sequence[OpenSale],
    *,
    person_id: UUID,
    now: datetime,
) -> SubscriptionRow | Refused:
    """Hold the places of a package at every event, or none; `sales` are its events in order, as in memory.

    Roll back a refusal. `place_taken` with data.clash: another buyer was faster; the caller loads these events again,
    whose picture in memory is outdated, and tries again. Refusals: `id_reused`, and those of a hold in ticketing.
    """
    known = (await store.subscriptions(conn, [request.id])).get(request.id)
    if known is not None:
        same = known.person_id == person_id and known.package_id == package.id
        return known if same else Refused(PackageRefusal.ID_REUSED)
    seats = bundle_seats(sales, request.seats)
    if isinstance(seats, Refused):
        return seats
    regular = [sale.amounts_of(places.assigned).prices for sale, places in zip(sales, seats, strict=True)]
    holds = [
        ticketing.Hold(
            HoldRequest(
                uuid5(request.id, str(sale.event.event_id)),
                sale.event.event_id,
                ChosenSeats(tuple(ChosenSeat(one.place, one.tariff) for one in places.assigned), sale.venue.version),
            ),
            Buyer(None, person_id),
            person_id,
            sale,
            Arrangement(now + HOLD_FOR, discounted(prices, discount_of(package, places.assigned)), request.id),
        )
        for sale, places, prices in zip(sales, seats, regular, strict=True)
    ]
    held = await ticketing.hold(conn, holds, now)
    refused = next((one for one in held if isinstance(one, Refused)), None)
    clashes = [hold for hold, one in zip(holds, held, strict=True) if isinstance(one, ticketing.Conflict)]
    if clashes or refused is not None:
        for hold, one in zip(holds, held, strict=True):
            if isinstance(one, OrderRow):  # the caller rolls back
                hold.sale.inventory.release(one.places)
        if refused is not None and refused.reason != "place_taken":
            return refused
        return Refused("place_taken", {"clash": [hold.request.event_id for hold in clashes]})
    row = SubscriptionRow(
        id=request.id,
        package_id=package.id,
        person_id=person_id,
        regular_cents=sum(sum(prices) for prices in regular),
        other_seats=[sale.event.event_id for sale, places in zip(sales, seats, strict=True) if not places.same],
        begun_at=now,
    )
    await store.insert_subscription(conn, row)
    await append(conn, [Fact("package_held", person_id, row.id, {"package": package.id})], now)
    return row


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:  # noqa: ARG001 - the protocol's form
    """Remove a person from their subscriptions; ticketing keeps or releases the orders."""
    await store.forget_subscriptions(conn, person_id)
    return None
