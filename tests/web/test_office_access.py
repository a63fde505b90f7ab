"""The office for everybody: axe finds nothing on any of its screens, targets are large, both languages are whole."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.house import House
from tests.web.office import ADMIN, desk, hire, in_database
from tests.web.test_access import SIZES, SMALL, found_by_axe

ORDER = "select orders.id from ticketing.orders where state = 'paid' order by id limit 1"


def screens(page: Page, house: House) -> Iterator[str]:
    """Every screen of the office, one after the other; its name."""
    match = house.event("match")
    expect(page.get_by_role("link", name="The Night of Great Voices")).to_be_visible()
    yield "events"
    page.goto("/office/events/new")
    page.get_by_role("button", name="Create and go on to prices").click()
    yield "new event"
    page.goto(f"/office/events/{match}")
    expect(page.get_by_role("heading", name="By category")).to_be_visible()
    yield "sales"
    page.get_by_role("button", name="Cancel the event").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the event").click()
    yield "cancelling"
    page.goto(f"/office/events/{match}/details")
    expect(page.get_by_label("Title in English", exact=True)).to_be_visible()
    yield "details"
    page.goto(f"/office/events/{house.event('concert')}/prices")
    page.locator("summary").first.click()
    page.get_by_label(re.compile("^Full price")).fill("")
    page.get_by_role("button", name="Save prices").click()
    expect(page.locator("#faults")).to_be_visible()
    yield "prices"
    yield from orders_and_people(page, house)


def orders_and_people(page: Page, house: House) -> Iterator[str]:
    """The other half of the office."""
    page.goto("/office/orders?q=fan%40example.org")
    expect(page.get_by_text("fits “fan@example.org”")).to_be_visible()
    yield "orders"
    page.goto(f"/office/orders/{in_database(house, lambda conn: conn.fetchval(ORDER))}")
    page.get_by_role("button", name="Refund the whole order").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "refunding"
    page.goto("/office/staff")
    expect(page.get_by_text("promoter@example.org")).to_be_visible()
    yield "staff"
    page.goto("/office/programs")
    expect(page.get_by_label("Name")).to_be_visible()
    yield "programs"
    page.goto("/office/devices")
    page.get_by_role("button", name="Show the code").click()
    page.get_by_label("Single gates of group").select_option("B")
    yield "devices"
    page.get_by_label("Name").fill("Lane A3")
    page.get_by_label("Group A").check()
    page.get_by_role("button", name="Show the code").click()
    expect(page.locator("[data-code]")).to_be_visible()
    yield "pairing code"
    page.goto("/office/pin")
    page.get_by_role("button", name="Save the PIN").click()
    yield "PIN"
    page.goto("/office/letters")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield "failed jobs"
    page.goto("/office/invitation#a-code")
    expect(page.get_by_label("Code of the invitation")).to_have_value("a-code")
    yield "invitation"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "desk"])
def test_axe_finds_nothing_in_the_office_and_every_target_is_large_enough(
    browser: Browser, house: House, address: str, size: str, theme: str
) -> None:
    email = hire(house, f"{size}-{theme}-{address}", ADMIN)
    with desk(browser, house, email, viewport=SIZES[size], color_scheme=theme) as page:
        found = []
        for name in screens(page, house):
            found += [f"{name}: {fault}" for fault in found_by_axe(page) + page.evaluate(SMALL)]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{name}: wider than the screen")
    assert not found, "\n".join(found)


def test_the_office_changes_its_language_with_the_rest_of_the_page(
    browser: Browser, house: House, address: str
) -> None:
    with desk(browser, house, hire(house, f"words-{address}", ADMIN)) as page:
        page.get_by_role("button", name="Français").click()
        expect(page.get_by_role("heading", name="Événements", level=1)).to_be_visible()
        expect(page.get_by_role("link", name="Nouvel événement")).to_be_visible()


def test_focus_follows_to_the_heading_of_each_screen(browser: Browser, house: House, address: str) -> None:
    with desk(browser, house, hire(house, f"focus-{address}", ADMIN)) as page:
        for name in ("Orders", "Staff", "Devices", "Programs", "Failed jobs", "Events"):
            page.get_by_role("navigation", name="Office").get_by_role("link", name=name).press("Enter")
            expect(page.get_by_role("heading", name=name, level=1)).to_be_focused()


def test_whoever_signs_out_is_asked_to_sign_in_again(browser: Browser, house: House, address: str) -> None:
    with desk(browser, house, hire(house, f"out-{address}", ADMIN)) as page:
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Office", level=1)).to_be_focused()
        expect(page.get_by_label("Email address")).to_be_visible()
