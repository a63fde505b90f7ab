"""Fans earn points and redeem rewards under `kill -9` of random processes, while they log the responses.

Purchases are told to the journal, some of them twice, and some are refunded. Each earns once, each redeemed reward has
its debit, no reward is given that was not there, and points sum to zero. The processes are those of production, on a
durable database.
"""

import asyncio
import random
import time
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from benchmarks.common import run
from benchmarks.system import System, seed
from benchmarks.wire import Answer, Client
from tests.faults.length import FULL
from tests.faults.test_kill import KILLS, SEED, SETTLED_S, Killer
from virage.money.wallet.funding.reads.audit import audit as audit_of_wallets
from virage.platform.data.database import Database, Unavailable
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import named_id, new_id
from virage.sale.points.acts.programmes import set_programme, set_reward
from virage.sale.points.rules.terms import EarningRule, Programme, ProgrammeContent, Reward, RewardContent

FANS, AT_ONCE = (2_000 if FULL else 400), 24
PRICE, STOCK = 30, 25
TOTAL, REFUND = 5_000, 2_000  # cents of an order, and of the refund that every third one gets
PATIENCE_S = 60.0
RETRY_S = 0.05
OK, SERVER_ERROR = 200, 500
LATER = (408, 429)
NAME = {"en": "Points", "fr": "Points"}
ORDERS = UUID("01a23108-0000-7000-8000-0000000000aa")


async def club_of(url: str) -> tuple[UUID, UUID, list[UUID]]:
    """A programme with a point per euro of tickets; its event and two rewards, the first with a small stock."""
    db = await Database.open(url, connections_max=1)
    now, ids = datetime.now(UTC), [new_id(), new_id()]
    try:
        async with db.transaction() as conn:
            event = await conn.fetchrow("select id, organiser_id from programme.event limit 1")
            assert event is not None
            rule = EarningRule(id=new_id(), name=NAME, basis="tickets", points=1)
            content = ProgrammeContent(name=NAME, is_open=True, rules=[rule])
            stored = await set_programme(conn, event["organiser_id"], content, 0, who=None, now=now)
            assert isinstance(stored, Programme), stored
            for reward_id, stock in zip(ids, (STOCK, None), strict=True):
                reward = RewardContent(
                    kind="upgrade",
                    name=NAME,
                    price_points=PRICE,
                    stock=stock,
                    opens_at=now - timedelta(days=1),
                    closes_at=now + timedelta(days=1),
                )
                made = await set_reward(conn, reward_id, event["organiser_id"], reward, who=None, now=now)
                assert isinstance(made, Reward), made
    finally:
        await db.close()
    return event["organiser_id"], event["id"], ids


class Fans:
    """People who join, buy, get money back and redeem rewards."""

    def __init__(self, system: System, tokens: list[str], club: tuple[UUID, UUID, list[UUID]]) -> None:
        self._shop = Client(system.url)
        self._url = system.postgres.url
        self._tokens = tokens
        self._organiser_id, self._event_id, self._rewards = club
        self._random = random.Random(SEED)  # noqa: S311 - the same choices each time
        self.stopped = False
        self.log: Counter[str] = Counter()
        self.redeemed: set[UUID] = set()

    def close(self) -> None:
        self._shop.close()

    async def take_part(self, fans: deque[int]) -> None:
        """Let one fan after the other join and spend, until there are none or the kills are over."""
        while fans and not self.stopped:
            fan = fans.popleft()
            account_id, session = new_id(), b"cookie: __Host-virage=%b\r\n" % self._tokens[fan].encode()
            joined = {"id": str(account_id), "organiser_id": str(self._organiser_id)}
            answer = await self._ask(b"/api/points/accounts", session, msgspec.json.encode(joined))
            assert answer.status == OK, answer.body
            await self._buy(account_id, named_id(ORDERS, str(fan)), refunded=fan % 3 == 0)
            await self._redeem(session)

    async def _buy(self, account_id: UUID, order_id: UUID, *, refunded: bool) -> None:
        """Store a paid order and tell it to the journal; an unknown outcome is told again."""
        while True:
            try:
                db = await Database.open(self._url, connections_max=1)
                try:
                    for paid in (True, False) if refunded else (True,):
                        async with db.transaction() as conn:
                            await self._store(conn, account_id, order_id, paid=paid)
                finally:
                    await db.close()
            except (OSError, Unavailable, asyncpg.PostgresError):
                self.log["told again"] += 1
                await asyncio.sleep(RETRY_S)
            else:
                self.log["bought"] += 1
                return

    async def _store(self, conn: Any, account_id: UUID, order_id: UUID, *, paid: bool) -> None:
        now = datetime.now(UTC)
        if paid:
            await conn.execute(
                """
                insert into ticketing.orders (id, event_id, owner_id, held_at, expires_at, paid_at, fee_cents,
                    total_cents, vat_permille, fee_vat_permille, state, code, places, tariffs, prices, ticket_ids)
                select $1, $2, person_id, $3, $3, $3, 0, $4, 55, 200, 'paid', $5, '{}', '{}', '{}', '{}'
                from points.account where id = $6 on conflict do nothing
                """,
                order_id,
                self._event_id,
                now,
                TOTAL,
                order_id.hex[:12],
                account_id,
            )
        else:
            await conn.execute("update ticketing.orders set refunded_cents = $2 where id = $1", order_id, REFUND)
        await append(conn, [Fact("order_paid" if paid else "order_refunded", None, order_id)], now)

    async def _redeem(self, session: bytes) -> None:
        """Redeem a reward once the points are there; the same request until it is answered."""
        redemption_id, reward_id = new_id(), self._random.choice(self._rewards)
        wish = {"id": str(redemption_id), "reward_id": str(reward_id), "price_points": PRICE}
        ends = time.perf_counter() + PATIENCE_S
        while time.perf_counter() < ends and not self.stopped:
            answer = await self._ask(b"/api/points/redemptions", session, msgspec.json.encode(wish))
            if answer.status == OK:
                self.redeemed.add(redemption_id)
                self.log["redeemed"] += 1
                return
            code = msgspec.json.decode(answer.body)["code"]
            if code != "points_too_few":
                self.log[code] += 1
                return
            await asyncio.sleep(RETRY_S)

    async def _ask(self, path: bytes, headers: bytes, body: bytes) -> Answer:
        """Send a request until its response is not "retry later"."""
        ends = time.perf_counter() + PATIENCE_S
        while True:
            try:
                answer = await self._shop.ask(b"POST", path, headers, body)
                if answer.status < SERVER_ERROR and answer.status not in LATER:
                    return answer
            except OSError:
                self.log["retried"] += 1
            if time.perf_counter() > ends:
                raise TimeoutError(path)
            await asyncio.sleep(RETRY_S * (1 + self._random.random()))


