"""A goal seen again: from the mark at the desk to the first picture on a phone, and the cost of
cameras and renditions.

    python -m benchmarks.replay [--quick]

Cameras, ingest, ladder, database, web and the phone's Chromium share the machine, so times are
those of a busy one. The load of a whole venue is sent to a cache (nginx) as far as two cores can,
and computed beyond that.
"""

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from statistics import median
from typing import Any, Final
from uuid import UUID

import av
import msgspec
import numpy as np
from av.container import InputContainer
from playwright.async_api import Browser, Page, async_playwright

from benchmarks.browser import CHROMIUM, FLAGS
from benchmarks.cache import cached, measure_requests
from benchmarks.camera_output import encoded, frames_of_film, pictures, play, sounds
from benchmarks.common import machine, percentile, processor_s, quick, run, tell
from benchmarks.intake import FILM, name_of
from benchmarks.system import System, free_port, seed
from benchmarks.wire import Client
from tests.media.replay.archive import cut
from tests.samples import footage
from virage.identity.people import acts as people
from virage.media.replay.ingest.synthetic import read_clock
from virage.media.replay.ladder.transcoding import transcoded
from virage.media.replay.rules.ladder import STEPS
from virage.media.replay.rules.media import opened
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

WATCHERS: Final = 15_000
CLIP_S: Final = 20
CAMERAS: Final = 24
CAMERA_KBITS: Final = 4000
CONNECTIONS: Final = 32
SOUND_KBITS: Final = 96
FIRST_FRAME_SHOWN: Final = "() => window.shown"
AT_REST: Final = """
async () => {
  for (let times = 0; times < 20; times += 1)
    await new Promise((idle) => requestIdleCallback(() => setTimeout(idle, 50)));
}
"""
WATCH: Final = """
(() => {
  const press = () => {
    for (const button of document.querySelectorAll("[data-watch]")) {
      if (window.wanted != button.dataset.watch || window.pressed) continue;
      window.pressed = performance.timeOrigin + performance.now();
      button.click();
    }
    const video = document.querySelector("video");
    if (!video || video.dataset.seen) return;
    video.dataset.seen = "1";
    video.requestVideoFrameCallback((at) => (window.shown = performance.timeOrigin + at));
  };
  new MutationObserver(press).observe(document, { childList: true, subtree: true, attributes: true });
})()
"""


class Desk:
    """The desk that publishes and marks, over HTTP."""

    def __init__(self, url: str, event: UUID, session: str) -> None:
        self._client = Client(url)
        self._event = event
        self._session = b"cookie: __Host-virage=%b\r\n" % session.encode()

    async def post(self, path: str, body: Any) -> Any:
        """The response; RuntimeError for a refusal."""
        answer = await self._client.ask(b"POST", path.encode(), self._session, msgspec.json.encode(body))
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise RuntimeError(f"{path}: {answer.status} {answer.body.decode()}")
        return msgspec.json.decode(answer.body)

    async def get(self, path: str) -> bytes:
        """The response to an anonymous request."""
        return (await self._client.ask(b"GET", path.encode())).body

    async def tell(self) -> int:
        """Publish an entry; return its number."""
        content = {"kind": "announcement", "text": {"fr": "Encore", "en": "Again"}}
        telling = {"id": str(new_id()), "at": datetime.now(UTC).isoformat(), "content": content}
        (entry,) = await self.post(f"/api/live/{self._event}/entries", {"entries": [telling]})
        return int(entry["number"])

    async def mark(self, about: int | None, before_s: float, after_s: float) -> str:
        """Publish a clip around now; its id."""
        now = datetime.now(UTC)
        wish = {
            "id": str(new_id()),
            "from_at": (now - timedelta(seconds=before_s)).isoformat(),
            "to_at": (now + timedelta(seconds=after_s)).isoformat(),
            "about": about,
        }
        return str((await self.post(f"/api/replay/events/{self._event}/clips", wish))["id"])

    async def playlist(self, clip: str, name: str) -> str:
        """A playlist of the first camera."""
        return (await self.get(f"/api/replay/clips/{clip}/{name_of(0)}/{name}.m3u8")).decode()


def segments(playlist: str) -> list[tuple[float, float, str]]:
    """When each segment of a playlist began and ended, in Unix seconds, and its address."""
    found = re.findall(r"#EXT-X-PROGRAM-DATE-TIME:(\S+)\n#EXTINF:([\d.]+),\n(\S+)", playlist)
    began = [datetime.fromisoformat(at).timestamp() for at, _, _ in found]
    return [(at, at + float(lasts), uri) for at, (_, lasts, uri) in zip(began, found, strict=True)]


async def settled(desk: Desk, seconds: float) -> None:
    """Wait until the cameras have been seen for so long."""
    while True:
        try:
            clip = await desk.mark(None, seconds, 0)
            if len(segments(await desk.playlist(clip, "video"))) >= seconds:
                return
        except RuntimeError:
            pass  # no picture yet
        await asyncio.sleep(0.5)


