"""The publisher of feeds to the edge (nginx with nchan, deploy/nchan), one process per deployment.

It compares the last message of a channel with the feed, and publishes the difference: after each fact of the journal,
and once a second. It keeps no state of its own, so neither a killed publisher nor a killed edge loses or repeats an
entry.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

import aiohttp
import msgspec

from virage.media.live.reads.feed import Feeds, FeedUpdate
from virage.media.live.rules.edge import ChannelState, channel_state_of, content_type, pending_update
from virage.media.live.rules.entries import ENTRY_FACT, TEAMS_FACT
from virage.media.live.store import feed as store
from virage.platform.data.database import Database
from virage.platform.data.journal import Entry as Fact
from virage.platform.data.journal import Tail, head
from virage.platform.data.queue import Jobs
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock

CHECK_S: Final = 1.0
IN_USE: Final = timedelta(hours=12)
RENEW_S: Final = 3600.0
"""How often the list of active feeds is read again."""
TIMEOUT: Final = aiohttp.ClientTimeout(total=5, connect=2)


class EdgeFailed(Exception):
    """Unexpected status of the edge."""


class Edge:
    """HTTP client of the edge."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def state_of(self, event_id: UUID) -> ChannelState | None:
        """Return the published state of a channel; None for an empty channel."""
        async with self._http.get(f"{self._url}/newest/{event_id}") as answer:
            if answer.status == HTTPStatus.NOT_MODIFIED:
                return None
            if answer.status != HTTPStatus.OK:
                raise EdgeFailed(answer.status)
            return channel_state_of(answer.headers.get("content-type", ""))

    async def publish(self, event_id: UUID, update: FeedUpdate, state: ChannelState) -> None:
        """Publish an update to the subscribers of an event."""
        headers = {"content-type": content_type(state), "x-eventsource-event": f"live:{event_id}"}
        body = msgspec.json.encode(update)
        async with self._http.post(f"{self._url}/publish/{event_id}", data=body, headers=headers) as answer:
            if answer.status not in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
                raise EdgeFailed(answer.status)


class EdgePublisher:
    """Keeps the edge's channels up to date with the feeds."""

    def __init__(self, db: Database, clock: Clock, feeds: Feeds, url: str) -> None:
        self._db = db
        self._clock = clock
        self._feeds = feeds
        self._url = url

    def register(self, jobs: Jobs) -> None:
        """Register the job; it runs in one process and restarts after a failure."""
        jobs.every(CHECK_S, "live.edge", self)

    async def __call__(self) -> None:
        """Run for an hour, or until the edge or the database fails."""
        tail, changed = Tail(self._db), asyncio.Queue[UUID]()

        def on_facts(facts: Sequence[Fact]) -> None:
            for event_id in {fact.about for fact in facts if fact.what in (ENTRY_FACT, TEAMS_FACT)}:
                changed.put_nowait(event_id)

        async with self._db.connection() as conn:
            position = await head(conn)
            in_use = set(await store.feeds_in_use(conn, self._clock.now() - IN_USE))
        tail.listen(on_facts, position)
        ends_at = asyncio.get_running_loop().time() + RENEW_S
        try:
            async with aiohttp.ClientSession(timeout=TIMEOUT) as http:
                await self._follow(Edge(http, self._url), in_use, changed, ends_at)
        except (aiohttp.ClientError, TimeoutError, EdgeFailed) as failure:
            log.warning("edge_away", error=type(failure).__name__)
        finally:
            await tail.close()

    async def _follow(self, edge: Edge, in_use: set[UUID], changed: asyncio.Queue[UUID], ends_at: float) -> None:
        for event_id in in_use:
            await self._publish(edge, event_id)
        while asyncio.get_running_loop().time() < ends_at:
            try:
                async with asyncio.timeout(CHECK_S):
                    event_id = await changed.get()
            except TimeoutError:
                due = in_use
            else:
                in_use.add(event_id)
                due = {event_id}
            for event_id in due:
                await self._publish(edge, event_id)

    async def _publish(self, edge: Edge, event_id: UUID) -> None:
        known = await self._feeds.at(event_id)
        if known is None:
            return
        current = ChannelState(known.feed.head, known.feed.revision)
        entries = known.entries[: current.head]  # a read may return entries beyond its head
        update = pending_update(await edge.state_of(event_id), current)
        if update is not None:
            await edge.publish(event_id, FeedUpdate(entries[update.after :], teams=update.teams), current)
