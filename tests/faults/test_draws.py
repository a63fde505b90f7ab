"""A draw under `kill -9` of random processes, from its close to its charges.

No person is seated or charged twice, no winner is left without seats, each payment that the bank captured has its
tickets, and the published files verify. The processes are those of production, on a durable database.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import msgspec
import pytest

from benchmarks.common import run
from benchmarks.onsale import captured_of
from benchmarks.system import System, seed
from benchmarks.wire import Client
from tests.faults.length import FULL
from tests.faults.test_kill import SEED, SETTLED_S, Killer
from tests.sale.draws.files import verdict_of
from virage.app.settings import read
from virage.platform.data.database import Database
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.sale.draws.acts import setup
from virage.sale.draws.acts.setup import DrawKeys
from virage.sale.draws.module import PURPOSE
from virage.sale.draws.rules.terms import DrawContent, QuotaRequest
from virage.site.programme import api as programme
from virage_sandbox.cards import Card

FANS, PLACES = (1_200, 900) if FULL else (300, 220)
ENTERING = 12
TARGETS = ("work", "postgres") * (6 if FULL else 3)
FILES = ("draw.json", "entries.jsonl", "results.jsonl", "log.jsonl")
UNSETTLED = ("entered", "won", "held", "charging")
OK = 200


async def opened(system: System, event_id: UUID, category: UUID) -> UUID:
    """Open a draw of an event whose public sale comes later."""
    secret = read(system.env).secret
    keys, draw_id, now = DrawKeys(derive(secret, PURPOSE), ()), new_id(), datetime.now(UTC)
    db = await Database.open(system.postgres.url, connections_max=1)
    try:
        async with db.transaction() as conn:
            await conn.execute("update programme.event set sale_opens_at = $1", now + timedelta(hours=12))
            event = await programme.event(conn, event_id)
            assert event is not None
            content = DrawContent(
                quotas=[QuotaRequest(category, PLACES, 0)],
                closes_at=now + timedelta(hours=1),
                draws_at=now + timedelta(hours=1),
                ends_at=now + timedelta(hours=20),
            )
            made = await setup.set_draw(conn, draw_id, event, content, revision=None, who=None, now=now)
            assert not hasattr(made, "reason"), made
            opening = await setup.open_draw(conn, keys, draw_id, 1, who=None, now=now)
            assert not hasattr(opening, "reason"), opening
    finally:
        await db.close()
    return draw_id


async def enter(system: System, event_id: UUID, category: UUID, tokens: list[str]) -> None:
    """Let all fans enter and save a card; every fifth card is declined when it is charged."""
    shop, bank = Client(system.url), Client(system.sandbox_url)
    waiting = asyncio.Semaphore(ENTERING)

    async def one(number: int, token: str) -> None:
        body = {
            "party": {"full": 1 + number % 4},
            "wishes": [str(category)],
            "method_id": str(new_id()),
            "consents": True,
        }
        session = b"cookie: __Host-virage=%b\r\n" % token.encode()
        async with waiting:
            path = f"/api/events/{event_id}/draw/entry".encode()
            answer = await shop.ask(b"PUT", path, session, msgspec.json.encode(body))
            assert answer.status == OK, answer.body
            page = urlsplit(msgspec.json.decode(answer.body)["page_url"]).path.encode()
            card = Card.CHARGE_DECLINED if number % 5 == 0 else Card.ACCEPTED
            saved = await bank.ask(b"POST", page, b"", msgspec.json.encode({"card": str(card)}))
            assert saved.status == OK, saved.body

    await asyncio.gather(*(one(number, token) for number, token in enumerate(tokens)))
    shop.close()
    bank.close()


async def audit(system: System, draw_id: UUID) -> dict[str, Any]:
    """Compare entries, orders, places and the bank's list."""
    captured = {id_: left for id_, left in (await captured_of(system)).items() if left}
    conn = await asyncpg.connect(system.postgres.url)
    try:
        entries = await conn.fetch("select * from draws.entry where draw_id = $1", draw_id)
        orders = {row["id"]: row for row in await conn.fetch("select * from ticketing.order_row")}
        claims = Counter(row[0] for row in await conn.fetch("select order_id from ticketing.claim"))
        tickets = Counter(row[0] for row in await conn.fetch("select order_id from ticketing.ticket"))
        saved = await conn.fetchval("select count(*) from payments.method where state = 'saved'")
        unconfirmed = await conn.fetchval("select count(*) from draws.entry where confirmed_at is null")
    finally:
        await conn.close()
    seated = [entry for entry in entries if entry["order_id"] is not None]
    paid = [entry for entry in entries if entry["state"] == "paid"]
    return {
        "states": Counter(entry["state"] for entry in entries),
        "unsettled": [entry["id"] for entry in entries if entry["state"] in UNSETTLED],
        "unconfirmed": unconfirmed,
        "saved": saved,
        "won_without_seats": [one["id"] for one in seated if claims[one["order_id"]] != one["size"]],
        "orders_without_entry": [id_ for id_ in orders if id_ not in {one["order_id"] for one in seated}],
        "people_twice": [
            id_ for id_, count in Counter(row["owner_id"] for row in orders.values()).items() if count > 1
        ],
        "paid_without_tickets": [one["id"] for one in paid if tickets[one["order_id"]] != one["size"]],
        "money_without_tickets": [
            id_ for id_ in captured if id_ not in {orders[one["order_id"]]["payment_id"] for one in paid}
        ],
        "tickets_without_money": [
            one["id"] for one in paid if captured.get(orders[one["order_id"]]["payment_id"]) is None
        ],
        "places_won": sum(one["size"] for one in entries if one["category"] is not None),
    }


