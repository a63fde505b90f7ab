"""Publishing and withdrawing clips, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.kernel.database import Connection
from virage.kernel.ids import named_id
from virage.kernel.journal import Fact, append
from virage.kernel.problems import Refused
from virage.live import acts as live
from virage.live.rules.entries import Entry, Goal, Replayed, Telling
from virage.replay.rules.clips import AFTER, BEFORE, Clip, Mark, Reason, clip_of, same
from virage.replay.store import cameras as camera_store
from virage.replay.store import clips as store


async def mark(conn: Connection, event_id: UUID, wish: Mark, who: UUID | None, now: datetime) -> Clip | Refused:
    """Publish a clip, at once, and say so in the feed. The same mark again is the same clip."""
    known = await store.clip(conn, wish.id)
    if known is not None:
        return known if same(known, wish, event_id) else Refused(Reason.CLIP_ID_TAKEN)
    made = clip_of(wish, event_id, await camera_store.cameras_seen(conn, wish.from_at, wish.to_at), now)
    if isinstance(made, Refused):
        return made
    told = Telling(named_id(made.id, "published"), now, Replayed(made.id, made.about))
    (entry,) = await live.tell(conn, event_id, [told], who, now)
    if isinstance(entry, Refused):
        return entry
    if not await store.add_clip(conn, made):
        return Refused(Reason.CLIP_ID_TAKEN)  # by another transaction, meanwhile
    await append(conn, [Fact("clip_published", who, made.id, {"event": event_id})], now)
    return made


async def withdraw(conn: Connection, clip: Clip, who: UUID | None, now: datetime) -> None:
    """Show a clip no more: its keys are given to nobody from now on."""
    if await store.withdraw_clip(conn, clip.id, now):
        await append(conn, [Fact("clip_withdrawn", who, clip.id, {"event": clip.event_id})], now)


async def mark_goals(conn: Connection, event_id: UUID, entries: Sequence[Entry], now: datetime) -> None:
    """Publish a clip of each goal that somebody told. One that no camera saw, or is withdrawn already, has none."""
    for entry in entries:
        if isinstance(entry.told, Goal):
            clip_id = named_id(event_id, f"goal {entry.number}")
            wish = Mark(clip_id, entry.at - BEFORE, entry.at + AFTER, about=entry.number)
            await mark(conn, event_id, wish, None, now)
