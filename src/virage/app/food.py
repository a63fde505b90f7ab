"""Food and shop tied together: the catalogue, tills, and orders by phone."""

from virage.app.house import Domain, House
from virage.matchday.concessions import routes
from virage.matchday.concessions.jobs.orders import FoodJobs
from virage.matchday.concessions.reads.food_topics import food_topics
from virage.matchday.food.menu import routes as menu
from virage.matchday.food.menu.reads.catalogue import Catalogues


def food(house: House) -> Domain:
    """What counters, kitchens and their offices bring."""
    config, db, clock = house.config, house.db, house.clock
    orders = FoodJobs(db, config, clock)
    catalogues = Catalogues(db)  # one of a process: versions never change, and are kept
    doors = {**menu.dependencies(config, catalogues), **routes.dependencies(config, db, clock, catalogues)}
    jobs = [orders.register]
    menus = {"/food/:outlet": menu.has_menu}
    return Domain([*menu.routers, *routes.routers], doors, jobs, food_topics(db), pages=menus)
