"""A paper ticket as an A4 page with its code, in one or two languages, tagged for screen readers (PDF/UA-1).

Pure and slow (about 0.1 s): call it in a thread, outside of transactions.
"""

from datetime import datetime
from functools import cache
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any, Final

import msgspec
import segno
from babel.dates import format_date, format_time
from babel.units import format_unit
from msgspec import Struct

from virage.platform.paper import breakable, ink_on, printed
from virage.platform.values.formats import formats_of
from virage.platform.values.languages import messages
from virage.platform.values.localised import LanguageTag, LocalisedText, text_in
from virage.platform.values.money import Cents, Currency
from virage.platform.values.zones import zone_city
from virage.site.venue.types import Entrance, PlaceLabel, Venue, local_code, plan_svg

_TEMPLATE: Final = Path(__file__).with_name("paper.typ")
_TITLE_SIZES_PT: Final = ((22, 38), (36, 30), (64, 24), (110, 18))
_TITLE_SIZE_LAST_PT: Final = 13
_GATE_SHORT: Final = 2
_DETAIL_SHORT: Final = 36
_GATE_SIZE_PT: Final = 44
_GATE_SIZE_SMALL_PT: Final = 20


class PaperTicket(Struct, frozen=True, kw_only=True):
    """Content of the page. `code` is the whole text of the QR code.

    `venue` is the version of the venue that the place belongs to. Times are in the zone of the venue; `zone` is its
    IANA name where its city is printed beside them, empty otherwise.
    """

    code: str
    reference: str
    club: str
    primary: str
    title: LocalisedText
    subtitle: LocalisedText = {}
    venue: Venue
    zone: str = ""
    doors_at: datetime
    starts_at: datetime
    label: PlaceLabel
    tariff: str
    price_cents: Cents
    currency: Currency
    holder_name: str | None = None
    identity_check: bool = False
    reentry: bool = False
    entrance: Entrance | None = None
    lang: LanguageTag
    """An installed language: that of the large texts."""
    second: LanguageTag | None
    """Another one, whose texts stand beside; None: the page is in one language."""


def paper_pdf(ticket: PaperTicket) -> bytes:
    """Return the page as PDF."""
    return printed(_template(), inputs(ticket))


def qr_svg(code: str) -> str:
    """Return the QR code of a text as SVG."""
    picture = BytesIO()
    segno.make(code, error="q", micro=False, boost_error=False).save(picture, kind="svg", border=2, xmldecl=False)
    return picture.getvalue().decode()


def inputs(ticket: PaperTicket) -> dict[str, str]:
    """Return the inputs of the template: the texts as JSON, the code and the plan as SVG."""
    end = ticket.label.block or ticket.label.area
    plan = plan_svg(ticket.venue, end, ticket.entrance, ticket.primary) if end and ticket.entrance else ""
    return {"ticket": msgspec.json.encode(page(ticket)).decode(), "code": qr_svg(ticket.code), "plan": plan}


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def page(ticket: PaperTicket) -> dict[str, Any]:
    """Return every text of the page, as the template expects it."""
    lang, other = ticket.lang, ticket.second or ticket.lang
    title, second_title = (breakable(text_in(ticket.title, tag, lang)) for tag in (lang, other))
    day, second_day = _day(ticket.starts_at, lang), _day(ticket.starts_at, other)
    named = _Names(lang, other)
    details = _details(ticket, named)
    return {
        "lang": lang,
        "second_lang": other,
        "document_title": f"{title}, {day}",
        "club": ticket.club,
        "primary": ticket.primary,
        "on_primary": ink_on(ticket.primary),
        "title": title,
        "second_title": second_title if second_title != title else "",
        "title_size": next((size for length, size in _TITLE_SIZES_PT if len(title) <= length), _TITLE_SIZE_LAST_PT),
        "subtitle": breakable(text_in(ticket.subtitle, lang, other)),
        "day": day,
        "second_day": second_day if second_day != day else "",
        "ground": breakable(ticket.venue.name),
        "kind": named("ticket"),
        "place": named("place"),
        "gate": named("gate", ticket.label.gate_group),
        "gate_size": _GATE_SIZE_PT if len(ticket.label.gate_group) <= _GATE_SHORT else _GATE_SIZE_SMALL_PT,
        "times": [
            named("doors", _hour(ticket.doors_at, lang)),
            named("start", _hour(ticket.starts_at, lang)),
        ],
        "zone": zone_city(ticket.zone, lang) if ticket.zone else "",
        "seat": _seat(ticket.label, named),
        "way": named("way"),
        "legs": [] if ticket.entrance is None else _legs(ticket.entrance, named),
        "plan_alt": breakable(_messages(lang)["plan"]),
        "details": details,
        "details_size": 12 if all(len(entry["value"]) <= _DETAIL_SHORT for entry in details) else 8,
        "notes": [
            {"lang": tag, "title": breakable(_messages(tag)["notes"]), "lines": _lines(ticket, tag)}
            for tag in dict.fromkeys((lang, other))
        ],
        "reference": ticket.reference,
        "code_alt": breakable(_messages(lang)["code"]),
    }


