"""The doors to what is sold, and to what is left of it."""

from collections.abc import Mapping
from typing import Any

from virage.matchday.food.menu.acts.pictures import Pictures
from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.menu.routes import catalogue, derogations, stock
from virage.matchday.food.menu.routes.catalogue import CatalogueBoard
from virage.matchday.food.menu.rules.catalogue import outlet_codes
from virage.platform.settings.config import Config

routers = [catalogue.public_router, catalogue.office_router, derogations.router, stock.router]


async def has_menu(outlet: str) -> bool:
    """Tell whether there is such an outlet."""
    return outlet in outlet_codes()


def dependencies(config: Config, catalogues: Catalogues) -> Mapping[str, Any]:
    """What the doors ask for by name; pictures are kept in the object store (`platform/objects.py`)."""
    return {
        "catalogues": catalogues,
        "catalogue_board": CatalogueBoard(catalogues.shown),
        "pictures": Pictures(config.objects_url or str(config.var_dir / "objects")),
    }
