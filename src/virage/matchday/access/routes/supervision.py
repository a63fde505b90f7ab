"""Routes of supervisors: the board, and settings of gates, zones and entry."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.matchday.access.acts import venue_state as acts
from virage.matchday.access.acts.corrections import correct
from virage.matchday.access.acts.identity import set_identity_rule
from virage.matchday.access.reads.board import Boards
from virage.matchday.access.reads.history import PassHistory, PassMatch, find_passes, history
from virage.matchday.access.reads.identity import OfficeIdentityRule, office_identity_rule
from virage.matchday.access.rules.active import is_active
from virage.matchday.access.rules.board import Correction, CorrectionRequest, GateBoard
from virage.matchday.access.rules.decision import Window
from virage.matchday.access.rules.identity import IdentityContent
from virage.matchday.access.rules.overrides import supervises_gate
from virage.matchday.access.rules.venue_state import GROUPS_MAX, GateState
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused, invalid_input
from virage.platform.web.guard import Principal, holds, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, mount, post, put
from virage.site.programme import api as programme
from virage.site.programme.types import Event, Instant
from virage.site.venue.api import venue_at
from virage.site.venue.types import Venue, owner_of

QUERY_CHARS_MIN = 3
PASSES_MAX = 2**32
Code = Annotated[str, Meta(min_length=1, max_length=6)]


class GateUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a gate."""

    turnstile: bool = False
    closed: bool = False
    extra_groups: Annotated[list[Code], Meta(max_length=GROUPS_MAX)] = []


class ZoneUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a zone is full."""

    full: bool


class VenueEntryUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether entry is stopped at all gates."""

    closed: bool


class AccessWindowUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """Time window in which the passes of an accreditation may cross."""

    opens_at: Instant
    closes_at: Instant


class IdentityRuleUpdate(IdentityContent, frozen=True, forbid_unknown_fields=True):
    """The identity rule at the `revision` that the office saw; None for the first one."""

    revision: int | None = None


async def supervised(conn: Connection, event_id: UUID, principal: Principal) -> tuple[Event, Venue]:
    """Return the event and its venue for supervisors of these, of its organiser's events, or of its gates; else 404."""
    found = await programme.event(conn, event_id)
    if found is None or found.state != "published":
        raise Problem("not_found")
    venue = await venue_at(conn, found.venue_version)
    at_gates = any(
        grant.role == "supervisor" and grant.scope == "gate" and owner_of([venue], str(grant.scope_id)) is not None
        for grant in principal.grants
    )
    if not at_gates and not _supervises_whole(principal, found, venue):
        raise Problem("not_found")
    return found, venue


def _supervises_whole(principal: Principal, event: Event, venue: Venue) -> bool:
    within = (("organiser", event.organiser_id), ("venue", venue.code))
    return holds(principal, "supervisor", scope="event", scope_id=event.id, within=within)


async def whole(conn: Connection, event_id: UUID, principal: Principal) -> tuple[Event, Venue]:
    """Return the event and its venue for supervisors of all of it."""
    event, venue = await supervised(conn, event_id, principal)
    if not _supervises_whole(principal, event, venue):
        raise Problem("forbidden", {"role": "supervisor"})
    return event, venue


@put("/{event_id:uuid}/gates/{code:str}", status_code=204, guards=[staff("supervisor")])
async def put_gate(
    event_id: UUID, code: str, data: GateUpdate, *, db: Database, clock: Clock, principal: Principal
) -> None:
    """Set a gate. Supervisors of the gate or of its group may, too."""
    state = GateState(data.turnstile, data.closed, tuple(data.extra_groups))

    async def set_gate(conn: Connection) -> Refused | None:
        event, venue = await supervised(conn, event_id, principal)
        if code in venue.gate_by_code and not supervises_gate(principal, code, venue, event):
            return Refused("forbidden", {"role": "supervisor"})
        return await acts.set_gate(conn, event_id, venue, code, state, who=principal.id, now=clock.now())

    granted(await db.transact(set_gate))


@put("/{event_id:uuid}/zones/{code:str}", status_code=204, guards=[staff("supervisor")])
async def put_zone(
    event_id: UUID, code: str, data: ZoneUpdate, *, db: Database, clock: Clock, principal: Principal
) -> None:
    """Mark a zone (a stand or a standing area) as full or not full."""

    async def set_zone(conn: Connection) -> Refused | None:
        _, venue = await whole(conn, event_id, principal)
        return await acts.set_zone(conn, event_id, venue, code, full=data.full, who=principal.id, now=clock.now())

    granted(await db.transact(set_zone))


@put("/{event_id:uuid}/venue", status_code=204, guards=[staff("supervisor")])
async def put_entry_closed(
    event_id: UUID, data: VenueEntryUpdate, *, db: Database, clock: Clock, principal: Principal
) -> None:
    """Stop or resume entry at all gates of the venue."""
    async with db.transaction() as conn:
        await whole(conn, event_id, principal)
        await acts.set_entry_closed(conn, event_id, closed=data.closed, who=principal.id, now=clock.now())


