"""A renewal run, its payments and its relocation under `kill -9` of the web, the worker and the database.

Each holder has exactly one renewal with seats at every event, no seat is held twice, no seat is taken without an order,
and each captured payment has its tickets. The processes are those of production, on a durable database.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import msgspec
import pytest

from benchmarks.buyers import CARD
from benchmarks.common import run
from benchmarks.onsale import captured_of
from benchmarks.season import WISHES, sold
from benchmarks.system import System, seed
from benchmarks.wire import Answer, Client
from tests.faults.length import FULL
from tests.faults.test_kill import SEED, SETTLED_S, Killer
from virage.identity.people import acts as people
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id

HOLDERS, EVENTS, PAYING, WITH_WISHES = (6_000, 6, 300, 1_000) if FULL else (2_500, 4, 60, 300)
TARGETS = ("work", "postgres", "web", "work", "postgres", "work") * (3 if FULL else 1)
PATIENCE_S = 60.0
OK = 200
LATER = (404, 408, 429)


async def opened(system: System, event_id: UUID) -> tuple[UUID, list[tuple[UUID, str]]]:
    """Sell a season and start its renewal; return the campaign and the sessions of some holders."""
    db, clock = await Database.open(system.postgres.url, connections_max=2), Clock()
    try:
        campaign_id = await sold(db, event_id, EVENTS, HOLDERS, clock)
        async with db.transaction() as conn:
            rows = await conn.fetch("select id, person_id from packages.subscription order by id limit $1", PAYING)
            payers = [
                (row["person_id"], (await people.open_session(conn, row["person_id"], clock.now())).token)
                for row in rows
            ]
    finally:
        await db.close()
    return campaign_id, payers


async def pay(system: System, payers: list[tuple[UUID, str]]) -> None:
    """Let holders pay as soon as they have a renewal, one after the other."""
    shop, bank = Client(system.url), Client(system.sandbox_url)

    async def ask(client: Client, method: bytes, path: bytes, headers: bytes, body: bytes) -> Answer:
        ends = time.perf_counter() + PATIENCE_S
        while time.perf_counter() < ends:
            try:
                answer = await client.ask(method, path, headers, body)
                if answer.status < 500 and answer.status not in LATER and answer.body != b"[]":
                    return answer
            except OSError:
                pass
            await asyncio.sleep(0.1)
        raise TimeoutError(path)

    for _, token in payers:
        session = b"cookie: __Host-virage=%b\r\n" % token.encode()
        listed = await ask(shop, b"GET", b"/api/renewals", session, b"")
        id_ = msgspec.json.decode(listed.body)[0]["id"]
        body = msgspec.json.encode({"payment_id": str(new_id())})
        page = await ask(shop, b"POST", f"/api/subscriptions/{id_}/payment".encode(), session, body)
        assert page.status == OK, page.body
        address = urlsplit(msgspec.json.decode(page.body)["payment_url"]).path.encode()
        await ask(bank, b"POST", address, b"", CARD)
    shop.close()
    bank.close()


async def kill(system: System) -> dict[str, int]:
    """Kill processes in turn, at random moments; return how often each."""
    chance, killer = random.Random(SEED), Killer(system)  # noqa: S311 - the same moments each time
    for target in TARGETS:
        await asyncio.sleep(chance.uniform(0.1, 1.0))
        (victim, *_) = pids = killer.pids(target)
        os.kill(victim, signal.SIGKILL)
        killer.kills[target] += 1
        await killer.back(target, victim, len(pids))
    return dict(killer.kills)


async def until(system: System, question: str) -> None:
    """Wait until a question to the database is answered with true."""
    ends = time.monotonic() + 4 * SETTLED_S
    while time.monotonic() < ends:
        try:
            conn = await asyncpg.connect(system.postgres.url)
            try:
                if await conn.fetchval(question):
                    return
            finally:
                await conn.close()
        except (OSError, asyncpg.PostgresError):
            pass
        await asyncio.sleep(0.5)
    raise TimeoutError(question)


async def audit(system: System) -> dict[str, Any]:
    """Compare renewals, orders, claims, tickets, letters and the bank's list."""
    captured = {id_: left for id_, left in (await captured_of(system)).items() if left}
    conn = await asyncpg.connect(system.postgres.url)
    try:
        renewals = await conn.fetch("select id, from_id, size, reason from seasons.renewal")
        orders = await conn.fetch(
            "select id, bundle_id, event_id, state, places, payment_id from ticketing.orders "
            "where bundle_id in (select id from seasons.renewal)"
        )
        claims = await conn.fetch("select event_id, place, order_id from ticketing.claim")
        letters = await conn.fetch("select subject_id from people.letter where kind = 'renewal_due'")
        tickets = await conn.fetchval("select count(*) from ticketing.ticket")
    finally:
        await conn.close()
    by_bundle: dict[UUID, Counter[str]] = {}
    for row in orders:
        by_bundle.setdefault(row["bundle_id"], Counter())[row["state"]] += 1
    held = [(row["event_id"], place, row["id"]) for row in orders for place in row["places"]]
    paid = {row["payment_id"] for row in orders if row["state"] == "paid"}
    return {
        "renewals": len(renewals),
        "twice": [id_ for id_, count in Counter(row["from_id"] for row in renewals).items() if count > 1],
        "without_seats": [
            row["id"]
            for row in renewals
            if row["reason"] is not None or by_bundle.get(row["id"], Counter()).total() != EVENTS
        ],
        "parts": [id_ for id_, states in by_bundle.items() if len(states) > 1],
        "held_twice": [seat for seat, count in Counter(one[:2] for one in held).items() if count > 1],
        "unlike_claims": len(set(held) ^ {(row["event_id"], row["place"], row["order_id"]) for row in claims}),
        # An email about a renewal that is paid before it is sent is dropped.
        "without_letter": sorted(
            {row["id"] for row in renewals if not by_bundle.get(row["id"], Counter())["paid"]}
            - {row["subject_id"] for row in letters}
        ),
        "letters_twice": [id_ for id_, count in Counter(row[0] for row in letters).items() if count > 1],
        "paid": sum(1 for states in by_bundle.values() if states["paid"]),
        "tickets": tickets,
        "money_without_tickets": [id_ for id_ in captured if id_ not in paid],
        "tickets_without_money": [id_ for id_ in paid if id_ not in captured],
    }


