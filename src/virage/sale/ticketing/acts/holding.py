"""Hold and release places: claims are inserted, never updated, and an order gets all of its places or none."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.people.types import EmailKind
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts.emails import notify_debits
from virage.sale.ticketing.rules.codes import new_code
from virage.sale.ticketing.rules.early import EarlySale
from virage.sale.ticketing.rules.open_sale import OpenSale
from virage.sale.ticketing.rules.pricing import amounts
from virage.sale.ticketing.rules.sale import (
    HOLD_FOR,
    LIVES_AT_MOST,
    OPEN_STATES,
    chosen_at,
    guests_may_hold,
    propose,
    sale_window,
    within_limit,
)
from virage.sale.ticketing.rules.terms import (
    TARIFF_CODE,
    Arrangement,
    Assigned,
    Buyer,
    ClosedOrder,
    HoldRequest,
    OrderRow,
    Reason,
    State,
)
from virage.sale.ticketing.store import claims as claims_store
from virage.sale.ticketing.store import exchange as exchange_store
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store.claims import Claim


class MembersWindows(Protocol):
    """The members' windows of events, provided by the membership domain."""

    async def __call__(
        self, conn: Connection, event_ids: Collection[UUID], fan_ids: Collection[UUID], now: datetime
    ) -> Mapping[UUID, EarlySale]:
        """Return the early sale of each event that has windows, with the windows of these buyers."""
        ...


class Hold(Struct, frozen=True):
    """A request with its buyer; `sale` is the event as the calling process has it in memory.

    `arrangement` is the one of another domain that sells these places.
    """

    request: HoldRequest
    buyer: Buyer
    owner_id: UUID
    sale: OpenSale
    arrangement: Arrangement | None = None


class _New(Struct, frozen=True):
    """An order to insert; the places of `joined` move to it."""

    hold: Hold
    order: OrderRow
    joined: OrderRow | None = None

    @property
    def fresh(self) -> ClosedOrder:
        """Return the places that are still free."""
        previous = 0 if self.joined is None else len(self.joined.places)
        return ClosedOrder(self.order.id, self.order.event_id, self.order.places[previous:])


class _Counts(Struct):
    """Places held or bought, this batch included: by (owner, event), and for all guests by event and pool."""

    bought: Counter[tuple[UUID, UUID]]
    held_by_guests: dict[UUID, Counter[int]]

    def add(self, pending: Hold, pools: Counter[int]) -> None:
        """Count these places for the following requests of the batch."""
        self.bought[pending.owner_id, pending.request.event_id] += pools.total()
        if pending.buyer.is_guest:
            self.held_by_guests[pending.request.event_id] += pools


class Conflict(Struct, frozen=True):
    """At least one proposed place was taken meanwhile. Nothing is held; the caller tries again.

    `moved`: the event is at another version of its venue than the calling process has in memory.
    """

    moved: bool = False


HoldOutcome = OrderRow | Refused | Conflict


async def hold(
    conn: Connection, holds: Sequence[Hold], now: datetime, members_windows: MembersWindows | None = None
) -> list[HoldOutcome]:
    """Hold all places of each request or none; return one outcome per request, in order.

    Before the public sale, `members_windows` say who may hold already; they are asked once, and only then.

    Proposed places are marked in each sale's inventory at once. If the transaction fails, the caller reloads them.
    A repeated request gets its order in its current state. A buyer's limit holds exactly, whichever processes are
    asked; what guests hold together may pass its bound by what the batches hold that other processes have in flight.
    """
    await store.lock_buyers(conn, [hold.owner_id for hold in holds], {hold.request.event_id for hold in holds})
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
    early = await _early_sales(conn, holds, now, members_windows)
    new: list[_New] = []
    for pending in holds:
        if pending.request.id not in decided:
            outcome = _decide(pending, counts, joined, early.get(pending.request.event_id), now)
            decided[pending.request.id] = outcome.order if isinstance(outcome, _New) else outcome
            if isinstance(outcome, _New):
                new.append(outcome)
    if new:
        await _write(conn, new, decided, now)
    return [_answer(pending, decided[pending.request.id]) for pending in holds]


def _answer(pending: Hold, outcome: HoldOutcome) -> HoldOutcome:
    """Return the known order, or refuse an id that belongs to another buyer or event."""
    if isinstance(outcome, OrderRow) and (
        outcome.event_id != pending.request.event_id or outcome.owner_id not in pending.buyer.owner_ids
    ):
        return Refused(Reason.ID_REUSED)
    return outcome


