"""A fan's cards in a real browser: the page of a tap, its owner's acts, and a phone that is a card
itself.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, expect

from tests.web.cards import NFC, Held, Till, new_card, shown_proof, weight
from tests.web.food import filled
from tests.web.gate import Phone, until
from tests.web.steps import ACCEPTED, Refusing, by_card
from tests.web.system import Process, System
from tests.web.test_access import SMALL, found_by_axe
from tests.web.tour_cards import by_phone, by_rule, tapped, with_cards
from virage_sandbox.cards import CHALLENGE_CODE, Card, grouped

SignIn = Callable[[Page, str], None]
OwnServer = tuple[str, Process]
MANY = 20
WORN = "(theme) => document.documentElement.dataset.theme === theme"
FIRST_PAGE_MAX_BYTES = 60_000
TAP_PAGE_MAX_BYTES = 66_500
PHONE: ViewportSize = {"width": 390, "height": 844}


def holds(page: Page, euros: str) -> None:
    """Expect the available balance."""
    expect(page.locator("[data-balance]")).to_have_text(f"€{euros}")


def linked(page: Page, system: System, sign_in: SignIn, address: str, cents: int = 2000) -> Held:
    """A card with money that its owner has just linked on the page of its tap, after a sign-in."""
    card = new_card(system, cents)
    page.goto(card.tap())
    sign_in(page, address)
    page.get_by_label("Code printed on the card").fill(card.code)
    page.get_by_role("button", name="Add to my wallet").click()
    expect(page.get_by_text("Card linked")).to_be_visible()
    return card


def test_an_anonymous_card_is_viewed_linked_limited_and_blocked(
    page: Page, system: System, sign_in: SignIn, address: str, page_faults: list[str]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/me/cards" in request.url else None)
    card = new_card(system, 1250)
    page.set_viewport_size(PHONE)
    page.goto(card.tap())
    holds(page, "12.50")
    expect(page).to_have_url(re.compile("/tap$"))
    page.reload()
    holds(page, "12.50")
    page.get_by_label("Email address").wait_for()
    sign_in(page, address)
    code = page.get_by_label("Code printed on the card")
    code.fill("ABC")
    page.get_by_role("button", name="Add to my wallet").click()
    expect(code).to_have_accessible_description(re.compile("Enter the 10 characters printed on the card"))
    code.fill("22222-22222")
    code.press("Enter")
    expect(code).to_have_accessible_description(re.compile("not the code of this card"))
    code.fill(card.code.lower())
    name = page.get_by_label("Card name")
    name.fill("The card of Léa that a parent keeps in the blue bag")
    page.get_by_role("button", name="Add to my wallet").click()
    expect(name).to_have_accessible_description(re.compile("40 characters maximum"))
    expect(name).to_be_focused()
    name.fill("Léa")
    page.get_by_role("button", name="Add to my wallet").click()
    expect(page.get_by_text("Card linked")).to_be_visible()
    expect(page.get_by_role("heading", name="Léa")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Cash top-up")).to_contain_text("+€12.50")
    page.get_by_role("link", name="Card settings").click()
    bounded(page)
    chosen(page, system, address)

    page.get_by_role("button", name="Block this card").click()
    page.get_by_role("dialog").get_by_role("button", name="Block this card").click()
    expect(page.get_by_role("heading", name="This card is blocked")).to_be_focused()
    page.goto(card.tap())
    expect(page.get_by_role("alert")).to_contain_text("You blocked this card. It can’t be used to pay.")
    page.get_by_role("link", name="Card settings").click()
    page.get_by_role("button", name="Unblock this card").click()
    expect(page.get_by_text("Card unblocked")).to_be_visible()
    page.goto(card.tap())
    holds(page, "12.50")
    assert len(asked) < MANY, "no request is repeated in a loop"
    assert not page_faults


def bounded(page: Page) -> None:
    """Set a limit for a day, correct at the second try."""
    limit = page.get_by_label("Maximum per day")
    limit.fill("ten")
    limit.press("Enter")
    expect(limit).to_have_accessible_description(re.compile("Enter an amount"))
    limit.fill("7,50")
    limit.press("Enter")
    expect(page.get_by_text("€0 of €7.50 spent today").first).to_be_visible()


def chosen(page: Page, system: System, address: str) -> None:
    """Choose a PIN after one that is too easy and one mistyped, and confirm the identity."""
    page.get_by_role("button", name="Choose a PIN").click()
    page.get_by_role("textbox", name="PIN", exact=True).fill("111111")
    page.get_by_label("Repeat the PIN").fill("111111")
    page.get_by_role("button", name="Save PIN").click()
    expect(page.get_by_role("textbox", name="PIN", exact=True)).to_have_accessible_description(re.compile("too easy"))
    page.get_by_role("textbox", name="PIN", exact=True).fill("482913")
    page.get_by_label("Repeat the PIN").fill("482914")
    page.get_by_role("button", name="Save PIN").click()
    expect(page.get_by_label("Repeat the PIN")).to_have_accessible_description("The two PINs don’t match")
    page.route("**/pin", Refusing(403, "step_up_required", 1))
    page.get_by_label("Repeat the PIN").fill("482913")
    page.get_by_role("button", name="Save PIN").click()
    sign_in_again(page, system, address)
    expect(page.get_by_text("PIN saved")).to_be_visible()


def sign_in_again(page: Page, system: System, address: str) -> None:
    """Confirm the identity in the dialog that asks for it."""
    dialog = page.get_by_role("dialog")
    earlier = system.last_code(address)
    dialog.get_by_role("button", name="Send me a code").click()
    dialog.get_by_label("Sign-in code").fill(system.code_for(address, besides=earlier))
    dialog.get_by_role("button", name="Sign in", exact=True).click()


def test_refused_taps_have_a_clear_message(page: Page, system: System) -> None:
    card = new_card(system)
    old = card.tap()
    page.goto(card.hidden())
    holds(page, "0.00")
    page.goto(old)
    expect(page.get_by_text("This reading has already been used")).to_be_visible()
    page.goto(card.tap()[:-1] + "!")
    expect(page.get_by_text("We couldn’t verify this card")).to_be_visible()
    expect(page).to_have_url(re.compile("/tap$"))
    fresh = card.tap()
    page.goto(fresh[:-1] + ("0" if fresh[-1] != "0" else "1"))
    expect(page.get_by_text("We couldn’t verify this card")).to_be_visible()
    page.route("**/api/wallet/tap?*", lambda route: route.abort())
    page.goto(fresh)
    expect(page.get_by_text("You’re offline: the balance can’t be shown")).to_be_visible()
    page.unroute("**/api/wallet/tap?*")
    page.get_by_role("button", name="Try again").click()
    holds(page, "0.00")


def test_a_newly_linked_card_shows_the_balance_of_its_wallet(
    page: Page, system: System, sign_in: SignIn, address: str
) -> None:
    page.goto("/sign-in?next=/wallet")
    sign_in(page, address)
    expect(page.locator("[data-balance]")).to_be_visible()
    filled(system, address, 9_950)
    card = new_card(system)
    page.goto(card.tap())
    holds(page, "0.00")
    page.get_by_label("Code printed on the card").fill(card.code)
    page.get_by_role("button", name="Add to my wallet").click()
    expect(page.get_by_text("Card linked")).to_be_visible()
    holds(page, "99.50")


def test_a_card_of_another_person_shows_its_balance_only(
    page: Page, system: System, sign_in: SignIn, address: str
) -> None:
    card = linked(page, system, sign_in, address)
    page.get_by_role("link", name="Account").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.locator("#first-event")).to_be_visible()
    page.goto(card.tap())
    expect(page.get_by_text("This card is linked to a wallet")).to_be_visible()
    sign_in(page, f"other-{address}")
    expect(page.get_by_text("This card is linked to someone else")).to_be_visible()
    expect(page.get_by_label("Code printed on the card")).to_have_count(0)
    expect(page.get_by_role("listitem").filter(has_text="Cash top-up")).to_have_count(0)


def test_a_phone_with_its_own_reader_links_a_card_from_the_wallet(
    page: Page, system: System, sign_in: SignIn, address: str
) -> None:
    page.add_init_script(NFC)
    card = new_card(system, 300)
    page.goto("/sign-in?next=/wallet")
    sign_in(page, address)
    page.get_by_role("link", name="Add a card").click()
    page.get_by_role("button", name="Read a card with this phone").click()
    page.evaluate("hold('https://elsewhere.example/menu')")
    expect(page.get_by_text("This is not one of our cards")).to_be_visible()
    page.evaluate("address => hold(address)", system.url + card.tap())
    page.get_by_label("Code printed on the card").fill(card.code)
    page.get_by_role("button", name="Add to my wallet").click()
    expect(page.get_by_role("heading", name="Card linked")).to_be_focused()
    page.get_by_role("link", name="Back to my wallet").first.click()
    holds(page, "3.00")
    expect(page.locator("[data-card]")).to_contain_text("Ready to pay")


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path, own_server: OwnServer) -> Iterator[Phone]:
    """A fan's phone with a camera, which visits a server of its own and keeps its data across
    restarts.
    """
    phone = Phone(playwright, tmp_path, own_server[0])
    yield phone
    phone.close()


def test_a_phone_pays_at_a_till_online_and_offline(
    phone: Phone, own_server: OwnServer, system: System, sign_in: SignIn, address: str
) -> None:
    url, process = own_server
    till = Till(system)
    asked = till.asks(650)
    phone.show(url + till.address(asked))
    page = phone.start()
    linked(page, system, sign_in, address, 2000)
    page.goto("/wallet/phone")
    page.get_by_role("button", name="Set up this phone").click()
    page.get_by_role("link", name="Scan a till").click()
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.locator("[data-amount]")).to_have_text("€6.50")
    expect(page.get_by_role("heading", name="Food stand 07 requests")).to_be_visible()
    expect(page.get_by_text("In your wallet: €20.00")).to_be_visible()
    page.goto(till.address(asked))
    page.get_by_role("button", name="Pay €6.50").click()
    expect(page.get_by_role("heading", name="The till has received your payment")).to_be_visible()
    said = shown_proof(page)
    page.reload()
    expect(page.locator("[data-proof]")).to_have_attribute("data-proof", said)
    till.books(asked, said)
    expect(page.get_by_role("heading", name="Paid: €6.50")).to_be_visible()
    expect(page.get_by_text("In your wallet: €13.50")).to_be_visible()

    page.goto(till.address(till.asks(1500)))
    expect(page.get_by_text("You’re €1.50 short")).to_be_visible()
    expect(page.get_by_role("button", name="Pay €")).to_have_count(0)
    page.goto(till.address(till.asks(650, datetime.now(UTC) - timedelta(minutes=11))))
    expect(page.get_by_text("This code has expired")).to_be_visible()
    page.goto("/pay#eyJwYXkiOiJtZSJ9")
    expect(page.get_by_text("This is not a till code")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    phone.close()

    system.stop(process)
    alone = till.asks(350)
    page = phone.start()
    page.goto(till.address(alone))
    expect(page.get_by_text("In your wallet: €13.50 when last online")).to_be_visible()
    page.get_by_role("button", name="Pay €3.50").click()
    expect(page.get_by_role("heading", name="Show this code at the till")).to_be_visible()
    till.books(alone, shown_proof(page))


def test_a_top_up_that_needs_the_fan_is_confirmed_by_one_tap_and_automatic_top_up_goes_on(
    page: Page, sign_in: SignIn, address: str
) -> None:
    page.goto("/sign-in?next=/wallet")
    sign_in(page, address)
    page.get_by_role("link", name="Automatic top-up").click()
    page.get_by_role("checkbox", name="I agree that €20 may be charged").check()
    page.get_by_role("button", name="Continue to my bank card").click()
    by_card(page, grouped(Card.CHALLENGE))
    page.get_by_label("Confirmation code").fill(CHALLENGE_CODE)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Automatic top-up is on")).to_be_visible()
    until(page, "async () => (await (await fetch('/api/wallet/auto-top-up')).json()).rule?.state === 'confirm'")
    page.reload()
    expect(page.get_by_role("heading", name="Your bank asks you to confirm")).to_be_visible()
    page.goto("/wallet")
    expect(page.get_by_text("Confirm your top-up of €20")).to_be_visible()
    expect(page.get_by_text("Nothing was charged.")).to_be_visible()
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    page.get_by_role("button", name="Confirm €20").click()
    expect(page.get_by_label("Card number")).to_have_value(grouped(Card.CHALLENGE))
    page.locator("form button.pay").click()
    page.get_by_label("Confirmation code").fill(CHALLENGE_CODE)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("€20.00 added to your wallet")).to_be_visible()
    expect(page.locator("[data-balance]")).to_have_text("€20.00")
    expect(page.get_by_text("Confirm your top-up")).to_have_count(0)
    page.goto("/wallet/automatic")
    expect(page.get_by_role("heading", name="Automatic top-up is on")).to_be_visible()


def test_automatic_top_up_charges_the_saved_card_for_a_low_wallet(
    page: Page, system: System, sign_in: SignIn, address: str
) -> None:
    page.goto("/sign-in?next=/wallet")
    sign_in(page, address)
    page.get_by_role("link", name="Automatic top-up").click()
    page.get_by_label("Daily limit").fill("15")
    to_card = page.get_by_role("button", name="Continue to my bank card")
    to_card.click()
    consent = page.get_by_role("checkbox", name="I agree that €20 may be charged")
    expect(consent).to_have_accessible_description("Tick the box to agree")
    expect(consent).to_be_focused()
    consent.check()
    to_card.click()
    day = page.get_by_label("Daily limit")
    expect(day).to_have_accessible_description(re.compile("Enter at least €20, the amount of one top-up"))
    day.fill("50")
    page.route("**/api/wallet/auto-top-up", Refusing(403, "step_up_required", 1))
    to_card.click()
    sign_in_again(page, system, address)
    expect(page.get_by_label("Card number")).to_be_visible()
    page.unroute("**/api/wallet/auto-top-up")
    page.goto("/wallet/automatic")
    expect(page.get_by_role("heading", name="Add a bank card to finish")).to_be_visible()
    page.get_by_role("button", name="Continue to the card").click()
    by_card(page, ACCEPTED)
    expect(page.get_by_role("heading", name="Automatic top-up is on")).to_be_visible()
    expect(page).to_have_url(re.compile("/wallet/automatic$"))
    expect(page.get_by_text("Bank card: …4242")).to_be_visible()
    topped_up(page)
    page.goto("/wallet/automatic")
    expect(page.get_by_text("Today: €20 of €50")).to_be_visible()
    page.get_by_role("button", name="Change the amounts").click()
    page.get_by_label("Add").fill("15")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("When your balance falls below €10, we’ll add €15 – up to €50 per day.")).to_be_visible()
    page.get_by_role("button", name="Turn off").click()
    page.get_by_role("dialog").get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("Automatic top-up turned off")).to_be_visible()
    expect(to_card).to_be_visible()


def topped_up(page: Page) -> None:
    """Wait until the rule has topped up the wallet: a job requests the money, and the provider
    confirms it.
    """
    until(page, "async () => (await (await fetch('/api/wallet')).json()).available_cents === 2000")
    page.goto("/wallet")
    holds(page, "20.00")
    expect(page.get_by_role("listitem").filter(has_text="Top-up")).to_contain_text("+€20.00")


def test_the_first_page_and_the_page_of_a_tap_stay_small(browser: Browser, system: System) -> None:
    context = browser.new_context(base_url=system.url, locale="en-GB")
    first, names = weight(context.new_page(), "/", "#first-event")
    assert first <= FIRST_PAGE_MAX_BYTES
    assert not names & {"WalletPage", "TapPage", "PayPage", "wallet", "cards", "pay", "Plate"}
    tapped, names = weight(context.new_page(), new_card(system).tap(), "[data-balance]")
    assert tapped <= TAP_PAGE_MAX_BYTES
    assert not names & {"WalletPage", "BalancePage", "wallet", "PayPage", "pay", "qr"}
    context.close()


def test_axe_finds_nothing_on_the_screens_of_cards_in_both_themes_and_languages(
    browser: Browser, system: System, sign_in: SignIn, address: str
) -> None:
    context = browser.new_context(base_url=system.url, locale="en-GB", viewport=PHONE, reduced_motion="reduce")
    page = context.new_page()
    found: dict[str, list[str]] = {}
    for screen in chain(
        tapped(page, system), with_cards(page, system, sign_in, address), by_phone(page, system), by_rule(page)
    ):
        faults = found_by_axe(page) + page.evaluate(SMALL)
        if not page.locator("dialog[open]").count():
            page.emulate_media(color_scheme="dark")
            page.get_by_role("button", name="Français").click()
            page.get_by_role("button", name="English").wait_for()
            page.wait_for_function(WORN, arg="dark")
            faults += found_by_axe(page) + page.evaluate(SMALL)
            page.get_by_role("button", name="English").click()
            page.get_by_role("button", name="Français").wait_for()
            page.emulate_media(color_scheme="light")
            page.wait_for_function(WORN, arg="light")
        if faults:
            found[screen.name] = faults
    assert not found, "\n".join(f"{name}: {fault}" for name, faults in found.items() for fault in faults)
    context.close()
