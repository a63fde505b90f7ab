"""Food ordered by phone: what an order is, which steps it takes, and who may take them.

    placed ──▶ accepted ──▶ ready ──▶ handed_over | delivered
      │            └───────────┴────▶ refunded
      └─▶ declined | cancelled | expired

Money is held while an order is placed, and captured when its kitchen accepts it; declined, cancelled or expired, it was
never taken.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.matchday.food.menu.types import (
    LINES_MAX,
    BasketLine,
    Catalogue,
    LineKind,
    OutletCode,
    PricedLine,
    Product,
    Station,
    VatTotal,
    Version,
)
from virage.matchday.food.orders.rules.order_money import OrderMoney
from virage.matchday.food.till import types as till
from virage.platform.values.money import Cents
from virage.platform.web.guard import Role
from virage.site.programme.types import Event, Instant, Text

FACT: Final = "food_order_"
"""What facts about orders begin with; the new state follows, or `voucher`."""
KITCHEN_ROLES: Final[tuple[Role, ...]] = ("kitchen", "cashier", "finance")
"""Who works in a kitchen, or answers for it."""
AHEAD: Final = timedelta(hours=24)
"""How long before the doors one may order."""
CODE_DIGITS: Final = 4
CODE_TRIES_MAX: Final = 5
VOUCHERS_MAX: Final = 3
"""How many vouchers a purse is given at an event: one may keep what is given for an order whose money goes back."""
NUMBER_MAX: Final = 999
"""After this number of an outlet comes 1 again: more than it ever has in hand."""

Place = Annotated[int, Meta(ge=0, le=10_000_000)]
"""A seat or a standing place of the ground, by its number."""


class FoodState(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    ACCEPTED = "accepted"
    READY = "ready"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"


OPEN: Final = (FoodState.PLACED, FoodState.ACCEPTED, FoodState.READY)
"""What a kitchen has before it."""
RECEIPTED: Final = (FoodState.ACCEPTED, FoodState.READY, FoodState.HANDED_OVER, FoodState.DELIVERED)
"""What was paid for and has a receipt."""


class Reason(StrEnum):
    """Why an order is not placed, or does not take a step."""

    NOT_FOUND = "not_found"
    ID_TAKEN = "id_taken"
    EVENT_NOT_ON = "event_not_on"
    OUTLET_CLOSED = "outlet_closed"
    OUTLET_FULL = "outlet_full"
    STATION_CLOSED = "station_closed"
    SOLD_OUT = "sold_out"
    NO_DELIVERY = "no_delivery"
    SLOT_INVALID = "slot_invalid"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    WRONG_STATE = "wrong_state"
    WRONG_CODE = "wrong_code"
    CODE_LOCKED = "code_locked"
    AGE_CHECK = "age_check_required"
    REFUND_EXCEEDS_SALE = "refund_exceeds_sale"


class FoodWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a fan wants, priced by the version of the catalogue that they saw. The phone makes `id`.

    `slot_at` is a time that the outlet offered, None for as soon as possible. `deliver_to` is the place to bring it to;
    `place` is where the fan sits, for the outlet that is offered instead of a full one.
    """

    id: UUID
    event_id: UUID
    outlet: OutletCode
    version: Version
    lines: Annotated[list[BasketLine], Meta(min_length=1, max_length=LINES_MAX)]
    slot_at: Instant | None = None
    deliver_to: Place | None = None
    place: Place | None = None
    step_free: bool = False
    age_confirmed: bool = False


class FoodChoice(Struct, frozen=True):
    """An option and what was chosen, as they are called."""

    option: Text
    choice: Text


class FoodLine(Struct, frozen=True):
    """One line of an order: a product as it is made, or the cup that comes with it. Integer cents, VAT contained."""

    kind: LineKind
    item_id: UUID
    name: Text
    quantity: int
    unit_cents: Cents
    gross_cents: Cents
    vat_permille: int
    station: Station | None
    options: tuple[FoodChoice, ...] = ()
    age_limit: int = 0


class Order(Struct, frozen=True):
    """An order as it is stored; `till_id` is its outlet's till of the house."""

    id: UUID
    person_id: UUID | None
    purse_id: UUID
    event_id: UUID
    outlet: str
    till_id: UUID
    number: int
    request_digest: bytes
    version: str
    lines: tuple[FoodLine, ...]
    vat: tuple[VatTotal, ...]
    total_cents: Cents
    bonus_cents: Cents
    state: FoodState
    placed_at: datetime
    promised_at: datetime
    accept_by: datetime
    deliver_to: int | None
    delivery_s: int | None
    pick_up_code: str
    code_misses: int
    accepted_at: datetime | None
    ready_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    is_judged: bool
    voucher_cents: Cents | None

    @property
    def money(self) -> OrderMoney:
        """The order as its money sees it."""
        deposit_cents = deposits_of(self.lines)
        return OrderMoney(self.id, self.till_id, self.purse_id, self.total_cents, self.bonus_cents, deposit_cents)

    @property
    def age_limit(self) -> int:
        """How old its buyer must be; 0 for anybody."""
        return max((line.age_limit for line in self.lines), default=0)


