"""Reads for the office: current sales, and the search for orders."""

import re
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes_api
from virage.identity.passes.types import Form
from virage.identity.people import api as people
from virage.money.payments import api as payments_api
from virage.money.payments.types import Dispute, PaidBy, PaymentState, Refund
from virage.money.wallet.funding import api as wallets
from virage.platform.data.database import Connection
from virage.platform.web.guard import Principal, Role
from virage.sale.ticketing.reads import views
from virage.sale.ticketing.reads.offers import counted
from virage.sale.ticketing.rules.codes import as_code
from virage.sale.ticketing.rules.names import Named
from virage.sale.ticketing.rules.open_sale import OpenSale, sold_as
from virage.sale.ticketing.rules.places import parts_of, seat_of
from virage.sale.ticketing.rules.refunds import RefundReason
from virage.sale.ticketing.rules.terms import AcceptedTerms, Order, OrderRow
from virage.sale.ticketing.store import office as office_store
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store import sales as sales_store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.sale.ticketing.store.office import OrderCriteria, Scope
from virage.sale.ticketing.store.tickets import TicketRefund
from virage.site.programme.types import Event

FOUND_MAX = 50
PERSONS_MAX = 500
LETTERS_MIN = 2
_SEAT = re.compile(r"\d\W*$")


class CategorySales(Struct, frozen=True):
    """Places and net revenue without fees of a category; None collects sales of places without a category today."""

    category_id: UUID | None
    sold: int
    held: int
    free: int
    cents: int


class HourlySales(Struct, frozen=True):
    """Places sold in one hour and their revenue, before refunds and without fees."""

    hour: datetime
    sold: int
    cents: int


class Sales(Struct, frozen=True):
    """Sales of an event.

    `gross_cents` less `refunded_cents` is `revenue_cents`; `fee_cents` is the part of the revenue that is fees, and the
    money by category is the rest. Hours are gross and without fees: a refund stays in the hour of its sale.
    `seller_ready`: false while the organiser's own account may not charge, so that no ticket can be paid.
    """

    event_id: UUID
    now: datetime
    orders: int
    sold: int
    held: int
    free: int
    refunded: int
    revenue_cents: int
    fee_cents: int
    refunded_cents: int
    by_category: list[CategorySales]
    by_hour: list[HourlySales]
    gross_cents: int
    seller_ready: bool


class EventSales(Struct, frozen=True):
    """Sales of an event in short: places, and revenue after refunds."""

    event_id: UUID
    sold: int
    held: int
    free: int
    revenue_cents: int


class OrderOwner(Struct, frozen=True):
    """The buyer of an order; None for a guest, or after an erasure."""

    id: UUID
    email: str
    name: str | None


class OfficeOrder(Struct, frozen=True):
    """An order with its buyer, for the box office."""

    order: Order
    owner: OrderOwner | None
    held_at: datetime


class OrderPayment(Struct, frozen=True):
    """A payment or payment attempt of an order; `reason` is the provider's failure text."""

    id: UUID
    state: PaymentState
    amount_cents: int
    created_at: datetime
    settled_at: datetime | None
    reason: str | None


class OrderRefund(Struct, frozen=True):
    """A refund of an order. `done_at` is None until the provider confirms it; `failure` says why it has not.

    `failed_at`: the bank does not take it, and finance decides how it is paid. `paid_by` is how it was paid.
    """

    id: UUID
    amount_cents: int
    ticket_ids: list[UUID]
    reason: RefundReason
    asked_at: datetime
    done_at: datetime | None
    failure: str | None
    failed_at: datetime | None = None
    paid_by: PaidBy = PaidBy.PROVIDER


class TicketPass(Struct, frozen=True):
    """State of a ticket's pass. `suspended`: it is revoked until it is reinstated."""

    ticket_id: UUID
    form: Form
    generation: int
    revoked: bool
    entered_at: datetime | None
    suspended: bool


