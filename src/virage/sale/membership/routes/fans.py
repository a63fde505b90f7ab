"""Routes of membership for fans: tiers, their memberships, joining, and the windows of an event."""

from uuid import UUID

from msgspec import Struct

from virage.money.payments.api import Checkout
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, post
from virage.sale.membership.acts.joining import JoinRequest, join
from virage.sale.membership.acts.upgrading import UpgradeRequest, upgrade
from virage.sale.membership.reads.members import MembershipView, PublicTier, memberships_of, open_tiers, views
from virage.sale.membership.reads.windows import EarlySales, PublicWindows, public_windows


class JoinAnswer(Struct, frozen=True):
    """A membership that was asked for; `payment_url` is None if nothing is left to pay."""

    membership: MembershipView
    payment_url: str | None


@get("/tiers", public=True)
async def list_tiers(db: Database, clock: Clock, config: Config) -> list[PublicTier]:
    """Return the tiers that are open for joining."""
    async with db.connection() as conn:
        return await open_tiers(conn, config.time_zone, clock.now())


@get("/", guards=[signed_in])
async def list_memberships(db: Database, clock: Clock, config: Config, principal: Principal) -> list[MembershipView]:
    """Return my memberships, the latest term first."""
    async with db.connection() as conn:
        return await memberships_of(conn, require_fan(principal), config.time_zone, clock.now())


@post("/", status_code=200, guards=[signed_in])
async def join_tier(
    data: JoinRequest, *, db: Database, clock: Clock, config: Config, checkout: Checkout, principal: Principal
) -> JoinAnswer:
    """Join a tier. A free one begins at once; else the answer has the payment page, which returns to `/membership`."""
    person_id, now = require_fan(principal), clock.now()
    back = f"{config.public_url}/membership?joined={data.id}"
    joining = granted(await db.transact(join, person_id, data, return_url=back, zone=config.time_zone, now=now))
    payment_url = None if joining.start is None else granted(await checkout.open(joining.start)).payment_url
    async with db.connection() as conn:
        (view,) = await views(conn, [joining.membership], config.time_zone, now)
    return JoinAnswer(view, payment_url)


@post("/{membership_id:uuid}/upgrade", status_code=200, guards=[signed_in])
async def upgrade_membership(
    membership_id: UUID,
    data: UpgradeRequest,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    checkout: Checkout,
    principal: Principal,
) -> JoinAnswer:
    """Change my membership to a higher tier of the same term for the rest of the price; the number stays."""
    person_id, now = require_fan(principal), clock.now()
    back = f"{config.public_url}/membership?joined={data.id}"
    joining = granted(
        await db.transact(upgrade, person_id, membership_id, data, return_url=back, zone=config.time_zone, now=now)
    )
    payment_url = None if joining.start is None else granted(await checkout.open(joining.start)).payment_url
    async with db.connection() as conn:
        (view,) = await views(conn, [joining.membership], config.time_zone, now)
    return JoinAnswer(view, payment_url)


@get("/{event_id:uuid}/windows", public=True)
async def get_windows(
    event_id: UUID, db: Database, clock: Clock, early_sales: EarlySales, principal: Principal
) -> PublicWindows:
    """Return the members' windows of an event, and which of them are the caller's."""
    person_id = principal.id if principal.kind in ("fan", "staff") else None
    async with db.connection() as conn:
        found = await public_windows(conn, early_sales, event_id, person_id, clock.now())
    if found is None:
        raise Problem("not_found")
    return found
