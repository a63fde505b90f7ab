"""Order-ahead food orders: their data, their states, and who may change them.

    placed ──▶ accepted ──▶ ready ──▶ handed_over | delivered
      │            └───────────┴────▶ refunded
      └─▶ declined | cancelled | expired

The price is held when an order is placed and captured when its kitchen accepts it. A declined, cancelled or expired
order is never charged.
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
    BasketVat,
    Catalogue,
    LineKind,
    OutletCode,
    PricedLine,
    Product,
    Station,
    Version,
)
from virage.matchday.food.orders.rules.order_money import OrderMoney
from virage.matchday.food.till import types as till
from virage.platform.values.money import Cents
from virage.platform.web.guard import Role
from virage.site.programme.types import Event, Instant, Text

FACT: Final = "food_order_"
"""Prefix of journal facts about orders; the new state follows, or `voucher`."""
KITCHEN_ROLES: Final[tuple[Role, ...]] = ("kitchen", "cashier", "finance")
"""Roles that work in a kitchen or supervise it."""
ORDER_AHEAD: Final = timedelta(hours=24)
"""Orders open this long before the doors."""
CODE_DIGITS: Final = 4
CODE_TRIES_MAX: Final = 5
VOUCHERS_MAX: Final = 3
"""Maximum number of vouchers for a wallet at an event: a voucher is kept even if the order is refunded later."""
NUMBER_MAX: Final = 999
"""Order numbers of an outlet restart at 1 after this one, which is more than it ever has open."""

Place = Annotated[int, Meta(ge=0, le=10_000_000)]
"""Number of a seat or a standing place in the venue."""


class FoodState(StrEnum):
    """State of an order."""

    PLACED = "placed"
    ACCEPTED = "accepted"
    READY = "ready"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"


OPEN_STATES: Final = (FoodState.PLACED, FoodState.ACCEPTED, FoodState.READY)
"""States that a kitchen works on."""
PAID_STATES: Final = (FoodState.ACCEPTED, FoodState.READY, FoodState.HANDED_OVER, FoodState.DELIVERED)
"""States of paid orders, which have a receipt."""


class Reason(StrEnum):
    """Refusal codes of placing an order and of its steps."""

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


class FoodOrderRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order to place, priced by the catalogue version the fan saw. The client makes `id`.

    `slot_at` is an offered pick-up time, None for as soon as possible. `deliver_to` is the place of a delivery;
    `place` is the fan's seat, used to rank alternatives to a full outlet.
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
    """Names of an option and of the chosen value."""

    option: Text
    choice: Text


class FoodLine(Struct, frozen=True):
    """A line of an order: a product or its cup deposit. Integer cents, VAT included."""

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


class Order(Struct, frozen=True, rename={"wallet_id": "purse_id"}):
    """An order as stored; `till_id` is the outlet's order-ahead till."""

    id: UUID
    person_id: UUID | None
    wallet_id: UUID
    event_id: UUID
    outlet: str
    till_id: UUID
    number: int
    request_digest: bytes
    version: str
    lines: tuple[FoodLine, ...]
    vat: tuple[BasketVat, ...]
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
        """Amounts of the order."""
        deposit_cents = deposits_of(self.lines)
        return OrderMoney(self.id, self.till_id, self.wallet_id, self.total_cents, self.bonus_cents, deposit_cents)

    @property
    def age_limit(self) -> int:
        """Minimum age of the buyer; 0 for none."""
        return max((line.age_limit for line in self.lines), default=0)


def deposits_of(lines: Sequence[FoodLine]) -> Cents:
    """Return the sum of cup deposits."""
    return sum(line.gross_cents for line in lines if line.kind == "deposit")


DeclineReason = Literal["sold_out", "too_busy", "closing", "other"]
RefundReason = Literal["not_made", "wrong_item", "quality", "late", "other"]
_OF_COUNTERS: Final[Mapping[str, RefundReason]] = {
    till.RefundReason.SOLD_OUT: "not_made",
    till.RefundReason.WRONG_ORDER: "wrong_item",
    till.RefundReason.QUALITY: "quality",
    till.RefundReason.WAITED_TOO_LONG: "late",
}


def kitchen_reason(code: str) -> RefundReason:
    """Return the kitchen's refund reason for the code of a till."""
    return _OF_COUNTERS.get(code, "other")


class DeclineRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the kitchen declines an order; shown to the fan."""

    reason: DeclineReason


class FoodRefundRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Why an accepted order is refunded in full."""

    reason: RefundReason


class HandOver(Struct, frozen=True, forbid_unknown_fields=True):
    """Handover of an order. `code` is the fan's code; None if a manager of the outlet vouches for the fan.

    `age_checked` confirms that the age was checked, if the order requires it.
    """

    code: Annotated[str, Meta(pattern=r"^\d{4}$")] | None
    age_checked: bool = False


class DeliveryConfirmation(Struct, frozen=True, forbid_unknown_fields=True):
    """Delivery of an order to its place."""

    age_checked: bool = False


Pieces = Annotated[int, Meta(ge=0, le=1000)]


class KitchenCapacity(Struct, frozen=True, forbid_unknown_fields=True):
    """Capacity of a kitchen: pieces in five minutes by station; a missing station makes nothing.

    The value of `counter` limits the handovers; without it they are not limited. `note` is shown to fans.
    """

    per_five_minutes: dict[Station, Pieces]
    open: bool
    delivers: bool = False
    note: Annotated[str, Meta(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


def ordering_time(event: Event | None, now: datetime) -> datetime | None:
    """Return the time that orders are planned from: now, or the doors if they are still closed.

    None if the event takes no orders.
    """
    if event is None or event.state != "published" or not event.doors_at - ORDER_AHEAD <= now < event.ends_at:
        return None
    return max(now, event.doors_at)


def lines_of(priced: Sequence[PricedLine], catalogue: Catalogue) -> tuple[FoodLine, ...]:
    """Return the lines of a priced basket with what a kitchen needs: stations, option names, minimum ages."""
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


class TimingStats(Struct, frozen=True):
    """Deviation from the pick-up times: median and 90th percentile in seconds, negative if early.

    `broken` counts the orders late by more than `voucher_late_min`.
    """

    orders: int
    p50_s: int | None
    p90_s: int | None
    broken: int


def limit_vouchers(late: Sequence[Order], had: Mapping[tuple[UUID, UUID], int]) -> list[Order]:
    """Return the late orders that may get a voucher; `had` counts those granted, by event and wallet."""
    given = Counter(had)
    kept: list[Order] = []
    for order in late:
        place = (order.event_id, order.wallet_id)
        if given[place] < VOUCHERS_MAX:
            kept.append(order)
            given[place] += 1
    return kept


class OutletTimingStats(TimingStats, frozen=True):
    """Order timing of an outlet, and the vouchers granted for late orders."""

    outlet: str
    vouchers: int
    voucher_cents: Cents


class AlternativeOutlet(Struct, frozen=True):
    """Another outlet, or another time at the same outlet, offered instead of a full one."""

    outlet: str
    name: Text
    walking_s: int | None
    ready_at: datetime
