"""Audio descriptions of clips: decoding, mixing and segmenting per camera, encrypted storage."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from virage.media.replay.clip_media import Keys, MediaMissing, media
from virage.media.replay.codecs import audio
from virage.media.replay.codecs.audio import Samples, UnreadableMedia
from virage.media.replay.footage import Footage
from virage.media.replay.rules.boxes import first_presentation_s
from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.descriptions import DESCRIBED_FACT, LONGER_MAX_S, Part
from virage.media.replay.rules.entry_texts import Locale
from virage.media.replay.rules.media import key_period, sealed
from virage.media.replay.rules.playlists import Angle, by_run
from virage.media.replay.store import descriptions as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused


class Reason(StrEnum):
    """Refusals of an audio description."""

    NOT_FOUND = "not_found"
    GROWING = "clip_growing"
    UNREADABLE = "description_unreadable"
    EMPTY = "description_empty"
    TOO_LONG = "description_too_long"


class KeyedAngle(Struct, frozen=True):
    """The segments of one camera in a clip, and their keys."""

    angle: Angle
    keys: Keys


def read(data: bytes, clip: Clip) -> Samples | Refused:
    """Return the decoded voice of a file, or a refusal if it is unreadable, too short or too long."""
    try:
        voice = audio.samples(data)
    except UnreadableMedia:
        return Refused(Reason.UNREADABLE)
    if len(voice) < audio.RATE // 2:
        return Refused(Reason.EMPTY)
    longest_s = (clip.to_at - clip.from_at).total_seconds() + LONGER_MAX_S
    if len(voice) > longest_s * audio.RATE:
        return Refused(Reason.TOO_LONG, {"seconds_max": longest_s})
    return voice


async def render(footage: Footage, voice: Samples, angles: Sequence[KeyedAngle]) -> Mapping[str, list[Part]]:
    """Return the encrypted and stored parts of a description by camera; raises `MediaMissing` without video."""
    if not angles:
        raise MediaMissing
    ambience = await _ambience(footage, angles[0])
    base = angles[0].angle.runs[0].from_at
    return {keyed.angle.camera: await _render(footage, voice, ambience, keyed, base) for keyed in angles}


async def put(
    conn: Connection, clip: Clip, locale: Locale, parts: Mapping[str, list[Part]], who: UUID | None, *, now: datetime
) -> None:
    """Store a description, replacing the previous one in the same language."""
    id_ = new_id()
    await store.put(conn, clip.id, locale, id_, parts, now=now)
    await append(conn, [Fact(DESCRIBED_FACT, who, clip.id, {"event": clip.event_id, "locale": locale})], now)


async def _ambience(footage: Footage, keyed: KeyedAngle) -> Samples | None:
    """Return the sound of the first camera in the first run, to mix under the voice; None without sound."""
    pieces = [piece for run, piece in by_run(keyed.angle.audio, keyed.angle.runs) if run == 0]
    return await asyncio.to_thread(audio.samples, await media(footage, keyed.keys, pieces)) if pieces else None


async def _render(
    footage: Footage, voice: Samples, ambience: Samples | None, keyed: KeyedAngle, base: datetime
) -> list[Part]:
    """Return the parts for one camera. `base`: the time at which the voice starts."""
    parts: list[Part] = []
    numbered = list(by_run(keyed.angle.video, keyed.angle.runs))
    for run in range(len(keyed.angle.runs)):
        pieces = [piece for number, piece in numbered if number == run]
        seconds = sum(piece.segment.duration_ms for piece in pieces) / 1000
        first = pieces[0]
        began_s = first_presentation_s(await media(footage, keyed.keys, [first]))
        offset_s = max(0.0, (first.segment.at - base).total_seconds())
        sound = audio.mixed(_skip(voice, offset_s), None if ambience is None else _skip(ambience, offset_s), seconds)
        init, cut = await asyncio.to_thread(audio.cut, sound, began_s)
        init_id, period = new_id(), key_period(first.segment.at)
        await footage.put(init_id, init)
        for piece in cut:
            part = Part(run, init_id, new_id(), period, piece.duration_ms)
            await footage.put(part.id, sealed(piece.data, keyed.keys[period], part.id))
            parts.append(part)
    return parts


def _skip(sound: Samples, seconds: float) -> Samples:
    return sound[round(seconds * audio.RATE) :]