async def audit(system: System, fans: Fans, rewards: list[UUID]) -> dict[str, Any]:
    """Compare purchases with what they earned, redeemed rewards with their debits, and the ledger with both."""
    db = await Database.open(system.postgres.url, connections_max=1)
    try:
        async with db.transaction() as conn:
            books = await audit_of_wallets(conn)
            kept = await conn.fetch(
                """
                select orders.id, total_cents, refunded_cents,
                    coalesce(sum(movement.points - movement.written_off), 0)::bigint as points,
                    count(movement.id) filter (where movement.kind = 'earned') as earned
                from ticketing.orders left join points.movement on movement.source = orders.id
                group by orders.id
                """
            )
            debits = {row[0] for row in await conn.fetch("select source from points.movement where kind = 'redeemed'")}
            given = {row[0] for row in await conn.fetch("select id from points.redemption")}
            moved = await conn.fetchval(
                """
                select count(*) from points.movement
                left join wallet_ledger.transfer on transfer.id = movement.id and transfer.cents = abs(movement.points)
                where movement.points <> 0 and transfer.id is null
                """
            )
            taken = await conn.fetchval("select taken from points.reward where id = $1", rewards[0])
            counted = await conn.fetchval("select count(*) from points.redemption where reward_id = $1", rewards[0])
    finally:
        await db.close()
    return {
        "earned": sum(row["earned"] for row in kept),
        "wrong_points": [
            row["id"] for row in kept if row["points"] != (row["total_cents"] - row["refunded_cents"]) // 100
        ],
        "earned_twice": [row["id"] for row in kept if row["earned"] > 1],
        "lost": sorted(fans.redeemed - given),
        "without_debit": sorted(given ^ debits),
        "movements_without_transfer": moved,
        "clean": books.clean,
        "points": books.points,
        "stock": (taken, counted),
    }


async def settled(system: System, fans: Fans, rewards: list[UUID]) -> dict[str, Any]:
    """Wait until the job has read the whole journal, and compare."""
    ends = time.monotonic() + SETTLED_S
    while True:
        found = await audit(system, fans, rewards)
        if not found["wrong_points"] or time.monotonic() > ends:
            return found
        await asyncio.sleep(0.5)


async def points_with_kills() -> dict[str, Any]:
    """Earn and redeem under kills, wait until all is earned, and compare."""
    system = System(workers=2)
    try:
        await system.start_database()
        _, _, tokens = await seed(system.postgres.url, FANS)
        club = await club_of(system.postgres.url)
        await system.start_processes()
        fans, killer = Fans(system, tokens, club), Killer(system)
        waiting = deque(range(FANS))

        async def kill() -> None:
            await killer.run()
            fans.stopped = True

        await asyncio.gather(kill(), *(fans.take_part(waiting) for _ in range(AT_ONCE)))
        fans.close()
        found = await settled(system, fans, club[2])
        return found | {"kills": dict(killer.kills), "log": dict(fans.log), "complaints": system.messages}
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_each_purchase_earns_once_and_each_reward_has_its_debit(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(points_with_kills())
    with capsys.disabled():
        print(f"\npoints: {found}")  # noqa: T201 - the counts are what the run is for
    assert sum(found["kills"].values()) == KILLS
    for what in ("wrong_points", "earned_twice", "lost", "without_debit"):
        assert found[what] == [], what
    assert (found["movements_without_transfer"], found["clean"]) == (0, True)
    assert sum(found["points"].values()) == 0
    assert found["stock"][0] == found["stock"][1] <= STOCK
    assert min(found["earned"], found["log"]["redeemed"], found["points"]["points_redeemed"]) > 0
