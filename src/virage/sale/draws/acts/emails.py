"""Emails about entries, stored in the transaction that causes them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id


async def notify(
    conn: Connection,
    kind: EmailKind,
    entries: Iterable[tuple[UUID, UUID | None]],
    now: datetime,
    *,
    expires_at: datetime | None = None,
) -> None:
    """Store an email about each entry with its person, once per kind; people who were erased get none."""
    emails = [
        NewEmail(
            id=new_id(), kind=kind, subject_id=entry_id, about_id=entry_id, person_id=person_id, expires_at=expires_at
        )
        for entry_id, person_id in entries
        if person_id is not None
    ]
    if emails:
        await queue_emails(conn, emails, now)
