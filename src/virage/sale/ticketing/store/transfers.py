"""Transfers and the tickets that they offer."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people.types import mailbox
from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.terms import TicketRow
from virage.sale.ticketing.rules.transfers import Transfer, TransferState
from virage.sale.ticketing.store.queries import queries


async def transfer(conn: Connection, transfer_id: UUID) -> Transfer | None:
    """Return a transfer by its id."""
    row = await queries.transfer(conn, transfer_id=transfer_id)
    return None if row is None else Transfer(*row)


async def transfers(conn: Connection, transfer_ids: Collection[UUID]) -> dict[UUID, Transfer]:
    """Return transfers by id; unknown ids are left out."""
    return {row["id"]: Transfer(*row) async for row in queries.transfers(conn, transfer_ids=sorted(transfer_ids))}


async def lock_transfers(conn: Connection, transfer_ids: Collection[UUID]) -> dict[UUID, Transfer]:
    """Lock transfers until the transaction ends, and return them by id."""
    return {row["id"]: Transfer(*row) async for row in queries.lock_transfers(conn, transfer_ids=sorted(transfer_ids))}


async def lock_transfer(conn: Connection, transfer_id: UUID) -> Transfer:
    """Lock a transfer that exists until the transaction ends, and return it."""
    return Transfer(*(await queries.lock_transfer(conn, transfer_id=transfer_id)))


async def transfers_of_person(conn: Connection, person_id: UUID, email: str) -> list[Transfer]:
    """Return what a person gave, received, or is offered by address, the latest first."""
    return [
        Transfer(*row) async for row in queries.transfers_of_person(conn, person_id=person_id, mailbox=mailbox(email))
    ]


async def lock_open_of_tickets(conn: Connection, ticket_ids: Sequence[UUID]) -> list[Transfer]:
    """Lock the open offers of tickets, which are locked, and return them."""
    return [Transfer(*row) async for row in queries.lock_open_of_tickets(conn, ticket_ids=list(ticket_ids))]


async def lock_open_of_person(conn: Connection, person_id: UUID, email: str | None) -> list[Transfer]:
    """Lock the open offers by a person or to their address, and return them."""
    at = None if email is None else mailbox(email)
    return [Transfer(*row) async for row in queries.lock_open_of_person(conn, person_id=person_id, mailbox=at)]


async def lock_expired(conn: Connection, now: datetime, wanted: int) -> list[Transfer]:
    """Lock open offers that are over, and return them."""
    return [Transfer(*row) async for row in queries.lock_expired(conn, now=now, wanted=wanted)]


async def accepted_at_event(conn: Connection, event_id: UUID) -> list[Transfer]:
    """Return the accepted transfers of an event of which the receiver still holds a valid ticket."""
    return [Transfer(*row) async for row in queries.accepted_at_event(conn, event_id=event_id)]


async def accepted_of_tickets(conn: Connection, ticket_ids: Sequence[UUID]) -> list[Transfer]:
    """Return the accepted transfers by which tickets came to their present holders."""
    return [Transfer(*row) async for row in queries.accepted_of_tickets(conn, ticket_ids=list(ticket_ids))]


async def offers_since(conn: Connection, from_ids: Collection[UUID], since: datetime) -> dict[UUID, int]:
    """Return how many offers people have made since a moment; those without any are missing."""
    rows = queries.offers_since(conn, from_ids=sorted(from_ids), since=since)
    return {row["from_id"]: row["offers"] async for row in rows}


async def insert_transfers(conn: Connection, offers: Sequence[Transfer], now: datetime) -> None:
    """Insert open offers of locked tickets."""
    await queries.insert_transfers(
        conn,
        transfer_ids=[offer.id for offer in offers],
        event_ids=[offer.event_id for offer in offers],
        from_ids=[offer.from_id for offer in offers],
        addresses=[offer.to_email for offer in offers],
        mailboxes=[offer.to_mailbox for offer in offers],
        expiries=[offer.expires_at for offer in offers],
        ticket_ids=[id_ for offer in offers for id_ in offer.ticket_ids],
        offered_by=[offer.id for offer in offers for _ in offer.ticket_ids],
        now=now,
    )


async def accept_transfers(conn: Connection, receivers: Mapping[UUID, UUID], now: datetime) -> None:
    """End locked offers that are accepted; `receivers` are the persons who get the tickets, by transfer.

    Called before their tickets change hands: their present names are stored, for a return.
    """
    await queries.accept_transfers(conn, transfer_ids=list(receivers.keys()), to_ids=list(receivers.values()), now=now)


async def end_transfers(conn: Connection, transfer_ids: Sequence[UUID], state: TransferState, now: datetime) -> None:
    """End open offers that are not accepted."""
    await queries.end_transfers(conn, transfer_ids=list(transfer_ids), state=state, now=now)


async def insert_withdrawn(conn: Connection, addresses: Sequence[tuple[UUID, str, str]]) -> None:
    """Store addresses to tell that an offer has ended, each with its transfer and language."""
    await queries.insert_withdrawn(
        conn,
        transfer_ids=[transfer_id for transfer_id, _, _ in addresses],
        addresses=[address for _, address, _ in addresses],
        locales=[locale for _, _, locale in addresses],
    )


async def take_withdrawn(conn: Connection) -> list[tuple[UUID, str, str]]:
    """Return and delete the addresses to tell that an offer has ended: transfer, address, language."""
    return [tuple(row) async for row in queries.take_withdrawn(conn)]


async def mark_returned(conn: Connection, transfer_id: UUID, ticket_ids: Sequence[UUID]) -> None:
    """Store that the receiver of a locked transfer gives these tickets back."""
    await queries.mark_returned(conn, transfer_id=transfer_id, ticket_ids=list(ticket_ids))


async def given_names(conn: Connection, transfer_id: UUID) -> dict[UUID, str | None]:
    """Return the name that each ticket of a transfer had with its giver; None without a name, or if not known."""
    return {row["ticket_id"]: row["name"] async for row in queries.given_names(conn, transfer_id=transfer_id)}


async def forget_given_names(conn: Connection, person_id: UUID) -> None:
    """Erase the names that tickets had before a person gave or received them."""
    await queries.forget_given_names(conn, person_id=person_id)


async def held_tickets(conn: Connection, ticket_ids: Sequence[UUID], person_id: UUID) -> list[TicketRow]:
    """Return those of the tickets that a person holds, by id."""
    rows = queries.held_tickets(conn, ticket_ids=list(ticket_ids), person_id=person_id)
    return [TicketRow(*row) async for row in rows]


class Given(Struct, frozen=True):
    """A ticket that a person gets, and the holder's name."""

    ticket_id: UUID
    name: str | None
    holder_id: UUID


async def hand_over(conn: Connection, given: Sequence[Given]) -> None:
    """Give locked tickets to people."""
    await queries.hand_over(
        conn,
        ticket_ids=[one.ticket_id for one in given],
        names=[one.name for one in given],
        holder_ids=[one.holder_id for one in given],
    )
