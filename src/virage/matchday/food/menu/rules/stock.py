"""What an outlet has: movements are facts, the level beside them is their sum, and only sales bring it below zero."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.matchday.food.menu.rules.catalogue import OutletCode
from virage.platform.values.refusals import Refused, invalid_inputs

LINES_MAX: Final = 200
QUANTITY_MAX: Final = 100_000

Key = tuple[str, UUID]
"""An outlet and a product."""
Kind = Literal["delivery", "sale", "waste", "count", "transfer"]
Quantity = Annotated[int, Meta(ge=0, le=QUANTITY_MAX)]


class Reason(StrEnum):
    """Why nothing moves."""

    SHORT = "stock_short"
    ID_TAKEN = "id_taken"
    NOT_FOUND = "not_found"


class StockLine(Struct, frozen=True, forbid_unknown_fields=True):
    """So many pieces of a product."""

    product_id: UUID
    quantity: Quantity


class StockWish(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody saw happen to the stock of an outlet; the asker makes `id`: sent twice, it happened once.

    `delivery`: so many came. `waste`: so many went without being sold. `count`: so many are there. `transfer`: so many
    went to `to_outlet`.
    """

    id: UUID
    kind: Literal["delivery", "waste", "count", "transfer"]
    outlet: OutletCode
    lines: Annotated[list[StockLine], Meta(min_length=1, max_length=LINES_MAX)]
    to_outlet: OutletCode | None = None


class Movement(Struct, frozen=True):
    """So many more (or fewer) of a product at an outlet, once and for ever; `id` is the document's, or the sale's."""

    id: UUID
    outlet: str
    product_id: UUID
    kind: Kind
    quantity: int


class MovementRow(Movement, frozen=True):
    """A movement as it is told: when it happened, and who wrote it down."""

    at: datetime
    who: UUID | None


class Level(Struct, frozen=True):
    """What an outlet has of a product. At `low_at` or below somebody is told; None: nobody."""

    outlet: str
    product_id: UUID
    level: int
    low_at: int | None = None


class Alarm(StrEnum):
    """What is wrong with a level, the worst first."""

    BELOW_ZERO = "below_zero"
    EMPTY = "empty"
    LOW = "low"


class Alert(Struct, frozen=True):
    """A level that somebody should see to."""

    outlet: str
    product_id: UUID
    level: int
    low_at: int | None
    alarm: Alarm


def digest(wish: StockWish) -> bytes:
    """What makes two documents the same document."""
    return sha256(msgspec.json.encode(wish, order="sorted")).digest()


def check_wish(wish: StockWish, outlets: Collection[str], stocked: Collection[UUID]) -> Refused | None:
    """Refuse a document that means nothing, with every field; `stocked` are the products that are counted."""
    errors = []
    if wish.outlet not in outlets:
        errors.append(("outlet", f"There is no outlet {wish.outlet!r}."))
    if (wish.kind == "transfer") != (wish.to_outlet is not None):
        errors.append(("to_outlet", "A transfer, and nothing else, goes to another outlet."))
    elif wish.to_outlet is not None and (wish.to_outlet not in outlets or wish.to_outlet == wish.outlet):
        errors.append(("to_outlet", "A transfer goes to another outlet of the ground."))
    if len({line.product_id for line in wish.lines}) < len(wish.lines):
        errors.append(("lines", "A product stands once in a document."))
    for number, line in enumerate(wish.lines):
        if line.product_id not in stocked:
            errors.append((f"lines.{number}.product_id", "There is no such product whose stock is counted."))
        if line.quantity == 0 and wish.kind != "count":
            errors.append((f"lines.{number}.quantity", "Nothing moved."))
    return invalid_inputs(errors) if errors else None


def keys_of(wish: StockWish) -> list[Key]:
    """The levels that a document moves, in the order in which they are locked."""
    outlets = [wish.outlet] if wish.to_outlet is None else [wish.outlet, wish.to_outlet]
    return sorted((outlet, line.product_id) for outlet in outlets for line in wish.lines)


def movements(wish: StockWish, levels: Mapping[Key, int]) -> list[Movement] | Refused:
    """Return what a document moves, from the levels as they are; refused where more would go than is there.

    A count moves the difference to what was thought to be there: also by nothing, for it was seen.
    """
    moved: list[Movement] = []
    for line in wish.lines:
        there = levels.get((wish.outlet, line.product_id), 0)
        if wish.kind in ("waste", "transfer") and line.quantity > there:
            return Refused(Reason.SHORT, {"product_id": line.product_id, "level": there})
        quantity = {
            "delivery": line.quantity,
            "waste": -line.quantity,
            "count": line.quantity - there,
            "transfer": -line.quantity,
        }[wish.kind]
        moved.append(Movement(wish.id, wish.outlet, line.product_id, wish.kind, quantity))
        if wish.to_outlet is not None:
            moved.append(Movement(wish.id, wish.to_outlet, line.product_id, wish.kind, line.quantity))
    return moved


def alert_of(level: Level) -> Alert | None:
    """Return what somebody should see to: a level below zero always, others where a threshold was set."""
    if level.level < 0:
        alarm = Alarm.BELOW_ZERO
    elif level.low_at is None or level.level > level.low_at:
        return None
    else:
        alarm = Alarm.LOW if level.level else Alarm.EMPTY
    return Alert(level.outlet, level.product_id, level.level, level.low_at, alarm)
