"""An on-sale under `kill -9` of random processes at random moments, while buyers log the responses.

Confirmed orders are kept, nothing is sold twice, captured money has its tickets or is refunded, and
all processes recover without help. The processes are those of production, on a durable database.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from itertools import cycle, islice
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from benchmarks.buyers import Bought
from benchmarks.common import run
from benchmarks.onsale import Wanted, audit, captured_of, crowd
from benchmarks.system import System, seed
from tests.faults.length import FULL

KILLS, SALE_S, FANS = (20, 40.0, 3600) if FULL else (7, 14.0, 1300)
BACK_S = 30.0
SETTLED_S = 60.0
SEED = 20260509
# The supervisor restarts the worker later after each end, and no buyer waits for it: three kills of
# it are enough.
TARGETS = ("web worker", "postgres", "web worker", "postgres", "work", "web worker", "postgres")


class Killer:
    """Kills one process after the other and waits until it is back."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._random = random.Random(SEED)  # noqa: S311 - the same moments each time
        self.kills: Counter[str] = Counter()
        self.back_s: dict[str, list[float]] = {"web worker": [], "work": [], "postgres": []}

    async def run(self) -> None:
        """All kills, spread over the sale."""
        for target in islice(cycle(TARGETS), KILLS):
            await asyncio.sleep(self._random.uniform(0.2, 2 * SALE_S / KILLS - 1.6))
            pids = self.pids(target)
            victim = self._random.choice(pids)
            os.kill(victim, signal.SIGKILL)
            began = time.monotonic()
            self.kills[target] += 1
            await self.back(target, victim, len(pids))
            self.back_s[target].append(time.monotonic() - began)

    def pids(self, target: str) -> list[int]:
        """The current process ids of a target."""
        if target == "web worker":
            return self._system.workers_of_web()
        pid = self._system.postgres.pid if target == "postgres" else self._system.supervisor.pid("work")
        return [pid] if pid is not None else []

    async def back(self, target: str, victim: int, count: int) -> None:
        async with asyncio.timeout(BACK_S):
            while True:
                pids = self.pids(target)
                if len(pids) >= count and victim not in pids and await self._system.ready():
                    return
                await asyncio.sleep(0.05)


async def settled(system: System, event_id: UUID) -> dict[str, int]:
    """Wait until each captured payment has its tickets or its refund, and count what must not
    happen.
    """
    ends = time.monotonic() + SETTLED_S
    while True:
        found = await audit(system)
        if not found["paid_without_ticket"] or time.monotonic() > ends:
            return found
        await asyncio.sleep(0.5)


async def lost(system: System, log: list[Bought]) -> list[str]:
    """Orders that buyers got with a 2xx and that the database does not have."""
    conn = await asyncpg.connect(system.postgres.url)
    try:
        orders = {
            str(row["id"]): row
            for row in await conn.fetch("select id, state, places, payment_id, ticket_ids from ticketing.orders")
        }
        tickets = {row["id"] for row in await conn.fetch("select id from ticketing.ticket where refund_id is null")}
        payments = {str(row["id"]) for row in await conn.fetch("select id from payments.payment")}
    finally:
        await conn.close()
    captured = {str(id_) for id_ in await captured_of(system)}
    faults = []
    for purchase in log:
        order: Any = orders.get(purchase.order_id)
        if order is None or sorted(order["places"]) != sorted(purchase.places):
            faults.append(f"order {purchase.order_id} was held and is not there")
            continue
        if purchase.payment_id is not None and purchase.payment_id not in payments:
            faults.append(f"payment {purchase.payment_id} was begun and is not there")
        if purchase.charged and purchase.payment_id not in captured:
            faults.append(f"payment {purchase.payment_id} was charged and the bank forgot it")
        if purchase.paid and not (order["state"] == "paid" and tickets.issuperset(order["ticket_ids"])):
            faults.append(f"order {purchase.order_id} was paid and is {order['state']}")
    return faults


async def sale_with_kills() -> dict[str, Any]:
    """The whole sale; return its counts."""
    system = System(workers=2)
    try:
        await system.start_database()
        event_id, categories, tokens = await seed(system.postgres.url, FANS)
        await system.start_processes()
        killer = Killer(system)
        wanted = Wanted(quick=True, workers=2, processes=1, concurrency=40, fans=FANS)
        sale = crowd(system, wanted, event_id, categories, mode="parties", tokens=tokens, seconds=SALE_S, pause_s=2.0)
        reports, _ = await asyncio.gather(sale, killer.run())
        log = [purchase for report in reports for purchase in report.bought]
        found = await settled(system, event_id)
        troubles = sum((Counter(report.refused) for report in reports), Counter())
        return {
            "kills": dict(killer.kills),
            "back_s_max": {name: round(max(times), 2) for name, times in killer.back_s.items() if times},
            "held": len(log),
            "confirmed_paid": sum(purchase.paid for purchase in log),
            "charged": sum(purchase.charged for purchase in log),
            "ended": Counter(purchase.ended for purchase in log if purchase.ended is not None),
            "troubles": dict(troubles),
            "lost": await lost(system, log),
            "complaints": system.messages,
            **found,
        }
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_confirmed_orders_survive_kills(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(sale_with_kills())
    with capsys.disabled():
        print(f"\nkill: {found}")  # noqa: T201 - the counts are what the run is for
    assert sum(found["kills"].values()) == KILLS
    assert found["lost"] == []
    assert found["oversold"] == 0
    assert found["paid_without_ticket"] == 0
    assert found["confirmed_paid"] > 0.8 * found["held"] > 0
