"""Taking positions and kicks in, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from virage.media.tracking import store
from virage.media.tracking.rules.frames import Frame, Taken
from virage.media.tracking.rules.kicks import Kick, kicked, settled
from virage.media.tracking.rules.track import follow
from virage.platform.data.database import Connection


async def take_frames(conn: Connection, event_id: UUID, frames: Sequence[Frame], now: datetime) -> Taken:
    """Take a batch of frames in. Those that are not later than the last one change nothing."""
    play = await store.lock_play(conn, event_id)
    track, taken = follow(play.track, frames, now)
    if taken.taken:
        await store.set_play(conn, event_id, replace(play, track=track, kicks=settled(play.kicks, track.near)))
    return taken


async def take_kicks(conn: Connection, event_id: UUID, felt: Sequence[Kick]) -> None:
    """Take in what a ball felt; the same kick again is the same."""
    play = await store.lock_play(conn, event_id)
    kicks = kicked(play.kicks, felt, play.track.near)
    if kicks != play.kicks:
        await store.set_play(conn, event_id, replace(play, kicks=kicks))
