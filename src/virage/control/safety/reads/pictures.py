"""The picture of the venue, computed in one place for the route, the topic and the stored minutes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from virage.control.safety.rules.counts import Counter, CountKind
from virage.control.safety.rules.picture import (
    PICTURE_FACTS,
    CrowdFigure,
    FigureSource,
    Freshness,
    GatePicture,
    OfflineDevice,
    RampPicture,
    VenuePicture,
    ZonePicture,
    areas_m2,
    density_of,
    level,
    people_counted,
    total,
    zone_of,
)
from virage.control.safety.settings import SafetySettings
from virage.control.safety.store import counts as counts_store
from virage.control.safety.store import incidents as incidents_store
from virage.control.safety.store import log as log_store
from virage.control.safety.store import pictures as store
from virage.identity.people import api as people
from virage.matchday.access import api as access
from virage.matchday.access.api import Crowd, GateCrowd
from virage.platform.data.database import Database, Unavailable
from virage.platform.data.journal import Entry
from virage.platform.realtime.hub import Opened, Opening
from virage.platform.values.clock import Clock
from virage.platform.values.ids import id_of
from virage.platform.values.refusals import Refused
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue import api as venues
from virage.site.venue.types import Safety, Venue, VenueFile

NOT_FOUND: Final = "not_found"
INCIDENTS_MAX: Final = 500
LOGGED: Final = ("incident_", "alert_", "thresholds_")
"""How the facts of incidents, alerts and thresholds begin; each has the id of its event."""
RECENT: Final = timedelta(seconds=2)
SENT_EVERY_S: Final = 5.0
"""A picture is sent at least this often: figures age without a fact of the journal."""


class Places(Struct, frozen=True):
    """The zones of a venue with their area in m² (None if unknown), and its gates and ramps."""

    zones: dict[str, float | None]
    lanes: frozenset[str]


class Counted(Struct, frozen=True):
    """What gates, cameras and counters have counted at an event, and its open incidents by zone."""

    venue: Venue
    places: Places
    crowd: Crowd
    counters: list[Counter]
    names: dict[UUID, str]
    revoked: frozenset[UUID]
    incidents: list[str | None]
    fresh: Freshness

    def at(self, code: str, *, is_lane: bool) -> list[Counter]:
        """Return the counters at a zone, or at a gate or ramp."""
        return [one for one in self.counters if (one.is_lane, one.place) == (is_lane, code)]


async def venue_and_safety(db: Database, version: str) -> tuple[Venue, Safety]:
    """Return a version of a venue and the facts for its safety, empty ones if its file has none."""
    async with db.connection() as conn:
        venue = await venues.venue_at(conn, version)
        file = await venues.file_of(conn, version)
    if file is None:
        raise LookupError(f"there is no venue of version {version}")
    return venue, msgspec.json.decode(file, type=VenueFile).safety or Safety()


class VenuePictures:
    """Pictures of events, from what this process reads."""

    def __init__(self, db: Database, clock: Clock, settings: SafetySettings) -> None:
        self._db = db
        self._clock = clock
        self._fresh_for = timedelta(seconds=settings.safety_fresh_s)
        self._places: dict[str, Places] = {}
        self._recent: dict[UUID, VenuePicture] = {}

    async def places(self, version: str) -> Places:
        """Return the zones and lanes of a version of a venue, read once per process."""
        found = self._places.get(version)
        if found is None:
            venue, safety = await venue_and_safety(self._db, version)
            areas = areas_m2(venue, {zone.code: zone.area_m2 for zone in safety.zones})
            found = self._places[version] = Places(
                {code: areas.get(code) for code in dict.fromkeys((*venue.zones, *areas))},
                frozenset([*venue.gate_by_code, *(ramp.code for ramp in venue.ramps)]),
            )
        return found

    async def at(self, event_id: UUID, at: datetime) -> VenuePicture | None:
        """Return the last stored picture of an event at an instant; None before the first one."""
        async with self._db.connection() as conn:
            found = await store.picture_at(conn, event_id, at)
            begins_at = await store.first_picture_at(conn, event_id)
        return None if found is None else replace(found, begins_at=begins_at)

    async def recent(self, event: Event) -> VenuePicture:
        """Return the picture of an event of the last two seconds, if this process made one, else the one of now."""
        found = self._recent.get(event.id)
        age = None if found is None else self._clock.now() - found.at
        return found if found is not None and age is not None and timedelta() <= age < RECENT else await self.now(event)

    async def now(self, event: Event) -> VenuePicture:
        """Return the picture of an event now."""
        found = await self._made(event)
        self._recent = {one: made for one, made in self._recent.items() if found.at - made.at < RECENT}
        self._recent[event.id] = found
        return found

    async def _made(self, event: Event) -> VenuePicture:
        places = await self.places(event.venue_version)
        fresh = Freshness(self._clock.now(), self._fresh_for)
        async with self._db.connection() as conn:
            venue = await venues.venue_at(conn, event.venue_version)
        crowd = await access.crowd(self._db, event.id, venue, fresh.now)
        async with self._db.connection() as conn:
            counters = await counts_store.counters(conn, event.id)
            devices = await people.devices(conn, sorted({one.device_id for one in counters}))
            listed = await incidents_store.incidents_of(conn, event.id, INCIDENTS_MAX)
            number = (await log_store.log_head(conn, event.id)).number
            begins_at = await store.first_picture_at(conn, event.id)
        counted = Counted(
            venue,
            places,
            crowd,
            counters,
            {one: device.name for one, device in devices.items()},
            frozenset(one for one, device in devices.items() if device.revoked_at is not None),
            [
                zone_of(None if one.placed is None else one.placed.place, venue, places.zones)
                for one in listed
                if one.incident.resolved_at is None
            ],
            fresh,
        )
        offline = _offline(counted)
        return VenuePicture(
            event_id=event.id,
            at=fresh.now,
            fresh_s=round(self._fresh_for.total_seconds()),
            log_number=number,
            begins_at=begins_at,
            inside=[fresh.figure(FigureSource.SCANS, sum(crowd.inside.values()), _heard(crowd.gates))],
            zones=[_zone(counted, code) for code in places.zones],
            gates=[_gate(counted, gate) for gate in crowd.gates],
            ramps=_ramps(counted),
            devices=len({one.id for one in crowd.devices} | {one.device_id for one in counters} - counted.revoked),
            offline=offline,
            incidents=len(counted.incidents),
            incidents_elsewhere=counted.incidents.count(None),
        )


def _heard(gates: Iterable[GateCrowd]) -> datetime | None:
    """Return when one of these gates was last heard of, by a scan or a heartbeat."""
    return max((at for gate in gates for at in (gate.scanned_at, gate.heard_at) if at is not None), default=None)


def _zone(counted: Counted, code: str) -> ZonePicture:
    venue, area = counted.venue, next((one for one in counted.venue.areas if one.code == code), None)
    stand = next((one for one in venue.stands if one.code == code), None)
    figures: list[CrowdFigure] = []
    if code in counted.crowd.inside:
        groups = {gate.code for gate in venue.gates if area is not None and gate.group in area.gate_groups}
        gates = (gate for gate in counted.crowd.gates if gate.zone == code or gate.code in groups)
        figures.append(counted.fresh.figure(FigureSource.SCANS, counted.crowd.inside[code], _heard(gates)))
    figures += people_counted(counted.at(code, is_lane=False), counted.revoked, counted.fresh)
    return ZonePicture(
        code=code,
        kind="stand" if stand is not None else "area" if area is not None else "zone",
        capacity=stand.seats if stand is not None else area.capacity_max if area is not None else None,
        area_m2=counted.places.zones[code],
        people=figures,
        density=density_of(figures, counted.places.zones[code]),
        incidents=counted.incidents.count(code),
    )


def _gate(counted: Counted, gate: GateCrowd) -> GatePicture:
    counters, revoked, fresh = counted.at(gate.code, is_lane=True), counted.revoked, counted.fresh
    heard = _heard([gate])
    queue = [level(counters, CountKind.QUEUE, revoked, fresh)]
    if gate.queue is not None:
        queue.append(_queue(counted, gate.code, gate.queue.waiting, is_estimate=not gate.queue.is_measured))
    return GatePicture(
        code=gate.code,
        zone=gate.zone,
        closed=gate.closed,
        entered=_known(
            fresh.figure(FigureSource.SCANS, gate.entries, heard), total(counters, CountKind.IN, revoked, fresh)
        ),
        left=_known(
            fresh.figure(FigureSource.SCANS, gate.exits, heard), total(counters, CountKind.OUT, revoked, fresh)
        ),
        per_minute=fresh.figure(FigureSource.SCANS, round(gate.lately / access.FLOW_MINUTES), heard),
        queue=_known(*queue),
        devices_offline=sum(one.gate == gate.code and not one.online for one in counted.crowd.devices),
    )


def _ramps(counted: Counted) -> list[RampPicture]:
    """Return the ramps with a counter or a camera."""
    waiting = {one.ramp: one for one in counted.crowd.ramps}
    found = []
    for ramp in counted.venue.ramps:
        counters = counted.at(ramp.code, is_lane=True)
        queue = [level(counters, CountKind.QUEUE, counted.revoked, counted.fresh)]
        if ramp.code in waiting:
            one = waiting[ramp.code]
            queue.append(_queue(counted, ramp.code, one.waiting, is_estimate=not one.is_measured))
        if known := _known(*queue):
            found.append(RampPicture(ramp.code, known))
    return found


def _queue(counted: Counted, code: str, waiting: int, *, is_estimate: bool) -> CrowdFigure:
    """Return a queue by the pulses of counters; a minute of pulses is as old as its end."""
    minute = counted.crowd.pulsed_at.get(code)
    at = None if minute is None else minute + timedelta(minutes=1)
    return counted.fresh.figure(FigureSource.SCANS, waiting, at, is_estimate=is_estimate)


def _known(*figures: CrowdFigure | None) -> list[CrowdFigure]:
    return [figure for figure in figures if figure is not None]


def _offline(counted: Counted) -> list[OfflineDevice]:
    """Return devices at gates without a heartbeat, and cameras and counters without a fresh count."""
    last: dict[UUID, Counter] = {}
    for one in counted.counters:
        if one.device_id not in last or one.at > last[one.device_id].at:
            last[one.device_id] = one
    gone = [
        OfflineDevice(one.id, one.name, one.gate, one.last_seen_at) for one in counted.crowd.devices if not one.online
    ]
    at_gates = {one.id for one in counted.crowd.devices}
    return gone + [
        OfflineDevice(device, counted.names.get(device), one.place, one.at, is_counter=True)
        for device, one in last.items()
        if device not in counted.revoked and device not in at_gates and not counted.fresh.has(one.at)
    ]


class ControlTopic:
    """`control:<event_id>`: the picture of an event without its gates, for its controllers.

    A picture is sent after facts that change it, at most twice a second, and every five seconds without any. A stadium
    has too many gates for that: a stream would reach its limit of bytes within seconds, and the browser reconnect.
    """

    name = "control"
    message = VenuePicture

    def __init__(self, db: Database, pictures: VenuePictures) -> None:
        self._db = db
        self._pictures = pictures
        self._changed: set[UUID] = set()
        self._due: dict[UUID, float] = {}

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        """Return the picture now, to controllers whose role covers the event."""
        event_id = id_of(argument)
        if event_id is None:
            return Refused(NOT_FOUND)
        async with self._db.connection() as conn:
            event = await programme.event_within(conn, event_id, opening.principal, "controller")
        return event if isinstance(event, Refused) else Opened(opening.at, [await self._without_gates(event)])

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """Return nothing, and note the events whose picture has changed: the next pulse sends it."""
        for entry in entries:
            if entry.what in PICTURE_FACTS:
                self._changed.add(entry.about)
            elif entry.what.startswith(LOGGED):
                self._changed.add(UUID(entry.data["event"]))
        return {}

    async def on_pulse(self, arguments: Collection[str]) -> Mapping[str, Any]:
        """Return the pictures that have changed, and those that were not sent for five seconds."""
        followed = {UUID(argument) for argument in arguments}
        wanted = sorted(one for one in followed if one in self._changed or monotonic() >= self._due.get(one, 0.0))
        self._due = {one: due for one, due in self._due.items() if one in followed}
        async with self._db.connection() as conn:
            events = await programme.events(conn, wanted) if wanted else {}
        found: dict[str, Any] = {}
        for event_id in wanted:
            self._changed.discard(event_id)  # before the picture is read: what changes meanwhile is in the next one
            try:
                found[str(event_id)] = await self._without_gates(events[event_id])
            except Unavailable:
                self._changed.add(event_id)
                raise
            self._due[event_id] = monotonic() + SENT_EVERY_S
        return found

    async def _without_gates(self, event: Event) -> VenuePicture:
        return replace(await self._pictures.now(event), gates=[])
