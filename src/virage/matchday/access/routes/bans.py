"""The doors of the two files of those who may not come in."""

from uuid import UUID

from msgspec import Struct

from virage.matchday.access.acts import bans as acts
from virage.matchday.access.reads import bans as reads
from virage.matchday.access.routes.supervising import supervised
from virage.matchday.access.rules.bans import Ban, BanList, BanWish, File, Hit
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, fresh, require, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import delete, get, mount, post

LIST_BYTES_MAX = 1_000_000


class BanFile(Struct, frozen=True):
    """The entries of one file that hold. `names` says who added them: persons that are known, by their ids."""

    file: File
    bans: list[Ban]
    names: dict[UUID, str]


def file_of(name: str) -> File:
    """The file of an address, or 404."""
    for file in reads.FILES:
        if file == name:
            return file
    raise Problem("not_found")


@get("/bans/{file:str}", guards=[staff("supervisor")])
async def list_bans(file: str, *, db: Database, clock: Clock, principal: Principal) -> BanFile:
    """The entries of the national or of the club's own file. Whoever supervises the whole ground sees them."""
    require(principal, "supervisor")
    wanted = file_of(file)
    async with db.connection() as conn:
        bans = await reads.bans(conn, wanted, clock.now())
        return BanFile(wanted, bans, await reads.adders(conn, bans))


@post("/bans/{file:str}", status_code=200, guards=[staff("supervisor")])
async def add_ban(file: str, data: BanWish, *, db: Database, clock: Clock, principal: Principal) -> Ban:
    """Add an entry to a file. It ends by itself; the same id again is the same entry."""
    require(principal, "supervisor")
    fresh(principal, clock.now())
    wanted = file_of(file)
    (ban,) = granted(await db.transact(acts.add_bans, wanted, [data], who=principal.id, now=clock.now()))
    return ban


@post(
    "/bans/{file:str}/list",
    status_code=200,
    guards=[staff("supervisor")],
    rate="costly",
    body_bytes_max=LIST_BYTES_MAX,
)
async def add_bans(file: str, data: BanList, *, db: Database, clock: Clock, principal: Principal) -> list[Ban]:
    """Add many entries to a file: all or none. Refused, it names every defect by the `index` in the list."""
    require(principal, "supervisor")
    fresh(principal, clock.now())
    wanted = file_of(file)
    return granted(await db.transact(acts.add_bans, wanted, data.bans, who=principal.id, now=clock.now()))


@delete("/bans/{file:str}/{ban_id:uuid}", status_code=204, guards=[staff("supervisor")])
async def lift_ban(file: str, ban_id: UUID, *, db: Database, clock: Clock, principal: Principal) -> None:
    """Lift an entry: what it said is erased."""
    require(principal, "supervisor")
    fresh(principal, clock.now())
    wanted = file_of(file)
    granted(await db.transact(acts.lift_ban, wanted, ban_id, who=principal.id, now=clock.now()))


@get("/hits/{event_id:uuid}", guards=[staff("supervisor")])
async def list_hits(event_id: UUID, *, db: Database, principal: Principal) -> list[Hit]:
    """Who came to a gate with a pass that an entry met: for the supervisor who was called."""
    async with db.connection() as conn:
        await supervised(conn, event_id, principal)
        return await reads.hits(conn, event_id)


router = mount("/api/access", [list_bans, add_ban, add_bans, lift_ban, list_hits])