class OfficeOrderDetail(Struct, frozen=True):
    """An order with its passes, payments, refunds and disputes."""

    order: Order
    owner: OrderOwner | None
    held_at: datetime
    payments: list[OrderPayment]
    refunds: list[OrderRefund]
    passes: list[TicketPass]
    terms: AcceptedTerms | None
    disputes: list[Dispute]


async def sales(conn: Connection, sale: OpenSale, organiser_id: UUID, now: datetime) -> Sales:
    """Return the sales of an event of an organiser."""
    event_id = sale.event.event_id
    firsts, codes = parts_of(sale.venue)
    codes = ["", *codes]  # part 0: places that the venue does not have any more
    counted = await sales_store.sold_by_hour(conn, event_id, firsts)
    back = await sales_store.refunded_by_part(conn, event_id, firsts)
    totals = await sales_store.order_totals(conn, event_id)
    category_of = sold_as(sale.pricing)
    by_category: dict[UUID | None, list[int]] = {}
    by_hour: dict[datetime, list[int]] = {}
    for row in counted:
        category = by_category.setdefault(category_of.get(codes[row.part]), [0, 0, 0])
        if not row.sold:
            category[1] += row.places
            continue
        hour = by_hour.setdefault(row.hour, [0, 0])
        for sums, at in ((category, 0), (hour, 0)):
            sums[at] += row.places
        category[2] += row.cents
        hour[1] += row.cents
    for part, (places, cents) in back.items():
        category = by_category.setdefault(category_of.get(codes[part]), [0, 0, 0])
        category[0] -= places
        category[2] -= cents
    rows = _by_category(sale, by_category)
    revenue = totals.total_cents - totals.refunded_cents
    return Sales(
        event_id=event_id,
        now=now,
        orders=totals.orders,
        sold=sum(row.sold for row in rows),
        held=sum(row.held for row in rows),
        free=sale.inventory.free_count,
        refunded=sum(places for places, _ in back.values()),
        revenue_cents=revenue,
        fee_cents=revenue - sum(row.cents for row in rows),
        refunded_cents=totals.refunded_cents,
        gross_cents=totals.total_cents,
        by_category=rows,
        by_hour=[HourlySales(hour, *sums) for hour, sums in sorted(by_hour.items())],
        seller_ready=await payments_api.may_sell(conn, organiser_id),
    )


async def named(conn: Connection, event: Event) -> Named:
    """Return how many valid tickets of an event carry a name."""
    tickets, with_name = await tickets_store.count_names(conn, event.id)
    return Named(tickets, with_name, event.names_due_at)


async def event_sums(conn: Connection, principal: Principal, *roles: Role) -> list[EventSales]:
    """Return the sales of all public events that the roles cover."""
    sums = await office_store.event_sums(conn, _scope(principal, *roles))
    offers = await counted(conn, await views.venues_of(conn, (totals.event_id for totals in sums)))
    free = {event_id: offer.free for event_id, offer in offers.items()}
    return [
        EventSales(
            event_id=totals.event_id,
            sold=totals.sold,
            held=totals.held,
            free=free.get(totals.event_id, 0),
            revenue_cents=totals.revenue_cents,
        )
        for totals in sums
    ]


def _by_category(sale: OpenSale, counted: dict[UUID | None, list[int]]) -> list[CategorySales]:
    """Return one entry per category in the order of the offer, then the places without a category."""
    free = dict(zip(sale.inventory.categories, sale.inventory.count_by_category(), strict=True))
    lines = []
    for category in [*free, *(known for known in counted if known not in free)]:
        sold, held, cents = counted.get(category, (0, 0, 0))
        lines.append(CategorySales(category, sold, held, free.get(category, 0) if category else 0, cents))
    return lines


