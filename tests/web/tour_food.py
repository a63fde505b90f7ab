"""The screens of ordering by phone and of the kitchen, in the order of one evening: for pictures and for axe."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from playwright.sync_api import Page, expect

from tests.web.conftest import sign_in_with_form
from tests.web.food import add, demo_on_now, filled, open_kitchen, orders, untouched_outlet
from tests.web.office import in_database
from tests.web.system import FAN, System
from tests.web.tour import Screen
from virage.demo.programme import done
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.matchday.food.menu.rules.catalogue import Station
from virage.matchday.food.orders.acts import kitchen as acts
from virage.matchday.food.orders.acts.kitchen import Step
from virage.platform.data.database import Connection
from virage.platform.values.derivation import derive

BUSY = "02"
STANDS = (BUSY, "03", "05", "08", "09", "10")
LATE = """
    update food_orders.food_order set promised_at = placed_at - interval '4 minutes', voucher_cents = 300 where id = $1
"""


def evening(system: System) -> UUID:
    """A running match with its outlets at work; one is closed."""
    event = demo_on_now(system)
    for number, outlet in enumerate(STANDS):
        open_kitchen(system, outlet, delivers=number % 2 == 0, note="")
    open_kitchen(system, "01", open=False)
    return event


def accepted(system: System, outlet: str, order: str, *, ready: bool = False) -> None:
    """The kitchen accepts an order, and makes it."""
    vault = KeyVault(derive(system.env["VIRAGE_SECRET"], PURPOSE))

    async def take(conn: Connection) -> None:
        now = datetime.now(UTC)
        cook = await conn.fetchval("select id from people.person where email = 'admin@example.org'")
        step = Step(outlet, UUID(order), cook)
        done(await acts.accept(conn, vault, step, now))
        if ready:
            late = await conn.fetchval("select interval '10 minutes'")
            done(await acts.ready(conn, step, late, now))

    in_database(system, take)


def for_fans(page: Page, system: System, event: UUID) -> Iterator[Screen]:
    """From the list of stands to the hand-over of the food; the page is in English and starts
    signed out.
    """
    page.goto("/sign-in?next=/food")
    sign_in_with_form(page, system, FAN)
    filled(system, FAN, 9000)
    page.goto(f"/food?event={event}")
    expect(page.locator(f"[data-outlet='{BUSY}']")).to_contain_text("walk")
    yield Screen("food")
    page.goto(f"/food/{BUSY}")
    expect(page.locator("[data-item]").first).to_be_visible()
    yield Screen("food-menu")
    page.get_by_text("Allergens and diet").click()
    page.get_by_role("checkbox", name="Milk").check()
    yield Screen("food-without")
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_role("button", name="Choose Burger meal").click()
    page.get_by_role("radio", name="Vegetarian halloumi burger").check()
    page.get_by_role("button", name="Add for").click()
    expect(page.get_by_text("Choose an option first").first).to_be_visible()
    yield Screen("food-choice")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    add(page, "Lager, 25 cl", "Salted popcorn")
    page.get_by_role("radio", name="Deliver to my seat").check()
    yield Screen("food-basket", at="#basket")
    open_kitchen(system, full := untouched_outlet(system), made={Station.GRILL: 1, Station.BAR: 1})
    page.goto(f"/food/{full}")
    add(page, "Still water, 50 cl")
    for _ in range(17):
        page.get_by_role("button", name="One more: Still water").press("Enter")
    page.get_by_role("button", name="Order and pay").click()
    expect(page.get_by_text("is full")).to_be_visible()
    yield Screen("food-full", at="[data-slot]")
    yield from _ordered(page, system, event)


def _ordered(page: Page, system: System, event: UUID) -> Iterator[Screen]:
    wished = ({"Beer 0.0%, 50 cl": 2, "Salted popcorn": 1}, {"Salted popcorn": 2})
    first, other = orders(page, event, BUSY, *wished)
    page.goto(f"/food/orders/{first}")
    expect(page.locator("[data-qr]")).to_be_visible()
    yield Screen("food-placed")
    accepted(system, BUSY, first, ready=True)
    expect(page.get_by_text("Show this code at the counter.")).to_be_visible()
    yield Screen("food-ready")
    page.context.set_offline(True)
    expect(page.get_by_text("Updated")).to_be_visible()
    yield Screen("food-offline")
    page.context.set_offline(False)
    accepted(system, BUSY, other)
    in_database(system, lambda conn: conn.execute(LATE, UUID(other)))
    page.goto(f"/food/orders/{other}")
    expect(page.get_by_text("for the delay")).to_be_visible()
    yield Screen("food-late")


def in_kitchen(page: Page, fan: Page, system: System, event: UUID) -> Iterator[Screen]:
    """A busy kitchen: `page` is signed in as an administrator, `fan` as the fan with a ticket."""
    seat = fan.request.get("/api/me/tickets").json()[0]["place"]
    filled(system, FAN, 20_000)
    page.goto("/staff/kitchen")
    expect(page.get_by_role("heading", name="Choose an outlet")).to_be_visible()
    yield Screen("kitchen-choose")
    plain = [{"Cola, 40 cl": 2, "Salted popcorn": 1}, {"Falafel and hummus wrap": 2, "Still water, 50 cl": 2}]
    new = orders(fan, event, BUSY, *plain, {"Lager, 25 cl": 3}, {"Salted popcorn": 2}, age_confirmed=True)
    brought = orders(fan, event, BUSY, {"Still water, 50 cl": 2, "Salted popcorn": 1}, deliver_to=seat)
    accepted(system, BUSY, new[1])
    accepted(system, BUSY, new[3], ready=True)
    accepted(system, BUSY, brought[0], ready=True)
    in_database(system, lambda conn: conn.execute(LATE, UUID(new[1])))
    page.get_by_role("button", name=f"Outlet {BUSY}").first.click()  # that of the first venue
    expect(page.locator("[data-run]")).to_be_visible()
    yield Screen("kitchen")
    yield Screen("kitchen-runs", at="[data-run]")
    page.get_by_role("button", name=re.compile("^Hand over, order")).last.click()
    page.get_by_role("dialog").get_by_role("button", name="Hand over", exact=True).click()
    expect(page.get_by_text("Enter the customer’s four-digit code")).to_be_visible()
    yield Screen("kitchen-code")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Decline, order")).first.click()
    yield Screen("kitchen-decline")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Capacity").click()
    yield Screen("kitchen-capacity")
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    expect(page.get_by_text("Connection lost").first).to_be_visible()
    yield Screen("kitchen-lost")
    page.context.set_offline(False)
