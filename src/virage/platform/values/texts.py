"""Validation of texts that people write: no invisible characters, and none that reverses the text around it.

A right-to-left override makes a name read as another one, a zero-width letter makes two names that look the same.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import idna
import msgspec

JOINERS = frozenset("\u200c\u200d")
BREAKS = frozenset("\t\n\r")
# Letters and marks that are printable to Unicode and blank to the eye.
BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U00016fe4")
# Variation selectors, but the one that asks for a coloured picture.
_SELECTORS = frozenset(map(chr, (0x180B, 0x180C, 0x180D, 0x180F, *range(0xFE00, 0xFE0F), *range(0xE0100, 0xE01F0))))
_UNSEEN = BLANKS | _SELECTORS
_PICTURES = frozenset({"So", "Sk"})
_VARIANT = "\ufe0f"
_KEYS = frozenset("0123456789#*")  # keycap emoji, with a variation selector
_SIGNS = frozenset("\u203c\u2049\u2139\u2194\u25fd\u25fe\u3030")  # emoji of other categories
_BASES = frozenset("LNPS")  # letters, digits, punctuation, symbols: bases of marks
_MARKS = frozenset({"Mn", "Me"})
_BETWEEN_MARKS = frozenset({"Mc", "Cf"})  # spacing vowels and joiners do not begin a new letter
_MARKS_MAX = 4  # Burmese uses four; more would cover neighbouring lines


def shows_all(text: str) -> bool:
    """Return whether all characters of a line are visible: printable, not blank, valid joiners, few marks."""
    if text.isascii():
        return text.isprintable()
    categories = [unicodedata.category(char) for char in text]
    return (
        any(category[0] in _BASES for category in categories)
        and all(_shows(text, at) for at in range(len(text)))
        and _marks_in_a_row(categories) <= _MARKS_MAX
    )


def _shows(text: str, at: int) -> bool:
    char = text[at]
    if char in JOINERS:
        return _joins(text, at)
    if char == _VARIANT:
        before = text[at - 1 : at]
        return bool(before) and (before in _KEYS | _SIGNS or unicodedata.category(before) in _PICTURES)
    return char.isprintable() and char not in _UNSEEN


def _marks_in_a_row(categories: Iterable[str]) -> int:
    """Return the largest number of non-spacing marks on a letter."""
    most = run = 0
    for category in categories:
        if category in _MARKS:
            run += 1
            most = max(most, run)
        elif category not in _BETWEEN_MARKS:
            run = 0
    return most


def _joins(text: str, at: int) -> bool:
    """Return whether a joiner is valid in its place (RFC 5892, A.1 and A.2), or is part of an emoji sequence."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if not before or not after:
        return False
    if text[at] == "\u200d" and (before == _VARIANT or unicodedata.category(before) in _PICTURES):
        return True
    try:
        return idna.valid_contextj(text, at)
    except ValueError:  # a character that is not in the tables
        return False


class Invisible(ValueError):
    """A text contains invisible characters. `source` is the name of its field."""

    def __init__(self, source: str) -> None:
        super().__init__("This text holds characters that cannot be seen.")
        self.source = source


def check_body(body: bytes) -> None:
    """Raise `Invisible` if a text in a JSON body contains invisible characters.

    Line breaks, tabs and spaces of any width are accepted.
    """
    if body.isascii() and b"\\" not in body and b"\x7f" not in body:
        return
    for name, text in _texts(msgspec.json.decode(body)):
        if text.isascii() and text.isprintable():
            continue
        seen = "".join(" " if char in BREAKS or unicodedata.category(char) == "Zs" else char for char in text)
        if not shows_all(seen):
            raise Invisible(name)


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text in a JSON value with the name of its field; the field names are not checked."""
    waiting: list[tuple[str, Any]] = [("body", value)]
    while waiting:
        name, found = waiting.pop()
        if isinstance(found, str):
            yield name, found
        elif isinstance(found, list):
            waiting += [(name, item) for item in found]
        elif isinstance(found, dict):
            waiting += found.items()
