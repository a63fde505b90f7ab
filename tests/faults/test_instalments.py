"""Packs in three instalments under `kill -9` of web, worker and database while their parts are charged.

No part is charged twice, each part that the bank captured has its tickets, and no seat is taken without an order. What
the clients logged is compared with the bank's own list. The processes are those of production, on a durable database.
"""

import asyncio
from collections import Counter
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
from tests.faults.test_draws import kill
from tests.faults.test_kill import SETTLED_S
from tests.faults.test_packages import CREATED, MATCHES, OK, pack_of_three
from virage.platform.data.database import ASYNCPG_ERRORS
from virage.platform.values.ids import new_id
from virage_sandbox.cards import Card

FANS, BUYING = (1_200, 10) if FULL else (200, 8)
TARGETS = ("work", "web worker", "work", "postgres") * (6 if FULL else 2)
HASTEN = """
update packages.instalment set due_at = now(), next_at = now() where id in (
    select id from packages.instalment where state = 'open' order by random() limit $1
)
"""
"""The dates of some instalments come."""


async def agree(system: System, package_id: UUID, tokens: list[str]) -> Counter[str]:
    """Let all fans hold a pack and agree to three instalments; every fifth card is declined when it is charged."""
    shop, bank = Client(system.url), Client(system.sandbox_url)
    waiting, log = asyncio.Semaphore(BUYING), Counter[str]()

    async def one(number: int, token: str) -> None:
        session = b"cookie: __Host-virage=%b\r\n" % token.encode()
        id_ = str(new_id())
        body: dict[str, Any] = {"id": id_, "seats": {"kind": "best", "party": {"full": 2}}}
        async with waiting:
            path = f"/api/packages/{package_id}/subscriptions".encode()
            held = await shop.ask(b"POST", path, session, msgspec.json.encode(body))
            if held.status != CREATED:
                log[msgspec.json.decode(held.body)["code"]] += 1
                return
            agreement = {"parts": MATCHES, "method_id": str(new_id()), "consents": True}
            body = {"payment_id": str(new_id()), "agreement": agreement}
            path = f"/api/subscriptions/{id_}/payment".encode()
            page = await shop.ask(b"POST", path, session, msgspec.json.encode(body))
            assert page.status == OK, page.body
            address = urlsplit(msgspec.json.decode(page.body)["payment_url"]).path.encode()
            card = Card.CHARGE_DECLINED if number % 5 == 0 else Card.ACCEPTED
            saved = await bank.ask(b"POST", address, b"", msgspec.json.encode({"card": str(card)}))
            assert saved.status == OK, saved.body
            log["declined" if card is Card.CHARGE_DECLINED else "agreed"] += 1

    await asyncio.gather(*(one(number, token) for number, token in enumerate(tokens)))
    shop.close()
    bank.close()
    return log


async def audit(system: System) -> dict[str, Any]:
    """Compare the bank's list with the parts, orders, tickets and claims."""
    captured = {id_: cents for id_, cents in (await captured_of(system)).items() if cents}  # a saved card has none
    conn = await asyncpg.connect(system.postgres.url)
    try:
        payments = {row["id"]: row["subject"] for row in await conn.fetch("select id, subject from payments.payment")}
        orders = await conn.fetch(
            "select id, part_id, payment_id, state, event_id, places, total_cents from ticketing.orders"
        )
        states = Counter(row[0] for row in await conn.fetch("select state from packages.instalment"))
        refunds = await conn.fetchval("select count(*) from payments.refund")
        sold = [tuple(row) for row in await conn.fetch("select event_id, place from ticketing.ticket")]
        claims = {
            (row[0], row[1]): row[2]
            for row in await conn.fetch("select event_id, place, order_id from ticketing.claim")
        }
    finally:
        await conn.close()
    paid = {row["part_id"]: row for row in orders if row["state"] == "paid"}
    charged = Counter(payments[id_] for id_ in captured)
    kept = {(row["event_id"], place): row["id"] for row in orders for place in row["places"]}
    bought = {(row["event_id"], place) for row in paid.values() for place in row["places"]}
    return {
        "states": dict(states),
        "unfinished": states["open"] + states["charging"],
        "refunds": refunds,
        "paid": len(paid),
        "charged_twice": [part for part, count in charged.items() if count > 1],
        "charged_without_tickets": [part for part in charged if part not in paid],
        "tickets_without_money": [part for part in paid if part not in charged],
        "other_amounts": [row["id"] for row in paid.values() if captured.get(row["payment_id"]) != row["total_cents"]],
        "sold_twice": [seat for seat, count in Counter(sold).items() if count > 1],
        "unlike_orders": len(bought.symmetric_difference(sold)),
        "claims_without_order": [seat for seat, order in claims.items() if kept.get(seat) != order],
        "orders_without_claim": [seat for seat in bought if seat not in claims],
    }


async def charging_with_kills() -> dict[str, Any]:
    """Let the dates come while processes are killed, and compare once nothing is left to charge."""
    system = System(workers=2)
    try:
        await system.start_database()
        _, _, tokens = await seed(system.postgres.url, FANS)
        package_id = await pack_of_three(system.postgres.url, instalments_max=MATCHES, instalment_days=10)
        await system.start_processes()
        log = await agree(system, package_id, tokens)
        killing = asyncio.create_task(kill(system, TARGETS))
        found: dict[str, Any] = {"unfinished": 1}
        async with asyncio.timeout(4 * SETTLED_S):
            while not killing.done() or found["unfinished"]:
                try:
                    conn = await asyncpg.connect(system.postgres.url)
                    await conn.execute(HASTEN, FANS if killing.done() else FANS // 10)
                    await conn.close()
                    found = await audit(system)
                except (OSError, *ASYNCPG_ERRORS):
                    pass  # the database was just killed
                await asyncio.sleep(0.5)
        return await audit(system) | {"kills": await killing, "log": dict(log), "complaints": system.messages}
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_each_part_is_charged_once_and_has_its_tickets(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(charging_with_kills())
    with capsys.disabled():
        print(f"\ninstalments: {found}")  # noqa: T201 - the counts are what the run is for
    assert sum(found["kills"].values()) == len(TARGETS)
    for what in (
        "charged_twice",
        "charged_without_tickets",
        "tickets_without_money",
        "other_amounts",
        "sold_twice",
        "claims_without_order",
        "orders_without_claim",
    ):
        assert found[what] == [], what
    assert (found["unlike_orders"], found["refunds"]) == (0, 0)
    assert found["paid"] == MATCHES * found["log"]["agreed"] > 0
