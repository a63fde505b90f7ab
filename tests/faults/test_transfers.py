"""Transfers under `kill -9` of random processes, while the fans log the responses.

Each ticket is with one person, the one whose acceptance was confirmed, and one phone has its valid
pass. The processes are those of production, on a durable database.
"""

import asyncio
from collections import deque
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from benchmarks.common import run
from benchmarks.onsale import Wanted, crowd
from benchmarks.system import System, seed
from benchmarks.traders import Traders
from tests.faults.length import FULL
from tests.faults.test_kill import KILLS, SEED, Killer

FANS, PASSING = (600 if FULL else 150), 20  # fans enough that none reaches the limit of offers a day


async def stored(url: str) -> dict[str, Any]:
    """The tickets by id (holder's name of the account, generation, phone), and what must not be."""
    conn = await asyncpg.connect(url)
    try:
        tickets = await conn.fetch(
            """
            select ticket.id, coalesce(ticket.holder_id, orders.owner_id) as holder_id, pass.generation,
                pass.revoked_at, person.email
            from ticketing.ticket
            join ticketing.orders on orders.id = ticket.order_id
            join passes.pass on pass.subject = ticket.id
            join people.person on person.id = coalesce(ticket.holder_id, orders.owner_id)
            """
        )
        left = await conn.fetchval(
            """
            select count(*) from ticketing.offered_ticket
            join ticketing.transfer on transfer.id = offered_ticket.transfer_id and transfer.state <> 'offered'
            """
        )
    finally:
        await conn.close()
    return {"tickets": {row["id"]: row for row in tickets}, "left_offered": left}


async def transfers_with_kills() -> dict[str, Any]:
    """Buy tickets, pass them on under kills, and compare."""
    system = System(workers=2)
    try:
        await system.start_database()
        event_id, categories, tokens = await seed(system.postgres.url, FANS)
        await system.start_processes()
        wanted = Wanted(quick=True, workers=2, processes=1, concurrency=10, fans=FANS)
        await crowd(system, wanted, event_id, categories, mode="parties", tokens=tokens[: FANS // 5])
        fans = Traders(system.url, system.sandbox_url, tokens, seed=SEED)
        held = await fans.tickets()
        killer = Killer(system)
        waiting = deque(held)

        async def kill() -> None:
            await killer.run()
            fans.stopped = True

        await asyncio.gather(kill(), *(fans.transfer_all(waiting) for _ in range(PASSING)))
        seen = {one.ticket_id: one.holder for one in await fans.tickets()}
        fans.close()
        found = await stored(system.postgres.url)
        rows = found["tickets"]
        return {
            "kills": dict(killer.kills),
            "log": dict(fans.log),
            "wrong_holder": [
                one.ticket_id
                for one in held
                if seen.get(one.ticket_id) != one.holder
                or rows[UUID(one.ticket_id)]["email"] != f"fan{one.holder}@example.org"
            ],
            "older_pass": [one.ticket_id for one in held if rows[UUID(one.ticket_id)]["generation"] < one.generation],
            "tickets": (len(held), len(seen), len(rows)),
            "left_offered": found["left_offered"],
            "complaints": system.messages,
        }
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_each_ticket_is_with_the_person_whose_acceptance_was_confirmed(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(transfers_with_kills())
    with capsys.disabled():
        print(f"\ntransfers: {found}")  # noqa: T201 - the counts are what the run is for
    assert sum(found["kills"].values()) == KILLS
    assert found["wrong_holder"] == []
    assert found["older_pass"] == []
    assert found["left_offered"] == 0
    assert len(set(found["tickets"])) == 1, "no ticket is lost or doubled"
    assert min(found["log"][what] for what in ("accepted", "cancelled", "returned", "activated")) > 0
