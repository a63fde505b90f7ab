"""Delete expired footage in a process that a test kills. Arguments: database and object store."""

import asyncio
import sys

from virage.media.replay.footage import Footage
from virage.media.replay.jobs.retention import RetentionJobs
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock


async def main(database: str, objects: str) -> None:
    db = await Database.open(database, connections_max=1)
    await RetentionJobs(db, Clock(), Footage(objects), 24).expire()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
