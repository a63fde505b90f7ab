"""Routes of the two files of bans."""

from uuid import UUID

from msgspec import Struct

from virage.matchday.access.acts import bans as acts
from virage.matchday.access.reads import bans as reads
from virage.matchday.access.reads.bans import BanReviewView
from virage.matchday.access.routes.supervision import supervised
from virage.matchday.access.rules.bans import FILES, Ban, BanHit, BanListRequest, BanRequest, File
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, fresh, require, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import delete, get, mount, post

LIST_BYTES_MAX = 1_000_000


class BanFile(Struct, frozen=True):
    """Bans of one file in force. `added_by_names` are their authors by id."""

    file: File
    bans: list[Ban]
    added_by_names: dict[UUID, str]


class BanDecision(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a person may get the ticket of a transfer despite the bans that they match."""

    allow: bool


def file_of(name: str) -> File:
    """Return the file of a path, or 404."""
    for file in FILES:
        if file == name:
            return file
    raise Problem("not_found")


@get("/bans/{file:str}", guards=[staff("supervisor")])
async def list_bans(file: str, *, db: Database, clock: Clock, principal: Principal) -> BanFile:
    """List the bans of the national or the club's file, for supervisors of the whole venue."""
    require(principal, "supervisor")
    wanted = file_of(file)
    async with db.connection() as conn:
        bans = await reads.bans(conn, wanted, clock.now())
        return BanFile(wanted, bans, await reads.names_of_adders(conn, bans))


@post("/bans/{file:str}", status_code=200, guards=[staff("supervisor")])
async def add_ban(file: str, data: BanRequest, *, db: Database, clock: Clock, principal: Principal) -> Ban:
    """Add a ban to a file. It ends automatically; the same id again is the same ban."""
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
async def add_bans(file: str, data: BanListRequest, *, db: Database, clock: Clock, principal: Principal) -> list[Ban]:
    """Add many bans to a file: all or none. A refusal names every error by `index` in the list."""
    require(principal, "supervisor")
    fresh(principal, clock.now())
    wanted = file_of(file)
    return granted(await db.transact(acts.add_bans, wanted, data.bans, who=principal.id, now=clock.now()))


@delete("/bans/{file:str}/{ban_id:uuid}", status_code=204, guards=[staff("supervisor")])
async def lift_ban(file: str, ban_id: UUID, *, db: Database, clock: Clock, principal: Principal) -> None:
    """Lift a ban and erase its personal data."""
    require(principal, "supervisor")
    fresh(principal, clock.now())
    wanted = file_of(file)
    granted(await db.transact(acts.lift_ban, wanted, ban_id, who=principal.id, now=clock.now()))


@get("/hits/{event_id:uuid}", guards=[staff("supervisor")])
async def list_hits(event_id: UUID, *, db: Database, principal: Principal) -> list[BanHit]:
    """List scans of passes that matched a ban, for the supervisor who was called."""
    async with db.connection() as conn:
        _, venue = await supervised(conn, event_id, principal)
        return await reads.hits(conn, event_id, venue)


@get("/ban-reviews", guards=[staff("supervisor")])
async def list_ban_reviews(db: Database, principal: Principal) -> list[BanReviewView]:
    """List the people who match a ban and would get a ticket by a transfer, for supervisors of the whole venue."""
    require(principal, "supervisor")
    async with db.connection() as conn:
        return await reads.reviews(conn)


@post("/ban-reviews/{subject_id:uuid}/{person_id:uuid}", status_code=204, guards=[staff("supervisor")])
async def decide_ban_review(
    subject_id: UUID, person_id: UUID, data: BanDecision, *, db: Database, clock: Clock, principal: Principal
) -> None:
    """Decide about a match. If it is allowed, the person can accept the transfer, or another of the same tickets."""
    require(principal, "supervisor")
    now = clock.now()
    fresh(principal, now)
    granted(await db.transact(acts.decide, subject_id, person_id, allow=data.allow, who=principal.id, now=now))


router = mount("/api/access", [list_bans, add_ban, add_bans, lift_ban, list_hits, list_ban_reviews, decide_ban_review])
