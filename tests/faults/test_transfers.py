"""Transfers under `kill -9` of random processes, while the fans log the responses.

Each ticket is with one person, the one whose acceptance was confirmed, and one phone has its valid
pass. The processes are those of production, on a durable database.
"""

import asyncio
import random
import time
from collections import Counter, deque
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

from benchmarks.common import run
from benchmarks.onsale import Wanted, crowd
from benchmarks.system import System, seed
from benchmarks.wire import Answer, Client
from tests.faults.length import FULL
from tests.faults.test_kill import KILLS, SEED, Killer
from virage.identity.passes.rules.claims import GENERATION_MAX
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url

FANS, PASSING = (600 if FULL else 150), 20  # fans enough that none reaches the limit of offers a day
PATIENCE_S = 60.0
RETRY_S = 0.05
OK, CREATED, SERVER_ERROR = 200, 201, 500
LATER = (408, 429)


class Held(Struct):
    """A ticket as its fans know it: the index of its holder, and the last confirmed generation of its pass."""

    ticket_id: str
    holder: int
    generation: int = -1


class Fans:
    """People who pass tickets on until they are told to stop; `log` counts what was confirmed."""

    def __init__(self, url: str, tokens: list[str]) -> None:
        self._client = Client(url)
        self._tokens = tokens
        self._random = random.Random(SEED)  # noqa: S311 - the same choices each time
        self.stopped = False
        self.log: Counter[str] = Counter()

    def close(self) -> None:
        self._client.close()

    async def tickets(self) -> list[Held]:
        """The tickets of all fans."""
        found = []
        for fan in range(len(self._tokens)):
            answer = await self._ask(fan, "GET", "/api/me/tickets")
            found += [Held(one["id"], fan) for one in msgspec.json.decode(answer.body)]
        return found

    async def pass_on(self, tickets: deque[Held]) -> None:
        """Take one ticket after the other: activate it, offer it, and accept, cancel or give it back."""
        while not self.stopped:
            held = tickets.popleft()  # no ticket is passed on by two at once
            await self._once(held)
            if held.generation < GENERATION_MAX - 2:
                tickets.append(held)

    async def _once(self, held: Held) -> None:
        await self._activate(held)
        receiver = self._random.choice([fan for fan in range(len(self._tokens)) if fan != held.holder])
        offer_id = str(new_id())
        body = {"id": offer_id, "ticket_ids": [held.ticket_id]}
        offered = await self._ask(held.holder, "POST", "/api/transfers", body)
        assert offered.status == CREATED, offered.body
        key = msgspec.json.decode(offered.body)["link"].partition("#")[2]
        acceptance = {"given_name": "A", "family_name": "Fan", "key": key}
        accepting = self._ask(receiver, "POST", f"/api/transfers/{offer_id}/accept", acceptance)
        if self._random.random() < 0.3:
            accepted, cancelled = await asyncio.gather(
                accepting, self._ask(held.holder, "POST", f"/api/transfers/{offer_id}/cancel")
            )
            assert (accepted.status == OK) != (cancelled.status == OK), (accepted.body, cancelled.body)
        else:
            accepted = await accepting
            assert accepted.status == OK, accepted.body
        self.log["accepted" if accepted.status == OK else "cancelled"] += 1
        if accepted.status != OK:
            return
        giver, held.holder = held.holder, receiver
        if self._random.random() < 0.3:
            back = await self._ask(
                receiver, "POST", f"/api/transfers/{offer_id}/return", {"ticket_ids": [held.ticket_id]}
            )
            assert back.status == OK, back.body
            held.holder = giver
            self.log["returned"] += 1

    async def _activate(self, held: Held) -> None:
        raw = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        key = {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}
        answer = await self._ask(held.holder, "POST", f"/api/tickets/{held.ticket_id}/pass", {"key": key})
        if answer.status == OK:
            generation = msgspec.json.decode(answer.body)["generation"]
            assert generation > held.generation, "a pass of an earlier holder is not valid again"
            held.generation = generation
            self.log["activated"] += 1

    async def _ask(self, fan: int, method: str, path: str, body: Any = None) -> Answer:
        """Send a request until its response is not "retry later"."""
        session = b"cookie: __Host-virage=%b\r\n" % self._tokens[fan].encode()
        content = None if body is None else msgspec.json.encode(body)
        ends = time.perf_counter() + PATIENCE_S
        while True:
            try:
                answer = await self._client.ask(method.encode(), path.encode(), session, content)
                if answer.status < SERVER_ERROR and answer.status not in LATER:
                    return answer
            except OSError:
                self.log["retried"] += 1
            if time.perf_counter() > ends:
                raise TimeoutError(path)
            await asyncio.sleep(RETRY_S * (1 + self._random.random()))


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
        fans = Fans(system.url, tokens)
        held = await fans.tickets()
        killer = Killer(system)
        waiting = deque(held)

        async def kill() -> None:
            await killer.run()
            fans.stopped = True

        await asyncio.gather(kill(), *(fans.pass_on(waiting) for _ in range(PASSING)))
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
