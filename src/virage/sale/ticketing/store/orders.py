"""Orders: inserted when places are held, changed by guarded updates, never deleted."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any
from uuid import UUID

from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.terms import AcceptedTerms, Basket, BundlePart, ClosedOrder, OrderRow, PaidOrder, State
from virage.sale.ticketing.store.queries import queries


def _order(row: Any) -> OrderRow:
    return OrderRow(*row)


def _keys(ids: Iterable[UUID]) -> list[int]:
    """Return the keys of advisory locks in ascending order: the last 64 bits of each id.

    They are random and, as signed numbers, below zero, where no other advisory lock is.
    """
    return sorted(int.from_bytes(id_.bytes[8:], signed=True) for id_ in set(ids))


async def lock_buyers(conn: Connection, buyer_ids: Collection[UUID], event_ids: Collection[UUID] = ()) -> None:
    """Lock these buyers until the transaction ends: a buyer holds or pays in one transaction at a time.

    Meanwhile none of these events is moved to another version of its venue.
    """
    await queries.lock_buyers(conn, buyers=_keys(buyer_ids), events=_keys(event_ids))


async def lock_event(conn: Connection, event_id: UUID) -> None:
    """Lock an event until the transaction ends: no other transaction holds its places meanwhile."""
    await queries.lock_event(conn, event=_keys([event_id])[0])


async def lock_orders_of_event(conn: Connection, event_id: UUID) -> list[OrderRow]:
    """Return every order of an event in any state, locked in order."""
    return [_order(row) async for row in queries.lock_orders_of_event(conn, event_id=event_id)]


async def live_orders(conn: Connection, event_id: UUID) -> list[OrderRow]:
    """Return the orders of an event that hold or have places."""
    return [_order(row) async for row in queries.live_orders(conn, event_id=event_id)]


async def renumber_orders(conn: Connection, places: Mapping[UUID, Sequence[int]]) -> None:
    """Replace the places of locked orders, by order."""
    ends = list(accumulate(len(numbers) for numbers in places.values()))
    await queries.renumber_orders(
        conn,
        order_ids=list(places.keys()),
        starts=[1, *(end + 1 for end in ends[:-1])],
        ends=ends,
        places=[place for numbers in places.values() for place in numbers],
    )


async def known_orders(
    conn: Connection, order_ids: Sequence[UUID], event_ids: Sequence[UUID], owner_ids: Sequence[UUID]
) -> list[OrderRow]:
    """Return existing orders under these ids, and the orders of these buyers for these events."""
    rows = queries.known_orders(conn, order_ids=order_ids, event_ids=event_ids, owner_ids=owner_ids)
    return [_order(row) async for row in rows]


def _lines(orders: Sequence[OrderRow]) -> dict[str, list[Any]]:
    """Return the lines of orders as flat arrays; `starts` and `ends` delimit each order, from 1."""
    ends = list(accumulate(len(order.places) for order in orders))
    return {
        "starts": [1, *(end + 1 for end in ends[:-1])],
        "ends": ends,
        "places": [place for order in orders for place in order.places],
        "tariffs": [tariff for order in orders for tariff in order.tariffs],
        "prices": [price for order in orders for price in order.prices],
        "ticket_ids": [ticket_id for order in orders for ticket_id in order.ticket_ids],
    }


async def insert_orders(conn: Connection, orders: Sequence[OrderRow], now: datetime) -> set[UUID]:
    """Insert new holds; return the ids that were new. Each has at least one place."""
    rows = queries.insert_orders(
        conn,
        order_ids=[order.id for order in orders],
        codes=[order.code for order in orders],
        event_ids=[order.event_id for order in orders],
        owner_ids=[order.owner_id for order in orders],
        session_ids=[order.session_id for order in orders],
        **_lines(orders),
        fees=[order.fee_cents for order in orders],
        totals=[order.total_cents for order in orders],
        vats=[order.vat_permille for order in orders],
        fee_vats=[order.fee_vat_permille for order in orders],
        expires_ats=[order.expires_at for order in orders],
        bundle_ids=[order.bundle_id for order in orders],
        now=now,
    )
    return {row["id"] async for row in rows}


async def reseat_orders(conn: Connection, orders: Sequence[OrderRow]) -> None:
    """Store the places, tariffs, prices and tickets of held orders, which are locked."""
    await queries.reseat_orders(
        conn,
        order_ids=[order.id for order in orders],
        **_lines(orders),
        totals=[order.total_cents for order in orders],
    )


async def insert_exchange_order(conn: Connection, order: OrderRow) -> None:
    """Insert a new hold of listings."""
    await queries.insert_exchange_order(
        conn,
        order_id=order.id,
        code=order.code,
        event_id=order.event_id,
        owner_id=order.owner_id,
        session_id=order.session_id,
        places=order.places,
        tariffs=order.tariffs,
        prices=order.prices,
        ticket_ids=order.ticket_ids,
        fee_cents=order.fee_cents,
        total_cents=order.total_cents,
        vat_permille=order.vat_permille,
        fee_vat_permille=order.fee_vat_permille,
        listing_ids=order.listing_ids,
        now=order.held_at,
        expires_at=order.expires_at,
    )


async def exchange_orders(conn: Connection, order_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the listings of those orders that buy on the exchange."""
    return {row["id"]: row["listing_ids"] async for row in queries.exchange_orders(conn, order_ids=list(order_ids))}


