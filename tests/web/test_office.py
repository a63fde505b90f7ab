"""The office in a real browser over real processes: from an empty form to a refund."""

import re

import httpx
import pytest
from msgspec import Struct
from playwright.sync_api import Browser, Page, Route, expect

from tests.web import http
from tests.web.conftest import sign_in_with_form
from tests.web.office import (
    ADMIN,
    CLUB_OFFICE,
    add_category,
    choose_the_stadium,
    confirm_it_is_me,
    desk,
    grant_roles,
    in_database,
    link_in_letter,
    new_event,
    sign_in_long_ago,
)
from tests.web.steps import ACCEPTED, find_two_seats, open_match, pay
from tests.web.system import System, fresh
from virage.platform.data.queue import dead_letters, enqueue
from virage.platform.web.guard import Grant

PRICES = {"Adult": "45", "Child": "12.50", "Concession": "30", "Accessible": "22"}


class Nonsense(Struct, frozen=True):
    """No job of the kind "mail" looks like this."""

    nothing: str


@pytest.fixture
def office(system: System, address: str) -> str:
    """A person who works in the club's office."""
    return grant_roles(system, f"office-{address}", CLUB_OFFICE)


@pytest.fixture
def admin(system: System, address: str) -> str:
    """An administrator without a scope."""
    return grant_roles(system, f"admin-{address}", ADMIN)


def block(page: Page, code: str) -> tuple[float, float]:
    """The position of the middle of a block on the screen."""
    box = page.locator(f"[data-block='{code}']").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_an_event_is_created_priced_and_published(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as page:
        event_id = new_event(page, "A quiet friendly")
        add_category(page, 1, PRICES)
        page.get_by_role("button", name="Lower tier").click()
        expect(page.locator("label", has_text="Category 1")).to_contain_text("24 blocks")
        add_category(page, 2, {"Adult": "20", "Child": "ten"})
        x, y = block(page, "309")
        page.mouse.move(x, y)
        page.mouse.down()
        for code in ("310", "311", "312"):
            page.mouse.move(*block(page, code), steps=6)
        page.mouse.up()
        expect(page.locator("label", has_text="Category 2")).to_contain_text("4 blocks")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("label", has_text="Category 2")).to_contain_text("No blocks yet")
        page.get_by_role("button", name="Redo").click()
        page.get_by_role("button", name="Save prices").click()
        faults = page.locator("#faults")
        expect(faults).to_contain_text("Fix 3 fields")
        expect(faults).to_contain_text("Category 2, Child: Enter an amount such as 12.50")
        expect(faults).to_contain_text("Category 2, Accessible: Enter a price")
        faults.get_by_role("link", name="Category 2, Child").click()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type("10")
        fields = page.get_by_role("group", name="Category 2")
        fields.get_by_label(re.compile("^Concession")).fill("15")
        fields.get_by_label(re.compile("^Access")).fill("10")
        page.get_by_role("button", name="Save prices").click()
        expect(page.get_by_text("Prices saved.")).to_be_visible()
        page.get_by_role("link", name="Sales").click()
        page.get_by_role("button", name="Publish").click()
        expect(page.get_by_text("Published", exact=True)).to_be_visible()
    offer = system.get(f"/api/events/{event_id}/offer")
    assert sorted(category["prices"]["child"] for category in offer["categories"]) == [1000, 1250]
    assert {"101", "124", "309", "312"} <= set(offer["blocks"])
    assert len(offer["blocks"]) == 28
    assert event_id in [event["id"] for event in system.get("/api/events")["events"]]


def test_a_slow_list_does_not_restore_the_state_before_publishing(
    browser: Browser, system: System, office: str
) -> None:
    with desk(browser, system, office) as page:
        new_event(page, "A hasty match")
        waiting: list[Route] = []
        page.route("**/api/office/series", lambda route: waiting.append(route))  # noqa: PLW0108 - a handler must be a function
        page.get_by_role("link", name="Sales").click()
        page.get_by_role("button", name="Publish").click()
        published = page.get_by_text("Published", exact=True)
        expect(published).to_be_visible()
        with page.expect_response("**/api/office/series"):
            waiting[0].continue_()
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        expect(published).to_be_visible()


