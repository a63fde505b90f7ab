"""The on-sale: the whole bowl sold over HTTP, payments and tickets included, beside a bare
application.

`python -m benchmarks.onsale [--quick] [--workers N] [--processes N] [--concurrency N]`. Buyers in
other processes come in parties of 1 to 6, one in a hundred with access needs, more people than
seats; a last sweep takes single places. `--provider stripe` compares sales through the sandbox with
sales through a stand-in of Stripe, both with the latency of a real provider. `--mix` compares it
with a sale in which one fan in five is a member who buys another match before its public sale, and
one in ten of the others buys a pack of both matches; a pack is one order.
"""

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from benchmarks.buyers import Mix, Plan, Report
from benchmarks.common import machine, percentile, processor_s, run, tell
from benchmarks.system import Provider, System, another_match, seed
from benchmarks.wire import Client
from tests.money.payments import stripe_standin
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.membership import api as membership
from virage.sale.membership.rules.terms import EventWindow, TierContent
from virage.sale.packages import api as packages
from virage.sale.packages.types import PackageContent
from virage.site.programme import api as programme_reads

FANS = 20_000
STRIPE_FANS = 4_000
LATENCY_MS = 120
CALLS_PER_S = 100
QUEUED = 4
"""How many times as many fans buy at once where the provider is limited."""
SHOULD_NOT_BE = ("oversold", "paid_without_ticket", "captured_without_goods")
QUICK_FANS = 400
PLAIN_S = 4.0
SWEEPS_MAX = 5
SEATS = 59_186
MEMBERS_EVERY = 5
INSERT_MEMBERS = """
with new as (
    insert into membership.member (id, organiser_id, number, person_id, created_at)
    select gen_random_uuid(), $1, row_number() over (), person.id, $4
    from people.person where email = any($3::text[])
    returning id
)
insert into membership.membership (
    id, tier_id, member_id, state, is_new, is_imported, price_cents, vat_permille, asked_at, began_at
)
select gen_random_uuid(), $2, new.id, 'active', true, true, 0, 200, $4, $4 from new
"""
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
    mix: bool = False


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


async def mixed(url: str, event_id: UUID, tokens: Sequence[str]) -> Mix:
    """Put another match on sale to members alone, with a pack of both; every fifth fan is a member."""
    now, tier_id = datetime.now(UTC), new_id()
    db = await Database.open(url, connections_max=1)
    try:
        async with db.transaction() as conn:
            event = await programme_reads.event(conn, event_id)
            assert event is not None
            starts = event.starts_at + timedelta(days=7)
            match_id = await another_match(conn, event, starts, now + timedelta(days=1), now)
            tier = TierContent(
                name=event.title,
                price_cents=3000,
                vat_permille=200,
                starts_on=now.date() - timedelta(days=1),
                ends_on=now.date() + timedelta(days=300),
                window_tickets=9,
            )
            content = PackageContent(
                kind="pack",
                name=event.title,
                event_ids=[event_id, match_id],
                discount_permille=100,
                opens_at=now,
                closes_at=event.starts_at,
                is_open=True,
            )
            package_id = new_id()
            for outcome in (
                await membership.set_tier(conn, tier_id, event.organiser_id, tier, who=None, now=now),
                await packages.set_package(conn, package_id, event.organiser_id, content, who=None, now=now),
            ):
                assert not isinstance(outcome, Refused), outcome
            other = await programme_reads.event(conn, match_id)
            assert other is not None
            window = EventWindow(opens_at=now - timedelta(minutes=1), tickets_max=9, tier_ids=[tier_id])
            assert not isinstance(await membership.set_windows(conn, other, [window], 0, who=None, now=now), Refused)
            addresses = [f"fan{number}@example.org" for number in range(0, len(tokens), MEMBERS_EVERY)]
            await conn.execute(INSERT_MEMBERS, event.organiser_id, tier_id, addresses, now)
            await conn.execute("analyze")
    finally:
        await db.close()
    return Mix(str(package_id), str(match_id), list(tokens[::MEMBERS_EVERY]))


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


