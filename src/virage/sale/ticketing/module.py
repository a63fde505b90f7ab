"""The ticketing module: routes, jobs, topics, refusals and lock ranks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from virage.identity.people.types import people_config_of
from virage.money.payments.api import PaymentProvider
from virage.platform.module import LockException, Module, Parts, Process
from virage.sale.ticketing.acts.exchange import exchange_service
from virage.sale.ticketing.acts.holding import MembersWindows
from virage.sale.ticketing.acts.refunding import WhoIsInside
from virage.sale.ticketing.acts.tickets import rebind_service
from virage.sale.ticketing.acts.transfers import IsBanned, transfer_service
from virage.sale.ticketing.jobs import HolderEmails, SeatReturns, TicketingJobs, WaitingLists
from virage.sale.ticketing.reads.offers import offer_lines
from virage.sale.ticketing.reads.open_sales import OpenSales
from virage.sale.ticketing.reads.topics import AvailabilityTopic, OrderTopic
from virage.sale.ticketing.reads.watch import OrderWatch
from virage.sale.ticketing.routes import routers
from virage.sale.ticketing.routes.offers import OfferBoard
from virage.sale.ticketing.routes.order_service import OrderService
from virage.sale.ticketing.routes.transfer_batches import TransferBatches
from virage.sale.ticketing.settings import ExchangeSettings, ReminderSettings

module = Module(
    "ticketing",
    routers=routers,
    roles=("box_office",),
    refusals={
        "area_unknown": 409,
        "block_unknown": 409,
        "category_unknown": 409,
        "companion_needs_access": 409,
        "exchange_closed": 409,
        "hold_expired": 409,
        "limit_reached": 409,
        "listing_ended": 409,
        "listing_of_yourself": 409,
        "listing_reserved": 409,
        "listing_unavailable": 409,
        "name_changes_used_up": 409,
        "names_closed": 409,
        "not_for_exchange": 409,
        "not_for_sale": 409,
        "not_together": 409,
        "order_already_paid": 409,
        "order_awaiting_settlement": 409,
        "order_in_bundle": 409,
        "order_not_open": 409,
        "order_not_paid": 409,
        "party_invalid": 409,
        "people_inside": 409,
        "place_needs_access": 409,
        "place_taken": 409,
        "price_above_maximum": 409,
        "prices_sold_places": 409,
        "release_closed": 409,
        "sale_closed": 409,
        "sale_not_open": 409,
        "seats_available": 409,
        "sold_out": 409,
        "terms_not_accepted": 409,
        "tickets_affected": 409,
        "ticket_listed": 409,
        "ticket_offered": 409,
        "ticket_refunded": 409,
        "tickets_not_named": 409,
        "transfer_ended": 409,
        "transfer_not_possible": 409,
        "transfer_to_another_address": 409,
        "transfer_to_yourself": 409,
    },
    lock_ranks={
        "lock_buyers()": (),
        "lock_event()": (),
        "pricing": ("category", "area_category", "block_category"),
        "orders": ("accepted_terms", "occupied_place"),
        "exchange_terms": (),
        "listing": ("listed_ticket",),
        "claim": (),
        "moved_event": (),
        "former_label": (),
        "refund": (),
        "ticket": (),
        "rebind_code": (),
        "transfer": ("offered_ticket", "withdrawn_offer"),
        "reminder": (),
        "unreminded": (),
        "waiting": (),
    },
    lock_exceptions={
        "insert_orders": LockException(
            "New ids, inserted in sorted order; a repeated id waits only for its own first insert.",
            under="ticketing.lock_buyers()",
        ),
        "free_places": LockException(
            "Only the owner of a claim deletes it, under the lock of its order or in the transaction that made it."
        ),
        "clear_claims": LockException(
            "A move of the event deletes its claims under the lock of the event and of all of its orders.",
            under="ticketing.orders",
        ),
        "renumber_orders": LockException(
            "A move of the event changes orders that it has locked in order.", under="ticketing.orders"
        ),
        "hand_claims": LockException(
            "Only the owner of a claim hands it on, under the lock of its order.", under="ticketing.orders"
        ),
        "move_claims": LockException(
            "Only the owner of a claim moves it, under the lock of its order.", under="ticketing.orders"
        ),
    },
)


def build(
    process: Process,
    sales: OpenSales,
    *,
    lock_inside: WhoIsInside,
    inside_since: WhoIsInside,
    provider: PaymentProvider,
    is_banned: IsBanned,
    members_windows: MembersWindows,
) -> Parts:
    """Return the module's parts.

    A refunded place is not sold again while its holder is inside. `is_banned` compares new holders with the bans.
    `members_windows` say who may buy before the public sale.
    """
    config, db, clock = process.config, process.db, process.clock
    watch = OrderWatch(db, process.tail)
    order_service = OrderService(db, clock, sales, members_windows)
    transfers = transfer_service(config.secret, people_config_of(config), is_banned)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        await sales.prepare()
        yield
        watch.close()
        sales.close()

    return Parts(
        {
            "order_service": order_service,
            "open_sales": sales,
            "offer_board": OfferBoard(partial(offer_lines, db, sales)),
            "holds": order_service.holds,
            "holds_again": order_service.holds_again,
            "pays": order_service.pays,
            "order_reads": order_service.orders,
            "order_watch": watch,
            "rebind_service": rebind_service(config.secret, people_config_of(config)),
            "transfer_service": transfers,
            "transfer_batches": TransferBatches(db, clock, transfers),
            "exchange_service": exchange_service(config, is_banned, provider),
            "who_is_inside": lock_inside,
        },
        jobs=[
            TicketingJobs(db, clock).register,
            HolderEmails(db, clock, people_config_of(config), config.of(ReminderSettings)).register,
            WaitingLists(db, clock, config.of(ExchangeSettings)).register,
            SeatReturns(db, clock, inside_since).register,
        ],
        topics=[AvailabilityTopic(sales), OrderTopic(db)],
        lifespan=[lifespan],
    )
