"""What phones may ask of a clip: its playlists, its segments, and the keys without which they are noise."""

from datetime import datetime
from uuid import UUID

from virage.kernel.database import Connection
from virage.replay.rules.addresses import OBJECTS, keys_of
from virage.replay.rules.clips import Clip
from virage.replay.rules.ladder import STEPS, complete, shown_of
from virage.replay.rules.media import Kind, MediaVault, Rung
from virage.replay.rules.playlists import main_playlist, media_playlist
from virage.replay.store import cameras, clips


async def clip(conn: Connection, clip_id: UUID) -> Clip | None:
    """A clip, withdrawn ones too."""
    return await clips.clip(conn, clip_id)


async def shown(conn: Connection, clip_id: UUID) -> Clip | None:
    """A clip that is published and not withdrawn."""
    clip = await clips.clip(conn, clip_id)
    return clip if clip is not None and clip.withdrawn_at is None else None


async def angle(conn: Connection, clip: Clip, camera: str) -> str:
    """The playlist of one camera's picture, in the rungs that are complete enough, and of its sound."""
    found = await cameras.stretch(conn, camera, clip.from_at, clip.to_at)
    video = found[Kind.VIDEO, Rung.SOURCE]
    rungs = [made for step in STEPS if complete(video, made := found[Kind.VIDEO, step.rung])]
    return main_playlist(video, found[Kind.AUDIO, Rung.SOURCE], rungs)


async def track(conn: Connection, clip: Clip, camera: str, kind: Kind, rung: Rung, *, now: datetime) -> str:
    """The playlist of a track as far as it has come in."""
    found = await cameras.stretch(conn, camera, clip.from_at, clip.to_at, kinds={kind}, rungs={Rung.SOURCE, rung})
    pieces, closed = found[kind, Rung.SOURCE], clip.settled(now)
    if rung is not Rung.SOURCE:
        pieces = shown_of(pieces, found[kind, rung], now, closed=closed)
    return media_playlist(pieces, keys_of(clip.id), OBJECTS, closed=closed)


async def key(conn: Connection, vault: MediaVault, camera: str, period: datetime) -> bytes | None:
    """The key of a camera and an hour; None where it sent nothing."""
    sealed = await cameras.media_key(conn, camera, period)
    return None if sealed is None else vault.open(sealed, camera, period)
