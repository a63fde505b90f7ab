"""Tickets and refunds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.rebinding import CODE_LIVES, CODES_MAX, CODES_WINDOW, RESEND_AFTER
from virage.sale.ticketing.rules.refunds import RefundReason
from virage.sale.ticketing.rules.terms import TicketRow
from virage.sale.ticketing.store.queries import queries
from virage.site.venue.types import PlaceLabel


class TicketRefund(Struct, frozen=True):
    """A refund of an order; the client made its id."""

    id: UUID
    order_id: UUID
    amount_cents: int
    ticket_ids: list[UUID]
    asked_at: datetime
    reason: RefundReason


class SeatChange(Struct, frozen=True):
    """A ticket that a move of its event gave another place or gate group, or refunded; `label` is the former one."""

    order_id: UUID
    ticket_id: UUID
    label: PlaceLabel
    refund_id: UUID | None


async def tickets(conn: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, TicketRow]:
    """Return tickets by id; unknown ids are left out."""
    return {row["id"]: TicketRow(*row) async for row in queries.tickets(conn, ticket_ids=ticket_ids)}


async def tickets_of_owner(conn: Connection, owner_id: UUID) -> list[TicketRow]:
    """Return the tickets that a fan holds, the latest order first."""
    return [TicketRow(*row) async for row in queries.tickets_of_owner(conn, owner_id=owner_id)]


async def owners_of_tickets(conn: Connection, event_id: UUID, after: UUID, most: int) -> list[UUID]:
    """Return the accounts after an id that hold valid tickets of an event, in order."""
    return [row["owner_id"] async for row in queries.owners_of_tickets(conn, event_id=event_id, after=after, most=most)]


async def tickets_of_owners(
    conn: Connection, event_id: UUID, owner_ids: Sequence[UUID]
) -> list[tuple[UUID, UUID, int]]:
    """Return the valid tickets that some fans hold at an event: fan, ticket, place."""
    rows = queries.tickets_of_owners(conn, event_id=event_id, owner_ids=list(owner_ids))
    return [(row["owner_id"], row["id"], row["place"]) async for row in rows]


async def accounts_at_event(conn: Connection, event_id: UUID) -> list[UUID]:
    """Return the accounts that have tickets of an event: buyers, and those who received some."""
    return [row["owner_id"] async for row in queries.accounts_at_event(conn, event_id=event_id)]


async def tickets_of_event(conn: Connection, event_id: UUID) -> dict[UUID, TicketRow]:
    """Return every ticket of an event by id, also those refunded."""
    return {row["id"]: TicketRow(*row) async for row in queries.tickets_of_event(conn, event_id=event_id)}


async def renumber_tickets(conn: Connection, places: Mapping[UUID, int]) -> None:
    """Replace the places of tickets, by ticket."""
    await queries.renumber_tickets(conn, ticket_ids=list(places.keys()), places=list(places.values()))


async def put_former_labels(conn: Connection, event_id: UUID, labels: Mapping[UUID, PlaceLabel]) -> None:
    """Store the labels of places that the venue of an event does not have any more, by ticket."""
    stored = [msgspec.to_builtins(label) for label in labels.values()]
    await queries.put_former_labels(conn, event_id=event_id, ticket_ids=list(labels.keys()), labels=stored)


async def former_labels(conn: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, PlaceLabel]:
    """Return the labels of the former places of tickets, by ticket."""
    rows = queries.former_labels(conn, ticket_ids=ticket_ids)
    return {row["ticket_id"]: msgspec.convert(row["label"], PlaceLabel) async for row in rows}


async def put_seat_changes(conn: Connection, move_id: UUID, changes: Sequence[SeatChange]) -> None:
    """Store what a move changes for the tickets of an event."""
    await queries.put_seat_changes(
        conn,
        move_id=move_id,
        order_ids=[change.order_id for change in changes],
        ticket_ids=[change.ticket_id for change in changes],
        labels=[msgspec.to_builtins(change.label) for change in changes],
        refund_ids=[change.refund_id for change in changes],
    )


async def seat_changes(conn: Connection, move_id: UUID, order_id: UUID) -> list[SeatChange]:
    """Return what a move changed for the tickets of an order."""
    rows = queries.seat_changes(conn, move_id=move_id, order_id=order_id)
    return [
        SeatChange(row["order_id"], row["ticket_id"], msgspec.convert(row["label"], PlaceLabel), row["refund_id"])
        async for row in rows
    ]


async def owned_ticket(conn: Connection, ticket_id: UUID, owner_id: UUID) -> TicketRow | None:
    """Return a ticket if this fan holds it."""
    row = await queries.owned_ticket(conn, ticket_id=ticket_id, owner_id=owner_id)
    return None if row is None else TicketRow(*row)


async def lock_tickets(conn: Connection, ticket_ids: Sequence[UUID]) -> None:
    """Lock tickets until the transaction ends; reads after it are current."""
    await queries.lock_tickets(conn, ticket_ids=list(ticket_ids))


async def name_holders(conn: Connection, named: Sequence[TicketRow]) -> None:
    """Store the holders' names of locked tickets, and how often each has changed."""
    await queries.name_holders(
        conn,
        ticket_ids=[ticket.id for ticket in named],
        holder_names=[ticket.holder_name for ticket in named],
        name_changes=[ticket.name_changes for ticket in named],
    )


