"""Queries of the venue, one typed function each."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.data.sql import load
from virage.site.venue.rules import Venue, load_venue

_sql = load(__file__)


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


async def venue_at(_conn: Connection, _version: str) -> Venue:
    """Return a version of a venue, built once per process. Raises `LookupError` for an unknown version."""
    return load_venue()


async def venue_of(_conn: Connection, _code: str) -> Venue | None:
    """Return the current version of a venue by its code; None if there is no such venue."""
    return load_venue()


async def venues(_conn: Connection) -> list[Venue]:
    """Return the current version of every venue, the first venue of the deployment first."""
    return [load_venue()]
