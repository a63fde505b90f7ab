"""Routes of order-ahead: offers, placing, following and cancelling an order, receipts, order timing."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from virage.identity.people.types import EmailRequest
from virage.matchday.food.orders.acts.ordering import cancel
from virage.matchday.food.orders.acts.receipts import send_receipt
from virage.matchday.food.orders.reads.kitchen import timing_stats
from virage.matchday.food.orders.reads.orders import FoodOrder, FoodSlot, OutletOffer, food_orders, order_of, orders_of
from virage.matchday.food.orders.routes.food_order_service import FoodOrderService
from virage.matchday.food.orders.rules.orders import FoodOrderRequest, OutletTimingStats
from virage.matchday.food.orders.settings import FoodOrderSettings
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, Role, require_fan, signed_in, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, mount, post
from virage.platform.web.scopes import outlets_of
from virage.site.programme.types import Instant

Moment = Annotated[Instant | None, Meta(description="With its time zone")]
EventId = Annotated[UUID, Meta(description="The event")]
AtPlace = Annotated[int, Meta(ge=0, description="The fan's place, by number")] | None
StepFree = Annotated[bool, Meta(description="Step-free route up to the block")]
TIMING_READERS: Final[tuple[Role, ...]] = ("finance", "programme")


@get("/outlets", public=True)
async def list_food_outlets(
    food_order_service: FoodOrderService,
    clock: Clock,
    event_id: EventId,
    *,
    place: AtPlace = None,
    step_free: StepFree = False,
) -> list[OutletOffer]:
    """Return outlets, fastest first for a typical basket; closed ones last, with the reason.

    `place` is the fan's place; without it the walk is left out.
    """
    return await food_order_service.reads.outlets(event_id, place, clock.now(), step_free=step_free)


@get("/slots", public=True)
async def list_food_slots(
    food_order_service: FoodOrderService, clock: Clock, event_id: EventId, outlet: str
) -> list[FoodSlot]:
    """Return the pick-up times of an outlet with its remaining capacity."""
    return await food_order_service.reads.slots(event_id, outlet, clock.now())


@get("/sold-out", public=True)
async def list_sold_out(food_order_service: FoodOrderService, outlet: str) -> list[UUID]:
    """Return the ids of products sold out at an outlet."""
    return await food_order_service.reads.sold_out(outlet)


@post("/orders", status_code=200, guards=[signed_in])
async def place_food_order(
    data: FoodOrderRequest, food_order_service: FoodOrderService, principal: Principal
) -> FoodOrder:
    """Place an order: the price is held on the wallet and captured when the kitchen accepts. Idempotent by `id`.

    Refused as `outlet_full` with alternatives (`data.next`), and as `insufficient_funds` with `available_cents`.
    """
    return granted(await food_order_service.order(require_fan(principal), data))


@get("/orders", guards=[signed_in])
async def list_food_orders(db: Database, principal: Principal, *, before: Moment = None) -> list[FoodOrder]:
    """Return the caller's orders, latest first, 50 at most; more with `before` (a `placed_at`)."""
    async with db.connection() as conn:
        return await orders_of(conn, require_fan(principal), before)


@get("/orders/{order_id:uuid}", guards=[signed_in])
async def get_food_order(order_id: UUID, db: Database, principal: Principal) -> FoodOrder:
    """Return an order of the caller."""
    async with db.connection() as conn:
        found = await order_of(conn, require_fan(principal), order_id)
    if found is None:
        raise Problem("not_found")
    return found


@post("/orders/{order_id:uuid}/cancel", status_code=200, guards=[signed_in])
async def cancel_food_order(order_id: UUID, db: Database, clock: Clock, principal: Principal) -> FoodOrder:
    """Cancel an order that no kitchen has accepted; its hold is released. Idempotent."""
    order = granted(await db.transact(cancel, order_id, require_fan(principal), clock.now()))
    async with db.connection() as conn:
        return (await food_orders(conn, [order]))[0]


@post("/orders/{order_id:uuid}/receipt", status_code=202, guards=[signed_in])
async def send_food_receipt(
    order_id: UUID, data: EmailRequest, db: Database, clock: Clock, principal: Principal
) -> None:
    """Email the receipt of a paid order to the caller: once a minute, five times an hour."""
    granted(await db.transact(send_receipt, order_id, data.id, require_fan(principal), clock.now()))


@get("/order-timing", guards=[staff(*TIMING_READERS)])
async def list_order_timing(
    db: Database,
    config: Config,
    principal: Principal,
    *,
    event_id: UUID | None = None,
    since: Moment = None,
    until: Moment = None,
) -> list[OutletTimingStats]:
    """Return the order timing of outlets for an event or a period, within the caller's roles."""
    late = timedelta(minutes=config.of(FoodOrderSettings).voucher_late_min)
    outlets = outlets_of(principal, TIMING_READERS)
    async with db.connection() as conn:
        return await timing_stats(conn, outlets, late, event_id=event_id, since=since, until=until)


router = mount(
    "/api/food",
    [
        list_food_outlets,
        list_food_slots,
        list_sold_out,
        place_food_order,
        list_food_orders,
        get_food_order,
        cancel_food_order,
        send_food_receipt,
    ],
)
office_router = mount("/api/office/food", [list_order_timing])
