"""What may be asked of the ground: its documents, the same for everybody and for ever, and the ways in it today."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from virage.platform.data.database import Connection
from virage.site.venue import store
from virage.site.venue.rules import load_ground
from virage.site.venue.rules.geometry import geometry, labels
from virage.site.venue.rules.ways import (
    Entrance,
    Nearest,
    Passable,
    Way,
    entrance,
    from_outlet,
    nearest,
    outlets_from,
    ways,
)

__all__ = [
    "GROUND_ZONE",
    "Document",
    "GroundSummary",
    "LiftState",
    "Passable",
    "Way",
    "WayDelays",
    "geometry_document",
    "ground_summary",
    "labels_document",
    "lifts",
    "load_ground",
    "passable",
    "walking_s",
    "way_from_outlet",
    "way_in",
    "way_to_nearest",
]


GROUND_ZONE = ZoneInfo("Europe/Paris")
"""The time that the clocks of the ground show: what is printed for its gates."""
WayDelays = Callable[[Connection], Awaitable[Mapping[str, float]]]
"""How long one waits at `ramp:N1` or `gate:A1` now, in seconds by code; the gates above know."""


class Document(Struct, frozen=True):
    """JSON, plain and compressed."""

    plain: bytes
    gzipped: bytes


class GroundSummary(Struct, frozen=True):
    """The ground in short; `version` opens its geometry and labels."""

    version: str
    name: str
    notice: dict[str, str]
    seats: int
    places: int
    latitude: float
    longitude: float


class LiftState(Struct, frozen=True):
    """A lift, and since when it does not work; None while it does."""

    code: str
    stand: str
    out_of_order_since: datetime | None


def ground_summary() -> GroundSummary:
    """What the ground is called and which version is in use."""
    ground = load_ground()
    return GroundSummary(
        ground.version,
        ground.name,
        ground.notice,
        ground.seats,
        ground.places,
        ground.latitude,
        ground.longitude,
    )


@cache
def geometry_document() -> Document:
    """The geometry of the ground."""
    return _document(geometry(load_ground()))


def labels_document(block: str) -> Document | None:
    """The labels of a block; None when there is no such block."""
    return _labels_document(block) if block in load_ground().block_index else None


@cache
def _labels_document(block: str) -> Document:
    return _document(labels(load_ground(), block))


def _document(value: object) -> Document:
    plain = msgspec.json.encode(value)
    return Document(plain, gzip.compress(plain, 9, mtime=0))


async def lifts(conn: Connection) -> list[LiftState]:
    """Every lift of the ground."""
    out = {outage.lift: outage.reported_at for outage in await store.open_outages(conn)}
    return [
        LiftState(amenity.code, amenity.stand, out.get(amenity.code))
        for amenity in load_ground().amenities
        if amenity.kind == "lift"
    ]


async def passable(conn: Connection, *, step_free: bool) -> Passable:
    """What somebody can pass today: without stairs if so wished, and no lift that is out of order."""
    return Passable(step_free, frozenset(outage.lift for outage in await store.open_outages(conn)))


async def way_in(place: int, today: Passable, delays_s: Mapping[str, float]) -> Entrance | None:
    """The quickest way from a ramp to a place through a gate of its group; None where no such way is open today."""
    ground = load_ground()
    group = ground.label(place).gate_group
    gates = [f"gate:{gate.code}" for gate in ground.gates if gate.group == group]
    return await asyncio.to_thread(lambda: entrance(ways(today), place, gates, delays_s))


async def way_to_nearest(place: int, what: Nearest, today: Passable) -> Way | None:
    """The quickest way from a place to the nearest of a kind; None where no such way is open today."""
    return await asyncio.to_thread(lambda: nearest(ways(today), place, what))


async def walking_s(place: int, today: Passable) -> dict[str, int]:
    """How many seconds it is from a place to each outlet, by its code; without those that no way leads to today."""
    return await asyncio.to_thread(lambda: outlets_from(ways(today), place))


async def way_from_outlet(outlet: str, place: int, today: Passable) -> Way | None:
    """The way from an outlet to a place; None where no such way is open today."""
    return await asyncio.to_thread(lambda: from_outlet(ways(today), outlet, place))
