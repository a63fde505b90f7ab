"""The words of the box office: tariffs, parties, requests, orders, tickets and the reasons for a refusal."""

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
    """Why the box office says no; the codes are part of the interface."""

    NOT_FOUND = "not_found"
    SALE_NOT_OPEN = "sale_not_open"
    SALE_CLOSED = "sale_closed"
    EVENT_CANCELLED = "event_cancelled"
    NOT_FOR_SALE = "not_for_sale"
    PARTY_INVALID = "party_invalid"
    COMPANION_ALONE = "companion_needs_access"
    LIMIT_REACHED = "limit_reached"
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


class Tariff(StrEnum):
    """What a place costs whom. A companion comes free with somebody of the access tariff."""

    FULL = "full"
    CHILD = "child"
    REDUCED = "reduced"
    ACCESS = "access"
    COMPANION = "companion"


TARIFFS: tuple[Tariff, ...] = tuple(Tariff)
TARIFF_CODE: dict[Tariff, int] = {tariff: code for code, tariff in enumerate(TARIFFS)}
PRICED_TARIFFS = (Tariff.FULL, Tariff.CHILD, Tariff.REDUCED, Tariff.ACCESS)

Need = Literal["wheelchair", "easy_access", "audio_description", "hearing_loop"]
Few = Annotated[int, Meta(ge=0, le=PARTY_MAX)]


class Party(Struct, frozen=True, forbid_unknown_fields=True):
    """Who comes together, counted by tariff; 1 to 9 places in all.

    Everybody of the access tariff brings one free companion, unless `companions` says how many of them come.
    """

    full: Few = 0
    child: Few = 0
    reduced: Few = 0
    access: Few = 0
    companions: Few | None = None

    @property
    def companions_coming(self) -> int:
        """How many free companions come along."""
        return self.access if self.companions is None else self.companions

    @property
    def size(self) -> int:
        """How many places the party needs."""
        return self.full + self.child + self.reduced + self.access + self.companions_coming

    @property
    def valid(self) -> bool:
        """Whether such a party may come: 1 to 9 places, and no more companions than people who bring one."""
        return 1 <= self.size <= PARTY_MAX and self.companions_coming <= self.access

    def tariffs(self) -> list[Tariff]:
        """The tariffs place by place: access and companion in turn, then full, child, reduced."""
        beside = self.companions_coming
        pairs: list[Tariff] = []
        for person in range(self.access):
            pairs.append(Tariff.ACCESS)
            if person < beside:
                pairs.append(Tariff.COMPANION)
        others = [Tariff.FULL] * self.full + [Tariff.CHILD] * self.child + [Tariff.REDUCED] * self.reduced
        return pairs + others


class Best(Struct, frozen=True, tag_field="kind", tag="best", forbid_unknown_fields=True):
    """Find me seats: the best that are free, in a category or a block if one is named.

    `together` off allows a party to be split over neighbouring rows, or over pairs, where it cannot sit together.
    Where neither is named, hospitality seats are only found with `hospitality`.
    """

    party: Party
    category_id: UUID | None = None
    block: Annotated[str, Meta(max_length=16)] | None = None
    together: bool = True
    needs: Annotated[tuple[Need, ...], Meta(max_length=4)] = ()
    hospitality: bool = False


class ChosenPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """One seat that a fan touched on the map, and for whom it is."""

    place: Annotated[int, Meta(ge=0, le=1_000_000)]
    tariff: Tariff


class Chosen(Struct, frozen=True, tag_field="kind", tag="chosen", forbid_unknown_fields=True):
    """These seats and no others."""

    places: Annotated[tuple[ChosenPlace, ...], Meta(min_length=1, max_length=PARTY_MAX)]


class Standing(Struct, frozen=True, tag_field="kind", tag="standing", forbid_unknown_fields=True):
    """So many places in a standing area."""

    area: Annotated[str, Meta(max_length=16)]
    party: Party


