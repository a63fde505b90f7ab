"""A bare ASGI application on Granian: one guarded one-row update a request, in a transaction of its
own.

It shows what the machine, the server and the database can do, and every figure is reported beside
it. It imports nothing of Virage, and it never changes, so that figures of different years can be
compared.

    PLAIN_DATABASE_URL=... PLAIN_PORT=... python -m benchmarks.plain WORKERS
"""

import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops

GUARDED = "update bench.counter set n = n + 1 where id = $1 and n >= 0"
CONNECTIONS = 10

_kept: dict[str, Any] = {}


async def plain(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Respond to `POST /{row}` with the number of updated rows."""
    if scope["type"] == "lifespan":
        await receive()
        url = os.environ["PLAIN_DATABASE_URL"]
        _kept["pool"] = await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await _kept["pool"].close()
        await send({"type": "lifespan.shutdown.complete"})
        return
    async with _kept["pool"].acquire() as connection, connection.transaction():
        done = await connection.execute(GUARDED, int(scope["path"].rpartition("/")[2]))
    body = b'{"updated":%d}' % int(done.rpartition(" ")[2])
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


if __name__ == "__main__":
    Granian(
        "benchmarks.plain:plain",
        address="127.0.0.1",
        port=int(os.environ["PLAIN_PORT"]),
        interface=Interfaces.ASGI,
        workers=int(sys.argv[1]),
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    ).serve()
