"""Stock of an outlet: immutable movements, and levels that are their sums. Only sales bring a level below zero."""

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
    """Refusal codes of stock documents."""

    SHORT = "stock_short"
    ID_TAKEN = "id_taken"
    NOT_FOUND = "not_found"


class StockLine(Struct, frozen=True, forbid_unknown_fields=True):
    """Quantity of a product."""

    product_id: UUID
    quantity: Quantity


class StockRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A stock document of an outlet. The client makes `id`; a repeated document is recorded once.

    `delivery`: quantities received. `waste`: quantities lost. `count`: quantities in stock. `transfer`: quantities
    sent to `to_outlet`.
    """

    id: UUID
    kind: Literal["delivery", "waste", "count", "transfer"]
    outlet: OutletCode
    lines: Annotated[list[StockLine], Meta(min_length=1, max_length=LINES_MAX)]
    to_outlet: OutletCode | None = None


class Movement(Struct, frozen=True):
    """A signed quantity of a product at an outlet; `id` is that of the document or the sale."""

    id: UUID
    outlet: str
    product_id: UUID
    kind: Kind
    quantity: int


class StockMovement(Movement, frozen=True):
    """A movement with its time and author."""

    at: datetime
    who: UUID | None


class StockLevel(Struct, frozen=True):
    """Stock level of a product at an outlet. `low_at` is the alert threshold, None for none."""

    outlet: str
    product_id: UUID
    level: int
    low_at: int | None = None


class StockAlarm(StrEnum):
    """Kinds of stock alerts, worst first."""

    BELOW_ZERO = "below_zero"
    EMPTY = "empty"
    LOW = "low"


class StockAlert(Struct, frozen=True):
    """A stock level that needs attention."""

    outlet: str
    product_id: UUID
    level: int
    low_at: int | None
    alarm: StockAlarm


def digest(request: StockRequest) -> bytes:
    """Return the hash that identifies the content of a document."""
    return sha256(msgspec.json.encode(request, order="sorted")).digest()


def check_request(request: StockRequest, outlets: Collection[str], stocked: Collection[UUID]) -> Refused | None:
    """Refuse an invalid document with all its errors; `stocked` are the products with tracked stock."""
    errors = []
    if request.outlet not in outlets:
        errors.append(("outlet", f"There is no outlet {request.outlet!r}."))
    if (request.kind == "transfer") != (request.to_outlet is not None):
        errors.append(("to_outlet", "A transfer needs another outlet; other documents have none."))
    elif request.to_outlet is not None and (request.to_outlet not in outlets or request.to_outlet == request.outlet):
        errors.append(("to_outlet", "A transfer needs another outlet."))
    if len({line.product_id for line in request.lines}) < len(request.lines):
        errors.append(("lines", "A product may appear once in a document."))
    for number, line in enumerate(request.lines):
        if line.product_id not in stocked:
            errors.append((f"lines.{number}.product_id", "The stock of this product is not tracked."))
        if line.quantity == 0 and request.kind != "count":
            errors.append((f"lines.{number}.quantity", "The quantity must be above zero."))
    return invalid_inputs(errors) if errors else None


def keys_of(request: StockRequest) -> list[Key]:
    """Return the levels that a document changes, in the order of their locks."""
    outlets = [request.outlet] if request.to_outlet is None else [request.outlet, request.to_outlet]
    return sorted((outlet, line.product_id) for outlet in outlets for line in request.lines)


def movements(request: StockRequest, levels: Mapping[Key, int]) -> list[Movement] | Refused:
    """Return the movements of a document for the current levels; refuse waste and transfers beyond the stock.

    A count moves the difference to the level, also if it is zero: it proves that the stock was counted.
    """
    moved: list[Movement] = []
    for line in request.lines:
        there = levels.get((request.outlet, line.product_id), 0)
        if request.kind in ("waste", "transfer") and line.quantity > there:
            return Refused(Reason.SHORT, {"product_id": line.product_id, "level": there})
        quantity = {
            "delivery": line.quantity,
            "waste": -line.quantity,
            "count": line.quantity - there,
            "transfer": -line.quantity,
        }[request.kind]
        moved.append(Movement(request.id, request.outlet, line.product_id, request.kind, quantity))
        if request.to_outlet is not None:
            moved.append(Movement(request.id, request.to_outlet, line.product_id, request.kind, line.quantity))
    return moved


def alert_of(level: StockLevel) -> StockAlert | None:
    """Return the alert of a level: always if it is negative, otherwise by its threshold."""
    if level.level < 0:
        alarm = StockAlarm.BELOW_ZERO
    elif level.low_at is None or level.level > level.low_at:
        return None
    else:
        alarm = StockAlarm.LOW if level.level else StockAlarm.EMPTY
    return StockAlert(level.outlet, level.product_id, level.level, level.low_at, alarm)