async def search(conn: Connection, wanted: str, principal: Principal, *roles: Role) -> list[OfficeOrder]:
    """Return the latest orders that the roles cover, by code, buyer's address or name, holder's name or seat.

    At most `FOUND_MAX`. If more than `PERSONS_MAX` fans match a name, only the orders of that many are searched.
    """
    text = wanted.strip()
    if len(text) < LETTERS_MIN:
        return []
    persons = await people.search(conn, text, PERSONS_MAX)
    seats = await _seats_of(conn, text)
    known = OrderCriteria(
        code=as_code(text),
        owner_ids=[person.id for person in persons],
        holder=None if "@" in text else text,
        seats=seats,
    )
    ids = await office_store.found_orders(conn, known, _scope(principal, *roles), FOUND_MAX)
    found = await store.orders(conn, ids)
    rows = [found[id_] for id_ in ids]
    owners = await _owners(conn, rows)
    seen = await views.order_views(conn, rows)
    return [OfficeOrder(view, owners.get(row.owner_id), row.held_at) for row, view in zip(rows, seen, strict=True)]


async def _seats_of(conn: Connection, typed: str) -> dict[UUID, int]:
    """Return the seat typed as block, row and number by event, at each event with prices whose venue has it."""
    if not _SEAT.search(typed):
        return {}
    venues = await views.venues_of(conn, await office_store.priced_events(conn))
    seats = {venue: seat_of(venue, typed) for venue in set(venues.values())}
    return {event_id: seat for event_id, venue in venues.items() if (seat := seats[venue]) is not None}


def _scope(principal: Principal, *roles: Role) -> Scope:
    """Return the events that these roles of the principal cover."""
    grants = [grant for grant in principal.grants if grant.role in (*roles, "admin")]

    def of(scope: str) -> list[str]:
        return [str(grant.scope_id) for grant in grants if grant.scope == scope]

    return Scope(
        any(grant.scope == "all" for grant in grants),
        [UUID(organiser) for organiser in of("organiser")],
        of("venue"),
        [UUID(event) for event in of("event")],
    )


async def detail(conn: Connection, row: OrderRow) -> OfficeOrderDetail:
    """Return an order with its payments, refunds and passes."""
    owners = await _owners(conn, [row])
    view = (await views.order_views(conn, [row]))[0]
    tried = await payments_api.of_subject(conn, row.subject)
    sent = {refund.id: refund for refund in await payments_api.refunds_of(conn, [payment.id for payment in tried])}
    refunds = await tickets_store.refunds_of_order(conn, row.id)
    credited = await wallets.credited_proceeds(conn, [one.id for one in refunds])
    states = await passes_api.states(conn, row.ticket_ids)
    return OfficeOrderDetail(
        view,
        owners.get(row.owner_id),
        row.held_at,
        [OrderPayment(p.id, p.state, p.amount_cents, p.created_at, p.settled_at, p.reason) for p in tried],
        [_refund(one, sent.get(one.id), to_wallet=one.id in credited) for one in refunds],
        [TicketPass(id_, s.form, s.generation, s.revoked, s.entered_at, s.suspended) for id_, s in states.items()],
        await store.accepted_terms(conn, row.id),
        await payments_api.disputes_of(conn, [payment.id for payment in tried]),
    )


def _refund(row: TicketRefund, sent: Refund | None, *, to_wallet: bool) -> OrderRefund:
    """Return a refund with the provider's answer; free tickets, and money for a wallet, involve no provider."""
    if sent is None:
        paid_by = PaidBy.WALLET if to_wallet else PaidBy.PROVIDER
        return OrderRefund(
            row.id, row.amount_cents, row.ticket_ids, row.reason, row.asked_at, row.asked_at, None, paid_by=paid_by
        )
    return OrderRefund(
        row.id,
        row.amount_cents,
        row.ticket_ids,
        row.reason,
        row.asked_at,
        sent.done_at,
        None if sent.done_at else sent.reason,
        sent.failed_at,
        sent.paid_by,
    )


async def order(conn: Connection, order_id: UUID) -> OrderRow | None:
    """Return an order as stored."""
    return (await store.orders(conn, [order_id])).get(order_id)


async def _owners(conn: Connection, rows: list[OrderRow]) -> dict[UUID, OrderOwner]:
    found = await people.persons_by_id(conn, sorted({row.owner_id for row in rows}))
    return {id_: OrderOwner(id_, person.email, person.name) for id_, person in found.items()}
