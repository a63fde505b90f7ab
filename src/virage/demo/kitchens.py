"""The capacity of the demo's kitchens, so that order-ahead works at once."""

from datetime import datetime
from typing import Final

from virage.demo.concessions import counters, kitchens, outlets
from virage.demo.programme import done
from virage.identity.keys.types import KeyVault
from virage.matchday.food.menu.types import Station
from virage.matchday.food.orders.api import capacities, set_capacity
from virage.matchday.food.orders.types import KitchenCapacity
from virage.platform.data.database import Connection

DRINKS: Final = {Station.COUNTER: 60, Station.BAR: 60, Station.COFFEE: 30}
COOKED: Final = {Station.GRILL: 25, Station.FRYER: 20, Station.COLD: 15}
DELIVERING_STAND: Final = "O"


async def load_kitchens(conn: Connection, vault: KeyVault, now: datetime) -> None:
    """Open every food outlet that has no settings yet."""
    known = await capacities(conn)
    stands = {outlet.code: outlet.stand for outlet in outlets()}
    for outlet in counters():
        if outlet not in known:
            made = DRINKS | COOKED if outlet in kitchens() else DRINKS
            capacity = KitchenCapacity(made, open=True, delivers=stands[outlet] == DELIVERING_STAND)
            done(await set_capacity(conn, vault, outlet, capacity, who=None, now=now))
