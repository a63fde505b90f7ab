"""Pages of the office that fill, fail or conflict: numbers, searches, two editors, no network, a
phone.
"""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.web.gate import tonight
from tests.web.office import CLUB_OFFICE, desk, grant_roles, new_event
from tests.web.steps import find_two_seats
from tests.web.system import System, fresh
from tests.web.test_access import SIZES, SMALL, found_by_axe
from tests.web.test_office import buy
from virage.platform.web.guard import Grant

PHONE = {"width": 390, "height": 844}
BELOW = """(toast) => { const box = toast.getBoundingClientRect();
    return [...document.querySelectorAll(".bar button")].filter(one => {
        const other = one.getBoundingClientRect();
        return other.width && other.left < box.right && box.left < other.right
            && other.top < box.bottom && box.top < other.bottom; }).map(one => one.textContent); }"""


@pytest.fixture
def office(system: System, address: str) -> str:
    """A person who works in the club's office."""
    return grant_roles(system, f"office-{address}", CLUB_OFFICE)


def test_the_totals_of_all_events_come_in_one_answer_and_are_never_partial(
    browser: Browser, system: System, office: str
) -> None:
    with desk(browser, system, office) as page:
        asked: list[str] = []
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.on("request", lambda request: asked.append(request.url))
        page.route("**/api/office/sales", hold)
        page.reload()
        expect(page.locator(".events li").first).to_be_visible()
        sums = page.locator(".totals")
        expect(sums.locator("[data-skeleton]")).to_have_count(3)
        expect(sums).not_to_contain_text("€")
        held[0].continue_()
        expect(sums.locator("[data-skeleton]")).to_have_count(0)
        expect(sums).to_contain_text("€")
        assert len([url for url in asked if "/sales" in url]) == 1


def test_two_editors_of_an_event_see_the_other_version_and_lose_nothing(
    browser: Browser, system: System, office: str, address: str
) -> None:
    other = grant_roles(system, f"other-{address}", CLUB_OFFICE)
    with desk(browser, system, office) as mine, desk(browser, system, other) as theirs:
        event = new_event(mine, "Edited by two")
        for page in (mine, theirs):
            page.goto(f"/office/events/{event}/details")
        theirs.locator("#title_en").fill("Theirs")
        theirs.locator("#subtitle_en").fill("Round 3")
        theirs.locator("#subtitle_fr").fill("Tour 3")
        theirs.get_by_role("button", name="Save", exact=True).click()
        expect(theirs.get_by_text("Saved.", exact=True)).to_be_visible()
        mine.locator("#title_en").fill("Mine")
        mine.locator("#limit_per_buyer").fill("4")
        mine.get_by_role("button", name="Save", exact=True).click()
        refused = mine.get_by_role("alert")
        expect(refused).to_be_in_viewport()
        expect(mine.get_by_role("button", name="Save", exact=True)).to_be_enabled()
        refused.get_by_role("button", name="Reload").click()
        compared = mine.locator("[data-conflict]")
        expect(compared.get_by_role("heading")).to_be_focused()
        title = compared.get_by_role("group", name="Title", exact=True)
        expect(title).to_contain_text("Theirs")
        expect(title).to_contain_text("Mine")
        expect(mine.locator("#title_en")).to_have_value("Mine")
        expect(mine.locator("#subtitle_en")).to_have_value("Round 3")
        title.get_by_label("Their version").check()
        expect(mine.locator("#title_en")).to_have_value("Theirs")
        assert found_by_axe(mine) + mine.evaluate(SMALL) == []
        mine.get_by_role("button", name="Save", exact=True).click()
        expect(mine.get_by_text("Saved.", exact=True)).to_be_visible()
        expect(compared).to_have_count(0)
        theirs.reload()
        expect(theirs.locator("#title_en")).to_have_value("Theirs")
        expect(theirs.locator("#limit_per_buyer")).to_have_value("4")


