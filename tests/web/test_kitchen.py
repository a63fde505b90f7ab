"""The kitchen's screen: its outlet, its tickets by station and age, scanned codes, its capacity."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.food import fan_at, kitchen, on_now, open_kitchen, orders, untouched_outlet
from tests.web.gate import type_code
from tests.web.office import ENGLISH, desk, grant_roles, in_database
from tests.web.system import System
from virage.demo.concessions import shops
from virage.platform.web.guard import Grant

SPOKEN = "select outlet from food_orders.kitchen"
TONES = """() => {
    window.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); };
}"""


class Evening(NamedTuple):
    """A running match, and an outlet that takes orders and has none yet."""

    event: UUID
    outlet: str


@pytest.fixture
def evening(system: System) -> Evening:
    """An evening in the kitchen."""
    open_kitchen(system, outlet := untouched_outlet(system))
    return Evening(on_now(system, "An evening in the kitchen"), outlet)


@pytest.fixture
def silent(system: System) -> str:
    """An outlet without a kitchen capacity: a shop."""
    said = {row["outlet"] for row in in_database(system, lambda conn: conn.fetch(SPOKEN))}
    return next(code for code in shops() if code not in said)


@pytest.fixture
def fan(browser: Browser, system: System, evening: Evening, address: str) -> Iterator[Page]:
    """A signed-in fan with money, at the list of outlets."""
    context = browser.new_context(base_url=system.url, locale="en-GB")
    context.add_init_script(ENGLISH)
    page = context.new_page()
    fan_at(page, system, address, evening.event, 20_000)
    yield page
    context.close()


def test_a_new_order_is_announced_sorted_by_station_processed_by_keyboard_and_handed_over_by_a_scan(
    browser: Browser, system: System, evening: Evening, fan: Page, address: str
) -> None:
    with kitchen(browser, system, evening.outlet, f"cook-{address}") as cook:
        cook.evaluate(TONES)
        expect(cook.get_by_text("No new orders")).to_be_visible()
        cook.mouse.click(5, 5)
        water, fries = {"Still water, 50 cl": 2}, {"Falafel and hummus wrap": 1, "Still water, 50 cl": 1}
        first, second = orders(fan, *evening, water, fries)
        expect(cook.locator("[data-ticket]")).to_have_count(2)
        cook.wait_for_function("window.tones >= 2")
        expect(cook.get_by_text("2 new orders")).to_be_attached()
        cook.get_by_role("radio", name="Cold").check(force=True)
        expect(cook.locator("[data-ticket]")).to_have_count(1)
        expect(cook.locator("[data-ticket]")).to_contain_text("and 1 line at other stations")
        cook.get_by_role("radio", name="All stations").check(force=True)
        cook.get_by_role("button", name=re.compile("^Accept, order")).first.focus()
        cook.keyboard.press("ArrowDown")
        expect(cook.locator(f"[data-ticket='{second}'] [data-main]")).to_be_focused()
        cook.keyboard.press("Enter")
        expect(cook.locator(f"[data-ticket='{second}']")).to_have_attribute("data-state", "accepted")
        for name in ("Accept", "Ready"):
            cook.locator(f"[data-ticket='{first}']").get_by_role("button", name=re.compile(f"^{name}, order")).click()
        expect(cook.locator(f"[data-ticket='{first}']")).to_have_attribute("data-state", "ready")
        fan.goto(f"/food/orders/{first}")
        code = fan.locator("[data-pick-up]").inner_text()
        type_code(cook, f"virage:food:{second}:{code}")
        expect(cook.get_by_text("No order ready here has this code.")).to_be_visible()
        type_code(cook, f"virage:food:{first}:{code}")
        expect(cook.get_by_text(re.compile(r"Order \d+ handed over"))).to_be_visible()
        expect(fan.get_by_text("Enjoy!").first).to_be_visible()
    with desk(
        browser, system, grant_roles(system, f"money-{address}", (Grant("finance", "outlet", evening.outlet),))
    ) as page:
        page.goto("/office/food")
        page.get_by_label("Period").select_option("today")
        expect(page.locator("[data-timing]")).to_have_count(1)
        expect(page.locator(f"[data-timing='{evening.outlet}']")).to_contain_text("min early")
        page.get_by_role("link", name="Kitchen").click()
        expect(page.locator(f"[data-ticket='{second}']")).to_have_attribute("data-state", "accepted")


def test_a_declined_order_shows_its_reason_and_beer_needs_an_age_check(
    browser: Browser, system: System, evening: Evening, fan: Page, address: str
) -> None:
    beer, popcorn = orders(fan, *evening, {"Lager, 25 cl": 1}, {"Salted popcorn": 1}, age_confirmed=True)
    with kitchen(browser, system, evening.outlet, f"cook-{address}") as cook:
        cook.locator(f"[data-ticket='{popcorn}']").get_by_role("button", name=re.compile("^Decline")).click()
        cook.get_by_role("radio", name="Item sold out").check()
        cook.get_by_role("dialog").get_by_role("button", name="Decline", exact=True).click()
        expect(cook.locator(f"[data-ticket='{popcorn}']")).to_have_count(0)
        fan.goto(f"/food/orders/{popcorn}")
        expect(fan.get_by_text("An item was sold out.")).to_be_visible()
        ticket = cook.locator(f"[data-ticket='{beer}']")
        expect(ticket).to_contain_text("Check ID: 18+")
        for name in ("Accept", "Ready", "Hand over"):
            ticket.get_by_role("button", name=re.compile(f"^{name}, order")).click()
        fan.goto(f"/food/orders/{beer}")
        cook.get_by_label("Code on the customer’s phone").fill(fan.locator("[data-pick-up]").inner_text())
        give = cook.get_by_role("dialog").get_by_role("button", name="Hand over", exact=True)
        give.click()
        expect(cook.get_by_text("Check the customer’s ID")).to_be_visible()
        cook.get_by_role("checkbox", name=re.compile("ID checked")).check()
        give.click()
        expect(ticket).to_have_count(0)


def test_the_capacity_of_a_kitchen_determines_the_times_offered(
    browser: Browser, system: System, silent: str, fan: Page, address: str
) -> None:
    offer = fan.locator(f"[data-outlet='{silent}']")
    expect(offer).to_have_count(0)
    with kitchen(browser, system, silent, f"cook-{address}") as cook:
        expect(cook.get_by_text("Orders are paused")).to_be_visible()
        cook.get_by_role("button", name="Capacity").click()
        cook.get_by_role("switch", name=re.compile("Take orders")).check()
        cook.get_by_role("switch", name=re.compile("Deliver to seats")).check()
        for _ in range(3):
            cook.get_by_role("button", name="One more: Bar").click()
        cook.get_by_label("Note to customers").fill("Left of the stairs")
        cook.get_by_role("button", name="Save").click()
        expect(cook.get_by_role("dialog")).to_have_count(0)
        fan.reload()
        expect(offer).to_contain_text("Delivers to your seat")
        expect(offer).to_contain_text("Left of the stairs")
        cook.get_by_role("button", name="Capacity").click()
        cook.get_by_role("switch", name=re.compile("Take orders")).uncheck()
        cook.get_by_role("button", name="Save").click()
        cook.route("**/capacity", lambda route: route.abort())
        cook.get_by_role("button", name="Resume orders").click()
        expect(cook.get_by_text("No response. Tap again once you’re back online")).to_be_visible()
        fan.reload()
        fan.get_by_text("Closed for orders").click()
        expect(offer).to_contain_text("isn’t taking orders right now")


def test_staff_of_several_outlets_choose_one_and_without_any_get_a_message(
    browser: Browser, system: System, evening: Evening, address: str
) -> None:
    for email, grant in ((f"boss-{address}", Grant("admin")), (f"none-{address}", Grant("steward"))):
        grant_roles(system, email, (grant,))
        with browser.new_context(base_url=system.url, locale="fr-FR") as context:
            page = context.new_page()
            page.goto("/staff/kitchen")
            page.get_by_label("Adresse e-mail").fill(email)
            page.get_by_role("button", name=re.compile("envoyer un code")).click()
            page.get_by_label("Code de connexion").fill(system.code_for(email))
            page.get_by_role("button", name="Se connecter", exact=True).click()
            if grant.role == "steward":
                expect(page.get_by_role("heading", name="Aucun point de vente attribué")).to_be_visible()
                continue
            own = re.compile(f"^Point de vente {evening.outlet} .*, Parc Olympique Lyonnais$")
            page.get_by_role("button", name=own).click()
            expect(page.get_by_role("heading", name="En préparation")).to_be_visible()
            page.get_by_role("button", name="English").click()
            expect(page.get_by_role("heading", name="In preparation")).to_be_visible()
