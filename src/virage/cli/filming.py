"""`virage cameras`: two synthetic cameras and their ABR ladder for the demo."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Mapping

from virage.app.opening import clock_of, opened
from virage.cli.deployment import configuration, console, database, environment_of_running, fail, virage_command
from virage.cli.ingesting import DEMO_CAMERAS
from virage.media.replay.api import cameras as cameras_of
from virage.platform.data.connecting import close, connect
from virage.platform.data.database import Unavailable
from virage.platform.host.supervise import Child, Supervisor
from virage.platform.settings.config import Config

LOOK_AGAIN_S = 0.2


def cameras() -> None:
    """Send until Ctrl-C; the deployment continues without them."""
    env = environment_of_running(os.environ)
    with database(configuration(env)) as ready:
        asyncio.run(_cameras(ready, os.environ | env | {"VIRAGE_DATABASE_URL": ready.database_url or ""}))


async def _cameras(config: Config, env: Mapping[str, str]) -> None:
    async with _alone(config.direct_url):
        await _send(config, env)
    console.print("The cameras have ended.")


@contextlib.asynccontextmanager
async def _alone(database_url: str) -> AsyncIterator[None]:
    """Allow one such process per deployment: two senders of the same camera would corrupt its stream."""
    session = await connect(database_url, "virage cameras")
    try:
        if not await session.fetchval("select pg_try_advisory_lock(hashtextextended('virage cameras', 0))"):
            raise fail("These cameras are already running.")
        yield
    finally:
        await close(session)


async def _send(config: Config, env: Mapping[str, str]) -> None:
    stop = asyncio.Event()
    for wish in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(wish, stop.set)
    children = [Child("ingest", virage_command("ingest", "--demo")), Child("ladder", virage_command("ladder"))]
    supervisor = Supervisor(children, env=env, report=_report, log_folder=config.var_dir / "log")
    greeting = asyncio.create_task(_greet(config))
    try:
        await supervisor.run(stop)
    finally:
        greeting.cancel()


async def _greet(config: Config) -> None:
    """Print what to try, once pictures arrive."""
    began, sending = clock_of(config).now(), 0
    async with opened(config) as db:
        while sending < len(DEMO_CAMERAS):
            await asyncio.sleep(LOOK_AGAIN_S)
            with contextlib.suppress(Unavailable):
                async with db.connection() as conn:
                    seen = [camera.seen_at for camera in await cameras_of(conn) if camera.name in DEMO_CAMERAS]
                sending = sum(at is not None and at > began for at in seen)
    console.print(
        f"\n  Two cameras are sending.\n  Match desk, as desk@example.org:  {config.public_url}/staff/desk\n"
        "  Publish a goal there to see its replay on the page of the match. Ctrl-C ends the cameras.\n",
        markup=False,
        soft_wrap=True,
    )


def _report(line: str) -> None:
    console.print(line, style="yellow", markup=False, soft_wrap=True)
