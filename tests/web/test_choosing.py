"""Seats are proposed before they are held, a basket is never dropped silently, and the map shows
the place.
"""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.web.steps import ACCEPTED, Refusing, by_card, find_seats, find_two_seats, open_match, pay
from tests.web.system import System
from tests.web.test_access import found_by_axe

SignIn = Callable[[Page, str], None]
SHIFT_MAX = 0.1  # what counts as good (web.dev/cls)


@pytest.fixture
def phone(browser: Browser, system: System) -> Iterator[Page]:
    """A phone of 390 by 844, in English."""
    context = browser.new_context(
        base_url=system.url, locale="en-GB", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    yield context.new_page()
    context.close()


def orders(page: Page) -> int:
    """The number of this browser's orders."""
    return len(page.evaluate("fetch('/api/me/orders').then(answer => answer.ok ? answer.json() : [])"))


def test_best_seats_are_shown_with_place_and_whole_price_before_anything_is_held(page: Page, system: System) -> None:
    open_match(page, system)
    page.get_by_role("button", name="Find 2 seats").click()
    proposal = page.get_by_role("region", name="We found 2 seats")
    seat = re.compile(r"^Row \d+, seat \d+$")
    expect(proposal.get_by_role("listitem").get_by_text(seat)).to_have_count(2)
    expect(proposal.get_by_role("button", name=seat)).to_have_count(2)
    expect(proposal.get_by_text("View: excellent").first).to_be_visible()
    expect(proposal.get_by_text("Booking fee")).to_be_visible()
    expect(proposal).not_to_contain_text("Hospitality")
    total = proposal.locator("dt", has_text="Total").locator("..").locator("dd").inner_text()
    expect(page.get_by_role("application", name=re.compile("^Seats in block"))).to_be_visible()
    assert orders(page) == 0
    assert found_by_axe(page) == []
    page.get_by_role("button", name="Reserve these seats").click()
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()
    expect(page.get_by_text(total).first).to_be_visible()


def test_hospitality_is_proposed_only_if_it_is_chosen(page: Page, system: System) -> None:
    open_match(page, system)
    page.get_by_label("Where?").select_option(label="Hospitality, €240")
    page.get_by_role("button", name="Find 2 seats").click()
    expect(page.get_by_role("region", name="We found 2 seats").get_by_text("Hospitality").first).to_be_visible()


def test_seats_taken_meanwhile_are_replaced_with_a_message(page: Page, system: System) -> None:
    open_match(page, system)
    held: list[int] = []

    def take_one_seat(route: Route) -> None:
        wish = json.loads(route.request.post_data or "")
        if held:
            route.continue_()
            return
        held.extend(seat["place"] for seat in wish["seats"]["places"])
        body = {"title": "x", "status": 409, "code": "place_taken", "request_id": "x", "data": {"places": held[:1]}}
        route.fulfill(status=409, content_type="application/problem+json", json=body)

    page.route("**/api/orders", take_one_seat)
    find_seats(page, 2)
    expect(page.get_by_text("One of those seats has just been taken")).to_be_visible()
    page.get_by_role("button", name="Reserve these seats").click()
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()


def test_a_second_choice_of_the_same_event_may_be_kept_beside_the_first(page: Page, system: System) -> None:
    open_match(page, system)
    find_two_seats(page)
    open_match(page, system)
    find_seats(page, 2)
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Your basket holds 2 tickets for Virage FC v Étoile du Nord")
    question.get_by_role("button", name="Cancel").click()
    assert orders(page) == 1
    page.get_by_role("button", name="Reserve these seats").click()
    question.get_by_role("button", name="Keep both").click()
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()
    expect(page.get_by_text(re.compile("^Row .*, seat"))).to_have_count(4)


def test_tickets_of_another_event_are_not_dropped_without_a_question(page: Page, system: System) -> None:
    open_match(page, system)
    find_two_seats(page)
    page.goto(f"/events/{system.event('concert')}")
    page.get_by_label("Where?").select_option("PEL")
    page.get_by_role("button", name="Get 2 standing tickets").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("You can only buy tickets for one event at a time")
    question.get_by_role("link", name="Go to my basket").click()
    expect(page.get_by_text(re.compile("^Row .*, seat"))).to_have_count(2)


def test_the_back_button_leaves_the_block_and_the_chosen_seat_stays(page: Page, system: System) -> None:
    page.goto("/")
    open_match(page, system)
    page.get_by_role("button", name="Browse blocks").click()
    page.locator("#block-105").click()
    page.get_by_role("button", name=re.compile(r"^Row 12 ")).click()
    page.get_by_role("button", name=re.compile(r"^Seat \d+$")).first.click()
    chosen = page.get_by_role("button", name=re.compile(r"^Remove Row 12, seat"))
    page.go_back()
    expect(page.get_by_role("button", name=re.compile("^105 .*, selected$"))).to_be_visible()
    expect(chosen).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("application", name=re.compile("^Seats in block 105"))).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_role("link", name="Choose your seats")).to_be_visible()


