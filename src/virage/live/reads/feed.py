"""What phones and neighbours may ask of a feed. Each process reads and encodes an entry once, whoever listens."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from virage.kernel.batching import Batcher
from virage.kernel.database import Connection, Database
from virage.kernel.guard import Principal
from virage.kernel.ids import id_of
from virage.kernel.journal import Entry as Fact
from virage.kernel.journal import head, position_key
from virage.kernel.problems import Refused
from virage.kernel.stream import Opened
from virage.live.rules.entries import PAGE_ENTRIES, TEAMS_FACT, TOLD_FACT, Entry, Teams
from virage.live.rules.feed import MatchState, Reason, effective, state_of
from virage.live.store import feed as store
from virage.programme import reads as programme

KNOWN_MAX: Final = 16
MISSED_MAX: Final = 2 * PAGE_ENTRIES
"""Who missed more reads pages, which caches carry: a phone that comes back asks the stream for little."""


class FeedNews(Struct, frozen=True, omit_defaults=True):
    """Entries in order, each an `Entry`; one may come twice, its number tells. `teams`: who plays was set anew.

    A stream begins with `head`, the number of the last entry: what a phone lacks up to it stands in the pages.
    """

    entries: list[Raw] = []
    teams: bool = False
    head: int = 0


class Page(Struct, frozen=True):
    """The entries `32 * (page - 1) + 1` to `32 * page` of a feed. A full page never changes."""

    entries: list[Entry]


class Live(Struct, frozen=True):
    """The state of a feed: the number of its last entry, who plays, what it adds up to."""

    event_id: UUID
    head: int
    revision: int
    teams: Teams | None
    state: MatchState


class Known(Struct):
    """A feed as this process knows it, up to `position` of the journal: its entries encoded, and who wrote them."""

    position: str
    feed: store.Feed
    entries: list[Raw] = []
    xids: list[int] = []


class Feeds:
    """The feeds that somebody asks for. Whoever asks at once shares one reading."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[UUID, Known] = {}
        self._readings = Batcher[UUID, Known | None](self._read, batch_max=10_000, queue_max=100_000)

    async def at(self, event_id: UUID) -> Known | None:
        """A feed as it stands; None for an event that is not public."""
        return await self._readings.submit(event_id)

    async def _read(self, event_ids: Sequence[UUID]) -> list[Known | None]:
        asked = list(dict.fromkeys(event_ids))
        async with self._db.connection() as conn:
            position = await head(conn)
            found = {event_id: await self._one(conn, event_id, position) for event_id in asked}
        return [found[event_id] for event_id in event_ids]

    async def _one(self, conn: Connection, event_id: UUID, position: str) -> Known | None:
        known = self._known.get(event_id)
        feed = await store.feed(conn, event_id)
        if feed is None:
            return await _nothing_told(conn, event_id, position)
        if known is None:
            known = self._known[event_id] = Known(position, feed)
            if len(self._known) > KNOWN_MAX:
                del self._known[next(iter(self._known))]
        if feed.head > len(known.entries):
            for written in await store.entries_after(conn, event_id, len(known.entries)):
                known.entries.append(Raw(msgspec.json.encode(written.entry)))
                known.xids.append(written.xid)
        known.position, known.feed = position, feed
        return known


async def _nothing_told(conn: Connection, event_id: UUID, position: str) -> Known | None:
    event = (await programme.public_events_of(conn, [event_id])).get(event_id)
    return None if event is None else Known(position, store.Feed(event_id, 0, None, 0))


class LiveTopic:
    """`live:<event_id>`: what happens, in order. It begins with what was missed, or with the last page of it."""

    name = "live"

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds

    async def open(self, principal: Principal, argument: str, since: str | None) -> Opened | Refused:  # noqa: ARG002 - everybody may watch
        """Tell what was missed."""
        event_id = id_of(argument)
        known = None if event_id is None else await self._feeds.at(event_id)
        if known is None:
            return Refused(Reason.NOT_FOUND)
        # a position lies within its transaction, whose entries may have been told in part: all of them come again
        xid = 0 if since is None else position_key(since).xid
        missed = [entry for entry, written in zip(known.entries, known.xids, strict=True) if written >= xid]
        head = len(known.entries)
        if len(missed) > MISSED_MAX:
            missed = known.entries[head - head % PAGE_ENTRIES :]
        return Opened(known.position, [FeedNews(missed, teams=since is not None, head=head)])

    async def on_entries(self, entries: Sequence[Fact]) -> Mapping[str, Any]:
        """The entries that these facts name."""
        told: dict[UUID, list[int]] = {}
        teams: set[UUID] = set()
        for fact in entries:
            if fact.what == TOLD_FACT:
                told.setdefault(fact.about, []).append(fact.data["number"])
            elif fact.what == TEAMS_FACT:
                teams.add(fact.about)
        messages: dict[str, Any] = {}
        for event_id in told.keys() | teams:
            known = await self._feeds.at(event_id)
            news = [] if known is None else [known.entries[number - 1] for number in sorted(told.get(event_id, []))]
            messages[str(event_id)] = FeedNews(news, teams=event_id in teams)
        return messages


def live_of(known: Known) -> Live:
    """The state of a feed."""
    happened = effective(msgspec.json.decode(entry, type=Entry) for entry in known.entries)
    feed = known.feed
    return Live(feed.event_id, feed.head, feed.revision, feed.teams, state_of(happened.values()))


def page_of(known: Known, page: int) -> bytes | None:
    """A page of a feed as JSON (`Page`); None beyond its end."""
    entries = known.entries[(page - 1) * PAGE_ENTRIES : page * PAGE_ENTRIES]
    return msgspec.json.encode({"entries": entries}) if entries or page == 1 else None
