"""Orders as their fans, their kitchens and the office see them."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.concessions.rules.catalogue import Station
from virage.concessions.rules.orders import Capacity, FoodLine, FoodState, PromiseError
from virage.concessions.rules.pricing import VatTotal
from virage.kernel.money import Cents
from virage.programme.rules import Text
from virage.venue.reads import Way


class OutletOffer(Struct, frozen=True):
    """An outlet that takes orders, or why it does not now: `closed`, `full`, `no_way`.

    `ready_at` is the earliest for a usual basket, `in_hand_at` when a fan who sits at the place that was asked for has
    it in the hand. Without a place nobody walks.
    """

    outlet: str
    name: Text
    walking_s: int | None
    offers_delivery: bool
    ready_at: datetime | None
    in_hand_at: datetime | None
    note: str
    closed_reason: str | None


class FoodSlot(Struct, frozen=True):
    """A time at which an order can be ready, and how many pieces of each station the kitchen can still make by then.

    The counter has no bound and is not named.
    """

    at: datetime
    left: dict[Station, int]


class Promise(Struct, frozen=True):
    """When an order is ready; `arrives_at` is when it is at the fan's place, where it is brought there."""

    ready_at: datetime
    arrives_at: datetime | None


class Delivery(Struct, frozen=True):
    """Where an order is brought to: a seat, or a standing area alone."""

    place: int
    block: str | None
    row: str | None
    seat: int | None
    area: Text | None


class FoodOrder(Struct, frozen=True):
    """An order as its fan sees it. `accept_by` is when it ends by itself unless the kitchen accepts it.

    `reason` is why it was declined or refunded; `voucher_cents` what the house gave for a broken promise.
    """

    id: UUID
    event_id: UUID
    outlet: str
    outlet_name: Text
    number: int
    state: FoodState
    lines: list[FoodLine]
    vat: list[VatTotal]
    total_cents: Cents
    bonus_cents: Cents
    promise: Promise
    deliver_to: Delivery | None
    pick_up_code: str
    placed_at: datetime
    accept_by: datetime
    accepted_at: datetime | None
    ready_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    voucher_cents: Cents | None


class KitchenTicket(Struct, frozen=True):
    """An order as its kitchen sees it. `age_limit` above zero: whoever hands it over checks the age."""

    id: UUID
    number: int
    state: FoodState
    stations: list[Station]
    lines: list[FoodLine]
    age_limit: int
    placed_at: datetime
    accept_by: datetime
    promised_at: datetime
    accepted_at: datetime | None
    ready_at: datetime | None
    ended_at: datetime | None
    deliver_to: Delivery | None
    code_tries_left: int


class StationLoad(Struct, frozen=True):
    """What a station can make in five minutes, and how many pieces the counter and orders take of it."""

    capacity: int
    counter: int
    orders: int


class KitchenInterval(Struct, frozen=True):
    """Five minutes of a kitchen."""

    starts_at: datetime
    stations: dict[Station, StationLoad]


class KitchenBoard(Struct, frozen=True):
    """A kitchen's screen: what is before it, oldest promise first, what it said that it can make, its load.

    `promise_error` is that of the event that is on.
    """

    now: datetime
    outlet: str
    name: Text
    tickets: list[KitchenTicket]
    capacity: Capacity
    load: list[KitchenInterval]
    promise_error: PromiseError


class Stop(Struct, frozen=True):
    """An order that is ready and goes to a place."""

    order_id: UUID
    number: int
    place: Delivery
    promised_at: datetime
    ready_at: datetime
    age_limit: int


class Run(Struct, frozen=True):
    """What a runner takes to one block (or standing area), row by row, with the way to its first stop."""

    block: str
    stops: list[Stop]
    way: Way | None
