"""A whole Virage for a measurement: durable embedded database, sandbox, worker, web, an event on sale."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import Struct

from benchmarks.common import commits_per_s, own_folder
from benchmarks.wire import Client
from tests.money.payments import stripe_standin
from virage.cli.deployment import virage_command
from virage.demo.venues.drawing import stadium, stadium_file
from virage.identity.people import acts as people
from virage.platform.data.database import Connection, Database
from virage.platform.data.migrate import migrate
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.host.supervise import Child, Supervisor
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.sale.ticketing.reads.open_sales import load_pricing
from virage.sale.ticketing.rules.pricing import PriceCategory, Pricing
from virage.sale.ticketing.rules.terms import Tariff
from virage.site.programme import acts as programme
from virage.site.programme.rules import Event, EventRules, NewEvent, Organiser
from virage.site.venue.api import import_file

PLAIN_ROWS = 10_000
NO_LIMIT = 100_000
FANS_A_TRANSACTION = 250
SEEDERS = 4
READY_S = 60.0


def free_port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def children(pid: int) -> list[int]:
    """The processes that this one started, without Python's own helpers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == pid and b"resource_tracker" not in command:
            found.append(int(folder.name))
    return found


class Provider(Struct, frozen=True):
    """The payment provider: the sandbox, or a stand-in of Stripe, each with a latency.

    `calls_per_s` is the stand-in's limit of an account; None: it has none.
    """

    is_stripe: bool = False
    latency_ms: int = 0
    calls_per_s: int | None = None


class System:
    """All the processes of one deployment in a folder of its own."""

    def __init__(self, workers: int, *, durable: bool = True, provider: Provider | None = None) -> None:
        self.workers = workers
        self.provider = provider or Provider()
        self.folder = own_folder()
        self.postgres = EmbeddedPostgres(self.folder / "postgres", durable=durable)
        self.port, sandbox_port, plain_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.plain_url = f"http://127.0.0.1:{plain_port}"
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        self.sandbox_key = secrets.token_urlsafe(24)
        self.messages: list[str] = []
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.env = os.environ | {
            "VIRAGE_SECRET": secrets.token_urlsafe(32),
            "VIRAGE_DEMO": "1",
            "VIRAGE_VAR_DIR": str(self.folder / "var"),
            "VIRAGE_HOST": "127.0.0.1",
            "VIRAGE_PORT": str(self.port),
            "VIRAGE_PUBLIC_URL": self.url,
            "PLAIN_PORT": str(plain_port),
        }
        if self.provider.is_stripe:
            self.env |= {
                "VIRAGE_STRIPE_KEY": stripe_standin.KEY,
                "VIRAGE_STRIPE_WEBHOOK_SECRETS": stripe_standin.WEBHOOK_SECRET,
                "VIRAGE_STRIPE_API_URL": self.sandbox_url,
            }
            if self.provider.calls_per_s is None:
                self.env["VIRAGE_STRIPE_CALLS_PER_S"] = str(NO_LIMIT)
        else:
            self.env |= {
                "VIRAGE_SANDBOX_URL": self.sandbox_url,
                "VIRAGE_SANDBOX_KEY": self.sandbox_key,
                "VIRAGE_SANDBOX_WEBHOOK_SECRET": secrets.token_urlsafe(24),
            }
            if self.provider.latency_ms:
                self.env["VIRAGE_SANDBOX_LATENCY_MS"] = str(self.provider.latency_ms)

    def _provider_command(self) -> tuple[str, ...]:
        if not self.provider.is_stripe:
            return tuple(virage_command("sandbox"))
        options = ["--latency-ms", str(self.provider.latency_ms)]
        if self.provider.calls_per_s is not None:
            options += ["--calls-per-s", str(self.provider.calls_per_s)]
        port = self.sandbox_url.rpartition(":")[2]
        webhooks = f"{self.url}/api/payments/webhooks/stripe"
        return (sys.executable, "-m", stripe_standin.__name__, port, webhooks, *options)

    async def start_database(self) -> float:
        """Start and migrate the database, import the stadium; return the commits a second of one client."""
        (self.folder / "var").mkdir()
        await self.postgres.start()
        await migrate(self.postgres.url)
        db = await Database.open(self.postgres.url, connections_max=1)
        await db.transact(import_file, stadium_file(), None, datetime.now(UTC))
        await db.close()
        self.env |= {"VIRAGE_DATABASE_URL": self.postgres.url, "PLAIN_DATABASE_URL": self.postgres.url}
        return await commits_per_s(self.postgres.url)

    async def start_processes(self) -> None:
        """Start the sandbox, the worker and the web as `virage run` does, and wait until they
        respond.
        """
        children = [
            Child("sandbox", self._provider_command()),
            Child("work", virage_command("work")),
            Child("web", virage_command("serve", "--workers", str(self.workers))),
            Child("plain", (sys.executable, "-m", "benchmarks.plain", str(self.workers))),
        ]
        folder = self.folder / "log"
        self.supervisor = Supervisor(children, env=self.env, report=self.messages.append, log_folder=folder)
        self._running = asyncio.create_task(self.supervisor.run(self._stop))
        self._keeping = asyncio.create_task(self.postgres.supervise())
        began = time.monotonic()
        while not await self.ready():
            if time.monotonic() - began > READY_S:
                raise TimeoutError(f"The web does not answer: {self.errors()}")
            await asyncio.sleep(0.1)

    def workers_of_web(self) -> list[int]:
        """The web processes that serve requests."""
        server = self.supervisor.pid("web")
        return [] if server is None else children(server)

    async def crash(self) -> None:
        """Kill everything at once with SIGKILL, the database too; nothing restarts before
        `start_again`.
        """
        self._stop.set()
        if self._keeping is not None:
            self._keeping.cancel()
        for name in ("web", "work", "sandbox", "plain"):
            pid = self.supervisor.pid(name)
            if pid is not None:
                os.killpg(pid, signal.SIGKILL)  # each child leads a process group: its workers die too
        if self.postgres.pid is not None:
            os.kill(self.postgres.pid, signal.SIGKILL)
        if self._running is not None:
            await self._running

    async def start_again(self) -> None:
        """After a crash: start the database on its data, then all processes; return when the web
        responds.
        """
        await self.postgres.start()
        self._stop = asyncio.Event()
        await self.start_processes()

    async def ready(self) -> bool:
        """Whether the web reports ready, and the bare application beside it listens."""
        client = Client(self.url)
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", int(self.env["PLAIN_PORT"]))
            writer.close()
            return (await client.ask(b"GET", b"/readyz")).status == 200  # noqa: PLR2004 - OK
        except OSError:
            return False
        finally:
            client.close()

    async def stop_processes(self) -> None:
        """End everything but the database."""
        self._stop.set()
        if self._keeping is not None:
            self._keeping.cancel()
        if self._running is not None:
            await self._running

    async def stop(self) -> None:
        """Stop all processes and delete the folder."""
        await self.stop_processes()
        await self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def errors(self) -> str:
        """The error logs of the processes."""
        lines = [
            line
            for path in sorted((self.folder / "log").glob("*.log"))
            for line in path.read_text(errors="replace").splitlines()
            if '"level":"info"' not in line
        ]
        return "\n".join(lines[-40:])


