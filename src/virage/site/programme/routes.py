"""Public and office routes of the programme."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.platform.data.batching import Batcher, Overloaded
from virage.platform.data.database import Connection, Database, Unavailable
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant, Principal, Role, fresh, holds, require, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, get, mount, post, put
from virage.site.programme import acts, reads
from virage.site.programme.acts import EventCancelled, EventMoved
from virage.site.programme.reads import EventListing, OfficeEvent, PublicEvent
from virage.site.programme.rules import Event, EventContent, NewEvent, Organiser, Revision, Series

ROLE: Role = "programme"
READERS: tuple[Role, ...] = ("programme", "box_office", "finance")
EVENT_READERS: tuple[Role, ...] = (*READERS, "supervisor")

EventBoard = Batcher[datetime, bytes]
EventFinder = Batcher[UUID, Event | None]


class Amendment(EventContent, frozen=True, kw_only=True):
    """New content of an event; with `revision`, only if it was not amended since."""

    revision: Revision | None = None


@get("/", public=True, answer=Described(EventListing, description="Published events to come"))
async def list_events(clock: Clock, event_board: EventBoard) -> Response[bytes]:
    """Return published events that are not over, by start."""
    body = await event_board.submit(clock.now())
    return Response(body, media_type="application/json", headers={"cache-control": "no-cache"})


@get("/{event_id:uuid}", public=True)
async def get_event(event_id: UUID, clock: Clock, event_finder: EventFinder) -> PublicEvent:
    """Return an event that is or was public, including cancelled ones."""
    found = await event_finder.submit(event_id)
    if found is None:
        raise Problem("not_found")
    return reads.public_view(found, clock.now())


async def has_page(finder: EventFinder, event_id: str) -> bool:
    """Return whether an event has a page; true while the database is down, as the page shows the error."""
    try:
        return await finder.submit(UUID(event_id)) is not None
    except ValueError:
        return False
    except (Overloaded, Unavailable):
        return True


@get("/events", guards=[staff(*EVENT_READERS)])
async def list_office_events(db: Database, clock: Clock, principal: Principal, config: Config) -> list[OfficeEvent]:
    """Return all events within the caller's roles, in any state, the latest start first; at most 500."""
    async with db.connection() as conn:
        organiser_ids = _organisers_of(principal, *EVENT_READERS)
        venue_codes = [str(grant.scope_id) for grant in _grants(principal, "venue", *EVENT_READERS)]
        event_ids = _events_of(principal)
        return await reads.office_events(
            conn, organiser_ids, event_ids, venue_codes, now=clock.now(), languages=config.languages
        )


@get("/events/{event_id:uuid}", guards=[staff(*EVENT_READERS)])
async def get_office_event(
    event_id: UUID, db: Database, clock: Clock, principal: Principal, config: Config
) -> OfficeEvent:
    """Return an event in any state."""
    async with db.connection() as conn:
        return reads.office_view(
            granted(await reads.event_within(conn, event_id, principal, *EVENT_READERS)), clock.now(), config.languages
        )


@post("/events", guards=[staff(ROLE)])
async def create_event(data: NewEvent, db: Database, clock: Clock, principal: Principal, config: Config) -> OfficeEvent:
    """Create a draft. The client makes the id: a repeated request returns the same event."""
    require(principal, ROLE, scope="organiser", scope_id=data.organiser_id)
    now = clock.now()
    return reads.office_view(granted(await db.transact(acts.create, data, principal.id, now)), now, config.languages)


@put("/events/{event_id:uuid}", guards=[staff(ROLE)])
async def amend_event(
    event_id: UUID,
    data: Amendment,
    *,
    db: Database,
    clock: Clock,
    principal: Principal,
    config: Config,
    event_moved: Sequence[EventMoved],
) -> OfficeEvent:
    """Replace the content of a draft, or of a published event that stays complete."""
    now = clock.now()

    async def amend(conn: Connection) -> Event | Refused:
        event = await reads.event_within(conn, event_id, principal, ROLE)
        if isinstance(event, Refused):
            return event
        return await acts.amend(
            conn,
            event_id,
            data,
            principal.id,
            now,
            revision=data.revision,
            moved=event_moved,
            languages=config.languages,
        )

    return reads.office_view(granted(await db.transact(amend)), now, config.languages)


