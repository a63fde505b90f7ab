"""The seat map on a slow phone: bytes, first draw, frame times while dragging and zooming."""

import asyncio
import os
import statistics
import time
from typing import Any
from uuid import UUID

import httpx
from playwright.async_api import Browser, CDPSession, Page

from benchmarks.browser import THROTTLE, phone, visited
from benchmarks.common import machine, percentile, processor_s, quick, tell
from benchmarks.system import System

FRAME_AIM_MS = 16.7
BLOCK = "104"
ROUNDS = 5
SHOWN = "() => [...document.querySelectorAll('.seats canvas')].some(canvas => canvas.style.display === 'block')"
RECORD = """
window.frames = [];
window.recording = true;
let last = performance.now();
requestAnimationFrame(function next(now) {
  window.frames.push(now - last);
  last = now;
  if (window.recording) requestAnimationFrame(next);
});
"""


async def transferred(system: System, event_id: UUID) -> dict[str, int]:
    """Transferred bytes of the two documents that the map needs."""
    async with httpx.AsyncClient(base_url=system.url, headers={"accept-encoding": "gzip"}) as client:
        version = (await client.get("/api/venue")).json()["version"]
        sizes = {}
        for name, path in (
            ("geometry_bytes", f"/api/venue/{version}/geometry"),
            ("availability_bytes", f"/api/events/{event_id}/availability"),
        ):
            async with client.stream("GET", path) as answer:
                sizes[name] = sum([len(part) async for part in answer.aiter_raw()])
    return sizes


async def drag(page: Page, session: CDPSession, rounds: int) -> list[float]:
    """Frame times, in milliseconds, while one finger drags over the seats and back."""
    box = await page.get_by_role("application").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.evaluate(RECORD)
    for number in range(rounds):
        await _touch(session, "touchStart", [(x, y)])
        for step in range(30):
            away = step * 5 * (1 if number % 2 else -1)
            await _touch(session, "touchMove", [(x + away, y + away / 2)])
            await asyncio.sleep(1 / 60)
        await _touch(session, "touchEnd", [])
    return await _recorded(page)


async def pinch(page: Page, session: CDPSession, rounds: int) -> list[float]:
    """Frame times while two fingers zoom in and out."""
    box = await page.get_by_role("application").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.evaluate(RECORD)
    for number in range(rounds):
        start, end = (140, 60) if number % 2 else (60, 140)
        await _touch(session, "touchStart", [(x - start, y), (x + start, y)])
        for step in range(30):
            apart = start + (end - start) * step / 30
            await _touch(session, "touchMove", [(x - apart, y), (x + apart, y)])
            await asyncio.sleep(1 / 60)
        await _touch(session, "touchEnd", [])
    return await _recorded(page)


async def _touch(session: CDPSession, kind: str, points: list[tuple[float, float]]) -> None:
    fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


async def _recorded(page: Page) -> list[float]:
    frames: list[float] = await page.evaluate("() => { window.recording = false; return window.frames.slice(1); }")
    return frames


async def one_visit(browser: Browser, system: System, event_id: UUID, rounds: int) -> dict[str, Any]:
    """Open the event, open a block, drag and zoom."""
    page, session = await phone(browser, system)
    began = time.perf_counter()
    await page.goto(f"/events/{event_id}")
    await page.locator(f"[data-block='{BLOCK}']").wait_for()
    overview_ms = 1000 * (time.perf_counter() - began)
    began = time.perf_counter()
    await page.locator(f"[data-block='{BLOCK}']").tap()
    await page.wait_for_function(SHOWN)
    seats_ms = 1000 * (time.perf_counter() - began)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = await _main_thread_s(session)
    frames = {"drag": await drag(page, session, rounds), "pinch": await pinch(page, session, rounds)}
    busy_ms = 1000 * (await _main_thread_s(session) - before) / sum(map(len, frames.values()))
    await page.context.close()
    return {"overview_ms": overview_ms, "seats_ms": seats_ms, "busy_ms": busy_ms, **frames}


async def _main_thread_s(session: CDPSession) -> float:
    """CPU seconds of the page's main thread: other work on the machine does not count."""
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


def frame_figures(name: str, frames: list[float]) -> dict[str, Any]:
    """Median, 95th percentile and share of late frames (a second screen refresh missed)."""
    return {
        f"{name}_frame_ms_median": round(statistics.median(frames), 1),
        f"{name}_frame_ms_p95": round(percentile(frames, 0.95), 1),
        f"{name}_late_share": round(sum(frame > 1.5 * FRAME_AIM_MS for frame in frames) / len(frames), 3),
    }


async def main() -> None:
    """Print the line."""
    async with visited() as (system, event_id, browser, plain_commits):
        before = processor_s(os.getpid())
        sizes = await transferred(system, event_id)
        await one_visit(browser, system, event_id, 1)  # warms the server
        visits = [await one_visit(browser, system, event_id, ROUNDS) for _ in range(1 if quick() else 3)]
        used = processor_s(os.getpid()) - before
    tell(
        {
            "benchmark": "seatmap",
            **sizes,
            "overview_first_draw_ms": round(statistics.median(visit["overview_ms"] for visit in visits)),
            "seats_first_draw_ms": round(statistics.median(visit["seats_ms"] for visit in visits)),
            **frame_figures("drag", [frame for visit in visits for frame in visit["drag"]]),
            **frame_figures("pinch", [frame for visit in visits for frame in visit["pinch"]]),
            "main_thread_ms_a_frame": round(statistics.median(visit["busy_ms"] for visit in visits), 1),
            "aim_frame_ms": FRAME_AIM_MS,
            "cpu_throttle": THROTTLE,
            "workers": 1,
            "clients": 1,
            "commits_per_s": round(plain_commits),
            "cpu_s_per_1000": round(1000 * used / (len(visits) + 1), 1),
            "machine": machine(),
        }
    )


if __name__ == "__main__":
    asyncio.run(main())