async def audit(system: System) -> dict[str, int]:
    """Count what must not happen: places sold twice, captured money without tickets or a refund."""
    conn = await asyncpg.connect(system.postgres.url)
    try:
        tickets = await conn.fetch("select event_id, place, order_id from ticketing.ticket where refund_id is null")
        claims = {
            (r["event_id"], r["place"]): r["order_id"]
            for r in await conn.fetch("select event_id, place, order_id from ticketing.claim")
        }
        paid = {
            r["payment_id"] for r in await conn.fetch("select payment_id from ticketing.orders where state = 'paid'")
        }
        (counts,) = await conn.fetch(PAID_AND_LACKING)
    finally:
        await conn.close()
    by_place = Counter((ticket["event_id"], ticket["place"]) for ticket in tickets)
    unclaimed = sum(1 for one in tickets if claims.get((one["event_id"], one["place"])) != one["order_id"])
    captured = await captured_of(system)
    refunded = {id_ for id_, cents in captured.items() if not cents}
    unexplained = captured.keys() - paid - refunded
    return {
        "oversold": sum(count - 1 for count in by_place.values()) + unclaimed,
        "seats_sold": len(by_place),
        "orders": counts["orders"],
        "paid_without_ticket": counts["lacking"] + len(unexplained),
        "captured_without_goods": len(unexplained),
        "captured": len(captured),
        "refunded": len(refunded),
    }


async def captured_of(system: System) -> dict[UUID, int]:
    """The money that the bank captured and did not refund, in cents by payment, from its own list."""
    if system.provider.is_stripe:
        return await _captured_of_stripe(system)
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


async def _captured_of_stripe(system: System) -> dict[UUID, int]:
    intents, refunds = await _listed(system, "payment_intents"), await _listed(system, "refunds")
    back: Counter[str] = Counter()
    for refund in refunds:
        back[refund["payment_intent"]] += refund["amount"]
    paid = [one for one in intents if one["status"] == "succeeded"]
    return {UUID(one["metadata"]["page_of"]): one["amount_received"] - back[one["id"]] for one in paid}


async def _listed(system: System, what: str) -> list[dict[str, Any]]:
    """All objects of a kind at the stand-in of Stripe."""
    async with aiohttp.ClientSession(system.sandbox_url, headers=stripe_standin.HEADERS) as client:
        found: list[dict[str, Any]] = []
        more = True
        while more:
            after = {"starting_after": found[-1]["id"]} if found else {}
            async with client.get(f"/v1/{what}", params={"limit": "100"} | after) as answer:
                page = await answer.json()
            found += page["data"]
            more = page["has_more"]
        return found


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


async def compare(wanted: Wanted) -> dict[str, Any]:
    """Three sales with the latency of a real provider: through the sandbox, through a stand-in of
    Stripe, and through one that limits the calls of the account.
    """
    crowded = replace(wanted, concurrency=wanted.concurrency * QUEUED)
    sandbox = await sale(wanted, Provider(latency_ms=LATENCY_MS))
    stripe = await sale(wanted, Provider(is_stripe=True, latency_ms=LATENCY_MS))
    limited = await sale(crowded, Provider(is_stripe=True, latency_ms=LATENCY_MS, calls_per_s=CALLS_PER_S))
    sales = {"sandbox": sandbox, "stripe": stripe, "limited": limited}
    rest = {"latency_ms": LATENCY_MS, "calls_per_s": CALLS_PER_S, "workers": wanted.workers, "machine": machine()}
    return {
        "benchmark": "onsale",
        "provider": "stripe",
        "orders_per_s": stripe["orders_per_s"],
        "ratio_to_sandbox": round(stripe["orders_per_s"] / sandbox["orders_per_s"], 3),
        "lost_to_limit": limited["ended"],
        **{name: sum(one[name] for one in sales.values()) for name in SHOULD_NOT_BE},
        "sales": sales,
        **rest,
    }


async def compare_mixed(wanted: Wanted) -> dict[str, Any]:
    """A sale with packs and members, and one without; `ratio_kept` compares their ratios."""
    mix = await measure(replace(wanted, mix=True))
    plain = await measure(wanted)
    kept = {f"{name}_kept": round(mix[name] / plain[name], 3) for name in ("ratio", "cpu_ratio")}
    unmixed = {name: plain[name] for name in ("orders_per_s", "ratio", "cpu_ratio", "cpu_ms_by_part")}
    return mix | {"mix": True, "unmixed": unmixed, **kept}


