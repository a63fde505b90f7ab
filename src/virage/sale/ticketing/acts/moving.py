"""Move an event to another version of its venue: renumber its places, move or refund the tickets that lose theirs."""

import asyncio
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes
from virage.identity.passes.api import Relocation, UnseatedMove
from virage.money.payments import api as payments
from virage.money.payments.types import RefundRequest
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts.emails import notify_seats_changed
from virage.sale.ticketing.acts.exchange import end_of_tickets
from virage.sale.ticketing.acts.holding import close
from virage.sale.ticketing.acts.transfers import withdraw_of_tickets
from virage.sale.ticketing.rules.moving import GONE, AffectedReason, Line, MovePlan, new_places, plan_move
from virage.sale.ticketing.rules.open_sale import on_sale, open_sale
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.pricing import Pricing, without_blocks
from virage.sale.ticketing.rules.refunds import left_cents, plan_refund, worth
from virage.sale.ticketing.rules.reseating import MoveChoice, proposals, reseat
from virage.sale.ticketing.rules.sale import OPEN_STATES
from virage.sale.ticketing.rules.terms import TARIFFS, OrderRow, Tariff, TicketRow
from virage.sale.ticketing.store import claims as claims_store
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store import pricing as pricing_store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.sale.ticketing.store.tickets import SeatChange, TicketRefund
from virage.site.programme.types import Event
from virage.site.venue.api import closures
from virage.site.venue.types import PlaceLabel, Venue


class NewPlace(Struct, frozen=True):
    """A free place of the new version for an affected ticket."""

    place: int
    label: PlaceLabel


class AffectedTicket(Struct, frozen=True):
    """A place that its order cannot keep. `held`: the order is not paid, and is released by the move.

    `proposals` are places of at least the same price, the best first; no place is proposed to two tickets.
    `refund_cents` is the refund of this ticket, and `order_refund_cents` that of all `order_tickets` valid tickets of
    the order together.
    """

    ticket_id: UUID
    order_id: UUID
    order_code: str
    buyer_id: UUID
    place: int
    label: PlaceLabel
    tariff: Tariff
    price_cents: int
    reason: AffectedReason
    held: bool
    proposals: list[NewPlace]
    refund_cents: int
    order_tickets: int
    order_refund_cents: int


class MovePreview(Struct, frozen=True):
    """What a move to another version of the venue would change: places that stay the same, and the affected ones.

    `from_version` is the present version of the event. Of the kept places, `entrances` are tickets with another gate
    group: those that were printed are printed again.
    """

    from_version: str
    venue_version: str
    kept: int
    entrances: int
    affected: list[AffectedTicket]


class EventMoveResult(Struct, frozen=True):
    """What a move has changed: tickets at another place, refunded tickets, and released orders."""

    venue_version: str
    reseated: int
    refunded: int
    released: int


async def preview_move(conn: Connection, event: Event, old: Venue, new: Venue) -> MovePreview:
    """Return what a move of an event would change now; purchases may change it until the move."""
    orders = {order.id: order for order in await store.live_orders(conn, event.id)}
    tickets = await tickets_store.tickets_of_event(conn, event.id)
    pricing = await _open_pricing(conn, event)

    def propose() -> tuple[MovePlan, dict[UUID, list[int]], int]:
        plan = plan_move(old, new, _live_lines(orders.values(), tickets))
        _, settled = _without_unpaid(plan, orders)
        sale = open_sale(on_sale(event), new, pricing, list(settled.places.values()))
        entrances = _other_entrances(old, new, tickets.values(), plan.places)
        return plan, proposals(sale, old, settled.affected), len(entrances)

    plan, proposed, entrances = await asyncio.to_thread(propose)
    affected = []
    for found in plan.affected:
        line, order = found.line, orders[found.line.order_id]
        held = order.state in OPEN_STATES
        affected.append(
            AffectedTicket(
                ticket_id=line.ticket_id,
                order_id=order.id,
                order_code=order.code,
                buyer_id=order.owner_id,
                place=line.place,
                label=label(old, line.place),
                tariff=TARIFFS[line.tariff],
                price_cents=line.price_cents,
                reason=found.reason,
                held=held,
                proposals=[NewPlace(place, label(new, place)) for place in proposed.get(line.ticket_id, ())],
                refund_cents=0 if held else worth(order, line.price_cents),
                order_tickets=sum(
                    1 for id_ in order.ticket_ids if id_ not in tickets or tickets[id_].refund_id is None
                ),
                order_refund_cents=0 if held else left_cents(order),
            )
        )
    return MovePreview(event.venue_version, new.version, len(plan.places), entrances, affected)


