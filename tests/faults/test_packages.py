"""Fans hold, pay and release packs of three matches under `kill -9` of random processes, while they log the responses.

Each payment that the bank captured has its tickets at every match or its refund, no seat is sold twice, and no seat is
taken without an order. The processes are those of production, on a durable database.
"""

import asyncio
import random
import time
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace

from benchmarks.buyers import CARD
from benchmarks.common import run
from benchmarks.onsale import captured_of
from benchmarks.system import System, seed
from benchmarks.wire import Answer, Client
from tests.faults.length import FULL
from tests.faults.test_kill import KILLS, SEED, SETTLED_S, Killer
from virage.demo.prices import match_pricing
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.sale.packages.acts.packages import set_package
from virage.sale.packages.rules.terms import PackageContent
from virage.sale.ticketing.api import set_pricing
from virage.site.programme import api as programme
from virage.site.programme.types import EventRules, NewEvent

FANS, BUYING = (4_000 if FULL else 1_000), 10
MATCHES = 3
PATIENCE_S = 60.0
RETRY_S = 0.05
OK, CREATED, GONE, SERVER_ERROR = 200, 201, 204, 500
LATER = (408, 429)


class Subscribers:
    """People who hold packs of three matches; some release them, and the others pay."""

    def __init__(self, system: System, tokens: list[str], package_id: UUID) -> None:
        self._shop, self._bank = Client(system.url), Client(system.sandbox_url)
        self._tokens, self._package_id = tokens, package_id
        self._random = random.Random(SEED)  # noqa: S311 - the same choices each time
        self.stopped = False
        self.log: Counter[str] = Counter()

    def close(self) -> None:
        self._shop.close()
        self._bank.close()

    async def buy(self, fans: deque[int]) -> None:
        """Let one fan after the other buy, until there are none or the kills are over."""
        while fans and not self.stopped:
            session = b"cookie: __Host-virage=%b\r\n" % self._tokens[fans.popleft()].encode()
            id_ = str(new_id())
            seats = {"kind": "best", "party": {"full": self._random.choice([1, 2, 2, 4])}}
            path = f"/api/packages/{self._package_id}/subscriptions".encode()
            held = await self._ask(b"POST", path, session, {"id": id_, "seats": seats})
            if held.status != CREATED:
                self.log[msgspec.json.decode(held.body)["code"]] += 1
                continue
            self.log["held"] += 1
            path = f"/api/subscriptions/{id_}".encode()
            if self._random.random() < 0.2:
                ended = await self._ask(b"DELETE", path, session, None)
                self.log["released" if ended.status == GONE else "not released"] += 1
                continue
            page = await self._ask(b"POST", path + b"/payment", session, {"payment_id": str(new_id())})
            if page.status != OK:
                self.log[msgspec.json.decode(page.body)["code"]] += 1
                continue
            address = urlsplit(msgspec.json.decode(page.body)["payment_url"]).path.encode()
            paid = await self._ask(b"POST", address, b"", CARD, self._bank)
            self.log["charged" if paid.status == OK else "refused"] += 1

    async def _ask(self, method: bytes, path: bytes, headers: bytes, body: Any, client: Client | None = None) -> Answer:
        """Send a request until its response is not "retry later"."""
        raw = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        ends = time.perf_counter() + PATIENCE_S
        while True:
            try:
                answer = await (client or self._shop).ask(method, path, headers, raw)
                if answer.status < SERVER_ERROR and answer.status not in LATER:
                    return answer
            except OSError:
                self.log["retried"] += 1
            if time.perf_counter() > ends:
                raise TimeoutError(path)
            await asyncio.sleep(RETRY_S * (1 + self._random.random()))


async def pack_of_three(url: str, **changes: Any) -> UUID:
    """Three matches in weeks to come, and the pack of them."""
    db, now = await Database.open(url, connections_max=1), datetime.now(UTC)
    package_id, matches = new_id(), [new_id() for _ in range(MATCHES)]
    try:
        async with db.transaction() as conn:
            organiser_id = await conn.fetchval("select id from programme.organiser limit 1")
            for week, event_id in enumerate(matches):
                starts = now + timedelta(days=30 + 7 * week)
                match = NewEvent(
                    id=event_id,
                    organiser_id=organiser_id,
                    kind="match",
                    title={"fr": "Match", "en": "Match", "de": "Spiel"},
                    doors_at=starts - timedelta(hours=2),
                    starts_at=starts,
                    ends_at=starts + timedelta(hours=2),
                    sale_opens_at=now + timedelta(days=20),
                    sale_closes_at=starts,
                    rules=EventRules(limit_per_buyer=9),
                )
                await programme.create(conn, match, None, now)
                prices = match_pricing()
                few = dict(list(prices.blocks.items())[:2])
                await set_pricing(conn, event_id, replace(prices, blocks=few), None, now)
                await programme.publish(conn, event_id, None, now)
            content = PackageContent(
                kind="pack",
                name={"fr": "Trio", "en": "Trio", "de": "Trio"},
                event_ids=matches,
                discount_permille=100,
                opens_at=now - timedelta(hours=1),
                closes_at=now + timedelta(days=10),
                is_open=True,
                **changes,
            )
            stored = await set_package(conn, package_id, organiser_id, content, who=None, now=now)
            assert not hasattr(stored, "reason"), stored
    finally:
        await db.close()
    return package_id


