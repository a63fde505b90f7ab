"""A Chromium that visits a small deployment, for the figures of the web app."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from playwright.async_api import Browser, CDPSession, Page, async_playwright

from benchmarks.system import System, seed

CHROMIUM = os.environ.get("VIRAGE_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
THROTTLE = 4
OBSERVE = """
window.figures = { shift: 0, tasks: [] };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.figures.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.figures.tasks.push(entry.duration);
}).observe({ type: "longtask", buffered: true });
"""


@asynccontextmanager
async def visited() -> AsyncIterator[tuple[System, UUID, Browser, float]]:
    """A deployment with one event on sale over the whole bowl, a browser, and the commits a second
    of one client.
    """
    system = System(1)
    try:
        plain_commits = await system.start_database()
        event_id, _, _ = await seed(system.postgres.url, 1)
        await system.start_processes()
        async with async_playwright() as running:
            browser = await running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield system, event_id, browser, plain_commits
            await browser.close()
    finally:
        await system.stop()


async def phone(browser: Browser, system: System) -> tuple[Page, CDPSession]:
    """A phone's page with an empty cache and a CPU four times slower."""
    context = await browser.new_context(
        base_url=system.url.replace("127.0.0.1", "localhost"),
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        has_touch=True,
        locale="en-GB",
        service_workers="block",
    )
    page = await context.new_page()
    await page.add_init_script(OBSERVE)
    session = await context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    return page, session
