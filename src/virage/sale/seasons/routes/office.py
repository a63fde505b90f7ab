"""Office routes of renewals, within the scope of a role."""

from uuid import UUID

from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role, fresh, holds, require, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, get, post, put
from virage.platform.web.scopes import organisers_of
from virage.sale.seasons.acts import campaigns
from virage.sale.seasons.acts.campaigns import CampaignStep, Decision
from virage.sale.seasons.reads.office import (
    FIRST,
    CampaignPreview,
    OfficeCampaign,
    OfficeRenewal,
    OfficeRenewals,
    office_campaigns,
    office_renewals,
    preview_round,
    preview_run,
    round_table,
    shown,
)
from virage.sale.seasons.rules.terms import Campaign, CampaignContent
from virage.sale.seasons.store import seasons as store

SELLERS: tuple[Role, ...] = ("box_office", "finance", "programme")


class CampaignUpdate(CampaignContent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A campaign to create, or its new content at the `revision` that the office saw."""

    organiser_id: UUID
    revision: int | None = None


@get("/", guards=[staff(*SELLERS)])
async def list_campaigns(db: Database, clock: Clock, principal: Principal) -> list[OfficeCampaign]:
    """Return the renewal campaigns within the caller's roles with their counts, the latest first."""
    async with db.connection() as conn:
        found = await store.campaigns_of(conn, organisers_of(principal, SELLERS))
        return await office_campaigns(conn, found, clock.now())


@put("/{campaign_id:uuid}", guards=[staff("programme")])
async def put_campaign(
    campaign_id: UUID, data: CampaignUpdate, *, db: Database, clock: Clock, principal: Principal
) -> OfficeCampaign:
    """Create a campaign, or change it before it starts. Needs a sign-in of the last 15 minutes."""
    require(principal, "programme", scope="organiser", scope_id=data.organiser_id)
    now = clock.now()
    fresh(principal, now)
    content = CampaignContent(**{name: getattr(data, name) for name in CampaignContent.__struct_fields__})
    campaign = granted(
        await db.transact(
            campaigns.set_campaign,
            campaign_id,
            data.organiser_id,
            content,
            revision=data.revision,
            who=principal.id,
            now=now,
        )
    )
    return await _shown(db, campaign, clock)


@post("/{campaign_id:uuid}/preview", status_code=200, guards=[staff("programme")], rate="costly")
async def preview_campaign(campaign_id: UUID, db: Database, clock: Clock, principal: Principal) -> CampaignPreview:
    """Return what the next step of a campaign would do, computed as the step does it; nothing is stored."""
    now = clock.now()
    async with db.connection() as conn:
        campaign = await _within(conn, campaign_id, principal, "programme")
        if campaign.state in ("draft", "started"):
            return CampaignPreview(await preview_run(conn, campaign, now), None)
        return CampaignPreview(None, await preview_round(conn, campaign, now))


@post("/{campaign_id:uuid}/steps", status_code=200, guards=[staff("programme")])
async def step_campaign(
    campaign_id: UUID, data: CampaignStep, *, db: Database, clock: Clock, principal: Principal
) -> OfficeCampaign:
    """Start a campaign, or its relocation round. A repeated step changes nothing.

    Needs a sign-in of the last 15 minutes.
    """
    now = clock.now()
    async with db.connection() as conn:
        await _within(conn, campaign_id, principal, "programme")
    fresh(principal, now)
    outcome: Campaign | Refused
    if data.step == "start":
        outcome = await db.transact(campaigns.start, campaign_id, data.revision, who=principal.id, now=now)
    else:
        outcome = await db.transact(campaigns.begin_round, campaign_id, data.revision, who=principal.id, now=now)
    return await _shown(db, granted(outcome), clock)


@get("/{campaign_id:uuid}/renewals", guards=[staff(*SELLERS)])
async def list_campaign_renewals(  # noqa: PLR0917 - what a page needs
    campaign_id: UUID,
    db: Database,
    clock: Clock,
    principal: Principal,
    after: UUID = FIRST,
    only_listed: bool = False,
) -> OfficeRenewals:
    """Return the renewals of a campaign, 100 at a time; `after` is the last one of the page before.

    `only_listed`: those without seats alone, which wait for a decision of the office.
    """
    async with db.connection() as conn:
        await _within(conn, campaign_id, principal, *SELLERS)
        return await office_renewals(conn, campaign_id, after, clock.now(), only_listed=only_listed)


@get(
    "/{campaign_id:uuid}/round.csv",
    guards=[staff(*SELLERS)],
    answer=Described(bytes, description="The relocation round", media_type="text/csv"),
)
async def get_round_csv(campaign_id: UUID, db: Database, clock: Clock, principal: Principal) -> Response[bytes]:
    """Return the relocation round as CSV, in its order."""
    async with db.connection() as conn:
        campaign = await _within(conn, campaign_id, principal, *SELLERS)
        table = await round_table(conn, campaign, clock.now())
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="round-{campaign_id}.csv"'}
    return Response(table, media_type="text/csv", headers=headers)


@post("/{renewal_id:uuid}/decision", status_code=200, guards=[staff("programme")])
async def decide_renewal(
    renewal_id: UUID, data: Decision, *, db: Database, clock: Clock, principal: Principal
) -> OfficeRenewal:
    """Look for seats of a listed renewal again, or refuse it, with a note. Needs a sign-in of the last 15 minutes."""
    now = clock.now()
    async with db.connection() as conn:
        row = (await store.renewals(conn, [renewal_id])).get(renewal_id)
        if row is None:
            raise Problem("not_found")
        await _within(conn, row.campaign_id, principal, "programme")
    fresh(principal, now)
    decided = granted(await db.transact(campaigns.decide, renewal_id, data, who=principal.id, now=now))
    async with db.connection() as conn:
        (answer,) = await shown(conn, [decided], now)
    return answer


async def _within(conn: Connection, campaign_id: UUID, principal: Principal, *roles: Role) -> Campaign:
    """Return a campaign if one of the roles covers its organiser, else raise `not_found`."""
    campaign = (await store.campaigns(conn, [campaign_id])).get(campaign_id)
    if campaign is None or not any(
        holds(principal, role, scope="organiser", scope_id=campaign.organiser_id) for role in roles
    ):
        raise Problem("not_found")
    return campaign


async def _shown(db: Database, campaign: Campaign, clock: Clock) -> OfficeCampaign:
    async with db.connection() as conn:
        (answer,) = await office_campaigns(conn, [campaign], clock.now())
    return answer
