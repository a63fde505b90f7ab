"""The paper: one page, both languages, its code readable, and names that are not run as markup."""

import zlib
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import segno
import typst
from msgspec.structs import replace
from pypdf import PdfReader

from virage.demo.venues.drawing import stadium
from virage.identity.passes import paper
from virage.identity.passes.paper import PaperTicket, paper_pdf
from virage.identity.passes.rules.code import text_of
from virage.platform.paper import ink_on
from virage.platform.values.money import EURO
from virage.site.venue.rules.routing import RouteOptions, entrance, route_table
from virage.site.venue.rules.venue import PlaceLabel

ZONE = timezone(timedelta(hours=2))


@pytest.fixture
def ticket(made: ModuleType) -> PaperTicket:
    return PaperTicket(
        code=text_of(made.ISSUER.sign_pass(made.claims_of(None))),
        reference="7K2M-93QX",
        club="Virage Football Club",
        primary="#14387f",
        venue=stadium(),
        title={"fr": "Virage contre Riviera", "en": "Virage against Riviera"},
        subtitle={"fr": "Championnat", "en": "League"},
        doors_at=datetime(2026, 5, 1, 19, 30, tzinfo=ZONE),
        starts_at=datetime(2026, 5, 1, 21, tzinfo=ZONE),
        label=PlaceLabel("N2", "Virage Nord", "203", "12", 14),
        tariff="full",
        price_cents=4505,
        currency=EURO,
        lang="fr",
        second="en",
    )


def words(pdf: bytes) -> str:
    reader = PdfReader(BytesIO(pdf))
    assert len(reader.pages) == 1
    return " ".join(reader.pages[0].extract_text().replace("\u200b", "").split())