async def sale(wanted: Wanted, provider: Provider) -> dict[str, Any]:
    """One sale to all fans: what it did, and what its audit found."""
    system = System(wanted.workers, provider=provider)
    try:
        await system.start_database()
        event_id, categories, tokens = await seed(system.postgres.url, wanted.fans)
        await system.start_processes()
        before = processor_by_part(system)
        reports = await crowd(system, wanted, event_id, categories, mode="parties", tokens=tokens)
        cpu = {name: seconds - before[name] for name, seconds in processor_by_part(system).items()}
        found = await audit(system)
        tell_errors(system.errors())
    finally:
        await system.stop()
    whole = [ms for report in reports for ms in report.order_ms]
    orders = len(whole)
    ended = Counter(bought.ended for report in reports for bought in report.bought if bought.ended)
    refused = sum((Counter(report.refused) for report in reports), Counter())
    return {
        "orders_per_s": round(orders / max(report.seconds for report in reports), 1),
        "orders": orders,
        "clients": wanted.concurrency,
        "p50_order_ms": round(percentile(whole, 0.5), 1),
        "p99_order_ms": round(percentile(whole, 0.99), 1),
        "ended": ended.total(),
        "refused": dict(refused),
        "cpu_ms_by_part": {name: round(1000 * s / max(1, orders), 3) for name, s in cpu.items()},
        **found,
    }


async def measure(wanted: Wanted) -> dict[str, Any]:
    """The whole run: the bare application, the sale, the bare application again to detect a busy
    machine.
    """
    system = System(wanted.workers)
    plain_s = PLAIN_S / 4 if wanted.quick else PLAIN_S
    try:
        commits = await system.start_database()
        event_id, categories, tokens = await seed(system.postgres.url, wanted.fans)
        mix = await mixed(system.postgres.url, event_id, tokens) if wanted.mix else None
        await system.start_processes()

        async def phase(**plan: Any) -> Phase:
            before = processor_by_part(system)
            reports = await crowd(system, wanted, event_id, categories, **plan)
            now = processor_by_part(system)
            return Phase(reports, {name: seconds - before[name] for name, seconds in now.items()})

        plain = await phase(mode="plain", seconds=plain_s)
        began = time.perf_counter()
        sold = await phase(mode="parties", tokens=tokens, mix=mix)
        swept = (
            [] if wanted.quick or mix is not None else await sweep(system, wanted, event_id, categories, sold.reports)
        )
        seconds = time.perf_counter() - began
        plain += await phase(mode="plain", seconds=plain_s)
        found, batched = await audit(system), await batches(system)
        complaints = system.errors()
        retold = {code: n for report in sold.reports + swept for code, n in report.refused.items()}
        print(f"refused {retold}; batches {batched}", file=sys.stderr)
        tell_errors(complaints)
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


def tell_errors(complaints: str) -> None:
    """Print what the processes complained of."""
    print(complaints or "no complaints", file=sys.stderr)


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
    parser.add_argument("--provider", choices=["sandbox", "stripe"], default="sandbox")
    parser.add_argument("--mix", action="store_true")
    asked = parser.parse_args()
    is_stripe = asked.provider == "stripe"
    fans = asked.fans or (QUICK_FANS if asked.quick else STRIPE_FANS if is_stripe else FANS)
    wanted = Wanted(asked.quick, asked.workers, asked.processes, asked.concurrency, fans)
    if is_stripe:
        line = run(compare(wanted))
        tell(line)
        if any(line[name] for name in ("lost_to_limit", *SHOULD_NOT_BE)):
            sys.exit("Seats were lost or sold twice, or something was paid for nothing.")
        return
    line = run(compare_mixed(wanted) if asked.mix else measure(wanted))
    tell(line)
    if line["oversold"] or line["paid_without_ticket"]:
        sys.exit("Sold twice, or paid for nothing.")
    if not asked.quick and not asked.mix and line["seats_sold"] != SEATS:
        sys.exit("Not every seat was sold.")


if __name__ == "__main__":
    main()
