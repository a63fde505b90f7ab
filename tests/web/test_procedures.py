"""Emergency procedures in real browsers: two people, one alone, without network, exercises."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.gates import Lane
from tests.web.office import grant_roles, in_database
from tests.web.points import match_tonight
from tests.web.system import System, fresh
from tests.web.test_access import found_by_axe
from tests.web.test_control import screen
from tests.web.test_picture import Evening
from tests.web.test_staff_broadcasts import quiet
from virage.control.safety.rules.log import LogRecord, read_record
from virage.control.safety.rules.verifying import verify
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import bytes_of_base64url
from virage.platform.web.guard import Grant

__all__ = ["quiet"]
SECOND_S = 15
"""How long an evacuation waits for a second person."""


@pytest.fixture
def event_id(system: System) -> UUID:
    return match_tonight(system, fresh("Derby"))


@contextmanager
def desk_of(browser: Browser, system: System, event_id: UUID) -> Iterator[Page]:
    """The desk of a new controller of the event."""
    email = f"procedures-{new_id()}@example.org"
    grant_roles(system, email, (Grant("controller", "event", event_id),))
    with screen(browser, system, email) as page:
        page.goto(f"/staff/control?event={event_id}")
        expect(page.get_by_role("heading", name="Emergency procedures")).to_be_visible()
        yield page


@pytest.fixture
def desk(browser: Browser, system: System, event_id: UUID) -> Iterator[Page]:
    with desk_of(browser, system, event_id) as page:
        expect(page.get_by_text("No procedure is open.")).to_be_visible()
        yield page


@pytest.fixture
def second(browser: Browser, system: System, event_id: UUID) -> Iterator[Page]:
    with desk_of(browser, system, event_id) as page:
        yield page


def fill(page: Page, kind: str, mode: str, reason: str) -> Locator:
    """Open the form and fill it; return the form."""
    page.get_by_role("button", name="Start a procedure").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Procedure").select_option(kind)
    form.get_by_label(mode).check()
    form.get_by_label("Reason").fill(reason)
    return form


def card(page: Page, kind: str = "evacuation") -> Locator:
    return page.locator(f"[data-kind={kind}]")


def step(page: Page, name: str, kind: str = "evacuation") -> Locator:
    return card(page, kind).locator(f"[data-step={name}]")


def end(page: Page) -> None:
    page.get_by_role("button", name="End the procedure").click()
    page.get_by_label("How it ends").select_option("stood_down")
    page.get_by_role("button", name="End the procedure").click()
    expect(page.get_by_text("No procedure is open.")).to_be_visible()


def records(page: Page, tmp_path: Path) -> list[LogRecord]:
    """The records of the downloaded log, which is intact."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the log").click()
    file = tmp_path / "log.jsonl"
    download.value.save_as(file)
    lines = file.read_bytes().splitlines()
    assert verify(lines).findings == ()
    found = [read_record(bytes_of_base64url(json.loads(line)["body"]) or b"") for line in lines[1:]]
    return [record for record in found if record is not None]


def heard(system: System, lane: Lane, after: timedelta) -> None:
    """A device sends a heartbeat that seems to come this long after now: one from the future is not old soon."""
    lane.beat()
    later = "update access.device_state set heard_at = heard_at + $2 where device_id = $1"
    in_database(system, lambda conn: conn.execute(later, UUID(lane.id), after))


