"""Jobs of safety: deletion after the retention period, and push notifications of messages."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from virage.control.safety.acts.broadcasts import FIRST_PERSON, PUSH_JOB, BroadcastPushDue, push_page
from virage.control.safety.acts.log import delete_contents
from virage.control.safety.reads.broadcasts import venue_of
from virage.control.safety.settings import SafetySettings
from virage.control.safety.store.broadcasts import delete_receipts
from virage.control.safety.store.log import expired_contents
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.values.clock import Clock

INTERVAL_S: Final = 3600.0


class RetentionJob:
    """Deletes contents and receipts that are older than the settings."""

    def __init__(self, db: Database, clock: Clock, vault: KeyVault, settings: SafetySettings) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._texts_kept_for = timedelta(days=settings.safety_text_days)
        self._receipts_kept_for = timedelta(days=settings.safety_receipt_days)

    def register(self, jobs: Jobs) -> None:
        """Register the job."""
        jobs.every(INTERVAL_S, "safety.retention", self.delete_old)

    async def delete_old(self) -> None:
        """Delete the contents of each log, and the receipts, from before the retention period."""
        now = self._clock.now()
        async with self._db.connection() as conn:
            expired = await expired_contents(conn, now - self._texts_kept_for)
        for event_id, through in expired:
            async with self._db.transaction() as conn:
                await delete_contents(conn, self._vault, event_id, through, now)
        async with self._db.transaction() as conn:
            await delete_receipts(conn, now - self._receipts_kept_for)


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
