"""Fixtures for every test: a real PostgreSQL, a clock that stands still, a client of the whole app."""

import asyncio
import gc
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import asyncpg
import httpx
import pytest
from hypothesis import settings

from tests.azurite.server import Azurite, azurite
from tests.locking import Watch, unique_keys, watch_adapter, watch_of_domains
from tests.scratch import into_memory
from virage.app.building import build
from virage.demo.venues.drawing import stadium_file
from virage.money.payments.settings import PaymentSettings
from virage.platform.data.database import Connection, Database
from virage.platform.data.migrate import migrate, migrations
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web import static
from virage.platform.web.http import Application
from virage.site.venue.rules.build import version_of
from virage.site.venue.store import insert_venue, insert_version

_numbers = itertools.count(1)

LONG = ("tests/faults/", "tests/web/test_till.py", "tests/golden/", "tests/web/", "tests/app/")


def pytest_configure() -> None:
    """Before the workers start, which inherit it."""
    into_memory()
    gc.set_threshold(50_000, 20, 50)  # as in every process of Virage
    settings.register_profile("virage", deadline=None)  # the duration of an example depends on the machine
    settings.load_profile("virage")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest tests first, so that no worker starts one of them at the end."""
    items.sort(key=lambda item: next((at for at, name in enumerate(LONG) if name in item.nodeid), len(LONG)))


def pytest_collection_finish() -> None:
    """Collected tests live until the end, so the garbage collector skips them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _web_read_once() -> Iterator[None]:
    """The built web is the same for all tests of a worker: it is read and compressed once."""
    with pytest.MonkeyPatch.context() as patch:
        read = static.read_web
        once = cache(read)
        patch.setattr(static, "read_web", lambda root: once(root) if root == static.WEB else read(root))
        yield


@pytest.fixture(scope="session")
def lock_watch() -> Iterator[Watch]:
    """Checks the order in which every transaction of this worker locks rows."""
    with pytest.MonkeyPatch.context() as patch:
        watch = watch_of_domains()
        watch_adapter(patch, watch)
        yield watch


@pytest.fixture(autouse=True)
def _locks_in_order(lock_watch: Watch) -> Iterator[None]:
    """Fail a test in which a transaction locked rows out of order (docs/locks.md)."""
    lock_watch.faults.clear()
    yield
    if lock_watch.faults:
        pytest.fail("Locked out of order: " + "; ".join(dict.fromkeys(lock_watch.faults)), pytrace=False)


def pytest_runtest_call(item: pytest.Item) -> None:
    """Fixtures prepare alone, where no order is needed: only the locks of the test itself count."""
    watch = getattr(item, "funcargs", {}).get("lock_watch")
    if watch is not None:
        watch.faults.clear()


class FakeClock(Clock):
    """A clock that stands still until the test moves it."""

    def __init__(self, at: datetime = datetime(2026, 5, 9, 18, tzinfo=UTC)) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        return self.at

    def set(self, at: datetime) -> None:
        self.at = at

    def advance(self, by: timedelta) -> None:
        self.at += by


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    address, question, query = url.partition("?")
    return address.rpartition("/")[0] + "/" + name + question + query


async def _administer(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(with_database(url, "postgres"))
    await connection.execute("set statement_timeout = 0")  # a busy machine copies and drops slowly
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[EmbeddedPostgres]:
    """One embedded cluster a test worker, fast and not durable, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="virage-test-"))
    postgres = EmbeddedPostgres(folder / "pg", durable=False)
    asyncio.run(postgres.start())
    try:
        yield postgres
    finally:
        asyncio.run(postgres.stop())
        shutil.rmtree(folder)


async def prepare_database(url: str) -> None:
    """Migrate a database, and store the stadium that tests sell tickets for, with an empty journal."""
    await migrate(url)
    database = await Database.open(url)
    file, now = stadium_file(), datetime(2026, 1, 1, tzinfo=UTC)
    async with database.transaction() as connection:
        await insert_venue(connection, file.code, "", version_of(file), now)
        await insert_version(connection, file, version_of(file), None, now, based_on=None)
    await database.close()


@pytest.fixture(scope="session")
def template_database(cluster: EmbeddedPostgres, lock_watch: Watch) -> str:
    """A migrated database with a venue to clone, named by a hash of its migrations."""
    mark = sha256(b"".join(migration.sha256 for migration in migrations())).hexdigest()[:12]
    name = f"template_{mark}"
    asyncio.run(_administer(cluster.url, f"create database {name}"))
    asyncio.run(prepare_database(with_database(cluster.url, name)))
    lock_watch.keys = asyncio.run(unique_keys(with_database(cluster.url, name)))
    return name


@pytest.fixture
async def database_url(cluster: EmbeddedPostgres, template_database: str) -> AsyncIterator[str]:
    """A new migrated database for the test."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await _administer(cluster.url, f"create database {name} template {template_database} strategy file_copy")
    yield with_database(cluster.url, name)
    await _administer(cluster.url, f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def shared_database_url(cluster: EmbeddedPostgres, template_database: str) -> Iterator[str]:
    """A migrated database for all tests of a module that do not affect each other."""
    name = f"shared_{os.getpid()}_{next(_numbers)}"
    clone = f"create database {name} template {template_database} strategy file_copy"
    asyncio.run(_administer(cluster.url, clone))
    yield with_database(cluster.url, name)
    asyncio.run(_administer(cluster.url, f"drop database {name} with (force)"))


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture
async def conn(db: Database) -> AsyncIterator[Connection]:
    """A connection without a transaction: each statement is committed, as in a plain read or a single-statement act."""
    async with db.connection() as connection:
        yield connection


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Config:
    """A demo's configuration over the test's database; the sandbox provider is named, not running."""
    bank = PaymentSettings(
        sandbox_url="http://sandbox.invalid",
        sandbox_key="the sandbox's key",
        sandbox_webhook_secret="the secret of its webhooks",
    )
    return Config(
        secret="a secret of the tests, long enough",
        demo=True,
        database_url=database_url,
        var_dir=tmp_path,
        public_url="https://virage.local",
        log_level="warning",
    ).having(bank)


@pytest.fixture
async def app(config: Config, db: Database, clock: FakeClock) -> Application:
    """The whole web application over the test's own database."""
    return build(config, db, clock)


@asynccontextmanager
async def alive(app: Application) -> AsyncIterator[None]:
    """The application between its start and its end, both in one task: a fixture's two halves may
    run in two.
    """
    started, ending = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await ending.wait()

    life = asyncio.create_task(live())
    await asyncio.wait({life, asyncio.create_task(started.wait())}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if life.done():
            life.result()
        yield
    finally:
        ending.set()
        await life


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of the whole application, in the test's own event loop: it keeps its cookies, also the secure ones."""
    transport = httpx.ASGITransport(app=app)
    async with alive(app), httpx.AsyncClient(transport=transport, base_url="https://virage.local") as browser:
        yield browser


@pytest.fixture(scope="session")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """A blob store for all tests with their own container; a test that stops it starts it again."""
    with pytest.MonkeyPatch.context() as environment, azurite(tmp_path_factory.mktemp("blobs"), environment) as server:
        yield server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes; only root may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    subprocess.run(mounted, check=True)  # noqa: S603 - ours
    yield disk
    subprocess.run(["/usr/bin/umount", "--lazy", str(disk)], check=True)  # noqa: S603 - ours
