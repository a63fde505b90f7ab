"""Types of ticketing: tariffs, parties, requests, orders, tickets and refusal codes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, get_args
from uuid import UUID

from msgspec import Meta, Struct

from virage.site.venue.types import PlaceLabel

PARTY_MAX = 9


class AcceptedTerms(Struct, frozen=True):
    """The version of the terms of sale (`/api/pages/versions/{id}`) that a buyer accepted, and when."""

    version_id: UUID
    accepted_at: datetime


class Reason(StrEnum):
    """Refusal codes of ticketing, part of the API."""

    NOT_FOUND = "not_found"
    SALE_NOT_OPEN = "sale_not_open"
    SALE_CLOSED = "sale_closed"
    EVENT_CANCELLED = "event_cancelled"
    NOT_FOR_SALE = "not_for_sale"
    PARTY_INVALID = "party_invalid"
    COMPANION_ALONE = "companion_needs_access"
    LIMIT_REACHED = "limit_reached"
    IN_BUNDLE = "order_in_bundle"
    SIGN_IN_FIRST = "unauthenticated"
    SOLD_OUT = "sold_out"
    NOT_TOGETHER = "not_together"
    PLACE_TAKEN = "place_taken"
    PLACE_NEEDS_ACCESS = "place_needs_access"
    CATEGORY_UNKNOWN = "category_unknown"
    BLOCK_UNKNOWN = "block_unknown"
    AREA_UNKNOWN = "area_unknown"
    HOLD_EXPIRED = "hold_expired"
    NOT_OPEN = "order_not_open"
    PAYMENT_FAILED = "payment_failed"
    AWAITING_SETTLEMENT = "order_awaiting_settlement"
    ALREADY_PAID = "order_already_paid"
    NOT_PAID = "order_not_paid"
    TERMS_NOT_ACCEPTED = "terms_not_accepted"
    PEOPLE_INSIDE = "people_inside"
    ID_REUSED = "id_reused"
    TICKET_REFUNDED = "ticket_refunded"
    CODE_WRONG = "code_wrong"
    CODE_SENT = "rate_limited"
    TOO_MANY_TRIES = "too_many_attempts"
    PAPER_NOT_ACCEPTED = "paper_not_accepted"
    TICKETS_NOT_NAMED = "tickets_not_named"
    PRICING_DEFECTS = "unprocessable"
    PRICES_SOLD_PLACES = "prices_sold_places"
    TICKETS_AFFECTED = "tickets_affected"


class Tariff(StrEnum):
    """Price class of a ticket. A companion of a person with the access tariff is free."""

    FULL = "full"
    CHILD = "child"
    REDUCED = "reduced"
    ACCESS = "access"
    COMPANION = "companion"


TARIFFS: tuple[Tariff, ...] = tuple(Tariff)
TARIFF_CODE: dict[Tariff, int] = {tariff: code for code, tariff in enumerate(TARIFFS)}
PRICED_TARIFFS = (Tariff.FULL, Tariff.CHILD, Tariff.REDUCED, Tariff.ACCESS)

SeatNeed = Literal["easy_access", "audio_description", "hearing_loop", "sign_language", "guide_dog", "quiet"]
"""A feature that a seat must have; a wheelchair space is a place of its own kind."""

Need = Literal["wheelchair", "easy_access", "audio_description", "hearing_loop", "sign_language", "guide_dog", "quiet"]
NEEDS_MAX = 7
Few = Annotated[int, Meta(ge=0, le=PARTY_MAX)]


class Party(Struct, frozen=True, forbid_unknown_fields=True):
    """A group of 1 to 9 people, counted by tariff.

    Each person with the access tariff brings one free companion, unless `companions` gives their number.
    """

    full: Few = 0
    child: Few = 0
    reduced: Few = 0
    access: Few = 0
    companions: Few | None = None

    @property
    def companions_coming(self) -> int:
        """Number of free companions."""
        return self.access if self.companions is None else self.companions

    @property
    def size(self) -> int:
        """Number of places that the party needs."""
        return self.full + self.child + self.reduced + self.access + self.companions_coming

    @property
    def valid(self) -> bool:
        """Whether the party has 1 to 9 places, and no more companions than people with the access tariff."""
        return 1 <= self.size <= PARTY_MAX and self.companions_coming <= self.access

    def tariffs(self) -> list[Tariff]:
        """Return the tariff of each place: access and companion in turn, then full, child, reduced."""
        beside = self.companions_coming
        pairs: list[Tariff] = []
        for person in range(self.access):
            pairs.append(Tariff.ACCESS)
            if person < beside:
                pairs.append(Tariff.COMPANION)
        others = [Tariff.FULL] * self.full + [Tariff.CHILD] * self.child + [Tariff.REDUCED] * self.reduced
        return pairs + others


class BestSeats(Struct, frozen=True, tag_field="kind", tag="best", forbid_unknown_fields=True):
    """Search for the best free seats, optionally in a category or a block.

    `together` false allows splitting a party that cannot sit together over neighbouring rows or into pairs.
    Without category and block, hospitality seats are included only with `hospitality`.
    """

    party: Party
    category_id: UUID | None = None
    block: Annotated[str, Meta(max_length=16)] | None = None
    together: bool = True
    needs: Annotated[tuple[Need, ...], Meta(max_length=NEEDS_MAX)] = ()
    hospitality: bool = False


class ChosenSeat(Struct, frozen=True, forbid_unknown_fields=True):
    """A seat chosen on the map, and its tariff."""

    place: Annotated[int, Meta(ge=0, le=1_000_000)]
    tariff: Tariff


class ChosenSeats(Struct, frozen=True, tag_field="kind", tag="chosen", forbid_unknown_fields=True):
    """Exactly these seats, numbered by a version of the venue; without it, by the current one of the event."""

    places: Annotated[tuple[ChosenSeat, ...], Meta(min_length=1, max_length=PARTY_MAX)]
    venue_version: Annotated[str, Meta(max_length=64)] | None = None


class StandingPlaces(Struct, frozen=True, tag_field="kind", tag="standing", forbid_unknown_fields=True):
    """Places for a party in a standing area."""

    area: Annotated[str, Meta(max_length=16)]
    party: Party


Seats = BestSeats | ChosenSeats | StandingPlaces


class HoldRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Hold places for some minutes. The client makes `id`: a repeated request is one order.

    `joins` is a held order of the same buyer and event: its places move to the new order.
    """

    id: UUID
    event_id: UUID
    seats: Seats
    joins: UUID | None = None


