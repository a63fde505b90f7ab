"""Office routes of membership, within the scope of a role: tiers, members, their import, and windows of events."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.days import local_day
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role, fresh, holds, require, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Request, get, post, put
from virage.platform.web.scopes import organisers_of
from virage.sale.membership.acts import members as acts
from virage.sale.membership.acts.importing import ImportResult, check_import
from virage.sale.membership.acts.importing import import_members as store_import
from virage.sale.membership.acts.tiers import set_tier, set_windows
from virage.sale.membership.reads.members import MembershipView, views
from virage.sale.membership.reads.office import OfficeMembers, OfficeTier, office_members, office_tiers
from virage.sale.membership.reads.windows import OfficeWindows, office_windows
from virage.sale.membership.rules.importing import FILE_BYTES_MAX, ImportDefect, ImportRow, read_rows
from virage.sale.membership.rules.terms import WINDOWS_MAX, EventWindow, MembershipRow, Tier, TierContent
from virage.sale.membership.store import members as members_store
from virage.sale.membership.store import tiers as tiers_store
from virage.site.programme import api as programme

SELLERS: tuple[Role, ...] = ("box_office", "finance", "programme")
ReasonText = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]


class TierUpdate(TierContent, frozen=True, kw_only=True):
    """A tier to create, or its new content at the `revision` that the office saw."""

    organiser_id: UUID
    revision: int | None = None


class WindowsUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """All members' windows of an event, at the `revision` that the office saw."""

    windows: Annotated[list[EventWindow], Meta(max_length=WINDOWS_MAX)]
    revision: int


class MembershipCancellation(Struct, frozen=True, forbid_unknown_fields=True):
    """Cancel a membership. With `refund_id`, which the client makes, its price is refunded once."""

    reason: ReasonText
    refund_id: UUID | None = None


@get("/membership/tiers", guards=[staff(*SELLERS)])
async def list_office_tiers(db: Database, clock: Clock, principal: Principal) -> list[OfficeTier]:
    """Return the tiers within the caller's roles with their counts, the latest term first."""
    async with db.connection() as conn:
        return await office_tiers(conn, organisers_of(principal, SELLERS), clock.now())


@put("/membership/tiers/{tier_id:uuid}", guards=[staff("programme")])
async def put_tier(
    tier_id: UUID, data: TierUpdate, *, db: Database, clock: Clock, principal: Principal, config: Config
) -> Tier:
    """Create or change a tier. Needs a sign-in of the last 15 minutes."""
    require(principal, "programme", scope="organiser", scope_id=data.organiser_id)
    now = clock.now()
    fresh(principal, now)
    return granted(
        await db.transact(
            set_tier,
            tier_id,
            data.organiser_id,
            data,
            who=principal.id,
            now=now,
            revision=data.revision,
            languages=config.languages,
        )
    )


@get("/membership/members", guards=[staff(*SELLERS)])
async def list_members(
    organiser_id: UUID,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    principal: Principal,
    search: Annotated[str, Meta(max_length=120)] = "",
    tier_id: UUID | None = None,
    after: Annotated[int, Meta(ge=0)] = 0,
) -> OfficeMembers:
    """Return members of an organiser by number, address, or a part of their name; 100 at a time."""
    _require_one_of(principal, organiser_id)
    async with db.connection() as conn:
        return await office_members(
            conn, organiser_id, search, tier_id, after=after, zone=config.time_zone, now=clock.now()
        )


@post(
    "/membership/import/check",
    status_code=200,
    guards=[staff("box_office")],
    rate="costly",
    body_bytes_max=FILE_BYTES_MAX,
)
async def check_member_import(
    request: Request, organiser_id: UUID, *, db: Database, clock: Clock, config: Config, principal: Principal
) -> ImportResult:
    """Read a CSV file of members (columns `number`, `email`, `tier`) and say what it would do. Nothing is stored."""
    require(principal, "box_office", scope="organiser", scope_id=organiser_id)
    rows, defects = await _read(db, organiser_id, await request.body(), config, clock.now())
    async with db.connection() as conn:
        _, result = await check_import(conn, organiser_id, rows, defects)
    return result


