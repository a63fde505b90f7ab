"""The kitchen's doors: what is before it, what it can make, each step of an order, and what runners carry."""

from typing import Final
from uuid import UUID

from litestar import Router, get, post, put

from virage.concessions.reads.orders import KitchenBoard, KitchenTicket, Run
from virage.concessions.rules.orders import Capacity, FoodDecline, FoodRefund, HandedToPlace, HandOver
from virage.kernel.clock import Clock
from virage.kernel.database import Database
from virage.kernel.guard import Principal, Role, staff

KITCHEN: Final[tuple[Role, ...]] = ("kitchen", "cashier", "finance")
"""Who works in a kitchen, or answers for it."""
ANSWERS: Final[tuple[Role, ...]] = ("cashier", "finance")
"""Who answers for the money of an outlet: hands over without a code, and refunds."""


@get("/", guards=[staff(*KITCHEN)])
async def get_kitchen(outlet: str, db: Database, clock: Clock, principal: Principal) -> KitchenBoard:
    """What is before a kitchen, and how it stands with what it promised."""
    raise NotImplementedError


@put("/capacity", status_code=200, guards=[staff(*KITCHEN)])
async def put_kitchen_capacity(
    outlet: str, data: Capacity, *, db: Database, clock: Clock, principal: Principal
) -> Capacity:
    """Say what the kitchen can make every five minutes, and whether it takes orders. What was promised stays."""
    raise NotImplementedError


@post("/orders/{order_id:uuid}/accept", status_code=200, guards=[staff(*KITCHEN)])
async def accept_food_order(
    outlet: str, order_id: UUID, db: Database, clock: Clock, principal: Principal
) -> KitchenTicket:
    """Accept: the money is captured, and the sale is written by the outlet's till of the house."""
    raise NotImplementedError


@post("/orders/{order_id:uuid}/decline", status_code=200, guards=[staff(*KITCHEN)])
async def decline_food_order(
    outlet: str, order_id: UUID, data: FoodDecline, *, db: Database, clock: Clock, principal: Principal
) -> KitchenTicket:
    """Decline an order that was not accepted: what was held is free again."""
    raise NotImplementedError


@post("/orders/{order_id:uuid}/ready", status_code=200, guards=[staff(*KITCHEN)])
async def food_order_ready(
    outlet: str, order_id: UUID, db: Database, clock: Clock, principal: Principal
) -> KitchenTicket:
    """Say that an order can be fetched, or be brought to its place: the fan is told."""
    raise NotImplementedError


@post("/orders/{order_id:uuid}/hand-over", status_code=200, guards=[staff(*KITCHEN)])
async def hand_over_food_order(
    outlet: str, order_id: UUID, data: HandOver, *, db: Database, clock: Clock, principal: Principal
) -> KitchenTicket:
    """Hand over against the code that the fan shows; five wrong ones lock it.

    Without a code: by a cashier, finance or an administrator of the outlet.
    """
    raise NotImplementedError


@post("/orders/{order_id:uuid}/delivered", status_code=200, guards=[staff(*KITCHEN)])
async def food_order_delivered(
    outlet: str, order_id: UUID, data: HandedToPlace, *, db: Database, clock: Clock, principal: Principal
) -> KitchenTicket:
    """Say that an order was brought to its place."""
    raise NotImplementedError


@post("/orders/{order_id:uuid}/refund", status_code=200, guards=[staff(*ANSWERS)])
async def refund_food_order(
    outlet: str, order_id: UUID, data: FoodRefund, *, db: Database, clock: Clock, principal: Principal
) -> KitchenTicket:
    """Give an order back whole that was accepted: onto the purse that paid it, bonus to bonus."""
    raise NotImplementedError


@get("/runs", guards=[staff(*KITCHEN)])
async def list_kitchen_runs(outlet: str, db: Database, principal: Principal) -> list[Run]:
    """What runners carry now, block by block, the oldest promise first."""
    raise NotImplementedError


router = Router(
    "/api/kitchen/{outlet:str}",
    route_handlers=[
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
