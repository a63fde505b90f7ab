"""Price of a basket by the catalogue version that it names.

The most specific price applies: outlet before all outlets, open time window before any time. A till computes the same
price offline.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.matchday.food.menu.rules.catalogue import Catalogue, Deposit, Item, Menu, Part, Price, Product, Version
from virage.platform.values.money import Cents, vat_included
from virage.platform.values.refusals import Refused
from virage.site.programme.types import Event, Text

QUANTITY_MAX: Final = 99
LINES_MAX: Final = 50
RECEIPT_LINES_MAX: Final = 60
"""Maximum number of receipt lines; a menu has a line for each part, and a cup its own."""

ChosenOptions = Annotated[dict[str, str], Meta(max_length=8)]


class Reason(StrEnum):
    """Refusal codes of a basket; `data.line` is the index of the line, returns after the others."""

    PRICE_CHANGED = "price_changed"
    EMPTY = "basket_empty"
    TOO_LONG = "basket_too_long"
    QUANTITY = "quantity_bad"
    UNKNOWN = "unknown_product"
    NOT_HERE = "not_at_this_outlet"
    OPTION_MISSING = "option_missing"
    OPTION_UNKNOWN = "option_unknown"
    PART_MISSING = "menu_part_missing"
    PART_UNKNOWN = "menu_part_unknown"


class PartChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """Chosen product of a menu part, and its options: choice codes by option code."""

    product_id: UUID
    options: ChosenOptions = {}


class BasketLine(Struct, frozen=True, forbid_unknown_fields=True):
    """Quantity of a product or menu with the same options. A part with a single product needs no choice."""

    item_id: UUID
    quantity: int
    options: ChosenOptions = {}
    parts: Annotated[dict[str, PartChoice], Meta(max_length=8)] = {}


class DepositReturn(Struct, frozen=True, forbid_unknown_fields=True):
    """Quantity of returned cups."""

    deposit_id: UUID
    quantity: int


class Basket(Struct, frozen=True, forbid_unknown_fields=True):
    """A basket, and the catalogue version that the customer saw."""

    version: Version
    lines: Annotated[list[BasketLine], Meta(max_length=LINES_MAX)] = []
    returns: Annotated[list[DepositReturn], Meta(max_length=LINES_MAX)] = []


LineKind = Literal["product", "deposit", "deposit_return"]


class PricedLine(Struct, frozen=True, omit_defaults=True):
    """A receipt line; a menu has one for each part. Integer cents, VAT included; returns have negative quantities.

    `line` is the index in the basket. `gross_cents` is `quantity` times `unit_cents`, options included. `vat_cents` is
    its share of the VAT of its rate, so that lines sum to the totals. Deposits bear no VAT.
    """

    line: int
    kind: LineKind
    item_id: UUID
    name: Text
    quantity: int
    unit_cents: Cents
    gross_cents: Cents
    vat_permille: int
    vat_cents: Cents
    options: dict[str, str] = {}
    menu_id: UUID | None = None
    part: str | None = None


class BasketVat(Struct, frozen=True):
    """Gross sum and included VAT of one rate, as in the till's record. Rate 0 bears no VAT."""

    vat_permille: int
    gross_cents: Cents
    vat_cents: Cents


class Priced(Struct, frozen=True):
    """A priced basket. `vat` has each rate once, ascending; its gross amounts sum to `total_cents`.

    The total is negative if more is refunded for cups than sold.
    """

    version: str
    lines: tuple[PricedLine, ...]
    vat: tuple[BasketVat, ...]
    total_cents: Cents


