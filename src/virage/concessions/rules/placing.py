"""Whether an order is placed: its price, its age, its kitchen, its time and its money, each on what others have left."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.concessions.rules import alcohol, promises
from virage.concessions.rules.alcohol import Derogation
from virage.concessions.rules.catalogue import Catalogue
from virage.concessions.rules.orders import (
    NUMBER_MAX,
    Capacity,
    FoodLine,
    FoodWish,
    Reason,
    lines_of,
)
from virage.concessions.rules.pricing import Basket, Priced, VatTotal, price
from virage.concessions.rules.promises import SOON, Fit, Plan, Take
from virage.concessions.rules.stock import Key
from virage.kernel.money import Cents
from virage.kernel.problems import Refused
from virage.programme.rules import Event

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


def decide(asked: Asked, counter: Counter, now: datetime) -> Placed | Refused:
    """Place an order, or say why not; then nothing is taken."""
    wish = asked.wish
    kitchen = counter.kitchens.get(wish.outlet)
    if counter.event is None or counter.event.id != wish.event_id:
        return Refused(Reason.EVENT_NOT_ON)
    if kitchen is None or not kitchen.capacity.open or counter.catalogue is None:
        return CLOSED
    if wish.deliver_to is not None and (not kitchen.capacity.delivers or asked.delivery_s is None):
        return Refused(Reason.NO_DELIVERY)
    priced = _priced(wish, counter, counter.catalogue, now)
    if isinstance(priced, Refused):
        return priced
    lines = lines_of(priced.lines, counter.catalogue)
    refusal = short_of(lines, wish.outlet, counter.stock)
    if refusal is not None:
        return refusal
    fit = fit_of(priced, wish, kitchen.capacity, kitchen.plan, counter.catalogue, counter.event.ends_at)
    if isinstance(fit, Refused):
        return fit
    funds = counter.funds.get(asked.person_id)
    available = 0 if funds is None else funds.purse_cents + funds.bonus_cents
    if funds is None or available < priced.total_cents:
        return Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": available, "total_cents": priced.total_cents})
    return _take(asked, counter, kitchen, funds, priced, lines, fit)


def _priced(wish: FoodWish, counter: Counter, catalogue: Catalogue, now: datetime) -> Priced | Refused:
    """What it costs, and whether it may be sold to whoever asks."""
    basket = Basket(wish.version, wish.lines)
    priced = price(basket, catalogue, wish.outlet, now, event=counter.event)
    if isinstance(priced, Refused):
        return priced
    products = [product for line in priced.lines if (product := catalogue.product(line.item_id)) is not None]
    refusal = alcohol.may_sell_all(
        products, counter.event, now, counter.derogations, age_confirmed=wish.age_confirmed
    )
    return refusal or priced


def short_of(lines: Sequence[FoodLine], outlet: str, stock: Mapping[Key, int]) -> Refused | None:
    """Refuse what is not there, where it is counted."""
    for product_id, quantity in products_of(lines).items():
        left = stock.get((outlet, product_id))
        if left is not None and left < quantity:
            return Refused(Reason.SOLD_OUT, {"product_id": product_id, "left": max(left, 0)})
    return None


def products_of(lines: Sequence[FoodLine]) -> dict[UUID, int]:
    """How many of each product an order has."""
    found: dict[UUID, int] = {}
    for line in lines:
        if line.kind == "product":
            found[line.item_id] = found.get(line.item_id, 0) + line.quantity
    return found


def fit_of(
    priced: Priced, wish: FoodWish, capacity: Capacity, plan: Plan, catalogue: Catalogue, ends_at: datetime
) -> Fit | Refused:
    """How a kitchen makes an order: by the time that was asked for, or as soon as it can."""
    wanted, preparation_s = promises.wanted_of(priced.lines, catalogue)
    closed = promises.closed_of(wanted, capacity.per_five_minutes)
    if closed:
        return Refused(Reason.STATION_CLOSED, {"stations": closed})
    if wish.slot_at is None:
        fit = plan.soonest(wanted, preparation_s, min(plan.now + SOON, ends_at))
    elif not plan.is_slot(wish.slot_at) or wish.slot_at > ends_at + promises.INTERVAL:
        return Refused(Reason.SLOT_INVALID)
    else:
        fit = plan.at(wanted, preparation_s, wish.slot_at)
    return Refused(Reason.OUTLET_FULL) if fit is None else fit


def _take(
    asked: Asked,
    counter: Counter,
    kitchen: OpenKitchen,
    funds: Funds,
    priced: Priced,
    lines: tuple[FoodLine, ...],
    fit: Fit,
) -> Placed:
    """Give the order what it takes, of the kitchen, the stock and the purse; what was given is spent first."""
    kitchen.plan.take(fit)
    kitchen.last_number = kitchen.last_number % NUMBER_MAX + 1
    for product_id, quantity in products_of(lines).items():
        key = (asked.wish.outlet, product_id)
        if key in counter.stock:
            counter.stock[key] -= quantity
    bonus_cents = min(funds.bonus_cents, priced.total_cents)
    funds.bonus_cents -= bonus_cents
    funds.purse_cents -= priced.total_cents - bonus_cents
    return Placed(
        asked,
        kitchen.till_id,
        kitchen.last_number,
        lines,
        priced.vat,
        priced.total_cents,
        bonus_cents,
        funds.purse_id,
        fit.ready_at,
        fit.takes,
    )

