"""Queries of the venue, one typed function each."""

import asyncio
import gzip
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.data.sql import load
from virage.site.venue.rules.build import build_venue
from virage.site.venue.rules.file import VenueFile, encode
from virage.site.venue.rules.venue import Venue

BUILT_MAX: Final = 64
"""Venue versions that a process keeps, about 5 MB each for a stadium."""

ClosedPart = Literal["block", "lift", "outlet"]
"""What can be closed for an event here; gates are closed at the devices, by the access domain."""

_sql = load(__file__)
_built: dict[str, Venue] = {}


class Outage(Struct, frozen=True):
    """A lift that is out of order."""

    id: UUID
    lift: str
    reported_at: datetime


async def report_outage(conn: Connection, outage_id: UUID, lift: str, who: UUID | None, now: datetime) -> bool:
    """Report a lift as out of order; return whether that changed its state."""
    return await _sql.report_outage(conn, id=outage_id, lift=lift, who=who, now=now) is not None


async def end_outage(conn: Connection, lift: str, who: UUID | None, now: datetime) -> UUID | None:
    """End the outage of a lift; return its id, None if the lift was working."""
    ended: UUID | None = await _sql.end_outage(conn, lift=lift, who=who, now=now)
    return ended


async def open_outages(conn: Connection) -> list[Outage]:
    """Return the lifts that are out of order, by code."""
    return [Outage(row["id"], row["lift"], row["reported_at"]) async for row in _sql.open_outages(conn)]


class Closure(Struct, frozen=True):
    """A part of the venue that is closed for an event."""

    part: ClosedPart
    code: str
    closed_at: datetime
    closed_by: UUID | None


async def insert_closure(
    conn: Connection, closure_id: UUID, event_id: UUID, part: ClosedPart, code: str, *, who: UUID | None, now: datetime
) -> bool:
    """Close a part of the venue for an event; return whether that changed its state."""
    inserted = await _sql.insert_closure(conn, id=closure_id, event_id=event_id, part=part, code=code, who=who, now=now)
    return inserted is not None


async def end_closure(
    conn: Connection, event_id: UUID, part: ClosedPart, code: str, *, who: UUID | None, now: datetime
) -> UUID | None:
    """Reopen a part of the venue for an event; return the id of its closure, None if it was open."""
    ended: UUID | None = await _sql.end_closure(conn, event_id=event_id, part=part, code=code, who=who, now=now)
    return ended


async def open_closures(conn: Connection, event_id: UUID) -> list[Closure]:
    """Return what is closed for an event, by part and code."""
    return [Closure(**row) async for row in _sql.open_closures(conn, event_id=event_id)]


class VenueRow(Struct, frozen=True):
    """A venue of the deployment."""

    code: str
    prefix: str
    current_version: str


class VersionSummary(Struct, frozen=True):
    """A version of a venue; `based_on` is the version that it was edited from."""

    version: str
    number: int
    name: str
    seats: int
    places: int
    based_on: str | None
    imported_at: datetime
    imported_by: UUID | None
    is_current: bool


async def lock_imports(conn: Connection) -> None:
    """Wait for other imports, until the end of the transaction."""
    async for _ in _sql.lock_imports(conn):
        pass


async def venue_count(conn: Connection) -> int:
    """Return the number of venues."""
    count: int = await _sql.venue_count(conn)
    return count


async def insert_venue(conn: Connection, code: str, prefix: str, version: str, now: datetime) -> None:
    """Insert a venue."""
    await _sql.insert_venue(conn, code=code, prefix=prefix, version=version, now=now)


async def lock_venue(conn: Connection, code: str) -> VenueRow | None:
    """Return a venue, locked until the end of the transaction."""
    row = await _sql.lock_venue(conn, code=code)
    return None if row is None else VenueRow(**row)


async def insert_version(
    conn: Connection, file: VenueFile, version: str, who: UUID | None, now: datetime, *, based_on: str | None
) -> None:
    """Insert the next version of a venue."""
    await _sql.insert_version(
        conn,
        version=version,
        venue_code=file.code,
        name=file.name,
        time_zone=file.time_zone,
        seats=file.seats,
        places=file.places,
        file=gzip.compress(encode(file), mtime=0),
        based_on=based_on,
        now=now,
        who=who,
    )


async def set_current(conn: Connection, code: str, version: str) -> None:
    """Make a version that of new events."""
    await _sql.set_current(conn, code=code, version=version)


async def versions(conn: Connection, code: str) -> list[VersionSummary]:
    """Return the versions of a venue, the latest first."""
    return [VersionSummary(**row) async for row in _sql.versions(conn, code=code)]


async def file_of(conn: Connection, version: str) -> bytes | None:
    """Return the file of a version as canonical JSON; None if there is no such version."""
    row = await _sql.version_file(conn, version=version)
    return None if row is None else gzip.decompress(row["file"])


async def venue_at(conn: Connection, version: str) -> Venue:
    """Return a version of a venue, built once per process. Raises `LookupError` for an unknown version."""
    if version in _built:
        return _built[version]
    row = await _sql.version_file(conn, version=version)
    if row is None:
        raise LookupError(f"there is no venue of version {version}")
    venue = await asyncio.to_thread(_build, row["file"], row["prefix"], version)
    if len(_built) >= BUILT_MAX:
        del _built[next(iter(_built))]
    return _built.setdefault(version, venue)  # another request may have built it meanwhile


def _build(file: bytes, prefix: str, version: str) -> Venue:
    return build_venue(msgspec.json.decode(gzip.decompress(file), type=VenueFile), prefix=prefix, version=version)


async def venue_of(conn: Connection, code: str) -> Venue | None:
    """Return the current version of a venue by its code; None if there is no such venue."""
    version = await _sql.current_version(conn, code=code)
    return None if version is None else await venue_at(conn, version)


async def venues(conn: Connection) -> list[Venue]:
    """Return the current version of every venue, the first venue of the deployment first."""
    current = [row["current_version"] async for row in _sql.current_versions(conn)]
    return [await venue_at(conn, version) for version in current]
