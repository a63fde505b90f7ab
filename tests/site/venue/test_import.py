import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from tests.site.venue.samples import small_document
from virage.demo.venues.drawing import stadium
from virage.platform.data.database import Connection, Database
from virage.platform.values.refusals import Refused
from virage.site.venue import store
from virage.site.venue.acts import Imported, import_file
from virage.site.venue.rules.file import VenueFile, encode

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
WHO = UUID("01970000-0000-7000-8000-000000000001")


def arena(**changes: Any) -> VenueFile:
    return msgspec.convert(small_document() | changes, VenueFile)


async def imported(db: Database, file: VenueFile, based_on: str | UnsetType | None = UNSET) -> Imported | Refused:
    return await db.transact(import_file, file, WHO, NOW, based_on=based_on)


async def test_the_first_venue_has_bare_codes_and_the_next_one_a_prefix(db: Database) -> None:
    outcome = await imported(db, arena())
    assert isinstance(outcome, Imported)
    async with db.connection() as conn:
        first, second = await store.venues(conn)
    assert (first.code, first.gates[0].code) == ("stadium", "A1")
    assert (second.code, second.gates[0].code, second.version) == ("arena", "arena.A1", outcome.version)
    assert first is await _at(db, stadium().version)


async def _at(db: Database, version: str) -> Any:
    async with db.connection() as conn:
        return await store.venue_at(conn, version)


async def test_an_import_makes_a_version_current_and_keeps_the_earlier_ones(db: Database) -> None:
    before = await imported(db, arena())
    after = await imported(db, arena(name="Arena 2"))
    assert isinstance(before, Imported)
    assert isinstance(after, Imported)
    async with db.connection() as conn:
        versions = await store.versions(conn, "arena")
        current = await store.venue_of(conn, "arena")
        old = await store.venue_at(conn, before.version)
        kept = await store.file_of(conn, before.version)
    assert [(version.version, version.number, version.is_current) for version in versions] == [
        (after.version, 2, True),
        (before.version, 1, False),
    ]
    assert current is not None
    assert (current.name, old.name) == ("Arena 2", "Arena")
    assert kept == encode(arena())


async def test_the_same_file_again_changes_nothing(db: Database) -> None:
    await imported(db, arena())
    again = await imported(db, arena())
    assert isinstance(again, Imported)
    assert not again.changed
    async with db.connection() as conn:
        assert len(await store.versions(conn, "arena")) == 1


async def test_an_earlier_file_becomes_current_again_without_a_new_version(db: Database) -> None:
    first = await imported(db, arena())
    await imported(db, arena(name="Arena 2"))
    back = await imported(db, arena())
    assert isinstance(first, Imported)
    assert back == Imported("arena", first.version, changed=True)
    async with db.connection() as conn:
        assert [version.is_current for version in await store.versions(conn, "arena")] == [False, True]


async def test_of_two_people_who_change_the_same_version_the_second_is_refused(db: Database) -> None:
    base = await imported(db, arena())
    assert isinstance(base, Imported)
    outcomes = await asyncio.gather(
        imported(db, arena(name="Mine"), base.version), imported(db, arena(name="Yours"), base.version)
    )
    done = [outcome for outcome in outcomes if isinstance(outcome, Imported)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(done) == 1
    assert [refusal.reason for refusal in refused] == ["changed_meanwhile"]
    assert refused[0].data == {"version": done[0].version}
    async with db.connection() as conn:
        assert len(await store.versions(conn, "arena")) == 2


async def test_venues_imported_at_once_get_one_bare_prefix(database_url: str) -> None:
    db = await Database.open(database_url)
    async with db.connection() as conn:
        await conn.execute("delete from venue.version")
        await conn.execute("delete from venue.venue")
    files = [arena(code=f"venue-{number}") for number in range(6)]
    await asyncio.gather(*(imported(db, file) for file in files))
    async with db.connection() as conn:
        prefixes = [venue.prefix for venue in await store.venues(conn)]
    await db.close()
    assert "" in prefixes
    assert len(set(prefixes)) == 6


async def test_an_unknown_version_is_an_error(conn: Connection) -> None:
    with pytest.raises(LookupError):
        await store.venue_at(conn, "000000000000")


async def test_requests_at_once_share_one_built_venue(db: Database) -> None:
    outcome = await imported(db, arena(name=f"Arena {datetime.now(UTC)}"))
    assert isinstance(outcome, Imported)
    built = await asyncio.gather(*(_at(db, outcome.version) for _ in range(4)))
    assert all(venue is built[0] for venue in built)
