"""Card readers under fire: `kill -9` of web processes and of the worker while tills take cards.

Each till keeps a log of what it sold, gave up, or lost in a crash of its own. Afterwards each captured payment is a
sale of that log or goes back to the card, and each sale is paid. The processes are those of production, on a durable
database, with the simulated readers of the sandbox.
"""

import asyncio
import os
import random
import signal
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec import Struct, field
from nacl.signing import SigningKey

from benchmarks.common import run
from benchmarks.counter import LINES, TOTAL_CENTS, Seller, seed
from benchmarks.system import System
from tests.faults.length import FULL
from tests.faults.test_kill import Killer
from tests.matchday.food.menu.board import BOARD
from virage.control.books.reads.takings import till_mismatches
from virage.money.card_readers import acts
from virage.money.card_readers.rules import Reader
from virage.money.fiscal.rules.chain import Head
from virage.money.fiscal.rules.record import (
    RECORD_PURPOSE,
    Kind,
    Record,
    Tender,
    TenderKind,
    canonical,
    hash_of,
    stamp,
    totals_of,
)
from virage.money.wallet.funding.reads.audit import audit
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url
from virage.platform.values.refusals import Refused

TILLS, SALES, KILLS = (12, 12, 16) if FULL else (6, 4, 5)
ENDS_WITHIN_S = 240.0
NOT_DECIDED = (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS)
TARGETS = ("web worker", "work")


class Log(Struct):
    """What a till knows: the records that it sold, and the payments that it gave up."""

    sold: dict[str, str] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)
    declined: list[str] = field(default_factory=list)

    @property
    def ended(self) -> int:
        """The number of payments that have ended."""
        return len(self.sold) + len(self.given_up) + len(self.declined)


