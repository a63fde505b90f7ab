"""The doors of food and shop."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from virage.concessions.acts.pictures import Pictures
from virage.concessions.reads.catalogue import Catalogues
from virage.concessions.routes import catalogue, derogations, kitchen, orders, stock, till
from virage.concessions.routes.catalogue import CatalogueBoard
from virage.concessions.routes.counter import Counter
from virage.concessions.routes.food_desk import FoodDesk
from virage.kernel.clock import Clock
from virage.kernel.database import Database

routers = [
    catalogue.public_router,
    catalogue.office_router,
    derogations.router,
    stock.router,
    till.router,
    orders.router,
    orders.office_router,
    kitchen.router,
]


def dependencies(
    db: Database, objects_url: str, counter: Counter, clock: Clock, order_waits: timedelta
) -> Mapping[str, Any]:
    """What the doors ask for by name; pictures are kept at the URL (`kernel/objects.py`)."""
    catalogues = Catalogues(db)
    food_desk = FoodDesk(db, clock, catalogues, order_waits)
    return {
        "catalogues": catalogues,
        "catalogue_board": CatalogueBoard(catalogues.shown),
        "pictures": Pictures(objects_url),
        "counter": counter,
        "food_desk": food_desk,
        "food_placings": food_desk.orders,
        "till_uploads": counter.uploads,
    }
