"""`virage run`, `virage demo`, `virage setup`: a whole Virage on one machine, started and ended together."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp

from virage import demo, matchday
from virage.cli.house import configuration, console, database, demo_environment, fail, this
from virage.kernel.config import Config
from virage.kernel.migrate import MigrationChanged, migrate
from virage.kernel.supervise import Child, Supervisor

READY_POLL_S = 0.1
READY_WAIT_S = 60.0
_HTTP_OK = 200


def setup() -> None:
    """Prepare everything but serve: the database is there, migrated, with the demo in it."""
    config = configuration(demo_environment(os.environ))
    with database(config) as ready:
        asyncio.run(prepare(ready))
    console.print("Ready. `virage run` serves it.")


def run(environ: Mapping[str, str], *extra: str) -> None:
    """Serve the demonstration until Ctrl-C. `extra` are arguments of `virage serve`."""
    env = demo_environment(environ)
    config = configuration(env)
    _refuse_taken_port(config)
    with database(config) as ready:
        env["VIRAGE_DATABASE_URL"] = ready.database_url or ""
        asyncio.run(_run(ready, env, extra))


async def prepare(config: Config) -> None:
    """Migrate the database and load the demo; both change nothing that is there already."""
    assert config.database_url is not None  # noqa: S101 - `database` names it
    try:
        await migrate(config.database_url)
    except MigrationChanged as error:
        raise fail(f"{error} Give the demonstration a new one: another VIRAGE_VAR_DIR, or none of it.") from None
    async with matchday.opened(config) as db:
        await demo.load(config, db, matchday.clock_of(config))


async def _run(config: Config, env: Mapping[str, str], extra: tuple[str, ...]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(wish, stop.set)
    preparing = asyncio.create_task(prepare(config))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([preparing, stopping], return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set():
        preparing.cancel()
        return
    await preparing
    supervisor = Supervisor(_children(extra), env=env, tell=_tell, log_folder=config.var_dir / "log")
    greeting = asyncio.create_task(_greet(config))
    try:
        await supervisor.run(stop)
    finally:
        greeting.cancel()
        stopping.cancel()
    console.print("Everything has ended.")


def _children(extra: tuple[str, ...]) -> list[Child]:
    return [
        Child("sandbox", this("sandbox")),
        Child("work", this("work")),
        Child("web", this("serve", *extra)),
    ]


async def _greet(config: Config) -> None:
    """Say where everything is, once the web answers."""
    address = f"{urlsplit(config.public_url).scheme}://127.0.0.1:{config.port}/readyz"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_WAIT_S):
                while not await _ready(session, address):  # noqa: ASYNC110 - the web is another process
                    await asyncio.sleep(READY_POLL_S)
                console.print(demo.greeting(config), markup=False)
                return
    console.print(f"The web does not answer yet; see {config.var_dir / 'log' / 'web.log'}", style="red")


async def _ready(session: aiohttp.ClientSession, address: str) -> bool:
    with contextlib.suppress(aiohttp.ClientError):
        async with session.get(address) as answer:
            return answer.status == _HTTP_OK
    return False


def _refuse_taken_port(config: Config) -> None:
    sandbox_port = urlsplit(config.sandbox_url or "").port
    for port, name in ((config.port, "VIRAGE_PORT"), (sandbox_port, "VIRAGE_SANDBOX_URL")):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((config.host, port or 0))
            except OSError as error:
                raise fail(f"Port {port} cannot be had ({error.strerror}): end what uses it, or set {name}.") from None


def _tell(line: str) -> None:
    console.print(line, style="yellow", markup=False)
