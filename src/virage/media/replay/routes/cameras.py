"""The cameras, for whoever must see that one is gone."""

from datetime import datetime

from msgspec import Struct

from virage.media.replay.reads import cameras as reads
from virage.media.replay.rules.cameras import CameraState, Fault
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import staff_of_venue
from virage.platform.web.routing import get, mount


class CameraStatus(Struct, frozen=True):
    """A camera as it is now: its fault and since when, until when its picture is kept, how many segments were lost.

    `delay_ms`: how late its transport brings a picture, which is taken off the time of its arrival.
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
    """All cameras of the house, that of the programme first."""
    async with db.connection() as conn:
        found = await reads.cameras(conn)
    now = clock.now()
    return [_shown(camera, now) for camera in found]


def _shown(camera: CameraState, now: datetime) -> CameraStatus:
    fault, since = camera.fault_by(now)
    return CameraStatus(camera.name, camera.programme, fault, since, camera.seen_at, camera.lost, camera.delay_ms)


router = mount("/api/replay", [list_cameras])
