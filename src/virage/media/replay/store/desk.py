"""Stored approval settings, suggestions and requests of fans."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.moments import Moment, MomentSource, Suggestion, TapCount
from virage.media.replay.store.queries import queries
from virage.platform.data.database import Connection


async def four_eyes(conn: Connection, event_id: UUID) -> bool:
    """Return whether clips of an event need approval."""
    return bool(await queries.four_eyes(conn, event_id=event_id))


async def set_four_eyes(conn: Connection, event_id: UUID, *, four_eyes: bool) -> bool:
    """Set whether clips need approval; return whether this changed."""
    return await queries.set_four_eyes(conn, event_id=event_id, four_eyes=four_eyes) is not None


async def lock(conn: Connection, event_id: UUID) -> None:
    """Lock the desk of an event against concurrent suggestions."""
    await queries.open_desk(conn, event_id=event_id)
    await queries.lock_desk(conn, event_id=event_id)


async def moment_known(conn: Connection, event_id: UUID, at: datetime, around: timedelta) -> bool:
    """Return whether a suggestion near a moment, or a clip that covers it, exists."""
    window = {"from_at": at - around, "to_at": at + around}
    return bool(await queries.moment_known(conn, event_id=event_id, at=at, **window))


async def add_suggestion(conn: Connection, suggestion: Suggestion) -> None:
    """Add a suggestion; its desk must be locked."""
    moment = suggestion.moment
    await queries.add_suggestion(
        conn,
        id=suggestion.id,
        event_id=suggestion.event_id,
        source=moment.source,
        at=moment.at,
        camera=moment.camera,
        strength=moment.strength,
    )


async def suggestion(conn: Connection, suggestion_id: UUID) -> Suggestion | None:
    """Return a suggestion, open or not, or None."""
    row = await queries.suggestion(conn, id=suggestion_id)
    return None if row is None else _suggestion(row)


async def open_suggestions(conn: Connection, event_id: UUID, most: int) -> list[Suggestion]:
    """Return the open suggestions, latest first."""
    return [_suggestion(row) async for row in queries.open_suggestions(conn, event_id=event_id, most=most)]


async def dismiss(conn: Connection, suggestion_id: UUID, who: UUID | None, now: datetime) -> bool:
    """Dismiss a suggestion; return whether it was open."""
    touched: int = await queries.dismiss(conn, id=suggestion_id, who=who, now=now)
    return touched == 1


async def answer_suggestions(conn: Connection, clip: Clip, suggestion_id: UUID | None, now: datetime) -> None:
    """Close the suggestions that a clip answers."""
    await queries.answer_suggestions(
        conn,
        event_id=clip.event_id,
        suggestion=suggestion_id,
        clip_id=clip.id,
        from_at=clip.from_at,
        to_at=clip.to_at,
        who=clip.marked_by,
        now=now,
    )


async def add_taps(conn: Connection, process: UUID, seconds: Mapping[tuple[UUID, datetime], tuple[int, int]]) -> None:
    """Add requests by event and second: how many asked, and how many follow the event in this process."""
    keys = sorted(seconds)
    await queries.add_taps(
        conn,
        process=process,
        event_ids=[event_id for event_id, _ in keys],
        seconds=[second for _, second in keys],
        taps=[seconds[key][0] for key in keys],
        watching=[seconds[key][1] for key in keys],
    )


async def taps(conn: Connection, event_id: UUID, since: datetime) -> tuple[Sequence[TapCount], int]:
    """Return the requests since a moment by second, and how many follow the event in those processes."""
    seconds = [TapCount(row["at"], row["taps"]) async for row in queries.taps(conn, event_id=event_id, since=since)]
    watching: int = await queries.watching(conn, event_id=event_id, since=since)
    return seconds, watching


async def delete_taps(conn: Connection, before: datetime) -> None:
    """Delete counts of requests before a moment."""
    await queries.delete_taps(conn, before=before)


def _suggestion(row: Mapping[str, Any]) -> Suggestion:
    moment = Moment(MomentSource(row["source"]), row["at"], row["strength"], row["camera"])
    return Suggestion(row["id"], row["event_id"], moment)
