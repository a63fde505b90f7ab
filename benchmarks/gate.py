"""The gates: one scan a request from a device at each gate, real passes, beside a bare application.

`python -m benchmarks.gate [--quick] [--workers N] [--concurrency N] [--per-s N]`. First as fast as
the server responds, then at a fixed rate, whether it keeps up or not. One scan in ten is bad:
inside already, forged, revoked, out of its time, superseded by a paper, at the wrong gate. Each
response is compared with the expected one.
"""

import argparse
import asyncio
import sys
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from benchmarks.common import machine, percentile, processor_s, run, tell
from benchmarks.evening import Evening, seed
from benchmarks.scanners import Plan, Report
from benchmarks.system import System, prepare_plain

CLOSED, OPEN_S, PLAIN_S = 8_000, 10.0, 4.0
QUICK_CLOSED, QUICK_OPEN_S, QUICK_PLAIN_S = 1_000, 2.0, 1.0
WARM = 200
BAD_SHARE = 50


class Wanted(Struct):
    """The options of the run."""

    quick: bool
    workers: int
    concurrency: int
    per_s: float

    @property
    def closed(self) -> int:
        """The number of fans of the closed load."""
        return QUICK_CLOSED if self.quick else CLOSED

    @property
    def opened(self) -> int:
        """The number of fans of the open load."""
        return round((QUICK_OPEN_S if self.quick else OPEN_S) * self.per_s)

    @property
    def plain_s(self) -> float:
        """The duration of the load on the bare application."""
        return QUICK_PLAIN_S if self.quick else PLAIN_S


def shares(evening: Evening, sizes: list[int]) -> list[Evening]:
    """The fans and the bad passes of an evening, in parts; the lanes are in each."""
    parts, first = [], 0
    whole = len(evening.fans)
    for size in sizes:

        def cut(passes: list[Any], first: int = first, size: int = size) -> list[Any]:
            return passes[first * len(passes) // whole : (first + size) * len(passes) // whole]

        parts.append(
            Evening(
                evening.event_id,
                evening.supervisor,
                evening.lanes,
                *(cut(one) for one in (evening.fans, evening.revoked, evening.superseded, evening.papers)),
            )
        )
        first += size
    return parts


async def scanners(system: System, name: str, plan: Plan) -> Report:
    """A process of lanes; plan and report go through files."""
    files = [system.folder / f"{what}-{name}.json" for what in ("plan", "report")]
    await asyncio.to_thread(files[0].write_bytes, msgspec.json.encode(plan))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.scanners", *files)
    if await process.wait():
        raise RuntimeError(f"A process of lanes ended with {process.returncode}.")
    return msgspec.json.decode(await asyncio.to_thread(files[1].read_bytes), type=Report)


async def audit(system: System, admitted: list[tuple[str, int, int]]) -> dict[str, int]:
    """Count what must not happen: passes admitted twice, acknowledged admissions that are missing."""
    conn = await asyncpg.connect(system.postgres.url)
    try:
        rows = await conn.fetch("select pass_number, state, entries from access.presence where state is not null")
        steps = {(str(row["device_id"]), row["number"]) for row in await conn.fetch("select * from access.crossing")}
        duplicates = await conn.fetchval("select count(*) from access.duplicate")
    finally:
        await conn.close()
    inside = {row["pass_number"] for row in rows if row["state"] == "inside"}
    return {
        "inside": len(inside),
        "twice": sum(row["entries"] > 1 for row in rows) + int(duplicates),
        "lost": sum((device, number) not in steps or fan not in inside for device, number, fan in admitted),
    }


def server_s(system: System) -> float:
    """CPU seconds so far of the web and of the database."""
    pids = (system.supervisor.pid("web"), system.postgres.pid)
    return sum(processor_s(pid) for pid in pids if pid is not None)


async def measure(wanted: Wanted) -> dict[str, Any]:
    """The whole run: the bare application, the two loads, the bare application again to detect a
    busy machine.
    """
    system = System(wanted.workers)
    try:
        commits = await system.start_database()
        fans = WARM + wanted.closed + wanted.opened
        evening = await seed(system, fans, fans // BAD_SHARE)
        conn = await asyncpg.connect(system.postgres.url)
        await prepare_plain(conn)
        await conn.close()
        await system.start_processes()
        warm, closed_part, open_part = shares(evening, [WARM, wanted.closed, wanted.opened])

        def plan(mode: str, part: Evening, first: int, **more: Any) -> Plan:
            url = system.plain_url if mode == "plain" else system.url
            return Plan(mode, url, part, wanted.concurrency, seed=first, first_number=first, **more)

        reports = {"warm": await scanners(system, "warm", plan("closed", warm, 1))}
        no_passes = Evening(evening.event_id, evening.supervisor, [], [], [], [], [])
        plains = [await scanners(system, "plain-1", plan("plain", no_passes, 1, seconds=wanted.plain_s))]
        before = server_s(system)
        reports["closed"] = await scanners(system, "closed", plan("closed", closed_part, 100_001))
        cpu_s = server_s(system) - before
        reports["open"] = await scanners(system, "open", plan("open", open_part, 200_001, per_s=wanted.per_s))
        plains.append(await scanners(system, "plain-2", plan("plain", no_passes, 2, seconds=wanted.plain_s)))
        found = await audit(system, [admission for report in reports.values() for admission in report.admitted])
        complaints = system.errors()
        print(f"answers {reports['closed'].answers}; {complaints or 'no complaints'}", file=sys.stderr)
    finally:
        await system.stop()
    rest = {"workers": wanted.workers, "commits_per_s": round(commits, 1), "machine": machine()}
    return {"benchmark": "gate", **figures(reports, plains, found, cpu_s), **rest}


def figures(reports: dict[str, Report], plains: list[Report], found: dict[str, int], cpu_s: float) -> dict[str, Any]:
    """The figures of the run."""
    closed, opened = reports["closed"], reports["open"]
    scans_per_s = len(closed.ms) / closed.seconds
    plain_per_s = sum(len(report.ms) for report in plains) / sum(report.seconds for report in plains)
    wrong = {name: n for report in reports.values() for name, n in report.wrong.items()}
    if wrong:
        print(f"wrong {wrong}", file=sys.stderr)
    return {
        "scans_per_s": round(scans_per_s, 1),
        "p50_ms": round(percentile(closed.ms, 0.5), 1),
        "p99_ms": round(percentile(closed.ms, 0.99), 1),
        "wrong": sum(wrong.values()) + found["twice"] + found["lost"],
        "plain_per_s": round(plain_per_s, 1),
        "ratio": round(scans_per_s / plain_per_s, 3),
        "cpu_s_per_1000": round(1000 * cpu_s / len(closed.ms), 3),
        "open_per_s": round(len(opened.ms) / opened.seconds, 1),
        "open_p50_ms": round(percentile(opened.ms, 0.5), 1),
        "open_p99_ms": round(percentile(opened.ms, 0.99), 1),
        "scans": len(closed.ms) + len(opened.ms),
        "retries": sum(report.retries for report in reports.values()),
        **found,
    }


def main() -> None:
    """Read the options and print the line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=160)
    parser.add_argument("--per-s", type=float, default=1000.0)
    asked = parser.parse_args()
    line = run(measure(Wanted(asked.quick, asked.workers, asked.concurrency, asked.per_s)))
    tell(line)
    if line["wrong"]:
        sys.exit("An answer was wrong.")


if __name__ == "__main__":
    main()
