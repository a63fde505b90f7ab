"""State of cameras, for the media desk."""

from datetime import datetime

from msgspec import Struct

from virage.media.replay.reads import cameras as reads
from virage.media.replay.rules.cameras import CameraState, Fault
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import staff_of_venue
from virage.platform.web.routing import get, mount


class CameraStatus(Struct, frozen=True):
    """A camera with its fault, the end of its stored video, and its lost segments.

    `delay_ms`: delay of its transport, subtracted from arrival times.
    """

    name: str
    programme: bool
    fault: Fault | None
    since: datetime | None
    seen_at: datetime | None
    lost: int
    delay_ms: int


@get("/cameras", guards=[staff_of_venue("media_desk", "moderator")])
async def list_cameras(db: Database, clock: Clock) -> list[CameraStatus]:
    """Return all cameras of the venue, those of the programme first."""
    async with db.connection() as conn:
        cameras = await reads.cameras(conn)
    now = clock.now()
    return [_status(camera, now) for camera in cameras]


def _status(camera: CameraState, now: datetime) -> CameraStatus:
    fault, since = camera.fault_by(now)
    return CameraStatus(camera.name, camera.programme, fault, since, camera.seen_at, camera.lost, camera.delay_ms)


router = mount("/api/replay", [list_cameras])
