"""Orders and tickets as shown on screens."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes
from virage.identity.passes.api import PassState
from virage.identity.people.api import UpcomingTickets
from virage.money.payments import api as payments
from virage.money.payments.types import PaidBy
from virage.money.wallet.funding import api as wallets
from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.moving import GONE
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.pricing import vat_of
from virage.sale.ticketing.rules.refunds import RefundProgress
from virage.sale.ticketing.rules.terms import TARIFFS, Order, OrderLine, OrderRow, Tariff, TicketRow
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.sale.ticketing.store.orders import accepted_terms
from virage.site.programme import api as programme
from virage.site.programme.types import Event, Text
from virage.site.venue.api import venue_at
from virage.site.venue.types import PlaceLabel, Venue

__all__ = ["Ticket", "TicketEvent", "accepted_terms", "order_view", "orders_of", "ticket_event"]
NO_TICKETS: frozenset[UUID] = frozenset()
Labels = Mapping[UUID, PlaceLabel]
NO_LABELS: Labels = {}


class TicketEvent(Struct, frozen=True):
    """The event of a ticket. `venue` is the name of its venue, `time_zone` the IANA name of the venue's zone.

    Names do not change from `names_due_at`, None for no such date, and at most `name_changes_max` times.
    """

    id: UUID
    title: Text
    subtitle: Text
    venue: str
    venue_version: str
    time_zone: str
    doors_at: datetime
    starts_at: datetime
    ends_at: datetime
    cancelled: bool
    named_tickets: bool
    paper_accepted: bool
    paper_identity_check: bool
    reentry: bool
    names_due_at: datetime | None = None
    name_changes_max: int | None = None


class Ticket(Struct, frozen=True, rename={"pass_": "pass"}):
    """A ticket for who holds it, with the state of its pass. `received`: another person bought it."""

    id: UUID
    order_id: UUID
    event: TicketEvent
    place: int
    label: PlaceLabel
    tariff: Tariff
    price_cents: int
    holder_name: str | None
    refunded: bool
    pass_: PassState | None
    received: bool = False
    name_changes: int = 0

    @classmethod
    def of(cls, row: TicketRow, event: Event, sign: tuple[Venue, PlaceLabel], state: PassState | None) -> "Ticket":
        """Return the ticket of a row; `sign` is the version of the event's venue and the label of the place."""
        venue, place_label = sign
        return cls(
            id=row.id,
            order_id=row.order_id,
            event=ticket_event(event, venue),
            place=row.place,
            label=place_label,
            tariff=TARIFFS[row.tariff],
            price_cents=row.price_cents,
            holder_name=row.holder_name,
            refunded=row.refund_id is not None,
            pass_=state,
            received=row.holder_id is not None,
            name_changes=row.name_changes,
        )


def ticket_event(event: Event, venue: Venue) -> TicketEvent:
    """Return what a ticket says of its event; `venue` is the version of the event's venue."""
    return TicketEvent(
        id=event.id,
        title=event.title,
        subtitle=event.subtitle,
        venue=venue.name,
        venue_version=venue.version,
        time_zone=venue.time_zone,
        doors_at=event.doors_at,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        cancelled=event.state == "cancelled",
        named_tickets=event.rules.named_tickets,
        paper_accepted=event.rules.paper_accepted,
        paper_identity_check=event.rules.paper_identity_check,
        reentry=event.rules.reentry,
        names_due_at=event.names_due_at,
        name_changes_max=event.rules.name_changes_max if event.rules.named_tickets else None,
    )


async def venues_of(conn: Connection, event_ids: Iterable[UUID]) -> dict[UUID, Venue]:
    """Return the version of the venue of each event."""
    events = await programme.events(conn, sorted(set(event_ids)))
    return {id_: await venue_at(conn, event.venue_version) for id_, event in events.items()}


async def former_labels(conn: Connection, rows: Iterable[OrderRow | TicketRow]) -> Labels:
    """Return the labels of places that the venue does not have any more, by ticket; queried only if there are any."""
    lost = [
        id_
        for row in rows
        for id_, place in (
            [(row.id, row.place)] if isinstance(row, TicketRow) else zip(row.ticket_ids, row.places, strict=True)
        )
        if place == GONE
    ]
    return await tickets_store.former_labels(conn, lost) if lost else NO_LABELS


def order_view(row: OrderRow, venue: Venue, refunded: Iterable[UUID] = NO_TICKETS, former: Labels = NO_LABELS) -> Order:
    """Return an order for its buyer.

    `venue` is the version of its event's venue, `refunded` are its refunded tickets, `former` the labels of places that
    the venue does not have any more.
    """
    has_tickets = row.state in ("paid", "refunded")
    back = frozenset(refunded)
    lines = [
        OrderLine(
            place,
            former.get(ticket) or label(venue, place),
            TARIFFS[tariff],
            price,
            ticket if has_tickets else None,
            ticket in back,
        )
        for place, tariff, price, ticket in zip(row.places, row.tariffs, row.prices, row.ticket_ids, strict=True)
    ]
    return Order(
        id=row.id,
        code=row.code,
        event_id=row.event_id,
        state=row.state,
        lines=lines,
        fee_cents=row.fee_cents,
        total_cents=row.total_cents,
        refunded_cents=row.refunded_cents,
        vat=vat_of(row.total_cents, row.fee_cents, row.vat_permille, row.fee_vat_permille),
        expires_at=row.expires_at,
        payment_id=row.payment_id,
        paid_at=row.paid_at,
        returned_cents=row.returned_cents,
        debit=row.debit,
        exchanged=row.listing_ids is not None,
        bundle_id=row.bundle_id,
    )


