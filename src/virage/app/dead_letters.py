"""Dead letters for the office: jobs that failed for good, requeued or deleted by an administrator.

Who did it to which jobs stands in the journal, about themselves: a job has a number, and no id that outlives it.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from virage.platform.data import journal, queue
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Fact
from virage.platform.data.queue import DeadLetter
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require, staff
from virage.platform.web.routing import get, mount, post

LETTERS_MAX = 100


class Letters(Struct, frozen=True, forbid_unknown_fields=True):
    """The ids of dead letters."""

    ids: Annotated[list[Annotated[int, Meta(ge=0, le=2**63 - 1)]], Meta(min_length=1, max_length=LETTERS_MAX)]


class Moved(Struct, frozen=True):
    """The number of dead letters that still existed."""

    count: int


@get("/", guards=[staff("admin")])
async def list_dead_letters(db: Database, principal: Principal) -> list[DeadLetter]:
    """The jobs that failed for good, latest first, at most 100."""
    require(principal, "admin")
    async with db.connection() as conn:
        return await queue.dead_letters(conn, LETTERS_MAX)


@post("/requeue", status_code=200, guards=[staff("admin")])
async def requeue_dead_letters(data: Letters, db: Database, clock: Clock, principal: Principal) -> Moved:
    """Requeue dead letters, with all their attempts."""
    require(principal, "admin")
    async with db.transaction() as conn:
        moved = await queue.requeue(conn, data.ids)
        await _note(conn, "dead_letters_requeued", principal, moved, clock)
    return Moved(len(moved))


@post("/drop", status_code=200, guards=[staff("admin")])
async def drop_dead_letters(data: Letters, db: Database, clock: Clock, principal: Principal) -> Moved:
    """Delete dead letters."""
    require(principal, "admin")
    async with db.transaction() as conn:
        moved = await queue.drop_dead_letters(conn, data.ids)
        await _note(conn, "dead_letters_dropped", principal, moved, clock)
    return Moved(len(moved))


async def _note(conn: Connection, what: str, principal: Principal, jobs: Sequence[int], clock: Clock) -> None:
    if jobs and principal.id is not None:
        await journal.append(conn, [Fact(what, principal.id, principal.id, {"jobs": list(jobs)})], clock.now())


router = mount("/api/office/dead-letters", [list_dead_letters, requeue_dead_letters, drop_dead_letters])