def deposits_of(lines: Sequence[FoodLine]) -> Cents:
    """What cups bring that come back."""
    return sum(line.gross_cents for line in lines if line.kind == "deposit")


DeclineReason = Literal["sold_out", "too_busy", "closing", "other"]
RefundReason = Literal["not_made", "wrong_item", "quality", "late", "other"]
_OF_COUNTERS: Final[Mapping[str, RefundReason]] = {
    till.RefundReason.SOLD_OUT: "not_made",
    till.RefundReason.WRONG_ORDER: "wrong_item",
    till.RefundReason.QUALITY: "quality",
    till.RefundReason.WAITED_TOO_LONG: "late",
}


def reason_of_counter(code: str) -> RefundReason:
    """Why an order was given back whole, in a kitchen's own words, by the code that a till at a counter wrote."""
    return _OF_COUNTERS.get(code, "other")


class FoodDecline(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the kitchen does not take an order; the fan is told."""

    reason: DeclineReason


class FoodRefund(Struct, frozen=True, forbid_unknown_fields=True):
    """Why an order that was accepted is given back whole."""

    reason: RefundReason


class HandOver(Struct, frozen=True, forbid_unknown_fields=True):
    """What the fan showed: the code of their order; None: somebody who answers for the outlet knows them.

    `age_checked`: whoever hands it over saw a proof of age, where the order asks for one.
    """

    code: Annotated[str, Meta(pattern=r"^\d{4}$")] | None
    age_checked: bool = False


class HandedToPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """The order was brought to its place."""

    age_checked: bool = False


Pieces = Annotated[int, Meta(ge=0, le=1000)]


class Capacity(Struct, frozen=True, forbid_unknown_fields=True):
    """What a kitchen says that it can make: pieces every five minutes, by station. What is not named makes nothing.

    What the counter says is how many orders it hands over; unless it does, it is not the bound. `note` is shown to
    fans, in the kitchen's own words.
    """

    per_five_minutes: dict[Station, Pieces]
    open: bool
    delivers: bool = False
    note: Annotated[str, Meta(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


def orders_for(event: Event | None, now: datetime) -> datetime | None:
    """For when one orders at an event: for its doors, who orders ahead on the day before, for now while it is on.

    None where nothing may be ordered for it.
    """
    if event is None or event.state != "published" or not event.doors_at - AHEAD <= now < event.ends_at:
        return None
    return max(now, event.doors_at)


def lines_of(priced: Sequence[PricedLine], catalogue: Catalogue) -> tuple[FoodLine, ...]:
    """What a priced basket is for whoever makes it: with its stations, its options as they are called, its age."""
    return tuple(_line(line, catalogue.product(line.item_id)) for line in priced)


def _line(line: PricedLine, product: Product | None) -> FoodLine:
    return FoodLine(
        line.kind,
        line.item_id,
        line.name,
        line.quantity,
        line.unit_cents,
        line.gross_cents,
        line.vat_permille,
        None if product is None else product.station,
        () if product is None else tuple(_chosen(product, line.options)),
        0 if product is None else product.age_limit,
    )


def _chosen(product: Product, options: Mapping[str, str]) -> list[FoodChoice]:
    return [
        FoodChoice(option.name, choice.name)
        for option in product.options
        for choice in option.choices
        if options.get(option.code) == choice.code
    ]


class PromiseError(Struct, frozen=True):
    """How far promises were from what happened, in seconds after them (below zero: before).

    At the middle, and at the worst tenth. `broken`: late by more than the house allows.
    """

    orders: int
    p50_s: int | None
    p90_s: int | None
    broken: int


def within_vouchers(late: Sequence[Order], had: Mapping[tuple[UUID, UUID], int]) -> list[Order]:
    """Late orders that may still have a voucher, where `had` were given already, by event and purse."""
    given = Counter(had)
    kept: list[Order] = []
    for order in late:
        place = (order.event_id, order.purse_id)
        if given[place] < VOUCHERS_MAX:
            kept.append(order)
            given[place] += 1
    return kept


class OutletPromises(PromiseError, frozen=True):
    """The promises of an outlet, and what broken ones cost in vouchers."""

    outlet: str
    vouchers: int
    voucher_cents: Cents


class Offered(Struct, frozen=True):
    """Another outlet, or another time at the same one, in the place of what is full."""

    outlet: str
    name: Text
    walking_s: int | None
    ready_at: datetime