def _bought(known: Sequence[OrderRow], now: datetime) -> Counter[tuple[UUID, UUID]]:
    """Return the places of each owner by event, without expired holds."""
    bought: Counter[tuple[UUID, UUID]] = Counter()
    for order in known:
        if order.state == "paid" or (order.state in OPEN_STATES and order.expires_at > now):
            bought[order.owner_id, order.event_id] += len(order.places)
    return bought


async def _held_by_guests(conn: Connection, holds: Sequence[Hold], now: datetime) -> dict[UUID, Counter[int]]:
    """Return the places that guests hold, by event and pool. Without guests in the batch, nothing is queried."""
    halls = {hold.request.event_id: hold.sale.inventory for hold in holds if hold.buyer.is_guest}
    held = await store.held_by_guests(conn, halls.keys(), now - HOLD_FOR) if halls else {}
    return {event_id: inventory.pools_of(held.get(event_id, ())) for event_id, inventory in halls.items()}


async def _early_sales(
    conn: Connection, holds: Sequence[Hold], now: datetime, members_windows: MembersWindows | None
) -> Mapping[UUID, EarlySale]:
    """Return the early sales of the events that are not on public sale yet."""
    waiting = [hold for hold in holds if hold.arrangement is None and now < hold.sale.event.opens_at]
    if not waiting or members_windows is None:
        return {}
    fan_ids = {hold.buyer.fan_id for hold in waiting if hold.buyer.fan_id is not None}
    return await members_windows(conn, {hold.request.event_id for hold in waiting}, fan_ids, now)


def _decide(
    pending: Hold, counts: _Counts, open_orders: dict[UUID, OrderRow], early: EarlySale | None, now: datetime
) -> _New | Refused:
    """Propose places. A joined order leaves `open_orders`, so that it is joined once."""
    sale, event_id, fan_id = pending.sale, pending.request.event_id, pending.buyer.fan_id
    asked_at = now if pending.arrangement is None else max(now, sale.event.opens_at)
    refusal = sale_window(sale.event, asked_at, early, fan_id) or chosen_at(sale.venue.version, pending.request.seats)
    if refusal is not None:
        return refusal
    joined = None if pending.request.joins is None else open_orders.get(pending.request.joins)
    if pending.request.joins is not None and (joined is None or not _may_join(joined, pending, now)):
        return Refused(Reason.NOT_OPEN)
    assigned = propose(sale.inventory, pending.request.seats, sale.blocks, sale.areas)
    if isinstance(assigned, Refused):
        return assigned
    has = sum(counts.bought[owner, event_id] for owner in pending.buyer.owner_ids)
    pools = sale.inventory.pools_of(seat.place for seat in assigned)
    own_max = None if early is None else early.tickets_max(fan_id, now)
    refusal = within_limit(sale.event, has, len(assigned), own_max)
    if refusal is None and pending.buyer.is_guest:
        refusal = guests_may_hold(sale.inventory, counts.held_by_guests[event_id], pools)
    if refusal is not None:
        return refusal
    counts.add(pending, pools)
    sale.inventory.hold([seat.place for seat in assigned])
    order = _order_of(pending, assigned, now)
    if joined is None:
        return _New(pending, order)
    del open_orders[joined.id]
    return _New(pending, _merged(joined, order), joined)


def _may_join(order: OrderRow, pending: Hold, now: datetime) -> bool:
    """Return whether the order is a hold of the same buyer, event and VAT whose payment has not started.

    A basket of the exchange has no places of its own, and a bundle has prices of its own, so nothing joins them.
    """
    pricing = pending.sale.pricing
    return (
        order.state == "held"
        and order.listing_ids is None
        and order.bundle_id is None
        and order.expires_at > now
        and order.event_id == pending.request.event_id
        and order.owner_id in pending.buyer.owner_ids
        and (order.vat_permille, order.fee_vat_permille) == (pricing.vat_permille, pricing.fee_vat_permille)
    )


def _merged(previous: OrderRow, order: OrderRow) -> OrderRow:
    """Return the new order with the places of the previous one, at their previous prices."""
    return replace(
        order,
        places=previous.places + order.places,
        tariffs=previous.tariffs + order.tariffs,
        prices=previous.prices + order.prices,
        ticket_ids=previous.ticket_ids + order.ticket_ids,
        fee_cents=previous.fee_cents + order.fee_cents,
        total_cents=previous.total_cents + order.total_cents,
    )


