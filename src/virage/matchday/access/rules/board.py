"""The supervisor's board: people per zone, flow per gate, devices and alerts."""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from virage.matchday.access.rules.identity import IdentityCounts
from virage.matchday.access.rules.queues import GateQueue, Queue
from virage.site.venue.types import PlaceLabel

HEARD_WITHIN: Final = timedelta(seconds=20)
"""A device is offline after four missed heartbeats."""
FLOW_MINUTES: Final = 5


class Correction(Struct, frozen=True):
    """A supervisor's correction of the number of people in a zone; counts are never edited."""

    id: UUID
    event_id: UUID
    zone: str
    people: int
    reason: str
    corrected_at: datetime
    corrected_by: UUID | None


class CorrectionEntry(Correction, frozen=True):
    """A correction with the name of its author."""

    corrected_by_name: str | None


class TicketCounts(Struct, frozen=True):
    """Tickets of a zone: sold, used to enter by any gate, and not used yet."""

    sold: int
    entered: int
    not_entered: int


class ZoneStatus(Struct, frozen=True):
    """A zone. `inside` counts people by crossings, less anonymous exits, with corrections.

    `admitted` counts each pass once and only proved entries: it is less than `inside` where a pass was used twice or an
    entry had no proof. `capacity` is the number of places.
    """

    code: str
    kind: Literal["stand", "area"]
    inside: int
    admitted: int
    capacity: int
    corrected: int
    full: bool
    tickets: TicketCounts


class GateStatus(Struct, frozen=True):
    """A gate and its flow. `entries_per_minute` is the mean of five minutes; `queue` is None without counters.

    `turnstile`, `closed` and `extra_groups` are settings of this gate; a stop of all entry is in the board's `closed`.
    """

    code: str
    group: str
    zone: str
    turnstile: bool
    closed: bool
    extra_groups: tuple[str, ...]
    entries: int
    exits: int
    refused: int
    entries_per_minute: float
    queue: GateQueue | None


class DeviceStatus(Struct, frozen=True):
    """A device by its last heartbeat, and the person signed in on it."""

    id: UUID
    name: str | None
    gate: str
    online: bool
    last_seen_at: datetime
    offline_since: datetime | None
    backlog: int
    clock_off_ms: int
    battery_percent: int | None
    person_id: UUID | None
    person_name: str | None


class DeviceOverrides(Struct, frozen=True):
    """Number of overrides of a device, with or without heartbeats; `gate` is that of the last one."""

    device_id: UUID
    gate: str
    overrides: int
    person_id: UUID | None
    device_name: str | None = None
    person_name: str | None = None


class ScanSummary(Struct, frozen=True):
    """One of the two scans of a duplicate, with the device and the person to call."""

    device_id: UUID
    number: int
    gate: str
    at: datetime
    offline: bool
    override: str | None
    person_id: UUID | None
    device_name: str | None = None
    person_name: str | None = None


class DuplicateAdmission(Struct, frozen=True):
    """A pass admitted twice; `resolved_at` is set when a later crossing explains it."""

    pass_number: int
    place_label: PlaceLabel | None
    first: ScanSummary
    second: ScanSummary
    detected_at: datetime
    resolved_at: datetime | None


class ScanAlert(Struct, frozen=True):
    """An overridden scan, or an entry without proof (`reason` says why).

    Reason `already_inside`: the bearer was refused because an outdated code of the pass was used to enter before.
    Reason `revoked`: a gate that had not heard let a pass in that was refunded, sold on the exchange, or suspended.
    `place_label` is then its place, and `present` the entry of the pass that has the place now, if there was one.
    """

    device_id: UUID
    number: int
    gate: str
    at: datetime
    kind: str
    pass_number: int | None
    reason: str | None
    override: str | None
    person_id: UUID | None
    device_name: str | None = None
    person_name: str | None = None
    place_label: PlaceLabel | None = None
    present: ScanSummary | None = None


class PassScan(ScanAlert, frozen=True, kw_only=True):
    """A scan of a pass. `withdrawn`: its device was revoked and the scan no longer counts."""

    outcome: str
    offline: bool
    training: bool
    time_trusted: bool
    withdrawn: bool
    clock_off_s: int


class GateBoard(Struct, frozen=True):
    """The gates of an event at a moment. At most `overrides_max` overrides per device admit."""

    now: datetime
    closed: bool
    inside: int
    admitted: int
    not_entered: int
    zones: list[ZoneStatus]
    gates: list[GateStatus]
    devices: list[DeviceStatus]
    refusals: dict[str, int]
    duplicates_open: int
    duplicates: list[DuplicateAdmission]
    alerts: list[ScanAlert]
    overrides: list[DeviceOverrides]
    overrides_max: int
    queues: list[Queue]
    fastest_ramp: str | None
    corrections: list[CorrectionEntry]
    identity: IdentityCounts


class CorrectionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A correction. The browser makes `id`; sending it twice adds one correction."""

    id: UUID
    zone: str
    people: int
    reason: str
