"""What every process begins with: its clock, its database, and a settled heap."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from virage.platform.data.database import URL, Database, answering
from virage.platform.settings.config import Config
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock

GARBAGE_YOUNG = 50_000
"""How many new containers the garbage collector waits for; Python's own 700 come up many times a batch."""


def clock_of(config: Config) -> Clock:
    """Return the one clock as it is configured."""
    production = not config.demo
    return Clock(config.clock_shift, config.clock_speed, origin=config.clock_origin, production=production)


@asynccontextmanager
async def opened(config: Config, application: str = "virage command") -> AsyncIterator[Database]:
    """The configured database, once it answers; the log says what is waited for, the database knows us by a name."""
    assert config.database_url is not None  # noqa: S101 - the command line starts the embedded server and names it
    await answering(config.database_url, lambda why: log.warning("database_awaited", why=why), variable=URL)
    db = await Database.open(
        config.database_url,
        direct_url=config.direct_url,
        connections_max=config.database_connections,
        application=application,
    )
    try:
        yield db
    finally:
        await db.close()


def settle() -> None:
    """Take what the start has built out of the garbage collector's sight: it lives until the process ends."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_YOUNG, 20, 50)