def pixels(png: bytes) -> list[list[bool]]:
    """The dark pixels of an 8-bit RGBA picture, row by row (PNG, sections 9 and 10)."""
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    assert png[24:26] == bytes([8, 6])
    data, at = b"", 33
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += length + 12
    raw, stride = zlib.decompress(data), width * 4 + 1
    rows = [bytearray(4 * width)]
    for row in range(height):
        kind, line = raw[row * stride], bytearray(raw[row * stride + 1 : (row + 1) * stride])
        above = rows[-1]
        for x in range(len(line)):
            left, up, corner = (line[x - 4], above[x], above[x - 4]) if x > 3 else (0, above[x], 0)
            nearest = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
            line[x] = (line[x] + (0, left, up, (left + up) // 2, nearest)[kind]) & 0xFF
        rows.append(line)
    return [[line[x] < 128 for x in range(0, len(line), 4)] for line in rows[1:]]


def test_the_paper_ticket_has_all_texts_in_both_languages(ticket: PaperTicket) -> None:
    text = words(paper_pdf(ticket))
    for said in [
        "Virage contre Riviera",
        "Virage against Riviera",
        "Championnat",
        "Vendredi 1 mai 2026",
        "Friday, 1 May 2026",
        "19:30",
        "21:00",
        "PORTE / GATE N2",
        "TRIBUNE / STAND Virage Nord",
        "BLOC / BLOCK 203",
        "RANG / ROW 12",
        "PLACE / SEAT 14",
        "Plein tarif",
        "45,05 €",
        "7K2M-93QX",
        "Bon à savoir",
        "Good to know",
        "Toute sortie est définitive.",
    ]:
        assert said in text
    assert "Apportez une pièce d'identité" not in text


def test_english_comes_first_for_an_english_reader(ticket: PaperTicket) -> None:
    text = words(paper_pdf(replace(ticket, lang="en", second="fr", subtitle={"fr": "Championnat"})))
    assert text.index("Virage against Riviera") < text.index("Virage contre Riviera")
    for said in ("GATE / PORTE", "€45.05", "19:30", "Championnat"):
        assert said in text


def test_the_page_shows_the_route_from_the_gate_and_room_for_a_name(ticket: PaperTicket) -> None:
    ground = stadium()
    place = next(seat for seat in range(ground.seats) if ground.label(seat).block == "218")
    label = ground.label(place)
    gates = [f"gate:{gate.code}" for gate in ground.gates if gate.group == label.gate_group]
    way = entrance(route_table(ground, RouteOptions()), place, gates)
    assert way is not None
    changed = replace(ticket, label=label, entrance=way)
    text = words(paper_pdf(changed))
    for said in ("NOM / NAME", "VOTRE ITINÉRAIRE / YOUR ROUTE", "RAMPE / RAMP O1", "ENTRÉE / ENTRANCE Q", "4 min"):
        assert said in text
    plan = paper.inputs(changed)["plan"]
    assert plan.count('fill="#14387f"') == 1, "only the block of the ticket is filled"
    assert ">Virage Nord<" in plan
    assert paper.inputs(ticket)["plan"] == ""


def test_the_page_is_in_the_typeface_of_the_screens(ticket: PaperTicket) -> None:
    resources: Any = PdfReader(BytesIO(paper_pdf(replace(ticket, holder_name="Łucja Ő")))).pages[0]["/Resources"]
    names = {font.get_object()["/BaseFont"].rpartition("+")[2] for font in resources["/Font"].values()}
    assert names == {"Archivo-Regular", "Archivo-Bold", "ArchivoExt-Bold"}


def test_event_rules_and_names_are_printed_where_they_apply(ticket: PaperTicket) -> None:
    text = words(paper_pdf(replace(ticket, identity_check=True, reentry=True, holder_name="Fan of the Club")))
    for said in (
        "Apportez une pièce d'identité",
        "Bring photo ID",
        "Re-entry is allowed.",
        "NOM / NAME Fan of the Club",
    ):
        assert said in text


def test_a_standing_place_has_its_area(ticket: PaperTicket) -> None:
    label = PlaceLabel("A", area="PEL", area_name={"fr": "Pelouse", "en": "Standing pitch"})
    text = words(paper_pdf(replace(ticket, label=label)))
    assert "ZONE DEBOUT / STANDING Pelouse" in text
    assert "RANG" not in text
    assert "STANDING / ZONE DEBOUT Standing pitch" in words(
        paper_pdf(replace(ticket, label=label, lang="en", second="fr"))
    )
    assert "STANDING PEL" in words(paper_pdf(replace(ticket, label=PlaceLabel("A", area="PEL"))))


def test_the_page_is_tagged_for_screen_readers(ticket: PaperTicket) -> None:
    reader = PdfReader(BytesIO(paper_pdf(ticket)))
    catalogue: Any = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"] == "fr"
    assert reader.metadata is not None
    assert reader.metadata.title == "Virage contre Riviera, Vendredi 1 mai 2026"
    assert b"pdfuaid" in catalogue["/Metadata"].get_object().get_data()


@pytest.mark.parametrize(
    "hostile",
    [
        '#eval("1 + 1") #read("/etc/passwd")',
        "] #panic() [ $x$ *bold* _it_ `raw` <label> @ref",
        '"}, {"club": "other"',
        "\\u{41} // comment /* */ = Heading",
    ],
)
def test_markup_in_names_and_titles_is_printed_as_text(ticket: PaperTicket, hostile: str) -> None:
    label = PlaceLabel("N2", hostile[:20], hostile[:6], hostile[:6], 14)
    changed = replace(ticket, title={"fr": hostile, "en": ""}, holder_name=hostile, label=label)
    assert "".join(words(paper_pdf(changed)).split()).count("".join(hostile.split())) >= 2


def test_the_longest_texts_fit_on_one_page(ticket: PaperTicket) -> None:
    longest = {"fr": "W" * 120, "en": "M " * 60}
    changed = replace(
        ticket,
        title=longest,
        subtitle=longest,
        holder_name="N" * 120,
        label=PlaceLabel("VWXYZQ", "W" * 40, "203", "12", 14, "W" * 40),
        identity_check=True,
    )
    assert "W" * 18 in words(paper_pdf(changed))


def test_characters_missing_in_the_font_do_not_prevent_printing(ticket: PaperTicket) -> None:
    assert "7K2M-93QX" in words(paper_pdf(replace(ticket, title={"fr": "\u13a3\u13b3\u13a9"})))


def test_text_on_the_club_colour_has_the_contrast_of_wcag() -> None:
    assert ink_on("#14387f") == "#ffffff"
    assert ink_on("#ffdd00") == "#111111"
    assert ink_on("#da001a") == "#ffffff"


def test_the_code_on_the_page_is_the_pass(ticket: PaperTicket) -> None:
    template = Path(paper.__file__).with_name("paper.typ")
    dark = pixels(typst.compile(template, format="png", ppi=100.0, sys_inputs=paper.inputs(ticket)))
    top = next(y for y in range(260, 900) if any(dark[y][60:330]))
    left = min(x for x in range(60, 330) if dark[top + 3][x])
    modules = [list(row) for row in segno.make(ticket.code, error="q", micro=False, boost_error=False).matrix]
    module = (76 / 25.4 * 100) / (len(modules) + 4)
    found = [
        [int(dark[round(top + (y + 0.5) * module)][round(left + (x + 0.5) * module)]) for x in range(len(modules))]
        for y in range(len(modules))
    ]
    wrong = sum(a != b for ours, theirs in zip(found, modules, strict=True) for a, b in zip(ours, theirs, strict=True))
    assert wrong == 0


def test_the_template_reads_no_file_and_no_package() -> None:
    template = Path(paper.__file__).with_name("paper.typ").read_text(encoding="utf-8")
    assert not any(word in template for word in ("#import", "#include", "read(", "eval(", "@preview"))
