"""Orders by phone under fire: `kill -9` of the web and of the database while fans order and
kitchens accept.

Acknowledged orders are in the books and in the chain, once. Money of an order that was not accepted
is only held, and the archive of each outlet's till verifies. The processes are those of production,
on a durable database.
"""

import asyncio
import gzip
import os
import random
import signal
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest

from benchmarks.common import run
from benchmarks.system import System
from benchmarks.wire import Client, Gone
from tests.faults.test_kill import Killer
from tests.matchday.food.menu.board import a_match, line
from tests.matchday.food.orders.kitchen import COLA, HOT_DOG, KETCHUP, Kitchen
from virage.identity.people import acts as people
from virage.matchday.food.menu.rules.catalogue import Station
from virage.matchday.food.orders.rules.orders import KitchenCapacity
from virage.money.fiscal.reads.archive import archive
from virage.money.fiscal.rules.verifying import verify
from virage.money.wallet.funding.reads.audit import audit
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Grant

OUTLETS, ORDERS, KILLS = ("01", "02", "03", "04"), 96, 3
WALLET_CENTS, CANCELLED_EVERY = 5_000, 6
CAPACITY = KitchenCapacity({Station.GRILL: 1_000, Station.FRYER: 1_000, Station.COFFEE: 1_000}, open=True)


class Crowd(NamedTuple):
    """The fans and the kitchens, by the headers of their browsers."""

    kitchen: Kitchen
    fans: list[bytes]
    cooks: dict[str, bytes]


class Log:
    """The responses to the clients."""

    def __init__(self) -> None:
        self.placed: set[str] = set()
        self.accepted: set[str] = set()
        self.cancelled: set[str] = set()
        self.errors: list[str] = []
        self.retries = 0
        self.kills = 0

    @property
    def answers(self) -> int:
        return len(self.placed) + len(self.accepted) + len(self.cancelled)


async def seed(system: System, db: Database) -> Crowd:
    """A running match, four open kitchens, and fans with money."""
    now, config = datetime.now(UTC), Config(secret=system.env["VIRAGE_SECRET"], demo=True)
    kitchen = Kitchen(db, Clock(), config)
    kitchen.event = a_match(now + timedelta(hours=1))
    await kitchen.open(*OUTLETS)
    for outlet in OUTLETS:
        await kitchen.says(CAPACITY, outlet)
        await kitchen.delivered(outlet, 10_000)
    async with db.transaction() as conn:
        cooks = {}
        for outlet in OUTLETS:
            grant = Grant("kitchen", "outlet", outlet)
            cook = await people.ensure_staff(conn, f"kitchen{outlet}@example.org", None, (grant,), now)
            cooks[outlet] = _cookie((await people.open_session(conn, cook, now)).token)
    fans = []
    for _ in range(ORDERS):
        person_id = await kitchen.fan(WALLET_CENTS)
        async with db.transaction() as conn:
            await conn.execute(
                "insert into people.person (id, email, locale, joined_at) values ($1, $2, 'fr', $3)",
                person_id,
                f"{person_id}@example.org",
                now,
            )
            fans.append(_cookie((await people.open_session(conn, person_id, now)).token))
    return Crowd(kitchen, fans, cooks)


def _cookie(token: str) -> bytes:
    return b"cookie: __Host-virage=%b\r\n" % token.encode()


async def ask(client: Client, log: Log, path: str, headers: bytes, body: bytes = b"") -> tuple[int, Any]:
    """Send the same request until there is a response: its id makes one order of it."""
    while True:
        try:
            answer = await client.ask(b"POST", path.encode(), headers, body)
            if answer.status < 500:
                return answer.status, msgspec.json.decode(answer.body)
        except (Gone, OSError):
            pass
        log.retries += 1
        await asyncio.sleep(0.05)