def test_blocks_are_painted_and_a_standing_area_opened_by_keyboard(
    browser: Browser, system: System, office: str
) -> None:
    with desk(browser, system, office) as page:
        event_id = new_event(page, "An evening of song")
        add_category(page, 1, PRICES)
        stand = page.locator("summary").first
        stand.focus()
        page.keyboard.press("Enter")
        ring = page.get_by_label(re.compile("^Category for the whole tier: Lower tier"))
        ring.focus()
        page.keyboard.type("Category 1")
        expect(page.locator("label", has_text="Category 1")).to_contain_text("5 blocks")
        area = page.get_by_label("Golden circle")
        area.focus()
        page.keyboard.type("Category 1")
        page.get_by_label("Tickets for sale").fill("99999")
        page.get_by_role("button", name="Save prices").click()
        expect(page.locator("#faults")).to_contain_text("Above the capacity of the area")
        page.get_by_label("Tickets for sale").fill("1200")
        page.get_by_role("button", name="Save prices").click()
        expect(page.get_by_text("Prices saved.")).to_be_visible()
        kept = page.evaluate(f"fetch('/api/office/events/{event_id}/pricing').then(answer => answer.json())")
    assert [area["capacity"] for area in kept["areas"]] == [1200]
    assert len(kept["blocks"]) == 5


def test_defects_of_a_draft_are_shown_at_their_fields_and_keep_the_input(
    browser: Browser, system: System, office: str
) -> None:
    with desk(browser, system, office) as page:
        page.get_by_role("link", name="New event").click()
        page.get_by_label("Title (Français)", exact=True).fill("Une soirée")
        page.get_by_label("Ends").fill("2027-01-01T20:00")
        page.get_by_label("Kick-off").fill("2027-01-01T21:00")
        page.get_by_role("link", name="Orders").click()
        expect(page.get_by_role("dialog", name="Leave without saving?")).to_be_visible()
        page.get_by_role("button", name="Go back").click()
        page.get_by_label("Ends").fill("2027-01-01T20:00")
        choose_the_stadium(page)
        page.get_by_role("button", name="Create and set prices").click()
        english = page.get_by_label("Title (English)", exact=True)
        expect(english).to_have_accessible_description("Enter a title (English)")
        expect(page.get_by_label("Ends")).to_have_accessible_description("The event ends before it starts")
        english.fill("An evening")
        page.get_by_label("Ends").fill("2027-01-01T23:00")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved.", exact=True)).to_be_visible()


