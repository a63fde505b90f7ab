"""Reads for the gates: the order of a pass, and the tickets of a person without a phone."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from virage.identity.people import api as people
from virage.identity.people.types import Person
from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.codes import as_code
from virage.sale.ticketing.rules.holders import Holder
from virage.sale.ticketing.rules.terms import OrderRow, TicketRow
from virage.sale.ticketing.store import orders as orders_store
from virage.sale.ticketing.store import tickets as store

FOUND_MAX: Final = 20
PERSONS_AT_ONCE: Final = 1_000


async def order_codes(conn: Connection, ticket_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the order codes of tickets."""
    return await store.order_codes(conn, ticket_ids)


async def orders_with_code(conn: Connection, code: str) -> list[UUID]:
    """Return the orders with a typed code; none for a text that is no code."""
    found = as_code(code)
    return [] if found is None else [order.id for order in await orders_store.orders_by_code(conn, found)]


async def places_of_owners(conn: Connection, event_id: UUID, owner_ids: Sequence[UUID]) -> list[tuple[UUID, UUID, int]]:
    """Return the valid tickets of some fans at an event: owner, ticket, place."""
    return await store.tickets_of_owners(conn, event_id, owner_ids)


async def find_holders(conn: Connection, event_id: UUID, query: str, limit: int = FOUND_MAX) -> list[Holder]:
    """Return valid tickets by order code, email address, holder's name or buyer's name."""
    code = as_code(query)
    orders = [] if code is None else await orders_store.orders_by_code(conn, code)
    if orders:
        return await _holders(conn, event_id, orders, [], limit)
    if "@" in query:
        persons = await people.search(conn, query, 1)
        orders = await orders_store.orders_of_owners(conn, [person.id for person in persons])
        return await _holders(conn, event_id, orders, [], limit)
    named = await store.tickets_by_holder(conn, event_id, query, limit)
    buyers = await _buyers_named(conn, event_id, query, limit) if len(named) < limit else []
    orders = await orders_store.orders_of_owners(conn, buyers) if buyers else []
    return await _holders(conn, event_id, orders, named, limit)


async def all_holders(conn: Connection, event_id: UUID) -> list[Holder]:
    """Return every valid ticket of an event with its holder, for comparison with bans."""
    return await _described(conn, {row.id: row for row in await store.valid_tickets(conn, event_id)})


async def _buyers_named(conn: Connection, event_id: UUID, query: str, limit: int) -> list[UUID]:
    """Return the ticket buyers of an event whose name contains the text."""
    found: list[UUID] = []
    owners = await orders_store.paid_owners(conn, event_id)
    for first in range(0, len(owners), PERSONS_AT_ONCE):
        persons = await people.persons_by_id(conn, owners[first : first + PERSONS_AT_ONCE])
        found += [id_ for id_, person in persons.items() if query.casefold() in (person.name or "").casefold()]
        if len(found) >= limit:
            break
    return found[:limit]


async def _holders(
    conn: Connection, event_id: UUID, orders: Sequence[OrderRow], named: Sequence[TicketRow], limit: int
) -> list[Holder]:
    ids = [id_ for order in orders if order.event_id == event_id and order.state == "paid" for id_ in order.ticket_ids]
    rows = {row.id: row for row in named}
    rows |= {id_: row for id_, row in (await store.tickets(conn, ids)).items() if row.refund_id is None}
    return (await _described(conn, rows))[:limit]


async def _described(conn: Connection, rows: dict[UUID, TicketRow]) -> list[Holder]:
    orders = await orders_store.orders(conn, sorted({row.order_id for row in rows.values()}))
    persons: dict[UUID, Person] = {}
    owners = sorted({order.owner_id for order in orders.values()})
    for first in range(0, len(owners), PERSONS_AT_ONCE):
        persons |= await people.persons_by_id(conn, owners[first : first + PERSONS_AT_ONCE])
    holders = []
    for row in rows.values():
        order = orders[row.order_id]
        buyer = persons.get(order.owner_id)
        name, email = (None, None) if buyer is None else (buyer.name, buyer.email)
        holders.append(Holder(row.id, order.code, row.place, row.holder_name, name, email))
    return holders
