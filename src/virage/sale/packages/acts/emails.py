"""Emails about instalments, stored in the transaction that causes them."""

from datetime import datetime
from uuid import UUID

from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id


async def notify(
    conn: Connection, kind: EmailKind, person_id: UUID, *, about: UUID, cause: UUID, until: datetime, now: datetime
) -> None:
    """Store an email about an instalment, once per kind and cause; it is not sent after `until`."""
    email = NewEmail(id=new_id(), kind=kind, subject_id=cause, about_id=about, person_id=person_id, expires_at=until)
    await queue_emails(conn, [email], now)
