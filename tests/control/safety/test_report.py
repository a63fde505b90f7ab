"""After-action report: its figures, what was not measured, what was erased, and counts that name no person."""

import re
from collections import Counter
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pypdf import PdfReader

from tests.app.conftest import BLOCK
from tests.control.safety.conftest import STAND, ControlRoom
from tests.control.safety.evenings import DOORS, MINUTE, VENUE, Evening, a_full_evening
from tests.control.safety.test_alerts import SEATS, Desk, threshold
from tests.control.safety.test_broadcasts import Speaker
from tests.control.safety.test_procedures import Procedures
from tests.control.safety.test_teams import Crew
from virage.control.safety.jobs import PictureJob, RetentionJob
from virage.control.safety.reads.pictures import VenuePictures
from virage.control.safety.rules.alerts import AlertMeasure
from virage.control.safety.rules.broadcasts import BroadcastMode
from virage.control.safety.rules.incidents import IncidentKind
from virage.control.safety.rules.procedures import ProcedureKind, ProcedureMode
from virage.control.safety.rules.report import (
    GAP_OVER,
    SMALL,
    SMALL_SHOWN,
    WITHHELD,
    ReportFacts,
    ResponseLeg,
    Sample,
    anonymous_counts,
    by_kind,
    published,
    responses,
    runs,
)
from virage.control.safety.rules.report_paper import page, report_pdf
from virage.control.safety.rules.verifying import verify
from virage.control.safety.settings import SafetySettings
from virage.identity.keys.api import open_vault
from virage.platform.settings.config import Club, Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

CLUB = Club(name="Virage Football Club")
LANGUAGES = ("en", "fr", "de")


