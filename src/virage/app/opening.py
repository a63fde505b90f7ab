"""The start of every process: its clock, its database, and the garbage collector."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from virage.platform.data.database import URL, Database, answering
from virage.platform.settings.config import Config
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock


def clock_of(config: Config) -> Clock:
    """Return the configured clock."""
    production = not config.demo
    return Clock(config.clock_shift, config.clock_speed, origin=config.clock_origin, production=production)


@asynccontextmanager
async def opened(config: Config, application: str = "virage command") -> AsyncIterator[Database]:
    """Return the configured database once it answers, under an application name; the wait is logged."""
    assert config.database_url is not None  # noqa: S101 - the command line has started the embedded server
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
    """Exclude the objects of the start from garbage collection: they live until the process ends."""
    gc.collect()
    gc.freeze()
