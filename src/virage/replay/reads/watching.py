"""What phones may ask of a clip: its playlists, its segments, and the keys without which they are noise."""

from datetime import datetime
from uuid import UUID

import msgspec

from virage.kernel.database import Connection
from virage.replay.rules.addresses import OBJECTS, keys_of
from virage.replay.rules.captions import captions_playlist
from virage.replay.rules.clips import Clip
from virage.replay.rules.descriptions import described_playlist
from virage.replay.rules.media import Kind, MediaVault
from virage.replay.rules.playlists import Angle, Places, in_order, main_playlist, media_playlist, runs_of
from virage.replay.rules.words import Locale
from virage.replay.store import cameras, clips
from virage.replay.store import descriptions as store


async def clip(conn: Connection, clip_id: UUID) -> Clip | None:
    """A clip, withdrawn ones too."""
    return await clips.clip(conn, clip_id)


async def shown(conn: Connection, clip_id: UUID) -> Clip | None:
    """A clip that is published and not withdrawn."""
    clip = await clips.clip(conn, clip_id)
    return clip if clip is not None and clip.withdrawn_at is None else None


async def angle(conn: Connection, clip: Clip, camera: str) -> Angle:
    """What one camera has of a clip."""
    video = await cameras.pieces(conn, camera, Kind.VIDEO, clip.from_at, clip.to_at)
    audio = await cameras.pieces(conn, camera, Kind.AUDIO, clip.from_at, clip.to_at)
    video, audio = in_order(video), in_order(audio)
    return Angle(clip, camera, video, audio, runs_of(video), await store.languages(conn, clip.id))


async def described(conn: Connection, clip_id: UUID) -> list[Locale]:
    """The languages in which a clip is described."""
    return await store.languages(conn, clip_id)


async def playlist(conn: Connection, clip: Clip, camera: str, name: str, now: datetime) -> str | None:
    """One playlist of a camera of a clip, as far as its segments have come in; None where there is none."""
    one = await angle(conn, clip, camera)
    closed, places = clip.settled(now), Places(keys_of(clip.id), OBJECTS)
    what, _, language = name.partition("-")
    locale = msgspec.convert(language, Locale) if language else None
    match what, locale:
        case "main", _:
            return main_playlist(one.video, one.audio, one.described)
        case "captions", "fr" | "en":
            return captions_playlist(one.video, one.runs, locale, closed=closed)
        case "described", "fr" | "en":
            parts = await store.parts(conn, clip.id, locale, camera)
            return described_playlist(parts, places, camera) if parts else None
        case _:
            pieces = one.video if what == Kind.VIDEO else one.audio
            return media_playlist(pieces, one.runs, places, closed=closed)


async def key(conn: Connection, vault: MediaVault, camera: str, period: datetime) -> bytes | None:
    """The key of a camera and an hour; None where it sent nothing."""
    sealed = await cameras.media_key(conn, camera, period)
    return None if sealed is None else vault.open(sealed, camera, period)
