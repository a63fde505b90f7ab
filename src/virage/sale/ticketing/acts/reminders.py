"""Remind holders of tickets by email: of names that are missing, and of the event."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.sale.ticketing.rules.names import event_reminder_due, names_reminder_due
from virage.sale.ticketing.settings import ReminderSettings
from virage.sale.ticketing.store import reminders as store
from virage.site.programme import api as programme

REMINDED_AT_ONCE = 500


async def remind(conn: Connection, settings: ReminderSettings, now: datetime) -> int:
    """Remind a batch of holders, each once of missing names and once of an event; return how many. Call until none."""
    names_before = timedelta(hours=settings.names_reminder_hours)
    event_before = timedelta(hours=settings.event_reminder_hours)
    for event in await programme.upcoming(conn, now):
        if names_reminder_due(event, names_before, now):
            unnamed = await store.remind_unnamed(conn, event.id, REMINDED_AT_ONCE)
            if unnamed:
                await _queue(conn, EmailKind.NAMES_MISSING, event.id, unnamed, event.names_due_at, now)
                return len(unnamed)
        if event_reminder_due(event, event_before, now):
            holders = await store.remind_holders(conn, event.id, REMINDED_AT_ONCE)
            if holders:
                await _queue(conn, EmailKind.EVENT_REMINDER, event.id, holders, event.starts_at, now)
                return len(holders)
    return 0


async def choose(conn: Connection, person_id: UUID, *, wanted: bool) -> None:
    """Store whether a person wants reminders of events by email."""
    await store.choose(conn, person_id, wanted=wanted)


async def forget_over(conn: Connection, now: datetime) -> None:
    """Delete the reminders of events that are over."""
    await store.forget(conn, [event.id for event in await programme.upcoming(conn, now)])


async def _queue(  # noqa: PLR0917 - an email and its recipients
    conn: Connection,
    kind: EmailKind,
    event_id: UUID,
    person_ids: Sequence[UUID],
    expires_at: datetime | None,
    now: datetime,
) -> None:
    emails = [
        NewEmail(
            id=new_id(), kind=kind, subject_id=event_id, about_id=person_id, person_id=person_id, expires_at=expires_at
        )
        for person_id in person_ids
    ]
    await queue_emails(conn, emails, now)
