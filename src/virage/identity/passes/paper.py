"""A paper ticket as an A4 page with its code, in French and English, tagged for screen readers (PDF/UA-1).

Pure and slow (about 0.1 s): call it in a thread, outside of transactions.
"""

from datetime import datetime
from functools import cache
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import segno
from msgspec import Struct

from virage.platform.paper import breakable, ink_on, printed
from virage.platform.values.money import Cents, Currency
from virage.platform.values.zones import zone_city
from virage.site.programme.types import Text
from virage.site.venue.types import Entrance, PlaceLabel, Venue, local_code, plan_svg

Lang = Literal["fr", "en"]

_TEMPLATE: Final = Path(__file__).with_name("paper.typ")
_TITLE_SIZES_PT: Final = ((22, 38), (36, 30), (64, 24), (110, 18))
_TITLE_SIZE_LAST_PT: Final = 13
_GATE_SHORT: Final = 2
_DETAIL_SHORT: Final = 36
_GATE_SIZE_PT: Final = 44
_GATE_SIZE_SMALL_PT: Final = 20

_FORMATS: Final[dict[Lang, str]] = {"fr": "fr", "en": "en_GB"}

_WORDS: Final[dict[str, Text]] = {
    "ticket": Text("Billet", "Ticket"),
    "place": Text("Votre place", "Your place"),
    "gate": Text("Porte", "Gate"),
    "doors": Text("Ouverture", "Doors"),
    "start": Text("Début", "Start"),
    "stand": Text("Tribune", "Stand"),
    "block": Text("Bloc", "Block"),
    "row": Text("Rang", "Row"),
    "seat": Text("Place", "Seat"),
    "area": Text("Zone debout", "Standing"),
    "tariff": Text("Tarif", "Tariff"),
    "price": Text("Prix TTC", "Price incl. VAT"),
    "holder": Text("Nom", "Name"),
    "way": Text("Votre itinéraire", "Your route"),
    "ramp": Text("Rampe", "Ramp"),
    "entrance": Text("Entrée", "Entrance"),
    "stairs": Text("Escalier", "Stairs"),
    "lift": Text("Ascenseur", "Lift"),
    "walk": Text("À pied", "On foot"),
    "plan": Text(
        "Plan du stade avec l'itinéraire de la porte à la place", "Plan of the venue with the route from gate to seat"
    ),
    "notes": Text("Bon à savoir", "Good to know"),
    "code": Text("Code QR du billet, à présenter à la porte", "QR code of the ticket, to be shown at the gate"),
}
_NOTES: Final[dict[str, Text]] = {
    "once": Text(
        "Valable pour une seule entrée : seule la première présentation du code compte.",
        "Valid for one entry: only the first scan of the code counts.",
    ),
    "keep": Text(
        "Ne publiez pas de photo du code : la première personne qui la présente entre à votre place.",
        "Do not share photos of the code: the first person to show it gets in instead of you.",
    ),
    "phone": Text(
        "Ce billet imprimé remplace celui du téléphone, qui n'est plus valable.",
        "This printed ticket replaces the one on your phone, which is no longer valid.",
    ),
    "identity": Text(
        "Apportez une pièce d'identité : elle est contrôlée avec un billet imprimé.",
        "Bring photo ID: it is checked with a printed ticket.",
    ),
    "reentry": Text("Vous pouvez sortir et revenir.", "Re-entry is allowed."),
    "no_reentry": Text("Toute sortie est définitive.", "No re-entry."),
    "clean": Text(
        "Gardez le code propre et à plat ; ne pliez pas la feuille sur le code.",
        "Keep the code clean and flat; do not fold the sheet across it.",
    ),
}
_DAYS: Final[dict[Lang, str]] = {
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
}
_MONTHS: Final[dict[Lang, str]] = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}


