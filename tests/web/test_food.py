"""Food by phone: from the seat to the counter, with a kitchen at work; sold out, offline, notified,
refused.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Route, expect

from tests.web import tour_food
from tests.web.food import (
    add,
    demo_on_now,
    emptied,
    enter_kitchen,
    fan_at,
    filled,
    kitchen,
    on_now,
    open_kitchen,
    order,
    untouched_outlet,
)
from tests.web.office import ADMIN, ENGLISH, grant_roles
from tests.web.steps import Refusing
from tests.web.system import FAN, Process, System
from tests.web.test_access import SIZES, SMALL, found_by_axe
from virage.matchday.food.menu.rules.catalogue import Station

SignIn = Callable[[Page, str], None]
Browse = Callable[[], tuple[BrowserContext, Page]]
OUTLET, OTHER = "02", "05"
ORDERS = "**/api/food/orders"


@pytest.fixture
def phone(browser: Browser, system: System) -> Iterator[Page]:
    """A fan's phone."""
    context = browser.new_context(
        base_url=system.url, locale="en-GB", viewport={"width": 390, "height": 844}, has_touch=True
    )
    context.add_init_script(ENGLISH)
    yield context.new_page()
    context.close()


def on_board(cook: Page, column: str) -> None:
    """Expect exactly one order in a column of the kitchen."""
    expect(cook.locator(f"[data-ticket][data-state={column}]")).to_have_count(1)


def test_a_fan_orders_from_the_seat_follows_it_and_picks_it_up_with_the_code(
    browser: Browser, system: System, phone: Page, sign_in: SignIn, address: str
) -> None:
    demo_on_now(system)
    open_kitchen(system, outlet := untouched_outlet(system), delivers=True)
    phone.goto("/sign-in?next=/tickets")
    sign_in(phone, FAN)
    filled(system, FAN, 4000)
    with kitchen(browser, system, outlet, f"cook-{address}") as cook:
        phone.locator("a[href^='/tickets/']").last.click()  # the first one is kept for other phones
        phone.get_by_role("link", name="Order food and drink").click()
        expect(phone.locator("[data-origin]")).to_have_value(re.compile("^ticket:"))
        stand = phone.locator(f"[data-outlet='{outlet}']")
        expect(stand).to_contain_text(re.compile(r"Ready around \d\d:\d\d"))
        expect(stand).to_contain_text(re.compile("minutes?’s? walk|minute’s walk|minutes’ walk"))
        stand.get_by_role("link").click()
        add(phone, "Cola, 40 cl")
        phone.get_by_role("button", name="Choose Hot dog", exact=True).click()
        phone.get_by_role("button", name="Add for").click()
        expect(phone.get_by_text("Choose an option first")).to_be_visible()
        phone.get_by_role("radio", name="Ketchup").check()
        phone.get_by_role("button", name="Add for €6.50").click()
        expect(phone.locator("[data-total]")).to_have_text("€13.00")
        expect(phone.get_by_role("radio", name="Deliver to my seat")).to_be_visible()
        code = order(phone)
        assert re.fullmatch(r"\d{4}", code)
        expect(phone.locator("[data-timing]")).to_have_text(re.compile(r"^Ready around \d\d:\d\d, .+ walk$"))
        on_board(cook, "placed")
        expect(cook.locator("[data-ticket]")).to_contain_text("Ketchup")
        cook.get_by_role("button", name=re.compile("^Accept, order")).click()
        expect(phone.get_by_text("Being prepared").first).to_be_visible()
        expect(phone.get_by_role("button", name="Cancel the order")).to_have_count(0)
        cook.get_by_role("button", name=re.compile("^Ready, order")).click()
        expect(phone.get_by_text("Show this code at the counter.")).to_be_visible()
        cook.get_by_role("button", name=re.compile("^Hand over, order")).click()
        cook.get_by_label("Code on the customer’s phone").fill(f"{(int(code) + 1) % 10_000:04}")
        cook.get_by_role("button", name="Hand over", exact=True).click()
        expect(cook.get_by_text("4 attempts left.")).to_be_visible()
        cook.get_by_label("Code on the customer’s phone").fill(code)
        cook.get_by_role("button", name="Hand over", exact=True).click()
        expect(cook.locator("[data-ticket]")).to_have_count(0)
    expect(phone.get_by_text("Enjoy!").first).to_be_visible()
    phone.get_by_role("button", name="Order again").click()
    expect(phone.locator("[data-total]")).to_have_text("€13.00")


