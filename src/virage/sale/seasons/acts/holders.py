"""Holders state wishes, keep a part of their seats, decline, and are erased."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused, invalid_input, invalid_inputs
from virage.sale.packages import api as packages
from virage.sale.packages.api import NewSeats
from virage.sale.seasons.rules.terms import SEAT_NEEDS, WISHES_MAX, Campaign, Renewal, SeasonRefusal
from virage.sale.seasons.store import seasons as store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.types import PARTY_MAX, OpenSale, SeatNeed, SeatWish, Tariff


class WishesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Wishes for other seats, in order of preference; an empty list keeps the seats.

    `wheelchairs` of the party need a wheelchair space, each with the free companion seat for another one of the party
    as far as they go. `needs` are features that a seat must have, one for each person with the access tariff, or one.
    Both are health data, and stored only with the person's consent: `needs_consent`.
    """

    wishes: Annotated[list[SeatWish], Meta(max_length=WISHES_MAX)]
    wheelchairs: Annotated[int, Meta(ge=0, le=PARTY_MAX)] = 0
    needs: Annotated[list[SeatNeed], Meta(max_length=len(SEAT_NEEDS))] = []
    needs_consent: bool = False


async def wish(  # noqa: PLR0911 - each reason by its name
    conn: Connection, renewal_id: UUID, person_id: UUID, request: WishesRequest, *, sale: OpenSale, now: datetime
) -> Renewal | Refused:
    """Replace the wishes of one's renewal, and the needs of its party; `sale` is the first event of the next season.

    Refusals: `not_found`, `renewal_closed` after the deadline, and once it is paid or ended, `category_unknown`,
    `block_unknown`, `invalid_input` for needs without consent or without a wish, and more wheelchairs than people.
    """
    found = await _locked(conn, renewal_id, person_id)
    if isinstance(found, Refused):
        return found
    campaign, renewal = found
    sold = {sale.pricing.blocks.get(code) for code in sale.blocks}
    if (request.wheelchairs or request.needs) and not request.needs_consent:
        return invalid_input("needs_consent", "Needs of access are stored only with consent.")
    if (request.wheelchairs or request.needs) and not request.wishes:
        return invalid_input("wishes", "Needs are those of other seats: state a wish.")
    if request.wheelchairs > renewal.size:
        return invalid_input("wheelchairs", "The party is smaller.")
    for one in request.wishes:
        if one.category_id is not None and one.category_id not in sold:
            return Refused(SeasonRefusal.CATEGORY_UNKNOWN)
        if one.block is not None and (one.block not in sale.blocks or one.block not in sale.pricing.blocks):
            return Refused(SeasonRefusal.BLOCK_UNKNOWN)
    held = renewal_id in await store.seats_held(conn, [renewal_id])
    in_time = campaign.relocates_until is not None and now < campaign.relocates_until
    if not held or not in_time or renewal.declined_at is not None:
        return Refused(SeasonRefusal.CLOSED)
    needs = [need for need in SEAT_NEEDS if need in request.needs]
    if (renewal.wishes, renewal.wheelchairs, renewal.needs) != (request.wishes, request.wheelchairs, needs):
        await store.set_wishes(conn, renewal_id, request.wishes, request.wheelchairs, needs)
        data = {"campaign": campaign.id, "wishes": len(request.wishes)}
        await append(conn, [Fact("renewal_wished", person_id, renewal_id, data)], now)
    return (await store.renewals(conn, [renewal_id]))[renewal_id]


async def keep(  # noqa: PLR0911 - each reason by its name
    conn: Connection,
    renewal_id: UUID,
    person_id: UUID,
    places: Collection[int],
    *,
    sales: Mapping[UUID, OpenSale],
    now: datetime,
) -> Refused | None:
    """Keep these seats of one's renewal, named by their places at its first event; the others
    are free at once.

    A repeated request changes nothing. Refusals: `not_found`, `invalid_input` for seats that are not held,
    `companion_needs_access`, `renewal_closed` once its payment has begun, after its end, and while seats are relocated;
    `place_taken` after a change of the venue: roll back, load the sales again and try again.
    """
    found = await _locked(conn, renewal_id, person_id)
    if isinstance(found, Refused):
        return found
    campaign, _ = found
    subscription = (await packages.subscriptions_by_id(conn, [renewal_id])).get(renewal_id)
    held = {one.event_id: one for one in (await store.seats_held(conn, [renewal_id])).get(renewal_id, ())}
    if campaign.state == "relocating" or subscription is None or not held or not held.keys() <= sales.keys():
        return Refused(SeasonRefusal.CLOSED)
    events = [one for one in subscription.events if one.event_id in held]
    party = held[events[0].event_id].assigned
    kept = [index for index, seat in enumerate(party) if seat.place in places]
    if not kept or len(kept) < len(set(places)):
        return invalid_inputs([("places", "They are seats of this renewal at its first event.")])
    if len(kept) == len(party):
        return None
    tariffs = [party[index].tariff for index in kept]
    if tariffs.count(Tariff.COMPANION) > tariffs.count(Tariff.ACCESS):
        return Refused(SeasonRefusal.COMPANION_ALONE)
    package = (await packages.packages_by_id(conn, [campaign.to_package_id]))[campaign.to_package_id]
    fewer = [
        NewSeats(
            held[one.event_id].order_id,
            sales[one.event_id],
            held[one.event_id].assigned,
            [held[one.event_id].assigned[index] for index in kept],
            same=one.same_seats,
        )
        for one in events
    ]
    done = await packages.reseat(conn, package, {renewal_id: fewer}, now)
    if isinstance(done, Refused):
        return done
    if not done:
        return Refused(SeasonRefusal.CLOSED)
    await store.set_size(conn, renewal_id, len(kept))
    fact = {"campaign": campaign.id, "seats": len(kept)}
    await append(conn, [Fact("renewal_reduced", person_id, renewal_id, fact)], now)
    return None


async def decline(conn: Connection, renewal_id: UUID, person_id: UUID, now: datetime) -> Refused | None:
    """Decline one's renewal: its seats are free at once. A repeated request changes nothing.

    Refusals: `not_found`, `order_already_paid`, `renewal_closed` once the office refused it.
    """
    found = await _locked(conn, renewal_id, person_id)
    if isinstance(found, Refused):
        return found
    campaign, renewal = found
    if renewal.declined_at is not None:
        return None
    if renewal.refused_at is not None:
        return Refused(SeasonRefusal.CLOSED)
    if renewal.reason is None:
        released = await ticketing.release_bundle(conn, renewal_id, person_id, now)
        if isinstance(released, Refused):
            return released
    await store.decline(conn, renewal_id, now)
    await append(conn, [Fact("renewal_declined", person_id, renewal_id, {"campaign": campaign.id})], now)
    return None


async def _locked(conn: Connection, renewal_id: UUID, person_id: UUID) -> tuple[Campaign, Renewal] | Refused:
    """Return the renewal of a person with its campaign, which is locked."""
    renewal = (await store.renewals(conn, [renewal_id])).get(renewal_id)
    campaign = None if renewal is None else await store.lock_campaign(conn, renewal.campaign_id)
    renewal = (await store.renewals(conn, [renewal_id])).get(renewal_id)
    if renewal is None or campaign is None or renewal.person_id != person_id:
        return Refused(SeasonRefusal.NOT_FOUND)
    return campaign, renewal


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:  # noqa: ARG001 - the protocol's form
    """Remove a person from their renewals; ticketing releases the seats that are not paid."""
    await store.lock_campaigns_of_person(conn, person_id)
    await store.forget_person(conn, person_id)
    return None