async def move_event(  # noqa: PLR0917 - the event, both versions, and what the office decided
    conn: Connection,
    event: Event,
    old: Venue,
    new: Venue,
    choices: Mapping[UUID, MoveChoice],
    who: UUID | None,
    now: datetime,
) -> EventMoveResult | Refused:
    """Renumber every order, ticket, claim and pass of an event for another version of its venue.

    The caller has locked the event and stores its new version in the same transaction. Each affected ticket needs a
    choice; unpaid orders with an affected place are released. Refused with `tickets_affected` if the choices do not
    match, `place_taken` or `sold_out` if a ticket gets no place; roll back a refusal. Purchases wait for the move.
    """
    await store.lock_event(conn, event.id)
    # A basket of the exchange names places of other orders, which the move renumbers.
    exchanged = await store.open_exchange_orders(conn, event.id)
    baskets = await close(conn, exchanged, "released", now)
    orders = {order.id: order for order in await store.lock_orders_of_event(conn, event.id)}
    tickets = await tickets_store.tickets_of_event(conn, event.id)
    plan = await asyncio.to_thread(plan_move, old, new, _live_lines(orders.values(), tickets))
    lost, plan = _without_unpaid(plan, orders)
    released = await close(conn, sorted(lost), "released", now) if lost else []
    pricing = await _open_pricing(conn, event)
    sale = await asyncio.to_thread(open_sale, on_sale(event), new, pricing, list(plan.places.values()))
    outcome = await asyncio.to_thread(reseat, sale, old, plan.affected, choices)
    if isinstance(outcome, Refused):
        return outcome

    kept = plan.places | outcome.places
    places, labels = _all_places(old, new, orders.values(), kept, set(outcome.refunds))
    owner = {
        id_: order.id for order in orders.values() if order.id not in lost for id_ in order.ticket_ids if id_ in kept
    }
    by_order = {order.id: [places[id_] for id_ in order.ticket_ids] for order in orders.values()}
    await end_of_tickets(conn, outcome.refunds, now)
    await claims_store.replace_claims(conn, event.id, {kept[id_]: order_id for id_, order_id in owner.items()})
    await store.renumber_orders(conn, {id_: to for id_, to in by_order.items() if to != orders[id_].places})
    await claims_store.put_moved_event(conn, event.id, new.version)
    await tickets_store.put_former_labels(conn, event.id, labels)

    refunds = _refunds(orders, tickets, outcome.refunds, now)
    move_id = new_id()
    refund_of = {ticket_id: row.id for row in refunds for ticket_id in row.ticket_ids}
    changes = [
        SeatChange(
            found.line.order_id, found.line.ticket_id, label(old, found.line.place), refund_of.get(found.line.ticket_id)
        )
        for found in plan.affected
    ]
    changes += await asyncio.to_thread(_other_entrances, old, new, tickets.values(), plan.places)
    await tickets_store.put_seat_changes(conn, move_id, changes)
    for row in refunds:
        if not await tickets_store.insert_refund(conn, row, event.id, who):
            raise RuntimeError(f"The refund {row.id} exists already.")
    await tickets_store.renumber_tickets(
        conn, {id_: places[id_] for id_ in tickets if places[id_] != tickets[id_].place}
    )
    for row in refunds:
        await tickets_store.refund_tickets(conn, row.ticket_ids, row.id)
        await withdraw_of_tickets(conn, row.ticket_ids, now)
        await store.count_refund(conn, row.order_id, row.amount_cents)
    mapped = new_places(old, new)
    elsewhere = {id_ for id_, place in outcome.places.items() if place != mapped[tickets[id_].place]}
    moves = [_relocation(new, ticket, places[ticket.id], elsewhere) for ticket in tickets.values()]
    refusal = await passes.relocate(conn, moves, UnseatedMove(event.id, old.places, new.places), now, who)
    if refusal is not None:
        return refusal
    await passes.revoke(conn, outcome.refunds, now, who)
    facts = [
        Fact("order_refunded", who, row.order_id, {"refund": row.id, "event": event.id, "reason": row.reason})
        for row in refunds
    ]
    facts += [Fact("ticket_reseated", who, id_, {"event": event.id}) for id_ in outcome.places]
    await append(conn, facts, now)
    money = [
        RefundRequest(row.id, payment_id, row.amount_cents)
        for row in refunds
        if row.amount_cents and (payment_id := orders[row.order_id].payment_id)
    ]
    for answer in await payments.request_refund(conn, money, now) if money else ():
        if isinstance(answer, Refused):
            return answer
    changed = {change.order_id: orders[change.order_id].owner_id for change in changes}
    await notify_seats_changed(conn, move_id, changed, [change.ticket_id for change in changes], now)
    return EventMoveResult(new.version, len(outcome.places), len(outcome.refunds), len(released) + len(baskets))