def _messages(tag: LanguageTag) -> dict[str, str]:
    return messages(tag, "paper.ticket", dict[str, str])


class _Names:
    """Names of values in the two languages of a page."""

    def __init__(self, lang: LanguageTag, second: LanguageTag) -> None:
        self.lang, self.second = lang, second

    def __call__(self, word: str, value: str = "") -> dict[str, str]:
        """Return a value with its name in both languages."""
        return {
            "name": breakable(_messages(self.lang)[word]),
            "second": breakable(_messages(self.second)[word]),
            "value": breakable(value),
        }


def _seat(label: PlaceLabel, named: _Names) -> list[dict[str, str]]:
    name = text_in(label.area_name or {}, named.lang, named.second)
    values = {
        "area": (name or label.area) if label.area else None,
        "stand": label.stand,
        "block": label.block,
        "row": label.row,
        "seat": None if label.seat is None else str(label.seat),
    }
    return [named(word, value) for word, value in values.items() if value is not None]


def _legs(entrance: Entrance, named: _Names) -> list[dict[str, str]]:
    """Return ramp, entrance, stairs, lifts and the walking time."""
    ends = [leg.to for leg in entrance.route.legs]
    passed = {
        "ramp": [entrance.ramp],
        "entrance": [entrance.gate],
        "stairs": [code for code in ends if code.startswith("stairs:")],
        "lift": [code for code in ends if local_code(code).startswith("lift-")],
    }
    names = {
        (word, local_code(code).rpartition(":")[2].removeprefix("lift-")): None
        for word, codes in passed.items()
        for code in codes
    }
    minutes = ceil(entrance.route.seconds / 60)
    return [named(word, name) for word, name in names] + [
        named("walk", format_unit(minutes, "minute", "short", locale=formats_of(named.lang)))
    ]


def _details(ticket: PaperTicket, named: _Names) -> list[dict[str, str]]:
    tariff = messages(ticket.lang, "paper.tariffs", dict[str, str])[ticket.tariff]
    return [
        named("holder", ticket.holder_name or ""),
        named("tariff", tariff),
        named("price", ticket.currency.format(ticket.price_cents, formats_of(ticket.lang))),
    ]


def _lines(ticket: PaperTicket, lang: LanguageTag) -> list[str]:
    names = ["once", "keep", "phone"]
    names += ["identity"] if ticket.identity_check else []
    names += ["reentry" if ticket.reentry else "no_reentry", "clean"]
    return [breakable(_messages(lang)[name]) for name in names]


def _day(at: datetime, lang: LanguageTag) -> str:
    day = format_date(at, "full", locale=formats_of(lang))
    return day[0].upper() + day[1:]


def _hour(at: datetime, lang: LanguageTag) -> str:
    return format_time(at, "short", locale=formats_of(lang))
