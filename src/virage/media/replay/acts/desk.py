"""Suggestions to the media desk, and its approval setting, in the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from virage.media.replay.rules.moments import SAME_MOMENT, TAPS_WITHIN, Moment, Suggestion, tapped_moment
from virage.media.replay.store import desk as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id

TAPS_KEPT: Final = timedelta(minutes=10)


async def set_four_eyes(conn: Connection, event_id: UUID, who: UUID | None, now: datetime, *, four_eyes: bool) -> None:
    """Set whether clips need approval by a second person. Clips that are already proposed still need it."""
    if await store.set_four_eyes(conn, event_id, four_eyes=four_eyes):
        await append(conn, [Fact("clips_four_eyes", who, event_id, {"four_eyes": four_eyes})], now)


async def suggest(conn: Connection, event_id: UUID, moment: Moment, now: datetime) -> bool:
    """Suggest a moment and return True; return False if a suggestion or a clip already covers it."""
    await store.lock(conn, event_id)
    if await store.moment_known(conn, event_id, moment.at, SAME_MOMENT):
        return False
    suggestion = Suggestion(new_id(), event_id, moment)
    await store.add_suggestion(conn, suggestion)
    await append(conn, [Fact("moment_suggested", None, suggestion.id, {"event": event_id})], now)
    return True


async def dismiss(conn: Connection, suggestion: Suggestion, who: UUID | None, now: datetime) -> None:
    """Dismiss a suggestion without publishing a clip."""
    if await store.dismiss(conn, suggestion.id, who, now):
        await append(conn, [Fact("moment_dismissed", who, suggestion.id, {"event": suggestion.event_id})], now)


async def count_taps(
    conn: Connection, process: UUID, seconds: Mapping[tuple[UUID, datetime], tuple[int, int]], now: datetime
) -> None:
    """Add requests of fans to see something again, and suggest the moment once there are enough.

    `seconds`: by event and second, how many fans asked, and how many follow that event in this process.
    """
    await store.add_taps(conn, process, seconds)
    for event_id in sorted({event_id for event_id, _ in seconds}):
        lately, watching = await store.taps(conn, event_id, now - TAPS_WITHIN)
        moment = tapped_moment(lately, watching)
        if moment is not None:
            await suggest(conn, event_id, moment, now)


async def delete_taps(conn: Connection, now: datetime) -> None:
    """Delete counts of requests older than ten minutes."""
    await store.delete_taps(conn, now - TAPS_KEPT)