def test_an_order_to_the_seat_is_on_the_runners_list_and_delivered(
    browser: Browser, system: System, phone: Page, sign_in: SignIn, address: str
) -> None:
    demo_on_now(system)
    open_kitchen(system, outlet := untouched_outlet(system), delivers=True)
    phone.goto("/sign-in?next=/food")
    sign_in(phone, FAN)
    filled(system, FAN, 4000)
    phone.goto(f"/food/{outlet}")
    add(phone, "Salted popcorn")
    phone.get_by_role("radio", name="Deliver to my seat").check()
    order(phone)
    expect(phone.get_by_text("Your order code")).to_be_visible()
    expect(phone.get_by_text("pick-up", exact=False)).to_have_count(0)
    expect(phone.locator("[data-timing]")).to_have_text(re.compile(r"^Delivered around \d\d:\d\d$"))
    with kitchen(browser, system, outlet, f"cook-{address}") as cook:
        cook.get_by_role("button", name=re.compile("^Accept, order")).press("Enter")
        cook.get_by_role("button", name=re.compile("^Ready, order")).press("Enter")
        run = cook.locator("[data-run]")
        expect(run).to_contain_text(re.compile("row .+, seat"))
        run.get_by_text("Route").click()
        expect(run.locator(".way li").first).to_be_visible()
        run.get_by_role("button", name=re.compile("^Delivered")).click()
        expect(run).to_have_count(0)
    expect(phone.get_by_text("Delivered to your seat.")).to_be_visible()


def test_a_full_outlet_offers_an_alternative_that_one_tap_orders(system: System, phone: Page, address: str) -> None:
    event = on_now(system, "Full house")
    open_kitchen(system, full := untouched_outlet(system), made={Station.GRILL: 1, Station.BAR: 1})
    open_kitchen(system, OTHER)
    fan_at(phone, system, address, event)
    phone.locator("[data-origin]").select_option("block:104")
    expect(phone.locator(f"[data-outlet='{OTHER}']")).to_contain_text("walk")
    phone.goto(f"/food/{full}")
    add(phone, "Still water, 50 cl")
    for _ in range(29):
        phone.get_by_role("button", name="One more: Still water").press("Enter")
    filled(system, address, 10_000)
    phone.reload()
    phone.get_by_role("button", name="Order and pay").click()
    expect(phone.get_by_text(f"Food stand {full} is full")).to_be_visible()
    next_best = phone.locator(".alternatives li").first
    expect(next_best).to_contain_text(re.compile(r"Ready around \d\d:\d\d, .* walk"))
    take = next_best.get_by_role("button")
    elsewhere = take.inner_text().removeprefix("Order at ")
    take.click()
    expect(phone.locator("[data-pick-up]")).to_be_visible()
    expect(phone.get_by_text(f"Pick up at {elsewhere}")).to_be_visible()
    assert full not in elsewhere


