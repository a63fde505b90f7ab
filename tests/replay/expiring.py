"""Expire footage in a process of its own, for a test to kill: `python -m tests.replay.expiring DATABASE OBJECTS`."""

import asyncio
import sys

from virage.kernel.clock import Clock
from virage.kernel.database import Database
from virage.replay.footage import Footage
from virage.replay.jobs.keeping import KeepingJobs


async def main(database: str, objects: str) -> None:
    db = await Database.open(database, connections_max=1)
    await KeepingJobs(db, Clock(), Footage(objects), 24).expire()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
