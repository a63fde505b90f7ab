"""Routes of the venue: summary, geometry, labels, directions and lifts."""

from typing import Annotated, TypeVar
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.web.caching import FOR_EVER
from virage.platform.web.guard import Principal, holds_at_venue, staff_of_venue
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Request, Response, get, mount, put
from virage.platform.web.static import takes_gzip
from virage.site.venue import acts, reads
from virage.site.venue.reads import ClosedGates, Document, EventVersion, LiftState, QueueDelays, VenueSummary
from virage.site.venue.rules.geometry import BlockLabels, Geometry
from virage.site.venue.rules.routing import Entrance, Nearest, Route
from virage.site.venue.rules.venue import Venue, owner_of

Found = TypeVar("Found", Entrance, Route)


Version = Annotated[
    str | None,
    Meta(description="Version of the venue; if it is left out, that of the event, else that of the first venue"),
]
OfEvent = Annotated[UUID | None, Meta(description="An event: what is closed for it is avoided")]
Place = Annotated[int, Meta(ge=0, description="A seat or a standing place, by its number")]
StepFree = Annotated[bool, Meta(description="Without stairs, except those inside a block")]


@get("/", public=True)
async def list_venues(db: Database) -> list[VenueSummary]:
    """Return every venue with its current version, which addresses its geometry and labels."""
    async with db.connection() as conn:
        return [reads.summary_of(venue) for venue in await reads.venues(conn)]


@get("/", public=True)
async def get_venue(db: Database) -> VenueSummary:
    """Return the first venue of the deployment with its current version."""
    async with db.connection() as conn:
        return reads.summary_of(await _venue_at(conn, None))


@get("/{version:str}", public=True)
async def get_version(db: Database, version: str) -> VenueSummary:
    """Return a version of a venue."""
    async with db.connection() as conn:
        return reads.summary_of(await _venue_at(conn, version))


@get(
    "/{version:str}/geometry",
    public=True,
    answer=Described(Geometry, description="Blocks, rows, standing areas, gates; integer centimetres"),
)
async def get_geometry(request: Request, db: Database, version: str) -> Response[bytes]:
    """Return everything needed to draw the venue. A version never changes, so clients cache this for ever."""
    async with db.connection() as conn:
        venue = await _venue_at(conn, version)
    return _answer(request, reads.geometry_document(venue))


@get(
    "/{version:str}/labels/{block:str}",
    public=True,
    answer=Described(BlockLabels, description="Rows, seat numbers and features of a block"),
)
async def get_labels(request: Request, db: Database, version: str, block: str) -> Response[bytes]:
    """Return row names, seat numbers and features of a block. Clients cache this for ever."""
    async with db.connection() as conn:
        document = reads.labels_document(await _venue_at(conn, version), block)
    if document is None:
        raise Problem("not_found", {"block": block})
    return _answer(request, document)


class LiftUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """New state of a lift."""

    working: bool


@get("/route", public=True)
async def get_route(
    db: Database,
    queue_delays: QueueDelays,
    event_version: EventVersion,
    closed_gates: ClosedGates,
    place: Place,
    *,
    step_free: StepFree = False,
    version: Version = None,
    event: OfEvent = None,
) -> Entrance:
    """Return the quickest route from a ramp through a gate to a place, including current waits.

    Lifts that are out of order are avoided, and lifts, gates and outlets that are closed for the event.
    """
    async with db.connection() as conn:
        venue = await _venue_for(conn, event_version, version, event)
        _require_place(venue, place)
        today = await _today(conn, closed_gates, event, step_free=step_free)
        delays_s = await queue_delays(conn)
    return _open(await reads.route_to_place(venue, place, today, delays_s), place)


@get("/nearest", public=True)
async def get_nearest(
    db: Database,
    event_version: EventVersion,
    closed_gates: ClosedGates,
    place: Place,
    kind: Nearest,
    *,
    step_free: StepFree = False,
    version: Version = None,
    event: OfEvent = None,
) -> Route:
    """Return the quickest route from a place to the nearest outlet, toilets, first aid, information desk or exit.

    It avoids what is closed as `/route` does.
    """
    async with db.connection() as conn:
        venue = await _venue_for(conn, event_version, version, event)
        _require_place(venue, place)
        today = await _today(conn, closed_gates, event, step_free=step_free)
    return _open(await reads.route_to_nearest(venue, place, kind, today), place)


@get("/lifts", public=True)
async def list_lifts(db: Database) -> list[LiftState]:
    """Return all lifts, with those out of order."""
    async with db.connection() as conn:
        return await reads.lifts(conn)


@put("/lifts/{code:str}", status_code=204, guards=[staff_of_venue("steward")])
async def put_lift(code: str, data: LiftUpdate, db: Database, clock: Clock, principal: Principal) -> None:
    """Report a lift as out of order or working. Any steward of its venue may, as lifts serve all stands."""
    async with db.connection() as conn:
        venue = owner_of(await reads.venues(conn), code)
    if venue is not None and not holds_at_venue(principal, "steward", venue=venue.code, prefix=venue.prefix):
        raise Problem("forbidden", {"role": "steward"})
    granted(await db.transact(acts.set_lift, code, principal.id, clock.now(), working=data.working))


async def _today(
    conn: Connection, closed_gates: ClosedGates, event: UUID | None, *, step_free: bool
) -> reads.RouteOptions:
    """Return how a route is found now: without lifts that are out of order, and what is closed for the event."""
    today = await reads.route_options(conn, step_free=step_free, event_id=event)
    if event is None:
        return today
    gates = {f"gate:{code}" for code in await closed_gates(conn, event)}
    return replace(today, closed=today.closed | gates)


async def _venue_for(conn: Connection, event_version: EventVersion, version: str | None, event: UUID | None) -> Venue:
    """Return the named version of a venue, else that of the event. Raises `not_found` if there is none.

    A phone names the version that numbers its place: the event may have moved to another one meanwhile.
    """
    of_event = None if event is None else await event_version(conn, event)
    if event is not None and of_event is None:
        raise Problem("not_found", {"event": str(event)})
    return await _venue_at(conn, version or of_event)


async def _venue_at(conn: Connection, version: str | None) -> Venue:
    """Return a version of a venue, or the current one of the first venue. Raises `not_found` if there is none."""
    if version is None:
        found = await reads.venues(conn)
        if not found:
            raise Problem("not_found")
        return found[0]
    try:
        return await reads.venue_at(conn, version)
    except LookupError:
        raise Problem("not_found", {"version": version}) from None


def _require_place(venue: Venue, place: int) -> None:
    if place >= venue.places:
        raise Problem("not_found", {"place": place})


def _open(found: Found | None, place: int) -> Found:
    if found is None:
        raise Problem("no_route", {"place": place})
    return found


def _answer(request: Request, document: Document) -> Response[bytes]:
    headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
    if takes_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        return Response(document.gzipped, media_type="application/json", headers=headers)
    return Response(document.plain, media_type="application/json", headers=headers)


router = mount(
    "/api/venue",
    [get_venue, get_route, get_nearest, list_lifts, put_lift, get_version, get_geometry, get_labels],
)
list_router = mount("/api/venues", [list_venues])