def price(
    basket: Basket, catalogue: Catalogue, outlet: str, moment: datetime, *, event: Event | None
) -> Priced | Refused:
    """Return what a basket costs at an outlet at a moment, or the first reason why it has no price.

    `event` is what is on at that moment, for the windows of its prices. A sale that a till made alone is priced by the
    version that it names; who sells now passes the version in force, and a basket of another is `price_changed`.
    """
    if basket.version != catalogue.version:
        return Refused(Reason.PRICE_CHANGED, {"version": catalogue.version})
    if not basket.lines and not basket.returns:
        return Refused(Reason.EMPTY)
    pricer = _OutletPricer(catalogue, outlet, None if event is None else moment - event.starts_at)
    found: list[PricedLine] = []
    for number, basket_line in enumerate(basket.lines):
        priced = pricer.sell(number, basket_line)
        if isinstance(priced, Refused):
            return priced
        found += priced
    for number, back in enumerate(basket.returns, start=len(basket.lines)):
        returned = pricer.return_cups(number, back)
        if isinstance(returned, Refused):
            return returned
        found.append(returned)
    if len(found) > RECEIPT_LINES_MAX:
        return Refused(Reason.TOO_LONG, {"lines": len(found), "lines_max": RECEIPT_LINES_MAX})
    totals = vat_totals(found)
    total = sum(line.gross_cents for line in found)
    return Priced(catalogue.version, tuple(_with_vat(found, totals)), totals, total)


def list_price(prices: Sequence[Price], outlet: str, since_start: timedelta | None) -> Cents | None:
    """Return the price that wins at an outlet so long after the event's start (None: there is no event)."""
    for place in (outlet, None):
        said = [price for price in prices if price.outlet == place]
        if since_start is not None:
            for price in said:
                if price.window is not None and price.window.is_open(since_start):
                    return price.cents
        for price in said:
            if price.window is None:
                return price.cents
    return None


