"""Segments of clips, opened for what is made of them here: posters, files, the time of captions."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from virage.media.replay.films import files, reading
from virage.media.replay.films.files import Film
from virage.media.replay.footage import Footage
from virage.media.replay.rules.boxes import first_shown_s
from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.descriptions import Part
from virage.media.replay.rules.media import MediaVault, key_period, opened
from virage.media.replay.rules.playlists import Angle, Piece, by_run
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Connection

KNOWN_MAX: Final = 1024

Keys = Mapping[datetime, bytes]


class MediaMissing(Exception):
    """A segment, or its key, is there no more."""


async def keys(conn: Connection, vault: MediaVault, pieces: Sequence[Piece]) -> Keys:
    """The keys of pieces of one camera, by hour."""
    found: dict[datetime, bytes] = {}
    for hour, camera in {key_period(piece.segment.at): piece.track.camera for piece in pieces}.items():
        sealed = await store.media_key(conn, camera, hour)
        if sealed is None:
            raise MediaMissing
        found[hour] = vault.open(sealed, camera, hour)
    return found


async def media(footage: Footage, keys: Keys, pieces: Sequence[Piece]) -> bytes:
    """Pieces of one track behind its init segment, opened; raises `MediaMissing` where there are none any more."""
    if not pieces:
        raise MediaMissing
    sealed = [(piece.segment.id, keys[key_period(piece.segment.at)]) for piece in pieces]
    return await _opened(footage, pieces[0].track.id, sealed)


async def said(footage: Footage, keys: Keys, parts: Sequence[Part]) -> bytes:
    """A description as it goes with one run of a picture, opened; raises `MediaMissing` where it is there no more."""
    if not parts:
        raise MediaMissing
    return await _opened(footage, parts[0].init_id, [(part.id, keys[part.period]) for part in parts])


async def _opened(footage: Footage, init_id: UUID, sealed: Sequence[tuple[UUID, bytes]]) -> bytes:
    found = [await footage.get(init_id)]
    for object_id, key in sealed:
        data = await footage.get(object_id)
        found.append(data and opened(data, key, object_id))
    if None in found:
        raise MediaMissing
    return b"".join(data for data in found if data)


async def poster(footage: Footage, vault: MediaVault, keys: Keys, clip: Clip, video: Sequence[Piece]) -> bytes:
    """A JPEG of the moment of a clip; made once, of what had come in when it was first asked for, and kept sealed."""
    if clip.poster_id is None:
        raise MediaMissing
    kept = await _kept_poster(footage, vault, clip.poster_id)
    if kept is not None:
        return kept
    async with footage.making:
        kept = await _kept_poster(footage, vault, clip.poster_id)  # by whoever was before us
        if kept is None:
            moment = moment_of(clip)
            before = [piece for piece in video if piece.segment.at <= moment] or video[:1]
            kept = await asyncio.to_thread(reading.picture, await media(footage, keys, before[-1:]))
            await footage.keep(clip.poster_id, vault.seal_poster(kept, clip.poster_id))
    return kept


async def _kept_poster(footage: Footage, vault: MediaVault, poster_id: UUID) -> bytes | None:
    sealed = await footage.get(poster_id)
    return None if sealed is None else vault.open_poster(sealed, poster_id)


def moment_of(clip: Clip) -> datetime:
    """What a clip is about: the moment at which it was marked, or its middle if it was marked afterwards."""
    middle = clip.from_at + (clip.to_at - clip.from_at) / 2
    shown = clip.published_at
    return shown if shown is not None and clip.from_at <= shown <= clip.to_at else middle


async def film(footage: Footage, keys: Keys, angle: Angle, described: Sequence[Part] = ()) -> bytes:
    """What one camera has of a clip, as an MP4 file; raises `MediaMissing` where there is nothing any more.

    `described`: a description, whose sound has that of the ground below it, is heard instead.
    """
    if not angle.runs:
        raise MediaMissing
    async with footage.making:
        films = []
        for number in range(len(angle.runs)):
            video, audio = (
                [piece for run, piece in by_run(pieces, angle.runs) if run == number]
                for pieces in (angle.video, angle.audio)
            )
            sound: bytes | None = None
            if described:
                sound = await said(footage, keys, [part for part in described if part.run == number])
            elif audio:
                sound = await media(footage, keys, audio)
            films.append(Film(await media(footage, keys, video), sound))
        return await asyncio.to_thread(files.mp4, films)


class Timelines:
    """Where segments begin in the timelines of their takes, seconds; read once a process."""

    def __init__(self, footage: Footage) -> None:
        self._footage = footage
        self._known: dict[UUID, float] = {}

    async def began_s(self, keys: Keys, piece: Piece) -> float:
        """Where this one begins."""
        known = self._known.get(piece.segment.id)
        if known is None:
            known = first_shown_s(await media(self._footage, keys, [piece]))
            self._known[piece.segment.id] = known
            if len(self._known) > KNOWN_MAX:
                del self._known[next(iter(self._known))]
        return known
