"""Module of food orders."""

from datetime import timedelta

from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.orders.jobs import FoodJobs
from virage.matchday.food.orders.reads.food_topics import food_topics
from virage.matchday.food.orders.routes import routers
from virage.matchday.food.orders.routes.food_order_service import FoodOrderService
from virage.matchday.food.orders.settings import FoodOrderSettings
from virage.platform.module import Module, Parts, Process

module = Module(
    "food_orders",
    routers=routers,
    roles=("kitchen",),
    refusals={
        "code_locked": 409,
        "event_not_on": 409,
        "no_delivery": 409,
        "outlet_closed": 409,
        "outlet_full": 409,
        "slot_invalid": 409,
        "station_closed": 409,
        "wrong_code": 409,
        "wrong_state": 409,
    },
    lock_ranks={
        "kitchen": (),
        "food_order": ("food_load",),
    },
)


def build(process: Process, catalogues: Catalogues) -> Parts:
    """Return the parts of the module."""
    config, db, clock = process.config, process.db, process.clock
    service = FoodOrderService(db, clock, catalogues, timedelta(minutes=config.of(FoodOrderSettings).order_waits_min))
    return Parts(
        {"food_order_service": service, "food_placings": service.orders},
        jobs=[FoodJobs(config, clock).register],
        topics=food_topics(db),
    )
