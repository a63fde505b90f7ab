"""A phone pays at a till: two real screens that exchange only codes."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.web.cards import shown_proof
from tests.web.conftest import sign_in_with_form
from tests.web.food import filled
from tests.web.gate import Phone, type_code
from tests.web.office import ENGLISH
from tests.web.system import System
from tests.web.till import assert_books_are_right, by_cash, chain, open_till, refused, sold, tap_product
from tests.web.tour import spend, wallet_of
from virage.money.fiscal.rules.record import Kind, TenderKind

CHOCOLATE, CHOCOLATE_CENTS = "Hot chocolate", 350


@pytest.fixture
def selling(browser: Browser, system: System) -> Iterator[tuple[Page, str]]:
    """A till that sells, in a browser context of its own; and its name."""
    context = browser.new_context(base_url=system.url, locale="en-GB", viewport={"width": 1440, "height": 900})
    context.add_init_script(ENGLISH)
    page = context.new_page()
    yield page, open_till(page, system, "Till of phones")
    context.close()


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path, system: System) -> Iterator[Phone]:
    """A fan's phone whose camera reads the code shown to it."""
    phone = Phone(playwright, tmp_path, system.url)
    yield phone
    phone.close()


def asked(till: Page) -> str:
    """Sell a chocolate, to be paid by phone; return the content of the till's code."""
    tap_product(till, CHOCOLATE)
    till.get_by_role("button", name="Pay €").click()
    till.locator("[data-way=virtual_card]").click()
    expect(till.get_by_text("Waiting for the phone… €3.50")).to_be_visible()
    return str(till.locator("[data-challenge]").get_attribute("data-challenge"))


def ready(phone: Phone, system: System, address: str, cents: int) -> Page:
    """The phone of a fan with money in the wallet, enabled to pay."""
    fan = phone.start()
    fan.goto("/sign-in?next=/wallet/phone")
    sign_in_with_form(fan, system, address)
    filled(system, address, cents)
    fan.get_by_role("button", name="Set up this phone").click()
    expect(fan.get_by_text("This phone is ready to pay")).to_be_visible()
    return fan


def yes_without_network(fan: Page) -> str:
    """The fan's proof as the code that the phone shows offline."""
    expect(fan.get_by_role("button", name="Pay €3.50")).to_be_visible()
    fan.context.set_offline(True)
    fan.get_by_role("button", name="Pay €3.50").click()
    expect(fan.get_by_role("heading", name="Show this code at the till")).to_be_visible()
    return shown_proof(fan)


def test_a_phone_pays_at_the_till_and_refusals_are_shown_there(
    selling: tuple[Page, str], phone: Phone, system: System, address: str
) -> None:
    till, name = selling
    phone.show(asked(till))
    fan = ready(phone, system, address, 2_000)
    wallet = wallet_of(fan)
    fan.get_by_role("link", name="Scan a till").click()
    fan.get_by_role("button", name="Scan with the camera").click()
    expect(fan.locator("[data-amount]")).to_have_text("€3.50")
    fan.get_by_role("button", name="Pay €3.50").click()
    by_itself = sold(till)
    expect(fan.get_by_role("heading", name="Paid: €3.50")).to_be_visible()
    expect(fan.get_by_text("In your wallet: €16.50")).to_be_visible()
    fan.goto("/wallet")
    expect(fan.get_by_role("listitem").filter(has_text="Purchase")).to_contain_text("−€3.50")
    expect(fan.get_by_role("listitem").filter(has_text="Purchase")).to_contain_text("Food stand")

    fan.goto(asked(till))
    fan.get_by_role("button", name="Cancel").click()
    expect(fan.get_by_role("heading", name="Payment cancelled")).to_be_visible()
    till.get_by_role("button", name="Other ways to pay").click()
    till.get_by_role("dialog", name="Pay").get_by_role("button", name="Close").click()
    by_cash(till)
    assert sold(till) == by_itself + 1

    fan.goto(asked(till))
    type_code(till, yes_without_network(fan))
    assert sold(till) == by_itself + 2
    fan.context.set_offline(False)
    expect(fan.get_by_role("heading", name="Paid: €3.50")).to_be_visible()

    fan.goto(asked(till))
    expect(fan.get_by_text("In your wallet: €13.00")).to_be_visible()
    spend(system, wallet, (-1_200, "sale", timedelta()))
    type_code(till, yes_without_network(fan))
    expect(till.get_by_text("Not enough in the wallet: €1.00 available.")).to_be_visible()
    refused(till, "insufficient_funds")
    by_cash(till)
    assert sold(till) == by_itself + 3
    fan.context.set_offline(False)
    expect(fan.get_by_role("heading", name="Payment cancelled")).to_be_visible()

    expect(till.locator("[data-backlog='0']")).to_be_visible()
    sales = [record for record in chain(system, name) if record.kind is Kind.SALE]
    assert [[tender.kind for tender in record.tenders] for record in sales] == [
        [TenderKind.VIRTUAL_CARD],
        [TenderKind.CASH],
        [TenderKind.VIRTUAL_CARD],
        [TenderKind.CASH],
    ]
    assert_books_are_right(system)
