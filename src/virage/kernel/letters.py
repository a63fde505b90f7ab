"""Dead letters for the office: jobs that failed for good, put back to work or given up by an administrator of all."""

from typing import Annotated

from litestar import Router, get, post
from msgspec import Meta, Struct

from virage.kernel import queue
from virage.kernel.database import Database
from virage.kernel.guard import Principal, require, staff
from virage.kernel.queue import DeadLetter

LETTERS_MAX = 100


class Letters(Struct, frozen=True, forbid_unknown_fields=True):
    """Which dead letters are meant."""

    ids: Annotated[list[Annotated[int, Meta(ge=0, le=2**63 - 1)]], Meta(min_length=1, max_length=LETTERS_MAX)]


class Moved(Struct, frozen=True):
    """How many of them were still there."""

    count: int


@get("/", guards=[staff("admin")])
async def list_dead_letters(db: Database, principal: Principal) -> list[DeadLetter]:
    """The jobs that failed for good, the latest first, at most 100."""
    require(principal, "admin")
    async with db.connection() as conn:
        return await queue.dead_letters(conn, LETTERS_MAX)


@post("/requeue", status_code=200, guards=[staff("admin")])
async def requeue_dead_letters(data: Letters, db: Database, principal: Principal) -> Moved:
    """Put dead letters back to work, with all their attempts."""
    require(principal, "admin")
    async with db.transaction() as conn:
        return Moved(await queue.requeue(conn, data.ids))


@post("/drop", status_code=200, guards=[staff("admin")])
async def drop_dead_letters(data: Letters, db: Database, principal: Principal) -> Moved:
    """Give dead letters up for good."""
    require(principal, "admin")
    async with db.transaction() as conn:
        return Moved(await queue.drop_dead_letters(conn, data.ids))


router = Router("/api/office/dead-letters", route_handlers=[list_dead_letters, requeue_dead_letters, drop_dead_letters])
