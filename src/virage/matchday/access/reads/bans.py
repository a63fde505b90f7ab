"""What the files say, whom they meet, and who came to a gate all the same."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from virage.identity.passes import api as passes
from virage.identity.people import api as people
from virage.matchday.access.reads.names import names_of
from virage.matchday.access.rules.bans import Ban, Bearer, File, Hit, Met, bearer_of, matches, plain_address
from virage.matchday.access.rules.ground import label
from virage.matchday.access.store import accreditations
from virage.matchday.access.store import bans as store
from virage.platform.data.database import Connection
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
BEFORE_DOORS: Final = timedelta(days=7)
HITS_MAX: Final = 200
FILES: Final[tuple[File, ...]] = ("national", "club")


async def bans(conn: Connection, file: File, now: datetime) -> list[Ban]:
    """The entries of one file that hold."""
    return await store.bans(conn, [file], now)


async def adders(conn: Connection, held: Sequence[Ban]) -> dict[UUID, str]:
    """Who added entries, by id: the name, or the address of who has none; programs and who is erased are missing."""
    ids = sorted({ban.added_by for ban in held if ban.added_by is not None})
    return {id_: person.name or person.email for id_, person in (await people.persons_by_id(conn, ids)).items()}


async def events_to_guard(conn: Connection, now: datetime) -> list[UUID]:
    """The events whose gates open soon, or have opened."""
    return [event.id for event in await programme.upcoming(conn, now) if event.doors_at < now + BEFORE_DOORS]


async def met(conn: Connection, event_id: UUID, now: datetime) -> Met:
    """Which passes of an event the entries of both files meet now."""
    held = await store.bans(conn, FILES, now)
    found = await asyncio.to_thread(matches, held, await bearers(conn, event_id) if held else [])
    states = await passes.states(conn, [bearer.subject for _, bearer in found])
    return Met(
        frozenset(ban.id for ban in held),
        frozenset((states[bearer.subject].number, ban.id) for ban, bearer in found if bearer.subject in states),
    )


async def bearers(conn: Connection, event_id: UUID) -> list[Bearer]:
    """Everybody who has a pass of an event: by ticket, or by an accreditation that did not end."""
    tickets = [bearer_of(holder) for holder in await ticketing.all_holders(conn, event_id)]
    accredited = [
        Bearer(one.id, one.email, (one.name,))
        for one in await accreditations.accreditations(conn, event_id)
        if one.name is not None and one.revoked_at is None
    ]
    return tickets + accredited


async def hits(conn: Connection, event_id: UUID) -> list[Hit]:
    """Who came to the gates of an event with a flagged pass, the latest first."""
    found = await store.hits(conn, event_id, HITS_MAX)
    issued = await passes.at_gate(conn, [(event_id, hit.pass_number) for hit in found])
    names = await names_of(conn, found)
    places = {key: label(one.place) for key, one in issued.items()}
    return [replace(names.told(hit), place_label=places.get((event_id, hit.pass_number))) for hit in found]


async def export(conn: Connection, person_id: UUID) -> dict[str, Any]:
    """What the gates keep about a person: entries of the club's own file about their address.

    The state keeps the national file, and answers for it; erasing an account lifts no entry of either.
    """
    person = await people.person(conn, person_id)
    if person is None:
        return {"bans": []}
    held = await store.bans(conn, ["club"], LONG_AGO)
    mine = [ban for ban in held if ban.email is not None and ban.email == plain_address(person.email)]
    return {"bans": [{"added_at": ban.added_at, "expires_at": ban.expires_at} for ban in mine]}
