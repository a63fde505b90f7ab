"""What every figure reports beside itself: the machine, commits a second of one client, CPU time."""

import asyncio
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg

from virage.platform.host.postgres import EmbeddedPostgres

COMMITS_S = 2.0
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def machine() -> dict[str, Any]:
    """The processor, the number of cores, and the Python version."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


async def commits_per_s(url: str, seconds: float = COMMITS_S) -> float:
    """Commits a second of one client that updates one row after the other."""
    conn = await asyncpg.connect(url)
    try:
        await conn.execute("create schema if not exists bench")
        await conn.execute("create table if not exists bench.commit (id integer primary key, n integer not null)")
        await conn.execute("insert into bench.commit values (1, 0) on conflict do nothing")
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            async with conn.transaction():
                await conn.execute("update bench.commit set n = n + 1 where id = 1 and n >= 0")
            count += 1
        return count / (time.perf_counter() - began)
    finally:
        await conn.close()


def own_folder() -> Path:
    """A new folder."""
    return Path(tempfile.mkdtemp(prefix="virage-bench-"))


async def commits_alone() -> float:
    """Commits a second on a temporary embedded database, as durable as in production."""
    folder = own_folder()
    postgres = EmbeddedPostgres(folder / "postgres")
    try:
        await postgres.start()
        return await commits_per_s(postgres.url)
    finally:
        await postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def processor_s(root: int) -> float:
    """CPU seconds of a process and all its descendants, ended ones too; 0 without /proc."""
    stats = {pid: stat for pid, stat in _stats().items() if stat is not None}
    below = {root}
    while True:
        more = {pid for pid, (parent, _) in stats.items() if parent in below} - below
        if not more:
            break
        below |= more
    return sum(stats[pid][1] for pid in below if pid in stats)


def _stats() -> dict[int, tuple[int, float] | None]:
    """(parent, CPU seconds with those of its ended children) of every process."""
    found: dict[int, tuple[int, float] | None] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[int(folder.name)] = (int(fields[1]), sum(int(ticks) for ticks in fields[11:15]) / _TICKS_A_SECOND)
    return found


def quick() -> bool:
    """Whether a small run was requested, as in continuous integration."""
    return "--quick" in sys.argv[1:]


def tell(figures: dict[str, Any]) -> None:
    """Print the JSON line."""
    print(json.dumps(figures))


def percentile(values: list[float], part: float) -> float:
    """The percentile of the values; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def run(main: Any) -> Any:
    """Run a coroutine on uvloop where it is installed."""
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop  # noqa: PLC0415 - not available on Windows

    return uvloop.run(main)
