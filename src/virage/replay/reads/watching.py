"""What phones may ask of a clip: its playlists, its segments, and the keys without which they are noise."""

from datetime import datetime
from uuid import UUID

import msgspec

from virage.kernel.database import Connection
from virage.replay.rules.addresses import OBJECTS, keys_of
from virage.replay.rules.captions import captions_playlist
from virage.replay.rules.clips import Clip
from virage.replay.rules.descriptions import described_playlist
from virage.replay.rules.ladder import STEPS, complete, shown_of
from virage.replay.rules.media import Kind, MediaVault, Rung
from virage.replay.rules.playlists import Angle, Places, in_order, main_playlist, media_playlist, runs_of
from virage.replay.rules.words import LOCALES, Locale
from virage.replay.store import cameras, clips
from virage.replay.store import descriptions as store


async def clip(conn: Connection, clip_id: UUID) -> Clip | None:
    """A clip in any state."""
    return await clips.clip(conn, clip_id)


async def angle(conn: Connection, clip: Clip, camera: str) -> Angle:
    """What one camera has of a clip."""
    found = await cameras.stretch(conn, camera, clip.from_at, clip.to_at)
    video, audio = (in_order(found[kind, Rung.SOURCE]) for kind in (Kind.VIDEO, Kind.AUDIO))
    rungs = {step.rung: found[Kind.VIDEO, step.rung] for step in STEPS}
    return Angle(clip, camera, video, audio, runs_of(video), await store.languages(conn, clip.id), rungs)


async def described(conn: Connection, clip_id: UUID) -> list[Locale]:
    """The languages in which a clip is described."""
    return await store.languages(conn, clip_id)


async def playlist(conn: Connection, clip: Clip, camera: str, name: str, now: datetime) -> str | None:
    """One playlist of a camera of a clip, as far as its segments have come in; None where there is none."""
    one = await angle(conn, clip, camera)
    closed, places = clip.settled(now), Places(keys_of(clip.id), OBJECTS)
    what, _, which = name.partition("-")
    if what == Kind.VIDEO and which:
        pieces = shown_of(one.video, one.rungs[Rung(which)], now, closed=closed)
        return media_playlist(pieces, one.runs, places, closed=closed)
    locale = msgspec.convert(which, Locale) if which else None
    match what, locale:
        case "main", _:
            rungs = [made for made in one.rungs.values() if complete(one.video, made)]
            return main_playlist(one.video, one.audio, said=LOCALES, described=one.described, rungs=rungs)
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
