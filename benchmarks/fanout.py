"""A match told to many phones at once: from the telling of an entry until each of them has it.

    python -m benchmarks.fanout [--quick] [--phones N] [--workers N]

Every phone is somebody who signed in and keeps one stream of server-sent events open. Entries of about 300 bytes are
told one a second. Phones, server and database share the machine, and the phones cost about as much as the server.
"""

import argparse
import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from benchmarks.common import machine, percentile, processor_s, run, tell
from benchmarks.house import House, seed
from benchmarks.phones import Plan, Report
from benchmarks.wire import Client
from virage.kernel.database import Database
from virage.kernel.guard import Grant
from virage.kernel.ids import new_id
from virage.people import acts as people

PHONES_A_PROCESS = 15_000
ENTRIES = 10
EVERY_S = 1.0
ADDRESSES_A_PROCESS = 4
WORDS = "Le stade chante, et tout le monde est debout. " * 2


class Wanted(Struct):
    """How the run is set up."""

    phones: int
    workers: int


async def desk_of(house: House) -> bytes:
    """Somebody who may tell."""
    db = await Database.open(house.postgres.url, connections_max=1)
    now = datetime.now(UTC)
    async with db.transaction() as conn:
        person = await people.ensure_staff(conn, "desk@example.org", None, (Grant("match_desk"),), now)
        session = await people.open_session(conn, person, now)
    await db.close()
    return b"cookie: __Host-virage=%b\r\n" % session.token.encode()


async def phones_of(house: House, plans: list[Plan]) -> list[Report]:
    """Processes of phones; plans and reports go by files."""

    async def one(number: int, plan: Plan) -> Report:
        files = [house.folder / f"{what}-{number}.json" for what in ("plan", "report")]
        await asyncio.to_thread(files[0].write_bytes, msgspec.json.encode(plan))
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.phones", *files)
        if await process.wait():
            raise RuntimeError(f"A process of phones ended with {process.returncode}.")
        return msgspec.json.decode(await asyncio.to_thread(files[1].read_bytes), type=Report)

    return list(await asyncio.gather(*(one(number, plan) for number, plan in enumerate(plans))))


async def tell_all(house: House, event: UUID, desk: bytes, signals: list[Path]) -> dict[int, float]:
    """Once all phones listen, tell one entry a second; when each was told, by its number."""
    while not all([await asyncio.to_thread(signal.exists) for signal in signals]):  # noqa: ASYNC110 - other processes
        await asyncio.sleep(0.1)
    client, began = Client(house.url), {}
    for _ in range(ENTRIES):
        await asyncio.sleep(EVERY_S)
        text = {"fr": WORDS, "en": WORDS}
        telling = {
            "id": str(new_id()),
            "at": datetime.now(UTC).isoformat(),
            "told": {"kind": "announcement", "text": text},
        }
        at = time.time()
        body = msgspec.json.encode({"tellings": [telling]})
        answer = await client.ask(b"POST", f"/api/live/{event}/entries".encode(), desk, body)
        began[msgspec.json.decode(answer.body)[0]["number"]] = at
    client.close()
    return began


def rss_mb(pids: list[int]) -> float:
    """Resident memory of processes; 0 where /proc is not."""
    pages = [Path(f"/proc/{pid}/statm") for pid in pids]
    return sum(int(page.read_text().split()[1]) * 4096 for page in pages if page.exists()) / 1e6


async def measure(wanted: Wanted) -> dict[str, Any]:
    """All figures."""
    house = House(wanted.workers)
    try:
        await house.start_database()
        event, _, tokens = await seed(house.postgres.url, wanted.phones)
        desk = await desk_of(house)
        await house.start_processes()
        cuts = range(0, wanted.phones, PHONES_A_PROCESS)
        signals = [house.folder / f"listening-{cut}" for cut in cuts]
        plans = [
            Plan(
                "127.0.0.1",
                house.port,
                str(event),
                tokens[cut : cut + PHONES_A_PROCESS],
                ENTRIES,
                str(signal),
                2 + ADDRESSES_A_PROCESS * number,
            )
            for number, (cut, signal) in enumerate(zip(cuts, signals, strict=True))
        ]
        following = asyncio.create_task(phones_of(house, plans))
        telling = asyncio.create_task(tell_all(house, event, desk, signals))
        began = await telling
        spent = processor_s(house.supervisor.pid("web") or 0)
        memory = rss_mb(house.workers_of_web())
        reports = await following
    finally:
        await house.stop()
    late = [1000 * (at - began[n]) for one in reports for n, times in one.times.items() for at in times]
    return {
        "phones": wanted.phones,
        "delivered": len(late),
        "wanted": wanted.phones * ENTRIES,
        "p50_ms": round(percentile(late, 0.5), 1),
        "p99_ms": round(percentile(late, 0.99), 1),
        "doubled": sum(one.doubled for one in reports),
        "disordered": sum(one.disordered for one in reports),
        "lost": sum(one.lost for one in reports),
        "rss_mb": round(memory),
        "workers": wanted.workers,
        "cpu_s": round(spent, 1),
    }


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--phones", type=int)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    figures = run(measure(Wanted(given.phones or (500 if given.quick else 15_000), given.workers)))
    tell({"benchmark": "fanout", **figures, "machine": machine()})


if __name__ == "__main__":
    main()