@put("/{event_id:uuid}/windows/{code:str}", status_code=204, guards=[staff("supervisor")])
async def put_window(
    event_id: UUID, code: str, data: AccessWindowUpdate, *, db: Database, clock: Clock, principal: Principal
) -> None:
    """Set the access window of an accreditation's gate group."""

    async def set_window(conn: Connection) -> Refused | None:
        _, venue = await whole(conn, event_id, principal)
        window = Window(data.opens_at, data.closes_at)
        return await acts.set_window(conn, event_id, venue, code, window, who=principal.id, now=clock.now())

    granted(await db.transact(set_window))


@get("/{event_id:uuid}/identity", guards=[staff("supervisor")])
async def get_identity_rule(event_id: UUID, db: Database, principal: Principal) -> OfficeIdentityRule:
    """Get whose documents are checked at the gates of an event."""
    async with db.connection() as conn:
        event, _ = await supervised(conn, event_id, principal)
        return await office_identity_rule(conn, event)


@put("/{event_id:uuid}/identity", guards=[staff("supervisor")])
async def put_identity_rule(
    event_id: UUID, data: IdentityRuleUpdate, *, db: Database, clock: Clock, principal: Principal
) -> OfficeIdentityRule:
    """Set whose documents are checked at the gates of an event, and what happens to tickets without a name.

    409 `tickets_not_named` for an event whose tickets carry no names.
    """

    async def set_rule(conn: Connection) -> OfficeIdentityRule | Refused:
        event, _ = await whole(conn, event_id, principal)
        content = IdentityContent(data.share_percent, data.unnamed)
        rule = await set_identity_rule(conn, event, content, revision=data.revision, who=principal.id, now=clock.now())
        return rule if isinstance(rule, Refused) else await office_identity_rule(conn, event)

    return granted(await db.transact(set_rule))


@post("/{event_id:uuid}/corrections", status_code=200, guards=[staff("supervisor")])
async def post_correction(
    event_id: UUID, data: CorrectionRequest, *, db: Database, clock: Clock, principal: Principal
) -> Correction:
    """Correct the number of people in a zone. The same id again is the same correction."""

    async def write(conn: Connection) -> Correction | Refused:
        _, venue = await whole(conn, event_id, principal)
        request = Correction(data.id, event_id, data.zone, data.people, data.reason, clock.now(), principal.id)
        return await correct(conn, venue, request)

    return granted(await db.transact(write))


@get("/{event_id:uuid}", guards=[staff("supervisor")])
async def get_board(event_id: UUID, *, db: Database, gate_boards: Boards, principal: Principal) -> GateBoard:
    """Get the current board of an event."""
    async with db.connection() as conn:
        _, venue = await supervised(conn, event_id, principal)
    return await gate_boards.of(event_id, venue)


Wanted = Annotated[
    str, Meta(min_length=1, max_length=100, description="A pass's number, a name, an address or an order code")
]


@get("/{event_id:uuid}/passes", guards=[staff("supervisor")], rate="costly")
async def find_event_passes(
    event_id: UUID, q: Wanted, db: Database, clock: Clock, principal: Principal
) -> list[PassMatch]:
    """Find passes, for example of a person who was refused; 20 at most."""
    wanted = " ".join(q.split())
    if not wanted.isdigit() and len(wanted) < QUERY_CHARS_MIN:
        granted(invalid_input("q", "Three letters at least, or a number."))
    async with db.connection() as conn:
        venue = await _searched(conn, event_id, principal, clock.now())
        return await find_passes(conn, event_id, venue, wanted)


@get("/{event_id:uuid}/passes/{number:int}", guards=[staff("supervisor")], rate="costly")
async def get_history(event_id: UUID, number: int, db: Database, clock: Clock, principal: Principal) -> PassHistory:
    """Get the scans of a pass and their reasons."""
    async with db.connection() as conn:
        venue = await _searched(conn, event_id, principal, clock.now())
        found = await history(conn, event_id, venue, number) if 0 <= number < PASSES_MAX else None
    if found is None:
        raise Problem("not_found")
    return found


async def _searched(conn: Connection, event_id: UUID, principal: Principal, now: datetime) -> Venue:
    """Return the venue for those who may search: supervisors of the event, and of its gates while it is active."""
    event, venue = await supervised(conn, event_id, principal)
    if not is_active(event, now):
        await whole(conn, event_id, principal)
    return venue


router = mount(
    "/api/access/events",
    [
        put_gate,
        put_zone,
        put_entry_closed,
        put_window,
        get_identity_rule,
        put_identity_rule,
        post_correction,
        find_event_passes,
        get_history,
    ],
)
board_router = mount("/api/access/board", [get_board])
