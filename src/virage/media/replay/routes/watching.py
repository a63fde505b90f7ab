"""Playback routes: clips, playlists, objects and keys."""

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.media.replay.footage import Footage
from virage.media.replay.reads import watching as reads
from virage.media.replay.routes.access import SECRET, AdmittedClip, ClipAccess
from virage.media.replay.rules.addresses import BASE
from virage.media.replay.rules.clips import Reason
from virage.media.replay.rules.entry_texts import Locale
from virage.media.replay.rules.media import CAMERA_PATTERN, MediaVault
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.caching import FOR_EVER
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Request, Response, get, mount

PLAYLIST: Final = "application/vnd.apple.mpegurl"
SEALED: Final = {"cache-control": FOR_EVER}

Playlist = Annotated[
    str,
    Meta(pattern=r"^(main|video|video-(480|240)p|audio|(captions|described)-[a-z]{2,3}(-[A-Za-z0-9]{2,8})*)\.m3u8$"),
]
Camera = Annotated[str, Meta(pattern=CAMERA_PATTERN)]
PeriodStart = Annotated[int, Meta(ge=0, le=2**33, description="Start of the hour of the key, Unix seconds")]


class ClipView(Struct, frozen=True):
    """A clip for viewers: its cameras, with the default one first, and its time range.

    `download`, `share`: whether it may be saved as a file, and shared with a preview.
    """

    id: UUID
    event_id: UUID
    about: int | None
    cameras: list[str]
    from_at: datetime
    to_at: datetime
    settled: bool
    described: list[Locale]
    download: bool
    share: bool


class ClipStart(Struct, frozen=True):
    """The responses that a player needs before the first picture: the clip, and playlists by URL."""

    clip: ClipView
    playlists: dict[str, str]


@get("/clips/{clip_id:uuid}", public=True)
async def get_clip(
    clip_id: UUID, request: Request, *, db: Database, clock: Clock, clip_access: ClipAccess
) -> Response[ClipView]:
    """Return a clip that the viewer may watch. Players repeat the request, to stop when access ends."""
    async with db.connection() as conn:
        admitted = await clip_access.admit(conn, clip_id, request)
        described = await reads.description_locales(conn, clip_id)
    return Response(_view(admitted, described, clock.now()), headers=admitted.cache_headers())


@get("/clips/{clip_id:uuid}/start", public=True)
async def get_start(
    clip_id: UUID, request: Request, *, db: Database, clock: Clock, config: Config, clip_access: ClipAccess
) -> Response[ClipStart]:
    """Return a clip and its playlists in one response instead of three consecutive ones."""
    async with db.connection() as conn:
        admitted = await clip_access.admit(conn, clip_id, request)
        playlists, described = await reads.start(conn, admitted.clip, clock.now(), config.languages)
    start = ClipStart(_view(admitted, described, clock.now()), playlists)
    return Response(start, headers=admitted.cache_headers())


def _view(admitted: AdmittedClip, described: list[Locale], now: datetime) -> ClipView:
    clip, rights = admitted.clip, admitted.rights
    return ClipView(
        clip.id,
        clip.event_id,
        clip.about,
        clip.cameras,
        clip.from_at,
        clip.to_at,
        clip.settled(now),
        described,
        rights.download,
        rights.share,
    )


@get("/clips/{clip_id:uuid}/{camera:str}/{playlist:str}", public=True)
async def get_playlist(
    clip_id: UUID,
    camera: Camera,
    playlist: Playlist,
    request: Request,
    *,
    config: Config,
    db: Database,
    clock: Clock,
    clip_access: ClipAccess,
) -> Response[str]:
    """Return a playlist of one camera in a clip (RFC 8216). Track playlists grow until the clip is complete."""
    async with db.connection() as conn:
        admitted = await clip_access.admit(conn, clip_id, request, camera)
        name = playlist.removesuffix(".m3u8")
        text = await reads.playlist(conn, admitted.clip, camera, name, clock.now(), languages=config.languages)
    if text is None:
        raise Problem(Reason.NOT_FOUND)
    return Response(text, media_type=PLAYLIST, headers=admitted.cache_headers())


@get("/objects/{object_id:uuid}", public=True)
async def get_object(object_id: UUID, footage: Footage) -> Response[bytes]:
    """Return an init segment or an encrypted segment; immutable and cacheable forever."""
    data = await footage.get(object_id)
    if data is None:
        raise Problem(Reason.NOT_FOUND)
    return Response(data, media_type="application/octet-stream", headers=SEALED)


@get("/keys/{clip_id:uuid}/{camera:str}/{period:int}", public=True)
async def get_key(
    clip_id: UUID,
    camera: Camera,
    period: PeriodStart,
    request: Request,
    *,
    db: Database,
    media_vault: MediaVault,
    clip_access: ClipAccess,
) -> Response[bytes]:
    """Return the key of a camera and an hour of the clip, while the viewer may watch it."""
    at = datetime.fromtimestamp(period, UTC)
    async with db.connection() as conn:
        admitted = await clip_access.admit(conn, clip_id, request, camera)
        if not admitted.clip.opens(at):
            raise Problem(Reason.NOT_FOUND)
        key = await reads.key(conn, media_vault, camera, at)
    if key is None:
        raise Problem(Reason.NOT_FOUND)
    return Response(key, media_type="application/octet-stream", headers=SECRET)


router = mount(BASE, [get_clip, get_start, get_playlist, get_object, get_key])