def test_a_lost_answer_is_one_order_and_a_cancelled_one_costs_nothing(
    system: System, phone: Page, address: str
) -> None:
    event = on_now(system, "Lost answer")
    open_kitchen(system, OTHER)
    fan_at(phone, system, address, event, 1200)
    phone.goto(f"/food/{OTHER}")
    add(phone, "Salted popcorn")
    sent: list[str] = []

    def lose_the_first(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "")["id"])
        if len(sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    phone.route(ORDERS, lose_the_first)
    phone.get_by_role("button", name="Order and pay").click()
    expect(phone.get_by_text("you won’t be charged twice")).to_be_visible()
    order(phone)
    assert len(sent) == 2
    assert sent[0] == sent[1]
    phone.get_by_role("button", name="Cancel the order").click()
    phone.get_by_role("dialog").get_by_role("button", name="Cancel the order").click()
    expect(phone.get_by_text("You weren’t charged.")).to_be_visible()
    state = phone.locator(".state")
    expect(state).to_have_text("Cancelled")
    expect(state).to_be_focused()
    expect(state).to_be_in_viewport()
    phone.get_by_role("link", name="Order something else").click()
    add(phone, "Salted popcorn")
    expect(phone.locator("[data-wallet]")).to_contain_text("€12.00")


def test_price_age_limit_and_allergens_are_shown_before_an_order(system: System, phone: Page, address: str) -> None:
    event = on_now(system, "Rules")
    open_kitchen(system, OTHER)
    fan_at(phone, system, address, event, 500)
    emptied(system, OTHER, "compote")
    phone.goto(f"/food/{OTHER}")
    expect(phone.get_by_role("listitem").filter(has_text="Apple purée")).to_contain_text("Sold out")
    expect(phone.get_by_role("button", name="Add Apple purée")).to_have_count(0)
    add(phone, "Lager, 25 cl")
    expect(phone.get_by_text("You need €1.50 more.")).to_be_visible()
    expect(phone.get_by_role("link", name="Top up €1.50 or more")).to_have_attribute("href", "/wallet")
    expect(phone.get_by_role("button", name="Order and pay")).to_be_disabled()
    filled(system, address, 5000)
    phone.reload()
    phone.get_by_role("button", name="Order and pay €6.50").click()
    age = phone.get_by_role("checkbox", name=re.compile("I’m 18 or over"))
    expect(age).to_be_focused()
    expect(age).to_have_accessible_description(re.compile("confirm your age"))
    phone.get_by_text("Allergens and diet").click()
    phone.get_by_role("checkbox", name="Gluten").check()
    expect(phone.get_by_role("heading", name="Lager, 25 cl")).to_have_count(0)
    expect(phone.get_by_text("hidden by your filters")).to_be_visible()
    phone.get_by_role("radio", name="Vegan").check()
    expect(phone.get_by_role("heading", name="Fries", exact=True)).to_be_visible()
    expect(phone.get_by_role("heading", name="Salted popcorn")).to_be_visible()
    phone.get_by_role("button", name="Clear filters").click()
    age.check()
    phone.route(ORDERS, Refusing(409, "outlet_closed", times=1))
    phone.get_by_role("button", name="Order and pay").click()
    expect(phone.get_by_text("isn’t taking orders right now")).to_be_visible()
    order(phone)


def test_without_the_server_the_fan_keeps_the_code_and_the_kitchen_reconnects(
    browser: Browser,
    browse: Browse,
    own_server: tuple[str, Process],
    system: System,
    address: str,
) -> None:
    url, process = own_server
    event = on_now(system, "Offline")
    open_kitchen(system, outlet := untouched_outlet(system))
    context, page = browse()
    fan_at(page, system, address, event)
    page.goto(f"/food/{outlet}")
    add(page, "Salted popcorn")
    code, there = order(page), page.url
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    context.close()
    with kitchen(browser, system, outlet, f"cook-{address}", base_url=url) as cook:
        on_board(cook, "placed")

        system.stop(process)
        expect(cook.get_by_text(re.compile(r"Showing orders as of \d\d:\d\d\."))).to_be_visible()
        on_board(cook, "placed")
        cook.get_by_role("button", name=re.compile("^Accept, order")).click()
        expect(cook.get_by_text("nothing is done twice").last).to_be_visible()
        context, page = browse()
        page.goto(there)
        expect(page.locator("[data-pick-up]")).to_have_text(code)
        expect(page.locator("[data-qr]")).to_be_visible()
        expect(page.get_by_text("Waiting for the kitchen").first).to_be_visible()
        expect(page.get_by_text(re.compile(r"^Updated \w{3} \d+ \w+, \d\d:\d\d$"))).to_be_visible()

        again = system.start("serve", system.env | {"VIRAGE_PORT": url.rpartition(":")[2], "VIRAGE_PUBLIC_URL": url})
        system.wait(url)
        expect(cook.locator("[data-link=live]")).to_be_visible()
        cook.get_by_role("button", name=re.compile("^Accept, order")).click()
        on_board(cook, "accepted")
    context.close()
    system.stop(again)
    system.processes.remove(again)


def registration_of(session: CDPSession, page: Page) -> str:
    """The id by which the browser knows the worker of this page."""
    known: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda update: known.extend(one["registrationId"] for one in update["registrations"] if not one["isDeleted"]),
    )
    session.send("ServiceWorker.enable")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    assert known
    return known[-1]