async def ready(desk: Desk, seconds: float) -> list[float]:
    """How long after its end each segment of a growing clip was in its playlist, in milliseconds."""
    clip, ends, late = await desk.mark(None, 4, seconds), time.monotonic() + seconds, {}
    known = {uri for _, _, uri in segments(await desk.playlist(clip, "video"))}
    while time.monotonic() < ends:
        for _, end, uri in segments(await desk.playlist(clip, "video")):
            if uri not in known:
                known.add(uri)
                late[uri] = 1000 * (time.time() - end)
        await asyncio.sleep(0.005)
    return list(late.values())


async def boundaries(desk: Desk, seconds: float) -> list[float]:
    """How far the time of each segment is from the clock in its first picture, in milliseconds."""
    playlist = await desk.playlist(await desk.mark(None, seconds, 0), "video")
    init = await desk.get(re.findall(r'MAP:URI="([^"]+)"', playlist)[0])
    keys = re.findall(r'METHOD=AES-128,URI="([^"]+)"', playlist)
    apart = []
    for (began, _, uri), key in zip(segments(playlist), keys, strict=True):
        data = opened(await desk.get(uri), await desk.get(key), UUID(uri.rpartition("/")[2]))
        with av.open(BytesIO(init + data)) as container:
            assert isinstance(container, InputContainer)
            first = next(container.decode(video=0))
        apart.append(abs(1000 * began - read_clock(first.to_ndarray(format="gray").astype(np.uint8))))
    return apart


async def first_frame(page: Page, desk: Desk, event: UUID) -> tuple[float, float, float]:
    """Milliseconds from a mark until its playlist, until the phone was notified, and until it shows
    the first picture.
    """
    number = await desk.tell()
    await page.goto(f"/live/{event}")
    await page.locator(f"[data-entry='{number}']").wait_for()
    await page.evaluate(f"window.wanted = {number}")
    await page.evaluate(AT_REST)  # a phone that follows a match opened its page long before the goal
    began = time.time()
    clip = await desk.mark(number, 12, 8)
    await desk.playlist(clip, "video")
    playlist = time.time()
    await page.wait_for_function(FIRST_FRAME_SHOWN)
    pressed, shown = await page.evaluate("[window.pressed, window.shown]")
    return 1000 * (playlist - began), pressed - 1000 * began, shown - 1000 * began


async def first_frames(browser: Browser, system: System, desk: Desk, event: UUID, times: int) -> dict[str, float]:
    """The same on a phone whose page is open, repeatedly; the first, which warms up the server, is
    left out.
    """
    found = []
    for _ in range(times + 1):
        context = await browser.new_context(
            base_url=system.url.replace("127.0.0.1", "localhost"), viewport={"width": 390, "height": 844}
        )
        page = await context.new_page()
        await page.add_init_script(WATCH)
        found.append(await first_frame(page, desk, event))
        await context.close()
    playlists, pressed, shown = zip(*found[1:], strict=True)
    return {
        "mark_to_playlist_ms": round(median(playlists), 1),
        "mark_to_told_ms": round(median(pressed), 1),
        "mark_to_first_frame_ms": round(median(shown), 1),
        "mark_to_first_frame_worst_ms": round(max(shown), 1),
    }


