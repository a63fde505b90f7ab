"""The doors of food and shop."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from virage.matchday.concessions.reads.judging import Judge
from virage.matchday.concessions.reads.tills import TillPacks
from virage.matchday.concessions.routes import kitchen, orders, till, tills
from virage.matchday.concessions.routes.counter import Counter
from virage.matchday.concessions.routes.food_desk import FoodDesk
from virage.matchday.concessions.rules.limits import house_of, limits_of
from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.money.wallet.acts.cards import open_card_secrets
from virage.money.wallet.reads.card_news import CardNews
from virage.money.wallet.routes.card_desk import CardDesk
from virage.platform.clock import Clock
from virage.platform.config import Config
from virage.platform.database import Database

routers = [
    till.router,
    tills.router,
    orders.router,
    orders.office_router,
    kitchen.router,
]


def dependencies(config: Config, db: Database, clock: Clock, catalogues: Catalogues) -> Mapping[str, Any]:
    """What the doors ask for by name."""
    limits = limits_of(config)
    desk = CardDesk(db, clock, open_card_secrets(config))
    counter = Counter(db, clock, desk, Judge(db, clock, catalogues), limits)
    food_desk = FoodDesk(db, clock, catalogues, timedelta(minutes=config.order_waits_min))
    return {
        "counter": counter,
        "food_desk": food_desk,
        "food_placings": food_desk.orders,
        "till_uploads": counter.uploads,
        "till_limits": limits,
        "till_packs": TillPacks(db, clock, catalogues, limits=limits, house=house_of(config)),
        "card_news": CardNews(db),
    }
