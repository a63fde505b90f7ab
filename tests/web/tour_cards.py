"""The screens of a fan's cards and of a phone that pays: for pictures and for axe."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.web.cards import Till, new_card, shown_proof
from tests.web.steps import ACCEPTED, by_card
from tests.web.system import System
from tests.web.tour import Screen

SignIn = Callable[[Page, str], None]


def tapped(page: Page, system: System) -> Iterator[Screen]:
    """The page of a tap without a sign-in, in English."""
    card = new_card(system, 1850)
    never_shown = card.tap()
    page.goto(card.tap())
    expect(page.get_by_label("Email address")).to_be_visible()
    yield Screen("tap")
    page.goto(never_shown)
    expect(page.get_by_text("This reading has already been used")).to_be_visible()
    yield Screen("tap-used")
    page.goto("/tap?cmac=1")
    expect(page.get_by_text("We couldn’t verify this card")).to_be_visible()
    yield Screen("tap-forged", picture=False)
    page.goto("/wallet/money-back")
    expect(page.get_by_role("heading", name="Get your money back")).to_be_visible()
    yield Screen("money-back")
    till = Till(system)
    page.goto(till.address(till.asks(650)))
    expect(page.get_by_role("heading", name="Sign in to pay")).to_be_visible()
    yield Screen("pay-signed-out", picture=False)


def with_cards(page: Page, system: System, sign_in: SignIn, address: str) -> Iterator[Screen]:
    """From an anonymous card to a wallet with cards, for a fan who signs in on the way."""
    card, child = new_card(system, 1850), new_card(system)
    page.goto(card.tap())
    sign_in(page, address)
    page.get_by_label("Code printed on the card").fill("22222-22222")
    page.get_by_label("Card name").fill("Blue card")
    page.get_by_role("button", name="Add to my wallet").click()
    expect(page.get_by_text("not the code of this card")).to_be_visible()
    yield Screen("card-link", at="#link")
    page.get_by_label("Code printed on the card").fill(card.code)
    page.get_by_role("button", name="Add to my wallet").click()
    expect(page.get_by_text("Recent transactions")).to_be_visible()
    yield Screen("card-linked")
    page.goto(child.tap())
    page.get_by_label("Code printed on the card").fill(child.code)
    page.get_by_label("Card name").fill("Léa")
    page.get_by_role("button", name="Add to my wallet").click()
    page.get_by_role("link", name="Card settings").click()
    page.get_by_label("Maximum per day").fill("15")
    page.get_by_role("button", name="Save limit").click()
    expect(page.get_by_text("Limit set to €15 per day")).to_be_visible()
    page.get_by_role("button", name="Choose a PIN").click()
    yield Screen("card")
    page.get_by_role("button", name="Block this card").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield Screen("card-block")
    page.get_by_role("dialog").get_by_role("button", name="Block this card").click()
    expect(page.get_by_role("heading", name="This card is blocked")).to_be_visible()
    yield Screen("card-blocked", at="#blocking", picture=False)
    page.goto(child.tap())
    expect(page.get_by_role("alert")).to_be_visible()
    yield Screen("tap-blocked")
    page.goto("/wallet/cards/add")
    expect(page.get_by_role("heading", name="Add a card")).to_be_visible()
    yield Screen("card-add")


def by_phone(page: Page, system: System) -> Iterator[Screen]:
    """A phone enabled to pay, which pays, for a signed-in fan with money on cards."""
    till = Till(system)
    page.goto("/wallet/phone")
    on = page.get_by_role("button", name="Set up this phone")
    expect(on).to_be_visible()
    yield Screen("phone-off")
    on.click()
    expect(page.get_by_text("This phone is ready to pay")).to_be_visible()
    yield Screen("phone-on")
    page.goto("/wallet")
    expect(page.locator("[data-card]").first).to_be_visible()
    yield Screen("wallet-cards", at="#my-cards")
    page.goto("/pay")
    expect(page.get_by_role("heading", name="Scan the code on the till")).to_be_visible()
    yield Screen("pay-scan")
    asked = till.asks(950)
    page.goto(till.address(asked))
    expect(page.get_by_text("left after this payment")).to_be_visible()
    yield Screen("pay")
    page.get_by_role("button", name="Pay €9.50").click()
    expect(page.get_by_role("heading", name="The till has received your payment")).to_be_visible()
    yield Screen("pay-waiting")
    till.books(asked, shown_proof(page))
    expect(page.get_by_role("heading", name="Paid: €9.50")).to_be_visible()
    yield Screen("pay-paid")
    page.goto(till.address(till.asks(4200)))
    expect(page.get_by_text("Not enough in your wallet")).to_be_visible()
    yield Screen("pay-short")
    page.goto(till.address(till.asks(950, datetime.now(UTC) - timedelta(hours=1))))
    expect(page.get_by_text("This code has expired")).to_be_visible()
    yield Screen("pay-old", picture=False)
    page.goto(till.address(till.asks(350)))
    expect(page.get_by_role("button", name="Pay €3.50")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="Pay €3.50").click()
    expect(page.get_by_role("heading", name="Show this code at the till")).to_be_visible()
    yield Screen("pay-offline")
    page.context.set_offline(False)


def by_rule(page: Page) -> Iterator[Screen]:
    """An automatic top-up for a signed-in fan: agreed, its card saved at the provider's page."""
    page.goto("/wallet/automatic")
    page.get_by_role("checkbox").check()
    yield Screen("automatic")
    page.get_by_role("button", name="Continue to my bank card").click()
    by_card(page, ACCEPTED)
    expect(page.get_by_role("heading", name="Automatic top-up is on")).to_be_visible()
    yield Screen("automatic-on")
