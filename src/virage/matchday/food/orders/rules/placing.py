"""Whether an order is placed: its price, its age, its kitchen, its time and its money, on what others have left."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu import types as menu
from virage.matchday.food.menu.types import Basket, Catalogue, Derogation, Key, Priced, Station, VatTotal, price
from virage.matchday.food.orders.rules import promises
from virage.matchday.food.orders.rules.orders import (
    NUMBER_MAX,
    Capacity,
    FoodLine,
    FoodWish,
    Reason,
    deposits_of,
    lines_of,
)
from virage.matchday.food.orders.rules.promises import SOON, Fit, Plan, Take
from virage.money.wallet.accounts.types import Split, split
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.site.programme.types import Event

CLOSED: Final = Refused(Reason.OUTLET_CLOSED)


class Asked(Struct, frozen=True):
    """Somebody's wish. `delivery_s` is the way from the outlet to the place that it goes to; None where it goes nowhere
    or no way leads there. `code` is what the fan will show.
    """

    person_id: UUID
    wish: FoodWish
    digest: bytes
    code: str
    delivery_s: int | None = None


class OpenKitchen(Struct):
    """A kitchen that is locked: what it said, what it can still make, which number it gave last."""

    till_id: UUID
    capacity: Capacity
    plan: Plan
    last_number: int


class Funds(Struct):
    """What somebody can still spend: of their purse, and of what the house gave to it."""

    purse_id: UUID
    purse_cents: Cents
    bonus_cents: Cents


class Counter(Struct):
    """All that decides about orders at one moment. What an order takes of it is gone for the next one.

    `stock` has what is left of each product that is counted at an outlet.
    """

    catalogue: Catalogue | None
    event: Event | None
    derogations: Sequence[Derogation]
    kitchens: Mapping[str, OpenKitchen]
    stock: dict[Key, int]
    funds: Mapping[UUID, Funds]


class Shelf(Struct, frozen=True):
    """What decides about what is sold: a catalogue, what is on, and what is left of what is counted, by outlet."""

    catalogue: Catalogue
    event: Event
    derogations: Sequence[Derogation]
    stock: Mapping[Key, int]


class Meal(Struct, frozen=True):
    """A wish that is sold: its price, its lines, and what it asks of each station."""

    priced: Priced
    lines: tuple[FoodLine, ...]
    wanted: Mapping[Station, int]
    preparation_s: int


class Placed(Struct, frozen=True):
    """An order that is placed, with all that is written of it."""

    asked: Asked
    till_id: UUID
    number: int
    lines: tuple[FoodLine, ...]
    vat: tuple[VatTotal, ...]
    total_cents: Cents
    bonus_cents: Cents
    purse_id: UUID
    promised_at: datetime
    takes: tuple[Take, ...]


def decide(asked: Asked, counter: Counter, at: datetime) -> Placed | Refused:
    """Place an order for a moment, or say why not; then nothing is taken."""
    wish = asked.wish
    opened = _open(asked, counter)
    if isinstance(opened, Refused):
        return opened
    kitchen, shelf = opened
    meal = meal_of(wish, wish.outlet, shelf, at)
    if isinstance(meal, Refused):
        return meal
    fit = fit_of(meal, wish.slot_at, kitchen, shelf.event.ends_at)
    if isinstance(fit, Refused):
        return fit
    funds = counter.funds.get(asked.person_id)
    total_cents = meal.priced.total_cents
    of_bonus = 0 if funds is None else min(funds.bonus_cents, total_cents - deposits_of(meal.lines))
    available = 0 if funds is None else funds.purse_cents + of_bonus
    if funds is None or available < total_cents:
        return Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": available, "total_cents": total_cents})
    _take(wish, counter.stock, kitchen, meal, fit)
    shares = split(total_cents, of_bonus, funds.purse_cents)
    return _placed(asked, kitchen, funds, meal, fit=fit, shares=shares)


def _open(asked: Asked, counter: Counter) -> tuple[OpenKitchen, Shelf] | Refused:
    """The kitchen that is asked and what it sells by, where it takes such orders now."""
    wish, kitchen = asked.wish, counter.kitchens.get(asked.wish.outlet)
    if counter.event is None or counter.event.id != wish.event_id:
        return Refused(Reason.EVENT_NOT_ON)
    if kitchen is None or not kitchen.capacity.open or counter.catalogue is None:
        return CLOSED
    if wish.deliver_to is not None and (not kitchen.capacity.delivers or asked.delivery_s is None):
        return Refused(Reason.NO_DELIVERY)
    return kitchen, Shelf(counter.catalogue, counter.event, counter.derogations, counter.stock)


def meal_of(wish: FoodWish, outlet: str, shelf: Shelf, at: datetime) -> Meal | Refused:
    """What a wish is at an outlet, or why it is not sold there."""
    catalogue = shelf.catalogue
    priced = price(Basket(wish.version, wish.lines), catalogue, outlet, at, event=shelf.event)
    if isinstance(priced, Refused):
        return priced
    products = [product for line in priced.lines if (product := catalogue.product(line.item_id)) is not None]
    refusal = menu.may_sell_all(products, shelf.event, at, shelf.derogations, age_confirmed=wish.age_confirmed)
    lines = lines_of(priced.lines, catalogue)
    refusal = refusal or short_of(lines, outlet, shelf)
    if refusal is not None:
        return refusal
    wanted, preparation_s = promises.wanted_of(priced.lines, catalogue, delivered=wish.deliver_to is not None)
    return Meal(priced, lines, wanted, preparation_s)


def short_of(lines: Sequence[FoodLine], outlet: str, shelf: Shelf) -> Refused | None:
    """Refuse what is not there, of what is counted: what never came is not there."""
    for product_id, quantity in products_of(lines).items():
        product = shelf.catalogue.product(product_id)
        left = shelf.stock.get((outlet, product_id), 0)
        if product is not None and product.is_stocked and left < quantity:
            return Refused(Reason.SOLD_OUT, {"product_id": product_id, "left": max(left, 0)})
    return None


def products_of(lines: Sequence[FoodLine]) -> dict[UUID, int]:
    """How many of each product an order has."""
    found: dict[UUID, int] = {}
    for line in lines:
        if line.kind == "product":
            found[line.item_id] = found.get(line.item_id, 0) + line.quantity
    return found


def fit_of(meal: Meal, slot_at: datetime | None, kitchen: OpenKitchen, ends_at: datetime) -> Fit | Refused:
    """How a kitchen makes it: by the time that was asked for, or as soon as it can."""
    closed = promises.closed_of(meal.wanted, kitchen.capacity.per_five_minutes)
    if closed:
        return Refused(Reason.STATION_CLOSED, {"stations": closed})
    if slot_at is None:
        fit = kitchen.plan.soonest(meal.wanted, meal.preparation_s, min(kitchen.plan.now + SOON, ends_at))
    elif not kitchen.plan.is_slot(slot_at) or slot_at > ends_at:
        return Refused(Reason.SLOT_INVALID)
    else:
        fit = kitchen.plan.at(meal.wanted, meal.preparation_s, slot_at)
    return Refused(Reason.OUTLET_FULL) if fit is None else fit


def _take(wish: FoodWish, stock: dict[Key, int], kitchen: OpenKitchen, meal: Meal, fit: Fit) -> None:
    """Give the order what it takes of the kitchen and its stock."""
    kitchen.plan.take(fit)
    kitchen.last_number = kitchen.last_number % NUMBER_MAX + 1
    for product_id, quantity in products_of(meal.lines).items():
        if (wish.outlet, product_id) in stock:
            stock[wish.outlet, product_id] -= quantity


def _placed(asked: Asked, kitchen: OpenKitchen, funds: Funds, meal: Meal, *, fit: Fit, shares: Split) -> Placed:
    """The order; what the house gave is spent first, but on no cup, which comes back as money."""
    funds.bonus_cents -= shares.bonus_cents
    funds.purse_cents -= shares.wallet_cents
    return Placed(
        asked,
        kitchen.till_id,
        kitchen.last_number,
        meal.lines,
        meal.priced.vat,
        meal.priced.total_cents,
        shares.bonus_cents,
        funds.purse_id,
        fit.ready_at,
        fit.takes,
    )
