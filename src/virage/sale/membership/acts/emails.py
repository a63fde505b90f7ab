"""Emails about memberships, stored in the transaction that causes them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail
from virage.money.payments.types import FailedRefund
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.sale.membership.rules.terms import MembershipRow


async def notify(conn: Connection, kind: EmailKind, rows: Sequence[MembershipRow], now: datetime) -> None:
    """Store an email about each membership, once per kind, unless its person is unknown."""
    emails = [
        NewEmail(id=new_id(), kind=kind, subject_id=row.id, about_id=row.id, person_id=row.person_id)
        for row in rows
        if row.person_id is not None
    ]
    await queue_emails(conn, emails, now)


async def notify_refunds_failed(
    conn: Connection, refunds: Sequence[FailedRefund], rows: Mapping[UUID, MembershipRow], now: datetime
) -> None:
    """Store an email about each refund that the bank does not take."""
    emails = [
        NewEmail(
            id=new_id(),
            kind=EmailKind.MEMBERSHIP_REFUND_FAILED,
            subject_id=refund.id,
            about_id=refund.subject,
            person_id=row.person_id,
        )
        for refund in refunds
        if (row := rows.get(refund.subject)) is not None and row.person_id is not None
    ]
    await queue_emails(conn, emails, now)
