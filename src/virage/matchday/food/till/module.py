"""What tills adds to the application."""

from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.till.acts.selling import PhoneOrders
from virage.matchday.food.till.reads.judging import Judge
from virage.matchday.food.till.reads.tills import TillPacks
from virage.matchday.food.till.routes import routers
from virage.matchday.food.till.routes.counter import Counter
from virage.matchday.food.till.rules.limits import house_of, limits_of
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
        "end_awaiting": LockException(
            "Refunds that wait for a sale change only under the lock of the chain of the sale's till.",
            under="fiscal.till_head",
        ),
    },
)


def build(process: Process, catalogues: Catalogues, phone_orders: PhoneOrders) -> Parts:
    """Return what they add; `phone_orders` ends an order by phone whose money a till gives back."""
    config, db, clock = process.config, process.db, process.clock
    limits = limits_of(config)
    desk = CardDesk(db, clock, open_card_secrets(config))
    counter = Counter(db, clock, desk, Judge(db, clock, catalogues), limits=limits, phone_orders=phone_orders)
    return Parts(
        {
            "counter": counter,
            "till_uploads": counter.uploads,
            "till_limits": limits,
            "till_packs": TillPacks(db, clock, catalogues, limits=limits, house=house_of(config)),
            "card_news": CardNews(db),
        }
    )
