"""Places are held and let go: claims are inserted, never updated, and an order is whole or not there at all."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.kernel.database import Connection
from virage.kernel.ids import new_id
from virage.kernel.journal import Fact, append
from virage.kernel.problems import Refused
from virage.ticketing.rules.codes import new_code
from virage.ticketing.rules.open_sale import OpenSale
from virage.ticketing.rules.sale import (
    HOLD_FOR,
    LIVES_AT_MOST,
    OPEN_STATES,
    guests_may_hold,
    propose,
    sale_window,
    within_limit,
)
from virage.ticketing.rules.terms import (
    TARIFF_CODE,
    Assigned,
    Buyer,
    ClosedOrder,
    HoldRequest,
    OrderRow,
    Reason,
    State,
)
from virage.ticketing.store import claims as claims_store
from virage.ticketing.store import orders as store
from virage.ticketing.store.claims import Claim


class Hold(Struct, frozen=True):
    """One request with its buyer; `sale` is what the asking process knows of the event."""

    request: HoldRequest
    buyer: Buyer
    owner_id: UUID
    sale: OpenSale


class _Counts(Struct):
    """Places that somebody has already, and in this batch: by (owner, event), and of all guests by event and pool."""

    bought: Counter[tuple[UUID, UUID]]
    held_by_guests: dict[UUID, Counter[int]]

    def add(self, wanted: Hold, pools: Counter[int]) -> None:
        """Count what the next one of the batch must know of."""
        self.bought[wanted.owner_id, wanted.request.event_id] += pools.total()
        if wanted.buyer.is_guest:
            self.held_by_guests[wanted.request.event_id] += pools


class Conflict(Struct, frozen=True):
    """Somebody else was faster for at least one of the proposed places: nothing is held, try again."""


HoldOutcome = OrderRow | Refused | Conflict


async def hold(conn: Connection, holds: Sequence[Hold], now: datetime) -> list[HoldOutcome]:
    """Hold places for each request, all of its places or none; one outcome each, in order.

    The proposals are marked in each sale's hall at once; if the transaction fails, the caller lets the halls load anew.
    A request that is sent again gets its order as it stands. A buyer's limit holds exactly, whichever processes are
    asked; what guests hold together may pass its bound by what the batches hold that other processes have in flight.
    """
    await store.take_turns(conn, [hold.owner_id for hold in holds])
    known = await store.known_orders(
        conn,
        [hold.request.id for hold in holds],
        list({hold.request.event_id for hold in holds}),
        list({owner for hold in holds for owner in hold.buyer.owner_ids}),
    )
    decided: dict[UUID, HoldOutcome] = {order.id: order for order in known}
    counts = _Counts(_bought(known, now), await _held_by_guests(conn, holds, now))
    new: list[tuple[Hold, OrderRow]] = []
    for wanted in holds:
        if wanted.request.id not in decided:
            outcome = _decide(wanted, counts, now)
            decided[wanted.request.id] = outcome
            if isinstance(outcome, OrderRow):
                new.append((wanted, outcome))
    if new:
        await _write(conn, new, decided, now)
    return [_answer(wanted, decided[wanted.request.id]) for wanted in holds]


def _answer(wanted: Hold, outcome: HoldOutcome) -> HoldOutcome:
    """An id that belongs to another buyer or event is refused, whatever it stands for."""
    if isinstance(outcome, OrderRow) and (
        outcome.event_id != wanted.request.event_id or outcome.owner_id not in wanted.buyer.owner_ids
    ):
        return Refused(Reason.ID_REUSED)
    return outcome


def _bought(known: Sequence[OrderRow], now: datetime) -> Counter[tuple[UUID, UUID]]:
    """How many places each owner has of each event, without holds that are over."""
    bought: Counter[tuple[UUID, UUID]] = Counter()
    for order in known:
        if order.state == "paid" or (order.state in OPEN_STATES and order.expires_at > now):
            bought[order.owner_id, order.event_id] += len(order.places)
    return bought


async def _held_by_guests(conn: Connection, holds: Sequence[Hold], now: datetime) -> dict[UUID, Counter[int]]:
    """How many places guests hold of each event, by pool; nothing is asked while only fans come."""
    halls = {hold.request.event_id: hold.sale.hall for hold in holds if hold.buyer.is_guest}
    held = await store.held_by_guests(conn, halls.keys(), now - HOLD_FOR) if halls else {}
    return {event_id: hall.pools_of(held.get(event_id, ())) for event_id, hall in halls.items()}


def _decide(wanted: Hold, counts: _Counts, now: datetime) -> OrderRow | Refused:
    sale, event_id = wanted.sale, wanted.request.event_id
    refusal = sale_window(sale.event, now)
    if refusal is not None:
        return refusal
    assigned = propose(sale.hall, wanted.request.seats, sale.blocks, sale.areas)
    if isinstance(assigned, Refused):
        return assigned
    has = sum(counts.bought[owner, event_id] for owner in wanted.buyer.owner_ids)
    pools = sale.hall.pools_of(seat.place for seat in assigned)
    refusal = within_limit(sale.event, has, len(assigned))
    if refusal is None and wanted.buyer.is_guest:
        refusal = guests_may_hold(sale.hall, counts.held_by_guests[event_id], pools)
    if refusal is not None:
        return refusal
    counts.add(wanted, pools)
    sale.hall.take([seat.place for seat in assigned])
    return _order_of(wanted, assigned, now)


def _order_of(wanted: Hold, assigned: Sequence[Assigned], now: datetime) -> OrderRow:
    cost = wanted.sale.amounts_of(assigned)
    return OrderRow(
        id=wanted.request.id,
        code=new_code(),
        event_id=wanted.request.event_id,
        owner_id=wanted.owner_id,
        session_id=wanted.buyer.session_id,
        state="held",
        places=[seat.place for seat in assigned],
        tariffs=[TARIFF_CODE[seat.tariff] for seat in assigned],
        prices=cost.prices,
        ticket_ids=[new_id() for _ in assigned],
        fee_cents=cost.fee_cents,
        total_cents=cost.total_cents,
        refunded_cents=0,
        vat_permille=wanted.sale.pricing.vat_permille,
        fee_vat_permille=wanted.sale.pricing.fee_vat_permille,
        held_at=now,
        expires_at=now + HOLD_FOR,
    )


async def _write(
    conn: Connection, new: Sequence[tuple[Hold, OrderRow]], decided: dict[UUID, HoldOutcome], now: datetime
) -> None:
    """Claim all places of the batch in one statement, then write the orders that got all of theirs."""
    rows = [order for _, order in new]
    lost = await _claim(conn, rows)
    for wanted, order in new:
        if order.id in lost:
            decided[order.id] = Conflict()
            wanted.sale.hall.crowded()
            wanted.sale.hall.give_back([place for place in order.places if place not in lost[order.id]])
        else:
            wanted.sale.hall.calm()
    won = [order for order in rows if order.id not in lost]
    if not won:
        return
    written = await store.insert_orders(conn, won, now)
    if len(written) < len(won):
        await _give_way(conn, [pair for pair in new if pair[1].id not in written | lost.keys()], decided)
    facts = [taken_fact(order) for order in won if order.id in written]
    await append(conn, facts, now)


async def _give_way(conn: Connection, new: Sequence[tuple[Hold, OrderRow]], decided: dict[UUID, HoldOutcome]) -> None:
    """The same id was written elsewhere at the same time: that one is the order, and what we claimed goes back."""
    orders = [order for _, order in new]
    await claims_store.free_places(conn, _claims_of(orders))
    decided.update(await store.orders(conn, [order.id for order in orders]))
    for wanted, order in new:
        wanted.sale.hall.give_back(order.places)


async def _claim(conn: Connection, orders: Sequence[OrderRow]) -> dict[UUID, list[int]]:
    """Claim places for orders, whole orders only; the lost places of each order that did not get all of its own."""
    claims = _claims_of(orders)
    missed = set(await claims_store.claim_places(conn, claims))
    if not missed:
        return {}
    lost: dict[UUID, list[int]] = {}
    for claim in missed:
        lost.setdefault(claim.order_id, []).append(claim.place)
    back = [claim for claim in claims if claim.order_id in lost and claim not in missed]
    await claims_store.free_places(conn, back)
    return lost


async def claim_again(conn: Connection, orders: Sequence[OrderRow]) -> set[UUID]:
    """Try to get the same places for orders that had lost them; the ids of those that have them all again."""
    lost = await _claim(conn, orders)
    return {order.id for order in orders if order.id not in lost}


def _claims_of(orders: Iterable[OrderRow | ClosedOrder]) -> list[Claim]:
    return sorted(Claim(order.event_id, place, order.id) for order in orders for place in order.places)


async def close(conn: Connection, order_ids: Sequence[UUID], state: State, now: datetime) -> list[ClosedOrder]:
    """End open orders without money and free their places; those that were open."""
    closed = await store.close_orders(conn, sorted(order_ids), state)
    if closed:
        await claims_store.free_places(conn, _claims_of(closed))
        facts = [freed_fact(order.id, order.event_id, order.places, state) for order in closed]
        facts += [Fact(f"order_{state}", None, order.id, {"event": order.event_id}) for order in closed]
        await append(conn, facts, now)
    return closed


async def expire(conn: Connection, now: datetime, wanted: int, *, everything: bool = False) -> list[ClosedOrder]:
    """End holds that are over and free their places; `everything` looks at old orders too."""
    after = datetime.min.replace(tzinfo=now.tzinfo) if everything else now - 2 * LIVES_AT_MOST
    due = await store.lock_due(conn, after, now - HOLD_FOR, now, wanted)
    return await close(conn, due, "expired", now) if due else []


def taken_fact(order: OrderRow) -> Fact:
    """Places of an event are somebody's now."""
    return Fact("places_taken", None, order.event_id, {"order": order.id, "places": order.places})


def freed_fact(order_id: UUID, event_id: UUID, places: Sequence[int], why: str) -> Fact:
    """Places of an event are free again."""
    return Fact("places_freed", None, event_id, {"order": order_id, "places": list(places), "why": why})
