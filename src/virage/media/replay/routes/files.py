"""Posters, captions and MP4 files of clips, under the same rights as their video."""

from collections.abc import Sequence
from uuid import UUID

from virage.media.live.api import Feeds
from virage.media.replay import clip_media
from virage.media.replay.clip_media import MediaMissing, Timelines
from virage.media.replay.codecs.stills import JPEG
from virage.media.replay.footage import Footage
from virage.media.replay.reads import captions
from virage.media.replay.reads import watching as reads
from virage.media.replay.routes.access import SECRET, AdmittedClip, ClipAccess
from virage.media.replay.routes.watching import Camera
from virage.media.replay.rules.addresses import BASE
from virage.media.replay.rules.descriptions import Part
from virage.media.replay.rules.entry_texts import Locale
from virage.media.replay.rules.media import MediaVault
from virage.media.replay.rules.playlists import Angle
from virage.media.replay.rules.rights import Reason
from virage.platform.data.database import Connection, Database
from virage.platform.values.languages import installed
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Request, Response, get, mount

POSTER_S = 60


@get("/clips/{clip_id:uuid}/poster.jpg", public=True)
async def get_poster(
    clip_id: UUID, request: Request, *, db: Database, footage: Footage, media_vault: MediaVault, clip_access: ClipAccess
) -> Response[bytes]:
    """Return the poster of a clip. The picture never changes, but its access does."""
    async with db.connection() as conn:
        admitted = await clip_access.admit(conn, clip_id, request)
        angle = await reads.angle_of(conn, admitted.clip, admitted.clip.cameras[0])
        keys = await _keys(conn, media_vault, angle)
    try:
        picture = await clip_media.poster(footage, media_vault, keys, admitted.clip, angle.video)
    except MediaMissing:
        raise Problem(Reason.NOT_FOUND) from None
    return Response(picture, media_type=JPEG, headers=admitted.cache_headers(POSTER_S))


@get("/clips/{clip_id:uuid}/{camera:str}/captions/{locale:str}/{segment_id:uuid}", public=True)
async def get_captions(
    clip_id: UUID,
    camera: Camera,
    locale: Locale,
    segment_id: UUID,
    request: Request,
    *,
    db: Database,
    feeds: Feeds,
    timelines: Timelines,
    media_vault: MediaVault,
    clip_access: ClipAccess,
) -> Response[str]:
    """Return the captions of one segment (WebVTT) in an installed language."""
    if locale not in installed():
        raise Problem(Reason.NOT_FOUND)
    async with db.connection() as conn:
        admitted = await clip_access.admit(conn, clip_id, request, camera)
        angle = await reads.angle_of(conn, admitted.clip, camera)
        keys = await _keys(conn, media_vault, angle)
    feed = await feeds.at(admitted.clip.event_id)
    try:
        text = await captions.text(angle, segment_id, locale, feed, timelines=timelines, keys=keys)
    except MediaMissing:
        text = None
    if text is None:
        raise Problem(Reason.NOT_FOUND)
    return Response(text, media_type="text/vtt; charset=utf-8", headers=admitted.cache_headers())


@get("/clips/{clip_id:uuid}/{camera:str}/clip.mp4", public=True)
async def get_file(
    clip_id: UUID,
    camera: Camera,
    request: Request,
    *,
    db: Database,
    footage: Footage,
    media_vault: MediaVault,
    clip_access: ClipAccess,
) -> Response[bytes]:
    """Return the video of one camera in a clip as an MP4 file, if the rights allow downloads."""
    async with db.connection() as conn:
        stored = await _downloadable(conn, await clip_access.admit(conn, clip_id, request, camera), camera, media_vault)
    return await _file(footage, stored)


@get("/clips/{clip_id:uuid}/{camera:str}/described/{locale:str}/clip.mp4", public=True)
async def get_described_file(
    clip_id: UUID,
    camera: Camera,
    locale: Locale,
    request: Request,
    *,
    db: Database,
    footage: Footage,
    media_vault: MediaVault,
    clip_access: ClipAccess,
) -> Response[bytes]:
    """Return the same file with the audio description as its only sound, because few players offer a choice."""
    async with db.connection() as conn:
        admitted = await clip_access.admit(conn, clip_id, request, camera)
        stored = await _downloadable(conn, admitted, camera, media_vault)
        described = await reads.description(conn, admitted.clip, camera, locale)
    if not described:
        raise Problem(Reason.NOT_FOUND)
    return await _file(footage, stored, described, f"-{locale}")


async def _downloadable(
    conn: Connection, admitted: AdmittedClip, camera: str, vault: MediaVault
) -> tuple[Angle, clip_media.Keys]:
    if not admitted.rights.download:
        raise Problem(Reason.DOWNLOAD_NOT_ALLOWED)
    angle = await reads.angle_of(conn, admitted.clip, camera)
    return angle, await _keys(conn, vault, angle)


async def _file(
    footage: Footage, stored: tuple[Angle, clip_media.Keys], described: Sequence[Part] = (), ending: str = ""
) -> Response[bytes]:
    angle, keys = stored
    try:
        data = await clip_media.mp4_file(footage, keys, angle, described)
    except MediaMissing:
        raise Problem(Reason.NOT_FOUND) from None
    name = f"{angle.clip.from_at:%Y-%m-%d-%H%M%S}-{angle.camera}{ending}.mp4"
    headers = SECRET | {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="video/mp4", headers=headers)


async def _keys(conn: Connection, vault: MediaVault, angle: Angle) -> clip_media.Keys:
    try:
        return await clip_media.keys(conn, vault, [*angle.video, *angle.audio])
    except MediaMissing:
        raise Problem(Reason.NOT_FOUND) from None


router = mount(BASE, [get_poster, get_captions, get_file, get_described_file])
