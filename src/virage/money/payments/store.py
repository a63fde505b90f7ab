"""The queries of payments, one typed function each."""

from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from virage.money.payments.rules import (
    DueRefund,
    Method,
    MethodState,
    NewMethod,
    Opened,
    OpenPayment,
    Payment,
    Refund,
    RefundRequest,
    Settlement,
    Start,
    State,
    Unpaid,
)
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

_sql = load(__file__)
_STATES = {state.value: state for state in State}


class Overdue(Struct, frozen=True):
    """How many refunds and payments have been without an end for too long."""

    refunds: int
    payments: int


class Turnover(Struct, frozen=True):
    """Cents that were captured, and those of them that were asked back."""

    captured_cents: int
    refund_cents: int


def _payment(row: Mapping[str, Any]) -> Payment:
    return Payment(**{**row, "state": _STATES[row["state"]]})


async def _payments(rows: AsyncIterable[Mapping[str, Any]]) -> dict[UUID, Payment]:
    return {row["id"]: _payment(row) async for row in rows}


async def insert_payments(conn: Connection, starts: Sequence[Start], now: datetime) -> set[UUID]:
    """The ids of those that are new."""
    rows = _sql.insert_payments(
        conn,
        ids=[start.payment_id for start in starts],
        purposes=[start.purpose for start in starts],
        subjects=[start.subject for start in starts],
        amounts_cents=[start.amount_cents for start in starts],
        expires_ats=[start.expires_at for start in starts],
        now=now,
    )
    return {row["id"] async for row in rows}


async def payments(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Payment]:
    """Payments by id."""
    return await _payments(_sql.payments(conn, ids=ids))


async def payments_of_subject(conn: Connection, subject: UUID) -> list[Payment]:
    """Every payment of one subject, oldest first."""
    return [_payment(row) async for row in _sql.payments_of_subject(conn, subject=subject)]


async def open_pages(conn: Connection, opened: Sequence[Opened]) -> None:
    """Keep the provider's pages."""
    await _sql.open_pages(
        conn,
        ids=[page.payment_id for page in opened],
        urls=[page.payment_url for page in opened],
        refs=[page.provider_ref for page in opened],
    )


async def lock_without_money(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Unpaid]:
    """Payments that news can still move, locked, in the order of their ids."""
    rows = _sql.lock_without_money(conn, ids=ids)
    return {row[0]: Unpaid(row[0], row[1], row[2], row[3], _STATES[row[4]]) async for row in rows}


async def settle_payments(conn: Connection, steps: Sequence[Settlement], now: datetime) -> None:
    """Write what the provider said."""
    await _sql.settle_payments(
        conn,
        ids=[step.payment.id for step in steps],
        states=[step.outcome.state for step in steps],
        captured_cents=[step.outcome.amount_cents if step.captured else None for step in steps],
        reasons=[step.outcome.reason for step in steps],
        now=now,
    )


async def lock_payments(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Payment]:
    """Payments by id, locked, in order."""
    return await _payments(_sql.lock_payments(conn, ids=ids))


