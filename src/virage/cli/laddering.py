"""`virage ladder`: transcode cameras and clips to lower renditions until SIGTERM."""

import asyncio
import signal
from contextlib import suppress

from virage.app.opening import clock_of, opened
from virage.cli.deployment import configuration_of_running, database
from virage.media.replay.api import Footage, Ladder
from virage.media.replay.types import MediaVault
from virage.platform.host.supervise import die_with_parent
from virage.platform.settings import logs
from virage.platform.settings.config import Config


def ladder() -> None:
    """Transcode the cameras of the programme, and the clips."""
    die_with_parent()
    config = configuration_of_running()
    logs.configure(config.log_level, "ladder")
    with database(config) as ready:
        asyncio.run(_ladder(ready))


async def _ladder(config: Config) -> None:
    async with opened(config) as db:
        made = Ladder(
            db=db,
            clock=clock_of(config),
            footage=Footage(config.objects_at),
            vault=MediaVault([config.secret, *config.secrets_previous]),
        )
        running = asyncio.create_task(made.run())
        for wish in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(wish, running.cancel)
        with suppress(asyncio.CancelledError):
            await running
