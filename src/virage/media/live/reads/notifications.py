"""Notification preferences and records of a fan."""

from uuid import UUID

from msgspec import Struct, field

from virage.media.live.rules.notifications import NotificationPreferences
from virage.media.live.store import notifications as store
from virage.media.live.store.notifications import NotificationRecord, StoredPreferences
from virage.platform.data.database import Connection

NO_NOTIFICATIONS = NotificationPreferences([])


class NotificationSettings(Struct, frozen=True):
    """Preferences for all events of the club, and overrides by event."""

    club: NotificationPreferences
    events: dict[UUID, NotificationPreferences]


class NotificationsExport(Struct, frozen=True):
    """Personal data of notifications: preferences, and the entries of the last day's notifications."""

    choices: list[StoredPreferences]
    notifications: list[NotificationRecord] = field(name="told")


async def settings_of(conn: Connection, person_id: UUID) -> NotificationSettings:
    """Return a fan's preferences; the default is no notifications."""
    found = {stored.event_id: stored.choice for stored in await store.preferences_of(conn, person_id)}
    events = {event_id: choice for event_id, choice in found.items() if event_id is not None}
    return NotificationSettings(found.get(None, NO_NOTIFICATIONS), events)


async def export(conn: Connection, person_id: UUID) -> NotificationsExport:
    """Return the personal data that notifications store about a person."""
    return NotificationsExport(
        await store.preferences_of(conn, person_id), await store.notifications_of(conn, person_id)
    )
