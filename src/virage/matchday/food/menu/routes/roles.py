"""Roles for the catalogue and the stock (docs/food.md).

The catalogue belongs to the operator and needs a role over the whole venue; permits belong to an organiser, stock to
an outlet.
"""

from typing import Final

from virage.platform.web.guard import Role

CATALOGUE_EDITORS: Final[tuple[Role, ...]] = ("programme",)
PRICE_EDITORS: Final[tuple[Role, ...]] = ("programme", "finance")
STOCK_KEEPERS: Final[tuple[Role, ...]] = ("cashier", "programme")
STOCK_READERS: Final[tuple[Role, ...]] = ("cashier", "programme", "finance")