def test_on_a_phone_nothing_lies_over_a_seats_price_or_the_zoom_buttons(phone: Page, system: System) -> None:
    open_match(phone, system)
    phone.locator("[data-block='104']").tap()
    seats = phone.get_by_role("application")
    box = seats.bounding_box()
    assert box
    phone.get_by_role("button", name="Zoom in").tap()
    phone.get_by_role("button", name="Zoom in").tap()
    choice = phone.get_by_role("region", name="Your selection")
    for step in range(16):  # the middle may be stairs, or a seat that is taken
        phone.touchscreen.tap(box["x"] + 60 + 16 * step, box["y"] + box["height"] / 2 + 9 * (step % 3))
        if choice.count():
            break
    expect(choice).to_be_visible()
    tip = phone.locator(".tip")
    expect(tip).to_contain_text("€35")
    for seen in (tip.get_by_text("€35"), phone.get_by_role("button", name="Zoom out")):
        assert seen.evaluate(
            """one => {
                const box = one.getBoundingClientRect();
                const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                return one === top || one.contains(top) || !document.querySelector('.choice').contains(top);
            }"""
        )
    expect(phone.get_by_text("Pitch", exact=True)).to_be_visible()
    expect(phone.get_by_role("link", name="Follow the match")).to_be_hidden()


def test_a_sold_out_event_says_so_at_the_top_and_has_no_search(page: Page, system: System) -> None:
    def none(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=bytes(len(answer.body())))

    page.route("**/availability", none)
    open_match(page, system)
    expect(page.locator("header.head").get_by_text("Sold out")).to_be_visible()
    notice = page.get_by_text("Released seats").bounding_box()
    stage = page.get_by_role("group", name="Stadium map").bounding_box()
    assert notice
    assert stage
    assert notice["y"] < stage["y"]
    expect(page.get_by_role("button", name="Find 2 seats")).to_be_hidden()


def test_the_arrow_keys_go_along_the_row_of_a_corner_block_and_to_the_next_row(page: Page, system: System) -> None:
    open_match(page, system)
    page.locator("[data-block='101']").click()
    seats = page.get_by_role("application")
    expect(seats).to_be_focused()

    def named(key: str) -> tuple[int, int]:
        page.keyboard.press(key)
        expect(page.locator(".tip .title")).to_have_text(re.compile(r"^Row \d+, seat \d+$"))
        found = re.fullmatch(r"Row (\d+), seat (\d+)", page.locator(".tip .title").inner_text())
        assert found
        return int(found[1]), int(found[2])

    row, seat = named("ArrowRight")
    right, left, down, up = (named(key) for key in ("ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"))
    along, across = (right, down) if right[0] == row else (down, right)
    assert (along[0], abs(along[1] - seat)) == (row, 1)
    assert abs(across[0] - row) == 1
    assert {left[0], up[0]} == {row}


def test_a_companion_without_an_access_ticket_is_refused_at_once(page: Page, system: System) -> None:
    open_match(page, system)
    page.get_by_role("button", name="Browse blocks").click()
    page.locator("#block-105").click()
    page.get_by_role("button", name=re.compile(r"^Row 12 ")).click()
    page.get_by_role("button", name=re.compile(r"^Seat \d+$")).first.click()
    page.get_by_label(re.compile("^Ticket type for Row 12")).select_option("companion")
    expect(page.get_by_text("Companion tickets need an accessible ticket in the same order.")).to_be_visible()
    expect(page.get_by_role("button", name="Reserve", exact=True)).to_be_disabled()
    select = page.get_by_label(re.compile("^Ticket type for Row 12"))
    assert select.evaluate("one => one.scrollWidth <= one.clientWidth")
    select.select_option("full")
    expect(page.get_by_role("button", name="Reserve", exact=True)).to_be_enabled()


def test_tapping_a_standing_area_scrolls_to_its_form(phone: Page, system: System) -> None:
    phone.goto(f"/events/{system.event('concert')}")
    phone.locator("[data-block='PEL']").tap()
    where = phone.get_by_label("Where?")
    expect(where).to_be_focused()
    expect(where).to_have_value("PEL")
    expect(phone.get_by_role("button", name=re.compile("^Best seats"))).to_be_in_viewport()


