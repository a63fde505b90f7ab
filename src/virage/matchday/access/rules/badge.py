"""A badge as an A6 page with name, kind, zones, times and code, tagged for screen readers (PDF/UA-1).

Pure and slow (about 0.1 s): call it in a thread, outside of transactions.
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from virage.identity.passes.types import qr_svg
from virage.matchday.access.rules.accreditations import Kind
from virage.platform.paper import breakable, ink_on, printed
from virage.site.programme.types import Text

_TEMPLATE: Final = Path(__file__).with_name("badge.typ")
_NAME_SIZES_PT: Final = ((14, 30), (28, 23), (50, 17))
_NAME_SIZE_LAST_PT: Final = 12
_FACT_SHORT: Final = 48
_FACT_SIZE_PT, _FACT_SIZE_SMALL_PT = 12, 8
_NONE: Final = "-"
_KINDS: Final[dict[Kind, Text]] = {
    "staff": Text("Organisation", "Staff"),
    "players": Text("Équipes", "Teams"),
    "press": Text("Presse", "Press"),
    "contractor": Text("Prestataire", "Contractor"),
}
_WORDS: Final[dict[str, Text]] = {
    "gates": Text("Portes", "Gates"),
    "zones": Text("Zones", "Zones"),
    "time": Text("Horaires", "Times"),
    "code": Text("Code QR du badge, à présenter à la porte", "QR code of the badge, to be shown at the gate"),
    "badge": Text("Badge", "Badge"),
}


class Badge(Struct, frozen=True, kw_only=True):
    """Content of a badge. `code` is the whole text of the QR code; times are in the time zone to print."""

    code: str
    name: str
    kind: Kind
    number: int
    club: str
    primary: str
    title: Text
    starts_at: datetime
    gates: tuple[str, ...]
    zones: tuple[str, ...]
    opens_at: datetime
    closes_at: datetime
    lang: Literal["fr", "en"] = "fr"


def badge_pdf(badge: Badge) -> bytes:
    """Return the page as PDF."""
    data = {"badge": msgspec.json.encode(page(badge)).decode(), "code": qr_svg(badge.code)}
    return printed(_template(), data)


def page(badge: Badge) -> dict[str, Any]:
    """Return every text of the page, as the template expects it."""
    title = (badge.title.fr or badge.title.en) if badge.lang == "fr" else (badge.title.en or badge.title.fr)
    time = f"{badge.opens_at:%d/%m %H:%M} \u2013 {badge.closes_at:%d/%m %H:%M}"
    kind = _said(_KINDS[badge.kind], badge.lang)
    return {
        "lang": badge.lang,
        "document_title": f"{_said(_WORDS['badge'], badge.lang)[0]}: {badge.name}",
        "club": breakable(badge.club),
        "primary": badge.primary,
        "on_primary": ink_on(badge.primary),
        "name": breakable(badge.name),
        "name_size": next((size for length, size in _NAME_SIZES_PT if len(badge.name) <= length), _NAME_SIZE_LAST_PT),
        "kind": kind[0],
        "second_kind": kind[1],
        "title": breakable(title),
        "day": f"{badge.starts_at:%d/%m/%Y %H:%M}",
        "facts": [
            {
                "name": " / ".join(dict.fromkeys(_said(_WORDS[word], badge.lang))),
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
        "code_alt": _said(_WORDS["code"], badge.lang)[0],
    }


def _said(text: Text, lang: str) -> tuple[str, str]:
    """Return a text in the badge's language and in the other one."""
    return (text.fr, text.en) if lang == "fr" else (text.en, text.fr)


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()
