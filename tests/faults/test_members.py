"""Members join and pay under `kill -9` of random processes, while they log the responses.

Each payment that the bank captured has its membership or its refund, no number is given twice, and the numbers have no
gaps. The processes are those of production, on a durable database.
"""

import asyncio
import random
import time
from collections import Counter, deque
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import msgspec
import pytest

from benchmarks.buyers import CARD
from benchmarks.common import run
from benchmarks.onsale import captured_of
from benchmarks.system import System, seed
from benchmarks.wire import Answer, Client
from tests.faults.length import FULL
from tests.faults.test_kill import KILLS, SEED, SETTLED_S, Killer
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.sale.membership.acts.tiers import set_tier
from virage.sale.membership.rules.terms import TierContent

FANS, JOINING = (4_000 if FULL else 1_000), 10
PLACES = 20
PATIENCE_S = 60.0
RETRY_S = 0.05
OK, SERVER_ERROR = 200, 500
LATER = (408, 429)


class Joiners:
    """People who join one of two tiers of a term, change their mind, and pay."""

    def __init__(self, system: System, tokens: list[str], tiers: list[UUID]) -> None:
        self._shop, self._bank = Client(system.url), Client(system.sandbox_url)
        self._tokens, self._tiers = tokens, tiers
        self._random = random.Random(SEED)  # noqa: S311 - the same choices each time
        self.stopped = False
        self.log: Counter[str] = Counter()

    def close(self) -> None:
        self._shop.close()
        self._bank.close()

    async def join(self, fans: deque[int]) -> None:
        """Let one fan after the other join, until there are none or the kills are over."""
        while fans and not self.stopped:
            fan = fans.popleft()
            pages = []
            for tier in self._random.sample(self._tiers, self._random.choice([1, 1, 2])):
                body = {"id": str(new_id()), "tier_id": str(tier), "payment_id": str(new_id())}
                session = b"cookie: __Host-virage=%b\r\n" % self._tokens[fan].encode()
                answer = await self._ask(self._shop, b"/api/membership", session, msgspec.json.encode(body))
                if answer.status == OK:
                    self.log["asked"] += 1
                    pages.append(msgspec.json.decode(answer.body)["payment_url"])
                else:
                    self.log[msgspec.json.decode(answer.body)["code"]] += 1
            for page in pages:  # also the page of the tier that they left
                path = urlsplit(page).path.encode()
                paid = await self._ask(self._bank, path, b"", CARD)
                self.log["charged" if paid.status == OK else "refused"] += 1

    async def _ask(self, client: Client, path: bytes, headers: bytes, body: bytes) -> Answer:
        """Send a request until its response is not "retry later"."""
        ends = time.perf_counter() + PATIENCE_S
        while True:
            try:
                answer = await client.ask(b"POST", path, headers, body)
                if answer.status < SERVER_ERROR and answer.status not in LATER:
                    return answer
            except OSError:
                self.log["retried"] += 1
            if time.perf_counter() > ends:
                raise TimeoutError(path)
            await asyncio.sleep(RETRY_S * (1 + self._random.random()))


async def tiers_of_the_club(url: str) -> list[UUID]:
    """Two tiers of one term; the first has few places."""
    db = await Database.open(url, connections_max=1)
    ids = [new_id(), new_id()]
    try:
        async with db.transaction() as conn:
            organiser_id = await conn.fetchval("select id from programme.organiser limit 1")
            for tier_id, places in zip(ids, (PLACES, None), strict=True):
                content = TierContent(
                    name={"en": "Gold", "fr": "Or"},
                    price_cents=3000,
                    vat_permille=200,
                    starts_on=date(2020, 1, 1),
                    ends_on=date(2099, 12, 31),
                    new_members_max=places,
                    is_open=True,
                )
                stored = await set_tier(conn, tier_id, organiser_id, content, who=None, now=datetime.now(UTC))
                assert not hasattr(stored, "reason"), stored
    finally:
        await db.close()
    return ids


async def audit(system: System) -> dict[str, Any]:
    """Compare the bank's list with the memberships, and look at the numbers."""
    captured = await captured_of(system)
    conn = await asyncpg.connect(system.postgres.url)
    try:
        rows = await conn.fetch(
            "select payment_id, state, member_id, number, tier_id, is_new from membership.membership_row"
        )
        refunds = {row[0] for row in await conn.fetch("select payment_id from payments.refund")}
        numbers = [row[0] for row in await conn.fetch("select number from membership.member where number is not null")]
    finally:
        await conn.close()
    active = {row["payment_id"]: row for row in rows if row["state"] == "active"}
    of_member = Counter(row["member_id"] for row in active.values())
    return {
        "captured": len(captured),
        "active": len(active),
        "refunded": len(refunds),
        "money_without_membership": [id_ for id_, left in captured.items() if left and id_ not in active],
        "membership_without_money": [id_ for id_ in active if not captured.get(id_)],
        "both": [id_ for id_ in active if id_ in refunds],
        "two_memberships": [id_ for id_, count in of_member.items() if count > 1],
        "numbers": sorted(numbers) == list(range(1, len(active) + 1)),
        "places": Counter(row["tier_id"] for row in active.values() if row["is_new"]),
    }


async def settled(system: System) -> dict[str, Any]:
    """Wait until each captured payment has its membership or its refund, and compare."""
    ends = time.monotonic() + SETTLED_S
    while True:
        found = await audit(system)
        # The bank's list is read first: what is paid between both reads differs until the next audit.
        wrong = found["money_without_membership"] or found["membership_without_money"]
        if not wrong or time.monotonic() > ends:
            return found
        await asyncio.sleep(0.5)


async def joining_with_kills() -> dict[str, Any]:
    """Join under kills, wait until all money is settled, and compare."""
    system = System(workers=2)
    try:
        await system.start_database()
        _, _, tokens = await seed(system.postgres.url, FANS)
        tiers = await tiers_of_the_club(system.postgres.url)
        await system.start_processes()
        joiners, killer = Joiners(system, tokens, tiers), Killer(system)
        fans = deque(range(FANS))

        async def kill() -> None:
            await killer.run()
            joiners.stopped = True

        await asyncio.gather(kill(), *(joiners.join(fans) for _ in range(JOINING)))
        joiners.close()
        found = await settled(system)
        return found | {
            "kills": dict(killer.kills),
            "log": dict(joiners.log),
            "limited": found["places"][tiers[0]],
            "complaints": system.messages,
        }
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_each_payment_has_its_membership_or_its_refund_and_no_number_is_given_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = run(joining_with_kills())
    with capsys.disabled():
        print(f"\nmembers: {found}")  # noqa: T201 - the counts are what the run is for
    assert sum(found["kills"].values()) == KILLS
    for what in ("money_without_membership", "membership_without_money", "both", "two_memberships"):
        assert found[what] == [], what
    assert found["numbers"], "the numbers have no gap and none is given twice"
    assert found["limited"] <= PLACES
    assert min(found["active"], found["refunded"], found["log"]["charged"]) > 0
