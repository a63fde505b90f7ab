"""Routes of the media desk: marking, approval, withdrawal, and video of cameras.

`media_desk` marks and withdraws; `moderator` approves, withdraws and publishes again.
"""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.media.replay.acts import clips as acts
from virage.media.replay.acts import desk as desk_acts
from virage.media.replay.reads import desk as reads
from virage.media.replay.reads import watching
from virage.media.replay.reads.desk import MediaDesk
from virage.media.replay.routes.access import SECRET
from virage.media.replay.routes.watching import PLAYLIST, Camera, PeriodStart
from virage.media.replay.rules.addresses import BASE
from virage.media.replay.rules.clips import Clip, ClipRequest, Reason
from virage.media.replay.rules.media import Kind, MediaVault
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Response, get, mount, post, put
from virage.site.programme import api as programme

Playlist = Literal["main.m3u8", "video.m3u8", "audio.m3u8"]

MARKS: Final[Role] = "media_desk"
RELEASES: Final[Role] = "moderator"
BOTH: Final[tuple[Role, Role]] = (MARKS, RELEASES)

Since = Annotated[int, Meta(ge=0, le=2**43, description="Start, Unix milliseconds")]


class ApprovalSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether clips need approval by a second person."""

    four_eyes: bool


@get("/events/{event_id:uuid}/desk", guards=[staff(*BOTH)])
async def get_desk(event_id: UUID, db: Database, clock: Clock, principal: Principal) -> MediaDesk:
    """Return the desk of an event: clips, suggestions and approval setting."""
    async with db.connection() as conn:
        event = granted(await programme.event_within(conn, event_id, principal, *BOTH))
        return await reads.media_desk(conn, event, principal.id, clock.now())


@put("/events/{event_id:uuid}/desk", status_code=204, guards=[staff(RELEASES)])
async def put_desk(event_id: UUID, data: ApprovalSettings, db: Database, clock: Clock, principal: Principal) -> None:
    """Set whether clips of an event need approval. Proposed clips still need it."""

    async def set_four_eyes(conn: Connection) -> Refused | None:
        event = await programme.event_within(conn, event_id, principal, RELEASES)
        if isinstance(event, Refused):
            return event
        await desk_acts.set_four_eyes(conn, event_id, principal.id, clock.now(), four_eyes=data.four_eyes)
        return None

    granted(await db.transact(set_four_eyes))


@post("/events/{event_id:uuid}/clips", status_code=200, guards=[staff(MARKS)])
async def mark_clip(event_id: UUID, data: ClipRequest, db: Database, clock: Clock, principal: Principal) -> Clip:
    """Publish a time range as a clip, or propose it for approval; idempotent."""

    async def mark(conn: Connection) -> Clip | Refused:
        event = await programme.event_within(conn, event_id, principal, MARKS)
        return event if isinstance(event, Refused) else await acts.mark(conn, event_id, data, principal.id, clock.now())

    return granted(await db.transact(mark))


@post("/clips/{clip_id:uuid}/release", status_code=200, guards=[staff(RELEASES)])
async def release_clip(clip_id: UUID, db: Database, clock: Clock, principal: Principal) -> Clip:
    """Publish a proposed or withdrawn clip."""

    async def release(conn: Connection) -> Clip | Refused:
        clip = await reads.clip_within(conn, clip_id, principal, RELEASES)
        return clip if isinstance(clip, Refused) else await acts.release(conn, clip, principal.id, clock.now())

    return granted(await db.transact(release))


@post("/clips/{clip_id:uuid}/withdraw", status_code=204, guards=[staff(*BOTH)])
async def withdraw_clip(clip_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Withdraw a clip."""

    async def withdraw(conn: Connection) -> Clip | Refused:
        clip = await reads.clip_within(conn, clip_id, principal, *BOTH)
        return clip if isinstance(clip, Refused) else await acts.withdraw(conn, clip, principal.id, clock.now())

    granted(await db.transact(withdraw))


@post("/suggestions/{suggestion_id:uuid}/dismiss", status_code=204, guards=[staff(*BOTH)])
async def dismiss_suggestion(suggestion_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Dismiss a suggestion. Publishing a clip of it closes it too."""

    async def dismiss(conn: Connection) -> Refused | None:
        suggestion = await reads.suggestion_within(conn, suggestion_id, principal, *BOTH)
        if isinstance(suggestion, Refused):
            return suggestion
        await desk_acts.dismiss(conn, suggestion, principal.id, clock.now())
        return None

    granted(await db.transact(dismiss))


@get("/events/{event_id:uuid}/cameras/{camera:str}/{since:int}/{playlist:str}", guards=[staff(*BOTH)])
async def get_footage(
    event_id: UUID,
    camera: Camera,
    since: Since,
    playlist: Playlist,
    *,
    db: Database,
    clock: Clock,
    principal: Principal,
) -> Response[str]:
    """Return a live playlist (RFC 8216) of a camera since a moment, whether or not a clip shows it."""
    now, from_at = clock.now(), datetime.fromtimestamp(since / 1000, UTC)
    async with db.connection() as conn:
        granted(await reads.refuse_footage(conn, event_id, principal, now, *BOTH))
        if playlist == "main.m3u8":
            text = await reads.main_playlist_of(conn, camera, from_at, now)
        else:
            text = await reads.track_playlist(
                conn, event_id, camera, Kind(playlist.removesuffix(".m3u8")), from_at, now=now
            )
    return Response(text, media_type=PLAYLIST, headers=SECRET)


@get("/events/{event_id:uuid}/keys/{camera:str}/{period:int}", guards=[staff(*BOTH)])
async def get_footage_key(
    event_id: UUID,
    camera: Camera,
    period: PeriodStart,
    *,
    db: Database,
    media_vault: MediaVault,
    clock: Clock,
    principal: Principal,
) -> Response[bytes]:
    """Return the key of a camera and an hour within the range that a desk may scrub."""
    now, at = clock.now(), datetime.fromtimestamp(period, UTC)
    if not reads.key_visible(at, now):
        raise Problem(Reason.NOT_FOUND)
    async with db.connection() as conn:
        granted(await reads.refuse_footage(conn, event_id, principal, now, *BOTH))
        key = await watching.key(conn, media_vault, camera, at)
    if key is None:
        raise Problem(Reason.NOT_FOUND)
    return Response(key, media_type="application/octet-stream", headers=SECRET)


router = mount(
    BASE,
    [
        get_desk,
        put_desk,
        mark_clip,
        release_clip,
        withdraw_clip,
        dismiss_suggestion,
        get_footage,
        get_footage_key,
    ],
)
