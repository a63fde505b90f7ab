"""Public keys at a gate, of devices and events, and the venues of events, cached: none of them changes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.keys.api import DeviceKeyring, DeviceKeys, issuer_keys
from virage.identity.keys.types import HolderKey, IssuerKey
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue.api import venue_at
from virage.site.venue.types import Venue

KEPT_MAX: Final = 5_000
DAYS_AROUND: Final = timedelta(days=3)
KEPT_S: Final = 60.0
MISSING_KEPT_S: Final = 0.5


class EventKeys(Struct, frozen=True):
    """Issuer keys by kid: the event's own and those of the days around, to recognise their passes.

    `venue` is the venue of the event; None for an unknown event.
    """

    by_kid: Mapping[bytes, IssuerKey]
    venue: Venue | None
    until_s: float


class Keyring:
    """Keys cached by a process."""

    def __init__(self, db: Database, clock: Clock, device_keys: DeviceKeys) -> None:
        self._db = db
        self._clock = clock
        self._devices = DeviceKeyring(db, device_keys)
        self._events: dict[UUID, EventKeys] = {}

    async def device(self, device_id: UUID) -> HolderKey | None:
        """Return the public key of a device."""
        return await self._devices.key(device_id)

    async def issuers(self, event_id: UUID) -> Mapping[bytes, IssuerKey]:
        """Return the keys that the gates of an event know."""
        return (await self._of(event_id)).by_kid

    async def venue(self, event_id: UUID) -> Venue | None:
        """Return the venue of an event; None for an unknown event."""
        return (await self._of(event_id)).venue

    async def _of(self, event_id: UUID) -> EventKeys:
        found = self._events.get(event_id)
        if found is None or monotonic() >= found.until_s:
            found = await self._read(event_id)
            if len(self._events) > KEPT_MAX:
                self._events.clear()
            self._events[event_id] = found
        return found

    async def _read(self, event_id: UUID) -> EventKeys:
        async with self._db.connection() as conn:
            around = await events_around(conn, self._clock.now())
            keys = await issuer_keys(conn, sorted({event_id, *(event.id for event in around)}))
            event = await programme.event(conn, event_id)
            venue = None if event is None else await venue_at(conn, event.venue_version)
        kept_s = KEPT_S if event_id in keys else MISSING_KEPT_S
        return EventKeys({key.kid: key for key in keys.values()}, venue, monotonic() + kept_s)


async def events_around(conn: Connection, now: datetime) -> list[Event]:
    """Return the events of the days around, by start: their passes may come on the wrong day."""
    return [event for event in await programme.upcoming(conn, now - DAYS_AROUND) if event.starts_at < now + DAYS_AROUND]
