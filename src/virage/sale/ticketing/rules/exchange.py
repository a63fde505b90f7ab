"""The exchange: tickets that their holders list at face value at most, and what their sale pays."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused, invalid_input
from virage.sale.ticketing.rules.terms import TARIFFS, OrderRow, Reason, Tariff, TicketRow
from virage.sale.ticketing.settings import ExchangeSettings
from virage.site.programme.types import Event

TICKETS_MAX = 9
YEAR = timedelta(days=365)
FEE_PERMILLE_MAX = 300

ListingState = Literal["review", "listed", "sold", "withdrawn", "refused", "ended"]
"""`ended`: it was not sold in time, or its ticket was refunded, revoked or used. `refused`: after a review."""
ReviewReason = Literal["many_of_event", "many_in_year", "many_in_browser", "many_with_card"]
"""Why a person reviews a listing: tickets of one event, tickets sold in 365 days, or tickets of one event that all
accounts have listed in a browser, or that were paid with one card."""


class ExchangeRefusal(StrEnum):
    """Refusal codes of the exchange, part of the API."""

    NOT_FOUND = "not_found"
    CLOSED = "exchange_closed"
    NOT_FOR_EXCHANGE = "not_for_exchange"
    PRICE_TOO_HIGH = "price_above_maximum"
    TICKET_LISTED = "ticket_listed"
    TICKET_OFFERED = "ticket_offered"
    RESERVED = "listing_reserved"
    ENDED = "listing_ended"
    UNAVAILABLE = "listing_unavailable"
    OWN = "listing_of_yourself"
    RELEASE_CLOSED = "release_closed"
    NOT_POSSIBLE = "transfer_not_possible"


class ExchangeTerms(Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of an event's exchange. `open` lets holders list; `price_max_permille` is of the ticket's price.

    `fee_permille` of the price is kept from the seller's refund. `give_back` lets holders return seats without money.
    """

    open: bool = False
    price_max_permille: Annotated[int, Meta(ge=1, le=1000)] = 1000
    fee_permille: Annotated[int, Meta(ge=0, le=FEE_PERMILLE_MAX)] = 0
    give_back: bool = False


