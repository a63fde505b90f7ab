"""What phones may ask of a clip: its playlists, its segments, and the keys without which they are noise."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.kernel.database import Connection
from virage.replay.rules.addresses import OBJECTS, keys_of
from virage.replay.rules.clips import Clip
from virage.replay.rules.ladder import STEPS, complete, shown_of
from virage.replay.rules.media import Kind, MediaVault, Rung
from virage.replay.rules.playlists import Piece, Places, Run, in_order, main_playlist, media_playlist, runs_of
from virage.replay.store import cameras, clips


class Angle(Struct, frozen=True):
    """What one camera has of a clip, in order. `rungs`: smaller pictures, as far as they are made."""

    clip: Clip
    camera: str
    video: list[Piece]
    audio: list[Piece]
    runs: list[Run]
    rungs: dict[Rung, list[Piece]]


async def clip(conn: Connection, clip_id: UUID) -> Clip | None:
    """A clip, withdrawn ones too."""
    return await clips.clip(conn, clip_id)


async def shown(conn: Connection, clip_id: UUID) -> Clip | None:
    """A clip that is published and not withdrawn."""
    clip = await clips.clip(conn, clip_id)
    return clip if clip is not None and clip.withdrawn_at is None else None


async def angle(conn: Connection, clip: Clip, camera: str) -> Angle:
    """What one camera has of a clip."""
    found = await cameras.stretch(conn, camera, clip.from_at, clip.to_at)
    video, audio = (in_order(found[kind, Rung.SOURCE]) for kind in (Kind.VIDEO, Kind.AUDIO))
    rungs = {step.rung: found[Kind.VIDEO, step.rung] for step in STEPS}
    return Angle(clip, camera, video, audio, runs_of(video), rungs)


def main_of(angle: Angle) -> str:
    """The playlist of one camera's picture, in the rungs that are complete enough, sound and captions."""
    rungs = [made for made in angle.rungs.values() if complete(angle.video, made)]
    return main_playlist(angle.video, angle.audio, rungs)


def track_of(angle: Angle, kind: Kind, rung: Rung, now: datetime) -> str:
    """The playlist of a track as far as it has come in."""
    pieces, closed = angle.video if kind is Kind.VIDEO else angle.audio, angle.clip.settled(now)
    if rung is not Rung.SOURCE:
        pieces = shown_of(pieces, angle.rungs[rung], now, closed=closed)
    return media_playlist(pieces, angle.runs, Places(keys_of(angle.clip.id), OBJECTS), closed=closed)


async def key(conn: Connection, vault: MediaVault, camera: str, period: datetime) -> bytes | None:
    """The key of a camera and an hour; None where it sent nothing."""
    sealed = await cameras.media_key(conn, camera, period)
    return None if sealed is None else vault.open(sealed, camera, period)
