"""The cost of the pitch: a phone's bytes a minute of a real match, the server's time a frame, a
ball's share of a core.

    python -m benchmarks.pitch [--quick]

The match is SkillCorner 2417 of kloppy's own tests, ten frames a second, sent in batches of half a
second. The ball has a real rate, 500 samples a second in batches of 25, over a real Mosquitto, to
the process of production.
"""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec

from benchmarks.common import machine, percentile, processor_s, quick, run, tell
from benchmarks.system import System
from tests.faults.test_live import seed
from tests.faults.test_pitch import ball
from tests.media.tracking import match
from tests.media.tracking.ball import BATCH, HZ, Mosquitto, broker, payloads
from virage.media.tracking.rules.track import track_frames
from virage.media.tracking.rules.updates import TrackingState, next_update
from virage.platform.data.database import Database
from virage.platform.realtime.listening import encoded
from virage.platform.values.ids import new_id

FRAMES = 5
BALL_S = 30


def phones() -> dict[str, Any]:
    """Bytes a minute of one phone, and the time of a frame."""
    frames, name = match.frames(1, 2), f"pitch:{new_id()}"
    if quick():
        frames = frames[:6_000]
    play, before, minutes, spent = TrackingState(), None, dict[tuple[str, int], int](), 0.0
    for begin in range(0, len(frames), FRAMES):
        batch, began = frames[begin : begin + FRAMES], time.process_time()
        track, _ = track_frames(play.track, batch, datetime.now(UTC))
        play = TrackingState(track)
        before, message = next_update(before, play)
        event = b"" if message is None else encoded(name, message)
        spent += time.process_time() - began
        minute = (batch[-1].period.value, batch[-1].clock_ms // 60_000)
        minutes[minute] = minutes.get(minute, 0) + len(event)
    sizes = [float(size) for size in minutes.values()]
    return {
        "frames": len(frames),
        "bytes_a_minute_p50": percentile(sizes, 0.5),
        "bytes_a_minute_max": max(sizes),
        "us_a_frame": round(spent / len(frames) * 1e6, 1),
        "row_bytes": len(msgspec.json.encode(play)),
    }


async def kicked(folder: Path) -> dict[str, Any]:
    """The share of a core that the ball's process uses while the ball is played."""
    system = System(workers=1)
    seconds = 5 if quick() else BALL_S
    with broker(folder) as mosquitto:
        try:
            await system.start_database()
            db = await Database.open(system.postgres.url, connections_max=1)
            event_id, _ = await seed(db)
            await db.close()
            process = await ball(system, event_id, mosquitto)
            before = processor_s(process.pid)
            await play(mosquitto, seconds)
            used = processor_s(process.pid) - before
            process.terminate()
            await process.wait()
        finally:
            await system.stop()
    return {"ball_hz": HZ, "ball_seconds": seconds, "ball_cpu_percent": round(100 * used / seconds, 2)}


async def play(mosquitto: Mosquitto, seconds: int) -> None:
    """A ball in real time, kicked every two seconds."""
    sent = payloads(datetime.now(UTC), seconds, [(at_s, 18.0) for at_s in range(1, seconds, 2)])
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client:
        for payload in sent:
            await client.publish("ball/a/imu", payload)
            await asyncio.sleep(BATCH / HZ)


def main() -> None:
    """Print the line."""
    with tempfile.TemporaryDirectory() as folder:
        figures = phones() | run(kicked(Path(folder)))
    tell({"benchmark": "pitch", **machine(), **figures})


if __name__ == "__main__":
    main()