@post("/events/{event_id:uuid}/publish", status_code=200, guards=[staff(ROLE)])
async def publish_event(
    event_id: UUID, db: Database, clock: Clock, principal: Principal, config: Config
) -> OfficeEvent:
    """Publish an event; refused with `event_incomplete` and its defects while anything is missing."""
    now = clock.now()

    async def publish(conn: Connection) -> Event | Refused:
        event = await reads.event_within(conn, event_id, principal, ROLE)
        if isinstance(event, Refused):
            return event
        return await acts.publish(conn, event_id, principal.id, now, languages=config.languages)

    return reads.office_view(granted(await db.transact(publish)), now, config.languages)


@post("/events/{event_id:uuid}/cancel", status_code=200, guards=[staff(ROLE)])
async def cancel_event(
    event_id: UUID,
    *,
    db: Database,
    clock: Clock,
    principal: Principal,
    config: Config,
    event_cancelled: Sequence[EventCancelled],
) -> OfficeEvent:
    """Cancel an event permanently; its tickets are refunded. Needs a sign-in of the last 15 minutes."""
    now = clock.now()

    async def cancel(conn: Connection) -> Event | Refused:
        event = await reads.event_within(conn, event_id, principal, ROLE)
        if isinstance(event, Refused):
            return event
        fresh(principal, now)
        return await acts.cancel(conn, event_id, principal.id, now, event_cancelled)

    return reads.office_view(granted(await db.transact(cancel)), now, config.languages)


@get("/organisers", guards=[staff(*READERS)])
async def list_organisers(db: Database, principal: Principal) -> list[Organiser]:
    """Return the organisers within the caller's roles; at most 500."""
    async with db.connection() as conn:
        return await reads.organisers(conn, _organisers_of(principal, *READERS))


@post("/organisers", guards=[staff(ROLE)])
async def add_organiser(data: Organiser, db: Database, clock: Clock, principal: Principal) -> Organiser:
    """Add an organiser. The client makes the id: a repeated request returns the same organiser."""
    require(principal, ROLE)
    return granted(await db.transact(acts.add_organiser, data, principal.id, clock.now()))


@get("/series", guards=[staff(*READERS)])
async def list_series(db: Database, principal: Principal) -> list[Series]:
    """Return tournaments and seasons within the caller's roles, the newest first."""
    async with db.connection() as conn:
        return await reads.series(conn, _organisers_of(principal, *READERS))


@post("/series", guards=[staff(ROLE)])
async def add_series(data: Series, db: Database, clock: Clock, principal: Principal) -> Series:
    """Add a tournament or season. The client makes the id: a repeated request returns the same series."""
    require(principal, ROLE, scope="organiser", scope_id=data.organiser_id)
    return granted(await db.transact(acts.add_series, data, principal.id, clock.now()))


def _organisers_of(principal: Principal, *roles: str) -> list[UUID] | None:
    """Return the organisers that the roles cover; None means all."""
    if any(holds(principal, role) for role in roles):
        return None
    return _scoped(principal, "organiser", *roles)


def _events_of(principal: Principal) -> list[UUID]:
    return _scoped(principal, "event", *EVENT_READERS)


def _scoped(principal: Principal, scope: str, *roles: str) -> list[UUID]:
    return [UUID(str(grant.scope_id)) for grant in _grants(principal, scope, *roles)]


def _grants(principal: Principal, scope: str, *roles: str) -> list[Grant]:
    wanted = {*roles, "admin"}
    return [grant for grant in principal.grants if grant.role in wanted and grant.scope == scope]


public_router = mount("/api/events", [list_events, get_event])
office_router = mount(
    "/api/office",
    [
        list_office_events,
        get_office_event,
        create_event,
        amend_event,
        publish_event,
        cancel_event,
        list_organisers,
        add_organiser,
        list_series,
        add_series,
    ],
)
