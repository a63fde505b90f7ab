"""Routes for the waiting list of an event: the caller's entry."""

from uuid import UUID

from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import delete, get, put
from virage.sale.ticketing.acts import waiting as acts
from virage.sale.ticketing.reads import waiting as reads
from virage.sale.ticketing.reads.waiting import MyWaiting, WaitingView
from virage.sale.ticketing.routes.order_service import OrderService
from virage.sale.ticketing.rules.waiting import WaitingRequest


@get("/waiting/{event_id:uuid}", guards=[signed_in])
async def get_my_waiting_entry(event_id: UUID, db: Database, clock: Clock, principal: Principal) -> MyWaiting:
    """Return the caller's entry on the waiting list of an event."""
    async with db.connection() as conn:
        return await reads.mine(conn, event_id, require_fan(principal), clock.now())


@put("/waiting/{event_id:uuid}", guards=[signed_in])
async def join_waiting_list(  # noqa: PLR0917 - an event, a wish and the sale in memory
    event_id: UUID,
    data: WaitingRequest,
    db: Database,
    clock: Clock,
    order_service: OrderService,
    principal: Principal,
) -> WaitingView:
    """Join the waiting list of an event, or change what the caller waits for. Refused while such seats are free."""
    fan_id, now = require_fan(principal), clock.now()
    sale = await order_service.sales.get(event_id)
    if sale is None:
        raise Problem("not_found")

    async def join(conn: Connection) -> WaitingView | Refused:
        entry = await acts.join(conn, sale, data, fan_id, now)
        return entry if isinstance(entry, Refused) else await reads.view(conn, entry, now)

    return granted(await db.transact(join))


@delete("/waiting/{event_id:uuid}", status_code=204, guards=[signed_in])
async def leave_waiting_list(event_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Leave the waiting list of an event."""
    async with db.transaction() as conn:
        await acts.leave(conn, event_id, require_fan(principal), clock.now())