class Arrangement(Struct, frozen=True):
    """How another domain sells places: also before the public sale, held until `expires_at`.

    `prices` has one price per place, without a fee; None stands for the prices and the fee of the event. Orders with
    the same `bundle_id` are paid and released together.
    """

    expires_at: datetime
    prices: list[int] | None = None
    bundle_id: UUID | None = None


class Assigned(Struct, frozen=True):
    """One place for one person of a party."""

    place: int
    tariff: Tariff


class Buyer(Struct, frozen=True):
    """The buyer: a fan, or a browser that has not signed in (`fan_id` is None)."""

    session_id: UUID | None
    fan_id: UUID | None = None
    earlier_session_id: UUID | None = None

    @property
    def is_guest(self) -> bool:
        """Whether the buyer has not signed in."""
        return self.fan_id is None

    @property
    def owner_id(self) -> UUID | None:
        """The owner id of new orders."""
        return self.fan_id or self.session_id

    @property
    def owner_ids(self) -> tuple[UUID, ...]:
        """Every owner id of this buyer's orders, without duplicates: a session may be its own earlier one."""
        ids = dict.fromkeys((self.fan_id, self.session_id, self.earlier_session_id))
        return tuple(id_ for id_ in ids if id_ is not None)


State = Literal["held", "paying", "paid", "released", "expired", "refunded"]
STATE_FACTS: dict[str, State] = {f"order_{state}": state for state in get_args(State)}
"""New states of an order by journal fact."""
MONEY_RETURNED = "order_money_returned"
"""Journal fact of an order whose payment is returned."""
AWAITING_SETTLEMENT = "order_awaiting_settlement"
"""Journal fact of an order whose buyer authorised a debit that the bank has not paid yet."""
DebitState = Literal["awaiting", "failed"]
"""State of the debit that pays an order. `awaiting`: authorised, and neither paid nor refused by the bank."""


class OrderLine(Struct, frozen=True, omit_defaults=True):
    """A place of an order. `ticket_id` is set once the order is paid."""

    place: int
    label: PlaceLabel
    tariff: Tariff
    price_cents: int
    ticket_id: UUID | None = None
    refunded: bool = False


