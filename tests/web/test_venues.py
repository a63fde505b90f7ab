"""Several venues: the office switches between them, and fans see each event at its venue and in its zone."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests.web.conftest import sign_in_with_form
from tests.web.evening_gate import Gate
from tests.web.gate import Phone
from tests.web.office import ADMIN, ENGLISH, desk, grant_roles
from tests.web.steps import ACCEPTED, pay
from tests.web.system import System, fresh
from tests.web.test_moving import hall, import_version, put_on_sale
from tests.web.test_venue_office import new_code, type_seats
from virage.platform.web.guard import Grant

PARIS_PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844},
    "locale": "en-GB",
    "timezone_id": "Europe/Paris",
}


@pytest.fixture
def admin(system: System, address: str) -> str:
    """An administrator, whose roles reach every venue."""
    return grant_roles(system, f"admin-{address}", ADMIN)


def switch(page: Page) -> Locator:
    """The choice of the venue in the office's menu."""
    return page.locator(".side").get_by_label("Show", exact=True)


def test_the_office_shows_one_venue_or_all_and_remembers_which(browser: Browser, system: System, admin: str) -> None:
    with desk(browser, system, admin) as page:
        stadium = page.get_by_role("link", name="The Night of Great Voices")
        arena = page.get_by_role("link", name="Voices of the Harbour")
        expect(stadium).to_be_visible()
        expect(arena).to_be_visible()
        switch(page).select_option(label="Harbour Arena")
        expect(stadium).to_have_count(0)
        expect(arena).to_be_visible()
        page.reload()
        expect(arena).to_be_visible()
        expect(stadium).to_have_count(0)
        switch(page).select_option(label="All venues")
        expect(stadium).to_be_visible()


def test_gates_and_outlets_are_those_of_the_selected_venue(browser: Browser, system: System, admin: str) -> None:
    with desk(browser, system, admin) as page:
        page.goto("/office/devices")
        groups = page.get_by_role("group", name="Gate groups").get_by_role("checkbox")
        in_stadium = groups.count()
        switch(page).select_option(label="Harbour Arena")
        expect(groups).to_have_count(6)
        page.goto("/office/food/stock")
        outlets = page.get_by_label("Outlet", exact=True)
        expect(outlets.locator("option")).to_have_count(16)
        switch(page).select_option(label="All venues")
        expect(outlets.locator("optgroup[label='Harbour Arena']")).to_have_count(1)
        assert in_stadium != 6


def test_the_sales_of_food_are_those_of_the_selected_venue(browser: Browser, system: System, admin: str) -> None:
    with desk(browser, system, admin) as page:
        page.goto("/office/food")
        page.get_by_label("Period", exact=True).select_option("yesterday")
        total = page.locator("[data-gross]")
        expect(total).not_to_have_attribute("data-gross", "0")
        switch(page).select_option(label="Harbour Arena")
        expect(total).to_have_attribute("data-gross", "0")


def test_the_office_shows_times_of_an_event_at_its_venue_with_the_city(
    browser: Browser, system: System, admin: str
) -> None:
    with desk(browser, system, admin) as page:
        row = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Voices of the Harbour"))
        expect(row).to_contain_text("20:00 (New York) · Harbour Arena")
        page.goto(f"/office/events/{event_at(system, 'arena')}/closures")
        blocks = page.get_by_role("region", name="Blocks")
        blocks.get_by_label("Block to close").select_option(label="220")
        blocks.get_by_role("button", name="Close", exact=True).click()
        expect(blocks.get_by_role("listitem")).to_contain_text(re.compile(r"Since .*\(New\sYork\)"))
        blocks.get_by_role("button", name="Reopen 220").click()
        expect(blocks).to_contain_text("Nothing is closed.")


def test_a_role_for_one_venue_has_nothing_to_switch(browser: Browser, system: System, address: str) -> None:
    manager = grant_roles(system, f"arena-{address}", (Grant("programme", "venue", "arena"),))
    with desk(browser, system, manager) as page:
        expect(page.get_by_role("link", name="Voices of the Harbour")).to_be_visible()
        expect(page.get_by_role("link", name="The Night of Great Voices")).to_have_count(0)
        expect(switch(page)).to_have_count(0)


def test_a_role_for_one_venue_creates_no_event(browser: Browser, system: System, address: str) -> None:
    """An event has an organiser, and such a role does not reach the organisers of other venues."""
    manager = grant_roles(system, f"arena-{address}", (Grant("programme", "venue", "arena"),))
    with desk(browser, system, manager) as page:
        expect(page.get_by_role("link", name="Voices of the Harbour")).to_be_visible()
        expect(page.get_by_role("link", name="New event")).to_have_count(0)
        page.goto("/office/events/new")
        expect(page.get_by_text("You don’t have access to this part of the office.")).to_be_visible()
        expect(page.get_by_role("textbox")).to_have_count(0)