async def count_names(conn: Connection, event_id: UUID) -> tuple[int, int]:
    """Return how many valid tickets an event has, and how many of them carry a name."""
    row = await queries.count_names(conn, event_id=event_id)
    return row["tickets"], row["named"]


async def forget_holders(conn: Connection, owner_ids: Sequence[UUID]) -> None:
    """Erase the holder names of the tickets that some fans hold."""
    await queries.forget_holders(conn, owner_ids=owner_ids)


async def refund_tickets(conn: Connection, ticket_ids: Sequence[UUID], refund_id: UUID) -> list[tuple[UUID, int, int]]:
    """Mark tickets as refunded; return (ticket, place, price) of those that were not."""
    rows = queries.refund_tickets(conn, ticket_ids=ticket_ids, refund_id=refund_id)
    return [(row["id"], row["place"], row["price_cents"]) async for row in rows]


async def insert_refund(
    conn: Connection,
    refund: TicketRefund,
    event_id: UUID,
    asked_by: UUID | None,
) -> bool:
    """Insert a refund; return False if its id is taken."""
    return bool(
        await queries.insert_refund(
            conn,
            refund_id=refund.id,
            order_id=refund.order_id,
            event_id=event_id,
            asked_by=asked_by,
            now=refund.asked_at,
            amount_cents=refund.amount_cents,
            ticket_ids=refund.ticket_ids,
            reason=refund.reason,
        )
    )


async def mark_sold(conn: Connection, prices: Mapping[UUID, int]) -> None:
    """Store what the refunds of locked tickets that were sold on the exchange give back of their prices."""
    await queries.mark_sold(conn, ticket_ids=list(prices.keys()), returned_cents=list(prices.values()))


async def refund(conn: Connection, refund_id: UUID) -> TicketRefund | None:
    """Return a refund by its id."""
    row = await queries.refund(conn, refund_id=refund_id)
    return None if row is None else TicketRefund(*row)


async def refunds_of_order(conn: Connection, order_id: UUID) -> list[TicketRefund]:
    """Return every refund of an order, the oldest first."""
    return [TicketRefund(*row) async for row in queries.refunds_of_order(conn, order_id=order_id)]


async def put_rebind_code(conn: Connection, ticket_id: UUID, code_hash: bytes, now: datetime) -> bool:
    """Store a new code of a ticket; return False within a minute of the last one or above the hourly limit."""
    expires_at = now + CODE_LIVES
    return bool(
        await queries.put_rebind_code(
            conn,
            ticket_id=ticket_id,
            code_hash=code_hash,
            expires_at=expires_at,
            not_before=expires_at - RESEND_AFTER,
            now=now,
            since=now - CODES_WINDOW,
            codes_max=CODES_MAX,
        )
    )


async def count_rebind_try(conn: Connection, ticket_id: UUID, now: datetime) -> tuple[bytes, int] | None:
    """Count a try; return (hash of the code, tries including this one), None without a valid code."""
    row = await queries.count_rebind_try(conn, ticket_id=ticket_id, now=now)
    return None if row is None else (row["code_hash"], row["tries"])


async def end_rebind_code(conn: Connection, ticket_id: UUID, now: datetime) -> None:
    """Invalidate a ticket's code."""
    await queries.end_rebind_code(conn, ticket_id=ticket_id, now=now)


async def order_codes(conn: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the order codes of tickets."""
    return {row["id"]: row["code"] async for row in queries.order_codes(conn, ticket_ids=ticket_ids)}


async def holder_names(conn: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Return the names on tickets, by ticket; None on a ticket without one."""
    return {row["id"]: row["holder_name"] async for row in queries.holder_names(conn, ticket_ids=ticket_ids)}


async def holders_of(conn: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the accounts that hold tickets, by ticket; a guest's is their session."""
    return {row["id"]: row["holder_id"] async for row in queries.holders_of(conn, ticket_ids=ticket_ids)}


async def tickets_by_holder(conn: Connection, event_id: UUID, wanted: str, limit: int) -> list[TicketRow]:
    """Return valid tickets whose holder's name contains the text."""
    rows = queries.tickets_by_holder(conn, event_id=event_id, wanted=wanted, limit_=limit)
    return [TicketRow(*row) async for row in rows]


async def valid_tickets(conn: Connection, event_id: UUID) -> list[TicketRow]:
    """Return every valid ticket of an event."""
    return [TicketRow(*row) async for row in queries.valid_tickets(conn, event_id=event_id)]