class Vat(Struct, frozen=True):
    """The VAT included in a part of the total."""

    rate_permille: int
    gross_cents: int
    vat_cents: int


class Order(Struct, frozen=True):
    """An order for its buyer. `total_cents` includes the fee and VAT.

    `returned_cents` are late or duplicate payments that are returned; `refunded_cents` is the refund of tickets.

    With `debit` `awaiting`, an order in the state `paying` awaits settlement: its places are kept until its event
    begins, and its tickets come once the bank has paid. One that has ended gets its money back when it arrives.
    `exchanged`: it buys tickets that others listed on the exchange. `bundle_id`: it is paid and released with the other
    orders of this bundle.
    """

    id: UUID
    code: str
    event_id: UUID
    state: State
    lines: list[OrderLine]
    fee_cents: int
    total_cents: int
    refunded_cents: int
    vat: list[Vat]
    expires_at: datetime
    payment_id: UUID | None = None
    paid_at: datetime | None = None
    returned_cents: int = 0
    debit: DebitState | None = None
    exchanged: bool = False
    bundle_id: UUID | None = None


class OrderRow(Struct, frozen=True):
    """An order as stored; each array has one entry per place.

    `listing_ids` is what it buys on the exchange. `part_id` and `part_until` are those of a `BundlePart`.
    `withheld_cents` is what refunds of tickets that were sold on the
    exchange did not pay back.
    """

    id: UUID
    code: str
    event_id: UUID
    owner_id: UUID
    session_id: UUID | None
    state: State
    places: list[int]
    tariffs: list[int]
    prices: list[int]
    ticket_ids: list[UUID]
    fee_cents: int
    total_cents: int
    refunded_cents: int
    vat_permille: int
    fee_vat_permille: int
    held_at: datetime
    expires_at: datetime
    payment_id: UUID | None = None
    paid_at: datetime | None = None
    returned_cents: int = 0
    debit: DebitState | None = None
    withheld_cents: int = 0
    listing_ids: list[UUID] | None = None
    bundle_id: UUID | None = None
    part_id: UUID | None = None
    part_until: datetime | None = None

    @property
    def subject(self) -> UUID:
        """Return what a payment of the order is for: its part of a bundle, its bundle, or the order."""
        return self.part_id or self.bundle_id or self.id


class BundlePart(Struct, frozen=True):
    """Orders of a bundle that are paid together. Once the first part is paid, the orders of others are held `until`.

    `until` is None for the first part.
    """

    id: UUID
    order_ids: list[UUID]
    until: datetime | None = None


class Basket(Struct, frozen=True):
    """The part of an order that its payment needs; `size` counts its places. `exchanged`: it buys on the exchange.

    An order with a `bundle_id` is paid with its bundle only.
    """

    id: UUID
    event_id: UUID
    owner_id: UUID
    state: State
    size: int
    total_cents: int
    expires_at: datetime
    payment_id: UUID | None = None
    debit: DebitState | None = None
    exchanged: bool = False
    bundle_id: UUID | None = None


class PaidOrder(Struct, frozen=True):
    """The part of a newly paid order that its passes need. `bundle_id` is the bundle, or its part, that was paid."""

    id: UUID
    event_id: UUID
    owner_id: UUID
    payment_id: UUID | None
    places: list[int]
    ticket_ids: list[UUID]
    bundle_id: UUID | None = None


class ClosedOrder(Struct, frozen=True):
    """An unpaid order that just ended, with the places it frees: none if it was to buy on the exchange.

    `debited_id` is its buyer, if a debit is under way whose money is to be returned.
    """

    id: UUID
    event_id: UUID
    places: list[int]
    debited_id: UUID | None = None


class TicketRow(Struct, frozen=True):
    """A ticket as stored.

    `refund_id` is set once it is refunded; `holder_id` is who received it, None while it is its buyer's.
    `name_changes` counts how often its holder replaced or removed a name.
    """

    id: UUID
    order_id: UUID
    event_id: UUID
    place: int
    tariff: int
    price_cents: int
    holder_name: str | None = None
    refund_id: UUID | None = None
    holder_id: UUID | None = None
    name_changes: int = 0


class OnSale(Struct, frozen=True):
    """The sale data of an event; times in UTC."""

    event_id: UUID
    cancelled: bool
    opens_at: datetime
    closes_at: datetime
    limit_per_buyer: int
    named_tickets: bool = False
