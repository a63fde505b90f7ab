"""Who may do what with the catalogue and the stock (docs/concessions.md).

The catalogue is the house's, so its doors ask for a role over the whole ground; a derogation is its organiser's, stock
its outlet's.
"""

from typing import Final

from virage.platform.web.guard import Role

WRITERS: Final[tuple[Role, ...]] = ("programme",)
PRICERS: Final[tuple[Role, ...]] = ("programme", "finance")
STOCK_KEEPERS: Final[tuple[Role, ...]] = ("cashier", "programme")
STOCK_READERS: Final[tuple[Role, ...]] = ("cashier", "programme", "finance")