def split(total: Cents, weights: Sequence[Cents]) -> list[Cents]:
    """Divide a total into parts that sum to it exactly, in proportion to non-negative weights.

    The remaining cents of rounding down go to the largest remainders, the first of equals. If all weights are 0 the
    parts are equal. CGI article 268 bis requires such a simple rule for one price with several VAT rates.
    """
    shares = weights if any(weights) else [1] * len(weights)
    whole = sum(shares)
    parts = [total * share // whole for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda at: -(total * shares[at] % whole))
    for at in by_remainder[: total - sum(parts)]:
        parts[at] += 1
    return parts


def vat_totals(lines: Sequence[PricedLine]) -> tuple[BasketVat, ...]:
    """Return the totals of lines by VAT rate, ascending."""
    gross: dict[int, Cents] = {}
    for line in lines:
        gross[line.vat_permille] = gross.get(line.vat_permille, 0) + line.gross_cents
    return tuple(BasketVat(rate, cents, vat_included(cents, rate)) for rate, cents in sorted(gross.items()))


def _with_vat(lines: Sequence[PricedLine], totals: Sequence[BasketVat]) -> list[PricedLine]:
    """Return the lines with their shares of VAT; lines with VAT are never negative."""
    found = list(lines)
    for total in totals:
        if total.vat_cents:
            at = [number for number, line in enumerate(lines) if line.vat_permille == total.vat_permille]
            shares = split(total.vat_cents, [lines[number].gross_cents for number in at])
            for number, share in zip(at, shares, strict=True):
                found[number] = replace(lines[number], vat_cents=share)
    return found


class _OutletPricer:
    """Prices basket lines at an outlet and a time."""

    def __init__(self, catalogue: Catalogue, outlet: str, since_start: timedelta | None) -> None:
        self._catalogue = catalogue
        self._outlet = outlet
        self._since_start = since_start

    def sell(self, number: int, basket_line: BasketLine) -> list[PricedLine] | Refused:
        item = self._catalogue.items.get(basket_line.item_id)
        cents = self._price(item)
        if item is None or cents is None or isinstance(item, Deposit):
            return _no(Reason.UNKNOWN, number)
        if not 1 <= basket_line.quantity <= QUANTITY_MAX:
            return _no(Reason.QUANTITY, number)
        if not self._catalogue.sells(item, self._outlet):
            return _no(Reason.NOT_HERE, number)
        if isinstance(item, Menu):
            return self._sell_menu(number, basket_line, item, cents)
        if basket_line.parts:
            return _no(Reason.PART_UNKNOWN, number, part=min(basket_line.parts))
        return self._lines(number, basket_line, item, cents, basket_line.options)

    def return_cups(self, number: int, back: DepositReturn) -> PricedLine | Refused:
        deposit = self._catalogue.deposit(back.deposit_id)
        if deposit is None:
            return _no(Reason.UNKNOWN, number)
        if not 1 <= back.quantity <= QUANTITY_MAX:
            return _no(Reason.QUANTITY, number)
        return _deposit_line(number, "deposit_return", deposit, -back.quantity)

    def _price(self, item: Item | None) -> Cents | None:
        if item is None:
            return None
        return list_price(self._catalogue.prices_of(item.id), self._outlet, self._since_start)

    def _sell_menu(self, number: int, basket_line: BasketLine, menu: Menu, cents: Cents) -> list[PricedLine] | Refused:
        if basket_line.options:
            return _no(Reason.OPTION_UNKNOWN, number, option=min(basket_line.options))
        unknown = set(basket_line.parts) - {part.code for part in menu.parts}
        if unknown:
            return _no(Reason.PART_UNKNOWN, number, part=min(unknown))
        taken: list[tuple[Part, Product, Mapping[str, str]]] = []
        for part in menu.parts:
            here = self._catalogue.choices_at(part, self._outlet)
            choice = basket_line.parts.get(part.code)
            if choice is None and len(here) > 1:
                return _no(Reason.PART_MISSING, number, part=part.code)
            product = (
                here[0]
                if choice is None
                else next((offered for offered in here if offered.id == choice.product_id), None)
            )
            if product is None:
                known = choice is not None and choice.product_id in part.products
                return _no(Reason.NOT_HERE if known else Reason.PART_UNKNOWN, number, part=part.code)
            taken.append((part, product, {} if choice is None else choice.options))
        shares = split(cents, [self._price(product) or 0 for _, product, _ in taken])
        found: list[PricedLine] = []
        for (part, product, options), share in zip(taken, shares, strict=True):
            priced = self._lines(number, basket_line, product, share, options, menu=menu, part=part)
            if isinstance(priced, Refused):
                return priced
            found += priced
        return found

    def _lines(
        self,
        number: int,
        basket_line: BasketLine,
        product: Product,
        cents: Cents,
        options: Mapping[str, str],
        *,
        menu: Menu | None = None,
        part: Part | None = None,
    ) -> list[PricedLine] | Refused:
        """Return the line of a product, and of its cup deposit."""
        surcharge = _surcharge(number, product, options)
        if isinstance(surcharge, Refused):
            return surcharge
        unit = cents + surcharge
        gross = unit * basket_line.quantity
        line = PricedLine(
            number,
            "product",
            product.id,
            product.name,
            basket_line.quantity,
            unit,
            gross,
            product.vat_permille,
            0,  # set when all lines are known
            dict(options),
            None if menu is None else menu.id,
            None if part is None else part.code,
        )
        deposit = self._catalogue.deposit(product.deposit_id)
        return [line] if deposit is None else [line, _deposit_line(number, "deposit", deposit, basket_line.quantity)]


def _surcharge(number: int, product: Product, options: Mapping[str, str]) -> Cents | Refused:
    """Return the total surcharge of the chosen options."""
    unknown = set(options) - {option.code for option in product.options}
    if unknown:
        return _no(Reason.OPTION_UNKNOWN, number, option=min(unknown))
    cents = 0
    for option in product.options:
        code = options.get(option.code)
        if code is None:
            if option.required:
                return _no(Reason.OPTION_MISSING, number, option=option.code)
            continue
        choice = next((candidate for candidate in option.choices if candidate.code == code), None)
        if choice is None:
            return _no(Reason.OPTION_UNKNOWN, number, option=option.code)
        cents += choice.surcharge_cents
    return cents


def _deposit_line(number: int, kind: LineKind, deposit: Deposit, quantity: int) -> PricedLine:
    gross = deposit.cents * quantity
    return PricedLine(number, kind, deposit.id, deposit.name, quantity, deposit.cents, gross, 0, 0)


def _no(reason: Reason, number: int, **data: Any) -> Refused:
    return Refused(reason, {"line": number} | data)
