"""What screens and the domains above may ask about payments."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from virage.kernel.database import Connection
from virage.payments import store
from virage.payments.rules import Payment, Refund
from virage.payments.store import Unended

NO_TIME = timedelta()


async def payment(conn: Connection, payment_id: UUID) -> Payment | None:
    """One payment, or None."""
    return (await store.payments(conn, [payment_id])).get(payment_id)


async def payments(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Payment]:
    """Payments by id; those that do not exist are left out."""
    return await store.payments(conn, ids)


async def of_subject(conn: Connection, subject: UUID) -> list[Payment]:
    """Every payment that was made or tried for a subject, oldest first."""
    return await store.payments_of_subject(conn, subject)


async def refunds_of(conn: Connection, payment_ids: Sequence[UUID]) -> list[Refund]:
    """Every refund of some payments, oldest first."""
    return await store.refunds_of(conn, payment_ids)


async def captured_without_end(conn: Connection, now: datetime, older_than: timedelta = NO_TIME) -> list[Unended]:
    """Captured payments of which nothing was asked back: the audit compares each of them with the goods.

    `older_than` leaves out those that were captured just now.
    """
    return await store.captured_without_end(conn, now - older_than)


async def overdue_refunds(
    conn: Connection, now: datetime, older_than: timedelta = timedelta(minutes=10), wanted: int = 100
) -> list[Refund]:
    """Refunds that the provider has not confirmed for so long that somebody should look."""
    return await store.overdue_refunds(conn, now - older_than, wanted)
