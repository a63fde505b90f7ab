"""More venues and versions in the database of a test, beside the stadium that every test begins with."""

from datetime import UTC, datetime
from functools import cache
from uuid import UUID

import pytest
from msgspec.structs import replace

from virage.demo.venues.drawing import stadium, stadium_file
from virage.platform.data.database import Connection, Database
from virage.site.venue import store
from virage.site.venue.rules.build import build_venue
from virage.site.venue.rules.venue import Venue

ARENA, PREFIX = "arena", "arena."
IMPORTED = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def arena(time_zone: str = "America/New_York") -> Venue:
    """The second venue: it has the plan and the local codes of the first one, and is in another time zone."""
    return build_venue(replace(stadium_file(), code=ARENA, name="The Arena", time_zone=time_zone), prefix=PREFIX)


@cache
def rebuilt() -> Venue:
    """A later version of the first venue, whose stand N has another name."""
    file = stadium_file()
    stands = tuple(replace(stand, name="Rebuilt") if stand.code == "N" else stand for stand in file.stands)
    return build_venue(replace(file, stands=stands))


async def install(db: Database, monkeypatch: pytest.MonkeyPatch, *versions: Venue) -> None:
    """Store versions of venues, which need no file: this process has them built. The last one of a venue is current."""
    async with db.transaction() as conn:
        for venue in versions:
            monkeypatch.setitem(store._built, venue.version, venue)  # noqa: SLF001 - arrays without a file
            if await store.lock_venue(conn, venue.code) is None:
                await store.insert_venue(conn, venue.code, venue.prefix, venue.version, IMPORTED)
            if venue.version not in {known.version for known in await store.versions(conn, venue.code)}:
                file = replace(stadium_file(), code=venue.code, name=venue.name, time_zone=venue.time_zone)
                await store.insert_version(conn, file, venue.version, None, IMPORTED, based_on=None)
            await store.set_current(conn, venue.code, venue.version)


async def put_event(conn: Connection, event_id: UUID, version: str) -> None:
    """Let an event be at a version of a venue."""
    await conn.execute("update programme.event set ground_version = $2 where id = $1", event_id, version)


__all__ = ["ARENA", "PREFIX", "arena", "install", "put_event", "rebuilt", "stadium"]
