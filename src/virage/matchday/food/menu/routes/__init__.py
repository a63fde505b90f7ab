"""Routes of the catalogue, alcohol permits and stock."""

from virage.matchday.food.menu.routes import alcohol_permits, catalogue, stock
from virage.matchday.food.menu.rules.catalogue import has_outlet
from virage.platform.data.database import Database, Unavailable
from virage.site.venue import api as venue

routers = [
    catalogue.public_router,
    catalogue.picture_router,
    catalogue.office_router,
    alcohol_permits.router,
    stock.router,
]


async def has_menu(db: Database, outlet: str) -> bool:
    """Return whether the outlet exists; true while the database is down, as the page shows the error."""
    try:
        async with db.connection() as conn:
            return has_outlet(await venue.venues(conn), outlet)
    except Unavailable:
        return True