class ListedTicket(Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket to list, and its price in cents."""

    ticket_id: UUID
    price_cents: Annotated[int, Meta(ge=0, le=1_000_000)]


class ListingRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Tickets of one order to sell together. The client makes `id`: a repeated request is one listing.

    `to_wallet`: the seller wants the money in their wallet, if its limit allows when the tickets are sold.
    """

    id: UUID
    tickets: Annotated[list[ListedTicket], Meta(min_length=1, max_length=TICKETS_MAX)]
    to_wallet: bool = False


class ExchangePurchaseRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Listings of one event to buy. The client makes `id`, that of the order: a repeated request is one order."""

    id: UUID
    listing_ids: Annotated[list[UUID], Meta(min_length=1, max_length=TICKETS_MAX)]


class ReleaseRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Tickets of one order to give back without money. The client makes `id`: a repeated request is one release."""

    id: UUID
    ticket_ids: Annotated[list[UUID], Meta(min_length=1, max_length=TICKETS_MAX)]


class Listing(Struct, frozen=True):
    """A listing as stored. `order_id` is the order that holds or has bought it.

    `to_wallet` is the seller's wish that it pays into their wallet.
    """

    id: UUID
    event_id: UUID
    seller_id: UUID
    state: ListingState
    ticket_ids: list[UUID]
    prices: list[Cents]
    fee_permille: int
    listed_at: datetime
    ended_at: datetime | None = None
    order_id: UUID | None = None
    reasons: Sequence[ReviewReason] = ()
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    to_wallet: bool = False

    @property
    def total_cents(self) -> Cents:
        """The price of all of its tickets."""
        return sum(self.prices)

    @property
    def payout_cents(self) -> Cents:
        """What the seller gets back: the price without the service fee, which is rounded down."""
        return self.total_cents - self.total_cents * self.fee_permille // 1000


class Sold(Struct, frozen=True):
    """How many tickets of one event a person has listed or sold, and how many they have sold in 365 days.

    `in_browser` are the tickets of the event that all accounts of the same browser have listed or sold, `with_card`
    those that were paid with the same card.
    """

    of_event: int
    in_year: int
    in_browser: int
    with_card: int


def may_trade(event: Event | None, terms: ExchangeTerms, now: datetime) -> Refused | None:
    """Refuse an event whose exchange is not open, or whose sale is not: the exchange closes with the sale."""
    if event is None or event.state != "published":
        return Refused(Reason.EVENT_CANCELLED)
    if not terms.open or not event.sale_opens_at <= now < event.sale_closes_at:
        return Refused(ExchangeRefusal.CLOSED)
    return None


def may_release(event: Event | None, terms: ExchangeTerms, now: datetime) -> Refused | None:
    """Refuse an event whose rules let no seat be given back, or whose sale is not open: it could not be sold again."""
    if event is None or event.state != "published":
        return Refused(Reason.EVENT_CANCELLED)
    if not terms.give_back or not event.sale_opens_at <= now < event.sale_closes_at:
        return Refused(ExchangeRefusal.RELEASE_CLOSED)
    return None


def price_max(price_cents: Cents, terms: ExchangeTerms) -> Cents:
    """Return the highest price of a ticket on the exchange."""
    return price_cents * terms.price_max_permille // 1000


def may_list(
    request: ListingRequest, order: OrderRow, tickets: Mapping[UUID, TicketRow], terms: ExchangeTerms
) -> Refused | None:
    """Refuse tickets that their buyer may not list: prices above the maximum, or companions left alone.

    `tickets` are all tickets of the order. Received tickets are given back to their buyer first, because the money goes
    back to the card that paid.
    """
    wanted = {one.ticket_id: one.price_cents for one in request.tickets}
    if len(wanted) < len(request.tickets):
        return invalid_input("tickets", "A ticket is listed twice.")
    if any(tickets[id_].holder_id is not None for id_ in wanted):
        return Refused(ExchangeRefusal.NOT_FOR_EXCHANGE, {"because": "received"})
    if order.payment_id is None or not any(wanted.values()):
        return Refused(ExchangeRefusal.NOT_FOR_EXCHANGE, {"because": "free"})
    too_high = [
        {"ticket_id": id_, "max_cents": price_max(tickets[id_].price_cents, terms)}
        for id_, cents in wanted.items()
        if cents > price_max(tickets[id_].price_cents, terms)
    ]
    if too_high:
        return Refused(ExchangeRefusal.PRICE_TOO_HIGH, {"tickets": too_high})
    return companion_left_alone(wanted, tickets)


def companion_left_alone(wanted: Collection[UUID], tickets: Mapping[UUID, TicketRow]) -> Refused | None:
    """Refuse to part companions from the accessible tickets of their order; `tickets` are all tickets of it."""
    kept = [ticket for id_, ticket in tickets.items() if id_ not in wanted and ticket.refund_id is None]
    for together in (kept, [tickets[id_] for id_ in wanted]):
        tariffs = [TARIFFS[ticket.tariff] for ticket in together]
        if tariffs.count(Tariff.COMPANION) > tariffs.count(Tariff.ACCESS):
            return Refused("companion_needs_access")
    return None


def review_reasons(sold: Sold, count: int, settings: ExchangeSettings) -> list[ReviewReason]:
    """Return the rules for which a person reviews a listing of `count` more tickets."""
    rules: tuple[tuple[ReviewReason, int, int], ...] = (
        ("many_of_event", sold.of_event, settings.exchange_event_tickets_max),
        ("many_in_year", sold.in_year, settings.exchange_year_tickets_max),
        ("many_in_browser", sold.in_browser, settings.exchange_browser_tickets_max),
        ("many_with_card", sold.with_card, settings.exchange_card_tickets_max),
    )
    return [reason for reason, had, most in rules if had + count > most]