def test_an_evacuation_is_asked_by_one_controller_confirmed_by_another_and_timed_by_both(
    desk: Page, second: Page, tmp_path: Path
) -> None:
    form = fill(desk, "evacuation", "Real", "Smoke in the kitchen")
    assert found_by_axe(desk) == []
    form.get_by_role("button", name="Ask for confirmation").click()
    expect(card(desk)).to_contain_text("Waiting for a second controller")
    expect(card(desk).get_by_role("button", name="Confirm")).to_have_count(0)
    expect(card(second).get_by_role("alert")).to_contain_text("asks you to confirm")
    expect(card(second)).to_contain_text("Smoke in the kitchen")
    assert found_by_axe(second) == []
    card(second).get_by_role("button", name="Confirm").click()
    expect(step(second, "exits_opened")).to_be_visible()
    step(desk, "exits_opened").get_by_role("button", name="Done").click()
    expect(step(desk, "exits_opened")).to_contain_text("Done at")
    expect(step(second, "exits_opened")).to_contain_text("Done at")
    step(second, "match_stopped").get_by_role("button", name="Not needed").click()
    expect(step(desk, "match_stopped")).to_contain_text("Not needed")
    expect(card(desk)).to_contain_text("2 of 11 steps")
    expect(desk.locator("[data-sent]")).to_contain_text("Open your exits.")
    assert found_by_axe(desk) == []
    end(desk)
    expect(second.get_by_text("1 ended procedure")).to_be_visible()
    found = [record.kind for record in records(desk, tmp_path)]
    assert found == [
        "procedure_requested",
        "procedure_confirmed",
        "broadcast_sent",
        "procedure_step",
        "procedure_step",
        "procedure_ended",
        "broadcast_cancelled",
    ]


def test_one_controller_starts_alone_with_a_reason_when_the_second_does_not_answer(desk: Page, tmp_path: Path) -> None:
    fill(desk, "evacuation", "Real", "Gas").get_by_role("button", name="Ask for confirmation").click()
    expect(card(desk)).to_contain_text("Waiting for a second controller")
    expect(card(desk).get_by_role("button", name="Start alone")).to_have_count(0)
    alone = card(desk).get_by_role("button", name="Start alone")
    expect(alone).to_be_visible(timeout=(SECOND_S + 10) * 1000)
    alone.click()
    expect(card(desk)).to_contain_text("Write the reason.")
    card(desk).get_by_label("Reason").fill("The second desk is empty")
    alone.click()
    expect(card(desk)).to_contain_text("Started by one controller alone")
    expect(step(desk, "fans_told")).to_be_visible()
    assert [one.kind for one in records(desk, tmp_path)][:2] == ["procedure_requested", "procedure_begun_alone"]


def test_without_network_a_controller_starts_alone_and_works_the_checklist_and_all_is_sent_once_later(
    desk: Page, second: Page, tmp_path: Path
) -> None:
    desk.context.set_offline(True)
    form = fill(desk, "evacuation", "Real", "")
    form.get_by_role("button", name="Ask for confirmation").click()
    expect(form.get_by_text("No connection. You can start alone now")).to_be_visible()
    form.get_by_role("button", name="Start alone without network").click()
    expect(form.get_by_text("Write the reason.")).to_be_visible()
    form.get_by_label("Reason").fill("Power cut, no network")
    form.get_by_role("button", name="Start alone without network").click()
    expect(card(desk)).to_contain_text("Not sent yet: no connection")
    step(desk, "alarms_started").get_by_role("button", name="Done").click()
    expect(step(desk, "alarms_started")).to_contain_text("Done at")
    expect(second.get_by_text("No procedure is open.")).to_be_visible()
    desk.context.set_offline(False)
    expect(card(desk).get_by_text("Not sent yet: no connection")).to_be_hidden()
    expect(card(second)).to_contain_text("Started by one controller alone")
    expect(step(second, "alarms_started")).to_contain_text("Done at")
    found = records(desk, tmp_path)
    assert [one.kind for one in found] == ["procedure_requested", "broadcast_sent", "procedure_step"]
    assert found[0].data["without_network"] == 1
    assert str(found[0].data["occurred_at"]) < found[0].at


