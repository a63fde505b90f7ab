"""The gates without network: how fast a phone decides offline, and how fast an evening's scans are
uploaded afterwards.

`python -m benchmarks.gate_offline [--quick]`. In Chromium: offline decisions of the device, and the
time from the picture of a fake camera to the painted light. At the server: every fan was admitted
by one of 160 offline devices, some by two of them, and all devices reconnect at once.
"""

import asyncio
import gzip
import random
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.common import machine, percentile, quick, run, tell
from benchmarks.device import Device
from benchmarks.evening import Evening, Fan, seed
from benchmarks.system import System
from tests.web import gate as staff
from tests.web.devices import with_pin
from tests.web.system import System as Visited
from virage.platform.values.clock import Clock

FANS, QUICK_FANS = 59_186, 2_000
PLANTED_SHARE = 100
DECISIONS, QUICK_DECISIONS = 300, 50
FILMED = 12
PACK_S = 120.0
REFUSED_S = 1.0
"""How long a device waits before it sends again what was not taken."""
OBSERVE = """
globalThis.lights = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntriesByName("gate:light")) lights.push(entry.duration);
}).observe({ type: "measure" });
"""
STEWARD, TITLE = "Some Steward", "The match"


class Served(Visited):
    """The measured system with the interface of the browser tests' steps."""

    def __init__(self, system: System) -> None:  # starts nothing: the measurement has started the processes
        self.url = system.url.replace("127.0.0.1", "localhost")
        self.env = dict(system.env)
        self.database_url = system.postgres.url
        self.folder = system.folder
        self.processes = []


def timing(page: Page, name: str) -> float:
    """The duration of the last one, in milliseconds."""
    return float(page.evaluate("(name) => performance.getEntriesByName(name).at(-1).duration", name))


def in_chromium(system: System, evening: Evening) -> dict[str, Any]:
    """Offline decisions of a phone at gate N1, and the time from its camera to the light."""
    served = Served(system)
    fans = [fan for fan in evening.fans if fan.group == "N"]
    with_pin(served, "steward.at.gate@example.org", STEWARD, "steward")
    folder = system.folder / "phone"
    folder.mkdir()
    with sync_playwright() as running:
        phone = staff.Phone(running, folder, served.url)
        filmed, shown = fans[:FILMED], fans[FILMED : FILMED + (QUICK_DECISIONS if quick() else DECISIONS)]
        phone.show("")
        page = phone.start()
        staff.pair(page, served, ["N"], TITLE)
        staff.sign_in_by_pin(page, STEWARD)
        staff.choose_gate(page, "N1")
        expect(page.locator("[data-state=online]")).to_be_visible()
        staff.settled(page)
        phone.close()
        now = datetime.now(UTC)
        phone.show(*(fan.code(now + timedelta(seconds=15)) for fan in filmed))
        page = phone.start()
        page.add_init_script(OBSERVE)
        page.goto("/staff/gate")
        lights = _filmed(page, len(filmed))
        phone.close()
        phone.show("")
        page = phone.start()
        page.goto("/staff/gate")
        assert phone.context is not None
        phone.context.set_offline(offline=True)
        expect(page.locator("[data-state=alone]")).to_be_visible(timeout=20_000)
        decisions = [_alone(page, fan, turn) for turn, fan in enumerate(shown, 1)]
        phone.close()
    return {
        "decision_p50_ms": round(percentile(decisions, 0.5), 2),
        "decision_p99_ms": round(percentile(decisions, 0.99), 2),
        "decisions": len(decisions),
        "camera_to_light_ms": round(percentile(lights, 0.5), 1),
        "camera_to_light_max_ms": round(max(lights), 1),
    }


def _filmed(page: Page, count: int) -> list[float]:
    page.wait_for_function("(count) => lights.length >= count", arg=count, timeout=60_000)
    return [float(one) for one in page.evaluate("lights")]


def _alone(page: Page, fan: Fan, turn: int) -> float:
    staff.type_code(page, fan.code(datetime.now(UTC)))
    page.locator(f"[data-light=good][data-turn='{turn}']").wait_for()
    return timing(page, "gate:decision")


