"""The run of a campaign: it makes one renewal per paid subscription of the earlier season, in batches.

How far it has come is stored with each batch: a process that is killed leaves a run that the next one continues.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from virage.identity.people.types import EmailKind
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import named_id
from virage.platform.values.refusals import Refused
from virage.sale.packages import api as packages
from virage.sale.packages.api import NotHeld, SeatedParty
from virage.sale.seasons.acts.emails import notify
from virage.sale.seasons.planning import Seasons
from virage.sale.seasons.rules.campaigns import Holder, Kept
from virage.sale.seasons.rules.terms import UNUSED, WAITING, Campaign, Renewal
from virage.sale.seasons.store import attendance
from virage.sale.seasons.store import seasons as store
from virage.sale.ticketing.types import OpenSale, places_at

RENEWED_AT_ONCE: Final = 250
TAKEN: Final = "place_taken"


async def renew(
    conn: Connection, campaign_id: UUID, seasons: Seasons, refused: Mapping[UUID, str], now: datetime
) -> int | Refused:
    """Make the next renewals of a started campaign; return how many holders were looked at, 0 at the end.

    Only seats that are the same at every event are held. The other renewals wait, so that they never get seats of a
    holder whose turn comes later. `refused` are renewals of an attempt before that cannot be held, and why.
    `place_taken` (data.refused, data.clash): roll back, load the events again and try again.
    """
    campaign = await store.lock_campaign(conn, campaign_id)
    if campaign is None or campaign.state != "started" or campaign.until <= now:
        return 0
    holders = await store.holders(conn, campaign.from_package_id, campaign.made_after, RENEWED_AT_ONCE)
    if not holders:
        await store.set_state(conn, campaign_id, "open")
        await append(conn, [Fact("season_renewals_made", None, campaign_id, {"revision": campaign.revision})], now)
        return 0
    reached = await _reached(conn, campaign, [holder.id for holder in holders])
    parties: list[SeatedParty] = []
    rows: list[Renewal] = []
    for holder in holders:
        kept = seasons.kept(holder)
        if kept is None or holder.person_id is None:
            continue
        id_ = named_id(campaign_id, str(holder.id))
        reason = UNUSED if holder.id in reached else refused.get(id_)
        if reason is None:
            seats = seasons.seats_of(kept)
            if isinstance(seats, Refused) or not all(one.same for one in seats):
                reason = WAITING
            else:
                parties.append(SeatedParty(id_, holder.person_id, seats, campaign.until))
        rows.append(_row(campaign_id, id_, holder, kept, reason, now))
    held = await _hold(conn, campaign, seasons, parties, now)
    if isinstance(held, Refused):
        return held
    await store.insert_renewals(conn, campaign_id, rows, now)
    await store.set_made(conn, campaign_id, holders[-1].id)
    listed = [row for row in rows if row.reason is not None and row.reason != WAITING]
    await append(conn, [Fact("renewal_listed", None, row.id, {"campaign": campaign_id}) for row in listed], now)
    return len(holders)


async def seat_waiting(  # noqa: PLR0917 - the parts of one batch
    conn: Connection,
    campaign_id: UUID,
    seasons: Seasons,
    waiting: Sequence[tuple[Renewal, Kept | None, list[list[int]]]],
    refused: Mapping[UUID, str],
    now: datetime,
) -> int | Refused:
    """Hold the best equal seats for renewals that wait, else list them for the office; return how many.

    `waiting` has their seats as `reserve` returned them; each in turn gets its own ones back first. Refused as `renew`.
    """
    campaign = await store.lock_campaign(conn, campaign_id)
    standing = await store.renewals(conn, [renewal.id for renewal, _, _ in waiting])
    if campaign is None or campaign.until <= now:
        return 0
    parties: list[SeatedParty] = []
    outcomes: list[tuple[UUID, str | None, list[UUID]]] = []
    proposed: list[tuple[OpenSale, list[int]]] = []
    for renewal, kept, reserved in waiting:
        for sale, places in zip(seasons.sales, reserved, strict=True):
            sale.inventory.release(places)
        now_is = standing[renewal.id]
        if now_is.reason != WAITING or now_is.refused_at is not None or now_is.declined_at is not None:
            continue  # decided meanwhile
        person_id = now_is.person_id
        if person_id is None or kept is None:
            outcomes.append((renewal.id, "gone", []))
            continue
        seats = Refused(refused[renewal.id]) if renewal.id in refused else seasons.seats_of(kept)
        if isinstance(seats, Refused):
            outcomes.append((renewal.id, str(seats.reason), []))
            continue
        for sale, one in zip(seasons.sales, seats, strict=True):  # the next one gets others
            proposed.append((sale, sale.inventory.hold([seat.place for seat in one.assigned])))
        parties.append(SeatedParty(renewal.id, person_id, seats, campaign.until))
        events = zip(seasons.sales, seats, strict=True)
        outcomes.append((renewal.id, None, [sale.event.event_id for sale, one in events if not one.same]))
    for sale, places in proposed:
        sale.inventory.release(places)  # `hold` marks them itself
    held = await _hold(conn, campaign, seasons, parties, now)
    if isinstance(held, Refused):
        return held
    await store.set_reasons(conn, outcomes)
    listed = [id_ for id_, reason, _ in outcomes if reason is not None]
    await append(conn, [Fact("renewal_listed", None, id_, {"campaign": campaign_id}) for id_ in listed], now)
    return len(waiting)


def reserve(seasons: Seasons, kept: Sequence[Kept | None]) -> list[list[list[int]]]:
    """Take the own seats of renewals that wait from the inventories of a run, and return them by renewal and event.

    So a renewal that gets other seats never gets those of one that is still waiting.
    """
    reserved = []
    for one in kept:
        was = None if one is None else seasons.venues[seasons.earlier[one.event_id].venue_version]
        taken = []
        for sale in seasons.sales:
            places = [] if one is None or was is None else places_at(was, sale, [seat.place for seat in one.assigned])
            taken.append(sale.inventory.hold(place for place in places if sale.inventory.is_free(place)))
        reserved.append(taken)
    return reserved


async def _reached(conn: Connection, campaign: Campaign, subscription_ids: Sequence[UUID]) -> set[UUID]:
    """Return the subscriptions that reached the limit of unused events of their package's rule, if it has one."""
    if not await attendance.attendance(conn, [campaign.from_package_id]):
        return set()
    notices = await attendance.notices(conn, subscription_ids)
    return {id_ for id_, told in notices.items() if any(one.kind == "reached" for one in told)}