def pages(pdf: bytes) -> list[str]:
    """The text of each page on one line, without the places where long words may break."""
    found = (page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return [re.sub(r"\s+", " ", text.replace("\u200b", "").replace("\u202f", " ")) for text in found]


def words(pdf: bytes) -> str:
    return " ".join(pages(pdf))


def printed(facts: ReportFacts, lang: str = "en") -> str:
    return words(report_pdf(facts, CLUB, lang))


def section(facts: ReportFacts, title: str) -> dict[str, Any]:
    """A section of the document's data."""
    return next(one for one in page(facts, CLUB, "en")["sections"] if one["title"] == title)


def test_the_report_has_the_figures_of_the_evening() -> None:
    made = a_full_evening()
    text = printed(made.facts())
    for said in (
        "After-action report Virage against Riviera Parc Olympique Lyonnais, 9 May 2026",
        "Most people in the venue 41,200 at 21:00",
        "Incidents 46 of priority 1: 16",
        "To the scene (median) 4:08 min:s; longest 6:45",
        "Paris (Europe/Paris, UTC+02:00)",
        made.head.hash,
        sha256(bytes(range(32))).hexdigest(),
        "N scans 13,500 13,733 102% 21:00 critical 10",
        "Gate A1, stand N: 3,819 people in, at most 60 per minute at 20:10",
        "Density, N (people per m²) 4.82 / 4.7",
        "Medical 6 1 2 9",
        "Reported by fans: 8",
        "All 46 0:42 (longest 1:05, n = 46) 4:08 (longest 6:45, n = 46) 14:08 (longest 18:15, n = 46)",
        "EXERCISE: Evacuation",
        "Emergency services called Control room done 18:31:29 +1:20",
        "Handed over to police or fire service Safety officer not recorded",
        "Procedure requested: Stop the show Pressure at the front rail Person 1",
        "people inside: 31,587 · open incidents: 0 · N critical",
        "Please step back: Take two steps back from the rail.",
        "5,002 (N 4,120, PEL 870, without ticket 12)",
    ):
        assert said in text, said


def test_each_section_names_its_source() -> None:
    for part in page(a_full_evening().facts(), CLUB, "en")["sections"]:
        assert part["source"].startswith("Source: ")
        assert part["source"] in printed(a_full_evening().facts())


def test_an_evening_without_anything_says_so() -> None:
    text = printed(Evening().facts())
    for said in (
        "There were no alerts.",
        "There were no incidents.",
        "No procedure was started.",
        "No message was sent.",
    ):
        assert said in text
    assert "EXERCISE" not in text


def test_what_was_not_measured_is_a_gap_in_the_line_and_never_zero() -> None:
    made = Evening()
    for minute, people in enumerate((900, 950, None, None, 1_000, 1_010)):
        made.picture(DOORS + minute * MINUTE, people)
    chart = section(made.facts(), "People in the venue")["blocks"][0]
    assert [len(run) for run in chart["runs"]] == [2, 2]
    assert min(value for run in chart["runs"] for _, value in run) > 0
    assert chart["gaps"] == [(pytest.approx(0.2), pytest.approx(0.8))]


def test_a_venue_that_stayed_empty_and_a_stand_that_was_never_measured_are_told_apart() -> None:
    made = Evening()
    for minute in range(3):
        made.picture(DOORS + minute * MINUTE, 0, flows={"A1": None})
    text = printed(made.facts())
    assert "Most people in the venue 0 at 19:00" in text
    assert "N 1 not measured 1" in text


def test_missing_pictures_are_a_gap_too() -> None:
    made = Evening()
    for minute in (0, 1, 9, 10):
        made.picture(DOORS + minute * MINUTE, 500)
    chart = section(made.facts(), "People in the venue")["blocks"][0]
    assert chart["gaps"] == [(pytest.approx(0.1), pytest.approx(0.9))]


samples = st.lists(st.tuples(st.integers(1, 400), st.none() | st.integers(0, 80_000)), max_size=60).map(
    lambda steps: [
        Sample(DOORS + timedelta(seconds=sum(step for step, _ in steps[: at + 1])), value)
        for at, (_, value) in enumerate(steps)
    ]
)


@given(samples)
def test_a_line_joins_only_measures_that_follow_each_other(found: list[Sample]) -> None:
    stretches = runs(found)
    assert [one for run in stretches for one in run] == [one for one in found if one.value is not None]
    for run in stretches:
        inside = [one for one in found if run[0].at <= one.at <= run[-1].at]
        assert inside == run
        assert all(later.at - one.at <= GAP_OVER for one, later in pairwise(run))


def test_response_times_count_from_the_report_to_the_first_team() -> None:
    made = Evening()
    first = made.incident(IncidentKind.FIRE, DOORS, seconds=(30, None, 900))
    made.incident(IncidentKind.FIRE, DOORS, seconds=(10, 100, None))
    made.incident(IncidentKind.FIRE, DOORS, seconds=(50, 300, None))
    later = made.assignments[1]
    made.assignments += [
        replace(later, incident_id=first, arrived_at=DOORS + timedelta(seconds=200)),
        replace(later, assigned_at=DOORS + timedelta(seconds=70), arrived_at=DOORS + timedelta(seconds=800)),
    ]
    found = responses([one.incident for one in made.incidents], made.assignments)
    assert {leg: (times.incidents, times.median_s, times.longest_s) for leg, times in found.items() if times} == {
        ResponseLeg.ASSIGNED: (3, 10, 50),
        ResponseLeg.ARRIVED: (3, 200, 300),
        ResponseLeg.RESOLVED: (1, 900, 900),
    }


def test_an_urgent_incident_shows_the_team_that_arrived_first_though_another_was_assigned_before() -> None:
    made = Evening()
    urgent = made.incident(IncidentKind.FIRE, DOORS, priority=1, seconds=(20, 600, None))
    nearer = replace(
        made.assignments[0],
        incident_id=urgent,
        assigned_at=DOORS + timedelta(seconds=60),
        arrived_at=DOORS + timedelta(seconds=240),
    )
    made.assignments.append(nearer)
    tables = [one for one in section(made.facts(), "Incidents and response times")["blocks"] if one["kind"] == "table"]
    assert tables[-1]["rows"][0][3:5] == ["+0:20", "+4:00"]


@given(st.lists(st.tuples(st.sampled_from(list(IncidentKind)), st.sampled_from([1, 2, 3])), max_size=40))
def test_the_counts_by_kind_and_priority_add_up_to_the_incidents(reported: list[tuple[IncidentKind, int]]) -> None:
    made = Evening()
    for kind, priority in reported:
        made.incident(kind, DOORS, priority=priority)
    incidents = [one.incident for one in made.incidents]
    counted = by_kind(incidents)
    assert sum(counts.total() for counts in counted.values()) == len(reported)
    assert Counter((kind, priority) for kind, counts in counted.items() for priority in counts.elements()) == Counter(
        reported
    )


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_no_small_count_can_be_computed_from_the_total_of_a_table(counts: list[int]) -> None:
    table = {f"group {at}": count for at, count in enumerate(counts)}
    shown = published(table)
    assert all((text == SMALL_SHOWN) == (table[name] < SMALL) for name, text in shown.items())
    assert all(text in (SMALL_SHOWN, WITHHELD, str(table[name])) for name, text in shown.items())
    open_counts = [int(text) for text in shown.values() if text.isdigit()]
    if not open_counts:
        return  # nothing is left to withhold
    least = min(open_counts)
    choices = [
        range(1, SMALL) if text == SMALL_SHOWN else range(SMALL, least + 1) if text == WITHHELD else [table[name]]
        for name, text in shown.items()
    ]
    possible = [tried for tried in product(*choices) if sum(tried) == sum(counts)]
    for at, text in enumerate(shown.values()):
        if text == SMALL_SHOWN:
            assert len({tried[at] for tried in possible}) > 1


def test_anonymous_counts_have_no_person_no_text_and_no_small_number() -> None:
    made = Evening()
    for number in range(8):
        made.incident(IncidentKind.MEDICAL, DOORS, seconds=(number, None, None), zone=VENUE.stands[0].code)
    for number in range(7):
        made.incident(IncidentKind.CROWD, DOORS, seconds=(60 + number, 200, None), zone=VENUE.stands[1].code)
    for _ in range(3):
        made.incident(IncidentKind.ABUSE, DOORS, priority=1)
    made.alert(AlertMeasure.DENSITY, VENUE.stands[0].code, DOORS)
    for _ in range(6):
        made.alert(AlertMeasure.QUEUE, "A1", DOORS)
    assert anonymous_counts(made.facts()) == [
        ("incidents_by_kind", "abuse", "<5"),
        ("incidents_by_kind", "crowd", "withheld"),
        ("incidents_by_kind", "medical", "8"),
        ("incidents_by_priority", "1", "<5"),
        ("incidents_by_priority", "2", "withheld"),
        ("incidents_by_stand", VENUE.stands[1].code, "withheld"),
        ("incidents_by_stand", VENUE.stands[0].code, "8"),
        ("incidents_by_stand", "none", "<5"),
        ("alerts_by_measure", "density", "<5"),
        ("alerts_by_measure", "queue", "withheld"),
        ("median_response_s", "assigned", "7"),
        ("median_response_s", "arrived", "200"),
    ]


def test_erased_texts_read_erased_by_rule_and_texts_that_never_were_do_not() -> None:
    made = Evening()
    made.procedure(ProcedureKind.SHOW_STOP, ProcedureMode.ACTUAL, DOORS, "Pressure at the rail", is_erased=True)
    made.message(DOORS, "Step back", "Two steps back.", receipts={"PEL": 4}, is_erased=True)
    text = printed(made.facts())
    assert "Pressure at the rail" not in text
    assert "Two steps back" not in text
    assert "Procedure requested: Stop the show erased by rule Person 1" in text
    assert "Procedure confirmed: Stop the show \N{EN DASH} Person 2" in text
    assert "All fans erased by rule 4 (PEL 4)" in text


def test_receipts_that_expired_read_erased_by_rule() -> None:
    made = Evening()
    made.message(DOORS, "Step back", "Two steps back.")
    assert "Two steps back. 0" in printed(made.facts())
    assert "Two steps back. erased by rule" in printed(made.facts(receipts_since=DOORS + MINUTE))


def test_a_long_evening_stays_within_bounded_pages() -> None:
    made = a_full_evening()
    for number in range(2_000):
        made.incident(IncidentKind.MEDICAL, DOORS + number * timedelta(seconds=7), priority=1, seconds=(9, 60, 600))
    for number in range(400):
        made.alert(AlertMeasure.QUEUE, "A1", DOORS + number * timedelta(seconds=30), acknowledged_s=5, note="W" * 2_000)
    for _ in range(60):
        made.procedure(ProcedureKind.EVACUATION, ProcedureMode.ACTUAL, DOORS, "M" * 2_000)
    for _ in range(300):
        made.message(DOORS, "H" * 100, "T" * 600)
    found = pages(report_pdf(made.facts(), CLUB, "en"))
    assert len(found) <= 60
    text = " ".join(found)
    assert "Incidents 2,046 of priority 1: 2,016" in text
    for more in ("342 more", "1,976 more", "42 more", "242 more"):
        assert f"{more} are not listed." in text


@pytest.mark.parametrize(
    "hostile",
    [
        "one\ntwo\r\nthree\ttabs\x00\x1b[2J",
        "\u202eright to left\u202c مرحبا بالعالم שלום",
        "W" * 900,
        "fire \U0001f525 and flags \U0001f1eb\U0001f1f7",
        '#eval("1 + 1") #read("/etc/passwd") ] #panic() [ $x$ *bold* _it_ `raw` <label> @ref',
        '"}, {"club": "other" \\u{41} // comment /* */ = Heading',
        "{time} {0} {missing}",
    ],
)
def test_hostile_texts_do_not_break_the_pages(hostile: str) -> None:
    made = Evening(title={"en": hostile})
    made.procedure(ProcedureKind.SHOW_STOP, ProcedureMode.ACTUAL, DOORS, hostile)
    made.message(DOORS, hostile[:100], hostile[:600], receipts={hostile[:60]: 2})
    text = printed(made.facts())
    assert "Procedure ended: Stop the show All clear Person 2" in text
    assert "2 (without ticket 2)" in text
    assert not re.search(r"[\x01-\x08\x0b-\x1f\x7f\u202a-\u202e]", text)


def test_the_report_is_tagged_for_screen_readers_in_each_language() -> None:
    facts = a_full_evening().facts()
    for lang, title in zip(
        LANGUAGES, ("After-action report", "Rapport de fin d’événement", "Bericht nach"), strict=True
    ):
        pdf = report_pdf(facts, CLUB, lang)
        assert title in words(pdf)
        catalogue: Any = PdfReader(BytesIO(pdf)).trailer["/Root"]
        assert catalogue["/Lang"] == lang
        assert b"pdfuaid" in catalogue["/Metadata"].get_object().get_data()


def test_every_kind_of_everything_has_a_word_in_every_language() -> None:
    made = Evening()
    for kind in ProcedureKind:
        for mode in ProcedureMode:
            made.procedure(kind, mode, DOORS, "why")
    for incident_kind in IncidentKind:
        made.incident(incident_kind, DOORS, priority=1)
    for measure in AlertMeasure:
        made.alert(measure, "A1", DOORS, acknowledged_s=4)
    for broadcast_mode in BroadcastMode:
        made.message(DOORS, "one", "two", mode=broadcast_mode)
    for lang in LANGUAGES:
        assert page(made.facts(), CLUB, lang)["sections"]


async def download(room: ControlRoom, file: str, who: dict[str, str] | None = None) -> Any:
    return await room.ask("GET", f"events/{room.event}/{file}", who=who)


async def downloaded(room: ControlRoom, lang: str = "en") -> str:
    answer = await download(room, f"report.pdf?lang={lang}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="report-{room.event}.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    return words(answer.content)


@pytest.fixture
async def night_of(room: ControlRoom) -> Desk:
    """An evening in the database: a full stand, its alert and incident, a team, an exercise and a message."""
    desk, crew, procedures, speaker = Desk(room), Crew(room), Procedures(room), Speaker(room)
    await desk.open(threshold())
    world = room.world
    pictures = PictureJob(world.db, world.clock, VenuePictures(world.db, world.clock, SafetySettings()))
    for _ in range(3):
        await desk.filled(50)
        await pictures.take()
        room.clock.advance(MINUTE)
    alert = await desk.raised()
    await pictures.take()
    room.clock.advance(timedelta(seconds=40))
    assert (await desk.change(alert, "acknowledged", text="Stewards open gate B")).status_code == 200
    incident = await room.reported(place={"by": "zone", "zone": STAND}, text="A man has collapsed")
    room.clock.advance(timedelta(seconds=25))
    assignment = await crew.assigned(incident, await crew.created("MED1"))
    for seconds, step in ((5, "accepted"), (95, "arrived")):
        room.clock.advance(timedelta(seconds=seconds))
        body = {"id": str(new_id()), "step": step}
        assert (await room.ask("POST", f"assignments/{assignment}/steps", body)).status_code == 200
    room.clock.advance(timedelta(seconds=300))
    assert (await room.change(incident, "resolved")).status_code == 200
    exercise = await procedures.requested(kind="show_stop", mode="exercise", text="Monthly exercise")
    await procedures.change(exercise, "step_recorded", step="match_stopped", outcome="done", text="Referee told")
    assert (await procedures.end(exercise, text="Went well")).status_code == 200
    message = await speaker.sent(audience={"to": "all_fans"})
    fan = await world.signed_in("fan@example.org")
    confirmed = await world.ask(fan, "POST", f"/api/broadcasts/{message}/receipts", {"place": BLOCK})
    assert confirmed.status_code == 204
    return desk


async def test_the_report_is_made_of_what_the_database_has(night_of: Desk, tmp_path: Path) -> None:
    room = night_of.room
    lines = (await room.log(tmp_path / "log.jsonl")).read_bytes().splitlines()
    header = verify(lines).header
    text = await downloaded(room)
    for said in (
        "After-action report A match",
        f"Last record of the log {header.number}",
        header.hash,
        sha256(bytes.fromhex(header.key)).hexdigest(),
        f"{STAND} counters {SEATS:,} {SEATS + 1:,} 100%",
        f"P1 Occupancy, {STAND} (% of the places) 100 / 100",
        "+0:40",
        "Medical 1 0 0 1",
        "P1 1 0:25 (longest 0:25, n = 1) 2:05 (longest 2:05, n = 1) 7:05 (longest 7:05, n = 1)",
        "EXERCISE: Stop the show",
        "Match stopped Match official done",
        "Referee told",
        "Thresholds changed",
        f"Alert acknowledged: Occupancy, {STAND} Stewards open gate B Person",
        "Procedure requested: EXERCISE: Stop the show Monthly exercise Person",
        "All fans Leave the stand: Walk to the nearest exit.",
        f"1 ({STAND} 1)",
    ):
        assert said in text, said
    assert "collapsed" not in text, "the texts of incidents stay in the log"
    assert "@example.org" not in text
    assert "Rapport de fin d’événement Un match" in await downloaded(room, "fr")


async def test_texts_and_receipts_that_the_retention_rule_deleted_read_erased_by_rule(
    night_of: Desk, config: Config
) -> None:
    room = night_of.room
    await room.wait(timedelta(days=366))
    await RetentionJob(room.world.db, room.clock, open_vault(config), SafetySettings()).delete_old()
    text = await downloaded(room)
    for gone in ("Stewards open gate B", "Monthly exercise", "Walk to the nearest exit", "Referee told"):
        assert gone not in text
    assert f"Alert acknowledged: Occupancy, {STAND} erased by rule Person" in text
    assert "All fans erased by rule erased by rule" in text
    assert "No picture with a measured number of people is stored." in text
    assert "P1 1 0:25 (longest 0:25, n = 1)" in text, "times stay"


async def test_the_anonymous_counts_of_an_evening_show_no_number_below_five(night_of: Desk) -> None:
    room = night_of.room
    for _ in range(5):
        await room.reported(kind="crowd", priority=2, place={"by": "zone", "zone": STAND}, text="Ada Lovelace calls")
    answer = await download(room, "counts.csv?lang=en")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="counts-{room.event}.csv"'
    rows = answer.text.splitlines()
    assert rows[0] == "figure,group,value"
    assert rows[1].startswith("event,A match,")
    assert "counts below 5" in rows[2]
    assert f"incidents_by_stand,{STAND},6" in rows
    assert "incidents_by_kind,medical,<5" in rows
    assert "median_response_s,arrived,<5" in rows
    assert "Lovelace" not in answer.text
    assert "A match" not in (await download(room, "counts.csv?lang=fr")).text


async def test_a_controller_of_another_event_gets_no_report(room: ControlRoom) -> None:
    other = await room.world.signed_in("other@example.org", Grant("controller", "event", room.world.their_event))
    for file in ("report.pdf", "counts.csv"):
        assert (await download(room, file, who=other)).status_code == 404
