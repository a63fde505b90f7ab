"""What fans asked to be told."""

from uuid import UUID

from msgspec import Struct

from virage.media.live.rules.notifications import NotificationPreferences
from virage.media.live.store import notifications as store
from virage.media.live.store.notifications import NotificationRecord, StoredPreferences
from virage.platform.data.database import Connection

NO_NOTIFICATIONS = NotificationPreferences([])


class NotificationSettings(Struct, frozen=True):
    """What a fan asked to be told of all of the club, and instead of single events."""

    club: NotificationPreferences
    events: dict[UUID, NotificationPreferences]


class NotificationsExport(Struct, frozen=True):
    """What is kept of somebody: their choices, and the entries that they were told of in the last day."""

    choices: list[StoredPreferences]
    told: list[NotificationRecord]


async def settings_of(conn: Connection, person_id: UUID) -> NotificationSettings:
    """What a fan asked; nothing until they did."""
    found = {one.event_id: one.choice for one in await store.preferences_of(conn, person_id)}
    events = {event_id: choice for event_id, choice in found.items() if event_id is not None}
    return NotificationSettings(found.get(None, NO_NOTIFICATIONS), events)


async def export(conn: Connection, person_id: UUID) -> NotificationsExport:
    """What is kept about what somebody asked to be told."""
    return NotificationsExport(
        await store.preferences_of(conn, person_id), await store.notifications_of(conn, person_id)
    )
