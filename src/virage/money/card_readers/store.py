"""Queries of card readers, one typed function each."""

from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from virage.money.card_readers.rules import CardPayment, Reader, Registration
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

_sql = load(__file__)


async def insert_reader(conn: Connection, reader: Reader, who: UUID | None) -> bool:
    """Store a reader, unless it is known; return whether it is new."""
    new = await _sql.insert_reader(
        conn,
        id=reader.id,
        provider_ref=reader.provider_ref,
        label=reader.label,
        outlet=reader.outlet,
        who=who,
        now=reader.registered_at,
    )
    return new is not None


async def insert_registration(conn: Connection, new: Registration) -> bool:
    """Store a registration, unless it is known; return whether it is new."""
    stored = await _sql.insert_registration(
        conn,
        id=new.id,
        code=new.code,
        label=new.label,
        outlet=new.outlet,
        location_id=new.location_id,
        who=new.begun_by,
        now=new.begun_at,
    )
    return stored is not None


async def registration(conn: Connection, reader_id: UUID) -> Registration | None:
    """Return a registration without an answer, or None."""
    row = await _sql.registration(conn, id=reader_id)
    return None if row is None else Registration(**row)


async def registrations(conn: Connection, before: datetime) -> list[Registration]:
    """Return registrations without an answer that began before a time, the oldest first."""
    return [Registration(**row) async for row in _sql.registrations(conn, before=before)]


async def end_registration(conn: Connection, reader_id: UUID) -> None:
    """Delete a registration that has an answer."""
    await _sql.end_registration(conn, id=reader_id)


async def reader(conn: Connection, reader_id: UUID) -> Reader | None:
    """Return a reader that is not removed."""
    return _reader(await _sql.reader(conn, id=reader_id))


async def readers(conn: Connection, outlets: Sequence[str] | None) -> list[Reader]:
    """Return the readers of some outlets (None: all)."""
    return [Reader(**row) async for row in _sql.readers(conn, all_of_them=outlets is None, outlets=list(outlets or ()))]


async def reader_of_till(conn: Connection, till_id: UUID) -> Reader | None:
    """Return the reader of a till."""
    return _reader(await _sql.reader_of_till(conn, till_id=till_id))


async def lock_reader_of_till(conn: Connection, till_id: UUID) -> Reader | None:
    """Return the reader of a till, locked."""
    return _reader(await _sql.lock_reader_of_till(conn, till_id=till_id))


async def lock_readers(conn: Connection, reader_id: UUID, till_id: UUID | None) -> list[Reader]:
    """Return a reader and the one that a till has now, locked in order."""
    return [Reader(**row) async for row in _sql.lock_readers(conn, id=reader_id, till_id=till_id)]


async def release_till(conn: Connection, till_id: UUID) -> None:
    """Take the reader from a till."""
    await _sql.release_till(conn, till_id=till_id)


async def assign_reader(conn: Connection, reader_id: UUID, till_id: UUID | None) -> None:
    """Store the till of a reader."""
    await _sql.assign_reader(conn, id=reader_id, till_id=till_id)


async def remove_reader(conn: Connection, reader_id: UUID, now: datetime) -> None:
    """Mark a reader as removed."""
    await _sql.remove_reader(conn, id=reader_id, now=now)


async def removed_readers(conn: Connection) -> list[Reader]:
    """Return the removed readers that the provider may still have, the longest removed first."""
    return [Reader(**row) async for row in _sql.removed_readers(conn)]


async def mark_deregistered(conn: Connection, reader_id: UUID, now: datetime) -> None:
    """Mark a reader as removed at the provider."""
    await _sql.mark_deregistered(conn, id=reader_id, now=now)


async def open_at_reader(conn: Connection, reader_id: UUID) -> bool:
    """Return whether a reader has a payment that has not ended."""
    found: bool = await _sql.open_at_reader(conn, reader_id=reader_id)
    return found


async def insert_payment(conn: Connection, payment: CardPayment) -> bool:
    """Store a new payment; False if another one has its reference."""
    stored = await _sql.insert_payment(
        conn,
        id=payment.id,
        reference=payment.reference,
        reader_id=payment.reader_id,
        till_id=payment.till_id,
        outlet=payment.outlet,
        record_id=payment.record_id,
        amount_cents=payment.amount_cents,
        now=payment.requested_at,
    )
    return stored is not None


async def payment(conn: Connection, payment_id: UUID) -> CardPayment | None:
    """Return a payment, or None."""
    row = await _sql.payment(conn, id=payment_id)
    return None if row is None else CardPayment(**row)


async def lock_payments(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, CardPayment]:
    """Return payments, locked in order."""
    return {one.id: one for one in await _payments(_sql.lock_payments(conn, ids=ids))}


async def lock_by_reference(conn: Connection, references: Sequence[str]) -> dict[str, CardPayment]:
    """Return payments by reference, locked in order."""
    return {one.reference: one for one in await _payments(_sql.lock_by_reference(conn, references_=references))}


async def lock_unbooked(conn: Connection, till_id: UUID | None, before: datetime, wanted: int) -> list[CardPayment]:
    """Return captured payments without a record, captured before a time (`till_id` None: of all tills), locked."""
    return await _payments(_sql.lock_unbooked(conn, till_id=till_id, before=before, wanted=wanted))


async def unbooked(conn: Connection, outlets: Sequence[str] | None, before: datetime, wanted: int) -> list[CardPayment]:
    """Return payments without a record at some outlets (None: all), captured before a time, the oldest first."""
    rows = _sql.unbooked(conn, all_of_them=outlets is None, outlets=list(outlets or ()), before=before, wanted=wanted)
    return await _payments(rows)


async def count_unbooked(conn: Connection, before: datetime) -> int:
    """Return the number of captured payments without a record that were captured before a time."""
    return int(await _sql.count_unbooked(conn, before=before))


async def mark_captured(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Store that the money came."""
    await _sql.mark_captured(conn, ids=ids, now=now)


async def mark_ended(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Store that payments ended without money."""
    await _sql.mark_ended(conn, ids=ids, now=now)


async def mark_booked(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Store that records have booked payments."""
    await _sql.mark_booked(conn, ids=ids, now=now)


async def mark_returned(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Store that money goes back."""
    await _sql.mark_returned(conn, ids=ids, now=now)


def _reader(row: Mapping[str, Any] | None) -> Reader | None:
    return None if row is None else Reader(**row)


async def _payments(rows: AsyncIterable[Mapping[str, Any]]) -> list[CardPayment]:
    return [CardPayment(**row) async for row in rows]