def test_going_back_asks_before_typed_input_is_discarded(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as page:
        page.get_by_role("link", name="New event").click()
        page.get_by_label("Alcohol on sale").check()
        page.evaluate("history.back()")
        leaving = page.get_by_role("dialog", name="Leave without saving?")
        expect(leaving).to_be_visible()
        leaving.get_by_role("button", name="Go back").click()
        expect(page).to_have_url(re.compile("/office/events/new$"))
        expect(page.get_by_label("Alcohol on sale")).to_be_checked()
        page.evaluate("history.back()")
        leaving.get_by_role("button", name="Leave without saving").click()
        expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
        expect(page).to_have_url(re.compile("/office$"))


def test_an_event_with_a_lost_answer_is_created_once_with_its_last_input(
    browser: Browser, system: System, office: str
) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    missed, found = fresh("A lost match"), fresh("A found match")
    with desk(browser, system, office) as page:
        page.get_by_role("link", name="New event").click()
        page.get_by_label("Title (Français)", exact=True).fill("Un match perdu")
        page.get_by_label("Title (English)", exact=True).fill(missed)
        choose_the_stadium(page)
        page.route("**/api/office/events", lose, times=1)
        create = page.get_by_role("button", name="Create and set prices")
        create.click()
        expect(page.get_by_text("Check your connection, then try again.")).to_be_visible()
        page.get_by_label("Title (English)", exact=True).fill(found)
        create.click()
        expect(page.get_by_role("heading", name=found)).to_be_visible()
        page.get_by_role("link", name="Events").first.click()
        page.get_by_role("button", name=re.compile("^Drafts")).click()
        expect(page.get_by_role("link", name=found)).to_have_count(1)
        expect(page.get_by_role("link", name=missed)).to_have_count(0)


def test_prices_not_saved_without_network_are_saved_when_it_returns(
    browser: Browser, system: System, office: str
) -> None:
    with desk(browser, system, office) as page:
        event_id = new_event(page, "A match in a tunnel")
        add_category(page, 1, PRICES)
        page.get_by_role("button", name="Lower tier").click()
        page.context.set_offline(True)
        page.get_by_role("button", name="Save prices").click()
        expect(page.get_by_text("You are offline. Check your connection")).to_be_visible()
        expect(page.get_by_text("Unsaved changes")).to_be_visible()
        page.context.set_offline(False)
        page.get_by_role("button", name="Save prices").click()
        expect(page.get_by_text("Prices saved.")).to_be_visible()
        page.reload()
        expect(page.locator("label", has_text="Category 1")).to_contain_text("24 blocks")
        kept = page.evaluate(f"fetch('/api/office/events/{event_id}/pricing').then(answer => answer.json())")
    assert len(kept["blocks"]) == 24


def test_after_an_expired_session_signing_in_returns_to_the_page(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as page:
        page.get_by_role("link", name="New event").click()
        page.get_by_label("Title (Français)", exact=True).fill("Un long dimanche")
        page.get_by_label("Title (English)", exact=True).fill("A long Sunday")
        choose_the_stadium(page)
        page.context.clear_cookies()
        page.get_by_role("button", name="Create and set prices").click()
        confirm_it_is_me(page, system, office)
        expect(page.get_by_role("heading", name="A long Sunday")).to_be_visible()


def buy(page: Page, system: System, email: str) -> str:
    """Two paid seats of the match; the code of the order."""
    open_match(page, system)
    find_two_seats(page)
    sign_in_with_form(page, system, email)
    pay(page, ACCEPTED)
    expect(page.get_by_role("heading", name="See you at the stadium")).to_be_visible()
    orders = page.evaluate("fetch('/api/me/orders').then(answer => answer.json())")
    return str(orders[0]["code"])


def test_a_fans_order_is_found_and_refunded_in_two_steps(
    page: Page, browser: Browser, system: System, office: str, address: str
) -> None:
    code = buy(page, system, address)
    with desk(browser, system, office) as work:
        work.get_by_role("link", name="Orders").click()
        work.get_by_label("Find an order").fill(address)
        work.get_by_role("button", name="Search", exact=True).click()
        work.get_by_role("link", name=code).click()
        expect(work.get_by_role("heading", name=f"Order {code}")).to_be_visible()
        work.get_by_label(re.compile("^Select ")).first.check()
        work.get_by_role("button", name="Refund 1 ticket").click()
        work.get_by_role("dialog").get_by_role("button", name="Refund €").click()
        expect(work.get_by_text("Partly refunded")).to_be_visible()
        expect(work.get_by_text(re.compile("^Confirmed "))).to_be_visible()
        sign_in_long_ago(system, office)
        work.get_by_role("button", name="Refund the whole order").click()
        work.get_by_role("dialog").get_by_role("button", name="Refund €").click()
        confirm_it_is_me(work, system, office)
        expect(work.get_by_text("Refunded", exact=True).first).to_be_visible()
        expect(work.get_by_text(re.compile("^Confirmed "))).to_have_count(2)
    page.goto("/orders")
    expect(page.get_by_text("Refunded", exact=True).first).to_be_visible()


def test_sales_figures_are_updated_while_fans_buy(page: Page, browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as work:
        work.goto(f"/office/events/{system.event('match')}")
        held = work.locator("dl div", has_text="In baskets").locator("dd")
        expect(held).to_be_visible()
        before = int(held.inner_text().replace(",", ""))
        open_match(page, system)
        find_two_seats(page)
        expect(held).to_have_text(str(before + 2))


def test_cancelling_an_event_needs_its_typed_name_and_shows_the_cost(
    browser: Browser, system: System, office: str
) -> None:
    with desk(browser, system, office) as page:
        new_event(page, "A rained-off match")
        page.get_by_role("link", name="Sales").click()
        page.get_by_role("button", name="Publish").click()
        page.get_by_role("button", name="Cancel the event").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("0 orders will be refunded")
        dialog.get_by_role("button", name="Cancel the event").click()
        expect(dialog).to_contain_text("The text doesn’t match")
        dialog.get_by_label("Type “A rained-off match” to confirm").fill("a rained-off match")
        dialog.get_by_role("button", name="Cancel the event").click()
        expect(page.get_by_text("This event is cancelled. Its orders")).to_be_visible()


def test_a_staff_member_is_invited_accepts_works_and_is_removed(
    browser: Browser, system: System, admin: str, address: str
) -> None:
    with desk(browser, system, admin) as page:
        page.get_by_role("link", name="Staff").click()
        page.get_by_label("Email address").fill(address)
        page.get_by_label("Role", exact=True).select_option(label="Finance")
        page.get_by_label("Organiser").select_option(label="Grand Large Concerts")
        page.get_by_label("Language of the email").select_option(label="English")
        page.get_by_role("button", name="Send the invitation").click()
        expect(page.get_by_text("valid until")).to_be_visible()
        link = link_in_letter(system, address)
        newcomer = browser.new_context(base_url=system.url, locale="en-GB").new_page()
        newcomer.goto(link)
        sign_in_with_form(newcomer, system, address)
        expect(newcomer.get_by_text("Your role will be:")).to_be_visible()
        expect(newcomer.get_by_text(re.compile("^Finance, "))).to_be_visible()
        expect(newcomer.get_by_label("Invitation code")).to_have_count(0)
        assert newcomer.url.endswith("/office/invitation"), "the code is not shown anywhere"
        newcomer.get_by_role("button", name="Accept the invitation").click()
        expect(newcomer.get_by_text("Finance, Grand Large Concerts")).to_be_visible()
        newcomer.get_by_role("link", name="Open your workspace").click()
        newcomer.get_by_role("main").get_by_role("link", name="Office").click()
        expect(newcomer.get_by_role("link", name="The Night of Great Voices")).to_be_visible()
        expect(newcomer.get_by_role("link", name="New event")).to_have_count(0)
        page.reload()
        sign_in_long_ago(system, admin)
        page.get_by_role("button", name=f"Remove Finance from {address}").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        confirm_it_is_me(page, system, admin)
        expect(page.get_by_role("button", name=f"Remove Finance from {address}")).to_have_count(0)
        newcomer.reload()
        expect(newcomer.get_by_role("heading", name="This account has no role in the office")).to_be_visible()
        newcomer.context.close()


def test_a_token_is_shown_once_works_and_is_revoked(browser: Browser, system: System, office: str) -> None:
    name = fresh("Turnstile")
    with desk(browser, system, office) as page:
        page.get_by_role("link", name="API clients").click()
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("button", name="Create the token").click()
        token = page.locator("code").inner_text()
        ask = {"authorization": f"Bearer {token}"}
        assert http.get(f"{system.url}/api/office/events", headers=ask).status_code == httpx.codes.OK
        page.reload()
        expect(page.get_by_text(name)).to_be_visible()
        expect(page.locator("code")).to_have_count(0)
        page.get_by_role("button", name=f"Revoke {name}").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(page.get_by_text(name)).to_have_count(0)
        assert http.get(f"{system.url}/api/office/events", headers=ask).status_code == httpx.codes.UNAUTHORIZED


def test_a_failed_job_is_listed_and_discarded(browser: Browser, system: System, admin: str) -> None:
    there = len(in_database(system, dead_letters))
    in_database(system, lambda conn: enqueue(conn, "mail", [Nonsense("an email without a recipient")]))
    with desk(browser, system, admin) as page:
        page.goto("/office/jobs")
        given_up = page.get_by_role("button", name=re.compile("^Discard: mail"))
        end = page.get_by_role("button", name="Discard", exact=True)
        while given_up.count() <= there:
            page.reload()
            expect(given_up.or_(page.get_by_text("No failed jobs.")).first).to_be_visible()
        for left in range(there, -1, -1):
            given_up.first.click()
            page.get_by_role("dialog").get_by_role("button", name="Discard").click()
            expect(given_up).to_have_count(left)
        expect(page.get_by_text("No failed jobs.")).to_be_visible()
        assert end.count() == 0


def test_roles_are_limited_to_their_scope(browser: Browser, system: System, address: str) -> None:
    concerts = {event["id"] for event in system.get("/api/events")["events"] if event["kind"] == "concert"}
    match = system.event("match")
    scope = tuple(Grant("box_office", "event", concert) for concert in concerts)
    with desk(browser, system, grant_roles(system, f"counter-{address}", scope)) as page:
        expect(page.get_by_role("link", name="The Night of Great Voices")).to_be_visible()
        expect(page.get_by_role("link", name="Virage FC v Étoile du Nord")).to_have_count(0)
        expect(page.get_by_role("link", name="Staff")).to_have_count(0)
        page.goto(f"/office/events/{match}/prices")
        expect(page.get_by_text("it is outside what your roles cover")).to_be_visible()
        page.goto(f"/office/events/{next(iter(concerts))}/prices")
        expect(page.get_by_text("You can view these prices, but you can’t change them.")).to_be_visible()
        expect(page.get_by_role("button", name="Save prices")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 720, 1440])
def test_staff_find_the_office_in_the_menu(browser: Browser, system: System, office: str, width: int) -> None:
    with desk(browser, system, office, viewport={"width": width, "height": 844}) as page:
        page.goto("/tickets")
        menu = page.get_by_role("navigation", name="Main")
        menu.get_by_role("link", name="Office").click()
        expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
        page.goto("/")
        page.get_by_role("button", name="Français").click()
        expect(page.get_by_role("link", name="Bureau")).to_be_in_viewport(ratio=1)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
