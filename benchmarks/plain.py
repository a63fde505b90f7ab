"""The server as in production, with one bare route beside it: what every figure of the sale is measured against."""

import sys
from collections.abc import Sequence
from typing import Any

from litestar import Litestar, Router, post
from litestar.types import ControllerRouterHandler

from virage.app import building
from virage.app import web as worker
from virage.app.application import create_app
from virage.platform.data.database import Database

TARGET = "benchmarks.plain:web"
GUARDED = "update bench.counter set n = n + 1 where id = $1 and n >= 0"


@post("/{row:str}", status_code=200, opt={"public": True}, include_in_schema=False)
async def count(row: str, db: Database) -> dict[str, int]:
    """One guarded one-row update in a transaction of its own, on the direct way to its handler, as an order's are."""
    async with db.transaction() as conn:
        done = await conn.execute(GUARDED, int(row))
    return {"updated": int(done.rpartition(" ")[2])}


plain = Router("/api/plain", route_handlers=[count])


def _with_plain(routers: Sequence[ControllerRouterHandler], **options: Any) -> Litestar:
    return create_app([plain, *routers], **options)


vars(building)["create_app"] = _with_plain  # the same application, one route more
web = worker.web


def serve() -> None:
    """`virage serve` of this application."""
    from virage.cli import serving  # noqa: PLC0415 - the workers do not need it

    server = serving._Server  # noqa: SLF001 - the same server, another application
    serving._Server = lambda _target, **options: server(TARGET, **options)  # type: ignore[assignment,misc]  # noqa: SLF001 - as above
    serving.serve(int(sys.argv[1]))


if __name__ == "__main__":
    serve()
