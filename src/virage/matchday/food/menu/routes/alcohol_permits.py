"""Routes of alcohol permits; staff see the permits of their organisers."""

from uuid import UUID

from virage.matchday.food.menu.acts import alcohol_permits as acts
from virage.matchday.food.menu.reads import catalogue as reads
from virage.matchday.food.menu.routes.roles import PRICE_EDITORS
from virage.matchday.food.menu.rules.alcohol import AlcoholPermit, AlcoholPermitRequest
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, fresh, holds, require, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import delete, get, mount, post
from virage.platform.web.scopes import organisers_of


@get("/alcohol-permits", guards=[staff(*PRICE_EDITORS)])
async def list_alcohol_permits(db: Database, principal: Principal) -> list[AlcoholPermit]:
    """Return the permits within the caller's roles, latest start first, 500 at most."""
    async with db.connection() as conn:
        return await reads.alcohol_permits(conn, organisers_of(principal, PRICE_EDITORS))


@post("/alcohol-permits", status_code=200, guards=[staff("programme")])
async def add_alcohol_permit(
    data: AlcoholPermitRequest, db: Database, clock: Clock, principal: Principal
) -> AlcoholPermit:
    """Add a permit of an organiser: 48 hours at most, ten a year. Idempotent by `id`.

    Needs a sign-in of the last 15 minutes.
    """
    require(principal, "programme", scope="organiser", scope_id=data.organiser_id)
    fresh(principal, clock.now())
    return granted(await db.transact(acts.enter, data, principal.id, clock.now()))


@delete("/alcohol-permits/{permit_id:uuid}", status_code=200, guards=[staff("programme")])
async def withdraw_alcohol_permit(permit_id: UUID, db: Database, clock: Clock, principal: Principal) -> AlcoholPermit:
    """Withdraw a permit now. Earlier sales stay lawful."""

    async def withdraw(conn: Connection) -> AlcoholPermit | Refused:
        found = await reads.alcohol_permit(conn, permit_id)
        if found is None or not holds(principal, "programme", scope="organiser", scope_id=found.organiser_id):
            return Refused("not_found")
        return await acts.withdraw(conn, permit_id, principal.id, clock.now())

    return granted(await db.transact(withdraw))


router = mount("/api/office/food", [list_alcohol_permits, add_alcohol_permit, withdraw_alcohol_permit])
