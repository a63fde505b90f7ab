"""What a supervisor sees: how many are where, what flows, what is wrong."""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from virage.matchday.access.rules.queues import GateQueue, Queue
from virage.site.venue.types import PlaceLabel

HEARD_WITHIN: Final = timedelta(seconds=20)
"""A device that said nothing for longer, four heartbeats, is offline."""
FLOW_MINUTES: Final = 5


class Correction(Struct, frozen=True):
    """A supervisor counted: so many more (or fewer) are in a zone. A fact of its own, never an edit."""

    id: UUID
    event_id: UUID
    zone: str
    people: int
    reason: str
    corrected_at: datetime
    corrected_by: UUID | None


class CorrectionLine(Correction, frozen=True):
    """A correction, and who made it."""

    corrected_by_name: str | None


class ByTicket(Struct, frozen=True):
    """What tickets alone tell of a zone: sold there, of them entered by any gate, and not in yet."""

    sold: int
    entered: int
    not_yet_in: int


class ZoneLine(Struct, frozen=True):
    """A zone: how many people are inside by the crossings, less anonymous exits, with the corrections in it.

    `admitted` counts each pass once and only where it was proved: it is less than `inside` where a pass let two in, or
    somebody went in without proof. `capacity` is how many places the zone has.
    """

    code: str
    kind: Literal["stand", "area"]
    inside: int
    admitted: int
    capacity: int
    corrected: int
    full: bool
    by_ticket: ByTicket


class GateLine(Struct, frozen=True):
    """A gate's flow. `entries_a_minute` is the mean of the last five minutes; `queue` is None where nothing counts it.

    `turnstile`, `closed` and `extra_groups` are what was said of this gate; "no entry" for all stands at the board.
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
    entries_a_minute: float
    queue: GateQueue | None


class DeviceLine(Struct, frozen=True):
    """A device, as it last said, and who works with it."""

    id: UUID
    name: str | None
    gate: str
    online: bool
    heard_at: datetime
    offline_since: datetime | None
    backlog: int
    clock_off_ms: int
    battery_percent: int | None
    person_id: UUID | None
    person_name: str | None


class OverrideLine(Struct, frozen=True):
    """How many overrides a device sent, with or without heartbeats; `gate` is that of the last one."""

    device_id: UUID
    gate: str
    overrides: int
    person_id: UUID | None
    device_name: str | None = None
    person_name: str | None = None


class ScanLine(Struct, frozen=True):
    """One of the two scans of a duplicate, with whom to call."""

    device_id: UUID
    number: int
    gate: str
    at: datetime
    offline: bool
    override: str | None
    person_id: UUID | None
    device_name: str | None = None
    person_name: str | None = None


class DuplicateLine(Struct, frozen=True):
    """What two gates both let in; `gone_at`: a crossing that came later explains it."""

    pass_number: int
    place_label: PlaceLabel | None
    first: ScanLine
    second: ScanLine
    found_at: datetime
    gone_at: datetime | None


class SpecialLine(Struct, frozen=True):
    """A scan that somebody overruled, or that let somebody in without proof (`reason` says why).

    With the reason `already_inside` it refused a bearer whose pass came in before by a code out of its time.
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


class HistoryLine(SpecialLine, frozen=True, kw_only=True):
    """A scan of a pass. `withdrawn`: its device was revoked, and it counts no more."""

    outcome: str
    offline: bool
    training: bool
    time_trusted: bool
    withdrawn: bool
    clock_off_s: int


class GateBoard(Struct, frozen=True):
    """The gates of an event at a moment. Of the overrides of one device, `overrides_max` admit."""

    now: datetime
    closed: bool
    inside: int
    admitted: int
    not_yet_in: int
    zones: list[ZoneLine]
    gates: list[GateLine]
    devices: list[DeviceLine]
    refusals: dict[str, int]
    duplicates_standing: int
    duplicates: list[DuplicateLine]
    special: list[SpecialLine]
    overrides: list[OverrideLine]
    overrides_max: int
    queues: list[Queue]
    quickest_ramp: str | None
    corrections: list[CorrectionLine]


class CorrectionWish(Struct, frozen=True, forbid_unknown_fields=True):
    """A correction; the browser makes `id`: sent twice, it is one."""

    id: UUID
    zone: str
    people: int
    reason: str
