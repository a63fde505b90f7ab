"""What the menu adds to the application."""

from functools import partial

from virage.matchday.food.menu.acts.pictures import Pictures
from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.menu.routes import has_menu, routers
from virage.matchday.food.menu.routes.catalogue import CatalogueBoard
from virage.platform.module import LockException, Module, Parts, Process

module = Module(
    "food_menu",
    routers=routers,
    refusals={
        "age_check_required": 409,
        "alcohol_forbidden": 409,
        "basket_empty": 409,
        "basket_too_long": 409,
        "catalogue_incomplete": 409,
        "alcohol_permits_used_up": 409,
        "menu_part_missing": 409,
        "menu_part_unknown": 409,
        "not_at_this_outlet": 409,
        "option_missing": 409,
        "option_unknown": 409,
        "picture_too_large": 409,
        "price_changed": 409,
        "quantity_bad": 409,
        "stock_short": 409,
        "unknown_product": 409,
    },
    lock_ranks={
        "lock_permits()": (),
        "derogation": (),
        "draft": ("item", "price"),
        "version": (),
        "picture": (),
        "stock_document": (),
        "stock": ("movement",),
    },
    lock_exceptions={
        "insert_document": LockException("A new id; the same document sent twice waits for its first try alone."),
    },
)


def build(process: Process, catalogues: Catalogues) -> Parts:
    """Return what it adds; pictures are kept in the object store."""
    return Parts(
        {
            "catalogues": catalogues,
            "catalogue_board": CatalogueBoard(catalogues.shown),
            "pictures": Pictures(process.config.objects_at),
        },
        pages={"/food/:outlet": partial(has_menu, process.db)},
    )
