"""Storing emails in the transaction of their subject; a job composes and sends them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from virage.identity.people.rules.emails import (
    RESENDS_PER_HOUR,
    RESENDS_PER_MINUTE,
    URGENT,
    EmailJob,
    NewEmail,
)
from virage.identity.people.rules.reasons import Reason
from virage.identity.people.rules.secrets import PeopleKeys
from virage.identity.people.store import emails as store
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.data.queue import enqueue
from virage.platform.mail.reports import Report
from virage.platform.values.refusals import Refused

URGENT_EMAIL_JOB = "mail"
EMAIL_JOB = "letter"
_RECENTLY = ((timedelta(minutes=1), RESENDS_PER_MINUTE), (timedelta(hours=1), RESENDS_PER_HOUR))


async def write(
    conn: Connection,
    emails: Sequence[NewEmail],
    now: datetime,
    *,
    keys: PeopleKeys | None = None,
    delay: timedelta = timedelta(0),
) -> list[UUID]:
    """Send emails `delay` after the transaction commits; the ids of the new ones. The queue carries their ids alone.

    `keys` are needed where an email has a given recipient or a secret.
    """
    if not emails:
        return []
    written = await store.write(conn, keys, emails, now)
    await enqueue(conn, URGENT_EMAIL_JOB, [EmailJob(id_) for id_, kind in written if kind in URGENT], delay=delay)
    await enqueue(conn, EMAIL_JOB, [EmailJob(id_) for id_, kind in written if kind not in URGENT], delay=delay)
    return [id_ for id_, _ in written]


async def resend(
    conn: Connection,
    about_id: UUID,
    email_id: UUID | None,
    new_id: UUID,
    *,
    who: UUID | None,
    now: datetime,
    person_id: UUID | None = None,
) -> Refused | None:
    """Send an email of an order again, to the order's person alone; `person_id`: only if that is them.

    `email_id` None: the first email of the order. One a minute and five an hour of an order. The same `new_id`
    again is the same email.
    """
    await store.lock_emails_about(conn, about_id)
    known = await store.lock_emails_about(conn, about_id)  # with those that were written while the first waited
    if any(email.id == new_id for email in known):
        return None
    original = next((email for email in known if email_id in (None, email.id)), None)
    if original is None or original.person_id is None or person_id not in (None, original.person_id):
        return Refused(Reason.NOT_FOUND)
    for window, limit in _RECENTLY:
        if sum(email.queued_at > now - window for email in known) >= limit:
            return Refused(Reason.RATE_LIMITED)
    again = NewEmail(
        id=new_id,
        kind=original.kind,
        subject_id=original.subject_id,
        about_id=about_id,
        person_id=original.person_id,
        was_at=original.was_at,
        resend_of=original.id,
    )
    if not await write(conn, [again], now):
        return Refused(Reason.NOT_FOUND)
    await journal.append(conn, [Fact("letter_resent", who, about_id, {"letter": new_id})], now)
    return None


async def report(conn: Connection, keys: Sequence[PeopleKeys], email_id: UUID, what: Report, now: datetime) -> None:
    """Store what a mail server reported of an email; an address that does not exist is not written to again."""
    news, to = await store.mark_reported(conn, keys, email_id, what, now)
    if news and what.blocks and to is not None:
        await store.block(conn, keys[0], to, email_id, reason=what.reason, now=now)


async def unblock_address(conn: Connection, email_id: UUID, who: UUID | None, now: datetime) -> Refused | None:
    """Let the address of an email that came back be written to again."""
    if not await store.unblock_address(conn, email_id):
        return Refused(Reason.NOT_FOUND)
    await journal.append(conn, [Fact("address_freed", who, email_id)], now)
    return None
