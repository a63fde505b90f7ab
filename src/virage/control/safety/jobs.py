"""Jobs of safety: retention, push notifications of messages, pictures, alerts, the forecast of the entry."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from virage.control.safety.acts import alerts
from virage.control.safety.acts.broadcasts import FIRST_PERSON, PUSH_JOB, BroadcastPushDue, push_page
from virage.control.safety.acts.counts import delete_counts
from virage.control.safety.acts.entry import delete_forecasts, keep_forecast
from virage.control.safety.acts.log import delete_contents
from virage.control.safety.acts.pictures import delete_pictures, keep_picture
from virage.control.safety.reads.broadcasts import venue_of
from virage.control.safety.reads.entry import EntryForecasts
from virage.control.safety.reads.pictures import VenuePictures
from virage.control.safety.rules.alerts import GROWTH_OVER, forecast_readings, readings
from virage.control.safety.rules.attended import AFTER_END, is_attended
from virage.control.safety.rules.entry import LIMIT
from virage.control.safety.settings import SafetySettings
from virage.control.safety.store.broadcasts import delete_receipts
from virage.control.safety.store.log import expired_contents
from virage.control.safety.store.requests import delete_answers, delete_requests
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.values.clock import Clock
from virage.site.programme import api as programme
from virage.site.programme.types import Event

INTERVAL_S: Final = 3600.0
PICTURE_EVERY_S: Final = 60.0
ALERTS_EVERY_S: Final = 1.0
ENTRY_EVERY_S: Final = 1.0


class RetentionJob:
    """Deletes contents, counts, pictures, receipts and requests of fans that are older than the settings."""

    def __init__(self, db: Database, clock: Clock, vault: KeyVault, settings: SafetySettings) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._texts_kept_for = timedelta(days=settings.safety_text_days)
        self._receipts_kept_for = timedelta(days=settings.safety_receipt_days)
        self._requests_kept_for = timedelta(days=settings.safety_request_days)

    def register(self, jobs: Jobs) -> None:
        """Register the job."""
        jobs.every(INTERVAL_S, "safety.retention", self.delete_old)

    async def delete_old(self) -> None:
        """Delete what is from before its retention period, each kind in a transaction of its own."""
        now = self._clock.now()
        async with self._db.connection() as conn:
            expired = await expired_contents(conn, now - self._texts_kept_for)
        for event_id, through in expired:
            async with self._db.transaction() as conn:
                await delete_contents(conn, self._vault, event_id, through, now)
        async with self._db.transaction() as conn:
            await delete_counts(conn, now - self._texts_kept_for)
        async with self._db.transaction() as conn:
            await delete_pictures(conn, now - self._texts_kept_for)
        async with self._db.transaction() as conn:
            await delete_forecasts(conn, now - self._texts_kept_for)
        async with self._db.transaction() as conn:
            await delete_receipts(conn, now - self._receipts_kept_for)
        async with self._db.transaction() as conn:
            await delete_answers(conn, now - self._requests_kept_for)
        async with self._db.transaction() as conn:
            await delete_requests(conn, now - self._requests_kept_for)


class BroadcastPush:
    """Notifies the phones of fans of a message, page by page."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def register(self, jobs: Jobs) -> None:
        """Register the job."""
        jobs.on(PUSH_JOB, BroadcastPushDue, self.push)

    async def push(self, due: BroadcastPushDue) -> None:
        """Notify all fans of a message; a repeated run begins anew, and phones show the message once."""
        async with self._db.connection() as conn:
            venue = await venue_of(conn, due.broadcast_id)
        after: UUID | None = FIRST_PERSON if venue is not None else None
        while venue is not None and after is not None:
            async with self._db.transaction() as conn:
                after = await push_page(conn, due.broadcast_id, venue, after, self._clock.now())


class PictureJob:
    """Stores a picture of each event each minute while it is attended."""

    def __init__(self, db: Database, clock: Clock, pictures: VenuePictures) -> None:
        self._db = db
        self._clock = clock
        self._pictures = pictures

    def register(self, jobs: Jobs) -> None:
        """Register the job."""
        jobs.every(PICTURE_EVERY_S, "safety.picture", self.take)

    async def take(self) -> None:
        """Store the picture of each event that is on."""
        for event in await _events_on(self._db, self._clock.now()):
            picture = await self._pictures.now(event)
            async with self._db.transaction() as conn:
                await keep_picture(conn, picture)


class EntryJob:
    """Forecasts the entry of each event each second, from the doors until an hour after the start."""

    def __init__(self, db: Database, clock: Clock, forecasts: EntryForecasts) -> None:
        self._db = db
        self._clock = clock
        self._forecasts = forecasts

    def register(self, jobs: Jobs) -> None:
        """Register the job."""
        jobs.every(ENTRY_EVERY_S, "safety.entry", self.look_ahead)

    async def look_ahead(self) -> None:
        """Store the forecast of each event that people enter."""
        now = self._clock.now()
        for event in await _events_on(self._db, now):
            if event.doors_at <= now <= event.starts_at + LIMIT:
                forecast = await self._forecasts.now(event)
                if forecast is not None:
                    async with self._db.transaction() as conn:
                        await keep_forecast(conn, forecast)


class AlertJob:
    """Evaluates the thresholds of each event each second, as long as its pictures are stored."""

    def __init__(
        self, db: Database, clock: Clock, vault: KeyVault, pictures: VenuePictures, forecasts: EntryForecasts
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._pictures = pictures
        self._forecasts = forecasts

    def register(self, jobs: Jobs) -> None:
        """Register the job."""
        jobs.every(ALERTS_EVERY_S, "safety.alerts", self.watch)

    async def watch(self) -> None:
        """Raise, clear and escalate the alerts of each event that is on."""
        for event in await _events_on(self._db, self._clock.now()):
            picture = await self._pictures.now(event)
            earlier = await self._pictures.at(event.id, picture.at - GROWTH_OVER)
            forecast = await self._forecasts.latest(event.id)
            found = readings(picture, earlier)
            found += [] if forecast is None else forecast_readings(forecast, picture.at)
            async with self._db.transaction() as conn:
                await alerts.watch(conn, self._vault, event.id, found, now=picture.at, speed=self._clock.speed)


async def _events_on(db: Database, now: datetime) -> list[Event]:
    """Return the events that are attended now."""
    async with db.connection() as conn:
        upcoming = await programme.upcoming(conn, now - AFTER_END)
    return [event for event in upcoming if is_attended(event, now)]
