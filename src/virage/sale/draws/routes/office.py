"""Office routes of draws, within the scope of a role: set up, the steps, and the entries."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused, invalid_input
from virage.platform.web.guard import Principal, Role, fresh, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, get, post, put
from virage.sale.draws.acts import drawing, setup
from virage.sale.draws.acts.setup import DrawKeys, DrawStep
from virage.sale.draws.reads.office import OfficeDrawPage, OfficeEntries, entries_table, office_draw, office_entries
from virage.sale.draws.rules.setup import content_of
from virage.sale.draws.rules.terms import Draw, DrawContent
from virage.sale.draws.store import draws as store
from virage.site.programme import api as programme
from virage.site.programme.types import Event

SELLERS: tuple[Role, ...] = ("box_office", "finance", "programme")


class DrawUpdate(DrawContent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draw to create, whose `id` the client makes, or its new content at the `revision` that the office saw."""

    id: UUID
    revision: int | None = None


@get("/events/{event_id:uuid}/draw", guards=[staff(*SELLERS)])
async def get_office_draw(event_id: UUID, db: Database, principal: Principal) -> OfficeDrawPage:
    """Return the draw of an event with its categories, wishes and results."""
    async with db.connection() as conn:
        event = granted(await programme.event_within(conn, event_id, principal, *SELLERS))
        return await office_draw(conn, event)


@put("/events/{event_id:uuid}/draw", guards=[staff("programme")])
async def put_draw(
    event_id: UUID, data: DrawUpdate, *, db: Database, clock: Clock, principal: Principal
) -> OfficeDrawPage:
    """Create the draw of an event, or change it before it opens. Needs a sign-in of the last 15 minutes."""
    now = clock.now()

    async def store_draw(conn: Connection) -> Event | Refused:
        event = await programme.event_within(conn, event_id, principal, "programme")
        if isinstance(event, Refused):
            return event
        fresh(principal, now)
        stored = await setup.set_draw(
            conn, data.id, event, content_of(data), revision=data.revision, who=principal.id, now=now
        )
        return stored if isinstance(stored, Refused) else event

    event = granted(await db.transact(store_draw))
    async with db.connection() as conn:
        return await office_draw(conn, event)


@post("/events/{event_id:uuid}/draw/steps", status_code=200, guards=[staff("programme")])
async def step_draw(
    event_id: UUID, data: DrawStep, *, db: Database, clock: Clock, draw_keys: DrawKeys, principal: Principal
) -> OfficeDrawPage:
    """Open, close, make or cancel the draw of an event, or give its public value.

    A repeated step changes nothing. Needs a sign-in of the last 15 minutes.
    """
    now = clock.now()
    async with db.connection() as conn:
        event = granted(await programme.event_within(conn, event_id, principal, "programme"))
        draw = await store.draw_of_event(conn, event_id)
    if draw is None:
        raise Problem("not_found")
    fresh(principal, now)
    outcome: Draw | Refused
    if data.step == "open":
        outcome = await db.transact(setup.open_draw, draw_keys, draw.id, data.revision, who=principal.id, now=now)
    elif data.step == "close":
        outcome = await db.transact(setup.close_draw, draw.id, data.revision, who=principal.id, now=now)
    elif data.step == "cancel":
        outcome = await db.transact(setup.cancel_draw, draw.id, data.revision, who=principal.id, now=now)
    elif data.step == "draw":
        outcome = await drawing.make(db, draw_keys, draw.id, data.revision, who=principal.id, clock=clock)
    elif data.public_value is None:
        outcome = invalid_input("public_value", "This step gives the public value.")
    else:
        outcome = await db.transact(
            setup.set_public_value, draw.id, data.public_value, data.revision, who=principal.id, now=now
        )
    granted(outcome)
    async with db.connection() as conn:
        return await office_draw(conn, event)


@get("/events/{event_id:uuid}/draw/entries", guards=[staff(*SELLERS)])
async def list_draw_entries(
    event_id: UUID,
    *,
    db: Database,
    principal: Principal,
    after: Annotated[int, Meta(ge=-1)] = -1,
    after_code: Annotated[str, Meta(max_length=20)] = "",
) -> OfficeEntries:
    """Return entries in the order of the draw, 100 at a time; before the draw, in the order of their codes."""
    async with db.connection() as conn:
        granted(await programme.event_within(conn, event_id, principal, *SELLERS))
        draw = await store.draw_of_event(conn, event_id)
        return (
            OfficeEntries([], more=False) if draw is None else await office_entries(conn, draw.id, (after, after_code))
        )


@get(
    "/events/{event_id:uuid}/draw/entries.csv",
    guards=[staff(*SELLERS)],
    answer=Described(bytes, description="All entries of the draw", media_type="text/csv"),
)
async def get_draw_entries_csv(event_id: UUID, db: Database, principal: Principal) -> Response[bytes]:
    """Return all entries of the draw as CSV, in its order."""
    async with db.connection() as conn:
        granted(await programme.event_within(conn, event_id, principal, *SELLERS))
        draw = await store.draw_of_event(conn, event_id)
        if draw is None:
            raise Problem("not_found")
        table = await entries_table(conn, draw.id)
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="draw-{event_id}.csv"'}
    return Response(table, media_type="text/csv", headers=headers)
