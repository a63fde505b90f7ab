"""Routes of the kitchen: board, capacity, steps of an order, deliveries."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from virage.identity.keys.types import KeyVault
from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.menu.types import has_outlet
from virage.matchday.food.orders.acts import kitchen as acts
from virage.matchday.food.orders.acts.kitchen import Step
from virage.matchday.food.orders.reads import kitchen as reads
from virage.matchday.food.orders.reads.kitchen import DeliveryRun, KitchenBoard, KitchenTicket
from virage.matchday.food.orders.rules.orders import (
    KITCHEN_ROLES,
    DeclineRequest,
    DeliveryConfirmation,
    FoodRefundRequest,
    HandOver,
    KitchenCapacity,
    Order,
)
from virage.matchday.food.orders.settings import FoodOrderSettings
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role, fresh, require_fan, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, mount, post, put
from virage.platform.web.scopes import at_outlets
from virage.site.venue import api as venue

OUTLET_MANAGERS: Final[tuple[Role, ...]] = ("cashier", "finance")
"""Roles that may hand over without a code, and refund."""


@get("/", guards=[staff(*KITCHEN_ROLES)])
async def get_kitchen(
    outlet: str, *, db: Database, clock: Clock, config: Config, catalogues: Catalogues, principal: Principal
) -> KitchenBoard:
    """Return a kitchen's board with its order timing."""
    async with db.connection() as conn:
        await _require_outlet(conn, principal, outlet)
        return await reads.board(conn, catalogues, outlet, _late(config), clock.now())


@put("/capacity", status_code=200, guards=[staff(*KITCHEN_ROLES)])
async def put_kitchen_capacity(
    outlet: str, data: KitchenCapacity, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> KitchenCapacity:
    """Set the capacity of a kitchen, and whether it takes orders. Placed orders keep their times."""
    at_outlets(principal, KITCHEN_ROLES, [outlet])
    return granted(await db.transact(acts.set_capacity, vault, outlet, data, who=principal.id, now=clock.now()))


@post("/orders/{order_id:uuid}/accept", status_code=200, guards=[staff(*KITCHEN_ROLES)])
async def accept_food_order(
    outlet: str, order_id: UUID, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> KitchenTicket:
    """Accept an order: the payment is captured, and the outlet's order-ahead till writes the sale."""
    step = _step(principal, outlet, order_id)
    return await _ticket(db, await db.transact(acts.accept, vault, step, clock.now()))


@post("/orders/{order_id:uuid}/decline", status_code=200, guards=[staff(*KITCHEN_ROLES)])
async def decline_food_order(
    outlet: str, order_id: UUID, data: DeclineRequest, *, db: Database, clock: Clock, principal: Principal
) -> KitchenTicket:
    """Decline a waiting order; its hold is released."""
    step = _step(principal, outlet, order_id)
    return await _ticket(db, await db.transact(acts.decline, step, data.reason, clock.now()))


@post("/orders/{order_id:uuid}/ready", status_code=200, guards=[staff(*KITCHEN_ROLES)])
async def food_order_ready(
    outlet: str, order_id: UUID, *, db: Database, clock: Clock, config: Config, principal: Principal
) -> KitchenTicket:
    """Mark an order as ready for pick-up or delivery; the fan is notified."""
    step = _step(principal, outlet, order_id)
    return await _ticket(db, await db.transact(acts.ready, step, _late(config), clock.now()))


@post("/orders/{order_id:uuid}/hand-over", status_code=200, guards=[staff(*KITCHEN_ROLES)])
async def hand_over_food_order(
    outlet: str, order_id: UUID, data: HandOver, *, db: Database, clock: Clock, principal: Principal
) -> KitchenTicket:
    """Hand over an order against the fan's code; five wrong codes lock it.

    Without a code: for a cashier, finance or an administrator of the outlet.
    """
    step = _step(principal, outlet, order_id)
    if data.code is None:
        at_outlets(principal, OUTLET_MANAGERS, [outlet])
    outcome = await db.transact(acts.hand_over, step, data.code, clock.now(), age_checked=data.age_checked)
    return await _ticket(db, outcome)


@post("/orders/{order_id:uuid}/delivered", status_code=200, guards=[staff(*KITCHEN_ROLES)])
async def food_order_delivered(
    outlet: str, order_id: UUID, data: DeliveryConfirmation, *, db: Database, clock: Clock, principal: Principal
) -> KitchenTicket:
    """Mark an order as delivered."""
    step = _step(principal, outlet, order_id)
    return await _ticket(db, await db.transact(acts.delivered, step, clock.now(), age_checked=data.age_checked))


@post("/orders/{order_id:uuid}/refund", status_code=200, guards=[staff(*OUTLET_MANAGERS)])
async def refund_food_order(
    outlet: str,
    order_id: UUID,
    data: FoodRefundRequest,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    principal: Principal,
) -> KitchenTicket:
    """Refund an accepted order in full, to the wallet and the bonus that paid it.

    Needs a sign-in of the last 15 minutes.
    """
    at_outlets(principal, OUTLET_MANAGERS, [outlet])
    step, now = _step(principal, outlet, order_id), clock.now()
    fresh(principal, now)
    return await _ticket(db, await db.transact(acts.refund, vault, step, data.reason, now))


@get("/runs", guards=[staff(*KITCHEN_ROLES)])
async def list_kitchen_runs(outlet: str, db: Database, clock: Clock, principal: Principal) -> list[DeliveryRun]:
    """Return current deliveries by block, earliest first, with the route to the first stop."""
    async with db.connection() as conn:
        await _require_outlet(conn, principal, outlet)
        found, today = await reads.runs(conn, outlet, clock.now())
    return [await reads.with_way(planned, outlet, today) for planned in found]


async def _require_outlet(conn: Connection, principal: Principal, outlet: str) -> None:
    at_outlets(principal, KITCHEN_ROLES, [outlet])
    if not has_outlet(await venue.venues(conn), outlet):
        raise Problem("not_found", {"outlet": outlet})


def _step(principal: Principal, outlet: str, order_id: UUID) -> Step:
    """Return the step of a staff member. The sale names a person, so API clients are refused."""
    at_outlets(principal, KITCHEN_ROLES, [outlet])
    return Step(outlet, order_id, require_fan(principal))


async def _ticket(db: Database, outcome: Order | Refused) -> KitchenTicket:
    order = granted(outcome)
    async with db.connection() as conn:
        return (await reads.tickets_of(conn, [order]))[0]


def _late(config: Config) -> timedelta:
    return timedelta(minutes=config.of(FoodOrderSettings).voucher_late_min)


router = mount(
    "/api/kitchen/{outlet:str}",
    [
        get_kitchen,
        put_kitchen_capacity,
        accept_food_order,
        decline_food_order,
        food_order_ready,
        hand_over_food_order,
        food_order_delivered,
        refund_food_order,
        list_kitchen_runs,
    ],
)
