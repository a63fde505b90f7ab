"""A message of the control room under `kill -9` of the worker that notifies phones by push.

The push service stops answering in the middle of the message, so that the worker dies with notifications of which it
does not know whether they arrived. The next worker sends them again: each browser gets the message, and a repetition
has the same topic, tag and revision, by which a phone shows it once. Phones that follow the stream have it before. The
processes are those of production.
"""

import asyncio
import os
import signal
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from aiohttp import web

from benchmarks.common import run
from benchmarks.control import controller_of
from benchmarks.notices import subscribe
from benchmarks.system import System
from tests.app.conftest import BLOCK
from tests.control.safety.test_broadcasts import LEAVE, OTHER_BLOCK, STAND
from tests.faults.test_figures import until
from tests.faults.test_kill import Killer
from tests.faults.test_live import seed
from tests.identity.people.test_push import Phone
from tests.ports import free_ports
from tests.sale.ticketing.conftest import block_seats
from virage.identity.people.rules.push import Subscriber
from virage.identity.people.rules.webpush import Vapid
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id

FANS, ELSEWHERE, STREAMS = 600, 20, 5
ANSWERED = 150
"""After so many notifications the push service answers no more, until the worker is dead."""
TICKETS = """
with sold as (
    insert into ticketing.orders (
        id, code, event_id, owner_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents, vat_permille,
        fee_vat_permille, held_at, expires_at, paid_at
    )
    select gen_random_uuid(), substr(md5(owner_id::text), 1, 10), $1, owner_id, 'paid', array[place], '{0}', '{0}',
        array[gen_random_uuid()], 0, 0, 0, 0, $4, $4, $4
    from unnest($2::uuid[], $3::integer[]) as line (owner_id, place)
    returning id, places[1] as place, ticket_ids[1] as ticket_id
)
insert into ticketing.ticket (id, order_id, event_id, place, tariff, price_cents)
select ticket_id, id, $1, place, 0, 0 from sold
"""


class PushService:
    """The push service of all browsers, with their one key: it stores what they get."""

    def __init__(self) -> None:
        (port,) = free_ports(1)
        self.endpoint = f"http://127.0.0.1:{port}/"
        self.phone = Phone()
        self.got: list[tuple[UUID, str, Any]] = []
        self.busy, self.answers = asyncio.Event(), asyncio.Event()
        app = web.Application()
        app.router.add_post("/{browser}", self._take)
        self._runner = web.AppRunner(app)
        self._port = port

    async def open(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def close(self) -> None:
        self.answers.set()
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(self.phone.reads(await request.read()))
        self.got.append((UUID(request.match_info["browser"]), request.headers["topic"], said))
        if len(self.got) > ANSWERED:
            self.busy.set()
            await self.answers.wait()
        return web.Response(status=201)


async def fans_in(conn: Connection, event_id: UUID, block: str, fans: int, browser: Subscriber) -> set[UUID]:
    """Fans with a seat in a block and a browser that is subscribed."""
    now = datetime.now(UTC)
    ids = await subscribe(conn, fans, browser, now)
    await conn.execute(TICKETS, event_id, ids, [block_seats(block)[number] for number in range(fans)], now)
    return set(ids)


async def heard(system: System, topic: str) -> str:
    """The headline of the first message that comes to a phone over the stream."""
    async with (
        httpx.AsyncClient(timeout=60) as phone,
        phone.stream("GET", f"{system.url}/api/stream?topics={topic}") as stream,
    ):
        async for line in stream.aiter_lines():
            if line.startswith("data: ") and (broadcasts := msgspec.json.decode(line[6:])["broadcasts"]):
                return str(broadcasts[0]["texts"]["en"]["headline"])
    raise AssertionError("the stream ended without a message")


async def message_with_kill() -> dict[str, Any]:
    """Kill the worker in the middle of a message; return what browsers got, and who should."""
    system, service = System(workers=1), PushService()
    system.env["VIRAGE_PUSH_TO_LOOPBACK"] = "1"
    db = None
    try:
        await service.open()
        await system.start_database()
        db = await Database.open(system.postgres.url, connections_max=2)
        event_id, _ = await seed(db)
        vapid = Vapid(system.env["VIRAGE_SECRET"])
        browser = Subscriber(service.endpoint, service.phone.point, service.phone.auth, vapid.public)
        async with db.transaction() as conn:
            wanted = await fans_in(conn, event_id, BLOCK, FANS, browser)
            await fans_in(conn, event_id, OTHER_BLOCK, ELSEWHERE, browser)
        controller = {"cookie": f"__Host-virage={await controller_of(system)}"}
        await system.start_processes()
        killer = Killer(system)
        phones = [asyncio.create_task(heard(system, f"broadcast:{event_id}/{BLOCK}")) for _ in range(STREAMS)]
        message = {
            "id": str(new_id()),
            "kind": "alert",
            "mode": "actual",
            "audience": {"to": "zones", "zones": [STAND]},
            "category": "safety",
            "severity": "extreme",
            "urgency": "immediate",
            "response": "evacuate",
            "texts": LEAVE,
            "minutes": 30,
        }
        async with httpx.AsyncClient() as desk:
            path = f"{system.url}/api/control/events/{event_id}/broadcasts"
            (await desk.post(path, json=message, headers=controller)).raise_for_status()
        async with asyncio.timeout(60):
            await service.busy.wait()
            headlines = await asyncio.gather(*phones)
        (victim,) = killer.pids("work")
        os.kill(victim, signal.SIGKILL)
        before = Counter(one for one, _, _ in service.got)
        service.answers.set()
        await killer.back("work", victim, 1)
        async with db.connection() as conn:
            await until(conn, "select count(*) from kernel.job where entrypoint in ('push', 'broadcast_push')", 0)
        return {"wanted": wanted, "before": before, "got": service.got, "headlines": headlines}
    finally:
        if db is not None:
            await db.close()
        await system.stop()
        await service.close()


@pytest.mark.filterwarnings("default")
def test_each_browser_gets_the_message_of_a_killed_worker_and_a_repetition_rings_no_second_time() -> None:
    found = run(message_with_kill())
    times = Counter(browser for browser, _, _ in found["got"])
    assert found["headlines"] == ["Leave the stand"] * STREAMS, "the stream does not wait for the worker"
    assert ANSWERED < len(found["before"]) < FANS, "the worker was killed in the middle"
    assert set(times) == found["wanted"], "each browser of the zone, and no other"
    assert max(times.values()) == 2, "the kill left notifications whose arrival was unknown"
    assert len({(topic, said["tag"], said["revision"]) for _, topic, said in found["got"]}) == 1
