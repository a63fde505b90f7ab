"""Every failure is shown on the screen, with a next step."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.office import in_database
from tests.web.office_tour import ORDER
from tests.web.steps import Refusing, find_seats, find_two_seats, open_match
from tests.web.system import System
from virage.platform.values.ids import new_id


def test_a_short_overload_is_retried_without_a_message(page: Page) -> None:
    page.route("**/api/events", Refusing(503, "overloaded", times=2))
    page.goto("/")
    expect(page.locator("#first-event")).to_be_visible()


def test_a_lasting_overload_is_explained_with_a_retry(page: Page) -> None:
    page.route("**/api/events", Refusing(503, "overloaded", times=3))
    page.goto("/")
    expect(page.get_by_text("It’s busy right now")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#first-event")).to_be_visible()


def test_offline_the_event_list_says_so(page: Page) -> None:
    page.goto("/nowhere")
    page.route("**/api/events", lambda route: route.abort())
    page.get_by_role("link", name=re.compile("What.s on")).click()
    expect(page.get_by_text("You are offline. Check your connection")).to_be_visible()


def status_of(page: Page, path: str) -> int:
    """The server's response, without the browser's cache."""
    return page.request.get(path, headers={"accept": "text/html"}).status


def test_an_unknown_address_is_not_found(page: Page) -> None:
    for path in ("/tickets/%E0%A4%A", "/nowhere", "/docs", "/office/nowhere", "/wallet/nowhere"):
        assert status_of(page, path) == (200 if "%" in path else 404), path
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
        expect(page).to_have_title(re.compile("^Page not found · "))


@pytest.mark.parametrize(
    ("path", "said"), [("/pages/nonsense", "Page not found"), ("/food/NOPE", "We couldn’t find this food stand")]
)
def test_a_page_or_a_food_stand_that_does_not_exist_is_not_found(page: Page, path: str, said: str) -> None:
    assert status_of(page, path) == 404
    page.goto(path)
    expect(page.get_by_role("main").get_by_text(said)).to_be_visible()


def test_an_unknown_event_says_so_and_links_to_the_events(page: Page) -> None:
    for event in ("nothing", str(new_id())):
        assert status_of(page, f"/events/{event}") == 404
        page.goto(f"/events/{event}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Event not found")
        expect(page).to_have_title(re.compile("^Event not found · "))
        expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.get_by_role("link", name="See the events").click()
    expect(page.locator("#first-event")).to_be_visible()
    card = page.locator("a[href^='/events/']").first.get_attribute("href")
    assert status_of(page, str(card)) == 200


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/orders/{}", ("Order not found", "My orders")),
        ("/tickets/{}", ("Ticket not found", "My tickets")),
        ("/food/orders/{}", ("Food order not found", "Food and drink")),
        ("/live/{}", ("Match not found", "See the events")),
        ("/pages/versions/{}", ("Page not found", "See the events")),
    ],
)
def test_a_missing_item_is_named_with_a_link_to_the_next_page(
    page: Page, sign_in: Callable[[Page, str], None], address: str, path: str, said: tuple[str, str]
) -> None:
    title, next_page = said
    page.goto("/sign-in?next=/orders")
    sign_in(page, address)
    page.goto(path.format(new_id()))
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page).to_have_title(re.compile(f"^{title} · "))
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    expect(page.get_by_role("main").get_by_role("link", name=next_page)).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_have_count(0)


def test_an_order_of_another_person_is_not_found_and_offers_a_sign_in(
    page: Page, system: System, sign_in: Callable[[Page, str], None], address: str
) -> None:
    order = in_database(system, lambda conn: conn.fetchval(ORDER))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/orders/{order}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Order not found")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(page, address)
    expect(page).to_have_url(re.compile(f"/orders/{order}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Order not found")
    assert not [url for url in asked if "/api/stream" in url and str(order) in url], (
        "no stream of its entries is opened"
    )


def test_too_many_codes_are_refused_with_the_time_to_wait(page: Page) -> None:
    page.route("**/api/sign-in/codes", Refusing(429, "rate_limited", times=1, retry_after="40"))
    page.goto("/sign-in")
    page.get_by_label("Email address").fill("fan@example.org")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_text("You can try again in 40 seconds.")).to_be_visible()


def test_a_wrong_code_is_tied_to_its_field(page: Page, system: System, address: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(address)
    page.get_by_role("button", name="Send me a code").click()
    field = page.get_by_label("Sign-in code")
    wrong = "000000" if system.code_for(address) != "000000" else "111111"
    field.fill(wrong)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(field).to_have_accessible_description(re.compile("That code is not right"))
    expect(field).to_be_focused()


def test_a_sale_that_has_not_opened_says_when_it_does(page: Page, system: System) -> None:
    def later(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"sale_opens_at": "2999-01-01T10:00:00Z"})

    page.route(f"**/api/events/{system.event('match')}", later)
    open_match(page, system)
    expect(page.get_by_text("Not on sale yet")).to_be_visible()
    expect(page.get_by_role("button", name="Find 2 seats")).to_be_disabled()


def test_a_seat_taken_by_another_buyer_is_named_and_the_choice_continues(page: Page, system: System) -> None:
    open_match(page, system)
    page.get_by_role("button", name="Browse blocks").click()
    page.locator("#block-104").click()
    page.get_by_role("button", name=re.compile(r"^Row 20 ")).click()
    page.get_by_role("button", name=re.compile(r"^Seat \d+$")).first.click()
    page.route("**/api/orders", Refusing(409, "place_taken", times=1))
    page.get_by_role("button", name="Reserve").click()
    expect(page.get_by_text("has just been taken")).to_be_visible()
    page.get_by_role("button", name="Reserve").click()
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()


def test_a_party_that_fits_nowhere_together_is_offered_neighbouring_rows(page: Page, system: System) -> None:
    open_match(page, system)
    page.route("**/proposal", Refusing(409, "not_together", times=1))
    page.get_by_role("button", name="Find 2 seats").click()
    page.get_by_role("button", name="Allow neighbouring rows").click()
    page.get_by_role("button", name="Reserve these seats").click()
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()


def test_a_hold_with_a_lost_answer_is_repeated_and_made_once(page: Page, system: System) -> None:
    open_match(page, system)
    asked: list[str] = []

    def lose_the_first(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or "")["id"])
        if len(asked) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/api/orders", lose_the_first)
    find_seats(page, 2)
    expect(page.get_by_text("You are offline. Check your connection")).to_be_visible()
    page.get_by_role("button", name="Reserve these seats").click()
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()
    assert asked[0] == asked[1]


def test_all_windows_of_a_browser_show_one_basket(page: Page, system: System) -> None:
    open_match(page, system)
    other = page.context.new_page()
    open_match(other, system)
    find_two_seats(page)
    expect(other.get_by_role("link", name=re.compile("^Basket"))).to_be_visible()
    other.get_by_role("button", name="One more: Adult").click()
    find_seats(other, 3)
    other.get_by_role("button", name="Release them and continue").click()
    expect(page.get_by_text(re.compile("^Row .*, seat"))).to_have_count(3)
    page.get_by_role("button", name="Release seats").click()
    page.get_by_role("dialog").get_by_role("button", name="Release seats").click()
    expect(other.get_by_text("Your basket is empty")).to_be_visible()


def test_an_anonymous_visitor_follows_a_match_without_a_request_for_tickets(page: Page) -> None:
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status == 401 else None)
    page.goto("/")
    event = str(page.locator("a[href^='/events/']").first.get_attribute("href")).rsplit("/", 1)[-1]
    with page.expect_response(lambda answer: "/api/live/" in answer.url):
        page.goto(f"/live/{event}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("load")
    assert refused == []