def _order_of(pending: Hold, assigned: Sequence[Assigned], now: datetime) -> OrderRow:
    arranged = pending.arrangement or Arrangement(now + HOLD_FOR)
    cost = pending.sale.amounts_of(assigned) if arranged.prices is None else amounts(arranged.prices, 0)
    return OrderRow(
        id=pending.request.id,
        code=new_code(),
        event_id=pending.request.event_id,
        owner_id=pending.owner_id,
        session_id=pending.buyer.session_id,
        state="held",
        places=[seat.place for seat in assigned],
        tariffs=[TARIFF_CODE[seat.tariff] for seat in assigned],
        prices=cost.prices,
        ticket_ids=[new_id() for _ in assigned],
        fee_cents=cost.fee_cents,
        total_cents=cost.total_cents,
        refunded_cents=0,
        vat_permille=pending.sale.pricing.vat_permille,
        fee_vat_permille=pending.sale.pricing.fee_vat_permille,
        held_at=now,
        expires_at=arranged.expires_at,
        bundle_id=arranged.bundle_id,
    )


async def _write(conn: Connection, new: Sequence[_New], decided: dict[UUID, HoldOutcome], now: datetime) -> None:
    """Claim all places of the batch in one statement, then insert the orders that got all of theirs."""
    versions = {entry.order.event_id: entry.hold.sale.venue.version for entry in new}
    lost, moved = await _claim(conn, [entry.fresh for entry in new], versions)
    for entry in new:
        inventory, order_id = entry.hold.sale.inventory, entry.order.id
        if order_id in lost:
            decided[order_id] = Conflict(entry.order.event_id in moved)
            inventory.record_conflict()
            inventory.release([place for place in entry.fresh.places if place not in lost[order_id]])
        else:
            inventory.record_success()
    won = [entry for entry in new if entry.order.id not in lost]
    if not won:
        return
    ids = await store.insert_orders(conn, [entry.order for entry in won], now)
    if len(ids) < len(won):
        await _use_existing(conn, [entry for entry in won if entry.order.id not in ids], decided)
    written = [entry for entry in won if entry.order.id in ids]
    await append(conn, [taken_fact(entry.fresh) for entry in written], now)
    joining = [(entry.joined, entry.order) for entry in written if entry.joined is not None]
    if joining:
        await _move_places(conn, joining, now)


async def _move_places(conn: Connection, joining: Sequence[tuple[OrderRow, OrderRow]], now: datetime) -> None:
    """End the joined orders, which are locked; their claims move to the new orders."""
    await store.close_orders(conn, sorted(previous.id for previous, _ in joining), "released")
    await claims_store.move_claims(conn, {previous.id: order.id for previous, order in joining})
    facts = [Fact("order_released", None, previous.id, {"event": previous.event_id}) for previous, _ in joining]
    await append(conn, facts, now)


async def _use_existing(conn: Connection, new: Sequence[_New], decided: dict[UUID, HoldOutcome]) -> None:
    """Return the order that another process inserted under the same id, and free the places claimed here."""
    await claims_store.free_places(conn, _claims_of([entry.fresh for entry in new]))
    decided.update(await store.orders(conn, [entry.order.id for entry in new]))
    for entry in new:
        entry.hold.sale.inventory.release(entry.fresh.places)


async def _claim(
    conn: Connection, orders: Sequence[OrderRow | ClosedOrder], versions: Mapping[UUID, str]
) -> tuple[dict[UUID, list[int]], frozenset[UUID]]:
    """Claim places, whole orders only; return the lost places of each order that did not get all of its places.

    Also return the events that are not at the version of their venue that numbers the places.
    """
    claims = _claims_of(orders)
    outcome = await claims_store.claim_places(conn, claims, versions)
    missed = set(outcome.claims)
    if not missed:
        return {}, outcome.moved
    lost: dict[UUID, list[int]] = {}
    for claim in missed:
        lost.setdefault(claim.order_id, []).append(claim.place)
    back = [claim for claim in claims if claim.order_id in lost and claim not in missed]
    await claims_store.free_places(conn, back)
    return lost, outcome.moved


async def claim_again(conn: Connection, orders: Sequence[OrderRow], *, whole: bool = False) -> set[UUID]:
    """Claim the previous places of locked expired orders; return the ids of the orders that got all of them.

    `whole`: either all of the orders get their places, or none.
    """
    lost, _ = await _claim(conn, orders, {})
    won = [order for order in orders if order.id not in lost]
    if whole and lost:
        await claims_store.free_places(conn, _claims_of(won))
        return set()
    return {order.id for order in won}


