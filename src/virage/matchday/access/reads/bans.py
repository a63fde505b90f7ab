"""Bans, the passes that they match, and hits at the gates."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.passes import api as passes
from virage.identity.people import api as people
from virage.matchday.access.reads.names import names_of
from virage.matchday.access.rules.bans import (
    FILES,
    Ban,
    BanHit,
    BanMatches,
    BanReview,
    Bearer,
    File,
    bearer_of,
    matches,
    plain_address,
)
from virage.matchday.access.rules.venue_state import label
from virage.matchday.access.store import accreditations
from virage.matchday.access.store import bans as store
from virage.platform.data.database import Connection
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme
from virage.site.programme.types import Text
from virage.site.venue.types import Venue

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
BEFORE_DOORS: Final = timedelta(days=7)
HITS_MAX: Final = 200


async def bans(conn: Connection, file: File, now: datetime) -> list[Ban]:
    """Return the bans of one file in force."""
    return await store.bans(conn, [file], now)


async def names_of_adders(conn: Connection, held: Sequence[Ban]) -> dict[UUID, str]:
    """Return the authors of bans by id: name, or email address. API clients and erased people are missing."""
    ids = sorted({ban.added_by for ban in held if ban.added_by is not None})
    return {id_: person.name or person.email for id_, person in (await people.persons_by_id(conn, ids)).items()}


async def events_to_match(conn: Connection, now: datetime) -> list[UUID]:
    """Return the events whose gates open soon or have opened."""
    return [event.id for event in await programme.upcoming(conn, now) if event.doors_at < now + BEFORE_DOORS]


async def met(conn: Connection, event_id: UUID, now: datetime) -> BanMatches:
    """Return the passes of an event that bans of both files match now."""
    held = await store.bans(conn, FILES, now)
    found = await asyncio.to_thread(matches, held, await bearers(conn, event_id) if held else [])
    states = await passes.states(conn, [bearer.subject for _, bearer in found])
    return BanMatches(
        frozenset(ban.id for ban in held),
        frozenset((states[bearer.subject].number, ban.id) for ban, bearer in found if bearer.subject in states),
    )


async def bearers(conn: Connection, event_id: UUID) -> list[Bearer]:
    """Return all bearers of passes of an event: by ticket, or by a valid accreditation."""
    tickets = [bearer_of(holder) for holder in await ticketing.all_holders(conn, event_id)]
    accredited = [
        Bearer(accreditation.id, accreditation.email, (accreditation.name,))
        for accreditation in await accreditations.accreditations(conn, event_id)
        if accreditation.name is not None and accreditation.revoked_at is None
    ]
    return tickets + accredited


async def hits(conn: Connection, event_id: UUID, venue: Venue) -> list[BanHit]:
    """Return the scans of flagged passes at an event, the latest first."""
    found = await store.hits(conn, event_id, HITS_MAX)
    issued = await passes.at_gate(conn, [(event_id, hit.pass_number) for hit in found])
    names = await names_of(conn, found)
    places = {key: label(venue, issued_pass.place) for key, issued_pass in issued.items()}
    return [replace(names.named(hit), place_label=places.get((event_id, hit.pass_number))) for hit in found]


class BanReviewView(Struct, frozen=True):
    """A match to decide about, with the title of its event and the author of the decision."""

    review: BanReview
    event: Text
    decided_by_name: str | None


async def reviews(conn: Connection) -> list[BanReviewView]:
    """Return the matches of new ticket holders with bans, the latest first."""
    found = await store.reviews(conn, HITS_MAX)
    events = await programme.events(conn, sorted({one.event_id for one in found}))
    names = await people.names_by_id(conn, sorted({one.decided_by for one in found if one.decided_by is not None}))
    return [
        BanReviewView(one, events[one.event_id].title, None if one.decided_by is None else names.get(one.decided_by))
        for one in found
    ]


async def export(conn: Connection, person_id: UUID) -> dict[str, Any]:
    """Return the club's bans with a person's email address, for their data export.

    The national file belongs to the authorities. Erasing an account lifts no ban.
    """
    person = await people.person(conn, person_id)
    if person is None:
        return {"bans": []}
    held = await store.bans(conn, ["club"], LONG_AGO)
    mine = [ban for ban in held if ban.email is not None and plain_address(ban.email) == plain_address(person.email)]
    return {"bans": [{"added_at": ban.added_at, "expires_at": ban.expires_at} for ban in mine]}
