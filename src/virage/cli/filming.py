"""`virage cameras`: two cameras that nobody holds, and smaller sizes of what they send, beside a house that runs."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping

from virage import matchday
from virage.cli.house import beside, configuration, console, fail, this
from virage.cli.ingesting import DEMO_CAMERAS
from virage.kernel.config import Config
from virage.kernel.database import Database, Unavailable
from virage.kernel.supervise import Child, Supervisor
from virage.replay.reads.cameras import cameras as cameras_of
from virage.replay.rules.cameras import CameraState, Fault

LOOK_AGAIN_S = 0.2


def cameras() -> None:
    """Let them send until Ctrl-C; the house goes on without them."""
    env = beside(os.environ)
    config = configuration(env)
    asyncio.run(_cameras(config, os.environ | env))


async def _cameras(config: Config, env: Mapping[str, str]) -> None:
    async with matchday.opened(config) as db:
        if any(_told(one, config) for one in await _shown(db)):
            raise fail("These cameras send already, or did ten seconds ago.")
    stop = asyncio.Event()
    for wish in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(wish, stop.set)
    children = [Child("ingest", this("ingest", "--demo")), Child("ladder", this("ladder"))]
    supervisor = Supervisor(children, env=env, tell=_tell, log_folder=config.var_dir / "log")
    greeting = asyncio.create_task(_greet(config))
    try:
        await supervisor.run(stop)
    finally:
        greeting.cancel()
    console.print("The cameras have ended.")


async def _greet(config: Config) -> None:
    """Say what there is to try, once pictures have come in."""
    sending: list[CameraState] = []
    async with matchday.opened(config) as db:
        while len(sending) < len(DEMO_CAMERAS):
            await asyncio.sleep(LOOK_AGAIN_S)
            with contextlib.suppress(Unavailable):
                sending = [one for one in await _shown(db) if _told(one, config) and one.seen_at is not None]
    console.print(
        f"\n  Two cameras send.\n  The desk, as desk@example.org:  {config.public_url}/staff/desk\n"
        "  A goal that it tells is there to be seen again on the match's page. Ctrl-C ends the cameras.\n",
        markup=False,
        soft_wrap=True,
    )


async def _shown(db: Database) -> list[CameraState]:
    async with db.connection() as conn:
        return [one for one in await cameras_of(conn) if one.name in DEMO_CAMERAS]


def _told(camera: CameraState, config: Config) -> bool:
    """Whether somebody takes this camera in."""
    return camera.fault_by(matchday.clock_of(config).now())[0] is not Fault.SILENT


def _tell(line: str) -> None:
    console.print(line, style="yellow", markup=False, soft_wrap=True)
