"""Places are held and let go: claims are inserted, never updated, and an order is whole or not there at all."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.codes import new_code
from virage.sale.ticketing.rules.open_sale import OpenSale
from virage.sale.ticketing.rules.sale import (
    HOLD_FOR,
    LIVES_AT_MOST,
    OPEN_STATES,
    guests_may_hold,
    propose,
    sale_window,
    within_limit,
)
from virage.sale.ticketing.rules.terms import (
    TARIFF_CODE,
    Assigned,
    Buyer,
    ClosedOrder,
    HoldRequest,
    OrderRow,
    Reason,
    State,
)
from virage.sale.ticketing.store import claims as claims_store
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store.claims import Claim


class Hold(Struct, frozen=True):
    """One request with its buyer; `sale` is what the asking process knows of the event."""

    request: HoldRequest
    buyer: Buyer
    owner_id: UUID
    sale: OpenSale


class _New(Struct, frozen=True):
    """An order to write; the places of `joined` move to it."""

    hold: Hold
    order: OrderRow
    joined: OrderRow | None = None

    @property
    def fresh(self) -> ClosedOrder:
        """The places that nobody has yet."""
        before = 0 if self.joined is None else len(self.joined.places)
        return ClosedOrder(self.order.id, self.order.event_id, self.order.places[before:])


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
    joins = sorted({hold.request.joins for hold in holds if hold.request.joins is not None})
    joined = await store.lock_orders(conn, joins) if joins else {}
    new: list[_New] = []
    for wanted in holds:
        if wanted.request.id not in decided:
            outcome = _decide(wanted, counts, joined, now)
            decided[wanted.request.id] = outcome.order if isinstance(outcome, _New) else outcome
            if isinstance(outcome, _New):
                new.append(outcome)
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


def _decide(wanted: Hold, counts: _Counts, open_orders: dict[UUID, OrderRow], now: datetime) -> _New | Refused:
    """Propose places; an order is joined once, so it leaves `open_orders`."""
    sale, event_id = wanted.sale, wanted.request.event_id
    refusal = sale_window(sale.event, now)
    if refusal is not None:
        return refusal
    joined = None if wanted.request.joins is None else open_orders.get(wanted.request.joins)
    if wanted.request.joins is not None and (joined is None or not _may_join(joined, wanted, now)):
        return Refused(Reason.NOT_OPEN)
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
    order = _order_of(wanted, assigned, now)
    if joined is None:
        return _New(wanted, order)
    del open_orders[joined.id]
    return _New(wanted, _together(joined, order), joined)


def _may_join(order: OrderRow, wanted: Hold, now: datetime) -> bool:
    """Only a hold of the same buyer, event and VAT that nobody pays yet."""
    pricing = wanted.sale.pricing
    return (
        order.state == "held"
        and order.expires_at > now
        and order.event_id == wanted.request.event_id
        and order.owner_id in wanted.buyer.owner_ids
        and (order.vat_permille, order.fee_vat_permille) == (pricing.vat_permille, pricing.fee_vat_permille)
    )


def _together(before: OrderRow, order: OrderRow) -> OrderRow:
    """The new order with the places of the one before at the prices that they had."""
    return replace(
        order,
        places=before.places + order.places,
        tariffs=before.tariffs + order.tariffs,
        prices=before.prices + order.prices,
        ticket_ids=before.ticket_ids + order.ticket_ids,
        fee_cents=before.fee_cents + order.fee_cents,
        total_cents=before.total_cents + order.total_cents,
    )


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


async def _write(conn: Connection, new: Sequence[_New], decided: dict[UUID, HoldOutcome], now: datetime) -> None:
    """Claim all places of the batch in one statement, then write the orders that got all of theirs."""
    lost = await _claim(conn, [one.fresh for one in new])
    for one in new:
        hall, order_id = one.hold.sale.hall, one.order.id
        if order_id in lost:
            decided[order_id] = Conflict()
            hall.crowded()
            hall.give_back([place for place in one.fresh.places if place not in lost[order_id]])
        else:
            hall.calm()
    won = [one for one in new if one.order.id not in lost]
    if not won:
        return
    ids = await store.insert_orders(conn, [one.order for one in won], now)
    if len(ids) < len(won):
        await _give_way(conn, [one for one in won if one.order.id not in ids], decided)
    written = [one for one in won if one.order.id in ids]
    await append(conn, [taken_fact(one.fresh) for one in written], now)
    joining = [(one.joined, one.order) for one in written if one.joined is not None]
    if joining:
        await _move_places(conn, joining, now)


async def _move_places(conn: Connection, joining: Sequence[tuple[OrderRow, OrderRow]], now: datetime) -> None:
    """End the orders that were joined, which are locked; their places stay taken, for the new orders."""
    await store.close_orders(conn, sorted(before.id for before, _ in joining), "released")
    await claims_store.move_claims(conn, {before.id: order.id for before, order in joining})
    facts = [Fact("order_released", None, before.id, {"event": before.event_id}) for before, _ in joining]
    await append(conn, facts, now)


async def _give_way(conn: Connection, new: Sequence[_New], decided: dict[UUID, HoldOutcome]) -> None:
    """The same id was written elsewhere at the same time: that one is the order, and what we claimed goes back."""
    await claims_store.free_places(conn, _claims_of([one.fresh for one in new]))
    decided.update(await store.orders(conn, [one.order.id for one in new]))
    for one in new:
        one.hold.sale.hall.give_back(one.fresh.places)


async def _claim(conn: Connection, orders: Sequence[OrderRow | ClosedOrder]) -> dict[UUID, list[int]]:
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


def taken_fact(order: OrderRow | ClosedOrder) -> Fact:
    """Places of an event are somebody's now."""
    return Fact("places_taken", None, order.event_id, {"order": order.id, "places": order.places})


def freed_fact(order_id: UUID, event_id: UUID, places: Sequence[int], why: str) -> Fact:
    """Places of an event are free again."""
    return Fact("places_freed", None, event_id, {"order": order_id, "places": list(places), "why": why})
