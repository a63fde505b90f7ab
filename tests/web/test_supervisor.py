"""The supervisor's page shows what goes wrong at a gate, and its announcements reach the gates."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.gate import tickets, tonight
from tests.web.gates import Lane, busy, twice
from tests.web.office import desk, grant_roles, in_database
from tests.web.screens import SIZES, Theme
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

EVERYWHERE = (Grant("supervisor"),)


@pytest.fixture
def event(system: System) -> UUID:
    return tonight(system, f"Match {new_id()}")


@pytest.fixture
def page(browser: Browser, system: System, address: str, event: UUID) -> Iterator[Page]:
    """The gates as a supervisor of the whole venue sees them."""
    with desk(browser, system, grant_roles(system, f"all-{address}", EVERYWHERE, "Some Supervisor")) as page:
        page.goto(f"/office/events/{event}/gates")
        expect(page.locator("[data-inside]")).to_be_visible()
        yield page


def test_the_page_of_the_gates_links_to_the_accreditations(page: Page) -> None:
    page.get_by_role("link", name="Accreditations").click()
    expect(page.get_by_role("heading", name="Accredit a person")).to_be_visible()


def test_the_supervisor_page_requests_only_permitted_data(page: Page) -> None:
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status in (401, 403) else None)
    for path in ("/office", page.url):
        with page.expect_response("**/api/office/events"):
            page.goto(path)
        page.wait_for_load_state("networkidle")
    assert refused == []


def test_a_duplicate_of_two_offline_gates_appears_with_both_scans_and_is_announced_once(
    page: Page, system: System, event: UUID
) -> None:
    expect(page.get_by_text("No alarms")).to_be_visible()
    ticket = twice(system, event)
    alarm = page.locator("[data-alarms=duplicate] li")
    expect(alarm).to_have_count(1)
    for text in (f"Ticket no. {ticket.number}", "seat 1", "Gate N1", "Phone of N1", "Gate N2", "Phone of N2"):
        expect(alarm).to_contain_text(text)
    expect(alarm.get_by_text("Offline")).to_have_count(2)
    expect(page.locator("[data-news]")).to_contain_text("ticket admitted twice, gate N2")


def test_a_gate_closed_on_the_page_admits_no_pass_until_it_is_opened_by_keyboard(
    page: Page, system: System, event: UUID
) -> None:
    lane, (ticket,) = Lane(system, event, "N4", "Lane N4"), tickets(system, event, "N", 1)
    row, find = page.locator("[data-gate=N4]"), page.get_by_label("Find a gate or a stand")
    expect(row).not_to_be_visible()
    find.fill("N4")
    page.get_by_role("button", name="Close gate N4").press("Enter")
    expect(row.get_by_text("Closed", exact=True)).to_be_visible()
    find.fill("")
    expect(row).not_to_be_visible()
    expect(page.get_by_text("1 closed", exact=True)).to_be_visible()
    find.fill("n4")
    assert lane.scan("ask", ticket)["reason"] == "no_entry"
    page.get_by_role("button", name="Turnstile at gate N4").press("Enter")
    expect(page.get_by_role("button", name="Turnstile at gate N4")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Open gate N4").press("Enter")
    expect(row.get_by_text("Closed", exact=True)).to_have_count(0)
    assert lane.scan("ask", ticket)["outcome"] == "admitted"
    said = "select turnstile and not closed from access.gate where event_id = $1"
    assert in_database(system, lambda conn: conn.fetchval(said, event)) is True


def test_stopping_all_entry_asks_first_applies_everywhere_and_can_be_undone(
    page: Page, system: System, event: UUID
) -> None:
    lane, (ticket,) = Lane(system, event, "N5", "Lane N5"), tickets(system, event, "N", 1)
    page.get_by_role("button", name="Stop all entry").click()
    question = page.get_by_role("dialog", name="Stop all entry?")
    expect(question).to_contain_text("Every gate of the venue")
    question.get_by_role("button", name="Go back").click()
    assert lane.scan("ask", ticket, training=True)["outcome"] == "admitted"
    page.get_by_role("button", name="Stop all entry").click()
    question.get_by_role("button", name="Stop all entry").click()
    expect(page.get_by_text("All entry is stopped")).to_be_visible()
    assert lane.scan("ask", ticket)["reason"] == "no_entry"
    page.get_by_role("button", name="Resume entry").click()
    page.get_by_role("dialog").get_by_role("button", name="Resume entry").click()
    expect(page.get_by_text("All entry is stopped")).to_have_count(0)
    assert lane.scan("ask", ticket)["outcome"] == "admitted"


def test_a_full_zone_admits_no_pass_and_a_correction_has_its_reason_and_author(
    page: Page, system: System, event: UUID
) -> None:
    lane, (ticket,) = Lane(system, event, "N6", "Lane N6"), tickets(system, event, "N", 1)
    zone = page.locator("[data-zone=S]")
    zone.get_by_role("button", name="Mark as full").click()
    expect(zone.get_by_role("button", name="Reopen")).to_be_visible()
    assert lane.scan("ask", ticket)["reason"] == "zone_full"
    zone.get_by_role("button", name="Correct").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("People to add or remove").fill("many")
    dialog.get_by_role("button", name="Save correction").click()
    expect(dialog.get_by_text("Enter a whole number")).to_be_visible()
    expect(dialog.get_by_label("People to add or remove")).to_be_focused()
    expect(dialog.get_by_text("Enter a reason", exact=True)).to_be_visible()
    dialog.get_by_label("People to add or remove").fill("12")
    dialog.get_by_label("Reason").fill("Counted at the rail")
    dialog.get_by_role("button", name="Save correction").click()
    fact = page.get_by_role("listitem").filter(has_text="Counted at the rail")
    expect(fact).to_contain_text("+12")
    expect(fact).to_contain_text("Some Supervisor")
    expect(zone.locator(".big")).to_have_text("12")


def test_two_people_with_one_ticket_are_two_inside_and_one_admitted_and_empty_standing_areas_are_hidden(
    page: Page, system: System, event: UUID
) -> None:
    twice(system, event)
    zone = page.locator("[data-zone=S]")
    expect(zone.locator(".big")).to_have_text("2")
    expect(zone.locator("[data-admitted]")).to_have_text("1 of them admitted with a ticket")
    expect(zone).to_contain_text("1 of 1 ticket holders entered")
    expect(page.locator("[data-zone]")).to_have_count(4)


def test_a_stolen_device_is_revoked_its_scans_are_withdrawn_and_the_history_shows_it(
    page: Page, system: System, event: UUID
) -> None:
    name = f"Stolen {new_id()}"
    thief, (ticket, *_) = Lane(system, event, "N5", name), tickets(system, event, "N", 3)
    thief.scan("passed", ticket, offline=True)
    thief.scan("passed", pass_number=ticket.number + 1, offline=True)
    expect(page.locator("[data-inside]")).to_have_text("2")
    expect(page.locator("[data-alarms=forged]")).to_contain_text("No code and no reason")
    page.goto("/office/devices")
    page.get_by_role("button", name=f"Revoke {name}").click()
    question = page.get_by_role("dialog", name="Revoke this device?")
    question.get_by_label("Also withdraw scans that it has uploaded").check()
    question.get_by_label("Since").fill("")
    question.get_by_role("button", name="Revoke").click()
    expect(question.get_by_text("Enter a date and time")).to_be_visible()
    question.get_by_label("Since").fill("2020-01-01T00:00")
    question.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Device revoked.")).to_be_visible()
    page.goto(f"/office/events/{event}/gates")
    expect(page.locator("[data-inside]")).to_have_text("0")
    expect(page.get_by_text("No alarms")).to_be_visible()
    assert Lane(system, event, "N6", "Lane N6").scan("ask", ticket)["outcome"] == "admitted"
    page.get_by_label("Name, email, order code or ticket number").fill(str(ticket.number))
    page.get_by_role("button", name="Search", exact=True).click()
    found = page.locator(f"[data-history='{ticket.number}']")
    expect(found.get_by_role("heading")).to_contain_text("Inside")
    expect(found.get_by_role("listitem").nth(0)).to_contain_text("Admitted")
    expect(found.get_by_role("listitem").nth(1)).to_contain_text("scans withdrawn")


def test_an_outage_shows_the_age_of_the_data_and_the_page_recovers(page: Page, system: System, event: UUID) -> None:
    page.context.set_offline(offline=True)
    expect(page.get_by_text("The server is not responding. Figures as of")).to_be_visible()
    expect(page.locator("[data-inside]")).to_have_text("0")
    lane, (ticket,) = Lane(system, event, "N7", "Lane N7"), tickets(system, event, "N", 1)
    lane.scan("ask", ticket)
    page.context.set_offline(offline=False)
    expect(page.locator("[data-inside]")).to_have_text("1")
    expect(page.get_by_text("The server is not responding")).to_have_count(0)


def test_a_supervisor_of_a_group_of_gates_changes_these_only_and_others_see_nothing(
    browser: Browser, system: System, address: str, event: UUID
) -> None:
    with desk(browser, system, grant_roles(system, f"group-{address}", (Grant("supervisor", "gate", "N"),))) as page:
        page.goto(f"/office/events/{event}/gates")
        expect(page.get_by_role("button", name="Close gate N1")).to_be_visible()
        expect(page.get_by_role("button", name="Close gate P1")).to_have_count(0)
        expect(page.get_by_role("button", name="Stop all entry")).to_have_count(0)
        refused = page.evaluate(
            "async (path) => (await fetch(path, {method: 'PUT', headers: {'content-type': 'application/json'},"
            " body: '{\"closed\": true}'})).status",
            f"/api/access/events/{event}/gates/P1",
        )
        assert refused == 403
    with desk(browser, system, grant_roles(system, f"none-{address}", (Grant("finance"),))) as page:
        page.goto(f"/office/events/{event}/gates")
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator("[data-inside]")).to_have_count(0)


@pytest.mark.parametrize("look", [("phone", "dark"), ("desk", "light")])
def test_axe_finds_nothing_on_a_busy_page_and_every_target_is_large_enough(
    browser: Browser, system: System, address: str, event: UUID, look: tuple[str, Theme]
) -> None:
    size, theme = look
    busy(system, event)
    email = grant_roles(system, f"axe-{size}-{theme}-{address}", EVERYWHERE)
    with desk(browser, system, email, viewport=SIZES[size], color_scheme=theme) as page:
        page.goto(f"/office/events/{event}/gates")
        expect(page.locator("[data-alarms=hit]")).to_be_visible()
        for stand in page.locator("[data-stand] > summary").all():
            stand.press("Enter")
        expect(page.locator("[data-gate=N1]")).to_be_visible()
        faults = found_by_axe(page) + page.evaluate(SMALL)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not faults, "\n".join(faults)
