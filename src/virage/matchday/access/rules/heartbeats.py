"""Heartbeats and states of devices."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.matchday.access.rules.scans import CODE_MAX
from virage.platform.values.refusals import Refused, invalid_input
from virage.site.programme.types import YEAR_MAX, YEAR_MIN, Instant

MS_MAX: Final = 2**31 - 1


class Heartbeat(Struct, frozen=True):
    """State of a device: its clock, scans to sync, and since when it was offline."""

    event_id: UUID
    gate: Annotated[str, Meta(max_length=CODE_MAX)]
    at: Instant
    backlog: Annotated[int, Meta(ge=0, le=10**7)] = 0
    battery_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    offline_since: Instant | None = None
    version: Annotated[str, Meta(max_length=50)] | None = None
    person_id: UUID | None = None


class DeviceState(Struct, frozen=True):
    """Last state of a device; `clock_off_ms` is its clock less the server's."""

    device_id: UUID
    event_id: UUID
    gate: str
    last_seen_at: datetime
    clock_off_ms: int
    backlog: int
    battery_percent: int | None
    offline_since: datetime | None
    pack_version: str | None
    person_id: UUID | None


def state_of(device_id: UUID, beat: Heartbeat, now: datetime) -> DeviceState | Refused:
    """Return the state in a heartbeat received at `now`."""
    moments = [moment for moment in (beat.at, beat.offline_since) if moment is not None]
    if not all(YEAR_MIN <= moment.year <= YEAR_MAX for moment in moments):
        return invalid_input("at", "There is no such time.")
    return DeviceState(
        device_id=device_id,
        event_id=beat.event_id,
        gate=beat.gate,
        last_seen_at=now,
        clock_off_ms=max(-MS_MAX, min(MS_MAX, (beat.at - now) // timedelta(milliseconds=1))),
        backlog=beat.backlog,
        battery_percent=beat.battery_percent,
        offline_since=beat.offline_since,
        pack_version=beat.version,
        person_id=beat.person_id,
    )
