"""`virage ladder`: make what cameras send smaller for phones with little network, until asked to end."""

import asyncio
import signal
from contextlib import suppress

from virage.app.opening import clock_of, opened
from virage.cli.house import beside, database
from virage.media.replay.api import Footage, Ladder
from virage.media.replay.types import MediaVault
from virage.platform.host.supervise import die_with_parent
from virage.platform.settings import logs
from virage.platform.settings.config import Config


def ladder() -> None:
    """Follow the cameras of the programme, and make the rungs of clips."""
    die_with_parent()
    config = beside()
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