def _claims_of(orders: Iterable[OrderRow | ClosedOrder]) -> list[Claim]:
    return sorted(Claim(order.event_id, place, order.id) for order in orders for place in order.places)


class BundlePlaces(Struct, frozen=True):
    """Other places for the order of a bundle: one place, tariff and price for each of its people, at most as before."""

    order_id: UUID
    sale: OpenSale
    assigned: list[Assigned]
    prices: list[int]


async def reseat_bundles(
    conn: Connection, wanted: Mapping[UUID, Sequence[BundlePlaces]], now: datetime
) -> set[UUID] | Refused:
    """Give bundles that are held, and whose payment has not begun, other places at each of these events.

    The places of all of them are released before others are claimed, so that one may get what another leaves. Return
    the bundles that were still held; the others keep what they have. The inventories in memory follow the journal.
    `place_taken` (data.bundles): places were sold meanwhile; roll back, and leave these bundles out.
    """
    events = {one.sale.event.event_id for places in wanted.values() for one in places}
    await store.lock_buyers(conn, [], events)
    orders = await store.lock_orders(conn, sorted(one.order_id for places in wanted.values() for one in places))
    held = {
        bundle_id
        for bundle_id, places in wanted.items()
        if all(orders[one.order_id].state == "held" and orders[one.order_id].expires_at > now for one in places)
    }
    moves = [one for bundle_id in sorted(held) for one in wanted[bundle_id]]
    before = [orders[one.order_id] for one in moves]
    after = [
        replace(
            order,
            places=[seat.place for seat in one.assigned],
            tariffs=[TARIFF_CODE[seat.tariff] for seat in one.assigned],
            prices=one.prices,
            ticket_ids=order.ticket_ids[: len(one.assigned)],
            total_cents=sum(one.prices),
        )
        for one, order in zip(moves, before, strict=True)
    ]
    if not moves:
        return held
    await claims_store.free_places(conn, _claims_of(before))
    lost, _ = await _claim(conn, after, {one.sale.event.event_id: one.sale.venue.version for one in moves})
    if lost:
        return Refused(Reason.PLACE_TAKEN, {"bundles": sorted({orders[id_].bundle_id for id_ in lost}, key=str)})
    await store.reseat_orders(conn, after)
    await append(conn, [freed_fact(one.id, one.event_id, one.places, "moved") for one in before], now)
    await append(conn, [taken_fact(one) for one in after], now)
    return held


async def close(conn: Connection, order_ids: Sequence[UUID], state: State, now: datetime) -> list[ClosedOrder]:
    """Close unpaid open orders and free their places, or their listings; return those that were open.

    A debit under way is not stopped: its buyer is told that the money is returned when it arrives.
    """
    closed = await store.close_orders(conn, sorted(order_ids), state) if order_ids else []
    if closed:
        await exchange_store.unreserve(conn, [order.id for order in closed])
        await claims_store.free_places(conn, _claims_of(closed))
        facts = [freed_fact(order.id, order.event_id, order.places, state) for order in closed if order.places]
        facts += [Fact(f"order_{state}", None, order.id, {"event": order.event_id}) for order in closed]
        await append(conn, facts, now)
        debited = [(order.id, order.debited_id) for order in closed if order.debited_id is not None]
        await notify_debits(conn, EmailKind.DEBIT_RETURNED, debited, now)
    return closed


async def expire(conn: Connection, now: datetime, pending: int, *, everything: bool = False) -> list[ClosedOrder]:
    """Expire holds that are over and free their places; `everything` includes old orders."""
    after = datetime.min.replace(tzinfo=now.tzinfo) if everything else now - 2 * LIVES_AT_MOST
    return await close(conn, await store.lock_due(conn, after, now - HOLD_FOR, now, pending), "expired", now)


def taken_fact(order: OrderRow | ClosedOrder) -> Fact:
    """Return the fact that places of an event were taken."""
    return Fact("places_taken", None, order.event_id, {"order": order.id, "places": order.places})


def freed_fact(order_id: UUID, event_id: UUID, places: Sequence[int], why: str) -> Fact:
    """Return the fact that places of an event are free again."""
    return Fact("places_freed", None, event_id, {"order": order_id, "places": list(places), "why": why})
