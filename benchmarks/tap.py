"""Counter sales of two lines paid by a tap, over HTTP from 64 tills, beside a bare application.

`python -m benchmarks.tap [--quick] [--workers N] [--tills N] [--per-s N]`. First as fast as the
server responds, then at a fixed rate, whether it keeps up or not. Each record is signed by its till
and continues its chain; each tap has its own SUN message. Afterwards the books are audited, and
each acknowledged sale must be in them.
"""

import argparse
import asyncio
import sys
from typing import Any

import msgspec
from msgspec import Struct

from benchmarks.common import machine, percentile, processor_s, run, tell
from benchmarks.counter import TOTAL_CENTS, Bar, seed
from benchmarks.selling import Plan, Report
from benchmarks.system import System
from virage.money.wallet.funding.reads.audit import audit
from virage.platform.data.database import Database

FANS, WARM, CLOSED, OPEN_S, PLAIN_S = 5_000, 256, 8_000, 15.0, 4.0
QUICK_FANS, QUICK_CLOSED, QUICK_OPEN_S, QUICK_PLAIN_S = 500, 800, 2.0, 1.0


class Wanted(Struct):
    """The options of the run."""

    quick: bool
    workers: int
    tills: int
    per_s: float


async def tills(system: System, name: str, plan: Plan) -> Report:
    """A process of tills; plan and report go through files."""
    files = [system.folder / f"{what}-{name}.json" for what in ("plan", "report")]
    await asyncio.to_thread(files[0].write_bytes, msgspec.json.encode(plan))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.selling", *files)
    if await process.wait():
        raise RuntimeError(f"A process of tills ended with {process.returncode}.")
    return msgspec.json.decode(await asyncio.to_thread(files[1].read_bytes), type=Report)


async def audited(system: System, acknowledged: list[str]) -> dict[str, int]:
    """Count what must not happen: acknowledged sales that are not in the books or the chain, or
    wrong books.
    """
    db = await Database.open(system.postgres.url, connections_max=1)
    try:
        async with db.transaction() as conn:
            books = await audit(conn)
            rows = await conn.fetch("select id from fiscal.record")
            paid = await conn.fetch(
                "select subject, sum(cents)::bigint from wallet_ledger.transfer where purpose = 'sale' group by 1"
            )
            gaps = await conn.fetchval(
                "select count(*) from (select device_id from fiscal.record group by device_id "
                "having count(*) <> max(number)) as till"
            )
    finally:
        await db.close()
    records, sums = {str(row["id"]) for row in rows}, {str(row["subject"]): row["sum"] for row in paid}
    return {
        "lost": sum(one not in records or sums.get(one) != TOTAL_CENTS for one in acknowledged),
        "unclean": int(not books.clean),
        "gaps": int(gaps),
        "sum": books.sum_cents,
    }


def server_s(system: System) -> float:
    """CPU seconds so far of the web and of the database."""
    pids = (system.supervisor.pid("web"), system.postgres.pid)
    return sum(processor_s(pid) for pid in pids if pid is not None)


def part(bar: Bar, number: int, of: int) -> Bar:
    """One of several bars with its own tills and fans: each has new chains."""
    size, cards = len(bar.sellers) // of, len(bar.chips) // of
    return Bar(bar.sellers[number * size :][:size], bar.chips[number * cards :][:cards], bar.secret)


async def measure(wanted: Wanted) -> dict[str, Any]:
    """The whole run: the bare application, the two loads, the bare application again to detect a
    busy machine.
    """
    system = System(wanted.workers)
    closed = QUICK_CLOSED if wanted.quick else CLOSED
    opened = round((QUICK_OPEN_S if wanted.quick else OPEN_S) * wanted.per_s)
    plain_s = QUICK_PLAIN_S if wanted.quick else PLAIN_S
    try:
        commits = await system.start_database()
        bar = await seed(system, 3 * wanted.tills, 3 * (QUICK_FANS if wanted.quick else FANS))
        await system.start_processes()
        bars = [part(bar, number, 3) for number in range(3)]
        reports = {"warm": await tills(system, "warm", Plan("closed", system.url, bars[0], WARM))}
        plains = [await tills(system, "plain-1", Plan("plain", system.plain_url, bars[0], seconds=plain_s))]
        before = server_s(system)
        reports["closed"] = await tills(system, "closed", Plan("closed", system.url, bars[1], closed))
        cpu_s = server_s(system) - before
        reports["open"] = await tills(system, "open", Plan("open", system.url, bars[2], opened, wanted.per_s))
        plains.append(await tills(system, "plain-2", Plan("plain", system.plain_url, bars[0], seconds=plain_s)))
        found = await audited(system, [one for report in reports.values() for one in report.acknowledged])
        print(system.errors() or "no complaints", file=sys.stderr)
    finally:
        await system.stop()
    rest = {"tills": wanted.tills, "workers": wanted.workers, "clients": wanted.tills}
    return {
        "benchmark": "tap",
        **figures(reports, plains, cpu_s),
        **found,
        **rest,
        "commits_per_s": round(commits, 1),
        "machine": machine(),
    }


def figures(reports: dict[str, Report], plains: list[Report], cpu_s: float) -> dict[str, Any]:
    """The figures of the run."""
    closed, opened = reports["closed"], reports["open"]
    sales_per_s = len(closed.ms) / closed.seconds
    plain_per_s = sum(len(report.ms) for report in plains) / sum(report.seconds for report in plains)
    errors = [error for report in reports.values() for error in report.errors]
    if errors:
        print(f"errors {errors[:5]}", file=sys.stderr)
    return {
        "sales_per_s": round(sales_per_s, 1),
        "p50_ms": round(percentile(closed.ms, 0.5), 1),
        "p99_ms": round(percentile(closed.ms, 0.99), 1),
        "errors": len(errors),
        "plain_per_s": round(plain_per_s, 1),
        "ratio": round(sales_per_s / plain_per_s, 3),
        "cpu_s_per_1000": round(1000 * cpu_s / len(closed.ms), 3),
        "open_per_s": round(len(opened.ms) / opened.seconds, 1),
        "open_p50_ms": round(percentile(opened.ms, 0.5), 1),
        "open_p99_ms": round(percentile(opened.ms, 0.99), 1),
        "retries": sum(report.retries for report in reports.values()),
    }


def main() -> None:
    """Read the options and print the line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tap")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--tills", type=int, default=64)
    parser.add_argument("--per-s", type=float, default=200.0)
    asked = parser.parse_args()
    line = run(measure(Wanted(asked.quick, asked.workers, asked.tills, asked.per_s)))
    tell(line)
    if line["errors"] or line["lost"] or line["unclean"] or line["gaps"]:
        sys.exit("A sale was lost, or the books are wrong.")


if __name__ == "__main__":
    main()
