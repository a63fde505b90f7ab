"""Reads for the gates: the order of a pass, and the tickets of a person without a phone."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from virage.identity.people import api as people
from virage.identity.people.types import Person
from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.codes import as_code
from virage.sale.ticketing.rules.holders import Holder
from virage.sale.ticketing.rules.terms import TicketRow
from virage.sale.ticketing.store import orders as orders_store
from virage.sale.ticketing.store import tickets as store

FOUND_MAX: Final = 20
PERSONS_AT_ONCE: Final = 1_000


async def order_codes(conn: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the order codes of tickets."""
    return await store.order_codes(conn, ticket_ids)


async def holder_names(conn: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Return the names on tickets, None on a ticket without one; what is no ticket is missing."""
    return await store.holder_names(conn, ticket_ids)


async def holders_of(conn: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the accounts that hold tickets, by ticket: who received them, else their buyers.

    The account of a guest is their session.
    """
    return await store.holders_of(conn, ticket_ids)


async def orders_with_code(conn: Connection, code: str) -> list[UUID]:
    """Return what a typed order code was paid with: an order, a bundle or a part of one; nothing for other texts."""
    found = as_code(code)
    return [] if found is None else [one.subject for one in await orders_store.orders_by_code(conn, found)]


async def owners(conn: Connection, event_id: UUID, after: UUID, most: int) -> list[UUID]:
    """Return a page of the accounts that hold valid tickets of an event, in order, those after an id."""
    return await store.owners_of_tickets(conn, event_id, after, most)


async def places_of_owners(conn: Connection, event_id: UUID, owner_ids: Sequence[UUID]) -> list[tuple[UUID, UUID, int]]:
    """Return the valid tickets of some fans at an event: owner, ticket, place."""
    return await store.tickets_of_owners(conn, event_id, owner_ids)


async def find_holders(conn: Connection, event_id: UUID, query: str, limit: int = FOUND_MAX) -> list[Holder]:
    """Return valid tickets by order code, or by address or name of the account that has them, or by holder's name."""
    code = as_code(query)
    orders = [] if code is None else await orders_store.orders_by_code(conn, code)
    if orders:
        ids = [id_ for order in orders if order.event_id == event_id for id_ in order.ticket_ids]
        return await _described(conn, await _valid(conn, ids), limit)
    if "@" in query:
        accounts = [person.id for person in await people.search(conn, query, 1)]
        return await _described(conn, await _held_by(conn, event_id, accounts), limit)
    rows = {row.id: row for row in await store.tickets_by_holder(conn, event_id, query, limit)}
    if len(rows) < limit:
        rows |= await _held_by(conn, event_id, await _accounts_named(conn, event_id, query, limit))
    return await _described(conn, rows, limit)


async def all_holders(conn: Connection, event_id: UUID) -> list[Holder]:
    """Return every valid ticket of an event with its holder, for comparison with bans."""
    return await _described(conn, {row.id: row for row in await store.valid_tickets(conn, event_id)})


async def _accounts_named(conn: Connection, event_id: UUID, query: str, limit: int) -> list[UUID]:
    """Return the accounts that have tickets of an event and whose name contains the text."""
    found: list[UUID] = []
    accounts = await store.accounts_at_event(conn, event_id)
    for first in range(0, len(accounts), PERSONS_AT_ONCE):
        persons = await people.persons_by_id(conn, accounts[first : first + PERSONS_AT_ONCE])
        found += [id_ for id_, person in persons.items() if query.casefold() in (person.name or "").casefold()]
        if len(found) >= limit:
            break
    return found[:limit]


async def _held_by(conn: Connection, event_id: UUID, accounts: Sequence[UUID]) -> dict[UUID, TicketRow]:
    held = await store.tickets_of_owners(conn, event_id, accounts) if accounts else []
    return await _valid(conn, [ticket_id for _, ticket_id, _ in held])


async def _valid(conn: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, TicketRow]:
    return {id_: row for id_, row in (await store.tickets(conn, ticket_ids)).items() if row.refund_id is None}


async def _described(conn: Connection, rows: dict[UUID, TicketRow], limit: int | None = None) -> list[Holder]:
    orders = await orders_store.orders(conn, sorted({row.order_id for row in rows.values()}))
    accounts = {row.id: row.holder_id or orders[row.order_id].owner_id for row in rows.values()}
    persons: dict[UUID, Person] = {}
    wanted = sorted(set(accounts.values()))
    for first in range(0, len(wanted), PERSONS_AT_ONCE):
        persons |= await people.persons_by_id(conn, wanted[first : first + PERSONS_AT_ONCE])
    holders = []
    for row in list(rows.values())[:limit]:
        account = persons.get(accounts[row.id])
        name, email = (None, None) if account is None else (account.name, account.email)
        holders.append(Holder(row.id, orders[row.order_id].code, row.place, row.holder_name, name, email))
    return holders
