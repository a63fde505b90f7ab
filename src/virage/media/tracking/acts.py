"""Commands of tracking; each runs in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from virage.media.tracking import store
from virage.media.tracking.rules.frames import FramesResult, TrackingFrame
from virage.media.tracking.rules.kicks import Kick, resolve_kicks, with_kicks
from virage.media.tracking.rules.track import track_frames
from virage.platform.data.database import Connection


async def add_frames(conn: Connection, event_id: UUID, frames: Sequence[TrackingFrame], now: datetime) -> FramesResult:
    """Add a batch of frames. Frames that are not later than the last accepted one are ignored."""
    play = await store.lock_play(conn, event_id)
    track, result = track_frames(play.track, frames, now)
    if result.accepted:
        await store.set_play(conn, event_id, replace(play, track=track, kicks=resolve_kicks(play.kicks, track.near)))
    return result


async def add_kicks(conn: Connection, event_id: UUID, felt: Sequence[Kick]) -> None:
    """Add kicks of a ball; a repeated kick is ignored."""
    play = await store.lock_play(conn, event_id)
    kicks = with_kicks(play.kicks, felt, play.track.near)
    if kicks != play.kicks:
        await store.set_play(conn, event_id, replace(play, kicks=kicks))
