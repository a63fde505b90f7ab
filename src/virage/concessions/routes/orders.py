"""A fan orders food by phone, follows it, and cancels while the kitchen has not accepted it."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter

from virage.concessions.reads.orders import FoodOrder, FoodSlot, OutletOffer
from virage.concessions.routes.scopes import outlets_of
from virage.concessions.rules.orders import FoodWish, OutletPromises
from virage.kernel.clock import Clock
from virage.kernel.database import Database
from virage.kernel.guard import Principal, Role, signed_in, staff

EventId = Annotated[UUID, Parameter(description="What is on")]
AtPlace = Annotated[int | None, Parameter(ge=0, description="Where one sits, by its number")]
StepFree = Annotated[bool, Parameter(description="Without stairs, but for those inside a block")]
PROMISE_READERS: Final[tuple[Role, ...]] = ("finance", "programme")


@get("/outlets", opt={"public": True})
async def list_food_outlets(
    db: Database, clock: Clock, event_id: EventId, *, place: AtPlace = None, step_free: StepFree = False
) -> list[OutletOffer]:
    """The outlets that take orders, the one first at which one has a usual basket in the hand soonest."""
    raise NotImplementedError


@get("/slots", opt={"public": True})
async def list_food_slots(db: Database, clock: Clock, event_id: EventId, outlet: str) -> list[FoodSlot]:
    """When an order can be ready at an outlet, and how much of it the kitchen can make by then."""
    raise NotImplementedError


@post("/orders", status_code=200, guards=[signed_in])
async def place_food_order(data: FoodWish, principal: Principal) -> FoodOrder:
    """Order: the money is held on the purse, and captured when the kitchen accepts. The same id again is the same.

    Refused as `outlet_full` with what is next (`data.next`), and as `insufficient_funds` with `available_cents`.
    """
    raise NotImplementedError


@get("/orders", guards=[signed_in])
async def list_food_orders(db: Database, principal: Principal, *, before: datetime | None = None) -> list[FoodOrder]:
    """One's orders, the latest first; 50 at most, the next ones with `before` (their `placed_at`)."""
    raise NotImplementedError


@get("/orders/{order_id:uuid}", guards=[signed_in])
async def get_food_order(order_id: UUID, db: Database, principal: Principal) -> FoodOrder:
    """An order of one's own."""
    raise NotImplementedError


@post("/orders/{order_id:uuid}/cancel", status_code=200, guards=[signed_in])
async def cancel_food_order(order_id: UUID, db: Database, clock: Clock, principal: Principal) -> FoodOrder:
    """Cancel an order that no kitchen has accepted: what was held is free again. Cancelled again it stays cancelled."""
    raise NotImplementedError


@get("/promises", guards=[staff(*PROMISE_READERS)])
async def list_promises(
    db: Database,
    principal: Principal,
    *,
    event_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[OutletPromises]:
    """How well outlets kept what they promised, of an event or of a time, within the caller's roles."""
    outlets_of(principal, PROMISE_READERS)
    raise NotImplementedError


router = Router(
    "/api/food",
    route_handlers=[
        list_food_outlets,
        list_food_slots,
        place_food_order,
        list_food_orders,
        get_food_order,
        cancel_food_order,
    ],
)
office_router = Router("/api/office/concessions", route_handlers=[list_promises])
