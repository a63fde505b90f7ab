"""What the files say, whom they meet, and who came to a gate all the same."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from virage.access.reads.names import names_of
from virage.access.rules.bans import Ban, File, Hit, Met, matches, plain_address
from virage.access.rules.ground import label
from virage.access.store import bans as store
from virage.kernel.database import Connection
from virage.passes import reads as passes
from virage.people import reads as people
from virage.programme import reads as programme
from virage.ticketing.reads import gates as ticketing

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
BEFORE_DOORS: Final = timedelta(days=7)
HITS_MAX: Final = 200
FILES: Final[tuple[File, ...]] = ("national", "club")


async def bans(conn: Connection, file: File, now: datetime) -> list[Ban]:
    """The entries of one file that hold."""
    return await store.bans(conn, [file], now)


async def events_to_guard(conn: Connection, now: datetime) -> list[UUID]:
    """The events whose gates open soon, or have opened."""
    return [event.id for event in await programme.upcoming(conn, now) if event.doors_at < now + BEFORE_DOORS]


async def met(conn: Connection, event_id: UUID, now: datetime) -> Met:
    """Which passes of an event the entries of both files meet now."""
    held = await store.bans(conn, FILES, now)
    holders = await ticketing.all_holders(conn, event_id) if held else []
    found = await asyncio.to_thread(matches, held, holders)
    states = await passes.states(conn, [holder.ticket_id for _, holder in found])
    return Met(
        frozenset(ban.id for ban in held),
        frozenset((states[holder.ticket_id].number, ban.id) for ban, holder in found if holder.ticket_id in states),
    )


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