def test_a_sale_is_not_called_live_without_network(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as page:
        page.goto(f"/office/events/{system.event('match')}")
        numbers = page.get_by_role("region", name="Ticket sales", exact=True)
        expect(numbers).to_contain_text("Live, ")
        page.context.set_offline(True)
        expect(numbers).to_contain_text("As of ")
        expect(numbers).not_to_contain_text("Live")
        expect(page.locator(".offline")).to_contain_text("cannot be saved")
        expect(page.locator(".offline")).not_to_contain_text("tickets")
        page.context.set_offline(False)
        expect(numbers).to_contain_text("Live, ")


def test_a_sale_whose_server_does_not_answer_is_not_called_live(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as page:
        page.clock.install()
        page.goto(f"/office/events/{system.event('match')}")
        numbers = page.get_by_role("region", name="Ticket sales", exact=True)
        expect(numbers).to_contain_text("Live, ")
        page.route("**/api/office/events/*/sales", lambda route: route.abort())
        page.clock.fast_forward("00:30")
        expect(numbers).to_contain_text("As of ")
        expect(page.get_by_text("These are the latest figures we received.")).to_be_visible()
        page.unroute("**/api/office/events/*/sales")
        page.clock.fast_forward("00:30")
        expect(numbers).to_contain_text("Live, ")


def test_a_new_event_without_a_title_is_not_made(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as page:
        made: list[str] = []
        page.on("request", lambda request: made.append(request.url) if request.method == "POST" else None)
        page.get_by_role("link", name="New event").click()
        page.get_by_role("button", name="Create and set prices").click()
        title = page.get_by_label("Title (Français)", exact=True)
        expect(title).to_have_accessible_description("Enter a title in at least one language")
        expect(title).to_be_focused()
        assert not [url for url in made if url.endswith("/api/office/events")]


def test_an_order_is_found_by_the_beginning_of_an_address_and_a_short_search_shows_no_old_one(
    page: Page, browser: Browser, system: System, office: str, address: str
) -> None:
    code = buy(page, system, address)
    with desk(browser, system, office) as work:
        work.goto("/office/orders")
        expect(work.get_by_text("Search for an order")).to_be_visible()
        search = work.get_by_label("Find an order")
        search.fill(address.partition("@")[0])
        work.get_by_role("button", name="Search", exact=True).click()
        expect(work.get_by_role("link", name=code)).to_be_visible()
        search.fill("b")
        work.get_by_role("button", name="Search", exact=True).click()
        expect(work.get_by_text("Enter at least 2 characters")).to_be_visible()
        expect(work.get_by_role("link", name=code)).to_have_count(0)


def test_a_cancelled_event_shows_its_refunds_without_being_loaded_again(
    page: Page, browser: Browser, system: System, address: str
) -> None:
    admin = grant_roles(system, f"cancels-{address}", (Grant("admin"),))
    title = fresh("Called off")
    with desk(browser, system, admin) as work:
        event = priced(work, title)
        page.goto(f"/events/{event}")
        find_two_seats(page)
        work.goto(f"/office/events/{event}")
        held = work.get_by_role("region", name="Ticket sales", exact=True).locator("dl > div").nth(1)
        expect(held).to_contain_text("2")
        work.get_by_role("button", name="Cancel the event").click()
        dialog = work.get_by_role("dialog")
        dialog.get_by_label(re.compile("to confirm")).fill(title)
        dialog.get_by_role("button", name="Cancel the event").click()
        expect(work.get_by_text("This event is cancelled. Its orders")).to_be_visible()
        expect(held).to_contain_text("0")


def priced(page: Page, title: str) -> str:
    """A published event on sale now, with prices in the lower ring."""
    event = new_event(page, title)
    page.get_by_role("button", name="Add category").click()
    fields = page.get_by_role("group", name="Category 1")
    for tariff, price in {"Adult": "45", "Child": "12", "Concession": "30", "Accessible": "22"}.items():
        fields.get_by_label(re.compile(f"^{tariff}")).fill(price)
    for name in ("Name (Français)", "Name (English)"):
        fields.get_by_label(name).fill("One")
    page.get_by_role("button", name="Lower tier").click()
    page.get_by_role("button", name="Save prices").click()
    expect(page.get_by_text("Prices saved.")).to_be_visible()
    page.goto(f"/office/events/{event}/details")
    page.get_by_label("Sales open").fill("2020-01-01T10:00")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.get_by_role("link", name="Sales").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published", exact=True).first).to_be_visible()
    return event


def test_floating_bars_cover_no_control(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as page:
        event = priced(page, fresh("Under a message"))
        page.goto(f"/office/events/{event}/prices")
        page.get_by_role("button", name="Save prices").click()
        toast = page.locator(".toast").filter(has_text="Prices saved")
        expect(toast).to_be_visible()
        assert toast.evaluate(BELOW) == []


def test_the_office_on_a_phone_folds_its_menu_and_begins_at_the_top(
    browser: Browser, system: System, office: str
) -> None:
    with desk(browser, system, office, viewport=PHONE) as page:
        expect(page.get_by_role("navigation", name="Office")).not_to_be_visible()
        box = page.get_by_role("heading", level=1).bounding_box()
        assert box
        assert box["y"] < 200
        expect(page.get_by_role("navigation", name="Main")).to_have_count(0)
        page.get_by_role("button", name="Menu").click()
        assert found_by_axe(page) + page.evaluate(SMALL) == []
        page.get_by_role("link", name="Orders").click()
        expect(page.get_by_role("heading", name="Orders", level=1)).to_be_visible()
        expect(page.get_by_role("navigation", name="Office")).not_to_be_visible()


@pytest.mark.parametrize("size", list(SIZES))
def test_empty_pages_say_what_to_do(browser: Browser, system: System, address: str, size: str) -> None:
    admin = grant_roles(system, f"empty-{address}", (Grant("admin"),))
    with desk(browser, system, admin, viewport=SIZES[size]) as page:
        for path, said in (("orders", "Search for an order"), ("food/cards", "Search for a card")):
            page.goto(f"/office/{path}")
            expect(page.get_by_text(said)).to_be_visible()
            assert found_by_axe(page) + page.evaluate(SMALL) == []


def test_a_supervisor_sees_the_events_of_the_gates(browser: Browser, system: System, address: str) -> None:
    tonight(system, title := fresh("Supervised"))
    with desk(browser, system, grant_roles(system, f"gates-{address}", (Grant("supervisor", "gate", "A"),))) as page:
        expect(page.get_by_role("link", name=title)).to_be_visible()
        assert found_by_axe(page) + page.evaluate(SMALL) == []


def test_announcements_for_screen_readers_are_cleared(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as page:
        page.get_by_role("link", name="Orders").click()
        said = page.locator("p[aria-live=polite]").last
        expect(said).to_have_text("Orders")
        page.get_by_role("button", name="Français").click()
        expect(said).to_have_text("")
