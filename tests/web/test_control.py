"""The control room in a real browser: calls by keyboard, timelines, two controllers, no network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.web.conftest import sign_in_with_form
from tests.web.office import ENGLISH, grant_roles
from tests.web.system import System
from tests.web.test_access import found_by_axe
from virage.control.safety.rules.verifying import verify
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant


def controller(system: System) -> str:
    """The email address of a new controller of the match."""
    email = f"control-{new_id()}@example.org"
    grant_roles(system, email, (Grant("controller", "event", system.event("match")),))
    return email


@contextmanager
def screen(browser: Browser, system: System, email: str, **settings: Any) -> Iterator[Page]:
    """The control room of the match in a browser of its own, in English, signed in."""
    wanted = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"} | settings
    context = browser.new_context(base_url=system.url, reduced_motion="reduce", **wanted)
    context.add_init_script(ENGLISH)
    page = context.new_page()
    try:
        page.goto("/sign-in")
        sign_in_with_form(page, system, email)
        page.goto(f"/staff/control?event={system.event('match')}")
        yield page
    finally:
        context.close()


@pytest.fixture
def room(browser: Browser, system: System) -> Iterator[Page]:
    with screen(browser, system, controller(system)) as page:
        expect(page.get_by_label("Radio call")).to_be_focused()
        yield page


def unique() -> str:
    """A text that no other test's incident has: the tests share one match."""
    return f"call {str(new_id())[-12:]}"


def log(page: Page, line: str) -> None:
    """Type a call and log it by keyboard alone."""
    page.get_by_label("Radio call").focus()
    page.keyboard.type(line)
    page.keyboard.press("Enter")


def listed(page: Page, text: str) -> Locator:
    return page.locator("[data-incident]").filter(has_text=text)


def test_a_radio_call_becomes_a_log_line_by_keyboard_alone(room: Page, tmp_path: Path) -> None:
    text = unique()
    room.keyboard.type(f"med 203-1-1 {text}")
    expect(room.locator("[data-call-kind=medical]")).to_be_visible()
    expect(room.get_by_text("Block 203, row 1, seat 1")).to_be_visible()
    room.keyboard.press("Enter")
    expect(room.get_by_text("Logged: Medical")).to_be_visible()
    expect(listed(room, text)).to_contain_text("P1")
    expect(room.get_by_label("Radio call")).to_have_value("")
    expect(room.get_by_label("Radio call")).to_be_focused()
    assert found_by_axe(room) == []
    room.keyboard.press("Tab")
    expect(room.get_by_role("link", name="Download the log")).not_to_be_focused()
    room.locator("h1").click()
    room.keyboard.press("/")
    expect(room.get_by_label("Radio call")).to_be_focused()
    with room.expect_download() as download:
        room.get_by_role("link", name="Download the log").click()
    file = tmp_path / "log.jsonl"
    download.value.save_as(file)
    assert verify(file.read_bytes().splitlines()).findings == ()


