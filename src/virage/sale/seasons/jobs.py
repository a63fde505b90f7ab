"""The job of campaigns: it makes renewals, looks for seats, moves them and reminds, each in small transactions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.sale.packages import api as packages
from virage.sale.seasons.acts import attendance, relocating, renewing
from virage.sale.seasons.planning import Seasons, compute, load_seasons
from virage.sale.seasons.rules.attendance import COUNTED_AFTER
from virage.sale.seasons.rules.terms import WAITING, Campaign
from virage.sale.seasons.store import attendance as attendance_store
from virage.sale.seasons.store import seasons as store

EVERY_S: Final = 2.0
ATTEND_EVERY_S: Final = 600.0
TRIES_MAX: Final = 20


class SeasonJobs:
    """The job that looks after all campaigns; it runs in one process at a time, and may be killed at any moment."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.every_money(EVERY_S, "seasons.run", self.run)
        jobs.every_money(ATTEND_EVERY_S, "seasons.attendance", self.attend)

    async def run(self, db: Database) -> None:
        """Take every campaign as far as it can go now, and delete the needs of those that are over."""
        async with db.connection() as conn:
            active = await store.active_campaigns(conn, self._clock.now())
            over = await store.with_old_needs(conn, self._clock.now())
        for campaign_id in active:
            await self.run_campaign(db, campaign_id)
        for campaign_id in over:
            async with db.transaction() as conn:
                await relocating.forget_needs(conn, campaign_id)

    async def attend(self, db: Database) -> None:
        """Tell holders about unused seats once an event of their package has been over for a day."""
        ended_before = self._clock.now() - COUNTED_AFTER
        async with db.connection() as conn:
            rules = await attendance_store.attendance_rules(conn)
            known = await packages.packages_by_id(conn, {rule.package_id for rule in rules})
            ended = {
                rule.package_id: await attendance_store.last_ended(conn, known[rule.package_id].event_ids, ended_before)
                for rule in rules
            }
        for rule in rules:
            last = ended[rule.package_id]
            if last is None or (rule.told_before is not None and last < rule.told_before):
                continue
            after: UUID | None = UUID(int=0)
            while after is not None:
                async with db.transaction() as conn:
                    after = await attendance.tell(conn, rule.package_id, after, ended_before, self._clock.now())

    async def run_campaign(self, db: Database, campaign_id: UUID) -> None:
        """Take one campaign as far as it can go now."""
        campaign = await self._read(db, campaign_id)
        if campaign.state == "started":
            await self.renew(db, campaign)
        await self.seat_waiting(db, campaign)
        campaign = await self._read(db, campaign_id)
        if campaign.state == "relocating":
            await self.relocate(db, campaign)
        reminds_at = campaign.until - timedelta(days=campaign.remind_days)
        if campaign.state == "open" and campaign.remind_days and reminds_at <= self._clock.now():
            reminded = 1
            while reminded:
                async with db.transaction() as conn:
                    reminded = await renewing.remind(conn, campaign_id, self._clock.now())

    async def renew(self, db: Database, campaign: Campaign) -> None:
        """Make all renewals of a started campaign."""
        seasons: Seasons | None = None
        refused: dict[UUID, str] = {}
        renewed: int | Refused = 1
        while renewed != 0:
            seasons = seasons or await self._load(db, campaign)
            if seasons is None:
                return
            renewed = await db.transact(renewing.renew, campaign.id, seasons, refused, self._clock.now())
            if isinstance(renewed, Refused):  # seats were sold meanwhile, or a holder is over the limit of an event
                refused |= renewed.data["refused"]
                seasons = None

    async def seat_waiting(self, db: Database, campaign: Campaign) -> None:
        """Look for other seats for the renewals that wait."""
        refused: dict[UUID, str] = {}
        for _ in range(TRIES_MAX):
            async with db.connection() as conn:
                waiting = await store.waiting(conn, campaign.id)
                holders = {one.id: one for one in await store.holders_by_id(conn, [one.from_id for one in waiting])}
            seasons = await self._load(db, campaign) if waiting else None
            if seasons is None:
                return
            kept = [seasons.kept(holders[one.from_id]) if one.from_id in holders else None for one in waiting]
            reserved = renewing.reserve(seasons, kept)
            all_of_them = list(zip(waiting, kept, reserved, strict=True))
            for start in range(0, len(all_of_them), renewing.RENEWED_AT_ONCE):
                part = all_of_them[start : start + renewing.RENEWED_AT_ONCE]
                seated = await db.transact(
                    renewing.seat_waiting, campaign.id, seasons, part, refused, self._clock.now()
                )
                if isinstance(seated, Refused):
                    refused |= {id_: why for id_, why in seated.data["refused"].items() if why != WAITING}
                    break

    async def relocate(self, db: Database, campaign: Campaign) -> None:
        """Compute the relocation round, unless it is, and move the seats."""
        if campaign.drawn_at is None:
            async with db.connection() as conn:
                outcomes = await compute(conn, campaign, self._clock.now())
            if outcomes is None:
                return
            async with db.transaction() as conn:
                await relocating.store_round(conn, campaign.id, outcomes, self._clock.now())
        seasons = await self._load(db, campaign)
        lost: Sequence[UUID] = ()
        moved: int | Refused = 1
        while seasons is not None and moved != 0:
            moved = await db.transact(relocating.move, campaign.id, seasons, lost, self._clock.now())
            lost = (*lost, *moved.data["bundles"]) if isinstance(moved, Refused) else ()

    async def _load(self, db: Database, campaign: Campaign) -> Seasons | None:
        async with db.connection() as conn:
            return await load_seasons(conn, campaign, self._clock.now())

    async def _read(self, db: Database, campaign_id: UUID) -> Campaign:
        async with db.connection() as conn:
            return (await store.campaigns(conn, [campaign_id]))[campaign_id]