async def audit(system: System) -> dict[str, Any]:
    """Compare the bank's list with the orders, tickets and claims."""
    captured = await captured_of(system)
    conn = await asyncpg.connect(system.postgres.url)
    try:
        orders = await conn.fetch(
            """
            select id, bundle_id, payment_id, state, event_id, places from ticketing.orders
            where bundle_id is not null
            """
        )
        refunds = {row[0] for row in await conn.fetch("select payment_id from payments.refund")}
        tickets = await conn.fetch("select event_id, place from ticketing.ticket where refund_id is null")
        claims = await conn.fetch("select event_id, place, order_id from ticketing.claim")
    finally:
        await conn.close()
    states: dict[UUID, Counter[str]] = {}
    for row in orders:
        states.setdefault(row["bundle_id"], Counter())[row["state"]] += 1
    whole = {bundle for bundle, found in states.items() if found == Counter({"paid": MATCHES})}
    paid = {row["payment_id"] for row in orders if row["bundle_id"] in whole}
    holders = {row["id"]: row for row in orders}
    has = {(row["event_id"], place) for row in orders if row["state"] == "paid" for place in row["places"]}
    sold = [(row["event_id"], row["place"]) for row in tickets]
    return {
        "captured": len(captured),
        "bought": len(whole),
        "refunded": len(refunds),
        "parts": [bundle for bundle, found in states.items() if len(found) > 1 or found.total() != MATCHES],
        "money_without_seats": [id_ for id_, left in captured.items() if left and id_ not in paid],
        "seats_without_money": [id_ for id_ in paid if not captured.get(id_)],
        "sold_twice": [seat for seat, count in Counter(sold).items() if count > 1],
        "tickets": len(sold),
        "unlike_orders": len(has.symmetric_difference(sold)),
        "claims_without_order": [
            (row["event_id"], row["place"])
            for row in claims
            if row["order_id"] in holders and holders[row["order_id"]]["state"] not in ("held", "paying", "paid")
        ],
    }


async def settled(system: System) -> dict[str, Any]:
    """Wait until each captured payment has its seats or its refund, and compare."""
    ends = time.monotonic() + SETTLED_S
    while True:
        found = await audit(system)
        # The bank's list is read first: what is paid between both reads differs until the next audit.
        wrong = found["money_without_seats"] or found["seats_without_money"]
        if not wrong or time.monotonic() > ends:
            return found
        await asyncio.sleep(0.5)


async def buying_with_kills() -> dict[str, Any]:
    """Buy under kills, wait until all money is settled, and compare."""
    system = System(workers=2)
    try:
        await system.start_database()
        _, _, tokens = await seed(system.postgres.url, FANS)
        package_id = await pack_of_three(system.postgres.url)
        await system.start_processes()
        subscribers, killer = Subscribers(system, tokens, package_id), Killer(system)
        fans = deque(range(FANS))

        async def kill() -> None:
            await killer.run()
            subscribers.stopped = True

        await asyncio.gather(kill(), *(subscribers.buy(fans) for _ in range(BUYING)))
        subscribers.close()
        found = await settled(system)
        return found | {"kills": dict(killer.kills), "log": dict(subscribers.log), "complaints": system.messages}
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_each_payment_of_a_pack_has_its_seats_at_every_match_or_its_refund(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = run(buying_with_kills())
    with capsys.disabled():
        print(f"\npackages: {found}")  # noqa: T201 - the counts are what the run is for
    assert sum(found["kills"].values()) == KILLS
    for what in ("parts", "money_without_seats", "seats_without_money", "sold_twice", "claims_without_order"):
        assert found[what] == [], what
    assert found["unlike_orders"] == 0
    assert min(found["bought"], found["log"]["charged"], found["log"]["released"]) > 0