def test_a_match_in_progress_is_live_at_home(page: Page, system: System) -> None:
    def playing(route: Route) -> None:
        answer = route.fetch()
        board = answer.json()
        match = next(one for one in board["events"] if one["id"] == system.event("match"))
        match |= {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2999-01-01T00:00:00Z"}
        route.fulfill(response=answer, json=board | {"events": [match]})  # other tests have matches of their own

    page.route("**/api/events", playing)
    page.goto("/")
    expect(page.get_by_text("Live now")).to_be_visible()
    expect(page.get_by_text("Tonight")).to_have_count(0)


def test_pressing_pay_three_times_makes_one_payment(page: Page, system: System, sign_in: SignIn, address: str) -> None:
    open_match(page, system)
    find_two_seats(page)
    sign_in(page, address)
    expect(page.get_by_role("button", name="Pay €")).to_be_visible()
    [order] = page.evaluate("fetch('/api/me/orders').then(answer => answer.json())")
    press = """async order => {
        const pages = await fetch('/api/pages').then(answer => answer.json());
        const terms = pages.find(page => page.kind === 'terms').id;
        return Promise.all([1, 2, 3].map(() => fetch(`/api/orders/${order}/payment`, {
            method: 'POST', headers: {'content-type': 'application/json'},
            body: JSON.stringify({payment_id: crypto.randomUUID(), terms})}).then(answer => answer.json())));
    }"""
    urls = {answer["payment_url"] for answer in page.evaluate(press, order["id"])}
    assert len(urls) == 1
    page.goto(f"/orders/{order['id']}?payment=x")
    expect(page.get_by_text("Please don’t pay again")).to_be_visible()
    expect(page.get_by_role("button", name="Continue to payment")).to_have_count(0)
    page.goto(f"/orders/{order['id']}")
    page.route("**/payment", Refusing(409, "provider_unavailable", times=1))
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_text("The payment service")).to_be_visible()
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_label("Card number")).to_be_visible()
    assert page.url.split("?")[0] in {url.split("?")[0] for url in urls}


def test_a_basket_waits_for_a_busy_payment_service_and_pays_by_itself(
    page: Page, system: System, sign_in: SignIn, address: str
) -> None:
    open_match(page, system)
    find_two_seats(page)
    sign_in(page, address)
    page.route("**/payment", Refusing(503, "provider_busy", times=4))  # the client repeats a 503 twice by itself
    page.get_by_role("button", name="Pay €").click()
    expect(page.get_by_text("You are in the queue to pay")).to_be_visible()
    expect(page.get_by_text("Your seats are reserved")).to_be_visible()
    assert found_by_axe(page) == []
    expect(page.get_by_label("Card number")).to_be_visible()


def test_the_order_page_shows_the_refund_of_late_money(
    page: Page, system: System, sign_in: SignIn, address: str
) -> None:
    open_match(page, system)
    find_two_seats(page)
    sign_in(page, address)
    [order] = page.evaluate("fetch('/api/me/orders').then(answer => answer.json())")
    page.get_by_role("button", name="Pay €").click()
    expect(page.get_by_label("Card number")).to_be_visible()
    headers = {"origin": system.url, "sec-fetch-site": "same-origin"}
    assert page.context.request.delete(f"{system.url}/api/orders/{order['id']}", headers=headers).status == 204
    by_card(page, ACCEPTED)
    expect(page.get_by_role("heading", name="This order was released")).to_be_visible()
    expect(page.get_by_text(re.compile("^We’re returning €.* to you$"))).to_be_visible()
    assert found_by_axe(page) == []
    page.goto("/orders")
    expect(page.get_by_role("heading", name="Virage FC v Étoile du Nord")).to_be_visible()
    expect(page.get_by_text(re.compile("^We’re returning €.* to you$"))).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/events/{match}", "/basket", "/orders", "/tickets"])
def test_screens_of_the_purchase_load_without_layout_shift(
    phone: Page, system: System, sign_in: SignIn, address: str, path: str
) -> None:
    if path in ("/orders", "/tickets"):
        open_match(phone, system)
        find_two_seats(phone)
        sign_in(phone, address)
        pay(phone, ACCEPTED)
        expect(phone.get_by_role("heading", name="See you at the stadium")).to_be_visible()
    phone.add_init_script(
        """globalThis.shifted = 0;
        new PerformanceObserver(list => {
            for (const one of list.getEntries()) if (!one.hadRecentInput) shifted += one.value;
        }).observe({type: 'layout-shift', buffered: true});"""
    )
    phone.goto(path.format(match=system.event("match")))
    phone.wait_for_load_state("networkidle")
    assert phone.evaluate("shifted") < SHIFT_MAX