async def settled(system: System, draw_id: UUID) -> dict[str, Any]:
    """Wait until every winner is paid or asked to pay, and compare."""
    ends = time.monotonic() + 2 * SETTLED_S
    while True:
        found = await audit(system, draw_id)
        # The bank's list is read first: what is paid between both reads differs until the next audit.
        wrong = found["unsettled"] or found["money_without_tickets"] or found["tickets_without_money"]
        if not wrong or time.monotonic() > ends:
            return found
        await asyncio.sleep(0.5)


async def kill(system: System, targets: Sequence[str] = TARGETS) -> dict[str, int]:
    """Kill processes in turn, at random moments of the run; return how often each."""
    chance, killer = random.Random(SEED), Killer(system)  # noqa: S311 - the same moments each time
    for target in targets:
        await asyncio.sleep(chance.uniform(0.1, 1.2))
        (victim, *_) = pids = killer.pids(target)
        os.kill(victim, signal.SIGKILL)
        killer.kills[target] += 1
        await killer.back(target, victim, len(pids))
    return dict(killer.kills)


async def drawing_with_kills(folder: Path) -> dict[str, Any]:
    """Enter, and let the time of the draw come while processes are killed."""
    system = System(workers=1)
    try:
        await system.start_database()
        event_id, categories, tokens = await seed(system.postgres.url, FANS)
        await system.start_processes()
        draw_id = await opened(system, event_id, categories[0])
        await enter(system, event_id, categories[0], tokens)
        while (await audit(system, draw_id))["unconfirmed"]:  # noqa: ASYNC110 - the worker tells no event
            await asyncio.sleep(0.5)
        conn = await asyncpg.connect(system.postgres.url)
        await conn.execute("update draws.draw set closes_at = now(), draws_at = now()")
        await conn.close()
        killed = await kill(system)
        found = await settled(system, draw_id)
        shop = Client(system.url)
        for name in FILES:
            answer = await shop.ask(b"GET", f"/api/draws/{draw_id}/{name}".encode(), b"", b"")
            assert answer.status == OK, (name, answer.body)
            (folder / name).write_bytes(answer.body)
        shop.close()
        return found | {
            "kills": killed,
            "verdict": await asyncio.to_thread(verdict_of, folder),
            "complaints": system.messages,
        }
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_a_killed_draw_goes_on_and_each_winner_is_seated_and_charged_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = run(drawing_with_kills(tmp_path))
    with capsys.disabled():
        print(f"\ndraws: {found}")  # noqa: T201 - the counts are what the run is for
    assert sum(found["kills"].values()) == len(TARGETS)
    for what in (
        "unsettled",
        "won_without_seats",
        "orders_without_entry",
        "people_twice",
        "paid_without_tickets",
        "money_without_tickets",
        "tickets_without_money",
    ):
        assert found[what] == [], what
    assert found["verdict"][0] == 0, found["verdict"][1]
    assert PLACES - 4 <= found["places_won"] <= PLACES
    assert min(found["states"]["paid"], found["states"]["to_pay"], found["states"]["waiting"]) > 0
