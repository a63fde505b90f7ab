"""The exchange under `kill -9` of random processes, while the fans log the responses.

Each seat has one valid ticket, that of the buyer whose payment was confirmed; its seller gets the
money once, by a refund or in the wallet, within its limit; and what the bank holds of each payment
is what its order has cost. The processes are those of production, on a durable database.
"""

import asyncio
from collections import deque
from typing import Any

import pytest

from benchmarks.common import run
from benchmarks.onsale import Wanted, crowd
from benchmarks.system import System, seed
from benchmarks.traders import ALLOWING_ALL, Traders, open_exchange, stored, wrong_money
from tests.faults.length import FULL
from tests.faults.test_kill import KILLS, SEED, Killer

FANS, SELLING = (400 if FULL else 120), 12


async def exchange_with_kills() -> dict[str, Any]:
    """Buy tickets, sell them on under kills, and compare."""
    system = System(workers=2)
    try:
        await system.start_database()
        event_id, categories, tokens = await seed(system.postgres.url, FANS)
        await open_exchange(system.postgres.url, event_id)
        system.env |= ALLOWING_ALL
        await system.start_processes()
        wanted = Wanted(quick=True, workers=2, processes=1, concurrency=10, fans=FANS)
        await crowd(system, wanted, event_id, categories, mode="parties", tokens=tokens[: FANS // 4])
        fans = Traders(system.url, system.sandbox_url, tokens, seed=SEED)
        held = [one for one in await fans.tickets() if one.price_cents]
        killer = Killer(system)
        waiting = deque(held)

        async def kill() -> None:
            await killer.run()
            fans.stopped = True

        await asyncio.gather(kill(), *(fans.sell_all(waiting) for _ in range(SELLING)))
        fans.close()
        money = await wrong_money(system)
        found = await stored(system.postgres.url)
        owners = found.pop("owners")
        return {
            "kills": dict(killer.kills),
            "log": dict(fans.log),
            "wrong_owner": [
                one.ticket_id for one in held if owners.get(one.ticket_id) != f"fan{one.holder}@example.org"
            ],
            "wrong_money": money,
            "complaints": system.messages,
            **found,
        }
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_each_seat_is_its_last_buyers_and_each_seller_is_paid(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(exchange_with_kills())
    with capsys.disabled():
        print(f"\nexchange: {found}")  # noqa: T201 - the counts are what the run is for
    assert sum(found["kills"].values()) == KILLS
    assert found["wrong_owner"] == []
    assert found["wrong_money"] == {}
    assert found["seats"] == found["tickets"]
    assert found["without_claim"] == found["without_pass"] == found["two_valid"] == found["unpaid_sellers"] == 0
    assert found["unbooked_cents"] == found["ledger_sum"] == 0
    assert found["to_wallets"] > 0
    assert min(found["log"][what] for what in ("sold", "withdrawn", "activated")) > 0
