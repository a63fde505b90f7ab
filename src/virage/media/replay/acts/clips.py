"""Publishing, approving and withdrawing clips in the caller's transaction. Locks the feed before a clip."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from virage.identity.people import api as people
from virage.media.live import api as live
from virage.media.live.types import EntryRequest, EntryWithdrawal, FeedEntry, Goal, ReplayAvailable, VarReview
from virage.media.replay.rules.clips import (
    Clip,
    ClipRequest,
    ClipState,
    Reason,
    event_covers,
    goal_clip_request,
    matches,
    new_clip,
    refuse_release,
)
from virage.media.replay.store import cameras as camera_store
from virage.media.replay.store import clips as store
from virage.media.replay.store import desk as desk_store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import named_id, new_id
from virage.platform.values.refusals import Refused
from virage.site.programme import api as programme


async def mark(
    conn: Connection, event_id: UUID, request: ClipRequest, who: UUID | None, now: datetime
) -> Clip | Refused:
    """Publish a clip and its feed entry; with four-eyes approval, store it as proposed. Idempotent by id.

    The marker of a clip is a person: for an API client, the person who created it.
    """
    if await store.clip(conn, request.id) is not None:
        return await _existing(conn, request, event_id)
    event = await programme.event(conn, event_id)
    if event is None or not event_covers(event, request.from_at):
        return Refused(Reason.NO_PICTURE)
    recorded, marker = await camera_store.cameras_seen(conn, request.from_at, request.to_at), await _person(conn, who)
    new = marker if isinstance(marker, Refused) else new_clip(request, event_id, recorded, marker)
    if isinstance(new, Refused):
        return new
    needs_approval = await desk_store.four_eyes(conn, event_id)
    if not needs_approval:
        entry = await _publish_entry(conn, new, named_id(new.id, "published"), who, now)
        if isinstance(entry, Refused):
            return await _existing(conn, request, event_id, entry)
        new = replace(new, published_at=now, entry=entry.number, poster_id=new_id())
    if not await store.add_clip(conn, new):
        return await _existing(conn, request, event_id)
    await desk_store.answer_suggestions(conn, new, request.suggestion, now)
    await append(
        conn, [Fact("clip_proposed" if needs_approval else "clip_published", who, new.id, {"event": event_id})], now
    )
    return new


async def _existing(
    conn: Connection, request: ClipRequest, event_id: UUID, refused: Refused | None = None
) -> Clip | Refused:
    """Return the stored clip of the same request, also of a concurrent transaction; otherwise a refusal."""
    existing = await store.clip(conn, request.id)
    if existing is None and refused is not None:
        return refused
    return existing if existing is not None and matches(existing, request, event_id) else Refused(Reason.CLIP_ID_TAKEN)


async def release(conn: Connection, clip: Clip, who: UUID | None, now: datetime) -> Clip | Refused:
    """Publish a proposed or withdrawn clip if its footage still exists; idempotent for a published clip."""
    if clip.state is ClipState.SHOWN:
        return clip
    person = await _person(conn, who)
    if isinstance(person, Refused):
        return person
    refusal = refuse_release(clip, person, four_eyes=await desk_store.four_eyes(conn, clip.event_id))
    if refusal is None and not set(clip.cameras) & set(await camera_store.cameras_seen(conn, clip.from_at, clip.to_at)):
        refusal = Refused(Reason.NO_PICTURE)
    if refusal is not None:
        return refusal
    entry = await _publish_entry(conn, clip, new_id(), who, now)
    if isinstance(entry, Refused):
        return entry
    if not await store.show_clip(conn, clip, entry.number, now):
        return Refused(Reason.CHANGED)
    await append(conn, [Fact("clip_released", who, clip.id, {"event": clip.event_id})], now)
    return replace(clip, published_at=clip.published_at or now, withdrawn_at=None, entry=entry.number)


async def withdraw(conn: Connection, clip: Clip, who: UUID | None, now: datetime) -> Clip | Refused:
    """Withdraw a clip and its feed entry. From then on, its keys are refused."""
    if clip.state is ClipState.WITHDRAWN:
        return clip
    if clip.entry is not None:
        # a refusal is ignored: the feed has withdrawn the entry itself
        await live.publish(conn, clip.event_id, [EntryRequest(new_id(), now, EntryWithdrawal(clip.entry))], who, now)
    if not await store.withdraw_clip(conn, clip.id, now, entry=clip.entry):
        return Refused(Reason.CHANGED)
    await append(conn, [Fact("clip_withdrawn", who, clip.id, {"event": clip.event_id})], now)
    return replace(clip, withdrawn_at=now, entry=None)


async def on_feed_entries(
    conn: Connection, event_id: UUID, entries: Sequence[FeedEntry], who: UUID | None, now: datetime
) -> None:
    """Publish a clip of each new goal, and withdraw the clips of withdrawn or overturned entries.

    A goal without footage, or withdrawn in the same batch, gets no clip. With four-eyes approval, the publisher of a
    goal counts as the marker of its clip.
    """
    withdrawn = {number for entry in entries if (number := _withdrawn_entry(entry)) is not None}
    for entry in entries:
        if isinstance(entry.content, Goal) and entry.number not in withdrawn:
            await mark(conn, event_id, goal_clip_request(event_id, entry), who, now)
    for number in sorted(withdrawn):
        for clip in await store.clips_of_entry(conn, event_id, number):
            await withdraw(conn, clip, None, now)


async def _person(conn: Connection, who: UUID | None) -> UUID | Refused | None:
    """Return the person responsible for a principal, None for the system. Refuse a revoked API client."""
    if who is None:
        return None
    return await people.responsible_person(conn, who) or Refused(Reason.NOT_FOUND)


def _withdrawn_entry(entry: FeedEntry) -> int | None:
    """Return the number of the entry that this entry withdraws or overturns, or None."""
    match entry.content:
        case EntryWithdrawal(about) | VarReview(matter="goal", phase="overturned", about=about):
            return about
        case _:
            return None


async def _publish_entry(
    conn: Connection, clip: Clip, entry_id: UUID, who: UUID | None, now: datetime
) -> FeedEntry | Refused:
    request = EntryRequest(entry_id, now, ReplayAvailable(clip.id, clip.about))
    (entry,) = await live.publish(conn, clip.event_id, [request], who, now)
    return entry
