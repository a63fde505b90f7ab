"""Emails about points, stored in the transaction that causes them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.sale.points.rules.terms import Account, Redemption
from virage.sale.points.store.accounts import StoredNotice


async def tell_of_reward(conn: Connection, kind: EmailKind, redemption: Redemption, now: datetime) -> None:
    """Store an email about a redeemed reward, unless its person was erased."""
    if redemption.person_id is not None:
        email = NewEmail(
            id=new_id(),
            kind=kind,
            subject_id=redemption.id,
            about_id=redemption.id,
            person_id=redemption.person_id,
        )
        await queue_emails(conn, [email], now)


async def tell_of_lapse(
    conn: Connection, notices: Sequence[StoredNotice], accounts: Mapping[UUID, Account], now: datetime
) -> None:
    """Store an email about each notice of points that lapse."""
    emails = [
        NewEmail(
            id=new_id(),
            kind=EmailKind.POINTS_LAPSE_SOON,
            subject_id=notice.id,
            about_id=notice.id,
            person_id=accounts[notice.account_id].person_id,
            expires_at=notice.lapses_at,
        )
        for notice in notices
    ]
    await queue_emails(conn, emails, now)