class CardTill:
    """A till that takes cards, asks again after each lost answer, and crashes by itself now and then."""

    def __init__(self, http: httpx.AsyncClient, seller: Seller, chance: random.Random) -> None:
        self._http = http
        self._seller = seller
        self._signer = SigningKey(seller.private)
        self._head = Head()
        self._chance = chance
        self.log = Log()

    async def sell(self, count: int) -> None:
        for number in range(count):
            await self._sell(declines=number % 4 == 3)

    async def _sell(self, *, declines: bool) -> None:
        payment, record = str(new_id()), new_id()
        cents = TOTAL_CENTS // 100 * 100 + 5 if declines else TOTAL_CENTS
        request = {"id": payment, "record_id": str(record), "amount_cents": cents}
        answer = await self._ask("POST", "/api/till/card-payments", request)
        while answer["state"] == "waiting":
            await asyncio.sleep(0.1)
            answer = await self._ask("GET", f"/api/till/card-payments/{payment}")
        if answer["state"] == "failed":
            self.log.declined.append(payment)
            return
        assert answer["state"] == "captured", answer
        if self._chance.random() < 0.25:  # the till crashed: it found the payment, and its sale is lost
            answer = await self._ask("POST", f"/api/till/card-payments/{payment}/return")
            assert answer["state"] == "returned", answer
            self.log.given_up.append(payment)
            return
        await self._upload(record, payment, answer["reference"], offline=self._chance.random() < 0.3)

    async def _upload(self, record_id: UUID, payment: str, reference: str, *, offline: bool) -> None:
        record = Record(
            id=record_id,
            till=UUID(self._seller.till),
            number=self._head.number + 1,
            previous=self._head.hash,
            kind=Kind.SALE,
            at=stamp(datetime.now(UTC)),
            outlet=self._seller.outlet,
            event_id=None,
            cashier=UUID(self._seller.cashier),
            catalogue=BOARD.version,
            lines=list(LINES),
            totals=totals_of(LINES),
            tenders=[Tender(TenderKind.TERMINAL, TOTAL_CENTS, reference)],
            tip_cents=0,
            cash_cents=None,
            refund_of=None,
            reprint_of=None,
        )
        body = canonical(record)
        signature = self._signer.sign(RECORD_PURPOSE + body).signature
        upload = {"body": base64url(body), "signature": base64url(signature), "told": offline}
        said = (await self._ask("POST", "/api/till/records", {"records": [upload]}))["answers"][0]
        assert said["outcome"] in {"booked", "known"}, said
        assert said.get("loss_cents", 0) == 0, said
        self._head = Head(record.number, hash_of(body))
        self.log.sold[str(record_id)] = payment

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of the server, asked again until there is one."""
        while True:
            try:
                headers = {"authorization": f"Bearer {self._seller.token}"}
                answer = await self._http.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR and answer.status_code not in NOT_DECIDED:
                assert answer.is_success, answer.text
                return answer.json()
            await asyncio.sleep(0.05)


async def give_readers(db: Database, sellers: list[Seller]) -> None:
    now = datetime.now(UTC)
    for seller in sellers:
        reader = Reader(new_id(), f"simulated-wpe/{seller.till}", "Bar", seller.outlet, None, now)
        async with db.transaction() as conn:
            assert not isinstance(await acts.register(conn, reader, None), Refused)
            assert not isinstance(await acts.assign(conn, reader.id, UUID(seller.till), new_id(), now), Refused)


async def compared(db: Database, logs: list[Log]) -> dict[str, int]:
    """Compare the payments of the server with the logs of the tills; wait until all refunds are sent."""
    async with asyncio.timeout(60), db.connection() as conn:
        while await conn.fetchval("select count(*) from payments.refund where done_at is null"):  # noqa: ASYNC110 - it asks the database
            await asyncio.sleep(0.2)
    async with db.transaction() as conn:
        books, takings = await audit(conn), await till_mismatches(conn)
        rows = await conn.fetch(
            """
            select payment.id, payment.record_id, payment.captured_at is not null as captured,
                payment.booked_at is not null as booked, paid.captured_cents, paid.refund_cents,
                exists(select from fiscal.record where record.id = payment.record_id) as recorded
            from card_readers.payment join payments.payment as paid on paid.id = payment.id
            """
        )
    sold = {payment: record for log in logs for record, payment in log.sold.items()}
    given_up = {payment for log in logs for payment in log.given_up}
    by_id = {str(row["id"]): row for row in rows}
    return {
        "payments": len(rows),
        "sold": len(sold),
        "given_up": len(given_up),
        "declined": sum(len(log.declined) for log in logs),
        "goods_without_money": sum(
            not (by_id[payment]["booked"] and by_id[payment]["captured_cents"] == TOTAL_CENTS) for payment in sold
        ),
        "money_without_goods": sum(
            row["captured"] and str(row["id"]) not in sold and row["refund_cents"] != row["captured_cents"]
            for row in rows
        ),
        "refunded_sales": sum(by_id[payment]["refund_cents"] > 0 for payment in sold),
        "records_not_in_logs": sum(row["recorded"] and str(row["id"]) not in sold for row in rows),
        "unclean": int(not books.clean) + sum(taking.tender == "terminal" for taking in takings),
    }


async def cards_with_kills() -> dict[str, Any]:
    """The whole evening; return its counts."""
    system = System(workers=2)
    try:
        await system.start_database()
        bar = await seed(system, TILLS, 1)
        db = await Database.open(system.postgres.url, connections_max=3)
        await give_readers(db, bar.sellers)
        await system.start_processes()
        killer, chance = Killer(system), random.Random(72)  # noqa: S311 - the same crashes each time
        killed: dict[str, int] = {}
        async with httpx.AsyncClient(base_url=system.url, timeout=10) as http:
            tills = [CardTill(http, seller, random.Random(number)) for number, seller in enumerate(bar.sellers)]  # noqa: S311 - as above
            selling = asyncio.gather(*(till.sell(SALES) for till in tills))

            async def kill() -> None:
                for part in range(KILLS):
                    due = part * TILLS * SALES // (KILLS + 1)
                    while sum(till.log.ended for till in tills) < due and not selling.done():  # noqa: ASYNC110 - it counts payments
                        await asyncio.sleep(0.05)
                    target = TARGETS[part % len(TARGETS)]
                    pids = killer.pids(target)
                    victim = chance.choice(pids)
                    os.kill(victim, signal.SIGKILL)
                    killed[target] = killed.get(target, 0) + 1
                    await killer.back(target, victim, len(pids))

            async with asyncio.timeout(ENDS_WITHIN_S):
                await asyncio.gather(selling, kill())
        found = await compared(db, [till.log for till in tills])
        await db.close()
        return {"kills": killed, **found}
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_each_captured_payment_is_a_sale_of_its_till_or_goes_back(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(cards_with_kills())
    with capsys.disabled():
        print(f"\ncard readers kill: {found}")  # noqa: T201 - the counts are what the run is for
    assert sum(found["kills"].values()) == KILLS
    assert found["payments"] == found["sold"] + found["given_up"] + found["declined"] == TILLS * SALES
    assert min(found["sold"], found["given_up"], found["declined"]) > 0
    assert (found["goods_without_money"], found["money_without_goods"], found["refunded_sales"]) == (0, 0, 0)
    assert (found["records_not_in_logs"], found["unclean"]) == (0, 0)
