"""A badge as an A6 page with name, kind, zones, times and code, tagged for screen readers (PDF/UA-1).

Pure and slow (about 0.1 s): call it in a thread, outside of transactions.
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from babel.dates import format_skeleton, format_time
from msgspec import Struct

from virage.identity.passes.types import qr_svg
from virage.matchday.access.rules.accreditations import Kind
from virage.platform.paper import breakable, ink_on, printed
from virage.platform.values.formats import formats_of
from virage.platform.values.languages import messages
from virage.platform.values.localised import LanguageTag, LocalisedText, text_in

_TEMPLATE: Final = Path(__file__).with_name("badge.typ")
_NAME_SIZES_PT: Final = ((14, 30), (28, 23), (50, 17))
_NAME_SIZE_LAST_PT: Final = 12
_FACT_SHORT: Final = 48
_FACT_SIZE_PT, _FACT_SIZE_SMALL_PT = 12, 8
_NONE: Final = "-"


class Badge(Struct, frozen=True, kw_only=True):
    """Content of a badge. `code` is the whole text of the QR code; times are in the time zone to print."""

    code: str
    name: str
    kind: Kind
    number: int
    club: str
    primary: str
    title: LocalisedText
    starts_at: datetime
    gates: tuple[str, ...]
    zones: tuple[str, ...]
    opens_at: datetime
    closes_at: datetime
    lang: LanguageTag
    """An installed language."""
    second: LanguageTag | None
    """Another one, whose texts stand beside; None: the page is in one language."""


def badge_pdf(badge: Badge) -> bytes:
    """Return the page as PDF."""
    data = {"badge": msgspec.json.encode(page(badge)).decode(), "code": qr_svg(badge.code)}
    return printed(_template(), data)


def page(badge: Badge) -> dict[str, Any]:
    """Return every text of the page, as the template expects it."""
    lang, second = badge.lang, badge.second or badge.lang
    said, beside = (messages(tag, "paper.badge", dict[str, str]) for tag in (lang, second))
    time = f"{_moment(badge.opens_at, 'MMdd', lang)} \u2013 {_moment(badge.closes_at, 'MMdd', lang)}"
    return {
        "lang": lang,
        "document_title": f"{said['badge']}: {badge.name}",
        "club": breakable(badge.club),
        "primary": badge.primary,
        "on_primary": ink_on(badge.primary),
        "name": breakable(badge.name),
        "name_size": next((size for length, size in _NAME_SIZES_PT if len(badge.name) <= length), _NAME_SIZE_LAST_PT),
        "kind": said[badge.kind],
        "second_kind": beside[badge.kind] if beside[badge.kind] != said[badge.kind] else "",
        "title": breakable(text_in(badge.title, lang, second)),
        "day": _moment(badge.starts_at, "yMMdd", lang),
        "facts": [
            {
                "name": " / ".join(dict.fromkeys((said[word], beside[word]))),
                "value": breakable(value),
                "size": _FACT_SIZE_PT if len(value) <= _FACT_SHORT else _FACT_SIZE_SMALL_PT,
            }
            for word, value in (
                ("time", time),
                ("zones", ", ".join(badge.zones) or _NONE),
                ("gates", ", ".join(badge.gates) or _NONE),
            )
        ],
        "number": str(badge.number),
        "code_alt": said["code"],
    }


def _moment(at: datetime, day: str, lang: LanguageTag) -> str:
    """Return a day and a time; `day` is the skeleton of its parts (CLDR)."""
    formats = formats_of(lang)
    return f"{format_skeleton(day, at, locale=formats)} {format_time(at, 'short', locale=formats)}"


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()
