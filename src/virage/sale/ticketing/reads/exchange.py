"""The exchange for fans and the office, and the content of its emails."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes
from virage.identity.people import api as people
from virage.identity.people.types import Email, EmailContent
from virage.money.payments import api as payments
from virage.money.payments.types import DisputeState
from virage.money.wallet.funding import api as wallets
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.platform.values.zones import zone_note
from virage.sale.ticketing.reads.views import TicketEvent, former_labels, ticket_event
from virage.sale.ticketing.reads.waiting import WaitingCount, waiting_count
from virage.sale.ticketing.rules.exchange import (
    ExchangeTerms,
    Listing,
    ListingState,
    ReviewReason,
    may_release,
    may_trade,
    price_max,
)
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.plan import features_of
from virage.sale.ticketing.rules.terms import TARIFFS, Need, Tariff
from virage.sale.ticketing.store import exchange as store
from virage.sale.ticketing.store import orders as orders_store
from virage.sale.ticketing.store import pricing as pricing_store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue.api import venue_at, venues
from virage.site.venue.types import PlaceLabel, Venue


class BoardPlace(Struct, frozen=True):
    """A listed ticket for buyers: its place, tariff and price."""

    place: int
    label: PlaceLabel
    tariff: Tariff
    price_cents: Cents


class ListedPlace(BoardPlace, frozen=True, kw_only=True):
    """A listed ticket for its holder and the office. `face_cents` is what the holder paid."""

    ticket_id: UUID
    face_cents: Cents


class BoardListing(Struct, frozen=True):
    """A listing for buyers. `fee_cents` is the buyer's fee; `held`: it is in the basket of another buyer.

    `features` are those of each place, in the order of the places.
    """

    id: UUID
    places: list[BoardPlace]
    features: list[list[Need]]
    total_cents: Cents
    fee_cents: Cents
    held: bool
    mine: bool


class ExchangeBoard(Struct, frozen=True):
    """What an event's exchange offers now, the cheapest per ticket first."""

    event_id: UUID
    venue_version: str
    open: bool
    listings: list[BoardListing]


class ListingView(Struct, frozen=True):
    """A listing for its seller. `payout_cents` is what the seller gets; `held`: a buyer is about to pay it.

    `reasons` are the rules for which a person reviews it. `to_wallet`: the money goes to the seller's wallet; of a sold
    listing, that it went there.
    """

    id: UUID
    event: TicketEvent
    places: list[ListedPlace]
    state: ListingState
    held: bool
    total_cents: Cents
    payout_cents: Cents
    to_wallet: bool
    reasons: list[ReviewReason]
    listed_at: datetime
    ended_at: datetime | None


class ListableTicket(Struct, frozen=True):
    """A ticket that its holder may list: at most for `price_max_cents`, of which the operator keeps the share.

    `may_pay_wallet`: the money may go to the holder's wallet. That of an organiser's own account may not.
    """

    ticket_id: UUID
    order_id: UUID
    price_max_cents: Cents
    fee_permille: int
    may_pay_wallet: bool


class Releases(Struct, frozen=True):
    """The caller's tickets that may be given back now, and those that were."""

    possible: list[UUID]
    released: list[UUID]


class OfficeListing(Struct, frozen=True):
    """A listing for the office. `seller` names the account; None after an erasure.

    `sold_in_year` are the tickets that this person sold in 365 days, of all events.
    """

    id: UUID
    places: list[ListedPlace]
    state: ListingState
    held: bool
    seller_id: UUID
    seller: str | None
    sold_in_year: int
    total_cents: Cents
    payout_cents: Cents
    to_wallet: bool
    order_id: UUID | None
    reasons: list[ReviewReason]
    listed_at: datetime
    ended_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None


class ExchangeBook(Struct, frozen=True):
    """An event's exchange: its rules, the listings and sums. Sums count tickets, and cents of those that are sold.

    `released` are tickets that their holders gave back without money.
    """

    terms: ExchangeTerms
    listed: int
    sold: int
    released: int
    sold_cents: Cents
    fee_cents: Cents
    listings: list[OfficeListing]
    waiting: WaitingCount