async def evening(system: System, crowd: Crowd, log: Log) -> None:
    """Each fan orders and the kitchen accepts; some cancel at the same moment."""
    client, gate = Client(system.url), asyncio.Semaphore(16)

    async def one(number: int, fan: bytes) -> None:
        outlet = OUTLETS[number % len(OUTLETS)]
        wish = crowd.kitchen.request(line(HOT_DOG, options=KETCHUP), line(COLA), outlet=outlet)
        async with gate:
            status, said = await ask(client, log, "/api/food/orders", fan, msgspec.json.encode(wish))
            if status != 200:
                log.errors.append(str(said))
                return
            log.placed.add(said["id"])
            steps = [ask(client, log, f"/api/kitchen/{outlet}/orders/{wish.id}/accept", crowd.cooks[outlet])]
            if number % CANCELLED_EVERY == 0:
                steps.append(ask(client, log, f"/api/food/orders/{wish.id}/cancel", fan))
            for (code, answer), into in zip(await asyncio.gather(*steps), (log.accepted, log.cancelled), strict=False):
                if code == 200:
                    into.add(answer["id"])
                elif answer.get("code") != "wrong_state":
                    log.errors.append(str(answer))

    await asyncio.gather(*(one(number, fan) for number, fan in enumerate(crowd.fans)))
    client.close()


async def found(kitchen: Kitchen, log: Log) -> dict[str, Any]:
    """Count what must not happen: responses that are not in the books, wrong books, chains that do
    not verify.
    """
    async with kitchen.db.transaction() as conn:
        books = await audit(conn)
    states = {
        str(row["id"]): row["state"] for row in await kitchen.rows("select id, state from food_orders.food_order")
    }
    records = {str(row["id"]) for row in await kitchen.rows("select id from fiscal.record where defect is null")}
    left = await kitchen.rows(
        "select count(*) from wallet_ledger.account a join wallet_accounts.purse p on p.id = a.id "
        "left join food_orders.food_order o on o.purse_id = p.id "
        "where a.held_cents <> case when o.state = 'placed' then o.total_cents else 0 end "
        "or a.balance_cents <> $1 - case when o.state = 'accepted' then o.total_cents else 0 end",
        WALLET_CENTS,
    )
    damaged: list[Any] = []
    for (till_id,) in await kitchen.rows("select till_id from food_orders.kitchen"):
        damaged += await _damages(kitchen, till_id)
    return {
        "lost": len(log.placed - states.keys()),
        "not_accepted": [one for one in log.accepted if states[one] != "accepted"],
        "not_cancelled": [one for one in log.cancelled if states[one] != "cancelled"],
        "records_astray": len({one for one, state in states.items() if state == "accepted"} ^ records),
        "wallets_astray": left[0][0],
        "clean": books.clean,
        "damaged": damaged,
    }


async def _damages(kitchen: Kitchen, till_id: UUID) -> list[Any]:
    async with kitchen.db.transaction() as conn:
        made = await archive(conn, kitchen.vault, till_id, since=None, until=None, now=datetime.now(UTC))
    if made is None:
        return []
    file = b"".join([piece async for piece in made.gzip(kitchen.db)])
    return list(verify(gzip.decompress(file).splitlines()).findings)


async def run_with_kills() -> tuple[dict[str, Any], Log]:
    system, log = System(workers=2), Log()
    try:
        await system.start_database()
        db = await Database.open(system.postgres.url, connections_max=4)
        crowd = await seed(system, db)
        await db.close()
        await system.start_processes()
        killer, chance = Killer(system), random.Random(5)  # noqa: S311 - the same victims each time

        async def kill() -> None:
            for part in range(1, KILLS + 1):
                due = part * ORDERS // (KILLS + 1) + chance.randrange(20)
                while log.answers < due:  # noqa: ASYNC110 - it counts answers
                    await asyncio.sleep(0.005)
                target = ("web worker", "postgres")[part % 2]
                pids = killer.pids(target)
                victim = chance.choice(pids)
                os.kill(victim, signal.SIGKILL)
                await killer.back(target, victim, len(pids))
                log.kills += 1

        killing = asyncio.create_task(kill())
        await evening(system, crowd, log)
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
        crowd.kitchen.db = await Database.open(system.postgres.url, connections_max=2)
        try:
            return await found(crowd.kitchen, log), log
        finally:
            await crowd.kitchen.db.close()
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_confirmed_orders_and_steps_are_in_the_ledger_and_in_the_fiscal_journal() -> None:
    what, log = run(run_with_kills())
    assert log.errors == []
    assert log.kills >= KILLS - 1
    assert log.retries > 0, "the kills interrupted orders"
    assert len(log.placed) == ORDERS
    assert log.cancelled, "some orders were cancelled in time"
    assert len(log.accepted) + len(log.cancelled) == ORDERS
    assert what == {
        "lost": 0,
        "not_accepted": [],
        "not_cancelled": [],
        "records_astray": 0,
        "wallets_astray": 0,
        "clean": True,
        "damaged": [],
    }
