"""What the mayor allows is entered in the calendar, and withdrawn from it; nothing in it is changed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec.structs import replace

from virage.matchday.food.menu.rules.alcohol import Derogation, DerogationWish, check_derogation
from virage.matchday.food.menu.store import derogations as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused, invalid_input
from virage.site.programme import api as programme
from virage.site.venue.api import VENUE_ZONE

NO_ORGANISER = invalid_input("organiser_id", "There is no such organiser.")


class Reason(StrEnum):
    """Why the calendar stays as it is."""

    NOT_FOUND = "not_found"
    ID_TAKEN = "id_taken"


async def enter(conn: Connection, wish: DerogationWish, who: UUID | None, now: datetime) -> Derogation | Refused:
    """Enter a derogation: an organiser has ten a year at most. The same again is the same, withdrawn or not."""
    if not await programme.organisers(conn, [wish.organiser_id]):
        return NO_ORGANISER
    await store.lock_derogations(conn, wish.organiser_id)
    wanted = Derogation(wish.id, wish.organiser_id, wish.starts_at, wish.ends_at, wish.reference)
    known = await store.derogation(conn, wish.id)
    if known is not None:
        return known if replace(known, withdrawn_at=None) == wanted else Refused(Reason.ID_TAKEN)
    refusal = check_derogation(wish, await store.derogations_of(conn, [wish.organiser_id]), VENUE_ZONE)
    if refusal is not None:
        return refusal
    await store.insert_derogation(conn, wish, who, now)
    await append(conn, [Fact("derogation_entered", who, wish.id, {"organiser_id": wish.organiser_id})], now)
    return wanted


async def withdraw(conn: Connection, derogation_id: UUID, who: UUID | None, now: datetime) -> Derogation | Refused:
    """End a derogation from now on. One that is withdrawn already stays as it is."""
    if await store.withdraw_derogation(conn, derogation_id, now):
        await append(conn, [Fact("derogation_withdrawn", who, derogation_id)], now)
    found = await store.derogation(conn, derogation_id)
    return Refused(Reason.NOT_FOUND) if found is None else found