async def order_views(conn: Connection, rows: Sequence[OrderRow]) -> list[Order]:
    """Return orders for their buyers."""
    refunded = await refunded_of(conn, rows)
    venues = await venues_of(conn, (row.event_id for row in rows)) if rows else {}
    former = await former_labels(conn, rows)
    return [order_view(row, venues[row.event_id], refunded.intersection(row.ticket_ids), former) for row in rows]


async def bundles(conn: Connection, bundle_ids: Collection[UUID]) -> dict[UUID, list[Order]]:
    """Return the orders of bundles for their buyers, by bundle; unknown ids are left out."""
    found = await store.orders_of_bundles(conn, bundle_ids)
    views = await order_views(conn, [row for rows in found.values() for row in rows])
    by_id = {view.id: view for view in views}
    return {bundle_id: [by_id[row.id] for row in rows] for bundle_id, rows in found.items()}


async def parts(conn: Connection, part_ids: Collection[UUID]) -> dict[UUID, list[OrderRow]]:
    """Return the orders of parts of bundles as stored, by part; unknown ids are left out."""
    return await store.orders_paid_with(conn, part_ids)


async def refunded_of(conn: Connection, rows: Sequence[OrderRow]) -> frozenset[UUID]:
    """Return the refunded tickets of orders; queried only if there can be any."""
    touched = [id_ for row in rows if row.refunded_cents or row.state == "refunded" for id_ in row.ticket_ids]
    tickets = await tickets_store.tickets(conn, touched) if touched else {}
    return frozenset(id_ for id_, ticket in tickets.items() if ticket.refund_id is not None)


async def orders(conn: Connection, order_ids: Sequence[UUID]) -> dict[UUID, tuple[OrderRow, frozenset[UUID]]]:
    """Return orders by id, each with its refunded tickets; unknown ids are left out."""
    rows = await store.orders(conn, order_ids)
    refunded = await refunded_of(conn, list(rows.values()))
    return {id_: (row, refunded and refunded.intersection(row.ticket_ids)) for id_, row in rows.items()}


async def refunds_of(conn: Connection, order_id: UUID) -> list[RefundProgress]:
    """Return the refunds of an order and of payments that bought nothing, oldest first.

    Proceeds of the exchange that are in the buyer's wallet count as paid; what the wallet pays out later is no refund.
    A payment of a bundle that bought nothing is shown with each of its orders.
    """
    row = (await store.orders(conn, [order_id]))[order_id]
    tried = await payments.of_subject(conn, row.subject)
    sent = await payments.refunds_of(conn, [payment.id for payment in tried])
    own = {refund.id: refund for refund in await tickets_store.refunds_of_order(conn, order_id)}
    if row.bundle_id is not None:
        sent = [refund for refund in sent if refund.id in own or refund.payment_id != row.payment_id]
    credited = await wallets.credited_proceeds(conn, own)
    if credited:
        paid_out = await wallets.payouts_among(conn, [refund.id for refund in sent])
        sent = [refund for refund in sent if refund.id not in paid_out]
    progress = [
        RefundProgress(one.amount_cents, one.created_at, one.done_at, one.failed_at, one.paid_by) for one in sent
    ]
    progress += [
        RefundProgress(own[id_].amount_cents, own[id_].asked_at, own[id_].asked_at, None, PaidBy.WALLET)
        for id_ in credited
    ]
    return sorted(progress, key=lambda one: one.asked_at)


async def orders_of(conn: Connection, owner_ids: Sequence[UUID]) -> list[Order]:
    """Return every order of a buyer, the latest first."""
    return await order_views(conn, await store.orders_of_owners(conn, owner_ids))


async def tickets_of(conn: Connection, fan_id: UUID) -> list[Ticket]:
    """Return every ticket of a fan, the latest order first."""
    rows = await tickets_store.tickets_of_owner(conn, fan_id)
    events = await programme.events(conn, sorted({row.event_id for row in rows}))
    states = await passes.states(conn, [row.id for row in rows])
    venues = {id_: await venue_at(conn, event.venue_version) for id_, event in events.items()}
    former = await former_labels(conn, rows)
    signs = {
        row.id: (venues[row.event_id], former.get(row.id) or label(venues[row.event_id], row.place)) for row in rows
    }
    return [Ticket.of(row, events[row.event_id], signs[row.id], states.get(row.id)) for row in rows]


async def ticket_of(conn: Connection, fan_id: UUID, ticket_id: UUID) -> Ticket | None:
    """Return a ticket of a fan, or None."""
    row = await tickets_store.owned_ticket(conn, ticket_id, fan_id)
    if row is None:
        return None
    event = (await programme.events(conn, [row.event_id]))[row.event_id]
    states = await passes.states(conn, [row.id])
    venue = await venue_at(conn, event.venue_version)
    former = await former_labels(conn, [row])
    return Ticket.of(row, event, (venue, former.get(row.id) or label(venue, row.place)), states.get(row.id))


async def upcoming_of(conn: Connection, person_id: UUID, now: datetime) -> list[UpcomingTickets]:
    """Return a person's tickets for events that are not over, the next event first."""
    rows = [row for row in await tickets_store.tickets_of_owner(conn, person_id) if row.refund_id is None]
    counted = Counter(row.event_id for row in rows)
    events = (await programme.events(conn, sorted(counted))).values()
    coming = [event for event in events if event.state == "published" and event.ends_at > now]
    return [
        UpcomingTickets(event.id, event.title, event.starts_at, counted[event.id])
        for event in sorted(coming, key=lambda event: event.starts_at)
    ]
