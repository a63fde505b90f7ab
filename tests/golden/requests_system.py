"""A whole Virage in this process over the golden dump, for recording and for replay of requests.

All that a replay imports from `virage` is imported here; the recorder's scenario imports a little
more. The system is the web application, its jobs and a clock of its own. The database is the dump
with the sessions and devices of `requests_cast.sql`, then migrated by the command line, so that the
SQL here meets the schema of the dump. The payment provider is `virage sandbox`, a separate process.
"""

import asyncio
import contextlib
import hmac
import itertools
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import msgspec
import pytest
import uuid_utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.conftest import FakeClock, alive
from tests.golden import requests_cast as cast
from tests.golden.counts import Fact, journal_of
from tests.golden.system import SETTINGS, environment, execute, golden, restored, virage
from tests.ports import free_ports
from virage.app.building import build, jobs_of
from virage.app.settings import read
from virage.identity.keys.rules.keys import kid_of
from virage.identity.keys.rules.vault import PURPOSE
from virage.matchday.access.reads import board
from virage.media.replay.routes import taps
from virage.media.replay.rules.media import MediaVault, key_period
from virage.money.wallet.cards.reads import card_news
from virage.platform.data import journal
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.settings import logs
from virage.platform.values.derivation import derive
from virage.platform.values.sealing import seal
from virage.platform.web import limits
from virage.platform.web.http import Application
from virage.sale.ticketing.rules import inventory

SITE = "https://virage.example"
HOST = urlsplit(SITE).hostname or ""
POLL_S = 0.005
BOARD_S = 60.0
IDS_FROM = timedelta(hours=1)
"""After the moment of the dump; the ids that clients made in the recording are of then and of hours later."""


class First(Random):
    """A random generator that always returns the first choice."""

    def getrandbits(self, _count: int) -> int:
        """Return zero."""
        return 0


_uuid7 = uuid_utils.uuid7


class Ids:
    """Ids of the day of the recording, at any date: lists are ordered by them, among ids that
    clients sent.
    """

    def __init__(self, moment: datetime) -> None:
        self._ago_ms = int((time.time() - (moment + IDS_FROM).timestamp()) * 1000)

    def uuid7(self) -> UUID:
        """Return a new id."""
        drawn = _uuid7().bytes
        made_ms = int.from_bytes(drawn[:6]) - self._ago_ms
        return UUID(bytes=made_ms.to_bytes(6) + drawn[6:])


UNLIMITED = limits.Rate(per_s=1_000_000, burst=1_000_000)

_numbers = itertools.count(1)


class System:
    """The running system. `moment` is that of the dump, from which recorded times count."""

    def __init__(self, app: Application, clock: FakeClock, db: Database, jobs: Jobs, moment: datetime) -> None:
        self.app = app
        self.moment = moment
        self._clock = clock
        self._db = db
        self._jobs = jobs

    def at(self, seconds: float) -> None:
        """Set the clock to so many seconds after the moment of the dump."""
        self._clock.set(self.moment + timedelta(seconds=seconds))

    async def facts(self) -> list[Fact]:
        """Return all facts of the journal."""
        async with self._db.connection() as conn:
            return await journal_of(conn)

    async def drop_emails_since(self) -> None:
        """Drop emails of a kind that 0.1.0 did not have, about sign-ins in new browsers, with their jobs."""
        async with self._db.connection() as conn:
            await conn.execute("""
                with gone as (delete from people.letter where kind = 'new_device' returning id)
                delete from kernel.job
                where entrypoint = 'letter'
                    and (convert_from(payload, 'utf8')::jsonb ->> 'letter_id')::uuid in (select id from gone)
            """)

    async def work(self) -> int:
        """Run the jobs that are due, one after the other in order; return how many ran."""
        done = 0
        while True:
            async with self._db.connection() as conn:
                due = await conn.fetch(
                    "select id, entrypoint, payload from kernel.job"
                    " where status = 'queued' and execute_after <= created order by id"
                )
            if not due:
                return done
            for row in due:
                kind = self._jobs._kinds[row["entrypoint"]]  # noqa: SLF001 - one by one, in order
                await kind.handler(msgspec.json.decode(row["payload"] or b"null", type=kind.payload_type))
                async with self._db.connection() as conn:
                    await conn.execute("delete from kernel.job where id = $1", row["id"])
            done += len(due)


