"""Routes of tracking: frames for the role match desk, public statistics."""

from uuid import UUID

from virage.media.live.types import Reason
from virage.media.tracking import acts, reads
from virage.media.tracking.reads import TrackingReader, TrackingStatistics
from virage.media.tracking.rules.frames import BATCH_BYTES_MAX, FramesRequest, FramesResult
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.caching import FOR_A_SECOND
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, get, mount, post
from virage.site.programme import api as programme

ROLE: Role = "match_desk"


@post("/{event_id:uuid}/frames", status_code=200, guards=[staff(ROLE)], body_bytes_max=BATCH_BYTES_MAX)
async def post_frames(
    event_id: UUID, data: FramesRequest, db: Database, clock: Clock, principal: Principal
) -> FramesResult:
    """Add a batch of frames in the order of the match clock. A batch may be repeated: docs/pitch.md."""

    async def take(conn: Connection) -> FramesResult | Refused:
        event = await programme.event_within(conn, event_id, principal, ROLE)
        if isinstance(event, Refused):
            return event
        if event.state != "published":
            return Refused(Reason.NOT_FOUND)
        return await acts.add_frames(conn, event_id, data.frames, clock.now())

    return granted(await db.transact(take))


@get("/{event_id:uuid}", public=True, answer=Described(TrackingStatistics, description="What was run"))
async def get_statistics(event_id: UUID, pitches: TrackingReader) -> Response[TrackingStatistics]:
    """Return distance and speed of all players, and the hardest kick."""
    known = await pitches.at(event_id)
    if known is None:
        raise Problem(Reason.NOT_FOUND)
    return Response(reads.statistics_of(event_id, known), headers={"cache-control": FOR_A_SECOND})


router = mount("/api/tracking", [post_frames, get_statistics])
