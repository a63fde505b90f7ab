"""Reads of card readers for tills and the office."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.money.card_readers import store
from virage.money.card_readers.rules import SETTLES_WITHIN, CardPayment, CardPaymentState, Reader, state_of
from virage.money.payments import api as payments
from virage.money.payments.types import ReaderStatus
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents

UNBOOKED_MAX: Final = 200


class CardReaderState(StrEnum):
    """State of a reader at the provider."""

    ONLINE = "online"
    BUSY = "busy"  # it waits for a card
    OFFLINE = "offline"
    UNKNOWN = "unknown"  # the provider does not know it, or does not answer


class CardReaderLine(Struct, frozen=True):
    """Reader for the office and for tills.

    `last_seen_at` is when the provider heard of it last, if it says so.
    """

    id: UUID
    label: str
    outlet: str
    till_id: UUID | None
    till_name: str | None
    state: CardReaderState
    last_seen_at: datetime | None


class CardPaymentAnswer(Struct, frozen=True):
    """Payment for its till. `reference` is the proof of the record that books it; `reason` says why it failed.

    `expires_at` is when the server cancels it if no card is presented.
    """

    id: UUID
    record_id: UUID
    amount_cents: Cents
    reference: str
    state: CardPaymentState
    reason: str | None
    expires_at: datetime


class UnbookedCardPayment(Struct, frozen=True):
    """Captured payment whose sale or top-up should have arrived."""

    id: UUID
    reference: str
    till_id: UUID
    till_name: str | None
    outlet: str
    amount_cents: Cents
    captured_at: datetime | None


async def reader_of_till(conn: Connection, till_id: UUID) -> Reader | None:
    """Return the reader of a till, or None."""
    return await store.reader_of_till(conn, till_id)


async def readers(conn: Connection, outlets: Sequence[str] | None) -> list[Reader]:
    """Return the readers of some outlets (None: all)."""
    return await store.readers(conn, outlets)


async def lines(
    conn: Connection, found: Sequence[Reader], states: Sequence[ReaderStatus] | None
) -> list[CardReaderLine]:
    """Return readers with their tills and states (None: the provider did not answer), in order."""
    tills = await people.devices(conn, sorted({one.till_id for one in found if one.till_id is not None}))
    by_ref = {status.ref: status for status in states or ()}
    return [
        CardReaderLine(
            one.id,
            one.label,
            one.outlet,
            one.till_id,
            tills[one.till_id].name if one.till_id is not None and one.till_id in tills else None,
            _state(by_ref.get(one.provider_ref)),
            by_ref[one.provider_ref].last_seen_at if one.provider_ref in by_ref else None,
        )
        for one in found
    ]


def _state(status: ReaderStatus | None) -> CardReaderState:
    if status is None:
        return CardReaderState.UNKNOWN
    if not status.is_online:
        return CardReaderState.OFFLINE
    return CardReaderState.BUSY if status.is_busy else CardReaderState.ONLINE


async def answer(conn: Connection, payment: CardPayment) -> CardPaymentAnswer:
    """Return what a till is told about a payment."""
    stored = await payments.payment(conn, payment.id)
    if stored is None:
        raise RuntimeError(f"A card reader has a payment that is not stored: {payment.id}")
    return CardPaymentAnswer(
        payment.id,
        payment.record_id,
        payment.amount_cents,
        payment.reference,
        state_of(payment, stored.state),
        stored.reason,
        stored.expires_at,
    )


async def answer_of(conn: Connection, payment_id: UUID, till_id: UUID) -> CardPaymentAnswer | None:
    """Return what a till is told about its payment; None for one of another till."""
    payment = await store.payment(conn, payment_id)
    return None if payment is None or payment.till_id != till_id else await answer(conn, payment)


async def unbooked(conn: Connection, outlets: Sequence[str] | None, now: datetime) -> list[UnbookedCardPayment]:
    """Return captured payments whose record should have arrived at some outlets (None: all), the oldest first.

    At most 200. Sales in progress are left out.
    """
    found = await store.unbooked(conn, outlets, now - SETTLES_WITHIN, UNBOOKED_MAX)
    tills = await people.devices(conn, sorted({one.till_id for one in found}))
    return [
        UnbookedCardPayment(
            one.id,
            one.reference,
            one.till_id,
            tills[one.till_id].name if one.till_id in tills else None,
            one.outlet,
            one.amount_cents,
            one.captured_at,
        )
        for one in found
    ]
