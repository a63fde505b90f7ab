"""Food and shop tied together: the menu, the tills, and orders by phone."""

from typing import Final

from virage.app.house import Domain, House
from virage.matchday.food.menu import routes as menu
from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.orders import routes as orders
from virage.matchday.food.orders.acts import kitchen
from virage.matchday.food.orders.jobs import FoodJobs
from virage.matchday.food.orders.reads.food_topics import food_topics
from virage.matchday.food.till import routes as till
from virage.matchday.food.till.acts.selling import PhoneOrders

PHONE_ORDERS: Final[PhoneOrders] = kitchen


def food(house: House) -> Domain:
    """What counters, kitchens and their offices bring."""
    config, db, clock = house.config, house.db, house.clock
    catalogues = Catalogues(db)  # one of a process: versions never change, and are kept
    doors = {
        **menu.dependencies(config, catalogues),
        **till.dependencies(config, db, clock, catalogues, PHONE_ORDERS),
        **orders.dependencies(config, db, clock, catalogues),
    }
    return Domain(
        [*menu.routers, *till.routers, *orders.routers],
        doors,
        [FoodJobs(db, config, clock).register],
        food_topics(db),
        pages={"/food/:outlet": menu.has_menu},
    )
