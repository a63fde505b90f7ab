"""Reads of the venue: its immutable documents, and routes with the current outages."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct

from virage.platform.data.database import Connection
from virage.site.venue import store
from virage.site.venue.rules.geometry import geometry, labels
from virage.site.venue.rules.routing import (
    Entrance,
    Nearest,
    Route,
    RouteOptions,
    entrance,
    from_outlet,
    nearest,
    outlets_from,
    route_table,
)
from virage.site.venue.rules.venue import Feature, Venue
from virage.site.venue.store import VersionSummary, file_of, venue_at, venue_of, venues, versions

__all__ = [
    "ClosedGates",
    "Closures",
    "Document",
    "EventVersion",
    "LiftState",
    "PersonNames",
    "QueueDelays",
    "Route",
    "RouteOptions",
    "VenueSummary",
    "VersionSummary",
    "closures",
    "feature_counts",
    "file_of",
    "geometry_document",
    "labels_document",
    "lifts",
    "route_from_outlet",
    "route_options",
    "route_to_nearest",
    "route_to_place",
    "summary_of",
    "venue_at",
    "venue_of",
    "venues",
    "versions",
    "walking_s",
]


EventVersion = Callable[[Connection, UUID], Awaitable[str | None]]
"""The venue version of an event, provided by the programme; None if there is no such event."""
ClosedGates = Callable[[Connection, UUID], Awaitable[frozenset[str]]]
"""Codes of the gates that are closed for an event, provided by the access domain."""
PersonNames = Callable[[Connection, Sequence[UUID]], Awaitable[Mapping[UUID, str]]]
"""Names of people, provided by the people domain; those without a name are missing."""
QueueDelays = Callable[[Connection], Awaitable[Mapping[str, float]]]
"""Current waits in seconds by code (`ramp:N1`, `gate:A1`), provided by the access domain."""


class Document(Struct, frozen=True):
    """A JSON document, plain and compressed."""

    plain: bytes
    gzipped: bytes


class VenueSummary(Struct, frozen=True):
    """A venue in short; `version` addresses its geometry and labels, `time_zone` is an IANA name."""

    code: str
    prefix: str
    version: str
    name: str
    time_zone: str
    notice: dict[str, str]
    seats: int
    places: int
    latitude: float | None
    longitude: float | None


class Closures(Struct, frozen=True):
    """What is closed for an event: codes of blocks, and full codes of lifts and outlets.

    The gates that are closed for an event are a state of the access domain.
    """

    blocks: frozenset[str]
    lifts: frozenset[str]
    outlets: frozenset[str]


class LiftState(Struct, frozen=True):
    """A lift; `out_of_order_since` is None while it works."""

    code: str
    venue_code: str
    stand: str
    out_of_order_since: datetime | None


def summary_of(venue: Venue) -> VenueSummary:
    """Return a venue in short."""
    return VenueSummary(
        venue.code,
        venue.prefix,
        venue.version,
        venue.name,
        venue.time_zone,
        venue.notice,
        venue.seats,
        venue.places,
        venue.latitude,
        venue.longitude,
    )


@lru_cache(maxsize=64)
def feature_counts(venue: Venue) -> dict[str, int]:
    """Return the number of seats with each access feature."""
    return {
        feature.name.lower(): int(np.count_nonzero(venue.features & feature)) for feature in Feature if feature.name
    }


@lru_cache(maxsize=64)
def geometry_document(venue: Venue) -> Document:
    """Return the geometry of a venue."""
    return _document(geometry(venue))


@lru_cache(maxsize=4096)
def labels_document(venue: Venue, block: str) -> Document | None:
    """Return the labels of a block; None if there is no such block."""
    return _document(labels(venue, block)) if block in venue.block_index else None


def _document(value: object) -> Document:
    plain = msgspec.json.encode(value)
    return Document(plain, gzip.compress(plain, 9, mtime=0))


async def lifts(conn: Connection) -> list[LiftState]:
    """Return every lift of every venue."""
    out = {outage.lift: outage.reported_at for outage in await store.open_outages(conn)}
    return [
        LiftState(amenity.code, venue.code, amenity.stand, out.get(amenity.code))
        for venue in await venues(conn)
        for amenity in venue.amenities
        if amenity.kind == "lift"
    ]


async def closures(conn: Connection, event_id: UUID) -> Closures:
    """Return what is closed for an event."""
    found = await store.open_closures(conn, event_id)

    def of(part: store.ClosedPart) -> frozenset[str]:
        return frozenset(closure.code for closure in found if closure.part == part)

    return Closures(blocks=of("block"), lifts=of("lift"), outlets=of("outlet"))


async def route_options(conn: Connection, *, step_free: bool, event_id: UUID | None = None) -> RouteOptions:
    """Return the routing options: step-free on request, without the lifts that are out of order.

    With an event, also without the lifts and outlets that are closed for it.
    """
    closed = frozenset(outage.lift for outage in await store.open_outages(conn))
    if event_id is not None:
        of_event = await closures(conn, event_id)
        closed |= of_event.lifts | {f"outlet:{code}" for code in of_event.outlets}
    return RouteOptions(step_free, closed)


async def route_to_place(
    venue: Venue, place: int, today: RouteOptions, delays_s: Mapping[str, float]
) -> Entrance | None:
    """Return the quickest route from a ramp through a gate of the place's group; None if there is none."""
    group = venue.label(place).gate_group
    gates = [f"gate:{gate.code}" for gate in venue.gates if gate.group == group]
    return await asyncio.to_thread(lambda: entrance(route_table(venue, today), place, gates, delays_s))


async def route_to_nearest(venue: Venue, place: int, kind: Nearest, today: RouteOptions) -> Route | None:
    """Return the quickest route from a place to the nearest amenity of a kind; None if there is none."""
    return await asyncio.to_thread(lambda: nearest(route_table(venue, today), place, kind))


async def walking_s(venue: Venue, place: int, today: RouteOptions) -> dict[str, int]:
    """Return the walking time in seconds from a place to each reachable outlet, by code."""
    return await asyncio.to_thread(lambda: outlets_from(route_table(venue, today), place))


async def route_from_outlet(venue: Venue, outlet: str, place: int, today: RouteOptions) -> Route | None:
    """Return the route from an outlet to a place; None if there is none."""
    return await asyncio.to_thread(lambda: from_outlet(route_table(venue, today), outlet, place))
