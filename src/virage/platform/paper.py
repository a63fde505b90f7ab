"""Paper: a Typst template and its data as a PDF for screen readers too. Slow: call it in a thread."""

import re
from functools import cache
from typing import Final

import typst

from virage.platform.web.static import WEB

_SRGB_LINEAR_BELOW: Final = 0.04045
_UNBROKEN_MAX: Final = 18
_BREAK: Final = "\u200b"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
"""Control characters, and those that would turn the direction of the text around them."""
_WHITE_READABLE_BELOW: Final = 0.18
"""Below this luminance white on the colour has more contrast than black (WCAG 2.2)."""


@cache
def fonts() -> typst.Fonts:
    """Return the typeface of the screens, from the built web; without it Typst uses its own serif face."""
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=[WEB / "fonts"])


def printed(template: bytes, data: dict[str, str]) -> bytes:
    """Return a page as PDF, for screen readers too (PDF/UA-1): a Typst template with what it reads."""
    pdf: bytes
    try:
        pdf = typst.compile(template, format="pdf", sys_inputs=data, pdf_standards="ua-1", font_paths=fonts())
    except typst.TypstError:
        # A letter that no font of this machine has: PDF/UA admits none, but the paper is needed all the same.
        pdf = typst.compile(template, format="pdf", sys_inputs=data, font_paths=fonts())
    return pdf


def plain(text: str) -> str:
    """Return a text of a person on one line, without control characters."""
    return _CONTROL.sub(" ", text).strip()


def breakable(text: str) -> str:
    """Return the text with places to break in words that no line could hold."""
    return " ".join(
        _BREAK.join(word[at : at + _UNBROKEN_MAX] for at in range(0, len(word), _UNBROKEN_MAX))
        for word in text.split(" ")
    )


def ink_on(colour: str) -> str:
    """Return white or near-black, whichever is easier to read on the colour."""
    return "#ffffff" if _luminance(colour) < _WHITE_READABLE_BELOW else "#111111"


def _luminance(colour: str) -> float:
    """Return the relative luminance of a hex colour (WCAG 2.2), 0 black to 1 white."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        channel / 12.92 if channel <= _SRGB_LINEAR_BELOW else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
