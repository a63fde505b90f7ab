"""Routes of describers: clips to describe, and uploads of audio descriptions."""

import asyncio
from uuid import UUID

from virage.media.replay import clip_media
from virage.media.replay.acts import descriptions as acts
from virage.media.replay.acts.descriptions import KeyedAngle, Reason
from virage.media.replay.clip_media import MediaMissing
from virage.media.replay.footage import Footage
from virage.media.replay.reads import descriptions as described
from virage.media.replay.reads import watching as reads
from virage.media.replay.reads.descriptions import DescribableClips
from virage.media.replay.rules.addresses import BASE
from virage.media.replay.rules.clips import ClipState
from virage.media.replay.rules.descriptions import BYTES_MAX
from virage.media.replay.rules.entry_texts import Locale
from virage.media.replay.rules.media import MediaVault
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.languages import installed
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Request, get, mount, put
from virage.site.programme import api as programme

ROLE: Role = "describer"


@get("/events/{event_id:uuid}/descriptions", guards=[staff(ROLE)])
async def get_descriptions(event_id: UUID, db: Database, clock: Clock, principal: Principal) -> DescribableClips:
    """Return an event's clips to describe, and the languages of their descriptions."""
    async with db.connection() as conn:
        granted(await programme.event_within(conn, event_id, principal, ROLE))
        return await described.describable_clips(conn, event_id, clock.now())


@put(
    "/clips/{clip_id:uuid}/descriptions/{locale:str}",
    status_code=204,
    guards=[staff(ROLE)],
    body_bytes_max=BYTES_MAX,
)
async def put_description(
    clip_id: UUID,
    locale: Locale,
    request: Request,
    *,
    db: Database,
    clock: Clock,
    principal: Principal,
    footage: Footage,
    media_vault: MediaVault,
) -> None:
    """Upload or replace the audio description of a complete clip in one language, as an audio file.

    It is mixed with the stadium sound, from the first picture of each camera.
    """
    async with db.connection() as conn:
        clip = await reads.clip(conn, clip_id) if locale in installed() else None
        if clip is None or clip.state is not ClipState.SHOWN:
            raise Problem(Reason.NOT_FOUND)
        granted(await programme.event_within(conn, clip.event_id, principal, ROLE))
    if not clip.settled(clock.now()):
        raise Problem(Reason.GROWING)
    voice = granted(await asyncio.to_thread(acts.read, await request.body(), clip))
    try:
        async with db.connection() as conn:
            angles = [await reads.angle_of(conn, clip, camera) for camera in clip.cameras]
            keyed_angles = [
                KeyedAngle(angle, await clip_media.keys(conn, media_vault, [*angle.video, *angle.audio]))
                for angle in angles
                if angle.video
            ]
        parts = await acts.render(footage, voice, keyed_angles)
    except MediaMissing:
        raise Problem(Reason.NOT_FOUND) from None
    async with db.transaction() as conn:
        await acts.put(conn, clip, locale, parts, principal.id, now=clock.now())


router = mount(BASE, [get_descriptions, put_description])