async def renewing_with_kills() -> dict[str, Any]:
    """Renew, pay and relocate while processes are killed, and compare."""
    system = System(workers=2)
    try:
        await system.start_database()
        event_id, categories, _ = await seed(system.postgres.url, 0)
        _, payers = await opened(system, event_id)
        await system.start_processes()
        killed = Counter((await asyncio.gather(kill(system), pay(system, payers)))[0])
        await until(system, "select state = 'open' from seasons.campaign")
        made = await audit(system)
        conn = await asyncpg.connect(system.postgres.url)
        await conn.execute(WISHES, WITH_WISHES, [str(id_) for id_ in categories])
        await conn.execute("update seasons.campaign set state = 'relocating'")
        await conn.close()
        killed += Counter(await kill(system))
        await until(system, "select relocated_at is not null from seasons.campaign")
        await until(system, "select not exists (select from ticketing.orders where state = 'paying')")
        found = await audit(system)
        conn = await asyncpg.connect(system.postgres.url)
        moved = await conn.fetchval("select count(*) from seasons.renewal where moves_to is not null")
        await conn.close()
        return found | {
            "made": made["renewals"],
            "moved": moved,
            "kills": dict(killed),
            "complaints": system.messages,
        }
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_a_killed_run_renews_each_holder_once_and_loses_no_seat(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(renewing_with_kills())
    with capsys.disabled():
        print(f"\nseasons: {found}")  # noqa: T201 - the counts are what the run is for
    assert sum(found["kills"].values()) == 2 * len(TARGETS)
    for what in (
        "twice",
        "without_seats",
        "parts",
        "held_twice",
        "without_letter",
        "letters_twice",
        "money_without_tickets",
        "tickets_without_money",
    ):
        assert found[what] == [], what
    assert found["unlike_claims"] == 0
    assert (found["renewals"], found["made"]) == (HOLDERS, HOLDERS)
    assert found["paid"] == PAYING
    assert found["tickets"] == PAYING * EVENTS * 2
    assert found["moved"] > 0
