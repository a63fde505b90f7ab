"""The doors of fans who order, and of kitchens."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.orders.routes import kitchen, orders
from virage.matchday.food.orders.routes.food_desk import FoodDesk
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock

routers = [orders.router, orders.office_router, kitchen.router]


def dependencies(config: Config, db: Database, clock: Clock, catalogues: Catalogues) -> Mapping[str, Any]:
    """What the doors ask for by name."""
    food_desk = FoodDesk(db, clock, catalogues, timedelta(minutes=config.order_waits_min))
    return {"food_desk": food_desk, "food_placings": food_desk.orders}
