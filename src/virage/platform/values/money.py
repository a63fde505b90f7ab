"""Money: integer minor units of the deployment's currency, and VAT in permille.

Fields, variables and columns are named `cents` for every currency: a "cent" is one minor unit, so 1,200 yen are 1200.
"""

from decimal import Decimal
from functools import cache
from typing import Final
from unicodedata import category

from babel import Locale
from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision, get_currency_symbol
from msgspec import Struct

Cents = int

PERMILLE = 1000
DIGITS: Final = (0, 2)
"""Decimals of the currencies that Virage can count in."""


class Currency(Struct, frozen=True):
    """A currency: its ISO 4217 code, and the number of decimals of its minor unit (CLDR)."""

    code: str
    digits: int

    def __str__(self) -> str:
        """Return the code."""
        return self.code

    def decimal(self, cents: Cents) -> Decimal:
        """Return an amount in whole units, with all decimals."""
        return Decimal(cents).scaleb(-self.digits)

    def format(self, cents: Cents, locale: Locale | str) -> str:
        """Return an amount as text for people: `€1,234.50`, `1 234,50 €`.

        The sign has no country before it (`¥`, not `JP¥`), because a deployment has one currency.
        """
        text: str = format_currency(self.decimal(cents), self.code, locale=locale)
        return text.replace(*_symbols(self.code, str(locale)))


EURO: Final = Currency("EUR", 2)


def currency_of(code: str) -> Currency:
    """Return a currency that is legal tender today. Raises ValueError for others, and for three decimals."""
    if code not in _in_use():
        raise ValueError("must be the ISO 4217 code of a currency in use, as EUR")
    digits = get_currency_precision(code)
    if digits not in DIGITS:
        raise ValueError(f"must be a currency with two decimals or none; {code} has {digits}")
    return Currency(code, digits)


@cache
def _in_use() -> frozenset[str]:
    """Return the codes of all currencies that are legal tender today."""
    tenders = (tender for territory in get_global("territory_currencies").values() for tender in territory)
    return frozenset(code for code, _, until, is_tender in tenders if is_tender and until is None)


@cache
def _symbols(code: str, locale: str) -> tuple[str, str]:
    """Return the symbol of a currency in a language, and its sign alone; twice the symbol if there is no sign."""
    symbol = get_currency_symbol(code, locale)
    signs = [sign for sign in symbol + get_currency_symbol(code, "en") if category(sign) == "Sc"]
    return symbol, signs[0] if signs else symbol


def vat_included(gross: Cents, rate_permille: int) -> Cents:
    """Return the VAT contained in a gross amount in cents, rounded half away from zero. French rates: 55, 100, 200."""
    if rate_permille < 0:
        raise ValueError("A VAT rate is never negative.")
    divisor = PERMILLE + rate_permille
    vat = (2 * abs(gross) * rate_permille + divisor) // (2 * divisor)
    return vat if gross >= 0 else -vat
