"""Publishing feed entries and line-ups."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from virage.media.live.acts.notifications import NOTIFY_JOB, NotificationsDue
from virage.media.live.rules.entries import ENTRY_FACT, TEAMS_FACT, EntryRequest, FeedEntry, Teams
from virage.media.live.rules.feed import Reason, accept_entries, refuse_teams
from virage.media.live.rules.notifications import NOTIFIABLE
from virage.media.live.store import feed as store
from virage.media.live.store.feed import EarlierEntry
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.data.queue import enqueue
from virage.platform.values.refusals import Refused


class EntriesPublished(Protocol):
    """A handler of new entries in another domain, such as the clip of a goal; it runs in their transaction."""

    async def __call__(
        self, conn: Connection, event_id: UUID, entries: Sequence[FeedEntry], who: UUID | None, now: datetime
    ) -> None:
        """Handle new entries. `who` published them; None: the system itself."""
        ...


async def publish(
    conn: Connection,
    event_id: UUID,
    requests: Sequence[EntryRequest],
    who: UUID | None,
    now: datetime,
    *,
    handlers: Sequence[EntriesPublished] = (),
) -> list[FeedEntry | Refused]:
    """Publish entries in order, and return one outcome for each. A repeated id returns the existing entry."""
    feed = await store.lock_feed(conn, event_id)
    existing = await store.entries_by_id(conn, requests)
    new = [request for request in requests if request.id not in existing]
    known = [written.entry for written in await store.entries_after(conn, event_id, 0)] if new else []
    outcomes = dict(zip([request.id for request in new], accept_entries(new, known, feed.teams), strict=True))
    entries = [(request_id, outcome) for request_id, outcome in outcomes.items() if isinstance(outcome, FeedEntry)]
    if entries:
        await store.insert_entries(conn, event_id, entries, who, now)
        fresh = [entry for _, entry in entries]
        facts = [Fact(ENTRY_FACT, who, event_id, {"number": entry.number}) for entry in fresh]
        await append(conn, facts, now)
        if any(isinstance(entry.content, NOTIFIABLE) for entry in fresh):
            await enqueue(conn, NOTIFY_JOB, [NotificationsDue(event_id)])
        for handler in handlers:
            await handler(conn, event_id, fresh, who, now)
    return [
        _repeated(existing[request.id], event_id, request) if request.id in existing else outcomes[request.id]
        for request in requests
    ]


async def set_teams(
    conn: Connection, event_id: UUID, teams: Teams, who: UUID | None, now: datetime, *, revision: int
) -> int | Refused:
    """Set the line-ups of both teams and return their revision."""
    feed = await store.lock_feed(conn, event_id)
    if feed.teams == teams:
        return feed.revision
    if feed.revision != revision:
        return Refused(Reason.CHANGED, {"revision": feed.revision})
    known = [written.entry for written in await store.entries_after(conn, event_id, 0)]
    refusal = refuse_teams(teams, known)
    if refusal is not None:
        return refusal
    await store.set_teams(conn, event_id, teams)
    await append(conn, [Fact(TEAMS_FACT, who, event_id, {"revision": feed.revision + 1})], now)
    return feed.revision + 1


def _repeated(earlier: EarlierEntry, event_id: UUID, request: EntryRequest) -> FeedEntry | Refused:
    same = (earlier.event_id, earlier.entry.at, earlier.entry.content) == (event_id, request.at, request.content)
    same_clock = request.clock_s in (None, earlier.entry.clock_s)  # None: set from the feed's clock
    return earlier.entry if same and same_clock else Refused(Reason.ENTRY_ID_TAKEN)
