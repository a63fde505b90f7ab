"""The picture of the venue: figures with source and age, density by zone, and where incidents are open."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from virage.control.safety.rules.counts import Counter, CountKind
from virage.control.safety.rules.incidents import IncidentPlace, MapPlace, SeatPlace
from virage.site.venue.types import Venue

COUNTS_RECEIVED: Final = "counts_received"
"""The fact of new counts of cameras and counters, about their event."""
PICTURE_FACTS: Final = frozenset({"passes_crossed", "gate_changed", "zone_changed", "ground_changed", COUNTS_RECEIVED})
"""Facts about an event after which its picture differs, besides those of incidents."""


class FigureSource(StrEnum):
    """Where a figure comes from: scans and tally buttons at gates, or cameras and counters.

    Figures of a picture are never forecasts; those of alerts may be.
    """

    SCANS = "scans"
    COUNTERS = "counters"
    FORECAST = "forecast"


class CrowdFigure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A number of people. `value` is None if it is not measured: no source younger than the limit.

    `at` is the time of its last source, None if there never was one. An estimate follows from other counts and an
    assumed rate; it stands beside counts, never in their place.
    """

    source: FigureSource
    value: int | None
    at: datetime | None
    is_estimate: bool = False


class DensityClass(StrEnum):
    """People per square metre: see `DENSITY_LIMITS`."""

    LOW = "low"
    BUSY = "busy"
    DENSE = "dense"
    CRITICAL = "critical"


DENSITY_LIMITS: Final = ((4.7, DensityClass.CRITICAL), (3.57, DensityClass.DENSE), (1.54, DensityClass.BUSY))
"""Lower limits in people per m². 4.7 is the limit of standing areas in the Guide to Safety at Sports Grounds (6th ed.).

3.57 and 1.54 are those of the levels of service E and D for queues (Fruin, Pedestrian Planning and Design, 1971)."""


class ZonePicture(Struct, frozen=True, kw_only=True):
    """A stand, a standing area, or a safety zone of the venue file. `density` is None without area or fresh count."""

    code: str
    kind: Literal["stand", "area", "zone"]
    capacity: int | None
    area_m2: float | None
    people: list[CrowdFigure]
    density: DensityClass | None
    incidents: int


class GatePicture(Struct, frozen=True, kw_only=True):
    """A gate: people in and out so far, entries a minute (mean of five), its queue, its devices that are offline."""

    code: str
    zone: str
    closed: bool
    entered: list[CrowdFigure]
    left: list[CrowdFigure]
    per_minute: CrowdFigure
    queue: list[CrowdFigure]
    devices_offline: int


class RampPicture(Struct, frozen=True):
    """The queue before the search of a ramp."""

    code: str
    queue: list[CrowdFigure]


class OfflineDevice(Struct, frozen=True):
    """A device that was not heard of for too long; `place` is its gate, or where it counted.

    `is_counter`: a camera or counter, which shows no message.
    """

    id: UUID
    name: str | None
    place: str
    last_seen_at: datetime
    is_counter: bool = False


class VenuePicture(Struct, frozen=True, kw_only=True):
    """The venue at one instant.

    `log_number` is that of the last record of the event's log: another number means that incidents or alerts changed.
    `incidents_elsewhere` are open incidents without a place, or outside of all zones. `begins_at` is the instant of the
    first stored picture of the event. `gates` are left out (empty) in the messages of the topic.
    """

    event_id: UUID
    at: datetime
    fresh_s: int
    log_number: int
    begins_at: datetime | None = None
    inside: list[CrowdFigure]
    zones: list[ZonePicture]
    gates: list[GatePicture]
    ramps: list[RampPicture]
    devices: int
    offline: list[OfflineDevice]
    incidents: int
    incidents_elsewhere: int


class Freshness(Struct, frozen=True):
    """What counts as fresh: at most `limit` before `now`. A time as long after it is of a clock that went back."""

    now: datetime
    limit: timedelta

    def has(self, at: datetime | None) -> bool:
        """Return whether a source of this time is fresh."""
        return at is not None and abs(self.now - at) <= self.limit

    def figure(
        self, source: FigureSource, value: int, at: datetime | None, *, is_estimate: bool = False
    ) -> CrowdFigure:
        """Return a figure, without its value if its source is not fresh. Its time is at most `now`."""
        shown = None if at is None else min(at, self.now)
        return CrowdFigure(source=source, value=value if self.has(at) else None, at=shown, is_estimate=is_estimate)


