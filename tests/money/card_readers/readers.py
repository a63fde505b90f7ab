"""Card readers in tests: a reader of a till, and payments at it in any state."""

from datetime import datetime
from typing import Final
from uuid import UUID

from virage.money.card_readers import acts
from virage.money.card_readers.rules import PURPOSE, CardPayment, NewCardPayment, Reader
from virage.money.payments import acts as payments
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import Outcome, PaymentState
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

HANDLERS: Final = Handlers({PURPOSE: acts.CardReaderMoney()})
FINANCE: Final = UUID("01970000-0000-7000-8000-0000000f1a2c")


async def reader_of(db: Database, till_id: UUID, now: datetime, outlet: str = "01") -> Reader:
    """A registered reader that takes the payments of a till."""
    reader = Reader(new_id(), f"simulated-waiting/{new_id()}", "Bar", outlet, None, now)
    async with db.transaction() as conn:
        assert not isinstance(await acts.register(conn, reader, FINANCE), Refused)
    async with db.transaction() as conn:
        assigned = await acts.assign(conn, reader.id, till_id, FINANCE, now)
    assert isinstance(assigned, Reader), assigned
    return assigned


async def requested(
    db: Database, till_id: UUID, cents: int, now: datetime, record_id: UUID | None = None
) -> CardPayment:
    """A payment that a till has requested of its reader."""
    new = NewCardPayment(new_id(), till_id, record_id or new_id(), cents)
    async with db.transaction() as conn:
        found = await acts.request_payment(conn, new, now)
    assert not isinstance(found, Refused), found
    return found.payment


async def settled(
    db: Database, payment: CardPayment, now: datetime, state: PaymentState = PaymentState.CAPTURED, cents: int = 0
) -> None:
    """The provider says what became of a payment."""
    outcome = Outcome(payment.id, state, cents or payment.amount_cents, provider_ref=f"pi_{payment.id}")
    async with db.transaction() as conn:
        await payments.settle(conn, [outcome], now, HANDLERS)


async def captured(
    db: Database, till_id: UUID, cents: int, now: datetime, record_id: UUID | None = None
) -> CardPayment:
    """A payment whose money came."""
    payment = await requested(db, till_id, cents, now, record_id)
    await settled(db, payment, now)
    return payment


async def refunds_of(db: Database, payment: CardPayment) -> list[int]:
    """The amounts that go back to the card."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            "select amount_cents from payments.refund where payment_id = $1 order by created_at, id", payment.id
        )
    return [row["amount_cents"] for row in rows]
