"""State of cameras for the media desk and for monitoring."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from virage.media.replay.rules.cameras import CameraState
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Connection
from virage.platform.data.gauges import Gauge
from virage.platform.values.clock import Clock


async def cameras(conn: Connection) -> list[CameraState]:
    """Return all cameras, those of the programme first."""
    return await store.cameras(conn)


def gauges(clock: Clock) -> Sequence[Gauge]:
    """Return the metrics of cameras."""

    async def faults(conn: Connection) -> Mapping[str, float]:
        now = clock.now()
        return {camera.name: float(camera.fault_by(now)[0] is not None) for camera in await store.cameras(conn)}

    async def unseen(conn: Connection) -> Mapping[str, float]:
        now = clock.now()
        return {camera.name: _seconds(camera.seen_at, now) for camera in await store.cameras(conn)}

    async def lost(conn: Connection) -> Mapping[str, float]:
        return {camera.name: float(camera.lost) for camera in await store.cameras(conn)}

    return (
        Gauge("virage_replay_camera_fault", "1 while a camera has a fault.", "camera", faults),
        Gauge("virage_replay_camera_unseen_seconds", "Seconds since the last stored picture.", "camera", unseen),
        Gauge("virage_replay_segments_lost", "Segments that could not be stored.", "camera", lost),
    )


def _seconds(since: datetime | None, now: datetime) -> float:
    return float("inf") if since is None else (now - since).total_seconds()
