"""The on-sale: the whole bowl sold over HTTP, payments and tickets included, beside a bare
application.

`python -m benchmarks.onsale [--quick] [--workers N] [--processes N] [--concurrency N]`. Buyers in
other processes come in parties of 1 to 6, one in a hundred with access needs, more people than
seats; a last sweep takes single places.
"""

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from benchmarks.buyers import Plan, Report
from benchmarks.common import machine, percentile, processor_s, run, tell
from benchmarks.system import System, seed
from benchmarks.wire import Client

FANS = 20_000
QUICK_FANS = 400
PLAIN_S = 4.0
SWEEPS_MAX = 5
SEATS = 59_186
PAID_AND_LACKING = """
select
    count(*) as orders,
    count(*) filter (where exists (
        select from unnest(o.ticket_ids) as wanted (id)
        where not exists (select from ticketing.ticket as t where t.id = wanted.id and t.order_id = o.id)
        or not exists (select from passes.pass as p where p.subject = wanted.id)
    )) as lacking
from ticketing.orders as o where o.state = 'paid'
"""
"""How many orders are paid, and how many of them lack a ticket or its pass."""


class Wanted(Struct):
    """The options of the run."""

    quick: bool
    workers: int
    processes: int
    concurrency: int
    fans: int


async def crowd(
    system: System, wanted: Wanted, event_id: UUID, categories: Sequence[UUID], **plan: Any
) -> list[Report]:
    """Run processes of buyers side by side, each with its share of the tokens and places."""
    tokens, places = plan.pop("tokens", []), plan.pop("places", [])
    plans = [
        Plan(
            url=system.plain_url if plan["mode"] == "plain" else system.url,
            sandbox_url=system.sandbox_url,
            event_id=str(event_id),
            categories=[str(category) for category in categories],
            tokens=tokens[number :: wanted.processes],
            places=places[number :: wanted.processes],
            concurrency=max(1, wanted.concurrency // wanted.processes),
            seed=number,
            **plan,
        )
        for number in range(wanted.processes)
    ]
    return await asyncio.gather(*(_process(system, number, plan) for number, plan in enumerate(plans)))


async def _process(system: System, number: int, plan: Plan) -> Report:
    """One process of buyers; plan and report go through files, because a pipe may lose the end of
    the output.
    """
    files = [system.folder / f"{what}-{number}.json" for what in ("plan", "report")]
    await asyncio.to_thread(files[0].write_bytes, msgspec.json.encode(plan))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.buyers", *files)
    if await process.wait():
        raise RuntimeError(f"A process of buyers ended with {process.returncode}.")
    return msgspec.json.decode(await asyncio.to_thread(files[1].read_bytes), type=Report)


async def left_over(system: System, event_id: UUID) -> list[tuple[int, str]]:
    """The free places, each with an allowed tariff."""
    from virage.demo.venues.drawing import stadium  # noqa: PLC0415 - only the sweep needs the venue

    client = Client(system.url)
    answer = await client.ask(b"GET", b"/api/events/%b/availability" % str(event_id).encode())
    client.close()
    features = stadium().features
    free = [place for place in range(len(features)) if answer.body[place >> 3] >> (place & 7) & 1]
    spaces = [(place, "access") for place in free if features[place] & 1]
    return spaces + [(place, "full") for place in free if not features[place] & 1]


async def sweep(
    system: System, wanted: Wanted, event_id: UUID, categories: Sequence[UUID], sold: Sequence[Report]
) -> list[Report]:
    """Sell the remaining places singly; a companion seat is on general sale only once its
    wheelchair space is sold.
    """
    swept: list[Report] = []
    spare = [token for report in sold for token in report.spare]
    for _ in range(SWEEPS_MAX):
        places = await left_over(system, event_id)
        if not places:
            break
        reports = await crowd(system, wanted, event_id, categories, mode="singles", tokens=spare, places=places)
        used = {purchase.token for report in reports for purchase in report.bought}
        spare = [token for token in spare if token not in used]
        swept += reports
    return swept


async def audit(system: System, event_id: UUID) -> dict[str, int]:
    """Count what must not happen: places sold twice, captured money without tickets or a refund."""
    conn = await asyncpg.connect(system.postgres.url)
    try:
        tickets = await conn.fetch(
            "select place, order_id from ticketing.ticket where event_id = $1 and refund_id is null", event_id
        )
        claims = {r["place"]: r["order_id"] for r in await conn.fetch("select place, order_id from ticketing.claim")}
        paid = {
            r["payment_id"] for r in await conn.fetch("select payment_id from ticketing.orders where state = 'paid'")
        }
        (counts,) = await conn.fetch(PAID_AND_LACKING)
    finally:
        await conn.close()
    by_place = Counter(ticket["place"] for ticket in tickets)
    unclaimed = sum(1 for ticket in tickets if claims.get(ticket["place"]) != ticket["order_id"])
    captured = await captured_of(system)
    refunded = {id_ for id_, cents in captured.items() if not cents}
    unexplained = captured.keys() - paid - refunded
    return {
        "oversold": sum(count - 1 for count in by_place.values()) + unclaimed,
        "seats_sold": len(by_place),
        "orders": counts["orders"],
        "paid_without_ticket": counts["lacking"] + len(unexplained),
        "captured": len(captured),
        "refunded": len(refunded),
    }


async def captured_of(system: System) -> dict[UUID, int]:
    """The money that the bank captured and did not refund, in cents by payment, from its own list."""
    client = Client(system.sandbox_url)
    headers = b"authorization: Bearer %b\r\n" % system.sandbox_key.encode()
    found: dict[UUID, int] = {}
    after = ""
    while True:
        path = f"/v1/payments?state=captured{after}".encode()
        page = msgspec.json.decode((await client.ask(b"GET", path, headers)).body)
        found |= {UUID(one["id"]): one["captured_cents"] - one["refunded_cents"] for one in page["payments"]}
        if page["next"] is None:
            client.close()
            return found
        after = f"&after={page['next']}"


async def batches(system: System) -> dict[str, tuple[int, int]]:
    """(items, batches) of each batcher, over all workers that a scrape reaches."""
    by_pid: dict[str, dict[str, list[int]]] = {}
    for _ in range(system.workers * 4):
        client = Client(system.url)
        text = (await client.ask(b"GET", b"/metrics")).body.decode()
        client.close()
        pid = next((line for line in text.splitlines() if line.startswith("target_info")), "")
        counts: dict[str, list[int]] = {}
        for line in text.splitlines():
            for at, name in enumerate(("virage_batch_items_total{", "virage_batches_total{")):
                if line.startswith(name):
                    counts.setdefault(line.split('"')[1], [0, 0])[at] = int(float(line.rpartition(" ")[2]))
        by_pid[pid] = counts
    names = {name for counts in by_pid.values() for name in counts}
    return {
        name: (sum(c[name][0] for c in by_pid.values()), sum(c[name][1] for c in by_pid.values())) for name in names
    }


class Phase(Struct):
    """One kind of load: the reports of its buyers, and the CPU seconds of each part meanwhile."""

    reports: list[Report]
    cpu: dict[str, float]

    def __add__(self, other: "Phase") -> "Phase":
        cpu = {name: seconds + other.cpu[name] for name, seconds in self.cpu.items()}
        return Phase([*self.reports, *other.reports], cpu)


async def measure(wanted: Wanted) -> dict[str, Any]:
    """The whole run: the bare application, the sale, the bare application again to detect a busy
    machine.
    """
    system = System(wanted.workers)
    plain_s = PLAIN_S / 4 if wanted.quick else PLAIN_S
    try:
        commits = await system.start_database()
        event_id, categories, tokens = await seed(system.postgres.url, wanted.fans)
        await system.start_processes()

        async def phase(**plan: Any) -> Phase:
            before = processor_by_part(system)
            reports = await crowd(system, wanted, event_id, categories, **plan)
            now = processor_by_part(system)
            return Phase(reports, {name: seconds - before[name] for name, seconds in now.items()})

        plain = await phase(mode="plain", seconds=plain_s)
        began = time.perf_counter()
        sold = await phase(mode="parties", tokens=tokens)
        swept = [] if wanted.quick else await sweep(system, wanted, event_id, categories, sold.reports)
        seconds = time.perf_counter() - began
        plain += await phase(mode="plain", seconds=plain_s)
        found, batched = await audit(system, event_id), await batches(system)
        complaints = system.errors()
        retold = {code: n for report in sold.reports + swept for code, n in report.refused.items()}
        print(f"refused {retold}; batches {batched}; {complaints or 'no complaints'}", file=sys.stderr)
    finally:
        await system.stop()
    found |= {"conflicts": batched["holds_again"][0]}
    rest = {
        "workers": wanted.workers,
        "clients": wanted.concurrency,
        "client_processes": wanted.processes,
        "commits_per_s": round(commits, 1),
        "machine": machine(),
    }
    return {"benchmark": "onsale", **figures(sold, swept, plain, found, seconds=seconds), **rest}


def figures(
    sold: Phase, swept: Sequence[Report], plain: Phase, found: dict[str, int], *, seconds: float
) -> dict[str, Any]:
    """The figures of the run."""
    orders = sum(len(report.order_ms) for report in sold.reports)
    orders_per_s = orders / max(report.seconds for report in sold.reports)
    requests = sum(report.requests for report in plain.reports)
    pairs = len(plain.reports) // 2  # the processes of each of the two runs ran side by side
    plain_s = sum(max(r.seconds for r in half) for half in (plain.reports[:pairs], plain.reports[pairs:]))
    plain_per_s = requests / plain_s
    holds = [ms for report in [*sold.reports, *swept] for ms in report.hold_ms]
    whole = [ms for report in sold.reports for ms in report.order_ms]
    order_cpu, plain_cpu = sum(sold.cpu.values()) / max(1, orders), sum(plain.cpu.values()) / max(1, requests)
    return {
        "orders_per_s": round(orders_per_s, 1),
        "seats_sold": found["seats_sold"],
        "seconds": round(seconds, 2),
        "p50_hold_ms": round(percentile(holds, 0.5), 1),
        "p99_hold_ms": round(percentile(holds, 0.99), 1),
        "claim_conflicts_per_order": round(found["conflicts"] / max(1, found["orders"]), 4),
        "oversold": found["oversold"],
        "paid_without_ticket": found["paid_without_ticket"],
        "plain_per_s": round(plain_per_s, 1),
        "ratio": round(orders_per_s / plain_per_s, 3),
        "orders": found["orders"],
        "captured": found["captured"],
        "p50_order_ms": round(percentile(whole, 0.5), 1),
        "p99_order_ms": round(percentile(whole, 0.99), 1),
        "cpu_s_per_1000": round(1000 * order_cpu, 3),
        "plain_cpu_s_per_1000": round(1000 * plain_cpu, 3),
        "cpu_ratio": round(plain_cpu / order_cpu, 3) if order_cpu else 0.0,
        "cpu_ms_by_part": {name: round(1000 * s / max(1, orders), 3) for name, s in sold.cpu.items()},
    }


def processor_by_part(system: System) -> dict[str, float]:
    """CPU seconds so far of each part of the run, with all its child processes."""
    pids = {name: system.supervisor.pid(name) for name in ("sandbox", "work", "web")}
    parts = {name: processor_s(pid) for name, pid in pids.items() if pid is not None}
    parts["postgres"] = processor_s(system.postgres.pid) if system.postgres.pid is not None else 0.0
    parts["buyers"] = processor_s(os.getpid()) - sum(parts.values())
    return parts


def main() -> None:
    """Read the options and print the line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.onsale")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--concurrency", type=int, default=256)
    parser.add_argument("--fans", type=int, default=0)
    asked = parser.parse_args()
    fans = asked.fans or (QUICK_FANS if asked.quick else FANS)
    wanted = Wanted(asked.quick, asked.workers, asked.processes, asked.concurrency, fans)
    line = run(measure(wanted))
    tell(line)
    if line["oversold"] or line["paid_without_ticket"]:
        sys.exit("Sold twice, or paid for nothing.")
    if not asked.quick and line["seats_sold"] != SEATS:
        sys.exit("Not every seat was sold.")


if __name__ == "__main__":
    main()
