"""Office routes of points, within the scope of a role: programmes, rewards, and redeemed rewards."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role, fresh, holds, require, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, post, put
from virage.platform.web.scopes import organisers_of
from virage.sale.points.acts import redeeming
from virage.sale.points.acts.programmes import set_programme, set_reward
from virage.sale.points.reads.office import (
    OfficeProgramme,
    OfficeRedemption,
    office_programmes,
    office_redemptions,
    redemptions_shown,
    waiting_redemptions,
)
from virage.sale.points.rules.terms import (
    Programme,
    ProgrammeContent,
    Redemption,
    RedemptionState,
    Reward,
    RewardContent,
)
from virage.sale.points.store import rewards as rewards_store

SELLERS: tuple[Role, ...] = ("box_office", "finance", "programme")
ALL_STATES: tuple[RedemptionState, ...] = ("open", "ready", "handed_over", "cancelled")
ReasonText = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ProgrammeUpdate(ProgrammeContent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A programme to set, at the `revision` that the office saw; 0 for the first one."""

    revision: int


class RewardUpdate(RewardContent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reward to create, or its new content at the `revision` that the office saw."""

    organiser_id: UUID
    revision: int | None = None


class RedemptionUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """The new state of a redeemed reward. `reason` is for a cancelled one, and its person reads it."""

    state: RedemptionState
    reason: ReasonText | None = None


@get("/", guards=[staff(*SELLERS)], rate="costly")
async def list_programmes(db: Database, principal: Principal) -> list[OfficeProgramme]:
    """Return the points of the organisers within the caller's roles."""
    async with db.connection() as conn:
        return await office_programmes(conn, organisers_of(principal, SELLERS))


@put("/programmes/{organiser_id:uuid}", guards=[staff("programme")])
async def put_programme(
    organiser_id: UUID, data: ProgrammeUpdate, *, db: Database, clock: Clock, principal: Principal, config: Config
) -> Programme:
    """Set the programme of an organiser. Needs a sign-in of the last 15 minutes."""
    require(principal, "programme", scope="organiser", scope_id=organiser_id)
    now = clock.now()
    fresh(principal, now)
    return granted(
        await db.transact(
            set_programme, organiser_id, data, data.revision, who=principal.id, now=now, languages=config.languages
        )
    )


@put("/rewards/{reward_id:uuid}", guards=[staff("programme")])
async def put_reward(
    reward_id: UUID, data: RewardUpdate, *, db: Database, clock: Clock, principal: Principal, config: Config
) -> Reward:
    """Create or change a reward. Needs a sign-in of the last 15 minutes."""
    require(principal, "programme", scope="organiser", scope_id=data.organiser_id)
    now = clock.now()
    fresh(principal, now)
    return granted(
        await db.transact(
            set_reward,
            reward_id,
            data.organiser_id,
            data,
            who=principal.id,
            now=now,
            revision=data.revision,
            languages=config.languages,
        )
    )


@get("/redemptions", guards=[staff(*SELLERS)])
async def list_redemptions(
    organiser_id: UUID, db: Database, principal: Principal, state: RedemptionState | None = None
) -> list[OfficeRedemption]:
    """Return redeemed rewards of an organiser, the latest first; at most 500."""
    _require_seller(principal, organiser_id)
    async with db.connection() as conn:
        return await office_redemptions(conn, organiser_id, ALL_STATES if state is None else [state])


@get("/redemptions/waiting", guards=[staff(*SELLERS)])
async def list_waiting_redemptions(
    organiser_id: UUID, db: Database, principal: Principal, after: UUID | None = None
) -> list[OfficeRedemption]:
    """Return open and ready rewards after one of them, the oldest first; at most 100."""
    _require_seller(principal, organiser_id)
    async with db.connection() as conn:
        return await waiting_redemptions(conn, organiser_id, after)


@post("/redemptions/{redemption_id:uuid}/state", status_code=200, guards=[staff("box_office")])
async def set_redemption_state(
    redemption_id: UUID, data: RedemptionUpdate, *, db: Database, clock: Clock, principal: Principal
) -> OfficeRedemption:
    """Mark a redeemed reward as ready or handed over, or cancel it and return its points."""
    now = clock.now()

    async def set_state(conn: Connection) -> Redemption | Refused:
        found = (await rewards_store.redemptions(conn, [redemption_id])).get(redemption_id)
        if found is None or not holds(principal, "box_office", scope="organiser", scope_id=found.organiser_id):
            return Refused("not_found")
        return await redeeming.set_state(conn, redemption_id, data.state, data.reason, who=principal.id, now=now)

    redemption = granted(await db.transact(set_state))
    async with db.connection() as conn:
        (shown,) = await redemptions_shown(conn, [redemption])
    return shown


def _require_seller(principal: Principal, organiser_id: UUID) -> None:
    if not any(holds(principal, role, scope="organiser", scope_id=organiser_id) for role in SELLERS):
        raise Problem("forbidden", {"role": SELLERS[0]})
