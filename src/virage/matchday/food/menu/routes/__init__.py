"""The doors to what is sold, and to what is left of it."""

from virage.matchday.food.menu.routes import catalogue, derogations, stock
from virage.matchday.food.menu.rules.catalogue import outlet_codes

routers = [catalogue.public_router, catalogue.office_router, derogations.router, stock.router]


async def has_menu(outlet: str) -> bool:
    """Tell whether there is such an outlet."""
    return outlet in outlet_codes()