def test_a_push_reaches_the_worker_is_shown_and_opens_the_order(notifying: BrowserContext, system: System) -> None:
    page = notifying.new_page()
    page.goto("/food")
    session = notifying.new_cdp_session(page)
    registration = registration_of(session, page)
    notification = {
        "kind": "food_ready",
        "title": "Order 7 is ready",
        "body": "Collect it.",
        "order": "0-0",
        "number": 7,
    }
    message = {"origin": system.url, "registrationId": registration, "data": json.dumps(notification)}
    known = "(await navigator.serviceWorker.ready).getNotifications()"
    shown = f"async () => (await {known}).map(n => [n.title, n.body, n.data.path])"
    seen: list[object] = []
    for _ in range(1_000):  # frames; a browser drops messages before its worker is stored
        if seen := page.evaluate(shown):
            break
        session.send("ServiceWorker.deliverPushMessage", message)
        page.evaluate("() => new Promise(requestAnimationFrame)")
    assert seen == [["Order 7 is ready", "Collect it.", "/food/orders/0-0"]]


@pytest.mark.parametrize("look", ["phone light", "desk dark"])
def test_axe_finds_nothing_on_any_screen_of_food_and_kitchen_and_every_target_is_large_enough(
    browser: Browser, system: System, address: str, look: str
) -> None:
    size, theme = look.split()
    settings: dict[str, Any] = {"viewport": SIZES[size], "color_scheme": theme, "has_touch": size == "phone"}
    event = tour_food.evening(system)
    found: list[str] = []
    email = grant_roles(system, f"boss-{size}-{address}", ADMIN)
    with (
        browser.new_context(base_url=system.url, locale="en-GB", reduced_motion="reduce", **settings) as context,
        browser.new_context(base_url=system.url, locale="en-GB", reduced_motion="reduce", **settings) as other,
    ):
        fan, cook = context.new_page(), other.new_page()
        fan.add_init_script(ENGLISH)
        cook.add_init_script(ENGLISH)
        cook.goto("/staff/kitchen")
        enter_kitchen(cook, system, email)
        seen = ((fan, tour_food.for_fans(fan, system, event)), (cook, tour_food.in_kitchen(cook, fan, system, event)))
        for page, screens in seen:
            for screen in screens:
                found += [f"{screen.name}: {fault}" for fault in found_by_axe(page) + page.evaluate(SMALL)]
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found.append(f"{screen.name}: wider than the screen")
    assert not found, "\n".join(found)


def test_the_menu_is_shown_in_french(browser: Browser, system: System) -> None:
    with browser.new_context(base_url=system.url, locale="fr-FR") as context:
        page = context.new_page()
        page.goto(f"/food/{OUTLET}")
        expect(page.get_by_role("heading", name="Frites", exact=True)).to_be_visible()
        expect(page.get_by_text(re.compile(r"^Contient\s: gluten, lait")).first).to_be_visible()
        page.get_by_role("button", name="Ajouter Cola, 40 cl").click()
        expect(page.get_by_role("link", name="Se connecter pour commander")).to_be_visible()
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", name="Fries", exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="Sign in to order")).to_be_visible()
