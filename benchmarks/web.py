"""The cost of the first page for a phone: bytes of script, requests, layout shift, long tasks."""

import asyncio
import gzip
import os
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, Response

from benchmarks.browser import THROTTLE, phone, visited
from benchmarks.common import machine, processor_s, quick, tell
from benchmarks.system import System

SCRIPT_AIM = 60_000
VISITS = 5


async def first_route(browser: Browser, system: System) -> dict[str, Any]:
    """One visit to the first page with an empty cache."""
    page, _ = await phone(browser, system)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - it marks its handlers, a built-in takes no mark
    await page.goto("/")
    await page.locator("#first-event").wait_for()
    await page.evaluate("document.fonts.ready.then(() => null)")
    await page.wait_for_load_state("networkidle")
    sizes: dict[str, int] = {"script": 0, "stylesheet": 0, "font": 0}
    for answer in answers:
        kind = answer.request.resource_type
        if kind in sizes:
            body = await answer.body()
            sizes[kind] += len(body) if kind == "font" else len(gzip.compress(body, 9, mtime=0))
    figures = await page.evaluate("window.figures")
    paint = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    hosts = {urlsplit(answer.url).netloc for answer in answers}
    await page.context.close()
    return {
        "script_gz_bytes": sizes["script"],
        "style_gz_bytes": sizes["stylesheet"],
        "font_bytes": sizes["font"],
        "requests": len(answers),
        "hosts": len(hosts),
        "layout_shift": round(figures["shift"], 4),
        "long_tasks": len(figures["tasks"]),
        "longest_task_ms": round(max(figures["tasks"], default=0)),
        "first_contentful_paint_ms": round(paint),
    }


async def main() -> None:
    """Print the line of the median visit by its longest task."""
    async with visited() as (system, _, browser, plain_commits):
        before = processor_s(os.getpid())
        await first_route(browser, system)  # warms the server
        visits = [await first_route(browser, system) for _ in range(1 if quick() else VISITS)]
        used = processor_s(os.getpid()) - before
    middle = sorted(visits, key=lambda visit: visit["longest_task_ms"])[len(visits) // 2]
    tell(
        {
            "benchmark": "web",
            **middle,
            "aim_script_gz_bytes": SCRIPT_AIM,
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
