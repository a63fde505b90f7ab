"""Composition of the tills: routes, refusals, lock ranks."""

from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.till.acts.selling import PhoneOrders
from virage.matchday.food.till.reads.checking import DeviationChecker
from virage.matchday.food.till.reads.tills import TillPacks
from virage.matchday.food.till.routes import routers
from virage.matchday.food.till.routes.uploads import UploadService
from virage.matchday.food.till.rules.limits import limits_of, seller_of
from virage.money.wallet.cards.api import CardDesk, CardNews, open_card_secrets
from virage.platform.module import LockException, Module, Parts, Process

module = Module(
    "food_till",
    routers=routers,
    roles=("cashier",),
    refusals={
        "asked_behind_others": 409,
        "card_not_accepted": 409,
        "catalogue_unknown": 409,
        "clock_wrong": 409,
        "not_in_sale": 409,
        "offline_card_limit": 409,
        "offline_till_limit": 409,
        "price_wrong": 409,
        "refund_exceeds_sale": 409,
        "sale_unknown": 409,
        "vat_rate_wrong": 409,
    },
    lock_ranks={
        "booking": (),
    },
    lock_exceptions={
        "lock_bookings": LockException(
            "A kitchen locks bookings that it has just written, or that change under its order; tills keep the order."
        ),
        "clear_pending_refunds": LockException(
            "Refunds that wait for a sale change only under the lock of the chain of the sale's till.",
            under="fiscal.till_head",
        ),
    },
)


def build(process: Process, catalogues: Catalogues, phone_orders: PhoneOrders) -> Parts:
    """Return the parts; `phone_orders` ends an order-ahead order that a till has refunded in full."""
    config, db, clock = process.config, process.db, process.clock
    limits = limits_of(config)
    desk = CardDesk(db, clock, open_card_secrets(config))
    upload_service = UploadService(
        db,
        clock,
        desk,
        DeviationChecker(db, clock, catalogues),
        limits=limits,
        phone_orders=phone_orders,
        zone=config.time_zone,
    )
    return Parts(
        {
            "upload_service": upload_service,
            "till_uploads": upload_service.uploads,
            "till_limits": limits,
            "till_packs": TillPacks(db, clock, catalogues, limits=limits, seller=seller_of(config)),
            "card_news": CardNews(db),
        }
    )