def test_a_call_typed_before_the_venue_is_loaded_waits_for_it_and_keeps_its_place(room: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    room.route("**/api/venue/*/geometry", hold)
    with room.expect_request("**/api/venue/*/geometry"):
        room.reload()
    expect(room.get_by_label("Radio call")).to_be_focused()
    text = unique()
    log(room, f"fight 203-1-1 {text}")
    for route in held:
        route.continue_()
    room.unroute("**/api/venue/*/geometry", hold)
    expect(listed(room, text)).to_contain_text("Block 203, row 1, seat 1")


def test_a_call_is_logged_without_its_place_if_the_venue_cannot_be_loaded(room: Page) -> None:
    room.route("**/api/venue/*/geometry", lambda route: route.abort())
    room.reload()
    expect(room.get_by_label("Radio call")).to_be_focused()
    text = unique()
    log(room, f"fight 203-1-1 {text}")
    expect(listed(room, text)).to_contain_text(f"203-1-1 {text}")
    room.unroute("**/api/venue/*/geometry")
    room.get_by_label("Place", exact=True).fill("203")
    room.get_by_role("button", name="Set place").click()
    expect(room.locator("[data-entry=incident_placed]")).to_contain_text("Zone 203")


def test_an_incident_is_noted_placed_prioritised_resolved_and_reopened(room: Page) -> None:
    text = unique()
    log(room, f"flag {text}")
    expect(listed(room, text)).to_contain_text("P3")
    room.get_by_role("button", name="P2", exact=True).click()
    expect(room.locator("[data-entry=incident_prioritised]")).to_contain_text("P2")
    room.get_by_label("Place", exact=True).fill("nowhere")
    room.get_by_role("button", name="Set place").click()
    expect(room.get_by_text("Enter a zone, or block-row-seat.")).to_be_visible()
    room.get_by_label("Place", exact=True).fill("203-99-1")
    room.get_by_role("button", name="Set place").click()
    expect(room.get_by_text("This venue has no such place. Check the code.")).to_be_visible()
    room.get_by_label("Place", exact=True).fill("203")
    room.get_by_role("button", name="Set place").click()
    expect(room.locator("[data-entry=incident_placed]")).to_contain_text("Zone 203")
    expect(room.get_by_text("This venue has no such place. Check the code.")).to_be_hidden()
    room.get_by_label("Note", exact=True).fill("Removed by team 2")
    room.get_by_role("button", name="Resolve").click()
    expect(room.locator("[data-entry=incident_resolved]")).to_contain_text("Removed by team 2")
    room.get_by_role("button", name="Reopen").click()
    expect(room.get_by_text("Write the reason into the note, then reopen.")).to_be_visible()
    room.get_by_label("Note", exact=True).fill("It is back")
    room.get_by_role("button", name="Reopen").click()
    expect(room.locator("[data-entry=incident_reopened]")).to_contain_text("It is back")
    assert found_by_axe(room) == []


def test_a_second_controller_sees_the_call_and_the_first_one_sees_who_resolved_it(
    room: Page, browser: Browser, system: System
) -> None:
    text = unique()
    log(room, f"fight a1 {text}")
    with screen(browser, system, controller(system)) as other:
        listed(other, text).click()
        other.get_by_role("button", name="Resolve").click()
        expect(other.locator("[data-entry=incident_resolved]")).to_be_visible()
    expect(room.locator("[data-entry=incident_resolved]")).to_be_visible()
    expect(room.get_by_role("button", name="Reopen")).to_be_visible()


def test_without_network_the_last_state_stays_and_a_call_is_kept_until_it_is_stored_once(room: Page) -> None:
    text, later = unique(), unique()
    log(room, f"crowd {text}")
    expect(listed(room, text)).to_be_visible()
    room.context.set_offline(True)
    log(room, f"fire {later}")
    expect(room.get_by_text("No connection. This is the state of")).to_be_visible()
    expect(listed(room, text)).to_be_visible()
    expect(room.get_by_label("Radio call")).to_have_value(f"fire {later}")
    room.context.set_offline(False)
    expect(room.get_by_text("No connection. This is the state of")).to_be_hidden()
    room.get_by_label("Radio call").focus()
    room.keyboard.press("Enter")
    expect(listed(room, later)).to_have_count(1)
    expect(room.get_by_label("Radio call")).to_have_value("")


def test_a_call_whose_answer_is_lost_is_stored_once(room: Page) -> None:
    text = unique()
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            route.fetch()
            lost.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    room.route("**/api/control/events/*/incidents", lose)
    log(room, f"abuse {text}")
    expect(room.get_by_label("Radio call")).to_have_value(f"abuse {text}")
    expect(listed(room, text)).to_have_count(1)
    room.keyboard.press("Enter")
    expect(room.get_by_label("Radio call")).to_have_value("")
    expect(listed(room, text)).to_have_count(1)
    assert len(lost) == 1


def test_a_call_that_is_stored_and_answered_with_a_fault_of_the_server_is_stored_once(room: Page) -> None:
    text = unique()
    faults: list[str] = []

    def fail(route: Route) -> None:
        if route.request.method == "POST" and not faults:
            route.fetch()
            faults.append(route.request.url)
            route.fulfill(status=500, json={"status": 500, "code": "internal"})
        else:
            route.continue_()

    room.route("**/api/control/events/*/incidents", fail)
    log(room, f"abuse {text}")
    expect(room.get_by_label("Radio call")).to_have_value(f"abuse {text}")
    expect(room.get_by_role("alert")).to_be_visible()
    room.keyboard.press("Enter")
    expect(room.get_by_label("Radio call")).to_have_value("")
    room.reload()
    expect(listed(room, text)).to_have_count(1)
    assert len(faults) == 1


def test_a_member_of_staff_without_the_role_is_told_whom_to_ask(browser: Browser, system: System) -> None:
    email = f"steward-{new_id()}@example.org"
    grant_roles(system, email, (Grant("steward"),))
    with screen(browser, system, email) as page:
        expect(page.get_by_role("heading", name="You don’t have access to the control room")).to_be_visible()
        expect(page.get_by_text(email)).to_be_visible()
