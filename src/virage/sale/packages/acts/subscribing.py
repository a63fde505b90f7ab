"""Hold, pay and release packages: one order per event in one bundle of ticketing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.data.queue import enqueue
from virage.platform.values.ids import named_id
from virage.platform.values.refusals import Refused
from virage.sale.packages.acts.instalments import FORGET_JOB, CardToForget
from virage.sale.packages.rules.packages import discount_of, discounted
from virage.sale.packages.rules.terms import EVENTS_MAX, Package, PackageRefusal, SubscriptionRow
from virage.sale.packages.store import instalments as instalments_store
from virage.sale.packages.store import packages as store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.types import (
    HOLD_FOR,
    Arrangement,
    Assigned,
    BundleSeats,
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


class SubscriptionWish(Struct, frozen=True):
    """The request of a person for a package."""

    request: SubscriptionRequest
    person_id: UUID


class SeatedParty(Struct, frozen=True):
    """People with their places at each event of a package; `id` is that of their subscription."""

    id: UUID
    person_id: UUID
    seats: list[BundleSeats]
    expires_at: datetime


class NotHeld(Struct, frozen=True):
    """Why parties were not held: the refusals by subscription, and the events whose picture in memory is outdated."""

    refused: dict[UUID, Refused]
    clashes: list[UUID]


async def subscribe(
    conn: Connection, package: Package, wishes: Sequence[SubscriptionWish], sales: Sequence[OpenSale], now: datetime
) -> list[SubscriptionRow | Refused] | Refused:
    """Hold the places of a package at every event for each wish, in order; `sales` are its events, as in memory.

    Outcomes that refuse: `id_reused`, and places that `sales` do not have. Roll back a refusal of all, after which none
    is held: it is that of a single wish, or `place_taken` (data.clash: events whose picture in memory is outdated), so
    that the caller tries each wish alone, after these events are loaded again.
    """
    rows = await store.subscriptions(conn, [wish.request.id for wish in wishes])
    refused: dict[UUID, Refused] = {}
    parties: dict[UUID, SeatedParty] = {}
    proposed: list[tuple[OpenSale, list[int]]] = []
    for wish in wishes:
        id_ = wish.request.id
        if id_ in rows or id_ in parties:
            continue
        seats = bundle_seats(sales, wish.request.seats)
        if isinstance(seats, Refused):
            refused[id_] = seats
            continue
        parties[id_] = SeatedParty(id_, wish.person_id, seats, now + HOLD_FOR)
        for sale, one in zip(sales, seats, strict=True):  # the next one gets others
            proposed.append((sale, sale.inventory.hold([seat.place for seat in one.assigned])))
    for sale, places in proposed:
        sale.inventory.release(places)  # `hold_seats` marks them itself
    held = await hold_seats(conn, package, sales, list(parties.values()), now) if parties else []
    if isinstance(held, NotHeld):
        reasons = [one for one in held.refused.values() if one.reason != "place_taken"]
        return reasons[0] if reasons and len(parties) == 1 else Refused("place_taken", {"clash": held.clashes})
    rows |= {row.id: row for row in held}
    outcomes: list[SubscriptionRow | Refused] = []
    for wish in wishes:
        row = rows.get(wish.request.id)
        if row is None:
            outcomes.append(refused[wish.request.id])
        elif row.person_id == wish.person_id and row.package_id == package.id:
            outcomes.append(row)
        else:
            outcomes.append(Refused(PackageRefusal.ID_REUSED))
    return outcomes


async def hold_seats(
    conn: Connection, package: Package, sales: Sequence[OpenSale], parties: Sequence[SeatedParty], now: datetime
) -> list[SubscriptionRow] | NotHeld:
    """Hold the places of parties at every event, and return their subscriptions; `sales` are the events in order.

    If one place cannot be held, nothing is: the caller rolls back.
    """
    regular = [
        [sale.amounts_of(places.assigned).prices for sale, places in zip(sales, party.seats, strict=True)]
        for party in parties
    ]
    holds = [
        ticketing.Hold(
            HoldRequest(
                named_id(party.id, str(sale.event.event_id)),
                sale.event.event_id,
                ChosenSeats(tuple(ChosenSeat(one.place, one.tariff) for one in places.assigned), sale.venue.version),
            ),
            Buyer(None, party.person_id),
            party.person_id,
            sale,
            Arrangement(party.expires_at, discounted(cents, discount_of(package, places.assigned)), party.id),
        )
        for party, costs in zip(parties, regular, strict=True)
        for sale, places, cents in zip(sales, party.seats, costs, strict=True)
    ]
    outcomes = list(zip(holds, await ticketing.hold(conn, holds, now), strict=True))
    if not all(isinstance(one, OrderRow) for _, one in outcomes):
        for hold, one in outcomes:
            if isinstance(one, OrderRow):  # the caller rolls back
                hold.sale.inventory.release(one.places)
        return NotHeld(
            {
                hold.arrangement.bundle_id: one
                for hold, one in reversed(outcomes)
                if isinstance(one, Refused) and hold.arrangement is not None and hold.arrangement.bundle_id is not None
            },
            sorted({hold.request.event_id for hold, one in outcomes if isinstance(one, ticketing.Conflict)}),
        )
    rows = [
        SubscriptionRow(
            id=party.id,
            package_id=package.id,
            person_id=party.person_id,
            regular_cents=sum(sum(prices) for prices in costs),
            other_seats=[
                sale.event.event_id for sale, places in zip(sales, party.seats, strict=True) if not places.same
            ],
            begun_at=now,
            regular_by_event={sale.event.event_id: sum(prices) for sale, prices in zip(sales, costs, strict=True)},
        )
        for party, costs in zip(parties, regular, strict=True)
    ]
    await store.insert_subscriptions(conn, rows)
    await append(conn, [Fact("package_held", row.person_id, row.id, {"package": package.id}) for row in rows], now)
    return rows


class NewSeats(Struct, frozen=True):
    """Other seats, or fewer, at an event for the order of a subscription that had `before`.

    `same`: they are those of the first event at its venue.
    """

    order_id: UUID
    sale: OpenSale
    before: list[Assigned]
    assigned: list[Assigned]
    same: bool


async def reseat(
    conn: Connection, package: Package, wanted: Mapping[UUID, Sequence[NewSeats]], now: datetime
) -> set[UUID] | Refused:
    """Give subscriptions that are not paid other seats, or fewer, at these events, at their prices.

    Return those that got them; refused as `ticketing.reseat_bundles`.
    """
    moved = await ticketing.reseat_bundles(
        conn,
        {
            id_: [
                ticketing.BundlePlaces(
                    seats.order_id,
                    seats.sale,
                    seats.assigned,
                    discounted(seats.sale.amounts_of(seats.assigned).prices, discount_of(package, seats.assigned)),
                )
                for seats in places
            ]
            for id_, places in wanted.items()
        },
        now,
    )
    if isinstance(moved, Refused) or not moved:
        return moved
    more = {
        id_: sum(
            sum(seats.sale.amounts_of(seats.assigned).prices) - sum(seats.sale.amounts_of(seats.before).prices)
            for seats in wanted[id_]
        )
        for id_ in moved
    }
    same = {id_: [seats.sale.event.event_id for seats in wanted[id_] if seats.same] for id_ in moved}
    by_event = {
        id_: {seats.sale.event.event_id: sum(seats.sale.amounts_of(seats.assigned).prices) for seats in wanted[id_]}
        for id_ in moved
    }
    await store.change_seats(conn, more, same, by_event)
    await append(conn, [Fact("package_moved", None, id_, {"package": package.id}) for id_ in sorted(moved)], now)
    return moved


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:  # noqa: ARG001 - the protocol's form
    """Remove a person from their subscriptions; ticketing keeps or releases the orders. A job forgets their cards."""
    cards = [CardToForget(method_id) for method_id in await instalments_store.cards_of(conn, person_id)]
    await enqueue(conn, FORGET_JOB, cards)  # cards are locked late, and other domains come after this one
    await store.forget_subscriptions(conn, person_id)
    return None
