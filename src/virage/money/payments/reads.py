"""Reads of payments for screens and other domains."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from virage.identity.people.api import names_by_id
from virage.money.payments import store
from virage.money.payments.rules import Dispute, EvidenceState, Payment, Refund
from virage.money.payments.store import Capture, Overdue, Turnover
from virage.platform.data.database import Connection

OVERDUE_AFTER = timedelta(minutes=10)


class RefundLine(Refund, frozen=True, kw_only=True):
    """Refund with the name of its assignee: None if it is not assigned, empty for a person without a name."""

    assignee: str | None = None


class EvidenceLine(Struct, frozen=True):
    """Evidence of a dispute, with the name of who sent it and since when it is in its state."""

    state: EvidenceState
    requested_by: str
    since: datetime
    reason: str | None


class DisputeLine(Dispute, frozen=True, kw_only=True):
    """Dispute with the name of its assignee, as in `RefundLine`, and its latest evidence."""

    assignee: str | None = None
    evidence: EvidenceLine | None = None


async def payment(conn: Connection, payment_id: UUID) -> Payment | None:
    """Return a payment, or None."""
    return (await store.payments(conn, [payment_id])).get(payment_id)


async def payments(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Payment]:
    """Return payments by id."""
    return await store.payments(conn, ids)


async def of_intents(conn: Connection, refs: Sequence[str]) -> dict[str, UUID]:
    """Return payments on organisers' accounts, by the provider's id of them; unknown ones are left out."""
    return await store.payments_of_intents(conn, refs)


async def of_purpose(conn: Connection, purpose: str) -> Turnover:
    """Return captured and refunded amounts of a purpose over all time."""
    return await store.turnover(conn, purpose)


async def of_subject(conn: Connection, subject: UUID) -> list[Payment]:
    """Return all payments and attempts of a subject, oldest first."""
    return await store.payments_of_subject(conn, subject)


async def refunds_of(conn: Connection, payment_ids: Sequence[UUID]) -> list[Refund]:
    """Return all refunds of some payments, oldest first."""
    return await store.refunds_of(conn, payment_ids)


async def refund(conn: Connection, refund_id: UUID) -> Refund | None:
    """Return a refund, or None."""
    return (await store.refunds(conn, [refund_id])).get(refund_id)


async def failed_refunds(conn: Connection) -> list[RefundLine]:
    """Return the refunds that wait for a person, the longest waiting first."""
    return await refund_lines(conn, await store.failed_refunds(conn))


async def refund_lines(conn: Connection, refunds: Sequence[Refund]) -> list[RefundLine]:
    """Return refunds with the names of their assignees, in order."""
    names = await names_by_id(conn, [one.assignee_id for one in refunds if one.assignee_id is not None])
    return [RefundLine(**asdict(one), assignee=_named(names, one.assignee_id)) for one in refunds]


async def dispute_lines(conn: Connection, disputes: Sequence[Dispute]) -> list[DisputeLine]:
    """Return disputes with their evidence and the names of people, in order."""
    evidence = await store.evidence_of(conn, [one.id for one in disputes])
    people = {one.assignee_id for one in disputes if one.assignee_id is not None}
    names = await names_by_id(conn, sorted(people | {one.requested_by for one in evidence.values()}))
    lines = {
        id_: EvidenceLine(
            one.state,
            names.get(one.requested_by, ""),
            one.sent_at or one.failed_at or one.requested_at,
            one.reason,
        )
        for id_, one in evidence.items()
    }
    return [
        DisputeLine(**asdict(one), assignee=_named(names, one.assignee_id), evidence=lines.get(one.id))
        for one in disputes
    ]


def _named(names: Mapping[UUID, str], person_id: UUID | None) -> str | None:
    return None if person_id is None else names.get(person_id, "")


async def disputes_of(conn: Connection, payment_ids: Sequence[UUID]) -> list[Dispute]:
    """Return the disputes of some payments, oldest first."""
    return await store.disputes_of(conn, payment_ids)


async def open_disputes(conn: Connection) -> list[DisputeLine]:
    """Return open disputes, the most urgent first."""
    return await dispute_lines(conn, await store.open_disputes(conn))


async def dispute(conn: Connection, dispute_id: UUID) -> Dispute | None:
    """Return a dispute, or None."""
    return await store.dispute(conn, dispute_id)


async def overdue(conn: Connection, now: datetime) -> Overdue:
    """Return counts of what had no end for ten minutes, and of failed refunds and disputes that wait for a person.

    Captures cannot be overdue: goods or refund are stored in the transaction that captures the payment.
    """
    return await store.count_overdue(conn, now - OVERDUE_AFTER, now - OVERDUE_AFTER)


async def refunds(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Refund]:
    """Return refunds by id."""
    return await store.refunds(conn, ids)


async def captures(conn: Connection, since: datetime, until: datetime, after: UUID, wanted: int) -> list[Capture]:
    """Return captured payments of a period, oldest first, from after an id at `since`."""
    return await store.captures(conn, since, until, after, wanted)


async def refunds_done(conn: Connection, since: datetime, until: datetime, after: UUID, wanted: int) -> list[Refund]:
    """Return refunds that the provider accepted in a period, oldest first, from after an id at `since`."""
    return await store.refunds_done(conn, since, until, after, wanted)


async def first_payment_at(conn: Connection) -> datetime | None:
    """Return when the first payment was created."""
    return await store.first_payment_at(conn)
