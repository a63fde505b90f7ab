"""The doors of tills, and of the office to them."""

from collections.abc import Mapping
from typing import Any

from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.till.acts.selling import PhoneOrders
from virage.matchday.food.till.reads.judging import Judge
from virage.matchday.food.till.reads.tills import TillPacks
from virage.matchday.food.till.routes import till, tills
from virage.matchday.food.till.routes.counter import Counter
from virage.matchday.food.till.rules.limits import house_of, limits_of
from virage.money.wallet.cards.acts.cards import open_card_secrets
from virage.money.wallet.cards.reads.card_news import CardNews
from virage.money.wallet.cards.routes.card_desk import CardDesk
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock

routers = [till.router, tills.router]


def dependencies(
    config: Config, db: Database, clock: Clock, catalogues: Catalogues, phone_orders: PhoneOrders
) -> Mapping[str, Any]:
    """What the doors ask for by name."""
    limits = limits_of(config)
    desk = CardDesk(db, clock, open_card_secrets(config))
    counter = Counter(db, clock, desk, Judge(db, clock, catalogues), limits=limits, phone_orders=phone_orders)
    return {
        "counter": counter,
        "till_uploads": counter.uploads,
        "till_limits": limits,
        "till_packs": TillPacks(db, clock, catalogues, limits=limits, house=house_of(config)),
        "card_news": CardNews(db),
    }
