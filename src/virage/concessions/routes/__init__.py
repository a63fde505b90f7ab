"""The doors of food and shop."""

from collections.abc import Mapping
from typing import Any

from virage.concessions.acts.pictures import Pictures
from virage.concessions.reads.catalogue import Catalogues
from virage.concessions.routes import (
    catalogue,
    derogations,
    office_books,
    office_concessionaires,
    office_sales,
    stock,
    till,
)
from virage.concessions.routes.catalogue import CatalogueBoard
from virage.concessions.routes.counter import Counter
from virage.kernel.database import Database

routers = [
    catalogue.public_router,
    catalogue.office_router,
    derogations.router,
    stock.router,
    till.router,
    office_sales.router,
    office_concessionaires.router,
    office_books.closings_router,
    office_books.accounting_router,
]


def dependencies(db: Database, objects_url: str, counter: Counter) -> Mapping[str, Any]:
    """What the doors ask for by name; pictures are kept at the URL (`kernel/objects.py`)."""
    catalogues = Catalogues(db)
    return {
        "catalogues": catalogues,
        "catalogue_board": CatalogueBoard(catalogues.shown),
        "pictures": Pictures(objects_url),
        "counter": counter,
        "till_uploads": counter.uploads,
    }
