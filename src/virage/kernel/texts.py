"""What people write and others read: nothing in it may be invisible, or turn around what stands beside it.

A right-to-left override makes a name read as another one, a zero-width letter makes two names that look the same.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any

import idna
import msgspec

from virage.kernel.problems import Problem

JOINERS = frozenset("\u200c\u200d")
BREAKS = frozenset("\t\n\r")
# Letters and marks that are printable to Unicode and blank to the eye.
BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_PICTURES = frozenset({"So", "Sk"})
_VARIANT = "\ufe0f"


def shows_all(text: str) -> bool:
    """Tell whether every character of a line can be seen: `str.isprintable`, no blank letters, joiners that join."""
    if text.isascii():
        return text.isprintable()
    return all(
        (char.isprintable() and char not in BLANKS) or (char in JOINERS and _joins(text, at))
        for at, char in enumerate(text)
    )


def _joins(text: str, at: int) -> bool:
    """Tell whether a joiner stands where a script needs it (RFC 5892, A.1 and A.2), or inside a picture of several."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if not before or not after:
        return False
    if text[at] == "\u200d" and (before == _VARIANT or unicodedata.category(before) in _PICTURES):
        return True
    try:
        return idna.valid_contextj(text, at)
    except ValueError:  # a letter that the tables do not know
        return False


def check_body(body: bytes) -> None:
    """Raise Problem `invalid` with the field's name for a JSON body that holds a text with something invisible.

    Line breaks, tabulators and spaces of any width pass: whoever shows the text decides about them.
    """
    if body.isascii() and b"\\" not in body and b"\x7f" not in body:
        return
    for name, text in _texts(msgspec.json.decode(body)):
        seen = "".join(" " if char in BREAKS or unicodedata.category(char) == "Zs" else char for char in text)
        if not shows_all(seen):
            error = {"source": name, "message": "This text holds characters that cannot be seen."}
            raise Problem("invalid", {"errors": [error]})


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text in a JSON value with the name of the field that holds it; names of fields are nobody's words."""
    waiting: list[tuple[str, Any]] = [("body", value)]
    while waiting:
        name, found = waiting.pop()
        if isinstance(found, str):
            yield name, found
        elif isinstance(found, list):
            waiting += [(name, item) for item in found]
        elif isinstance(found, dict):
            waiting += found.items()