async def board(conn: Connection, event: Event, fan_id: UUID | None, now: datetime) -> ExchangeBoard:
    """Return what the exchange of an event offers."""
    terms, pricing = await store.terms(conn, event.id), await pricing_store.pricing(conn, event.id)
    is_open = may_trade(event, terms, now) is None and pricing is not None
    found = [one for one in await store.open_listings(conn, event.id) if one.state == "listed"] if is_open else []
    venue = await venue_at(conn, event.venue_version)
    places, held = await _places(conn, found, {event.id: venue}), await _held(conn, found, now)
    fee = 0 if pricing is None else pricing.fee_cents
    listings = [
        BoardListing(
            id=one.id,
            places=[BoardPlace(at.place, at.label, at.tariff, at.price_cents) for at in places[one.id]],
            features=[
                features_of(int(venue.features[at.place])) if at.place < venue.seats else [] for at in places[one.id]
            ],
            total_cents=one.total_cents,
            fee_cents=fee * sum(1 for cents in one.prices if cents),
            held=one.id in held,
            mine=one.seller_id == fan_id,
        )
        for one in found
    ]
    listings.sort(key=lambda one: (one.total_cents / len(one.places), one.places[0].place))
    return ExchangeBoard(event.id, event.venue_version, is_open, listings)


async def listings_of(conn: Connection, person_id: UUID, now: datetime) -> list[ListingView]:
    """Return what a person has listed, the latest first."""
    return await views(conn, await store.listings_of_person(conn, person_id), now)


async def views(conn: Connection, found: Sequence[Listing], now: datetime) -> list[ListingView]:
    """Return listings for their sellers, in order."""
    events = await programme.events(conn, sorted({one.event_id for one in found}))
    at = {id_: await venue_at(conn, event.venue_version) for id_, event in events.items()}
    places, held = await _places(conn, found, at), await _held(conn, found, now)
    wallet = await _to_wallets(conn, found)
    return [
        ListingView(
            id=one.id,
            event=ticket_event(events[one.event_id], at[one.event_id]),
            places=places[one.id],
            state=one.state,
            held=one.id in held,
            total_cents=one.total_cents,
            payout_cents=one.payout_cents,
            to_wallet=one.id in wallet,
            reasons=list(one.reasons),
            listed_at=one.listed_at,
            ended_at=one.ended_at,
        )
        for one in found
    ]


async def listable(conn: Connection, person_id: UUID, now: datetime) -> list[ListableTicket]:
    """Return the tickets that a person bought and may list now."""
    mine = await tickets_store.tickets_of_owner(conn, person_id)
    open_events = await store.open_exchanges(conn)
    bought = [one for one in mine if one.refund_id is None and one.holder_id is None and one.event_id in open_events]
    listed = await store.listed_tickets(conn, [one.id for one in bought])
    states = await passes.states(conn, [one.id for one in bought])
    events = await programme.events(conn, sorted({one.event_id for one in bought}))
    orders = await orders_store.orders(conn, sorted({one.order_id for one in bought}))
    terms = {
        id_: found
        for id_, event in events.items()
        if may_trade(event, found := await store.terms(conn, id_), now) is None
    }
    made = await payments.payments(conn, [one.payment_id for one in orders.values() if one.payment_id is not None])
    return [
        ListableTicket(
            one.id,
            one.order_id,
            price_max(one.price_cents, terms[one.event_id]),
            terms[one.event_id].fee_permille,
            made[payment_id].account is None,
        )
        for one in bought
        if one.event_id in terms
        and one.id not in listed
        and (payment_id := orders[one.order_id].payment_id) is not None
        and (state := states.get(one.id)) is not None
        and not state.revoked
        and state.entered_at is None
    ]


async def releases(conn: Connection, person_id: UUID, now: datetime) -> Releases:
    """Return the tickets that a person bought and may give back now, and those that they have given back."""
    events = await programme.events(conn, sorted(await store.events_with_releases(conn)))
    open_events = {
        id_ for id_, event in events.items() if may_release(event, await store.terms(conn, id_), now) is None
    }
    bought = [
        one
        for one in await tickets_store.tickets_of_owner(conn, person_id)
        if one.refund_id is None and one.holder_id is None and one.event_id in open_events
    ]
    listed = await store.listed_tickets(conn, [one.id for one in bought])
    states = await passes.states(conn, [one.id for one in bought])
    possible = [
        one.id
        for one in bought
        if one.id not in listed
        and (state := states.get(one.id)) is not None
        and not state.revoked
        and state.entered_at is None
    ]
    return Releases(possible, sorted(await store.released_of(conn, person_id)))