async def _open_pricing(conn: Connection, event: Event) -> Pricing:
    """Return the prices of an event, without those of the blocks that are closed for it."""
    pricing = await pricing_store.pricing(conn, event.id) or Pricing()
    return without_blocks(pricing, (await closures(conn, event.id)).blocks)


def _without_unpaid(plan: MovePlan, orders: Mapping[UUID, OrderRow]) -> tuple[set[UUID], MovePlan]:
    """Return the unpaid orders with an affected place, which the move releases, and the plan without them."""
    lost = {found.line.order_id for found in plan.affected if orders[found.line.order_id].state in OPEN_STATES}
    of_lost = {id_ for order_id in lost for id_ in orders[order_id].ticket_ids}
    return lost, MovePlan(
        {id_: place for id_, place in plan.places.items() if id_ not in of_lost},
        [found for found in plan.affected if found.line.order_id not in lost],
    )


def _live_lines(orders: Iterable[OrderRow], tickets: Mapping[UUID, TicketRow]) -> list[Line]:
    """Return the places that are held or sold; those of refunded tickets and baskets of the exchange are left out."""
    return [
        Line(order.id, ticket_id, place, tariff, price)
        for order in orders
        if order.state == "paid" or (order.state in OPEN_STATES and order.listing_ids is None)
        for place, tariff, price, ticket_id in zip(
            order.places, order.tariffs, order.prices, order.ticket_ids, strict=True
        )
        if ticket_id not in tickets or tickets[ticket_id].refund_id is None
    ]


def _all_places(
    old: Venue, new: Venue, orders: Iterable[OrderRow], kept: Mapping[UUID, int], refunds: Container[UUID]
) -> tuple[dict[UUID, int], dict[UUID, PlaceLabel]]:
    """Return the new place of every line of every order, and the former labels of those without one.

    A line that is neither held nor sold keeps the number of its seat, so that old orders show it, if there is one.
    """
    mapped = new_places(old, new).tolist()
    places: dict[UUID, int] = {}
    labels: dict[UUID, PlaceLabel] = {}
    for order in orders:
        for ticket_id, place in zip(order.ticket_ids, order.places, strict=True):
            if ticket_id in kept:
                places[ticket_id] = kept[ticket_id]
            elif place != GONE:
                places[ticket_id] = GONE if ticket_id in refunds else mapped[place]
                if places[ticket_id] == GONE:
                    labels[ticket_id] = label(old, place)
            else:
                places[ticket_id] = GONE
    return places, labels


def _other_entrances(
    old: Venue, new: Venue, tickets: Iterable[TicketRow], kept: Mapping[UUID, int]
) -> list[SeatChange]:
    """Return the tickets that keep their places, and have another gate group there."""
    return [
        SeatChange(ticket.order_id, ticket.id, former, None)
        for ticket in tickets
        if ticket.id in kept
        and (former := label(old, ticket.place)).gate_group != label(new, kept[ticket.id]).gate_group
    ]


def _refunds(
    orders: Mapping[UUID, OrderRow], tickets: Mapping[UUID, TicketRow], chosen: Sequence[UUID], now: datetime
) -> list[TicketRefund]:
    """Return the refunds of the chosen tickets, one per order."""
    by_order: dict[UUID, list[UUID]] = {}
    for ticket_id in chosen:
        by_order.setdefault(tickets[ticket_id].order_id, []).append(ticket_id)
    refunds = []
    for order_id, ticket_ids in sorted(by_order.items()):
        plan = plan_refund(orders[order_id], tickets, ticket_ids)
        if isinstance(plan, Refused):
            raise RuntimeError(f"Order {order_id} of a moved event is not refunded: {plan.reason}")  # noqa: TRY004 - not a type error
        refunds.append(
            TicketRefund(new_id(), order_id, plan.amount_cents, [t.id for t in plan.tickets], now, "event_changed")
        )
    return refunds


def _relocation(new: Venue, ticket: TicketRow, place: int, reseated: Container[UUID]) -> Relocation:
    """Return where the pass of a ticket goes; a pass without a place stands after all places, as those of staff do."""
    if place == GONE:
        return Relocation(ticket.id, new.places, None)
    return Relocation(ticket.id, place, label(new, place).gate_group, reissue=ticket.id in reseated)
