"""`virage run`, `virage demo`, `virage setup`: all processes on one machine."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from urllib.parse import urlsplit

import aiohttp

from virage import demo
from virage.app.opening import clock_of, opened
from virage.cli.deployment import (
    advertised,
    configuration,
    console,
    database,
    demo_environment,
    fail,
    failing_clearly,
    folder_of,
    refuse_foreign,
    virage_command,
)
from virage.cli.steps import step
from virage.money.payments.types import PaymentSettings
from virage.platform.data.migrate import MigrationChanged, UpgradeRequired, migrate
from virage.platform.host.supervise import Child, Supervisor
from virage.platform.settings.config import Config

HERE_PORT_OFFSET = 3  # after the ports of the web, the sandbox, and the certificate page for phones
READY_POLL_S = 0.1
READY_WAIT_S = 60.0
_HTTP_OK = 200
_AT_ONCE = {"VIRAGE_DRAIN_S": "0"}  # Ctrl-C ends everything at once, without a load balancer


def setup() -> None:
    """Start and migrate the database, and load the demo."""
    with failing_clearly(folder_of(os.environ)):
        env = demo_environment(os.environ)
        with _database(configuration(env)) as ready:
            env["VIRAGE_DATABASE_URL"] = ready.database_url or ""
            asyncio.run(prepare(ready, env))
    console.print("Ready. Start it with `virage run`.")


def run(environ: Mapping[str, str], *extra: str) -> None:
    """Serve the demo until Ctrl-C. `extra` are arguments of `virage serve`."""
    with failing_clearly(folder_of(environ)):
        env = demo_environment(environ)
        config = configuration(env)
        _refuse_taken_port(config)
        with _database(config) as ready:
            env["VIRAGE_DATABASE_URL"] = ready.database_url or ""
            asyncio.run(_run(ready, env, extra))


@contextlib.contextmanager
def _database(config: Config) -> Iterator[Config]:
    with contextlib.ExitStack() as stack:
        with step("Database") as starting:
            ready = stack.enter_context(database(config, starting))
        yield ready


async def prepare(config: Config, env: Mapping[str, str]) -> None:
    """Migrate the database and load the demo; neither changes what exists."""
    try:
        with step("Migrations"):
            await migrate(config.direct_url)
    except (MigrationChanged, UpgradeRequired) as error:
        raise fail(f"{error} Use a new database for the demo: set another VIRAGE_VAR_DIR, or delete it.") from None
    await refuse_foreign(config)  # again, for a database that had no schema
    with step("Demo data") as loading:
        async with opened(config) as db:
            sandbox = partial(_sandbox, config, env)
            await demo.load(config, db, clock_of(config), sandbox=sandbox, report=loading.note)


@contextlib.asynccontextmanager
async def _sandbox(config: Config, env: Mapping[str, str]) -> AsyncIterator[None]:
    """Run the sandbox provider while the orders of the demo are paid."""
    stop = asyncio.Event()
    sandbox = Child("sandbox", virage_command("sandbox"))
    supervisor = Supervisor([sandbox], env=env, report=_report, log_folder=config.var_dir / "log")
    running = asyncio.create_task(supervisor.run(stop))
    try:
        await _listening(config.of(PaymentSettings).sandbox_url or "")
        yield
    finally:
        stop.set()
        await running


async def _listening(address: str) -> None:
    """Wait until a server listens at an address."""
    parts = urlsplit(address)
    async with asyncio.timeout(READY_WAIT_S):
        while True:
            try:
                _, writer = await asyncio.open_connection(parts.hostname, parts.port)
            except OSError:
                await asyncio.sleep(READY_POLL_S)
            else:
                writer.close()
                return


async def _run(config: Config, env: Mapping[str, str], extra: tuple[str, ...]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(wish, stop.set)
    preparing = asyncio.create_task(prepare(config, env))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([preparing, stopping], return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set():
        preparing.cancel()
        return
    await preparing
    supervisor = Supervisor(children(config, *extra), env=env, report=_report, log_folder=config.var_dir / "log")
    greeting = asyncio.create_task(_greet(config))
    try:
        with advertised(config, env):
            await supervisor.run(stop)
    finally:
        greeting.cancel()
        stopping.cancel()
    console.print("All processes have ended.")


def children(config: Config, *extra: str) -> list[Child]:
    """Return the processes of the demo. `extra` are arguments of `virage serve`."""
    found = [
        Child("sandbox", virage_command("sandbox")),
        Child("work", virage_command("work")),
        Child("web", virage_command("serve", *extra), _AT_ONCE),
    ]
    if not config.is_private:  # /mailbox and /cards get a loopback listener without a proxy
        port = _port_here(config)
        env = {"VIRAGE_HOST": "127.0.0.1", "VIRAGE_PORT": str(port), "VIRAGE_LOOPBACK_LISTENER": "1", **_AT_ONCE}
        found.append(Child("web-here", virage_command("serve", "--workers", "1"), env))
    return found


def here(config: Config) -> str:
    """Return the address of the demo on its own machine."""
    return config.public_url if config.is_private else f"http://localhost:{_port_here(config)}"


def _port_here(config: Config) -> int:
    return config.port + HERE_PORT_OFFSET


async def _greet(config: Config) -> None:
    """Print the addresses once the web answers."""
    address = f"{urlsplit(config.public_url).scheme}://127.0.0.1:{config.port}/readyz"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_WAIT_S):
                with step("Web server"):
                    while not await _ready(session, address):  # noqa: ASYNC110 - the web is another process
                        await asyncio.sleep(READY_POLL_S)
                console.print(demo.greeting(config, here(config)), markup=False, soft_wrap=True)
                return
    console.print(f"The web server does not answer yet; see {config.var_dir / 'log' / 'web.log'}", style="red")


async def _ready(session: aiohttp.ClientSession, address: str) -> bool:
    with contextlib.suppress(aiohttp.ClientError):
        async with session.get(address) as answer:
            return answer.status == _HTTP_OK
    return False


def _refuse_taken_port(config: Config) -> None:
    sandbox_port = urlsplit(config.of(PaymentSettings).sandbox_url or "").port
    wanted = [(config.port, "VIRAGE_PORT"), (sandbox_port, "VIRAGE_SANDBOX_URL")]
    if not config.is_private:
        wanted.append((_port_here(config), "VIRAGE_PORT"))
    for port, name in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((config.host, port or 0))
            except OSError as error:
                raise fail(f"Port {port} is in use ({error.strerror}): end that program, or set {name}.") from None


def _report(line: str) -> None:
    console.print(line, style="yellow", markup=False, soft_wrap=True)