@asynccontextmanager
async def running(system: System, *command: str) -> AsyncIterator[int]:
    """Start a process of the system; return its id."""
    with (system.folder / f"{command[1]}.txt").open("ab") as words:
        process = subprocess.Popen(  # noqa: ASYNC220, S603 - it is waited for below; our own command
            [sys.executable, "-m", *command], env=system.env, stdout=words, stderr=words
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


async def all_seen(system: System, cameras: int) -> None:
    """Wait until so many cameras have sent something in the last seconds."""
    db = await Database.open(system.postgres.url, connections_max=1)
    question = "select count(distinct (camera, kind)) / 2 from replay.segment where at > $1"
    async with db.connection() as conn:
        while await conn.fetchval(question, datetime.now(UTC) - timedelta(seconds=3)) < cameras:  # noqa: ASYNC110 - others write
            await asyncio.sleep(0.2)
    await db.close()


async def cost_of_cameras(system: System, cameras: int, seconds: float) -> dict[str, float]:
    """CPU time of one process that ingests cameras, with picture and sound encoded beforehand."""
    length_s = seconds + 15
    camera_output = await asyncio.to_thread(
        encoded, pictures(length_s, grain=12), kbits=CAMERA_KBITS, sound=sounds(length_s)
    )
    sent = 8 * len(camera_output.whole) / camera_output.parts[-1][0]
    ports = [free_port() for _ in range(cameras)]
    async with running(system, "benchmarks.intake", *(str(port) for port in ports)) as pid:
        playing = [asyncio.create_task(play(camera_output, port)) for port in ports]
        await all_seen(system, cameras)
        before, began = processor_s(pid), time.monotonic()
        await asyncio.sleep(seconds)
        used, took = processor_s(pid) - before, time.monotonic() - began
        for one in playing:
            one.cancel()
        await asyncio.gather(*playing, return_exceptions=True)
    each = used / took / cameras
    return {
        "cameras": cameras,
        "camera_mbit_s": round(sent / 1e6, 2),
        "cpu_percent_per_camera": round(100 * each, 2),
        "cameras_on_half_a_core": int(0.5 / each),
    }


def rungs(seconds: int) -> dict[str, Any]:
    """The cost of a real picture in each rendition: encoding speed, bytes of a clip, the load of a
    goal.
    """
    frames = list(frames_of_film(footage("bigbuckbunny.mp4")))[: 25 * seconds]
    source = cut(encoded(frames, kbits=CAMERA_KBITS))
    length_s = len(frames) / 25
    bytes_s = {"source": sum(len(part.data) for part in source.fragments) / length_s}
    speed = {}
    for step in STEPS:
        began, made = time.process_time(), []
        for part in source.fragments:
            made += transcoded(source.init.data, part.data, [step])
        speed[str(step.rung)] = round(length_s / (time.process_time() - began), 1)
    began, made = time.process_time(), []
    for part in source.fragments:
        made += transcoded(source.init.data, part.data, STEPS)
    speed["both"] = round(length_s / (time.process_time() - began), 1)
    for step in STEPS:
        bytes_s[str(step.rung)] = sum(len(one.fragment) for one in made if one.rung is step.rung) / length_s
    sound = SOUND_KBITS * 125
    return {
        "ladder_source": f"{source.init.width}x{source.init.height}",
        "ladder_times_real_time": speed,
        "clip_bytes": {rung: round((rate + sound) * CLIP_S) for rung, rate in bytes_s.items()},
        "goal_gbit_s": {rung: round(8 * (rate + sound) * WATCHERS / 1e9, 1) for rung, rate in bytes_s.items()},
    }


async def ground(system: System, desk: Desk, seconds: float) -> dict[str, Any]:
    """A growing clip, requested from a cache by as many clients as this machine can run."""
    clip = await desk.mark(None, 12, 8 + 2 * seconds)
    names = ("video", "audio")
    texts = {name: await desk.playlist(clip, name) for name in names}
    at = f"/api/replay/clips/{clip}/{name_of(0)}"
    playlists = [f"{at}/{name}.m3u8" for name in names]
    objects = [uri for text in texts.values() for _, _, uri in segments(text)]
    async with cached(system.url, free_port(), system.folder / "nginx") as address:
        if address is None:
            return {"cache": None}
        found = {
            "playlist": await measure_requests(address, playlists, CONNECTIONS, seconds),
            "segment": await measure_requests(address, objects, CONNECTIONS, seconds),
        }
    if any(answers["wrong"] for answers in found.values()):
        raise RuntimeError(f"The cache answered with errors: {found}")
    return {"cache": "nginx", "cache_connections": CONNECTIONS, "cache_answers": found}


async def measure() -> dict[str, Any]:
    """All figures."""
    small = quick()
    system = System(1)
    try:
        await system.start_database()
        event, _, _ = await seed(system.postgres.url, 1)
        db = await Database.open(system.postgres.url, connections_max=1)
        async with db.transaction() as conn:
            await conn.execute("update programme.event set doors_at = $1 where id = $2", datetime.now(UTC), event)
            grants = (Grant("match_desk"), Grant("media_desk"))
            person = await people.ensure_staff(conn, "desk@example.org", None, grants, datetime.now(UTC))
            session = await people.open_session(conn, person, datetime.now(UTC))
        await db.close()
        await system.start_processes()
        desk = Desk(system.url, event, session.token)
        found: dict[str, Any] = {}
        async with (
            running(system, "virage.cli", "ladder"),
            running(system, "benchmarks.intake", FILM, str(free_port()), str(free_port())),
        ):
            await settled(desk, 8 if small else 14)
            late = await ready(desk, 5 if small else 20)
            apart = await boundaries(desk, 5 if small else 20)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                found |= await first_frames(browser, system, desk, event, 2 if small else 9)
                await browser.close()
            found |= await ground(system, desk, 2 if small else 8)
        found |= await cost_of_cameras(system, 2 if small else CAMERAS, 5 if small else 20)
    finally:
        await system.stop()
    return found | {
        "segment_ready_ms": round(median(late), 1),
        "segment_ready_p99_ms": round(percentile(late, 0.99), 1),
        "boundary_error_ms": round(median(apart), 1),
        "boundary_error_worst_ms": round(max(apart), 1),
    }


def main() -> None:
    """Measure and print the result."""
    figures = run(measure()) | rungs(2 if quick() else 5)
    tell({"benchmark": "replay", **figures, "workers": 1, "machine": machine()})


if __name__ == "__main__":
    main()
