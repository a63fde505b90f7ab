"""The doors of the media desk: marks, and what is taken down."""

from uuid import UUID

from litestar import Router, post

from virage.kernel.clock import Clock
from virage.kernel.database import Database
from virage.kernel.guard import Principal, Role, staff
from virage.kernel.problems import Problem, granted
from virage.programme import reads as programme
from virage.replay.acts import clips as acts
from virage.replay.reads import watching as reads
from virage.replay.rules.addresses import BASE
from virage.replay.rules.clips import Clip, Mark, Reason

ROLE: Role = "media_desk"


@post("/events/{event_id:uuid}/clips", status_code=200, guards=[staff(ROLE)])
async def mark_clip(event_id: UUID, data: Mark, db: Database, clock: Clock, principal: Principal) -> Clip:
    """Publish a stretch of time as a clip, at once. The same mark again is the same clip."""
    async with db.transaction() as conn:
        granted(await programme.event_within(conn, event_id, principal, ROLE))
        return granted(await acts.mark(conn, event_id, data, principal.id, clock.now()))


@post("/clips/{clip_id:uuid}/withdraw", status_code=204, guards=[staff(ROLE)])
async def withdraw_clip(clip_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Take a clip down, everywhere, for good."""
    async with db.transaction() as conn:
        clip = await reads.shown(conn, clip_id)
        if clip is None:
            raise Problem(Reason.NOT_FOUND)
        granted(await programme.event_within(conn, clip.event_id, principal, ROLE))
        await acts.withdraw(conn, clip, principal.id, clock.now())


router = Router(BASE, route_handlers=[mark_clip, withdraw_clip])