async def pack_bytes(system: System, evening: Evening) -> int:
    """The transferred size of a pack for a device of one gate group."""
    lane = next(lane for lane in evening.lanes if lane.group == "N")
    headers = {"authorization": f"Bearer {lane.token}", "accept-encoding": "gzip"}
    path = f"/api/access/pack/{evening.event_id}"
    async with (
        httpx.AsyncClient(base_url=system.url, timeout=PACK_S) as client,
        client.stream("GET", path, headers=headers) as answer,
    ):
        body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.status_code == httpx.codes.OK, answer.status_code
    return len(body) if answer.headers.get("content-encoding") else len(gzip.compress(body))


def backlogs(system: System, evening: Evening) -> tuple[list[Device], int]:
    """Devices with their offline admissions, each fan once and some by two; return the number of
    duplicates.
    """
    devices = {lane.gate: Device(lane, evening.event_id, system.url, Clock()) for lane in evening.lanes}
    by_group: dict[str, list[Device]] = {}
    for device in devices.values():
        by_group.setdefault(device.lane.group, []).append(device)
    chance, began, planted = random.Random(7), datetime.now(UTC) - timedelta(minutes=30), 0
    for index, fan in enumerate(evening.fans):
        at = began + timedelta(milliseconds=20 * index)
        first, second = chance.sample(by_group[fan.group], 2)
        let_in(first, fan, at)
        if index % PLANTED_SHARE == 0:
            let_in(second, fan, at + timedelta(seconds=40))
            planted += 1
    return list(devices.values()), planted


def let_in(device: Device, fan: Fan, at: datetime) -> None:
    """Log an offline admission."""
    device.keep("passed", at, code=fan.code(at), pass_number=fan.number, generation=0)


async def sync_s(devices: list[Device]) -> float:
    """Seconds until every device has its responses, when all reconnect at once."""

    async def come_back(device: Device) -> None:
        while not await device.flush():  # noqa: ASYNC110 - a device sends its unacknowledged scans again
            await asyncio.sleep(REFUSED_S)
        assert not device.refused, device.refused[:3]

    began = time.perf_counter()
    await asyncio.gather(*map(come_back, devices))
    return time.perf_counter() - began


async def audit(system: System, fans: list[Fan]) -> dict[str, int]:
    """The server's result: duplicates, and the fans who are not inside."""
    conn = await asyncpg.connect(system.postgres.url)
    try:
        found = await conn.fetchval("select count(*) from access.duplicate where gone_at is null")
        rows = await conn.fetch("select pass_number from access.presence where state = 'inside'")
    finally:
        await conn.close()
    inside = {row["pass_number"] for row in rows}
    return {"duplicates_found": int(found), "missing": sum(fan.number not in inside for fan in fans)}


async def measure() -> dict[str, Any]:
    """The whole run."""
    system = System(1)
    try:
        commits = await system.start_database()
        evening = await seed(system, QUICK_FANS if quick() else FANS, 0)
        await system.start_processes()
        size = await pack_bytes(system, evening)
        browser = await asyncio.to_thread(in_chromium, system, evening)
        # The admissions of the phone are deleted: now every fan enters by the lanes.
        conn = await asyncpg.connect(system.postgres.url)
        await conn.execute("truncate access.scan, access.crossing, access.presence, access.duplicate")
        await conn.close()
        devices, planted = await asyncio.to_thread(backlogs, system, evening)
        scans = sum(len(device.unsent) for device in devices)
        seconds = await sync_s(devices)
        found = await audit(system, evening.fans)
        print(system.errors() or "no complaints", file=sys.stderr)
    finally:
        await system.stop()
        shutil.rmtree(Path(system.folder), ignore_errors=True)
    return {
        "benchmark": "gate_offline",
        **browser,
        "pack_bytes": size,
        "sync_s": round(seconds, 1),
        "scans": scans,
        "devices": len(devices),
        "duplicates_planted": planted,
        **found,
        "commits_per_s": round(commits),
        "machine": machine(),
    }


def main() -> None:
    """Print the line; fail when an admission was lost or a duplicate went undetected."""
    line = run(measure())
    tell(line)
    if line["duplicates_found"] != line["duplicates_planted"] or line["missing"]:
        sys.exit("The server does not know what the devices saw.")


if __name__ == "__main__":
    main()
