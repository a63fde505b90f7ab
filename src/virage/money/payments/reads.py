"""What screens and the domains above may ask about payments."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from virage.money.payments import store
from virage.money.payments.rules import Payment, Refund
from virage.money.payments.store import Overdue, Turnover
from virage.platform.data.database import Connection

OVERDUE_AFTER = timedelta(minutes=10)


async def payment(conn: Connection, payment_id: UUID) -> Payment | None:
    """One payment, or None."""
    return (await store.payments(conn, [payment_id])).get(payment_id)


async def payments(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Payment]:
    """Payments by id."""
    return await store.payments(conn, ids)


async def of_purpose(conn: Connection, purpose: str) -> Turnover:
    """What came for a purpose and what went back, over all time: for the books."""
    return await store.turnover(conn, purpose)


async def of_subject(conn: Connection, subject: UUID) -> list[Payment]:
    """Every payment that was made or tried for a subject, oldest first."""
    return await store.payments_of_subject(conn, subject)


async def refunds_of(conn: Connection, payment_ids: Sequence[UUID]) -> list[Refund]:
    """Every refund of some payments, oldest first."""
    return await store.refunds_of(conn, payment_ids)


async def overdue(conn: Connection, now: datetime) -> Overdue:
    """What has had no end for so long that somebody should look: ten minutes after a refund was asked for, and ten
    minutes after a payment's time was over.

    Captured money needs no such look: its goods or its refund are stored in the transaction that captures it.
    """
    return await store.count_overdue(conn, now - OVERDUE_AFTER, now - OVERDUE_AFTER)