@post("/membership/import", status_code=200, guards=[staff("box_office")], rate="costly", body_bytes_max=FILE_BYTES_MAX)
async def import_members(
    request: Request, organiser_id: UUID, *, db: Database, clock: Clock, config: Config, principal: Principal
) -> ImportResult:
    """Import a CSV file of members without defects, else `import_defects` with all of them.

    Needs a sign-in of the last 15 minutes.
    """
    require(principal, "box_office", scope="organiser", scope_id=organiser_id)
    now = clock.now()
    fresh(principal, now)
    rows, defects = await _read(db, organiser_id, await request.body(), config, now)
    return granted(await db.transact(store_import, organiser_id, rows, defects, who=principal.id, now=now))


@post("/membership/{membership_id:uuid}/cancel", status_code=200, guards=[staff("box_office")])
async def cancel_membership(
    membership_id: UUID,
    data: MembershipCancellation,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    principal: Principal,
) -> MembershipView:
    """Cancel a membership, with or without the refund of its price. Needs a sign-in of the last 15 minutes."""
    now = clock.now()

    async def cancel(conn: Connection) -> MembershipRow | Refused:
        found = (await members_store.memberships(conn, [membership_id])).get(membership_id)
        if found is None or not holds(principal, "box_office", scope="organiser", scope_id=found.organiser_id):
            return Refused("not_found")
        fresh(principal, now)
        return await acts.cancel(conn, membership_id, data.reason, data.refund_id, who=principal.id, now=now)

    row = granted(await db.transact(cancel))
    async with db.connection() as conn:
        (view,) = await views(conn, [row], config.time_zone, now)
    return view


@get("/events/{event_id:uuid}/windows", guards=[staff(*SELLERS)])
async def get_office_windows(event_id: UUID, db: Database, principal: Principal) -> OfficeWindows:
    """Return the members' windows of an event."""
    async with db.connection() as conn:
        event = granted(await programme.event_within(conn, event_id, principal, *SELLERS))
        return await office_windows(conn, event_id, event.sale_opens_at)


@put("/events/{event_id:uuid}/windows", guards=[staff("programme")])
async def put_windows(
    event_id: UUID, data: WindowsUpdate, *, db: Database, clock: Clock, principal: Principal
) -> OfficeWindows:
    """Replace the members' windows of an event. Needs a sign-in of the last 15 minutes."""
    now = clock.now()

    async def put_all(conn: Connection) -> OfficeWindows | Refused:
        event = await programme.event_within(conn, event_id, principal, "programme")
        if isinstance(event, Refused):
            return event
        fresh(principal, now)
        stored = await set_windows(conn, event, data.windows, data.revision, who=principal.id, now=now)
        if isinstance(stored, Refused):
            return stored
        return await office_windows(conn, event_id, event.sale_opens_at)

    return granted(await db.transact(put_all))


async def _read(
    db: Database, organiser_id: UUID, raw: bytes, config: Config, now: datetime
) -> tuple[list[ImportRow], list[ImportDefect]]:
    """Read a file in a thread, outside of every transaction. Raises `not_found` for an organiser without tiers."""
    async with db.connection() as conn:
        tiers = await tiers_store.tiers_of(conn, [organiser_id])
    if not tiers:
        raise Problem("not_found")
    return await asyncio.to_thread(read_rows, raw, tiers, local_day(now, config.time_zone))


def _require_one_of(principal: Principal, organiser_id: UUID) -> None:
    if not any(holds(principal, role, scope="organiser", scope_id=organiser_id) for role in SELLERS):
        raise Problem("forbidden", {"role": SELLERS[0]})
