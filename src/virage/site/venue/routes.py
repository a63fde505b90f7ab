"""The ground's door: which version is in use, its geometry, the labels of a block, and the ways in it today."""

from typing import Annotated, TypeVar

from msgspec import Meta, Struct

from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.caching import FOR_EVER
from virage.platform.web.guard import Principal, staff_of_venue
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Request, Response, get, mount, put
from virage.platform.web.static import takes_gzip
from virage.site.venue import acts, reads
from virage.site.venue.reads import Document, GroundSummary, LiftState, WayDelays
from virage.site.venue.rules import load_ground
from virage.site.venue.rules.geometry import BlockLabels, Geometry
from virage.site.venue.rules.ways import Entrance, Nearest, Way

Found = TypeVar("Found", Entrance, Way)


@get("/", public=True)
async def get_ground() -> GroundSummary:
    """The ground in short. Its version opens the geometry and the labels."""
    return reads.ground_summary()


@get(
    "/{version:str}/geometry",
    public=True,
    answer=Described(Geometry, description="Blocks, rows, standing areas, gates; integer centimetres"),
)
async def get_geometry(request: Request, version: str) -> Response[bytes]:
    """Everything needed to draw the ground. A version never changes, so this is kept for ever."""
    _require_version(version)
    return _answer(request, reads.geometry_document())


@get(
    "/{version:str}/labels/{block:str}",
    public=True,
    answer=Described(BlockLabels, description="Rows, seat numbers and features of a block"),
)
async def get_labels(request: Request, version: str, block: str) -> Response[bytes]:
    """Row names, seat numbers and features of one block. A version never changes, so this is kept for ever."""
    _require_version(version)
    document = reads.labels_document(block)
    if document is None:
        raise Problem("not_found", {"block": block})
    return _answer(request, document)


Place = Annotated[int, Meta(ge=0, description="A seat or a standing place, by its number")]
StepFree = Annotated[bool, Meta(description="Without stairs, but for those inside a block")]


class LiftWord(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says of a lift."""

    working: bool


@get("/way", public=True)
async def get_way_in(db: Database, way_delays: WayDelays, place: Place, *, step_free: StepFree = False) -> Entrance:
    """The quickest way from a ramp to a place, through which gate: what one waits there now counts.

    Lifts that are out of order are avoided.
    """
    _require_place(place)
    async with db.connection() as conn:
        today, delays_s = await reads.passable(conn, step_free=step_free), await way_delays(conn)
    return _open(await reads.way_in(place, today, delays_s), place)


@get("/nearest", public=True)
async def get_nearest(db: Database, place: Place, what: Nearest, *, step_free: StepFree = False) -> Way:
    """The quickest way from a place to the nearest outlet, toilets, first aid, information desk or exit."""
    _require_place(place)
    async with db.connection() as conn:
        today = await reads.passable(conn, step_free=step_free)
    return _open(await reads.way_to_nearest(place, what, today), place)


@get("/lifts", public=True)
async def list_lifts(db: Database) -> list[LiftState]:
    """All lifts, and which of them are out of order."""
    async with db.connection() as conn:
        return await reads.lifts(conn)


@put("/lifts/{code:str}", status_code=204, guards=[staff_of_venue("steward")])
async def put_lift(code: str, data: LiftWord, db: Database, clock: Clock, principal: Principal) -> None:
    """Say that a lift is out of order or works again. Whoever is a steward anywhere may: lifts serve all stands."""
    granted(await db.transact(acts.set_lift, code, principal.id, clock.now(), working=data.working))


def _require_version(version: str) -> None:
    if version != load_ground().version:
        raise Problem("not_found", {"version": version})


def _require_place(place: int) -> None:
    if place >= load_ground().places:
        raise Problem("not_found", {"place": place})


def _open(found: Found | None, place: int) -> Found:
    if found is None:
        raise Problem("no_way", {"place": place})
    return found


def _answer(request: Request, document: Document) -> Response[bytes]:
    headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
    if takes_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        return Response(document.gzipped, media_type="application/json", headers=headers)
    return Response(document.plain, media_type="application/json", headers=headers)


router = mount(
    "/api/ground",
    [get_ground, get_geometry, get_labels, get_way_in, get_nearest, list_lifts, put_lift],
)