async def give_up(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """End the time of open payments now."""
    await _sql.give_up(conn, ids=ids, now=now)


async def refunds(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Refund]:
    """Refunds by id."""
    return {row["id"]: Refund(**row) async for row in _sql.refunds(conn, ids=ids)}


async def refunds_of(conn: Connection, payment_ids: Sequence[UUID]) -> list[Refund]:
    """Every refund of some payments, oldest first."""
    return [Refund(**row) async for row in _sql.refunds_of(conn, payment_ids=payment_ids)]


async def insert_refunds(conn: Connection, requests: Sequence[RefundRequest], now: datetime) -> set[UUID]:
    """The ids of those that are new; an id that another payment took meanwhile is not among them."""
    rows = _sql.insert_refunds(
        conn,
        ids=[request.refund_id for request in requests],
        payment_ids=[request.payment_id for request in requests],
        amounts_cents=[request.amount_cents for request in requests],
        now=now,
    )
    return {row["id"] async for row in rows}


async def due_refunds(conn: Connection, now: datetime, wanted: int) -> list[DueRefund]:
    """Refunds to send now."""
    return [DueRefund(**row) async for row in _sql.due_refunds(conn, now=now, wanted=wanted)]


async def finish_refunds(conn: Connection, ids: Sequence[UUID], now: datetime) -> list[RefundRequest]:
    """Mark refunds as done and name their payments; those that were not done before."""
    async for _ in _sql.lock_payments_of_refunds(conn, refund_ids=ids):
        pass
    rows = [row async for row in _sql.finish_refunds(conn, ids=ids, now=now)]
    await _sql.name_refunded(conn, payment_ids=[row["payment_id"] for row in rows])
    return [RefundRequest(row["id"], row["payment_id"], row["amount_cents"]) for row in rows]


async def postpone_refunds(conn: Connection, later: Sequence[tuple[UUID, datetime, str | None]]) -> None:
    """Try refunds again at their times; each comes with the provider's reason."""
    await _sql.postpone_refunds(
        conn,
        ids=[refund_id for refund_id, _, _ in later],
        due_ats=[due_at for _, due_at, _ in later],
        reasons=[reason for _, _, reason in later],
    )


async def count_overdue(conn: Connection, refunds_before: datetime, payments_before: datetime) -> Overdue:
    """Refunds asked before a moment and not confirmed; open payments whose time was over before a moment."""
    row = await _sql.count_overdue(conn, refunds_before=refunds_before, payments_before=payments_before)
    return Overdue(row["refunds"], row["payments"])


async def open_payments(
    conn: Connection, since: datetime, until: datetime, after: UUID, wanted: int
) -> list[OpenPayment]:
    """Open payments created from `since` (and after that id) until `until`, by age."""
    rows = _sql.open_payments(conn, since=since, until=until, after=after, wanted=wanted)
    return [OpenPayment(**row) async for row in rows]


async def open_since(conn: Connection) -> datetime:
    """Before this moment no open payment was created."""
    moment: datetime = await _sql.open_since(conn)
    return moment


async def move_watermark(conn: Connection, open_since: datetime) -> None:
    """Look no further back from now on; it only ever moves forward."""
    await _sql.move_watermark(conn, open_since=open_since)


def _method(row: Any) -> Method:
    return Method(**{**row, "state": MethodState(row["state"])})


async def insert_method(conn: Connection, method: NewMethod, now: datetime) -> bool:
    """Whether it is new."""
    return bool(
        await _sql.insert_method(
            conn, id=method.method_id, subject=method.subject, return_url=method.return_url, now=now
        )
    )


async def methods(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Method]:
    """Means of payment by id."""
    return {row["id"]: _method(row) async for row in _sql.methods(conn, ids=ids)}


async def lock_methods(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Method]:
    """Means of payment by id, locked in order."""
    return {row["id"]: _method(row) async for row in _sql.lock_methods(conn, ids=ids)}


async def methods_of(conn: Connection, subject: UUID) -> list[Method]:
    """All means of payment of somebody that are not forgotten, the oldest first."""
    return [_method(row) async for row in _sql.methods_of(conn, subject=subject)]


async def put_methods(conn: Connection, methods: Sequence[Method], now: datetime) -> None:
    """Write means of payment as they stand now; they are locked."""
    await _sql.put_methods(
        conn,
        ids=[method.id for method in methods],
        states=[method.state for method in methods],
        labels=[method.label for method in methods],
        reasons=[method.reason for method in methods],
        page_urls=[method.page_url for method in methods],
        now=now,
    )


async def methods_in_state(conn: Connection, state: MethodState, before: datetime, wanted: int) -> list[Method]:
    """Means of payment that have been waiting in a state since before a moment, by age."""
    rows = _sql.methods_in_state(conn, state=state, before=before, wanted=wanted)
    return [_method(row) async for row in rows]


async def turnover(conn: Connection, purpose: str) -> Turnover:
    """What came for a purpose and what went back."""
    row = await _sql.turnover(conn, purpose=purpose)
    return Turnover(row["captured_cents"], row["refund_cents"])
