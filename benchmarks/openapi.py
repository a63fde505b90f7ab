"""The OpenAPI document under load: its compressed size, and what six readers cost other requests.

    python -m benchmarks.openapi [--quick]

One web process serves `GET /api/openapi.json` to six readers in a loop, from a process of their
own, while `/healthz` is requested every few milliseconds. The document is built once, before the
clock starts: the time of the first response is its own figure.
"""

import argparse
import asyncio
import sys
import time
from typing import Any

from benchmarks.common import machine, percentile, run, tell
from benchmarks.system import System
from benchmarks.wire import Client

READERS = 6
SECONDS, QUICK_SECONDS = 10.0, 3.0
EVERY_S = 0.005
DOCUMENT = b"/api/openapi.json"
GZIP = b"accept-encoding: gzip\r\n"


async def read_for(url: str, seconds: float) -> int:
    """Read the document with all readers until the time is over; return the number of responses."""
    ends = time.perf_counter() + seconds

    async def reader() -> int:
        client, count = Client(url), 0
        while time.perf_counter() < ends:
            answer = await client.ask(b"GET", DOCUMENT, GZIP)
            count += answer.status == 200  # noqa: PLR2004 - OK
        client.close()
        return count

    return sum(await asyncio.gather(*(reader() for _ in range(READERS))))


async def healthz_ms(url: str, until: "asyncio.Task[Any] | None", seconds: float) -> list[float]:
    """The latency of `/healthz`, requested repeatedly while a task runs, or for some seconds."""
    client, found = Client(url), []
    ends = time.perf_counter() + seconds
    while not until.done() if until else time.perf_counter() < ends:
        began = time.perf_counter()
        await client.ask(b"GET", b"/healthz")
        found.append(1000 * (time.perf_counter() - began))
        await asyncio.sleep(EVERY_S)
    client.close()
    return found


async def measure(*, quick: bool) -> dict[str, Any]:
    """Start a deployment with one web process, and measure."""
    seconds = QUICK_SECONDS if quick else SECONDS
    system = System(1, durable=False)
    try:
        await system.start_database()
        await system.start_processes()
        client = Client(system.url)
        began = time.perf_counter()
        document = await client.ask(b"GET", DOCUMENT, GZIP)
        first_ms = 1000 * (time.perf_counter() - began)
        plain = await client.ask(b"GET", DOCUMENT)
        client.close()
        alone = await healthz_ms(system.url, None, seconds / 3)
        command = (sys.executable, "-m", "benchmarks.openapi", "--read", system.url, "--seconds", str(seconds))
        readers = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        reading = asyncio.create_task(readers.communicate())
        beside = await healthz_ms(system.url, reading, seconds)
        out, _ = await reading
    finally:
        await system.stop()
    return {
        "benchmark": "openapi",
        "gzip_bytes": len(document.body),
        "plain_bytes": len(plain.body),
        "first_ms": round(first_ms, 1),
        "readers": READERS,
        "documents_per_s": round(int(out) / seconds),
        "healthz_p99_ms": round(percentile(beside, 0.99), 2),
        "healthz_max_ms": round(max(beside), 2),
        "healthz_alone_p99_ms": round(percentile(alone, 0.99), 2),
        "machine": machine(),
    }


def main() -> None:
    """Read the options and print the line; with `--read`, be the readers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.openapi")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--read", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        print(run(read_for(options.read, options.seconds)))
    else:
        tell(run(measure(quick=options.quick)))


if __name__ == "__main__":
    main()
