"""Comparison of a record's lines with its catalogue version and the law.

A record contains neither menus nor option codes. A line is explained by the price of its product, or as part of a menu
whose lines follow each other. Options are found by their printed names.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from virage.matchday.food.menu.types import AlcoholPermit, Catalogue, Menu, Product, list_price, may_sell, split
from virage.matchday.food.menu.types import Reason as AlcoholReason
from virage.matchday.food.till.rules.deviations import Deviation, DeviationReason
from virage.money.fiscal.types import Line, Record
from virage.platform.values.money import Cents
from virage.site.programme.types import Event

CLOCK_OFF_MAX: Final = timedelta(minutes=10)
"""Tolerance of a till's clock; an offline record may be older."""


def clock_deviations(moment: datetime, now: datetime, *, offline: bool) -> list[Deviation]:
    """Return a deviation if the record's time is off; `off_s` is below zero if it is behind."""
    off = moment - now
    if off <= CLOCK_OFF_MAX and (offline or off >= -CLOCK_OFF_MAX):
        return []
    return [Deviation(DeviationReason.CLOCK_WRONG, data={"off_s": round(off.total_seconds())})]


def sale_deviations(
    record: Record, catalogue: Catalogue, event: Event | None, permits: Collection[AlcoholPermit]
) -> list[Deviation]:
    """Return where a sale differs from its catalogue version, or breaks the law at its time.

    `event` was running at that time. Age checks cannot be verified afterwards.
    """
    moment = record.moment
    offer = _Offer(catalogue, record.outlet, None if event is None else moment - event.starts_at)
    return offer.sale_deviations(record.lines) + _alcohol(record.lines, catalogue, event, moment, permits)


def _alcohol(
    lines: Sequence[Line],
    catalogue: Catalogue,
    event: Event | None,
    moment: datetime,
    permits: Collection[AlcoholPermit],
) -> list[Deviation]:
    found = []
    for number, line in enumerate(lines):
        product = None if line.deposit else catalogue.product(line.product)
        refusal = None if product is None else may_sell(product, event, moment, permits, age_confirmed=True)
        if refusal is not None and refusal.reason == AlcoholReason.FORBIDDEN:
            found.append(Deviation(DeviationReason.ALCOHOL_FORBIDDEN, number, {"why": str(refusal.data["why"])}))
    return found


class _Offer:
    """Products and prices of an outlet at one moment."""

    def __init__(self, catalogue: Catalogue, outlet: str, since_start: timedelta | None) -> None:
        self._catalogue = catalogue
        self._outlet = outlet
        self._since_start = since_start
        self._menus = [
            item for item in catalogue.content.items if isinstance(item, Menu) and catalogue.sells(item, outlet)
        ]

    def sale_deviations(self, lines: Sequence[Line]) -> list[Deviation]:
        found: list[Deviation] = []
        explained: set[int] = set()
        for number, line in enumerate(lines):
            if line.deposit:
                found += self._deposit(number, line)
            elif number not in explained:
                of_menu = self._menu_at(number, lines)
                explained |= set(of_menu)
                found += [] if of_menu else self._product(number, line)
        return found

    def _deposit(self, number: int, line: Line) -> list[Deviation]:
        deposit = self._catalogue.deposit(line.product)
        if deposit is None:
            return [_deviation(DeviationReason.UNKNOWN_PRODUCT, number)]
        return _rate(number, line, 0) + _price(number, line, {deposit.cents})

    def _product(self, number: int, line: Line) -> list[Deviation]:
        product = self._catalogue.product(line.product)
        cents = None if product is None else self._cents(product)
        if product is None or cents is None:
            return [_deviation(DeviationReason.UNKNOWN_PRODUCT, number)]
        if not self._catalogue.sells(product, self._outlet):
            return [_deviation(DeviationReason.NOT_HERE, number)]
        surcharges = _surcharges(product, line.options)
        if not surcharges:
            return [_deviation(DeviationReason.OPTION_UNKNOWN, number)]
        return _rate(number, line, product.vat_permille) + _price(
            number, line, {cents + surcharge for surcharge in surcharges}
        )

    def _cents(self, item: Product | Menu) -> Cents | None:
        return list_price(self._catalogue.prices_of(item.id), self._outlet, self._since_start)

    def _menu_at(self, first: int, lines: Sequence[Line]) -> list[int]:
        """Return the line numbers, from `first` on, that form a menu at its price; empty if they form none."""
        for menu in self._menus:
            goods = (number for number in range(first, len(lines)) if not lines[number].deposit)
            numbers = list(islice(goods, len(menu.parts)))
            if len(numbers) == len(menu.parts) and self._is(menu, [lines[number] for number in numbers]):
                return numbers
        return []

    def _is(self, menu: Menu, lines: Sequence[Line]) -> bool:
        """Return whether these lines are the parts of a menu, each with its share of the price."""
        products = []
        for part, line in zip(menu.parts, lines, strict=True):
            here = self._catalogue.choices_at(part, self._outlet)
            product = next((choice for choice in here if choice.id == line.product), None)
            if product is None or line.quantity != lines[0].quantity or line.vat_permille != product.vat_permille:
                return False
            products.append(product)
        shares = split(self._cents(menu) or 0, [self._cents(product) or 0 for product in products])
        return all(
            line.unit_cents - share in _surcharges(product, line.options)
            for line, share, product in zip(lines, shares, products, strict=True)
        )


def _surcharges(product: Product, printed: Sequence[str]) -> set[Cents]:
    """Return the possible surcharges of the printed choices, each from a different option; empty if none match.

    Choices of two options may share a name. Each required option must be chosen.
    """
    ways: set[tuple[frozenset[str], Cents]] = {(frozenset(), 0)}
    for name in printed:
        ways = {
            (answered | {option.code}, cents + choice.surcharge_cents)
            for answered, cents in ways
            for option in product.options
            if option.code not in answered
            for choice in option.choices
            if name in choice.name.values()
        }
    required = {option.code for option in product.options if option.required}
    return {cents for answered, cents in ways if required <= answered}


def _rate(number: int, line: Line, permille: int) -> list[Deviation]:
    return (
        []
        if line.vat_permille == permille
        else [_deviation(DeviationReason.VAT_RATE_WRONG, number, vat_permille=permille)]
    )


def _price(number: int, line: Line, right: set[Cents]) -> list[Deviation]:
    return [] if line.unit_cents in right else [_deviation(DeviationReason.PRICE_WRONG, number, unit_cents=min(right))]


def _deviation(reason: DeviationReason, number: int, **data: Any) -> Deviation:
    return Deviation(reason, number, data)
