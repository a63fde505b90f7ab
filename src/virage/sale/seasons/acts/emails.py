"""Emails about renewals, stored in the transaction that causes them."""

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
    renewals: Iterable[tuple[UUID, UUID | None]],
    now: datetime,
    *,
    expires_at: datetime,
) -> None:
    """Store an email about each renewal with its person, once per kind; erased people get none."""
    emails = [
        NewEmail(id=new_id(), kind=kind, subject_id=id_, about_id=id_, person_id=person_id, expires_at=expires_at)
        for id_, person_id in renewals
        if person_id is not None
    ]
    if emails:
        await queue_emails(conn, emails, now)
