"""What the mayor allows is entered in the calendar, and withdrawn from it; nothing in it is changed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from virage.matchday.food.menu.rules.alcohol import AlcoholPermit, AlcoholPermitRequest, check_permit
from virage.matchday.food.menu.store import alcohol_permits as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused, invalid_input
from virage.site.programme import api as programme
from virage.site.venue import api as venue

NO_ORGANISER = invalid_input("organiser_id", "There is no such organiser.")


class Reason(StrEnum):
    """Reasons for refusing a change of permits."""

    NOT_FOUND = "not_found"
    ID_TAKEN = "id_taken"


async def enter(
    conn: Connection, request: AlcoholPermitRequest, who: UUID | None, now: datetime
) -> AlcoholPermit | Refused:
    """Add a permit: an organiser has ten a year at most. Idempotent by `id`, also after a withdrawal."""
    if not await programme.organisers(conn, [request.organiser_id]):
        return NO_ORGANISER
    await store.lock_permits(conn, request.organiser_id)
    wanted = AlcoholPermit(request.id, request.organiser_id, request.starts_at, request.ends_at, request.reference)
    known = await store.alcohol_permit(conn, request.id)
    if known is not None:
        return known if replace(known, withdrawn_at=None) == wanted else Refused(Reason.ID_TAKEN)
    zone = await _zone(conn, request)
    refusal = check_permit(request, await store.permits_of(conn, [request.organiser_id]), zone)
    if refusal is not None:
        return refusal
    await store.insert_permit(conn, request, who, now)
    await append(conn, [Fact("derogation_entered", who, request.id, {"organiser_id": request.organiser_id})], now)
    return wanted


async def _zone(conn: Connection, request: AlcoholPermitRequest) -> ZoneInfo:
    """Return the time zone of the venue of the organiser's first event in the permit; without one, the first venue's.

    An event is in a permit if it is published and open to the public at some time of it.
    """
    for event in await programme.upcoming(conn, request.starts_at):
        if event.organiser_id == request.organiser_id and event.doors_at < request.ends_at:
            return (await venue.venue_at(conn, event.venue_version)).zone
    return (await venue.venues(conn))[0].zone


async def withdraw(conn: Connection, permit_id: UUID, who: UUID | None, now: datetime) -> AlcoholPermit | Refused:
    """Withdraw a permit from now on. Idempotent."""
    if await store.withdraw_alcohol_permit(conn, permit_id, now):
        await append(conn, [Fact("derogation_withdrawn", who, permit_id)], now)
    found = await store.alcohol_permit(conn, permit_id)
    return Refused(Reason.NOT_FOUND) if found is None else found
