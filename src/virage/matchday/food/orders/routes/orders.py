"""A fan orders food by phone, follows it, and cancels while the kitchen has not accepted it."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from virage.identity.people.types import LetterWish
from virage.matchday.food.orders.acts.ordering import cancel
from virage.matchday.food.orders.acts.receipts import send_receipt
from virage.matchday.food.orders.reads.kitchen import promises
from virage.matchday.food.orders.reads.orders import FoodOrder, FoodSlot, OutletOffer, order_of, orders_of, view_of
from virage.matchday.food.orders.routes.food_desk import FoodDesk
from virage.matchday.food.orders.rules.orders import FoodWish, OutletPromises
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
EventId = Annotated[UUID, Meta(description="What is on")]
AtPlace = Annotated[int, Meta(ge=0, description="Where one sits, by its number")] | None
StepFree = Annotated[bool, Meta(description="Without stairs, but for those inside a block")]
PROMISE_READERS: Final[tuple[Role, ...]] = ("finance", "programme")


@get("/outlets", public=True)
async def list_food_outlets(
    food_desk: FoodDesk, clock: Clock, event_id: EventId, *, place: AtPlace = None, step_free: StepFree = False
) -> list[OutletOffer]:
    """The outlets that take orders, the one first at which one has a usual basket in the hand soonest.

    `place` is where one sits; without it nobody walks. Outlets that take none come last, with why.
    """
    return await food_desk.reads.outlets(event_id, place, clock.now(), step_free=step_free)


@get("/slots", public=True)
async def list_food_slots(food_desk: FoodDesk, clock: Clock, event_id: EventId, outlet: str) -> list[FoodSlot]:
    """When an order can be ready at an outlet, and how much of it the kitchen can make by then."""
    return await food_desk.reads.slots(event_id, outlet, clock.now())


@get("/sold-out", public=True)
async def list_sold_out(food_desk: FoodDesk, outlet: str) -> list[UUID]:
    """The products of which nothing is left at an outlet, for its menu."""
    return await food_desk.reads.sold_out(outlet)


@post("/orders", status_code=200, guards=[signed_in])
async def place_food_order(data: FoodWish, food_desk: FoodDesk, principal: Principal) -> FoodOrder:
    """Order: the money is held on the purse, and captured when the kitchen accepts. The same id again is the same.

    Refused as `outlet_full` with what is next (`data.next`), and as `insufficient_funds` with `available_cents`.
    """
    return granted(await food_desk.order(require_fan(principal), data))


@get("/orders", guards=[signed_in])
async def list_food_orders(db: Database, principal: Principal, *, before: Moment = None) -> list[FoodOrder]:
    """One's orders, the latest first; 50 at most, the next ones with `before` (their `placed_at`)."""
    async with db.connection() as conn:
        return await orders_of(conn, require_fan(principal), before)


@get("/orders/{order_id:uuid}", guards=[signed_in])
async def get_food_order(order_id: UUID, db: Database, principal: Principal) -> FoodOrder:
    """An order of one's own."""
    async with db.connection() as conn:
        found = await order_of(conn, require_fan(principal), order_id)
    if found is None:
        raise Problem("not_found")
    return found


@post("/orders/{order_id:uuid}/cancel", status_code=200, guards=[signed_in])
async def cancel_food_order(order_id: UUID, db: Database, clock: Clock, principal: Principal) -> FoodOrder:
    """Cancel an order that no kitchen has accepted: what was held is free again. Cancelled again it stays cancelled."""
    return view_of(granted(await db.transact(cancel, order_id, require_fan(principal), clock.now())))


@post("/orders/{order_id:uuid}/receipt", status_code=202, guards=[signed_in])
async def send_food_receipt(order_id: UUID, data: LetterWish, db: Database, clock: Clock, principal: Principal) -> None:
    """Send me the receipt of an order that was paid for, by email: once a minute, and five times an hour."""
    granted(await db.transact(send_receipt, order_id, data.id, require_fan(principal), clock.now()))


@get("/promises", guards=[staff(*PROMISE_READERS)])
async def list_promises(
    db: Database,
    config: Config,
    principal: Principal,
    *,
    event_id: UUID | None = None,
    since: Moment = None,
    until: Moment = None,
) -> list[OutletPromises]:
    """How well outlets kept what they promised, of an event or of a time, within the caller's roles."""
    late = timedelta(minutes=config.of(FoodOrderSettings).voucher_late_min)
    outlets = outlets_of(principal, PROMISE_READERS)
    async with db.connection() as conn:
        return await promises(conn, outlets, late, event_id=event_id, since=since, until=until)


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
office_router = mount("/api/office/concessions", [list_promises])
