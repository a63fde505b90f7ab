"""A ticket on paper: one page with its code, for whoever has no phone. Pure work, for a thread."""

from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import segno
import typst

from virage.kernel.config import Club
from virage.people.rules.persons import Locale
from virage.ticketing.reads.views import Ticket
from virage.ticketing.rules.terms import Tariff

GROUND_ZONE = ZoneInfo("Europe/Paris")
_TEMPLATE = Path(__file__).parent.parent / "paper.typ"

_WORDS: dict[Locale, dict[str, str]] = {
    Locale.FR: {
        "gate": "Porte",
        "stand": "Tribune",
        "block": "Bloc",
        "row": "Rang",
        "seat": "Place",
        "area": "Zone debout",
        "tariff": "Tarif",
        "holder": "Nom",
        "doors": "ouverture des portes",
        "code": "Le code de ce billet",
        "once": "Ce billet entre une fois. Imprimé à nouveau, il porte le même code : ne le prêtez pas.",
        "phone": "Le billet n'est plus sur le téléphone.",
        "identity": "Une pièce d'identité est demandée à l'entrée.",
        Tariff.FULL: "Plein tarif",
        Tariff.CHILD: "Enfant",
        Tariff.REDUCED: "Réduit",
        Tariff.ACCESS: "Accès",
        Tariff.COMPANION: "Accompagnant",
    },
    Locale.EN: {
        "gate": "Gate",
        "stand": "Stand",
        "block": "Block",
        "row": "Row",
        "seat": "Seat",
        "area": "Standing",
        "tariff": "Tariff",
        "holder": "Name",
        "doors": "doors open",
        "code": "The code of this ticket",
        "once": "This ticket enters once. Printed again, it has the same code: do not lend it.",
        "phone": "The ticket is no longer on the phone.",
        "identity": "Proof of identity is asked for at the gate.",
        Tariff.FULL: "Full price",
        Tariff.CHILD: "Child",
        Tariff.REDUCED: "Reduced",
        Tariff.ACCESS: "Access",
        Tariff.COMPANION: "Companion",
    },
}


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def paper_pdf(ticket: Ticket, code: str, club: Club, locale: Locale) -> bytes:
    """The page of a ticket as PDF; `code` is the whole text of its QR code."""
    drawn = BytesIO()
    segno.make_qr(code, error="m").save(drawn, kind="svg", border=4, xmldecl=False, svgns=True)
    page = msgspec.json.encode(page_of(ticket, club, locale)).decode()
    pdf: bytes = typst.compile(
        _template(), format="pdf", sys_inputs={"ticket": page, "code": drawn.getvalue().decode()}
    )
    return pdf


def page_of(ticket: Ticket, club: Club, locale: Locale) -> dict[str, object]:
    """What stands on the page."""
    words, event, label = _WORDS[locale], ticket.event, ticket.label
    title = event.title.fr if locale is Locale.FR else event.title.en
    subtitle = event.subtitle.fr if locale is Locale.FR else event.subtitle.en
    place = [
        ("gate", label.gate_group),
        ("area", label.area),
        ("stand", label.stand),
        ("block", label.block),
        ("row", label.row),
        ("seat", label.seat),
        ("tariff", words[ticket.tariff]),
        ("holder", ticket.holder_name),
    ]
    notes = [words["once"], words["phone"], *([words["identity"]] if event.paper_identity_check else [])]
    return {
        "club": club.name,
        "colour": club.primary,
        "locale": locale.value,
        "title": title,
        "subtitle": subtitle,
        "when": f"{_moment(event.starts_at)}  ({words['doors']} {_moment(event.doors_at)[-5:]})",
        "code_alt": words["code"],
        "facts": [(words[name], str(value)) for name, value in place if value is not None],
        "notes": notes,
    }


def _moment(at: datetime) -> str:
    return at.astimezone(GROUND_ZONE).strftime("%d/%m/%Y %H:%M")
