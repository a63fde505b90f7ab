"""Office routes of unmatched items."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.money.payments.types import Assignment
from virage.money.settlement.acts import items as acts
from virage.money.settlement.reads.views import ItemLine, item_lines
from virage.money.settlement.rules.items import Ending, Item, Resolution
from virage.money.settlement.store import items as store
from virage.money.settlement.store.items import Note
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import get, mount, post, put
from virage.platform.web.scopes import over_the_house

ROLES: Final[tuple[Role, ...]] = ("finance",)
ITEMS_MAX: Final = 200
Text = Annotated[str, Meta(max_length=2_000)]


class NewNote(Struct, frozen=True, forbid_unknown_fields=True):
    """Note to store. The browser creates `id`, so a repeated request is one note."""

    id: UUID
    text: Text


class ResolutionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """How an item is resolved. `matched_to` names a payment, a payout or a bank line."""

    resolution: Resolution
    note_id: UUID
    note: Text = ""
    matched_to: Annotated[str, Meta(max_length=200)] | None = None


@get("/items", guards=[staff(*ROLES)])
async def list_items(
    db: Database,
    clock: Clock,
    principal: Principal,
    *,
    resolved: Annotated[bool, Meta(description="Resolved items instead of open ones")] = False,
) -> list[ItemLine]:
    """Return open items, the longest open first, or resolved ones, the latest first; at most 200."""
    over_the_house(principal, ROLES)
    async with db.connection() as conn:
        if resolved:
            found = await store.resolved_items(conn, clock.now() + timedelta(days=1), ITEMS_MAX)
        else:
            found = await store.open_items(conn, ITEMS_MAX)
        return await item_lines(conn, found)


@put("/items/{item_id:uuid}/assignee", guards=[staff(*ROLES)])
async def put_item_assignee(
    item_id: UUID, data: Assignment, db: Database, clock: Clock, principal: Principal
) -> ItemLine:
    """Take over an open item, or release it. Idempotent."""
    over_the_house(principal, ROLES)
    assignee = principal.id if data.mine else None
    return await _shown(db, granted(await db.transact(acts.assign, item_id, assignee, principal.id, clock.now())))


@post("/items/{item_id:uuid}/notes", status_code=200, guards=[staff(*ROLES)])
async def add_item_note(item_id: UUID, data: NewNote, db: Database, clock: Clock, principal: Principal) -> ItemLine:
    """Add a note to an item; `note_missing` for an empty one. Idempotent by its id."""
    over_the_house(principal, ROLES)
    note = Note(data.id, item_id, _person(principal), clock.now(), data.text)
    return await _shown(db, granted(await db.transact(acts.add_note, note)))


@put("/items/{item_id:uuid}/resolution", guards=[staff(*ROLES)])
async def put_item_resolution(
    item_id: UUID, data: ResolutionRequest, db: Database, clock: Clock, principal: Principal
) -> ItemLine:
    """Resolve an open item: matched by hand, explained or written off.

    Refusals: `item_resolved`, `note_missing` without a reason, `match_invalid` without a match.
    """
    over_the_house(principal, ROLES)
    ending = Ending(data.resolution, data.note_id, data.note, data.matched_to)
    return await _shown(db, granted(await db.transact(acts.resolve, item_id, ending, _person(principal), clock.now())))


def _person(principal: Principal) -> UUID:
    if principal.id is None:
        raise RuntimeError("Staff always have an id.")
    return principal.id


async def _shown(db: Database, item: Item) -> ItemLine:
    async with db.connection() as conn:
        (line,) = await item_lines(conn, [item])
    return line


router = mount("/api/office/payments", [list_items, put_item_assignee, add_item_note, put_item_resolution])
