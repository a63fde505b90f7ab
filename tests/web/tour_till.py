"""The screens of the till as a cashier sees them: for pictures and for axe."""

from collections.abc import Iterator

from playwright.sync_api import Page, expect

from tests.web.cards import Held, new_card
from tests.web.gate import Phone, settled
from tests.web.system import System
from tests.web.till import (
    cashiers,
    in_menu,
    open_shift,
    pair,
    sign_in,
    sold,
    tap_card,
    tap_product,
)
from tests.web.tour import Screen

CHOCOLATE, COLA, LAGER = "Hot chocolate", "Cola, 40 cl", "Draught lager, 50 cl"


def beginning(page: Page, system: System, name: str) -> Iterator[Screen]:
    """From a new device to an open shift."""
    cashiers(system)
    page.goto("/staff/till")
    expect(page.get_by_role("heading", name="Set up this device as a till")).to_be_visible()
    yield Screen("till-pair")
    pair(page, system, name)
    yield Screen("till-enter")
    sign_in(page)
    page.get_by_role("button", name="Open shift").click()
    expect(page.get_by_label("Opening float")).to_be_visible()
    yield Screen("till-shift-open")
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    open_shift(page)
    yield Screen("till-products")


def selling(page: Page, one: Held) -> Iterator[Screen]:
    """A basket, its age, each way to pay, refusals, a receipt."""
    pay = page.get_by_role("dialog", name="Pay")
    tap_product(page, "Hot dog meal")
    expect(page.get_by_role("dialog", name="Hot dog meal")).to_be_visible()
    yield Screen("till-choices")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    tap_product(page, LAGER)
    expect(page.get_by_role("dialog", name="Is the customer 18 or over?")).to_be_visible()
    yield Screen("till-age")
    page.get_by_role("button", name="ID checked: 18 or over").click()
    tap_product(page, CHOCOLATE)
    yield Screen("till-basket")
    page.get_by_role("button", name="Pay €").click()
    expect(pay).to_be_visible()
    yield Screen("till-pay")
    for way in ("card", "cash", "terminal", "virtual_card"):
        pay.locator(f"[data-way={way}]").click()
        back = pay.get_by_role("button", name="Other ways to pay")
        expect(back).to_be_visible()
        yield Screen(f"till-pay-{way.replace('_', '-')}")
        back.click()
    pay.get_by_role("button", name="Close").click()
    expect(page.locator("dialog", has_text="Total due")).to_have_count(0)  # it is removed, not only hidden
    tap_card(page, one)
    expect(page.locator("[data-refusal=insufficient_funds]")).to_be_visible()
    yield Screen("till-refused")
    pay.locator("[data-way=cash]").click()
    pay.get_by_role("button", name="€20", exact=True).click()
    expect(page.locator("[data-receipt]")).to_be_visible()
    yield Screen("till-receipt")
    sold(page)


def tools(page: Page, phone: Phone) -> Iterator[Screen]:
    """The menu and its dialogs, training, and the offline till."""
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(page.get_by_role("dialog", name="Menu")).to_be_visible()
    yield Screen("till-menu")
    page.get_by_role("dialog").get_by_role("button", name="Refund").click()
    page.locator("[data-sale]").first.click()
    page.get_by_role("button", name="Everything").click()
    page.get_by_label("Reason").select_option(label="Wrong order")
    yield Screen("till-refund")
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    in_menu(page, "Top up a card")
    expect(page.get_by_label("Printed code")).to_be_visible()
    yield Screen("till-desk")
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    in_menu(page, "Shift")
    expect(page.get_by_label("Cash in the drawer")).to_be_visible()
    yield Screen("till-shift")
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    in_menu(page, "Start training")
    yield Screen("till-training")
    in_menu(page, "End training")
    settled(page)
    assert phone.context is not None
    phone.context.set_offline(True)
    tap_product(page, COLA)
    page.get_by_role("button", name="Pay €").click()
    page.locator("[data-way=cash]").click()
    page.get_by_role("button", name="Exact").click()
    sold(page)
    expect(page.locator("[data-state=alone]")).to_be_visible()
    yield Screen("till-alone")
    phone.context.set_offline(False)


def screens(page: Page, phone: Phone, system: System, name: str) -> Iterator[Screen]:
    """All of them, on one till."""
    one = new_card(system, 500)
    yield from beginning(page, system, name)
    yield from selling(page, one)
    yield from tools(page, phone)