async def open_exchange_orders(conn: Connection, event_id: UUID) -> list[UUID]:
    """Return the unpaid orders of an event that buy on the exchange."""
    return [row["id"] async for row in queries.open_exchange_orders(conn, event_id=event_id)]


async def held_by_guests(conn: Connection, event_ids: Collection[UUID], held_after: datetime) -> dict[UUID, list[int]]:
    """Return the places that guests hold, by event; events without any are left out."""
    rows = queries.held_by_guests(conn, event_ids=list(event_ids), held_after=held_after)
    return {row["event_id"]: row["places"] async for row in rows}


async def orders_paid_with(conn: Connection, subjects: Collection[UUID]) -> dict[UUID, list[OrderRow]]:
    """Return the orders of parts of bundles, and of bundles without parts, in order; other ids are left out."""
    found: dict[UUID, list[OrderRow]] = {}
    async for row in queries.orders_paid_with(conn, subjects=list(subjects)):
        order = _order(row)
        found.setdefault(order.subject, []).append(order)
    return found


async def split_orders(conn: Connection, parts: Sequence[BundlePart], expires_at: datetime) -> None:
    """Store the parts in which locked orders of a bundle are paid; all of them are held until then."""
    split = [(order_id, part) for part in parts for order_id in part.order_ids]
    await queries.split_orders(
        conn,
        order_ids=[order_id for order_id, _ in split],
        part_ids=[part.id for _, part in split],
        untils=[part.until for _, part in split],
        expires_at=expires_at,
    )


async def keep_parts(conn: Connection, order_ids: Sequence[UUID]) -> None:
    """Hold locked orders of later parts until the end of their part."""
    await queries.keep_parts(conn, order_ids=order_ids)


async def orders_of_bundles(conn: Connection, bundle_ids: Collection[UUID]) -> dict[UUID, list[OrderRow]]:
    """Return the orders of bundles by bundle, in order; ids of no bundle are left out."""
    bundles: dict[UUID, list[OrderRow]] = {}
    async for row in queries.orders_of_bundles(conn, bundle_ids=list(bundle_ids)):
        bundles.setdefault(row["bundle_id"], []).append(_order(row))
    return bundles


async def orders(conn: Connection, order_ids: Sequence[UUID]) -> dict[UUID, OrderRow]:
    """Return orders by id; unknown ids are left out."""
    return {row["id"]: _order(row) async for row in queries.orders(conn, order_ids=order_ids)}


async def lock_orders(conn: Connection, order_ids: Sequence[UUID]) -> dict[UUID, OrderRow]:
    """Return orders by id, locked in order."""
    return {row["id"]: _order(row) async for row in queries.lock_orders(conn, order_ids=order_ids)}


async def lock_baskets(conn: Connection, order_ids: Sequence[UUID], owner_ids: Sequence[UUID]) -> list[Basket]:
    """Return orders by id and the orders of these buyers for the same events, locked in order."""
    rows = queries.lock_baskets(conn, order_ids=order_ids, owner_ids=owner_ids)
    return [Basket(*row) async for row in rows]


async def start_paying(conn: Connection, orders: Sequence[Basket] | Sequence[OrderRow]) -> None:
    """Change holds to `paying` with the owner, payment and expiry of the rows."""
    await queries.start_paying(
        conn,
        order_ids=[order.id for order in orders],
        owner_ids=[order.owner_id for order in orders],
        payment_ids=[order.payment_id for order in orders],
        expires_ats=[order.expires_at for order in orders],
    )


async def extend_paying(
    conn: Connection, order_ids: Sequence[UUID], *, held_after: datetime, before: datetime, until: datetime
) -> None:
    """Let orders that are being paid, were held after a time and end before a time, end later."""
    await queries.extend_paying(conn, order_ids=order_ids, held_after=held_after, before=before, until=until)


async def accept_terms(conn: Connection, accepted: Mapping[UUID, UUID], now: datetime) -> None:
    """Store the version of the terms of sale that was accepted, by order."""
    await queries.accept_terms(conn, order_ids=list(accepted), version_ids=list(accepted.values()), now=now)


async def accepted_terms(conn: Connection, order_id: UUID) -> AcceptedTerms | None:
    """Return the terms of sale that the buyer of an order accepted."""
    row = await queries.accepted_terms(conn, order_id=order_id)
    return None if row is None else AcceptedTerms(row["version_id"], row["accepted_at"])


