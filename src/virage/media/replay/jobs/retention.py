"""Deletion of expired footage: rows first, then objects, so that no row names a missing object."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from virage.media.replay.footage import Footage
from virage.media.replay.rules.retention import Retention, retention
from virage.media.replay.store import retention as store
from virage.platform.data.database import Connection, Database
from virage.platform.data.queue import Jobs
from virage.platform.values.clock import Clock

EVERY_S: Final = 300.0
BATCH: Final = 2_000
AT_ONCE: Final = 16


class RetentionJobs:
    """The job that deletes footage after some hours."""

    def __init__(self, db: Database, clock: Clock, footage: Footage, hours: int) -> None:
        self._db = db
        self._clock = clock
        self._footage = footage
        self._hours = hours

    def register(self, jobs: Jobs) -> None:
        """Register the job."""
        jobs.every(EVERY_S, "replay.expire", self.expire)

    async def expire(self) -> None:
        """Delete expired rows in batches, then their objects.

        A row and the pending deletion of its object share a transaction, so that the next run continues an interrupted
        one.
        """
        limits = retention(self._hours, self._clock.now())
        await self._all(store.expire_segments, limits)
        await self._all(store.expire_tracks, limits)
        await self._all(store.expire_descriptions, limits)
        await self._all(store.expire_posters, limits)
        async with self._db.connection() as conn:
            await store.expire_keys(conn, limits)
            await store.reset_losses(conn, limits)
        await self._delete()

    async def _all(self, expire: Callable[[Connection, Retention, int], Awaitable[int]], limits: Retention) -> None:
        while True:
            async with self._db.transaction() as conn:
                expired = await expire(conn, limits, BATCH)
            await self._delete()
            if expired < BATCH:
                return

    async def _delete(self) -> None:
        """Delete the pending objects; an unavailable store ends the run, and the next run continues."""
        while True:
            async with self._db.connection() as conn:
                pending_deletions = await store.pending_deletions(conn, BATCH)
            if not pending_deletions:
                return
            for start in range(0, len(pending_deletions), AT_ONCE):
                await asyncio.gather(
                    *(self._footage.delete(object_id) for object_id in pending_deletions[start : start + AT_ONCE])
                )
            async with self._db.connection() as conn:
                await store.delete_pending(conn, pending_deletions)