async def _hold(
    conn: Connection, campaign: Campaign, seasons: Seasons, parties: Sequence[SeatedParty], now: datetime
) -> Refused | None:
    """Hold renewals and write to their holders."""
    if not parties:
        return None
    held = await packages.hold_seats(conn, seasons.package, seasons.sales, parties, now)
    if isinstance(held, NotHeld):
        reasons = {id_: WAITING if one.reason == TAKEN else str(one.reason) for id_, one in held.refused.items()}
        return Refused(TAKEN, {"refused": reasons, "clash": held.clashes})
    facts = [Fact("renewal_held", row.person_id, row.id, {"campaign": campaign.id}) for row in held]
    await append(conn, facts, now)
    told = [(row.id, row.person_id) for row in held]
    await notify(conn, EmailKind.RENEWAL_DUE, told, now, expires_at=campaign.until)
    return None


def _row(  # noqa: PLR0917 - the columns
    campaign_id: UUID, id_: UUID, holder: Holder, kept: Kept, reason: str | None, now: datetime
) -> Renewal:
    return Renewal(
        id=id_,
        campaign_id=campaign_id,
        from_id=holder.id,
        person_id=holder.person_id,
        years=holder.years_before + 1,
        size=len(kept.assigned),
        lost=kept.lost,
        reason=reason,
        note=None,
        other_events=[],
        wishes=[],
        number=None,
        answers=[],
        moves_to=None,
        moves_tariffs=None,
        turn=None,
        wheelchairs=0,
        needs=[],
        declined_at=None,
        refused_at=None,
        begun_at=now,
    )


async def remind(conn: Connection, campaign_id: UUID, now: datetime) -> int:
    """Remind a batch of holders of open renewals; return how many."""
    campaign = await store.lock_campaign(conn, campaign_id)
    if campaign is None:
        return 0
    due = await store.to_remind(conn, campaign_id, now, RENEWED_AT_ONCE)
    await store.set_reminded(conn, list(due), now)
    await notify(conn, EmailKind.RENEWAL_REMINDER, due.items(), now, expires_at=campaign.until)
    return len(due)
