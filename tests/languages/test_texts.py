"""Emails, paper, push notifications and captions in a pseudo-language: every text comes from its folder."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from tests.control.books.test_concessionaires import FIRST, a_closing, a_statement, a_tally
from tests.control.safety.evenings import VENUE, a_full_evening
from tests.identity.people.email_samples import CONTENTS, SECRETS, email
from tests.languages import pseudo
from tests.languages.pseudo import TAG, untranslated
from virage.control.books.rules import statement_paper
from virage.control.books.rules.concessionaires import Terms
from virage.control.safety.rules.report_paper import report_pdf
from virage.demo.venues.drawing import stadium
from virage.identity.passes import paper
from virage.identity.people.rules.emails import EmailKind
from virage.identity.people.rules.emails.rendering import render
from virage.matchday.access.rules import badge
from virage.matchday.food.orders.reads.orders import outlet_name
from virage.matchday.food.till.types import Seller
from virage.media.live.rules import notification_texts as notices
from virage.media.live.rules.entries import (
    AddedTime,
    Booking,
    Content,
    FeedEntry,
    Goal,
    GoalLine,
    KickOff,
    Period,
    PeriodOver,
    Player,
    ShootOutKick,
    Side,
    Substitution,
    Team,
    Teams,
    VarReview,
    VenueUpdate,
)
from virage.media.live.rules.feed import MatchState
from virage.media.replay.rules.entry_texts import entry_text
from virage.platform.settings.config import Club, Config
from virage.platform.values.ids import new_id
from virage.platform.values.languages import FOLDER
from virage.platform.values.money import EURO
from virage.site.venue.rules.routing import RouteOptions, entrance, route_table
from virage.site.venue.types import PlaceLabel

AT = datetime(2026, 5, 9, 19, 30, tzinfo=UTC)
TITLE = {"fr": "Σ \N{EN DASH} Λ"}
"""Data in these tests are in Greek where they can be."""
TEAMS = Teams(*(Team(name, code, "#112233", [Player(9, name)]) for name, code in (("Σ", "ΣΣΣ"), ("Λ", "ΛΛΛ"))))


@pytest.fixture(scope="module", autouse=True)
def _pseudo_language(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    messages = tmp_path_factory.mktemp("languages") / "messages"
    shutil.copytree(FOLDER, messages)
    pseudo.write(messages)
    with pseudo.installed_from(messages):
        yield


def printed(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def texts_in(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in texts_in(item)]
        case list() | tuple():
            return [text for item in value for text in texts_in(item)]
        case _:
            return []


def test_the_pseudo_language_keeps_placeholders_and_lengthens_the_rest() -> None:
    assert pseudo.pseudo("Gate {code} is open") == "[Ĝááţéé {code} ííš óóþééñ]"
    assert (
        pseudo.pseudo("{% if a %}b{% else %}{{ c|term('d') }}{% endif %}")
        == "[{% if a %}đ{% else %}{{ c|term('d') }}{% endif %}]"
    )
    assert pseudo.pseudo("{{ code }}") == "{{ code }}"
    assert untranslated("[Ĝááţéé] A1, open", "A1") == ["open"]


@pytest.mark.parametrize("kind", EmailKind)
def test_emails_have_only_texts_of_their_language(kind: EmailKind) -> None:
    content = CONTENTS[kind]
    config = Config(
        secret="x" * 32, public_url="https://Ω", club=Club(name="Σ"), house_address="Λ", house_vat_number="1"
    )
    values: dict[str, Any] = (
        {**content.values, "zone": "Asia/Tokyo"} if "zone" in content.values else dict(content.values)
    )
    made = render(email(kind, TAG), type(content)(values, content.rows, content.path, content.receipt), config)
    shown = [value for row in (content.values, *content.rows) for value in row.values()]
    labels = [
        label
        for value in shown
        for label in (value if isinstance(value, list) else [value])
        if isinstance(label, PlaceLabel)
    ]
    places = [
        part
        for label in labels
        for part in (label.gate_group, label.block, label.stand, *(label.area_name or {}).values())
        if part
    ]
    known = [*texts_in(values), *texts_in(content.rows), *places, content.path, *SECRETS.get(kind, {}).values()]
    assert untranslated(made.subject, *filter(None, known)) == []
    assert untranslated(made.text, *filter(None, known), "https") == []
    for file in made.attachments:
        assert content.receipt is not None
        assert untranslated(printed(file.content), *filter(None, known), content.receipt.number) == []


def test_a_printed_ticket_has_only_texts_of_its_language() -> None:
    venue = stadium()
    label = venue.label(0)
    gates = [f"gate:{gate.code}" for gate in venue.gates if gate.group == label.gate_group]
    ticket = paper.PaperTicket(
        code="1",
        reference="7",
        club="Σ",
        primary="#14387f",
        title=TITLE,
        venue=venue,
        zone="Asia/Tokyo",
        doors_at=AT,
        starts_at=AT,
        label=label,
        tariff="full",
        price_cents=4505,
        currency=EURO,
        identity_check=True,
        entrance=entrance(route_table(venue, RouteOptions()), 0, gates),
        lang=TAG,
        second=None,
    )
    codes = [venue.name, *(stand.name for stand in venue.stands), *(ramp.code for ramp in venue.ramps), *gates]
    known = [*codes, *(code.rpartition(":")[2] for code in codes), label.gate_group, str(label.block), str(label.row)]
    assert untranslated(printed(paper.paper_pdf(ticket)).replace("\u200b", ""), *known) == []


def test_a_badge_has_only_texts_of_its_language() -> None:
    made = badge.Badge(
        code="1",
        name="Σ",
        kind="press",
        number=1,
        club="Σ",
        primary="#14387f",
        title=TITLE,
        starts_at=AT,
        gates=("1",),
        zones=("1",),
        opens_at=AT,
        closes_at=AT + timedelta(hours=4),
        lang=TAG,
        second=None,
    )
    assert untranslated(printed(badge.badge_pdf(made))) == []
    assert untranslated(badge.page(made)["document_title"]) == []


def test_a_statement_has_only_texts_of_its_language() -> None:
    made = a_statement(
        [Terms(new_id(), "01", FIRST, None, 300)], 200, [a_closing("01", 0, a_tally([(200, 1_200_000)], 300))]
    )
    pdf = statement_paper.statement_pdf(
        made, Club(name="Σ"), Seller("Λ", "", "1"), TAG, currency=EURO, venues=[stadium()]
    )
    who = made.concessionaire
    known = [
        who.name,
        who.address,
        who.vat_number or "",
        statement_paper.number_of(made),
        *(s.name for s in stadium().stands),
    ]
    assert untranslated(printed(pdf).replace("\u200b", ""), *filter(None, known)) == []


def test_an_after_action_report_has_only_texts_of_its_language() -> None:
    facts = a_full_evening().facts()
    codes = ["N", "E", "S", "O", "PEL", "A1", "A2", "A3", "B1", "P1", "P2", "P3", "UTC", "Europe/Paris"]
    written = " ".join(content.body.decode() for _, content in facts.records if content is not None)
    known = [VENUE.name, *facts.event.title.values(), *re.findall(r"[A-Za-z]{2,}", written), *codes]
    text = re.sub(r"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f-]{27}", "", printed(report_pdf(facts, Club(name="Σ"), TAG)))
    assert untranslated(text.replace("\u200b", ""), *known) == []


@pytest.mark.parametrize("teams", [TEAMS, None])
def test_push_notifications_have_only_texts_of_their_language(teams: Teams | None) -> None:
    state = MatchState()
    made = [
        notices.goal(teams, Side.HOME, state, (45, 2)),
        notices.goal_replay(teams, Side.AWAY, state),
        notices.goal_disallowed(teams, Side.HOME, state),
        notices.replay(teams, state),
        *(notices.kick_off(teams, period) for period in Period),
        *(notices.period_over(teams, period, state, match_over=over) for period in Period for over in (True, False)),
        *(notices.venue_update(VenueUpdate("gate", "1", said)) for said in ("open", "closed", "busy")),
        *(notices.venue_update(VenueUpdate("outlet", "1", said)) for said in ("open", "closed", "busy", "sold_out")),
    ]
    for texts in made:
        assert untranslated(f"{texts[TAG].title} {texts[TAG].body}") == []


def test_the_name_of_an_outlet_has_only_texts_of_its_language() -> None:
    assert untranslated(outlet_name(stadium(), "01")[TAG], *(stand.name for stand in stadium().stands)) == []


@pytest.mark.parametrize(
    "content",
    [
        Goal(Side.HOME, 9),
        Goal(Side.AWAY, 9, None, "penalty"),
        Goal(Side.AWAY, 9, None, "own"),
        ShootOutKick(Side.HOME, "saved", 9),
        Booking(Side.AWAY, 9, "second_yellow"),
        Substitution(Side.HOME, 9, 9),
        AddedTime(1),
        AddedTime(4),
        VarReview("goal", "checking", 1),
        GoalLine(Side.HOME, True),
        KickOff(Period.EXTRA_FIRST),
        PeriodOver(Period.SHOOT_OUT),
    ],
)
def test_captions_have_only_texts_of_their_language(content: Content) -> None:
    text = entry_text(FeedEntry(1, AT, content), TEAMS, None, TAG)
    assert text
    assert untranslated(text) == []