def test_a_start_without_network_joins_the_evacuation_that_others_have_begun_with_its_steps(
    desk: Page, second: Page
) -> None:
    desk.context.set_offline(True)
    form = fill(desk, "evacuation", "Real", "No network here")
    form.get_by_role("button", name="Ask for confirmation").click()
    form.get_by_role("button", name="Start alone without network").click()
    step(desk, "refuges_checked").get_by_role("button", name="Done").click()
    fill(second, "evacuation", "Real", "Smoke").get_by_role("button", name="Ask for confirmation").click()
    expect(card(second)).to_contain_text("Waiting for a second controller")
    desk.context.set_offline(False)
    expect(step(second, "refuges_checked")).to_contain_text("Done at")
    expect(card(desk)).to_have_count(1)
    expect(card(desk)).to_contain_text("Started by one controller alone")
    expect(card(desk)).to_contain_text("Smoke")


def test_an_exercise_is_marked_on_the_desk_in_the_message_and_in_the_log(
    desk: Page, second: Page, tmp_path: Path
) -> None:
    form = fill(desk, "lockdown", "Exercise", "Yearly exercise")
    expect(form.get_by_text("EXERCISE", exact=True)).to_be_visible()
    form.get_by_role("button", name="Start as EXERCISE").click()
    for page in (desk, second):
        expect(page.get_by_text("EXERCISE: procedures marked as exercise are not real.")).to_be_visible()
        expect(card(page, "lockdown").get_by_text("EXERCISE", exact=True)).to_be_visible()
        expect(page.locator("[data-sent]")).to_contain_text("Exercise")
    assert found_by_axe(desk) == []
    end(desk)
    expect(desk.get_by_text("EXERCISE: procedures marked as exercise are not real.")).to_be_hidden()
    assert {one.data["mode"] for one in records(desk, tmp_path)} == {"exercise"}


def test_an_evacuation_names_the_gates_that_do_not_get_the_message_until_they_are_back(
    browser: Browser, system: System, tmp_path: Path
) -> None:
    evening = Evening(system)
    silent = Lane(system, evening.event, "N1", fresh("Silent"))
    working = Lane(system, evening.event, "N2", fresh("Working"))
    heard(system, silent, timedelta(minutes=-1))
    heard(system, working, timedelta(hours=1))
    evening.count(10, ago=timedelta(minutes=5))  # a silent camera has no steward
    with desk_of(browser, system, evening.event) as desk, desk_of(browser, system, evening.event) as second:
        fill(desk, "evacuation", "Real", "Smoke").get_by_role("button", name="Ask for confirmation").click()
        offline = card(desk).locator("[data-offline]")
        expect(offline).to_contain_text(f"{silent.name} at N1, last heard at")
        expect(card(desk)).to_contain_text("Tell their stewards by radio.")
        card(second).get_by_role("button", name="Confirm").click()
        expect(step(second, "exits_opened")).to_be_visible()
        expect(card(second).locator("[data-offline]")).to_contain_text(silent.name)
        assert found_by_axe(second) == []
        heard(system, silent, timedelta(hours=1))
        expect(offline).to_have_count(0)
        end(desk)
        (named,) = [one for one in records(desk, tmp_path) if one.kind == "procedure_devices_offline"]
    assert named.data["devices"] == silent.id


def test_a_mode_must_be_chosen_and_zones_must_exist(desk: Page) -> None:
    desk.get_by_role("button", name="Start a procedure").click()
    form = desk.get_by_role("dialog")
    form.get_by_label("Procedure").select_option("show_stop")
    form.get_by_role("button", name="Start now").click()
    expect(form.get_by_text("Choose: real or exercise.")).to_be_visible()
    form.get_by_label("Real").check()
    form.get_by_label("Zones").fill("203 nowhere")
    form.get_by_role("button", name="Start now").click()
    expect(form.get_by_text("Not in this venue: nowhere")).to_be_visible()
    form.get_by_label("Zones").fill("203")
    form.get_by_role("button", name="Start now").click()
    expect(card(desk, "show_stop")).to_contain_text("203")
    end(desk)
