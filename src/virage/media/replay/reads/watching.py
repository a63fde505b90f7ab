"""Playback of clips: playlists, segments and keys."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.media.replay.rules.addresses import OBJECTS, keys_of, playlist_of
from virage.media.replay.rules.captions import captions_playlist
from virage.media.replay.rules.clips import START_MAX, Clip
from virage.media.replay.rules.descriptions import Part, described_playlist
from virage.media.replay.rules.entry_texts import Locale
from virage.media.replay.rules.ladder import STEPS, complete, rung_pieces
from virage.media.replay.rules.media import Kind, MediaVault, Rung
from virage.media.replay.rules.playlists import Angle, Piece, Urls, in_order, main_playlist, media_playlist, runs_of
from virage.media.replay.store import cameras, clips
from virage.media.replay.store import descriptions as store
from virage.platform.data.database import Connection
from virage.platform.values.languages import installed


async def clip(conn: Connection, clip_id: UUID) -> Clip | None:
    """Return a clip in any state, or None."""
    return await clips.clip(conn, clip_id)


async def angle_of(conn: Connection, clip: Clip, camera: str) -> Angle:
    """Return the segments of one camera in a clip."""
    found = await cameras.pieces_by_kind(conn, camera, clip.from_at, clip.to_at)
    video, audio = (in_order(found[kind, Rung.SOURCE]) for kind in (Kind.VIDEO, Kind.AUDIO))
    rungs = {step.rung: found[Kind.VIDEO, step.rung] for step in STEPS}
    return Angle(clip, camera, video, audio, runs_of(video), await store.languages(conn, clip.id), rungs)


async def description_locales(conn: Connection, clip_id: UUID) -> list[Locale]:
    """Return the languages of the audio descriptions of a clip."""
    return await store.languages(conn, clip_id)


async def description(conn: Connection, clip: Clip, camera: str, locale: Locale) -> list[Part]:
    """Return the audio description of a clip for one camera and language; empty if there is none."""
    return await store.parts(conn, clip.id, locale, camera)


async def playlist(
    conn: Connection, clip: Clip, camera: str, name: str, now: datetime, *, languages: Sequence[Locale]
) -> str | None:
    """Return a playlist of a camera in a clip, with the segments that have arrived; None if there is none.

    `languages`: those of the captions that the main playlist offers.
    """
    angle = await angle_of(conn, clip, camera)
    track, _, variant = name.partition("-")
    if track == "main":
        return _main(angle, languages)
    if track in (Kind.VIDEO, Kind.AUDIO):
        return _track(angle, Kind(track), Rung(variant) if variant else Rung.SOURCE, now)
    if track == "captions":
        if variant not in installed():
            return None
        return captions_playlist(angle.video, angle.runs, variant, closed=clip.settled(now))
    parts = await description(conn, clip, camera, variant)
    return described_playlist(parts, _urls(clip), camera) if parts else None


async def start(
    conn: Connection, clip: Clip, now: datetime, languages: Sequence[Locale]
) -> tuple[dict[str, str], list[Locale]]:
    """Return the playlists that a player needs before the first picture, by URL, and the description languages.

    They are those of the first camera in all renditions, because the player chooses one. Those of long clips are left
    out: they take longer to send than another request.
    """
    angle = await angle_of(conn, clip, clip.cameras[0])
    if not angle.video:
        return {}, angle.described
    found = {"main": _main(angle, languages)}
    if clip.to_at - clip.from_at <= START_MAX:
        if angle.audio:
            found["audio"] = _track(angle, Kind.AUDIO, Rung.SOURCE, now)
        found["video"] = _track(angle, Kind.VIDEO, Rung.SOURCE, now)
        found |= {f"video-{rung}": _track(angle, Kind.VIDEO, rung, now) for rung in _offered_rungs(angle)}
    return {playlist_of(clip.id, angle.camera, name): text for name, text in found.items()}, angle.described


def _offered_rungs(angle: Angle) -> dict[Rung, list[Piece]]:
    return {rung: pieces for rung, pieces in angle.rungs.items() if complete(angle.video, pieces)}


def _main(angle: Angle, languages: Sequence[Locale]) -> str:
    rungs = list(_offered_rungs(angle).values())
    return main_playlist(angle.video, angle.audio, captions=languages, described=angle.described, rungs=rungs)


def _track(angle: Angle, kind: Kind, rung: Rung, now: datetime) -> str:
    closed = angle.clip.settled(now)
    pieces = angle.video if kind is Kind.VIDEO else angle.audio
    if rung is not Rung.SOURCE:
        pieces = rung_pieces(angle.video, angle.rungs[rung], now, closed=closed)
    return media_playlist(pieces, angle.runs, _urls(angle.clip), closed=closed)


def _urls(clip: Clip) -> Urls:
    return Urls(keys_of(clip.id), OBJECTS)


async def key(conn: Connection, vault: MediaVault, camera: str, period: datetime) -> bytes | None:
    """Return the key of a camera and an hour; None if there is none."""
    sealed = await cameras.media_key(conn, camera, period)
    return None if sealed is None else vault.open(sealed, camera, period)
