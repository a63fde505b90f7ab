"""Routes of the catalogue, alcohol permits and stock."""

from virage.matchday.food.menu.routes import alcohol_permits, catalogue, stock
from virage.matchday.food.menu.rules.catalogue import outlet_codes

routers = [
    catalogue.public_router,
    catalogue.picture_router,
    catalogue.office_router,
    alcohol_permits.router,
    stock.router,
]


async def has_menu(outlet: str) -> bool:
    """Return whether the outlet exists."""
    return outlet in outlet_codes()
