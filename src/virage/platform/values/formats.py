"""Formats of numbers and dates by language (CLDR, by Babel)."""

from functools import cache

from babel import Locale

from virage.platform.values.languages import installed


@cache
def formats_of(tag: str) -> Locale:
    """Return the formats of an installed language."""
    return Locale.parse(installed()[tag].formats, sep="-")