def level(
    counters: Sequence[Counter], kind: CountKind, revoked: Collection[UUID], fresh: Freshness
) -> CrowdFigure | None:
    """Return the sum of the latest levels at one place, as old as the oldest; None if no device counts it.

    Devices at one place count different people. Revoked devices count no more.
    """
    found = [one for one in counters if one.kind is kind and one.device_id not in revoked]
    if not found:
        return None
    return fresh.figure(FigureSource.COUNTERS, sum(one.value for one in found), min(one.at for one in found))


def total(
    counters: Sequence[Counter], kind: CountKind, revoked: Collection[UUID], fresh: Freshness
) -> CrowdFigure | None:
    """Return the people who passed into or out of one place, as old as the last count of the quietest device."""
    found = [one for one in counters if one.kind is kind]
    if not found:
        return None
    at = min((one.at for one in found if one.device_id not in revoked), default=None)
    return fresh.figure(FigureSource.COUNTERS, sum(one.value for one in found), at)


def people_counted(counters: Sequence[Counter], revoked: Collection[UUID], fresh: Freshness) -> list[CrowdFigure]:
    """Return the people in a zone by its cameras and counters: a fresh level, else those in less those out.

    At most one figure. The balance is as old as the last count of the quietest device, in either direction.
    """
    counted = level(counters, CountKind.PEOPLE, revoked, fresh)
    passing = [one for one in counters if one.kind in (CountKind.IN, CountKind.OUT)]
    if not passing or (counted is not None and counted.value is not None):
        return [] if counted is None else [counted]
    last: dict[UUID, datetime] = {}
    for one in passing:
        if one.device_id not in revoked:
            last[one.device_id] = max(last.get(one.device_id, one.at), one.at)
    balance = sum(one.value if one.kind is CountKind.IN else -one.value for one in passing)
    return [fresh.figure(FigureSource.COUNTERS, max(0, balance), min(last.values(), default=None))]


def people_of(figures: Iterable[CrowdFigure]) -> int | None:
    """Return the count of cameras and counters, else of scans; None if neither is fresh. Estimates do not count."""
    counts = {one.source: one.value for one in figures if one.value is not None and not one.is_estimate}
    return counts.get(FigureSource.COUNTERS, counts.get(FigureSource.SCANS))


def density_of(figures: Iterable[CrowdFigure], area_m2: float | None) -> DensityClass | None:
    """Return the class by `people_of` per square metre."""
    people = people_of(figures)
    if people is None or area_m2 is None:
        return None
    return next((name for limit, name in DENSITY_LIMITS if people / area_m2 >= limit), DensityClass.LOW)


def areas_m2(venue: Venue, zones: Mapping[str, float]) -> dict[str, float]:
    """Return the area of each zone: as given in `zones`, else inside the outlines of its blocks or of the area."""
    found: dict[str, float] = {}
    for code, outline in (
        *((block.stand, block.outline) for block in venue.blocks),
        *((area.code, area.outline) for area in venue.areas),
    ):
        found[code] = found.get(code, 0.0) + _inside(outline)
    return {code: area for code, area in found.items() if area > 0} | dict(zones)


def _inside(outline: Sequence[float]) -> float:
    """Return the area of a polygon (x, y, x, y, ...)."""
    points = list(zip(outline[::2], outline[1::2], strict=True))
    return abs(sum(x * v - u * y for (x, y), (u, v) in zip(points, [*points[1:], *points[:1]], strict=True))) / 2


def zone_of(place: IncidentPlace | None, venue: Venue, zones: Collection[str]) -> str | None:
    """Return the zone of a place: its code, or the stand of its block, gate, outlet or amenity; None without one."""
    if place is None or isinstance(place, MapPlace):
        return None
    code = place.block if isinstance(place, SeatPlace) else place.zone
    if code in zones:
        return code
    for parts in (venue.blocks, venue.gates, venue.outlets, venue.amenities):
        for part in parts:
            if part.code == code:
                return part.stand
    return None
