"""What phones may ask of a clip: its playlists, its segments, and the keys without which they are noise."""

from datetime import datetime
from uuid import UUID

from virage.kernel.database import Connection
from virage.replay.rules.addresses import OBJECTS, keys_of
from virage.replay.rules.clips import Clip
from virage.replay.rules.media import Kind, MediaVault
from virage.replay.rules.playlists import main_playlist, media_playlist
from virage.replay.store import cameras, clips


async def clip(conn: Connection, clip_id: UUID) -> Clip | None:
    """A clip in any state."""
    return await clips.clip(conn, clip_id)


async def angle(conn: Connection, clip: Clip, camera: str) -> str:
    """The playlist of one camera's picture and sound."""
    video = await cameras.pieces(conn, camera, Kind.VIDEO, clip.from_at, clip.to_at)
    return main_playlist(video, await cameras.pieces(conn, camera, Kind.AUDIO, clip.from_at, clip.to_at))


async def track(conn: Connection, clip: Clip, camera: str, kind: Kind, now: datetime) -> str:
    """The playlist of a track as far as it has come in."""
    pieces = await cameras.pieces(conn, camera, kind, clip.from_at, clip.to_at)
    return media_playlist(pieces, keys_of(clip.id), OBJECTS, closed=clip.settled(now))


async def key(conn: Connection, vault: MediaVault, camera: str, period: datetime) -> bytes | None:
    """The key of a camera and an hour; None where it sent nothing."""
    sealed = await cameras.media_key(conn, camera, period)
    return None if sealed is None else vault.open(sealed, camera, period)
