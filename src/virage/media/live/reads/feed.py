"""Feeds as phones and other domains read them; each process reads and encodes an entry once."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct

from virage.media.live.rules.entries import ENTRY_FACT, PAGE_ENTRIES, TEAMS_FACT, FeedEntry, Teams
from virage.media.live.rules.feed import MatchState, Reason, effective, state_of
from virage.media.live.store import feed as store
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Entry as Fact
from virage.platform.data.journal import position_key
from virage.platform.realtime.hub import Opened, Opening
from virage.platform.values.ids import id_of
from virage.platform.values.refusals import Refused
from virage.platform.web.openapi import REF
from virage.site.programme import api as programme
from virage.site.programme.types import Event, Kind, State, Text

KNOWN_MAX: Final = 16
MISSED_MAX: Final = 2 * PAGE_ENTRIES
"""A phone that missed more entries reads them from pages, which caches serve."""


_Entry = Annotated[Raw, Meta(extra_json_schema={"$ref": REF.format(name="FeedEntry")})]


class FeedUpdate(Struct, frozen=True, omit_defaults=True):
    """A message of the topic: entries in order, each a `FeedEntry`; `teams`: the line-ups have changed.

    A stream starts with `head`, the number of the last published entry. Pages have all entries up to it, and the stream
    sends each later entry once.
    """

    entries: list[_Entry] = []
    teams: bool = False
    head: int = 0


class FeedPage(Struct, frozen=True):
    """The entries `32 * (page - 1) + 1` to `32 * page` of a feed. A full page never changes."""

    entries: list[FeedEntry]


class MatchFeed(Struct, frozen=True):
    """The current state of a feed; `head` is the number of its last entry."""

    event_id: UUID
    head: int
    revision: int
    teams: Teams | None
    state: MatchState


class TeamsSheet(Struct, frozen=True):
    """The line-ups of an event in any state, with the event's details for the page that edits them."""

    title: Text
    kind: Kind
    state: State
    starts_at: datetime
    revision: int
    teams: Teams | None


class CachedFeed(Struct):
    """A feed in this process: encoded entries, and for each the transaction with which it is sent.

    That is the transaction that wrote it, or a later one that wrote an earlier entry: a transaction that began first
    may commit last. So the entries before a position are the same prefix of the feed in every process, and each entry
    is sent exactly once.
    """

    feed: store.Feed
    entries: list[_Entry] = []
    transactions: list[int] = []

    def add(self, written: store.StoredEntry) -> None:
        """Append the next entry."""
        self.entries.append(Raw(msgspec.json.encode(written.entry)))
        self.transactions.append(max(written.xid, self.transactions[-1] if self.transactions else 0))

    def count_before(self, position: str) -> int:
        """Return the number of entries before a position of the journal."""
        return bisect_left(self.transactions, position_key(position).xid_next)

    def entries_of(self, xids: Iterable[int]) -> list[Raw]:
        """Return the entries that are sent with these transactions."""
        cuts = [
            (bisect_left(self.transactions, xid), bisect_right(self.transactions, xid)) for xid in sorted(set(xids))
        ]
        return [entry for begins, ends in cuts for entry in self.entries[begins:ends]]


class Feeds:
    """Cached feeds. Concurrent readers share one query."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[UUID, CachedFeed] = {}
        self._readings = Batcher[UUID, CachedFeed | None](self._read, batch_max=10_000, queue_max=100_000)

    async def at(self, event_id: UUID) -> CachedFeed | None:
        """Return the current feed; None for an event that is not public."""
        return await self._readings.submit(event_id)

    async def _read(self, event_ids: Sequence[UUID]) -> list[CachedFeed | None]:
        asked = list(dict.fromkeys(event_ids))
        async with self._db.connection() as conn:
            found = {event_id: await self._one(conn, event_id) for event_id in asked}
        return [found[event_id] for event_id in event_ids]

    async def _one(self, conn: Connection, event_id: UUID) -> CachedFeed | None:
        feed = await store.feed(conn, event_id)
        if feed is None or (feed.head == 0 and feed.teams is not None):  # a draft may have line-ups but is not public
            return await _empty_feed(conn, event_id, feed)
        # least recently used feeds are evicted first, so that readers of old matches do not evict the current one
        known = self._known.pop(event_id, None) or CachedFeed(feed)
        self._known[event_id] = known
        if len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]
        if feed.head > len(known.entries):
            for written in await store.entries_after(conn, event_id, len(known.entries)):
                known.add(written)
        known.feed = feed
        return known


async def teams_sheet(conn: Connection, event: Event) -> TeamsSheet:
    """Return the line-ups of an event for editing."""
    feed = await store.feed(conn, event.id)
    revision, teams = (feed.revision, feed.teams) if feed else (0, None)
    return TeamsSheet(event.title, event.kind, event.state, event.starts_at, revision, teams)


async def _empty_feed(conn: Connection, event_id: UUID, feed: store.Feed | None) -> CachedFeed | None:
    event = (await programme.public_events_of(conn, [event_id])).get(event_id)
    return None if event is None else CachedFeed(feed or store.Feed(event_id, 0, None, 0))


class LiveTopic:
    """`live:<event_id>`: entries in order, starting with the missed ones or with the last page."""

    name = "live"
    message = FeedUpdate

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        """Return the missed entries. The topic is public."""
        event_id = id_of(argument)
        known = None if event_id is None else await self._feeds.at(event_id)
        if known is None:
            return Refused(Reason.NOT_FOUND)
        since, head = opening.since, known.count_before(opening.at)
        received = 0 if since is None else known.count_before(since)
        if head - received > MISSED_MAX:
            received = head - head % PAGE_ENTRIES
        return Opened(opening.at, [FeedUpdate(known.entries[received:head], teams=since is not None, head=head)])

    async def on_entries(self, entries: Sequence[Fact]) -> Mapping[str, Any]:
        """Return the updates that belong to these facts, by event."""
        transactions: dict[UUID, list[int]] = {}
        teams: set[UUID] = set()
        for fact in entries:
            if fact.what == ENTRY_FACT:
                transactions.setdefault(fact.about, []).append(position_key(fact.position).xid)
            elif fact.what == TEAMS_FACT:
                teams.add(fact.about)
        messages: dict[str, Any] = {}
        for event_id in transactions.keys() | teams:
            known = await self._feeds.at(event_id)
            news = [] if known is None else known.entries_of(transactions.get(event_id, ()))
            if news or event_id in teams:
                messages[str(event_id)] = FeedUpdate(news, teams=event_id in teams)
        return messages


def match_feed_of(known: CachedFeed) -> MatchFeed:
    """Return the state of a feed."""
    happened = effective(msgspec.json.decode(entry, type=FeedEntry) for entry in known.entries)
    feed = known.feed
    return MatchFeed(feed.event_id, feed.head, feed.revision, feed.teams, state_of(happened.values()))


def feed_page_of(known: CachedFeed, page: int) -> bytes | None:
    """Return a page of a feed as JSON (`FeedPage`); None beyond the last page."""
    entries = known.entries[(page - 1) * PAGE_ENTRIES : page * PAGE_ENTRIES]
    return msgspec.json.encode({"entries": entries}) if entries or page == 1 else None
