"""Telling what happens, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from virage.media.live.acts.notices import NOTICES_KIND, NoticesDue
from virage.media.live.rules.entries import TEAMS_FACT, TOLD_FACT, Entry, Teams, Telling
from virage.media.live.rules.feed import Reason, numbered, refuse_teams
from virage.media.live.rules.notices import NEWSWORTHY
from virage.media.live.store import feed as store
from virage.media.live.store.feed import Said
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.data.queue import enqueue
from virage.platform.values.refusals import Refused


class EntriesTold(Protocol):
    """What entries cause in the domains above (a clip of a goal, for instance); it runs in their transaction."""

    async def __call__(
        self, conn: Connection, event_id: UUID, entries: Sequence[Entry], who: UUID | None, now: datetime
    ) -> None:
        """Handle entries that are new. `who` told them; None: the house itself."""
        ...


async def tell(
    conn: Connection,
    event_id: UUID,
    tellings: Sequence[Telling],
    who: UUID | None,
    now: datetime,
    *,
    handlers: Sequence[EntriesTold] = (),
) -> list[Entry | Refused]:
    """Write what happened, in order: one outcome a telling, each with an id of its own. The same again is the same."""
    feed = await store.lock_feed(conn, event_id)
    told = await store.said(conn, tellings)
    new = [telling for telling in tellings if telling.id not in told]
    known = [written.entry for written in await store.entries_after(conn, event_id, 0)] if new else []
    outcomes = dict(zip([telling.id for telling in new], numbered(new, known, feed.teams), strict=True))
    entries = [(telling_id, outcome) for telling_id, outcome in outcomes.items() if isinstance(outcome, Entry)]
    if entries:
        await store.insert_entries(conn, event_id, entries, who, now)
        fresh = [entry for _, entry in entries]
        facts = [Fact(TOLD_FACT, who, event_id, {"number": entry.number}) for entry in fresh]
        await append(conn, facts, now)
        if any(isinstance(entry.told, NEWSWORTHY) for entry in fresh):
            await enqueue(conn, NOTICES_KIND, [NoticesDue(event_id)])
        for handler in handlers:
            await handler(conn, event_id, fresh, who, now)
    return [
        _again(told[telling.id], event_id, telling) if telling.id in told else outcomes[telling.id]
        for telling in tellings
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


def _again(said: Said, event_id: UUID, telling: Telling) -> Entry | Refused:
    same = (said.event_id, said.entry.at, said.entry.told) == (event_id, telling.at, telling.told)
    same_clock = telling.clock_s in (None, said.entry.clock_s)  # None: what the feed's own clock made of it
    return said.entry if same and same_clock else Refused(Reason.ENTRY_ID_TAKEN)