async def book(conn: Connection, event: Event, now: datetime) -> ExchangeBook:
    """Return an event's exchange for the office."""
    found = await store.listings_of_event(conn, event.id)
    venue = await venue_at(conn, event.venue_version)
    places, held = await _places(conn, found, {event.id: venue}), await _held(conn, found, now)
    names = await people.persons_by_id(
        conn, sorted({one.seller_id for one in found} | {one.decided_by for one in found if one.decided_by})
    )
    wallet = await _to_wallets(conn, found)
    in_year = await store.sold_in_year(conn, sorted({one.seller_id for one in found}), now)
    named = {id_: person.name or person.email for id_, person in names.items()}
    sold = [one for one in found if one.state == "sold"]
    return ExchangeBook(
        terms=await store.terms(conn, event.id),
        listed=sum(len(one.ticket_ids) for one in found if one.state in ("listed", "review")),
        sold=sum(len(one.ticket_ids) for one in sold),
        released=await store.count_released(conn, event.id),
        sold_cents=sum(one.total_cents for one in sold),
        fee_cents=sum(one.total_cents - one.payout_cents for one in sold),
        listings=[
            OfficeListing(
                id=one.id,
                places=places[one.id],
                state=one.state,
                held=one.id in held,
                seller_id=one.seller_id,
                seller=named.get(one.seller_id),
                sold_in_year=in_year.get(one.seller_id, 0),
                total_cents=one.total_cents,
                payout_cents=one.payout_cents,
                to_wallet=one.id in wallet,
                order_id=one.order_id,
                reasons=list(one.reasons),
                listed_at=one.listed_at,
                ended_at=one.ended_at,
                decided_by=None if one.decided_by is None else named.get(one.decided_by),
                decided_at=one.decided_at,
            )
            for one in found
        ],
        waiting=await waiting_count(conn, event.id, now),
    )


async def email(conn: Connection, email: Email) -> EmailContent | None:
    """Return a listing as its emails tell it."""
    found = (await store.listings(conn, [email.subject_id])).get(email.subject_id)
    event = None if found is None else await programme.event(conn, found.event_id)
    if found is None or event is None:
        return None
    venue = await venue_at(conn, event.venue_version)
    places = (await _places(conn, [found], {event.id: venue}))[found.id]
    went_to_wallet = found.id in await _to_wallets(conn, [found])
    values = {
        "title": event.title,
        "starts_at": event.starts_at.astimezone(venue.zone),
        "doors_at": event.doors_at.astimezone(venue.zone),
        "zone": zone_note(venue.zone, (await venues(conn))[0].zone),
        "venue": venue.name,
        "count": len(places),
        "cents": found.payout_cents,
        "to_wallet": went_to_wallet,
        "wallet_was_full": found.to_wallet and not went_to_wallet and not await _is_disputed(conn, found),
        "total_cents": found.total_cents,
    }
    rows = [{"label": one.label, "tariff": one.tariff.value} for one in places]
    return EmailContent(values, rows, "/tickets")


async def _places(conn: Connection, found: Sequence[Listing], at: dict[UUID, Venue]) -> dict[UUID, list[ListedPlace]]:
    """Return the places of each listing; `at` is the version of the venue of each event."""
    tickets = await tickets_store.tickets(conn, [id_ for one in found for id_ in one.ticket_ids])
    former = await former_labels(conn, tickets.values())
    return {
        one.id: sorted(
            (
                ListedPlace(
                    ticket_id=id_,
                    place=tickets[id_].place,
                    label=former.get(id_) or label(at[one.event_id], tickets[id_].place),
                    tariff=TARIFFS[tickets[id_].tariff],
                    price_cents=cents,
                    face_cents=tickets[id_].price_cents,
                )
                for id_, cents in zip(one.ticket_ids, one.prices, strict=True)
            ),
            key=lambda listed: listed.place,
        )
        for one in found
    }


async def _to_wallets(conn: Connection, found: Sequence[Listing]) -> set[UUID]:
    """Return the listings whose money goes to their sellers' wallets; of sold ones, those whose money went there."""
    wished = [one for one in found if one.to_wallet]
    tickets = await tickets_store.tickets(conn, [one.ticket_ids[0] for one in wished if one.state == "sold"])
    refunds = {one.id: tickets[one.ticket_ids[0]].refund_id for one in wished if one.state == "sold"}
    credited = await wallets.credited_proceeds(conn, [id_ for id_ in refunds.values() if id_ is not None])
    return {one.id for one in wished if one.state != "sold" or refunds[one.id] in credited}


async def _is_disputed(conn: Connection, found: Listing) -> bool:
    """Return whether the payment that had bought the tickets is disputed: then its money went to no wallet."""
    tickets = await tickets_store.tickets(conn, found.ticket_ids[:1])
    orders = await orders_store.orders(conn, [ticket.order_id for ticket in tickets.values()])
    paid = [order.payment_id for order in orders.values() if order.payment_id is not None]
    return any(one.state is not DisputeState.WON for one in await payments.disputes_of(conn, paid))


async def _held(conn: Connection, found: Sequence[Listing], now: datetime) -> set[UUID]:
    """Return the listings that a buyer holds or pays now; an order is over before the job that ends it runs."""
    wanted = {one.id: one.order_id for one in found if one.state == "listed" and one.order_id is not None}
    orders = await orders_store.orders(conn, list(wanted.values()))
    return {
        id_
        for id_, order_id in wanted.items()
        if orders[order_id].state in ("held", "paying") and orders[order_id].expires_at > now
    }
