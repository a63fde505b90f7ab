"""Import of match data, in the caller's transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct, field

from virage.media.live.acts import publishing as live
from virage.media.live.acts.publishing import EntriesPublished
from virage.media.live.rules.entries import EntryRequest, EntryWithdrawal, FeedEntry, Goal, PeriodOver
from virage.media.live.rules.feed import Reason, effective
from virage.media.live.sources import store
from virage.media.live.sources.rules.attribution import AttributedAction, AttributedCount, actor_of, blame_of
from virage.media.live.sources.rules.cdf import (
    CdfEvent,
    DefectCode,
    Document,
    EventLine,
    LineDefect,
    MatchSheet,
    MetaData,
    SourceIds,
)
from virage.media.live.sources.rules.counting import STATS_FACT, CountedAction, due, statistics
from virage.media.live.sources.rules.lineups import source_ids_of, teams_of
from virage.media.live.sources.rules.proposals import (
    EffectiveEntries,
    ProposedEntry,
    entries_of_event,
    entries_of_meta,
    entries_of_sheet,
    is_supported,
    kinds_of,
)
from virage.media.live.store import feed as feeds
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import named_id
from virage.platform.values.refusals import Refused
from virage.platform.values.texts import Invisible, check_body

IGNORED_MAX: Final = 50
OTHER: Final = "other"


class CdfImport(Struct):
    """Result of a CDF import: new entries, counted actions, ignored event types by name, defects."""

    teams: bool = False
    published: int = 0
    counted: int = 0
    ignored: dict[str, int] = field(default_factory=dict)
    defects: list[LineDefect] = field(default_factory=list)


async def save_counts(conn: Connection, event_id: UUID, counts: Sequence[CountedAction], now: datetime) -> int:
    """Store counted actions, and return how many were new or changed. Statistics are published if due."""
    await store.open_stats(conn, event_id)
    published = await store.lock_stats(conn, event_id)
    changed = await store.save_counts(conn, event_id, list({count.id: count for count in counts}.values()))
    if changed and published is not None and due(published.published_at, now):
        await _publish_stats(conn, event_id, published, now)
    return changed


async def publish_stats_now(
    conn: Connection,
    event_id: UUID,
    entries: Sequence[FeedEntry],
    who: UUID | None,  # noqa: ARG001 - part of the handler's protocol
    now: datetime,
) -> None:
    """Publish statistics with a goal and at the end of a period; a handler of published entries."""
    if any(isinstance(entry.content, Goal | PeriodOver | EntryWithdrawal) for entry in entries):
        published = await store.lock_stats(conn, event_id)
        if published is not None:
            await _publish_stats(conn, event_id, published, now)


async def _publish_stats(conn: Connection, event_id: UUID, published: store.PublishedStats, now: datetime) -> None:
    figures = statistics(await store.tallies(conn, event_id))
    if figures != published.statistics:
        await store.save_stats(conn, event_id, figures, now)
        await append(conn, [Fact(STATS_FACT, None, event_id)], now)


async def import_documents(
    conn: Connection,
    event_id: UUID,
    documents: Sequence[Document | str | LineDefect],
    who: UUID | None,
    now: datetime,
    *,
    handlers: Sequence[EntriesPublished] = (),
) -> CdfImport:
    """Publish and count the content of CDF documents, in order. A defective document does not affect others."""
    feed = await feeds.lock_feed(conn, event_id)  # lock order: the feed before the statistics, as in publishing
    entries = [written.entry for written in await feeds.entries_after(conn, event_id, 0)]
    known = await store.source_ids(conn, event_id)
    importer = _CdfImporter(conn, event_id, feed, entries, known, who=who, now=now, handlers=handlers)
    for number, document in enumerate(documents, 1):
        await importer.document(number, document)
    await importer.flush()
    return importer.result


class _CdfImporter:
    """Import of one request body; the feed is locked."""

    def __init__(
        self,
        conn: Connection,
        event_id: UUID,
        feed: feeds.Feed,
        entries: list[FeedEntry],
        known: SourceIds | None,
        *,
        who: UUID | None,
        now: datetime,
        handlers: Sequence[EntriesPublished],
    ) -> None:
        self._conn = conn
        self._event_id = event_id
        self._feed = feed
        self._entries = entries
        self._known = known
        self._who = who
        self._now = now
        self._handlers = handlers
        self._counts: list[AttributedCount] = []
        self._did: dict[str, AttributedAction] = {}
        self.result = CdfImport()

    async def document(self, number: int, document: Document | str | LineDefect) -> None:
        """Import a document."""
        match document:
            case LineDefect():
                self.result.defects.append(document)
            case str():
                self._ignore(document)
            case MetaData() | MatchSheet():
                await self._names(number, document)
            case EventLine():
                await self._event(number, document)

    async def flush(self) -> None:
        """Store the collected counts."""
        if self._counts:
            await save_counts(self._conn, self._event_id, self._counts, self._now)
            self._counts = []

    async def _names(self, number: int, document: MetaData | MatchSheet) -> None:
        known = source_ids_of(document)
        if isinstance(known, str):
            self._defect(number, DefectCode.INVALID, known)
            return
        if self._known is not None and self._known.match_id != known.match_id:
            self._defect(number, DefectCode.OTHER_MATCH)
            return
        teams = teams_of(document, self._feed.teams, bound=self._known is not None)
        try:
            check_body(msgspec.json.encode(teams))  # as the web layer checks JSON bodies
        except Invisible as hidden:
            self._defect(number, DefectCode.INVALID, f"{hidden.source}: {hidden}")
            return
        before = self._feed.revision
        revision = await live.set_teams(
            self._conn, self._event_id, teams, self._who, self._now, revision=self._feed.revision
        )
        if isinstance(revision, Refused):
            self._defect(number, revision.reason, str(revision.data))
            return
        self.result.teams |= revision != before
        self._feed = await feeds.lock_feed(self._conn, self._event_id)
        if known != self._known:
            await store.save_source_ids(self._conn, self._event_id, known)
            self._known = known
        if isinstance(document, MetaData):
            await self._publish(number, lambda happened: entries_of_meta(document, happened))
        else:
            await self._publish(number, lambda happened: entries_of_sheet(document, known, happened))

    async def _event(self, number: int, line: EventLine) -> None:
        known, event = self._known, line.event
        if known is None:
            self._defect(number, DefectCode.META_MISSING)
            return
        if line.match.id != known.match_id:
            self._defect(number, DefectCode.OTHER_MATCH)
            return
        who = actor_of(event, known, await self._related_actions(event))
        if who is None and event.type != "referee":
            self._defect(number, DefectCode.TEAM_UNKNOWN, str(event.team_id))
            return
        kinds = kinds_of(event) if who is not None else []
        if who is not None:
            blame = blame_of(event)
            self._did[event.id] = AttributedAction(who, blame)
            self._counts.append(AttributedCount(self._id(event.id), who[0], kinds, who[1], blame))
        self.result.counted += bool(kinds)
        await self._publish(number, lambda happened: entries_of_event(event, who, happened))
        if not kinds and not is_supported(event, who):
            self._ignore(f"{event.type}/{event.sub_type}" if event.type == "referee" else event.type)

    async def _related_actions(self, event: CdfEvent) -> dict[str, AttributedAction]:
        """Return the players of the lines that a referee line refers to."""
        if event.type != "referee" or not event.related_event_ids or event.player_id is not None:
            return {}
        missing = {self._id(name): name for name in event.related_event_ids if name not in self._did}
        found = await store.counted_actions(self._conn, self._event_id, list(missing)) if missing else {}
        return self._did | {missing[UUID(int=id_.int)]: linked for id_, linked in found.items()}

    async def _publish(self, number: int, proposals_of: Callable[[EffectiveEntries], list[ProposedEntry]]) -> None:
        """Publish proposed entries until none remain."""
        tried: set[str] = set()
        while proposals := [
            proposal for proposal in proposals_of(effective(self._entries)) if proposal.name not in tried
        ]:
            await self.flush()
            tried |= {proposal.name for proposal in proposals}
            requests = [
                EntryRequest(self._id(proposal.name), proposal.at, proposal.content, proposal.clock_s)
                for proposal in proposals
            ]
            head = len(self._entries)
            outcomes = await live.publish(
                self._conn, self._event_id, requests, self._who, self._now, handlers=self._handlers
            )
            for refused in [outcome for outcome in outcomes if isinstance(outcome, Refused)]:
                if refused.reason != Reason.ENTRY_ID_TAKEN:
                    self._defect(number, refused.reason, str(refused.data))
            fresh = await feeds.entries_after(self._conn, self._event_id, head)
            self._entries += [written.entry for written in fresh]
            self.result.published += sum(
                isinstance(outcome, FeedEntry) and outcome.number > head for outcome in outcomes
            )

    def _id(self, name: str) -> UUID:
        return named_id(self._event_id, f"cdf {name}")

    def _defect(self, number: int, reason: str, message: str = "") -> None:
        self.result.defects.append(LineDefect(number, reason, message))

    def _ignore(self, what: str) -> None:
        ignored = self.result.ignored
        what = what[:60] if what[:60] in ignored or len(ignored) < IGNORED_MAX else OTHER
        ignored[what] = ignored.get(what, 0) + 1