def event_at(system: System, venue_code: str) -> str:
    """The id of the first event at a venue."""
    return next(str(event["id"]) for event in system.get("/api/events")["events"] if event["venue_code"] == venue_code)


@pytest.fixture
def paris(browser: Browser, system: System) -> Iterator[Page]:
    """A phone whose clock is in Paris, six hours ahead of the arena."""
    context = browser.new_context(base_url=system.url, **PARIS_PHONE)
    yield context.new_page()
    context.close()


def test_an_event_in_another_time_zone_names_it_from_the_list_to_the_ticket_and_the_email(
    paris: Page, system: System, address: str
) -> None:
    event_id = event_at(system, "arena")
    paris.goto("/")
    card = paris.get_by_role("article").filter(has=paris.locator(f"a[href='/events/{event_id}']"))
    expect(card).to_contain_text("Harbour Arena")
    expect(card).to_contain_text("Starts 20:00 (New York)")
    card.get_by_role("link").click()
    head = paris.locator("header.head")
    expect(head).to_contain_text("Starts 20:00 (New York)")
    expect(head).to_contain_text("Harbour Arena")
    paris.get_by_label("Where?").select_option(label="Standing floor, €53")
    paris.get_by_role("button", name="Get 2 standing tickets").click()
    expect(paris.get_by_text("20:00 (New York) · Harbour Arena")).to_be_visible()
    sign_in_with_form(paris, system, address)
    pay(paris, ACCEPTED)
    paris.get_by_role("link", name="Open my tickets").click()
    expect(paris.get_by_text("Harbour Arena · 20:00 (New York)")).to_be_visible()
    paris.locator("a[href^='/tickets/']").first.click()
    stub = paris.locator("header.stub")
    expect(stub).to_contain_text("20:00 (New York)")
    expect(stub).to_contain_text("Harbour Arena")
    expect(stub).to_contain_text("Standing floor")
    letters = [message["body"] for message in system.get("/api/mailbox") if message["recipient"] == address]
    receipt = next(body for body in letters if "Voices of the Harbour" in body)
    assert "20:00 (New York)" in receipt


def test_a_phone_in_the_zone_of_the_venue_reads_the_time_alone(browser: Browser, system: System) -> None:
    context = browser.new_context(base_url=system.url, **(PARIS_PHONE | {"timezone_id": "America/New_York"}))
    page = context.new_page()
    page.goto("/")
    arena, stadium = (page.get_by_role("article").filter(has_text=title) for title in ("Voices of", "Night of"))
    expect(arena).to_contain_text("Starts 20:00")
    expect(arena).not_to_contain_text("New York")
    expect(stadium).to_contain_text("Starts 20:00 (Paris)")
    context.close()


def test_a_file_is_imported_annotated_sold_and_entered(
    browser: Browser, playwright: Playwright, system: System, admin: str, address: str, *, tmp_path: Path
) -> None:
    code, name, title = new_code("s"), fresh("Small Hall"), fresh("Tonight in the hall")
    with desk(browser, system, admin) as page:
        import_version(page, hall(code, name, "101"))
        for seat, feature in (("1", "Wheelchair space"), ("2", "Companion seat")):
            type_seats(page, "101", "1", seat)
            page.get_by_label("Access feature").select_option(label=feature)
            page.get_by_role("button", name="Set", exact=True).click()
        page.get_by_role("button", name="Save as a new version").click()
        expect(page.get_by_role("list", name="Versions").get_by_role("listitem")).to_have_count(2)
    event_id = put_on_sale(system, code, title, "101", starts_in=timedelta(hours=1))
    context = browser.new_context(base_url=system.url, reduced_motion="reduce")
    context.add_init_script(ENGLISH)
    fan = context.new_page()
    fan.goto(f"/events/{event_id}")
    fan.get_by_label("Wheelchair space").check()
    fan.get_by_role("button", name="Find 3 seats").click()
    expect(fan.get_by_text("Companion", exact=True)).to_be_visible()
    fan.get_by_role("button", name="Reserve these seats").click()
    sign_in_with_form(fan, system, address)
    pay(fan, ACCEPTED)
    fan.get_by_role("link", name="Open my tickets").click()
    fan.get_by_role("link", name=re.compile("Adult$")).click()
    expect(fan.locator("header.stub")).to_contain_text(name)
    fan.get_by_role("button", name="Show the entry code on this phone").click()
    entry_code = fan.get_by_role("img", name="Entry code of this ticket")
    expect(entry_code).to_be_visible()
    steward = Phone(playwright, tmp_path, system.url)
    gate = Gate(steward, system, title, [f"{code}.A"])
    gate.stand_at("A")
    gate.lets_in(entry_code.screenshot)
    steward.close()
    context.close()
