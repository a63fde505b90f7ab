"""How devices say they are."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class DeviceState(Struct, frozen=True):
    """How a device said it was; `clock_off_ms` is its clock less the server's."""

    device_id: UUID
    event_id: UUID
    gate: str
    heard_at: datetime
    clock_off_ms: int
    backlog: int
    battery_percent: int | None
    offline_since: datetime | None
    pack_version: str | None
    person_id: UUID | None
