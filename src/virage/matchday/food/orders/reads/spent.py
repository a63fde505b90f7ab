"""What people spent on food orders, for points."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.orders import store
from virage.matchday.food.orders.rules.orders import FoodState, Order
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


class FoodSpent(Struct, frozen=True):
    """What is left to the seller of a food order that a kitchen accepted: nothing after its refund.

    Deposits, bonus credit, and products with an age limit are left out. `paid_at` is when the kitchen accepted it.
    """

    id: UUID
    person_id: UUID | None
    event_id: UUID
    paid_at: datetime
    cents: Cents


async def food_spent(conn: Connection, order_ids: Sequence[UUID]) -> list[FoodSpent]:
    """Return what was spent on food orders; those that no kitchen accepted are left out."""
    orders = await store.orders(conn, order_ids)
    return [
        FoodSpent(order.id, order.person_id, order.event_id, order.accepted_at, _cents(order))
        for order in orders.values()
        if order.accepted_at is not None
    ]


def _cents(order: Order) -> Cents:
    if order.state is FoodState.REFUNDED:
        return 0
    lines = [line for line in order.lines if line.kind != "deposit" and not line.age_limit]
    return max(0, sum(line.gross_cents for line in lines) - order.bonus_cents)
