"""What phones may ask of a clip: its playlists, its segments, and the keys without which they are noise."""

from datetime import datetime
from uuid import UUID

import msgspec

from virage.media.replay.rules.addresses import OBJECTS, keys_of, playlist_of
from virage.media.replay.rules.captions import captions_playlist
from virage.media.replay.rules.clips import START_LONGEST, Clip
from virage.media.replay.rules.descriptions import Part, described_playlist
from virage.media.replay.rules.entry_texts import LOCALES, Locale
from virage.media.replay.rules.ladder import STEPS, complete, shown_of
from virage.media.replay.rules.media import Kind, MediaVault, Rung
from virage.media.replay.rules.playlists import Angle, Piece, Places, in_order, main_playlist, media_playlist, runs_of
from virage.media.replay.store import cameras, clips
from virage.media.replay.store import descriptions as store
from virage.platform.data.database import Connection


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


async def description(conn: Connection, clip: Clip, camera: str, locale: Locale) -> list[Part]:
    """A clip's description in one language as it goes with one camera's picture; empty where there is none."""
    return await store.parts(conn, clip.id, locale, camera)


async def playlist(conn: Connection, clip: Clip, camera: str, name: str, now: datetime) -> str | None:
    """One playlist of a camera of a clip, as far as its segments have come in; None where there is none."""
    one = await angle(conn, clip, camera)
    what, _, which = name.partition("-")
    if what == "main":
        return _main(one)
    if what in (Kind.VIDEO, Kind.AUDIO):
        return _track(one, Kind(what), Rung(which) if which else Rung.SOURCE, now)
    locale = msgspec.convert(which, Locale)
    if what == "captions":
        return captions_playlist(one.video, one.runs, locale, closed=clip.settled(now))
    parts = await description(conn, clip, camera, locale)
    return described_playlist(parts, _places(clip), camera) if parts else None


async def start(conn: Connection, clip: Clip, now: datetime) -> tuple[dict[str, str], list[Locale]]:
    """What a player asks for before the first picture, by address, and the languages in which a clip is described.

    These are the playlists of the first camera, that of each size, for the player alone knows which one it begins with.
    Those of a long clip are left out: its phone waits less for one more answer than for all of them.
    """
    one = await angle(conn, clip, clip.cameras[0])
    if not one.video:
        return {}, one.described
    found = {"main": _main(one)}
    if clip.to_at - clip.from_at <= START_LONGEST:
        if one.audio:
            found["audio"] = _track(one, Kind.AUDIO, Rung.SOURCE, now)
        found["video"] = _track(one, Kind.VIDEO, Rung.SOURCE, now)
        found |= {f"video-{rung}": _track(one, Kind.VIDEO, rung, now) for rung in _offered(one)}
    return {playlist_of(clip.id, one.camera, name): text for name, text in found.items()}, one.described


def _offered(one: Angle) -> dict[Rung, list[Piece]]:
    return {rung: made for rung, made in one.rungs.items() if complete(one.video, made)}


def _main(one: Angle) -> str:
    rungs = list(_offered(one).values())
    return main_playlist(one.video, one.audio, said=LOCALES, described=one.described, rungs=rungs)


def _track(one: Angle, kind: Kind, rung: Rung, now: datetime) -> str:
    closed = one.clip.settled(now)
    pieces = one.video if kind is Kind.VIDEO else one.audio
    if rung is not Rung.SOURCE:
        pieces = shown_of(one.video, one.rungs[rung], now, closed=closed)
    return media_playlist(pieces, one.runs, _places(one.clip), closed=closed)


def _places(clip: Clip) -> Places:
    return Places(keys_of(clip.id), OBJECTS)


async def key(conn: Connection, vault: MediaVault, camera: str, period: datetime) -> bytes | None:
    """The key of a camera and an hour; None where it sent nothing."""
    sealed = await cameras.media_key(conn, camera, period)
    return None if sealed is None else vault.open(sealed, camera, period)
