"""Transfers and sales on the exchange at the same time, over HTTP, beside a bare application.

`python -m benchmarks.transfer [--quick] [--workers N] [--concurrency N]`. Fans with tickets send
them to others by link, who accept; other tickets are listed at face value, bought and paid at the
sandbox meanwhile. A transfer is two requests, a sale four and a payment. A device at every gate
follows the event: `gates_know_ms` is how long a transfer or a sale takes to reach all of them.
"""

import argparse
import asyncio
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from benchmarks.common import machine, run, tell
from benchmarks.gate_news import OnlineGates
from benchmarks.onsale import PLAIN_S, Wanted, crowd, processor_by_part, tell_errors
from benchmarks.system import System, seed
from benchmarks.traders import ALLOWING_ALL, Held, Traders, open_exchange, stored, wrong_money


class Load(Struct):
    """How much is passed on: fans, and how many of them buy first."""

    fans: int
    buyers: int
    transfers: int
    exchanges: int


FULL = Load(fans=2_000, buyers=1_000, transfers=10_000, exchanges=2_000)
QUICK = Load(fans=200, buyers=80, transfers=300, exchanges=60)


async def passed_on(act: Callable[[Held], Awaitable[None]], waiting: deque[Held], wanted: int, at_once: int) -> float:
    """Pass tickets on until this was done so often; return the seconds."""
    left = iter(range(wanted))

    async def one_after_the_other() -> None:
        for _ in left:
            held = waiting.popleft()
            await act(held)
            waiting.append(held)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return time.perf_counter() - began


async def measure(load: Load, wanted: Wanted) -> dict[str, Any]:
    """The whole run: the bare application, the tickets passed on, the bare application again."""
    system = System(wanted.workers)
    plain_s = PLAIN_S / 4 if wanted.quick else PLAIN_S
    try:
        commits = await system.start_database()
        event_id, categories, tokens = await seed(system.postgres.url, load.fans)
        await open_exchange(system.postgres.url, event_id)
        system.env |= ALLOWING_ALL
        await system.start_processes()
        await crowd(system, wanted, event_id, categories, mode="parties", tokens=tokens[: load.buyers])
        fans = Traders(system.url, system.sandbox_url, tokens, seed=0, extras=False)
        # A wheelchair space is sold with its companion: neither is sold alone.
        held = [one for one in await fans.tickets() if one.price_cents and one.tariff != "access"]
        given, sold = deque(held[: len(held) // 2]), deque(held[len(held) // 2 :])

        plain = await crowd(system, wanted, event_id, categories, mode="plain", seconds=plain_s)
        gates = await OnlineGates.open(system, event_id)
        before = processor_by_part(system)
        transfers_s, exchanges_s = await asyncio.gather(
            passed_on(fans.transfer, given, load.transfers, wanted.concurrency),
            passed_on(fans.sell, sold, load.exchanges, max(1, wanted.concurrency // 4)),
        )
        cpu = {name: seconds - before[name] for name, seconds in processor_by_part(system).items()}
        news = await gates.close()
        plain += await crowd(system, wanted, event_id, categories, mode="plain", seconds=plain_s)
        fans.close()
        wrong = await wrong_money(system)
        found = await stored(system.postgres.url)
        tell_errors(system.errors())
    finally:
        await system.stop()
    owners = found["owners"]
    done = fans.log["accepted"] + fans.log["sold"]
    plain_per_s = sum(report.requests for report in plain) / sum(report.seconds for report in plain) * wanted.processes
    transfers_per_s = fans.log["accepted"] / transfers_s
    return {
        "benchmark": "transfer",
        "transfers": fans.log["accepted"],
        "exchanges": fans.log["sold"],
        "transfers_per_s": round(transfers_per_s, 1),
        "exchanges_per_s": round(fans.log["sold"] / exchanges_s, 1),
        "plain_per_s": round(plain_per_s, 1),
        "ratio": round(transfers_per_s / plain_per_s, 3),
        "two_valid": found["two_valid"],
        "unpaid_sellers": found["unpaid_sellers"],
        "wrong_owner": sum(1 for one in held if owners.get(one.ticket_id) != f"fan{one.holder}@example.org"),
        **news,
        "sum": sum(wrong.values()),
        "wrong_payments": len(wrong),
        "cpu_ms_by_part": {name: round(1000 * seconds / max(1, done), 3) for name, seconds in cpu.items()},
        "workers": wanted.workers,
        "clients": wanted.concurrency,
        "commits_per_s": round(commits, 1),
        "machine": machine(),
    }


def main() -> None:
    """Read the options and print the line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=64)
    asked = parser.parse_args()
    load = QUICK if asked.quick else FULL
    wanted = Wanted(asked.quick, asked.workers, 1, asked.concurrency, load.fans)
    line = run(measure(load, wanted))
    tell(line)
    if any(line[name] for name in ("two_valid", "unpaid_sellers", "wrong_owner", "wrong_payments", "gates_missed")):
        sys.exit("A seat has two valid tickets or a wrong owner, money is missing, or a gate was not told.")


if __name__ == "__main__":
    main()
