"""What of a till's sale earns points."""

from collections.abc import Sequence

from virage.matchday.food.menu.types import Catalogue
from virage.money.fiscal.types import Record
from virage.platform.values.money import Cents


def left_to_earn(sale: Record, refunds: Sequence[Record], paid_cents: Cents, catalogue: Catalogue | None) -> Cents:
    """Return the part of a sale, less its refunds, that earns points for a person whose wallet paid `paid_cents` of it.

    It is their share of the products, in whole cents, rounded down. Deposits, tips, and products with an age limit or
    of an unknown catalogue earn nothing.
    """
    total = sum(tender.cents for tender in sale.tenders)
    if catalogue is None or total <= 0:
        return 0
    cents = 0
    for record in (sale, *refunds):
        for line in record.lines:
            product = catalogue.product(line.product)
            if product is not None and not product.age_limit:
                cents += line.cents
    return max(0, cents) * paid_cents // total
