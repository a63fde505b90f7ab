"""Commands of the office on campaigns and listed renewals. `who` is the person."""

import secrets
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.packages import api as packages
from virage.sale.seasons.rules.campaigns import check_campaign, not_possible
from virage.sale.seasons.rules.terms import WAITING, Campaign, CampaignContent, Renewal, SeasonRefusal
from virage.sale.seasons.store import seasons as store

SEED_BYTES = 32


class CampaignStep(Struct, frozen=True, forbid_unknown_fields=True):
    """A step of a campaign at the `revision` that the office saw."""

    step: Literal["start", "relocate"]
    revision: int


class Decision(Struct, frozen=True, forbid_unknown_fields=True):
    """What the office decides on a listed renewal: to look for seats again, or to refuse it for a reason."""

    decision: Literal["give", "refuse"]
    note: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]


async def set_campaign(  # noqa: PLR0911 - each reason by its name
    conn: Connection,
    campaign_id: UUID,
    organiser_id: UUID,
    content: CampaignContent,
    *,
    revision: int | None,
    who: UUID | None,
    now: datetime,
) -> Campaign | Refused:
    """Create a campaign, or change a draft at `revision`. The same content again changes nothing.

    Refusals: `invalid_input`, `changed_meanwhile`, `not_found` for a campaign of another organiser, `id_reused` for a
    second one of the same packages, `season_step_not_possible` once it has started.
    """
    found = [await packages.package_of(conn, id_, now) for id_ in (content.from_package_id, content.to_package_id)]
    known = await store.lock_campaign(conn, campaign_id)
    if known is not None and known.organiser_id != organiser_id:
        return Refused(SeasonRefusal.NOT_FOUND)
    refusal = check_campaign(content, {one[0].id: one[0] for one in found if one is not None}, organiser_id)
    if refusal is not None:
        return refusal
    if known is not None and all(
        getattr(known, name) == getattr(content, name) for name in CampaignContent.__struct_fields__
    ):
        return known
    if known is not None and known.state != "draft":
        return not_possible("started")
    if known is not None and known.revision != revision:
        return Refused(SeasonRefusal.CHANGED, {"revision": known.revision})
    if known is not None:
        await store.set_campaign(conn, campaign_id, content)
    else:
        await store.insert_campaign(conn, campaign_id, organiser_id, content, secrets.token_bytes(SEED_BYTES), now)
        if await store.lock_campaign(conn, campaign_id) is None:  # its packages have a campaign already
            return Refused(SeasonRefusal.ID_REUSED)
    await append(conn, [Fact("season_campaign_set", who, campaign_id, {"organiser": organiser_id})], now)
    return (await store.campaigns(conn, [campaign_id]))[campaign_id]


async def start(  # noqa: PLR0911 - each reason by its name
    conn: Connection, campaign_id: UUID, revision: int, *, who: UUID | None, now: datetime
) -> Campaign | Refused:
    """Start a campaign: the run makes its renewals from the opening on. A repeated request changes nothing.

    Refusals: `not_found`, `changed_meanwhile`, and `season_step_not_possible` (data.because): `over`, `not_published`
    while an event of the next season is a draft, `no_events`.
    """
    campaign = await store.lock_campaign(conn, campaign_id)
    if campaign is None:
        return Refused(SeasonRefusal.NOT_FOUND)
    if campaign.state != "draft":
        return campaign
    if campaign.revision != revision:
        return Refused(SeasonRefusal.CHANGED, {"revision": campaign.revision})
    if campaign.until <= now:
        return not_possible("over")
    found = await packages.package_of(conn, campaign.to_package_id, now)
    events = [] if found is None else found[1]
    if any(one.left_out == "not_published" for one in events):
        return not_possible("not_published")
    if all(one.left_out is not None for one in events):
        return not_possible("no_events")
    await store.set_state(conn, campaign_id, "started")
    await append(conn, [Fact("season_campaign_started", who, campaign_id, {"revision": revision})], now)
    return (await store.campaigns(conn, [campaign_id]))[campaign_id]


async def begin_round(  # noqa: PLR0911 - each reason by its name
    conn: Connection, campaign_id: UUID, revision: int, *, who: UUID | None, now: datetime
) -> Campaign | Refused:
    """Begin the relocation round, which runs once, after the deadline of its wishes. Repeated, it changes nothing.

    Refusals: `not_found`, `changed_meanwhile`, and `season_step_not_possible` (data.because): `no_round`, `not_due`,
    `not_made` while renewals are still made, `over`.
    """
    campaign = await store.lock_campaign(conn, campaign_id)
    if campaign is None:
        return Refused(SeasonRefusal.NOT_FOUND)
    if campaign.state == "relocating" or campaign.relocated_at is not None:
        return campaign
    if campaign.revision != revision:
        return Refused(SeasonRefusal.CHANGED, {"revision": campaign.revision})
    if campaign.relocates_until is None:
        return not_possible("no_round")
    if campaign.relocates_until > now:
        return not_possible("not_due")
    if campaign.state != "open":
        return not_possible("not_made")
    if campaign.until <= now:
        return not_possible("over")
    await store.set_state(conn, campaign_id, "relocating")
    await append(conn, [Fact("season_round_begun", who, campaign_id, {"revision": revision})], now)
    return (await store.campaigns(conn, [campaign_id]))[campaign_id]


async def decide(
    conn: Connection, renewal_id: UUID, decision: Decision, *, who: UUID | None, now: datetime
) -> Renewal | Refused:
    """Look for seats of a listed renewal again, or refuse it. A repeated request changes nothing.

    Refusals: `not_found`, `renewal_closed` for one that is not listed, or after the end.
    """
    renewal = (await store.renewals(conn, [renewal_id])).get(renewal_id)
    campaign = None if renewal is None else await store.lock_campaign(conn, renewal.campaign_id)
    renewal = (await store.renewals(conn, [renewal_id])).get(renewal_id)
    if renewal is None or campaign is None:
        return Refused(SeasonRefusal.NOT_FOUND)
    refuses = decision.decision == "refuse"
    is_standing = refuses or renewal.reason in (None, WAITING)  # a search that found nothing may be repeated
    if is_standing and renewal.note == decision.note and (renewal.refused_at is not None) == refuses:
        return renewal
    if renewal.reason is None or renewal.declined_at is not None or campaign.until <= now:
        return Refused(SeasonRefusal.CLOSED)
    reason = renewal.reason if refuses else WAITING
    await store.decide(conn, renewal_id, reason=reason, note=decision.note, refused_at=now if refuses else None)
    what = "renewal_refused" if refuses else "renewal_given"
    await append(conn, [Fact(what, who, renewal_id, {"campaign": campaign.id})], now)
    return (await store.renewals(conn, [renewal_id]))[renewal_id]
