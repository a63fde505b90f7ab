"""Ingest a camera in a process that a test kills, like `virage ingest`.

`python -m tests.media.replay.ingesting DATABASE OBJECTS SECRET URL`
"""

import asyncio
import sys

from virage.media.replay.footage import Footage
from virage.media.replay.ingest.camera import Ingest
from virage.media.replay.ingest.transports import Source
from virage.media.replay.rules.media import MediaVault
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock


async def main(database: str, objects: str, secret: str, url: str) -> None:
    db = await Database.open(database, connections_max=2)
    source = Source("main", url, programme=True)
    await Ingest(source, db=db, clock=Clock(), footage=Footage(objects), vault=MediaVault([secret])).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