Seats = Best | Chosen | Standing


class HoldRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Keep these places for me for a while. The browser makes `id`: sent twice, it is one order.

    `joins` names a held order of the same buyer and event: its places move to the new order, which is paid as one.
    """

    id: UUID
    event_id: UUID
    seats: Seats
    joins: UUID | None = None


class Assigned(Struct, frozen=True):
    """One place for one person of a party."""

    place: int
    tariff: Tariff


class Buyer(Struct, frozen=True):
    """Whose order it is: a fan, or a browser that has not signed in yet (then `fan_id` is None)."""

    session_id: UUID | None
    fan_id: UUID | None = None
    earlier_session_id: UUID | None = None

    @property
    def is_guest(self) -> bool:
        """Whether nobody has signed in."""
        return self.fan_id is None

    @property
    def owner_id(self) -> UUID | None:
        """The id under which new orders are kept."""
        return self.fan_id or self.session_id

    @property
    def owner_ids(self) -> tuple[UUID, ...]:
        """Every id under which an order of this buyer may be found, once: a session may be its own earlier one."""
        ids = dict.fromkeys((self.fan_id, self.session_id, self.earlier_session_id))
        return tuple(id_ for id_ in ids if id_ is not None)


State = Literal["held", "paying", "paid", "released", "expired", "refunded"]
STATE_FACTS: dict[str, State] = {f"order_{state}": state for state in get_args(State)}
"""What the journal says of an order that has a new state."""
MONEY_RETURNED = "order_money_returned"
"""What the journal says of an order whose money bought nothing and goes back."""


class Line(Struct, frozen=True, omit_defaults=True):
    """One place of an order. `ticket_id` is set once the order is paid."""

    place: int
    label: PlaceLabel
    tariff: Tariff
    price_cents: int
    ticket_id: UUID | None = None
    refunded: bool = False


class Vat(Struct, frozen=True):
    """The VAT contained in a part of the total."""

    rate_permille: int
    gross_cents: int
    vat_cents: int


class Order(Struct, frozen=True):
    """An order as its buyer sees it. `total_cents` contains the fee and the VAT.

    `returned_cents` came too late or twice, bought nothing and goes back; `refunded_cents` is money for tickets.
    """

    id: UUID
    code: str
    event_id: UUID
    state: State
    lines: list[Line]
    fee_cents: int
    total_cents: int
    refunded_cents: int
    vat: list[Vat]
    expires_at: datetime
    payment_id: UUID | None = None
    paid_at: datetime | None = None
    returned_cents: int = 0


class OrderRow(Struct, frozen=True):
    """An order as it is stored: one entry a place in each of the arrays."""

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


class Basket(Struct, frozen=True):
    """As much of an order as paying it needs; `size` counts its places."""

    id: UUID
    event_id: UUID
    owner_id: UUID
    state: State
    size: int
    total_cents: int
    expires_at: datetime
    payment_id: UUID | None = None


class PaidOrder(Struct, frozen=True):
    """As much of an order that was just paid as its passes need."""

    id: UUID
    event_id: UUID
    owner_id: UUID
    payment_id: UUID | None
    places: list[int]
    ticket_ids: list[UUID]


class ClosedOrder(Struct, frozen=True):
    """An order that just ended without money, and the places that are free with it."""

    id: UUID
    event_id: UUID
    places: list[int]


class TicketRow(Struct, frozen=True):
    """A ticket as it is stored. `refund_id` is set once its money went back."""

    id: UUID
    order_id: UUID
    event_id: UUID
    place: int
    tariff: int
    price_cents: int
    holder_name: str | None = None
    refund_id: UUID | None = None


class OnSale(Struct, frozen=True):
    """What the box office must know of an event to sell it; times in UTC."""

    event_id: UUID
    cancelled: bool
    opens_at: datetime
    closes_at: datetime
    limit_per_buyer: int
    named_tickets: bool = False
