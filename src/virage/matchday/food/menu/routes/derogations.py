"""The doors of the calendar of derogations: each organiser's own, for whoever programmes its events."""

from uuid import UUID

from virage.matchday.food.menu.acts import derogations as acts
from virage.matchday.food.menu.reads import catalogue as reads
from virage.matchday.food.menu.routes.roles import PRICERS
from virage.matchday.food.menu.rules.alcohol import Derogation, DerogationWish
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, fresh, holds, require, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import delete, get, mount, post
from virage.platform.web.scopes import organisers_of


@get("/derogations", guards=[staff(*PRICERS)])
async def list_derogations(db: Database, principal: Principal) -> list[Derogation]:
    """The calendar within the caller's roles, the latest begin first; 500 at most."""
    async with db.connection() as conn:
        return await reads.derogations(conn, organisers_of(principal, PRICERS))


@post("/derogations", status_code=200, guards=[staff("programme")])
async def enter_derogation(data: DerogationWish, db: Database, clock: Clock, principal: Principal) -> Derogation:
    """Enter what the mayor allows an organiser: 48 hours at most, ten a year. The same id again is the same.

    Needs a sign-in of the last 15 minutes.
    """
    require(principal, "programme", scope="organiser", scope_id=data.organiser_id)
    fresh(principal, clock.now())
    return granted(await db.transact(acts.enter, data, principal.id, clock.now()))


@delete("/derogations/{derogation_id:uuid}", status_code=200, guards=[staff("programme")])
async def withdraw_derogation(derogation_id: UUID, db: Database, clock: Clock, principal: Principal) -> Derogation:
    """End a derogation now; what was sold before was sold rightly."""

    async def withdraw(conn: Connection) -> Derogation | Refused:
        found = await reads.derogation(conn, derogation_id)
        if found is None or not holds(principal, "programme", scope="organiser", scope_id=found.organiser_id):
            return Refused("not_found")
        return await acts.withdraw(conn, derogation_id, principal.id, clock.now())

    return granted(await db.transact(withdraw))


router = mount("/api/office/concessions", [list_derogations, enter_derogation, withdraw_derogation])