def pricing_of_the_bowl() -> Pricing:
    """Every block on sale, in three categories by ring; no standing area."""
    categories = [
        PriceCategory(new_id(), {"fr": f"Catégorie {number}", "en": f"Category {number}"}, colour, _prices(full))
        for number, (colour, full) in enumerate((("#c9a227", 8000), ("#14387f", 5000), ("#c8102e", 3000)), 1)
    ]
    blocks = {block.code: categories[min(block.ring, 3) - 1].id for block in stadium().blocks}
    return Pricing(categories=categories, blocks=blocks)


def _prices(full: int) -> dict[Tariff, int]:
    return {Tariff.FULL: full, Tariff.CHILD: full // 2, Tariff.REDUCED: full * 3 // 4, Tariff.ACCESS: full // 2}


async def seed(url: str, fans: int) -> tuple[UUID, list[UUID], list[str]]:
    """Put an event on sale and create signed-in fans: the event, its categories, the fans' tokens."""
    db = await Database.open(url, connections_max=SEEDERS)
    now = datetime.now(UTC)
    try:
        async with db.transaction() as conn:
            await prepare_plain(conn)
            event_id, categories = await _event(conn, now)
        firsts = range(0, fans, FANS_A_TRANSACTION)
        waiting = asyncio.Semaphore(SEEDERS)

        async def batch(first: int) -> list[str]:
            async with waiting, db.transaction() as conn:
                return await _fans(conn, range(first, min(first + FANS_A_TRANSACTION, fans)), now)

        tokens = [token for part in await asyncio.gather(*(batch(first) for first in firsts)) for token in part]
        async with db.connection() as conn:
            await conn.execute("analyze")
    finally:
        await db.close()
    return event_id, categories, tokens


async def _event(conn: Any, now: datetime) -> tuple[UUID, list[UUID]]:
    organiser = Organiser(new_id(), "The club")
    await programme.add_organiser(conn, organiser, None, now)
    starts = now + timedelta(days=2)
    event = NewEvent(
        id=new_id(),
        organiser_id=organiser.id,
        kind="match",
        title={"fr": "Le match", "en": "The match"},
        doors_at=starts - timedelta(hours=2),
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        sale_opens_at=now - timedelta(hours=1),
        sale_closes_at=starts,
        rules=EventRules(limit_per_buyer=9),
    )
    await programme.create(conn, event, None, now)
    pricing = pricing_of_the_bowl()
    await set_pricing(conn, event.id, pricing, None, now)
    await programme.publish(conn, event.id, None, now)
    return event.id, [category.id for category in pricing.categories]


async def another_match(conn: Connection, like: Event, starts: datetime, opens: datetime, now: datetime) -> UUID:
    """Put a match on sale at the prices and rules of an event, from `opens` until it starts."""
    match = NewEvent(
        id=new_id(),
        organiser_id=like.organiser_id,
        kind="match",
        title=like.title,
        doors_at=starts - timedelta(hours=2),
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        sale_opens_at=opens,
        sale_closes_at=starts,
        rules=like.rules,
    )
    for outcome in (
        await programme.create(conn, match, None, now),
        await set_pricing(conn, match.id, await load_pricing(conn, like.id), None, now),
        await programme.publish(conn, match.id, None, now),
    ):
        assert not isinstance(outcome, Refused), outcome
    return match.id


async def _fans(conn: Any, numbers: Sequence[int], now: datetime) -> list[str]:
    tokens = []
    for number in numbers:
        person_id = await people.ensure_fan(conn, f"fan{number}@example.org", None, now)
        tokens.append((await people.open_session(conn, person_id, now)).token)
    return tokens


async def prepare_plain(conn: Any) -> None:
    """Make the table that the bare application (benchmarks/plain.py) counts in."""
    await conn.execute("create schema if not exists bench")
    await conn.execute("create table bench.counter (id integer primary key, n integer not null)")
    await conn.execute("insert into bench.counter select id, 0 from generate_series(0, $1 - 1) as id", PLAIN_ROWS)
