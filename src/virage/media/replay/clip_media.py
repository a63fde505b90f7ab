"""Posters, MP4 files and caption times, made from decrypted segments of clips."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from virage.media.replay.codecs import mp4, stills
from virage.media.replay.codecs.mp4 import RunMedia
from virage.media.replay.footage import Footage
from virage.media.replay.rules.boxes import first_presentation_s
from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.descriptions import Part
from virage.media.replay.rules.media import MediaVault, key_period, opened
from virage.media.replay.rules.playlists import Angle, Piece, by_run
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Connection

CACHE_MAX: Final = 1024

Keys = Mapping[datetime, bytes]


class MediaMissing(Exception):
    """A segment or its key does not exist any more."""


async def keys(conn: Connection, vault: MediaVault, pieces: Sequence[Piece]) -> Keys:
    """Return the keys of the segments of one camera, by hour; raises `MediaMissing`."""
    found: dict[datetime, bytes] = {}
    for hour, camera in {key_period(piece.segment.at): piece.track.camera for piece in pieces}.items():
        sealed = await store.media_key(conn, camera, hour)
        if sealed is None:
            raise MediaMissing
        found[hour] = vault.open(sealed, camera, hour)
    return found


async def media(footage: Footage, keys: Keys, pieces: Sequence[Piece]) -> bytes:
    """Return the decrypted segments of one track after its init segment; raises `MediaMissing` if there are none."""
    if not pieces:
        raise MediaMissing
    sealed = [(piece.segment.id, keys[key_period(piece.segment.at)]) for piece in pieces]
    return await _decrypted(footage, pieces[0].track.id, sealed)


async def description(footage: Footage, keys: Keys, parts: Sequence[Part]) -> bytes:
    """Return the decrypted audio description of one run; raises `MediaMissing` if there is none."""
    if not parts:
        raise MediaMissing
    return await _decrypted(footage, parts[0].init_id, [(part.id, keys[part.period]) for part in parts])


async def _decrypted(footage: Footage, init_id: UUID, sealed: Sequence[tuple[UUID, bytes]]) -> bytes:
    found = [await footage.get(init_id)]
    for object_id, key in sealed:
        data = await footage.get(object_id)
        found.append(data and opened(data, key, object_id))
    if None in found:
        raise MediaMissing
    return b"".join(data for data in found if data)


async def poster(footage: Footage, vault: MediaVault, keys: Keys, clip: Clip, video: Sequence[Piece]) -> bytes:
    """Return the poster of a clip as JPEG: rendered at the first request, then stored encrypted."""
    if clip.poster_id is None:
        raise MediaMissing
    stored = await _stored_poster(footage, vault, clip.poster_id)
    if stored is not None:
        return stored
    async with footage.render_slots:
        stored = await _stored_poster(footage, vault, clip.poster_id)  # another request may have rendered it
        if stored is None:
            moment = moment_of(clip)
            preceding = [piece for piece in video if piece.segment.at <= moment] or video[:1]
            stored = await asyncio.to_thread(stills.jpeg, await media(footage, keys, preceding[-1:]))
            await footage.put(clip.poster_id, vault.seal_poster(stored, clip.poster_id))
    return stored


async def _stored_poster(footage: Footage, vault: MediaVault, poster_id: UUID) -> bytes | None:
    sealed = await footage.get(poster_id)
    return None if sealed is None else vault.open_poster(sealed, poster_id)


def moment_of(clip: Clip) -> datetime:
    """Return the moment of the poster: when the clip was marked, or its middle if it was marked afterwards."""
    middle = clip.from_at + (clip.to_at - clip.from_at) / 2
    published_at = clip.published_at
    return published_at if published_at is not None and clip.from_at <= published_at <= clip.to_at else middle


async def mp4_file(footage: Footage, keys: Keys, angle: Angle, description_parts: Sequence[Part] = ()) -> bytes:
    """Return the video of one camera in a clip as an MP4 file; raises `MediaMissing` if nothing is stored.

    `description_parts`: an audio description, mixed with the stadium sound, that replaces the sound.
    """
    if not angle.runs:
        raise MediaMissing
    async with footage.render_slots:
        runs = []
        for number in range(len(angle.runs)):
            video, audio = (
                [piece for run, piece in by_run(pieces, angle.runs) if run == number]
                for pieces in (angle.video, angle.audio)
            )
            sound: bytes | None = None
            if description_parts:
                sound = await description(footage, keys, [part for part in description_parts if part.run == number])
            elif audio:
                sound = await media(footage, keys, audio)
            runs.append(RunMedia(await media(footage, keys, video), sound))
        return await asyncio.to_thread(mp4.joined, runs)


class Timelines:
    """Presentation times of segments within their takes, in seconds; cached per process."""

    def __init__(self, footage: Footage) -> None:
        self._footage = footage
        self._cached: dict[UUID, float] = {}

    async def began_s(self, keys: Keys, piece: Piece) -> float:
        """Return the presentation time of the first frame of a segment, in seconds."""
        cached = self._cached.get(piece.segment.id)
        if cached is None:
            cached = first_presentation_s(await media(self._footage, keys, [piece]))
            self._cached[piece.segment.id] = cached
            if len(self._cached) > CACHE_MAX:
                del self._cached[next(iter(self._cached))]
        return cached