@contextlib.asynccontextmanager
async def system(cluster: EmbeddedPostgres, folder: Path) -> AsyncIterator[System]:
    """Restore the dump into a database of this cluster, migrate it, start the sandbox, serve in this process."""
    moment = golden().made_at
    url = await restored(cluster, f"requests_{next(_numbers)}")
    await _give_keys(url, moment)
    media_key = MediaVault([SETTINGS["VIRAGE_SECRET"]]).new("main", key_period(moment))
    await execute(url, cast.statements(moment.isoformat(), media_key))
    (sandbox_port,) = free_ports(1)
    variables = environment(url, folder) | {
        "VIRAGE_PUBLIC_URL": SITE,
        "VIRAGE_SANDBOX_URL": f"http://localhost:{sandbox_port}",
        "VIRAGE_LOG_LEVEL": "error",
    }
    migrated = await asyncio.to_thread(virage, variables, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    config = read(variables)
    clock = FakeClock(moment)
    with _sandbox(variables), _quick(moment, clock):
        await _listening("localhost", sandbox_port)
        db = await Database.open(url)
        try:
            app = build(config, db, clock)
            async with alive(app), jobs_of(config, db, clock) as jobs:
                yield System(app, clock, db, jobs, moment)
        finally:
            await db.close()


async def _give_keys(url: str, moment: datetime) -> None:
    """Give each event of the dump without a signing key one that is derived from its id, so that
    passes are the same.
    """
    vault_key = derive(SETTINGS["VIRAGE_SECRET"], PURPOSE)
    connection = await asyncpg.connect(url)
    try:
        for row in await connection.fetch(
            "select id from programme.event where id not in (select event_id from passes.signing_key)"
        ):
            private = sha256(b"golden " + row["id"].bytes).digest()
            public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
            await connection.execute(
                "insert into passes.signing_key (event_id, kid, public, sealed, created_at)"
                " values ($1, $2, $3, $4, $5)",
                row["id"],
                kid_of(public),
                public,
                seal(vault_key, private, row["id"].bytes),
                moment,
            )
    finally:
        await connection.close()


@contextlib.contextmanager
def _quick(moment: datetime, clock: FakeClock) -> Iterator[None]:
    """Take the real time and chance out of the system, as far as responses depend on them.

    The journal is followed every 5 ms, and one session may send a whole recording. Each replay
    request counts, all cards are read once, a board is cached by the clock of the recording, and the
    first of equally good places is sold. Ids are of the day of the recording.
    """
    rates = dict.fromkeys(limits.RATES, UNLIMITED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "POLL_S", POLL_S)
        patch.setattr(limits, "RATES", rates)
        patch.setattr(taps, "TAP_WINDOW_S", 0.0)
        patch.setattr(inventory, "Random", First)
        patch.setattr(card_news.CardNews.__init__, "__defaults__", (card_news.KEPT_S, float("inf")))
        patch.setattr(board, "monotonic", lambda: clock.now().timestamp())
        patch.setattr(board.Boards.__init__, "__defaults__", (BOARD_S,))
        patch.setattr(uuid_utils, "uuid7", Ids(moment).uuid7)
        yield


@contextlib.contextmanager
def _sandbox(variables: Mapping[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "virage.cli", "sandbox"]
    process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


async def _listening(host: str, port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


def log_errors_alone() -> None:
    """Keep only errors in the log of a recording."""
    logs.configure("error", "requests")


def openapi_document() -> dict[str, Any]:
    """Return the document of the API as `virage openapi` prints it."""
    done = virage({}, "openapi")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def signed_webhook(body: bytes, at_s: int) -> dict[str, str]:
    """Return the header with which the sandbox signs its requests; its time is the real one, as the
    system checks.
    """
    secret = SETTINGS["VIRAGE_SANDBOX_WEBHOOK_SECRET"].encode()
    mac = hmac.new(secret, b"%d.%b" % (at_s, body), sha256).hexdigest()
    return {"virage-signature": f"t={at_s},v1={mac}"}