class PaperTicket(Struct, frozen=True, kw_only=True):
    """Content of the page. `code` is the whole text of the QR code.

    `venue` is the version of the venue that the place belongs to. Times are in the zone of the venue; `zone` is its
    IANA name where its city is printed beside them, empty otherwise.
    """

    code: str
    reference: str
    club: str
    primary: str
    title: Text
    subtitle: Text = Text()
    venue: Venue
    zone: str = ""
    doors_at: datetime
    starts_at: datetime
    label: PlaceLabel
    tariff: Text
    price_cents: Cents
    currency: Currency
    holder_name: str | None = None
    identity_check: bool = False
    reentry: bool = False
    entrance: Entrance | None = None
    lang: Lang = "fr"
    """Language of the large texts; the other one stands beside it."""


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
    lang, other = ticket.lang, other_lang(ticket.lang)
    title, second_title = _said(ticket.title, lang), _said(ticket.title, other)
    day, details = _day(ticket.starts_at, lang), _details(ticket)
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
        "subtitle": _said(ticket.subtitle, lang),
        "day": day,
        "second_day": _day(ticket.starts_at, other),
        "ground": breakable(ticket.venue.name),
        "kind": _named("ticket", "", lang),
        "place": _named("place", "", lang),
        "gate": _named("gate", ticket.label.gate_group, lang),
        "gate_size": _GATE_SIZE_PT if len(ticket.label.gate_group) <= _GATE_SHORT else _GATE_SIZE_SMALL_PT,
        "times": [
            _named("doors", _hour(ticket.doors_at, lang), lang),
            _named("start", _hour(ticket.starts_at, lang), lang),
        ],
        "zone": zone_city(ticket.zone, lang) if ticket.zone else "",
        "seat": _seat(ticket.label, lang),
        "way": _named("way", "", lang),
        "legs": [] if ticket.entrance is None else _legs(ticket.entrance, lang),
        "plan_alt": _said(_WORDS["plan"], lang),
        "details": details,
        "details_size": 12 if all(len(entry["value"]) <= _DETAIL_SHORT for entry in details) else 8,
        "notes": [
            {"lang": lang_, "title": _said(_WORDS["notes"], lang_), "lines": _lines(ticket, lang_)}
            for lang_ in (lang, other)
        ],
        "reference": ticket.reference,
        "code_alt": _said(_WORDS["code"], lang),
    }


def other_lang(lang: Lang) -> Lang:
    """Return the second language of a page."""
    return "en" if lang == "fr" else "fr"


def _said(text: Text, lang: Lang) -> str:
    """Return a text in a language, or in the other one if it is empty."""
    return breakable((text.fr or text.en) if lang == "fr" else (text.en or text.fr))


def _named(word: str, value: str, lang: Lang) -> dict[str, str]:
    return {
        "name": _said(_WORDS[word], lang),
        "second": _said(_WORDS[word], other_lang(lang)),
        "value": breakable(value),
    }


def _seat(label: PlaceLabel, lang: Lang) -> list[dict[str, str]]:
    name = label.area_name or {}
    values = {
        "area": (name.get(lang) or label.area) if label.area else None,
        "stand": label.stand,
        "block": label.block,
        "row": label.row,
        "seat": None if label.seat is None else str(label.seat),
    }
    return [_named(word, value, lang) for word, value in values.items() if value is not None]


def _legs(entrance: Entrance, lang: Lang) -> list[dict[str, str]]:
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
    return [_named(word, name, lang) for word, name in names] + [_named("walk", f"{minutes} min", lang)]


def _details(ticket: PaperTicket) -> list[dict[str, str]]:
    lang = ticket.lang
    return [
        _named("holder", ticket.holder_name or "", lang),
        _named("tariff", _said(ticket.tariff, lang), lang),
        _named("price", ticket.currency.format(ticket.price_cents, _FORMATS[lang]).replace("\u00a0", " "), lang),
    ]


def _lines(ticket: PaperTicket, lang: Lang) -> list[str]:
    names = ["once", "keep", "phone"]
    names += ["identity"] if ticket.identity_check else []
    names += ["reentry" if ticket.reentry else "no_reentry", "clean"]
    return [_said(_NOTES[name], lang) for name in names]


def _day(at: datetime, lang: Lang) -> str:
    weekday = _DAYS[lang].split()[at.weekday()]
    month = _MONTHS[lang].split()[at.month - 1]
    day = "1er" if lang == "fr" and at.day == 1 else str(at.day)
    return f"{weekday} {day} {month} {at.year}".capitalize() if lang == "fr" else f"{weekday} {day} {month} {at.year}"


def _hour(at: datetime, lang: Lang) -> str:
    return f"{at:%H h %M}" if lang == "fr" else f"{at:%H:%M}"
