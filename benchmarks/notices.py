"""A goal pushed to all who subscribed: how long until the last phone's push service has its
message.

`python -m benchmarks.notices [--quick]`. Each fan has a browser that subscribed and chose goals.
The goal is published in the feed, and the jobs of production notify every subscriber (none is
inside the venue): encrypt, sign and send each message. The push services are one plain server in a
process of its own, which counts; the network to real ones is left out.
"""

import argparse
import asyncio
import multiprocessing
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any
from uuid import UUID

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.common import machine, own_folder, run, tell
from benchmarks.system import free_port
from tests.faults.test_live import seed
from virage.app.building import jobs_of
from virage.demo.venues.drawing import stadium_file
from virage.identity.people.rules.push import Subscriber
from virage.identity.people.rules.webpush import Vapid, point_of
from virage.identity.people.settings import PeopleSettings
from virage.media.live.acts import publishing as live
from virage.media.live.rules.entries import EntryRequest, Goal, KickOff, Period, Side
from virage.platform.data.database import Connection, Database
from virage.platform.data.migrate import migrate
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.site.venue.api import import_file

FANS, QUICK_FANS = 15_000, 1_500
HOUR = timedelta(hours=1)
PEOPLE = """
insert into people.person (id, email, locale, joined_at)
select id, id::text || '@example.org', case when number % 2 = 0 then 'fr' else 'en' end, $2
from unnest($1::uuid[]) with ordinality as line (id, number)
"""


def serve(port: int, fans: int, said: Pipe) -> None:
    """Receive messages; signal the first one, and the one that completes the number of fans."""
    got = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal got
        await request.read()
        got += 1
        if got in (1, fans):
            said.send(time.monotonic())
        return web.Response(status=201)

    app = web.Application()
    app.router.add_post("/{any:.*}", take)
    web.run_app(app, host="127.0.0.1", port=port, print=None)


async def subscribe(conn: Connection, fans: int, browser: Subscriber, now: datetime) -> list[UUID]:
    """Fans who want goals, each with a browser whose endpoint ends with the returned id of the fan."""
    ids = [new_id() for _ in range(fans)]
    await conn.execute(PEOPLE, ids, now)
    await conn.execute(
        "insert into people.session "
        "(id, token_hash, person_id, device, opened_at, authenticated_at, last_seen_at, expires_at) "
        "select id, sha256(id::text::bytea), id, '', $2, $2, $2, $3 from unnest($1::uuid[]) as line (id)",
        ids,
        now,
        now + 2 * HOUR,
    )
    await conn.execute(
        "insert into people.push_subscription (id, session_id, endpoint, p256dh, auth, vapid, subscribed_at) "
        "select id, id, $2::text || id::text, $3, $4, $5, $6 from unnest($1::uuid[]) as line (id)",
        *(ids, browser.endpoint, browser.p256dh, browser.auth, browser.vapid, now),
    )
    await conn.execute(
        "insert into live.notice_choice (person_id, event_id, kinds, even_during, quiet) "
        "select id, null, '{goals}', '{}', 'inside' from unnest($1::uuid[]) as line (id)",
        ids,
    )
    return ids


async def measure(fans: int) -> dict[str, Any]:
    """Publish one goal; return the seconds from its publication to the first and the last message."""
    folder, port, clock = own_folder(), free_port(), Clock()
    ours, theirs = multiprocessing.Pipe()
    sink = multiprocessing.get_context("spawn").Process(target=serve, args=(port, fans, theirs), daemon=True)
    sink.start()
    postgres = EmbeddedPostgres(folder / "postgres", durable=True)
    await postgres.start()
    try:
        await migrate(postgres.url)
        db = await Database.open(postgres.url, connections_max=8)
        config = Config(secret="x" * 40, demo=True, var_dir=folder).having(PeopleSettings(push_to_loopback=True))
        await db.transact(import_file, stadium_file(), None, datetime.now(UTC))
        event_id, _ = await seed(db)
        point = point_of(ec.generate_private_key(ec.SECP256R1()).public_key())
        browser = Subscriber(f"http://127.0.0.1:{port}/", point, os.urandom(16), Vapid(config.secret).public)
        async with db.transaction() as conn:
            await subscribe(conn, fans, browser, datetime.now(UTC))
        async with db.connection() as conn:
            await conn.execute("analyze")
        async with jobs_of(config, db, clock) as jobs:
            working = asyncio.create_task(jobs.run(db))
            cpu = time.process_time()
            began, now = time.monotonic(), datetime.now(UTC)
            tellings = [EntryRequest(new_id(), now, one) for one in (KickOff(Period.FIRST_HALF), Goal(Side.HOME))]
            async with db.transaction() as conn:
                await live.publish(conn, event_id, tellings, None, now)
            first, last = [await asyncio.to_thread(ours.recv) - began for _ in range(2)]
            cpu = time.process_time() - cpu
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        await db.close()
    finally:
        sink.terminate()
        await postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "fans": fans,
        "first_s": round(first, 2),
        "last_s": round(last, 2),
        "per_s": round(fans / last),
        "cpu_s_per_1000": round(1000 * cpu / fans, 2),
    }


def main() -> None:
    """Measure, and print one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    found = run(measure(QUICK_FANS if parser.parse_args().quick else FANS))
    tell({"benchmark": "notices", **found, "workers": 1, "machine": machine()})


if __name__ == "__main__":
    main()
