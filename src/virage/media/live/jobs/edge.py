"""One process of all tells the edge (nginx with nchan, deploy/nchan) what happens; the edge tells the phones.

It compares what a channel was told last with what the feed says, and tells the difference: after each fact of the
journal, and once a second. So it needs no memory of its own, and whichever of the two was killed, nothing is left out,
and nothing is told twice.
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
"""After that it asks anew which feeds are in use."""
TIMEOUT: Final = aiohttp.ClientTimeout(total=5, connect=2)


class EdgeFailed(Exception):
    """The edge answers something that nchan does not."""


class Edge:
    """The doors that the edge has for us."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def told(self, event_id: UUID) -> ChannelState | None:
        """How far a channel was told; None when it has forgotten."""
        async with self._http.get(f"{self._url}/newest/{event_id}") as answer:
            if answer.status == HTTPStatus.NOT_MODIFIED:
                return None
            if answer.status != HTTPStatus.OK:
                raise EdgeFailed(answer.status)
            return channel_state_of(answer.headers.get("content-type", ""))

    async def tell(self, event_id: UUID, news: FeedUpdate, mark: ChannelState) -> None:
        """Tell all who follow an event."""
        headers = {"content-type": content_type(mark), "x-eventsource-event": f"live:{event_id}"}
        body = msgspec.json.encode(news)
        async with self._http.post(f"{self._url}/publish/{event_id}", data=body, headers=headers) as answer:
            if answer.status not in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
                raise EdgeFailed(answer.status)


class EdgePublisher:
    """Keeps the edge at what the feeds say."""

    def __init__(self, db: Database, clock: Clock, feeds: Feeds, url: str) -> None:
        self._db = db
        self._clock = clock
        self._feeds = feeds
        self._url = url

    def register(self, jobs: Jobs) -> None:
        """Tell it in one process of all; after whatever fails, from the start again."""
        jobs.every(CHECK_S, "live.edge", self)

    async def __call__(self) -> None:
        """Run for an hour, or until something fails: the edge or the database may be away."""
        tail, news = Tail(self._db), asyncio.Queue[UUID]()

        def on_facts(facts: Sequence[Fact]) -> None:
            for event_id in {fact.about for fact in facts if fact.what in (ENTRY_FACT, TEAMS_FACT)}:
                news.put_nowait(event_id)

        async with self._db.connection() as conn:
            position = await head(conn)
            in_use = set(await store.feeds_in_use(conn, self._clock.now() - IN_USE))
        tail.listen(on_facts, position)
        ends_at = asyncio.get_running_loop().time() + RENEW_S
        try:
            async with aiohttp.ClientSession(timeout=TIMEOUT) as http:
                await self._keep_told(Edge(http, self._url), in_use, news, ends_at)
        except (aiohttp.ClientError, TimeoutError, EdgeFailed) as failure:
            log.warning("edge_away", error=type(failure).__name__)
        finally:
            await tail.close()

    async def _keep_told(self, edge: Edge, in_use: set[UUID], news: asyncio.Queue[UUID], ends_at: float) -> None:
        for event_id in in_use:
            await self._tell(edge, event_id)
        while asyncio.get_running_loop().time() < ends_at:
            try:
                async with asyncio.timeout(CHECK_S):
                    event_id = await news.get()
            except TimeoutError:
                due = in_use
            else:
                in_use.add(event_id)
                due = {event_id}
            for event_id in due:
                await self._tell(edge, event_id)

    async def _tell(self, edge: Edge, event_id: UUID) -> None:
        known = await self._feeds.at(event_id)
        if known is None:
            return
        stands = ChannelState(known.feed.head, known.feed.revision)
        entries = known.entries[: stands.head]  # a reading may have found more than its head
        lacking = pending_update(await edge.told(event_id), stands)
        if lacking is not None:
            await edge.tell(event_id, FeedUpdate(entries[lacking.after :], teams=lacking.teams), stands)