async def mark_paid(
    conn: Connection, order_ids: Sequence[UUID], payment_ids: Sequence[UUID | None], now: datetime
) -> list[PaidOrder]:
    """Mark open orders as paid and insert their tickets in one statement; return those that were open."""
    rows = queries.mark_paid(conn, order_ids=order_ids, payment_ids=payment_ids, now=now)
    return [PaidOrder(*row) async for row in rows]


async def reopen(conn: Connection, order_ids: Sequence[UUID], expires_at: datetime) -> None:
    """Reopen expired holds whose places were claimed again."""
    await queries.reopen(conn, order_ids=order_ids, expires_at=expires_at)


async def await_debits(
    conn: Connection, order_ids: Sequence[UUID], payment_ids: Sequence[UUID], expires_ats: Sequence[datetime]
) -> list[tuple[UUID, UUID]]:
    """Let locked open orders await the settlement of these payments; return (order, owner) of those that did not."""
    rows = queries.await_debits(conn, order_ids=order_ids, payment_ids=payment_ids, expires_ats=expires_ats)
    return [(row["id"], row["owner_id"]) async for row in rows]


async def fail_debits(
    conn: Connection, order_ids: Sequence[UUID], payment_ids: Sequence[UUID], now: datetime
) -> list[tuple[UUID, UUID]]:
    """Store the failed debits of locked orders; return (order, owner) of those that awaited them."""
    rows = queries.fail_debits(conn, order_ids=order_ids, payment_ids=payment_ids, now=now)
    return [(row["id"], row["owner_id"]) async for row in rows if row["state"] == "paying"]


async def move_debits(conn: Connection, event_id: UUID, starts_at: datetime) -> None:
    """Let the orders of an event that await settlement do so until its new start."""
    await queries.move_debits(conn, event_id=event_id, starts_at=starts_at)


async def leave_bundles(conn: Connection, order_ids: Sequence[UUID]) -> None:
    """Take released orders, which are locked, out of their bundles, unless another order of the bundle was paid."""
    await queries.leave_bundles(conn, order_ids=order_ids)


async def back_to_held(
    conn: Connection, order_ids: Sequence[UUID], payment_ids: Sequence[UUID]
) -> list[tuple[UUID, UUID]]:
    """Return orders to `held` after a failed payment; return (order, event) of those that changed."""
    rows = queries.back_to_held(conn, order_ids=order_ids, payment_ids=payment_ids)
    return [(row["id"], row["event_id"]) async for row in rows]


async def close_orders(conn: Connection, order_ids: Sequence[UUID], state: State) -> list[ClosedOrder]:
    """Close unpaid open orders; return those that were open."""
    rows = queries.close_orders(conn, order_ids=order_ids, state=state)
    return [ClosedOrder(*row) async for row in rows]


async def lock_due(
    conn: Connection, held_after: datetime, held_before: datetime, now: datetime, wanted: int
) -> list[UUID]:
    """Lock expired holds of a period, in order; holds locked by others are skipped."""
    rows = queries.lock_due(conn, held_after=held_after, held_before=held_before, now=now, wanted=wanted)
    return [row["id"] async for row in rows]


async def count_refund(conn: Connection, order_id: UUID, amount_cents: int, withheld_cents: int = 0) -> bool:
    """Add a refund to a paid order; return whether it was paid. `withheld_cents` is what it does not pay back."""
    return bool(
        await queries.count_refund(conn, order_id=order_id, amount_cents=amount_cents, withheld_cents=withheld_cents)
    )


async def count_returned(conn: Connection, returned: Sequence[tuple[UUID, int]]) -> None:
    """Add returned payments, (order, cents), to locked orders."""
    by_order: dict[UUID, int] = {}
    for order_id, cents in returned:
        by_order[order_id] = by_order.get(order_id, 0) + cents
    await queries.count_returned(conn, order_ids=list(by_order.keys()), cents=list(by_order.values()))


async def orders_of_owners(conn: Connection, owner_ids: Sequence[UUID]) -> list[OrderRow]:
    """Return every order of a buyer, the latest first."""
    return [_order(row) async for row in queries.orders_of_owners(conn, owner_ids=owner_ids)]


async def lock_open_or_paid(conn: Connection, event_id: UUID, wanted: int) -> list[OrderRow]:
    """Return the oldest open or paid orders of an event, locked in order; one may just have been closed."""
    return [_order(row) async for row in queries.lock_open_or_paid(conn, event_id=event_id, wanted=wanted)]


async def orders_by_code(conn: Connection, code: str) -> list[OrderRow]:
    """Return the order with a code, if any."""
    return [_order(row) async for row in queries.orders_by_code(conn, code=code)]


async def paid_orders(conn: Connection, event_id: UUID) -> list[tuple[UUID, UUID]]:
    """Return the orders of an event that are paid or await settlement, with their owners."""
    return [(row["id"], row["owner_id"]) async for row in queries.paid_orders(conn, event_id=event_id)]
