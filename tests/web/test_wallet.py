"""The fan's wallet on a phone: topped up by card exactly once, shown, and paid out."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.web.cards import new_card
from tests.web.food import filled
from tests.web.office import in_database
from tests.web.steps import ACCEPTED, DECLINED, LATE, Refusing, by_card, top_up
from tests.web.system import Process, System
from tests.web.tour import spend, wallet_of
from virage.money.fiscal.rules.record import stamp
from virage.money.wallet.cards.rules.virtual_cards import Challenge, challenge_bytes
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url

SignIn = Callable[[Page, str], None]
Browse = Callable[[], tuple[BrowserContext, Page]]
TOP_UPS = "**/api/wallet/top-ups"


@pytest.fixture
def wallet(page: Page, sign_in: SignIn, address: str) -> Page:
    """The page of an empty wallet, reached through the sign-in that it asks for."""
    page.goto("/wallet")
    page.get_by_role("link", name="Sign in to see your wallet").click()
    sign_in(page, address)
    expect(page.get_by_text("No transactions yet")).to_be_visible()
    return page


def holds(page: Page, euros: str) -> None:
    """Expect this balance."""
    expect(page.locator("[data-balance]")).to_have_text(f"€{euros}")


def credited(page: Page, euros: str) -> None:
    """Expect a completed top-up."""
    expect(page.get_by_text(f"€{euros} added to your wallet")).to_be_visible()


def payments(system: System, address: str) -> list[Any]:
    """The payments from a fan's card, in cents, each once."""
    return in_database(
        system,
        lambda conn: conn.fetch(
            """select payment.captured_cents from payments.payment
            join wallet_funding.top_up on top_up.payment_id = payment.id
            join wallet_accounts.purse on purse.id = top_up.purse_id
            join people.person on person.id = purse.owner_id
            where person.email = $1 and payment.captured_cents is not null""",
            address,
        ),
    )


def test_a_fan_tops_up_the_wallet_by_card_and_sees_the_balance(wallet: Page, page_faults: list[str]) -> None:
    holds(wallet, "0.00")
    assert wallet.locator("input:not([type=radio])").count() == 0, "no card is ever typed here"
    top_up(wallet, 50, ACCEPTED)
    credited(wallet, "50.00")
    holds(wallet, "50.00")
    expect(wallet.get_by_role("heading", name="Today")).to_be_visible()
    expect(wallet.get_by_role("listitem").filter(has_text="Top-up")).to_contain_text("+€50.00")
    expect(wallet).to_have_url(re.compile("/wallet$"))
    wallet.reload()
    holds(wallet, "50.00")
    expect(wallet.get_by_text("added to your wallet")).to_have_count(0)
    assert not page_faults


def test_a_new_balance_is_announced_to_screen_readers(wallet: Page) -> None:
    top_up(wallet, 20, LATE)
    expect(wallet.get_by_text("Please don’t pay again")).to_be_visible()
    credited(wallet, "20.00")
    expect(wallet.locator("[aria-live=polite]").filter(has_text="In your wallet: €20.00")).to_be_attached()


def test_a_declined_card_is_explained_and_another_one_tops_up(wallet: Page) -> None:
    top_up(wallet, 20, DECLINED)
    expect(wallet.get_by_text("Payment declined")).to_be_visible()
    expect(wallet.get_by_text("You have not been charged. Try again, or use another card.")).to_be_visible()
    top_up(wallet, 20, ACCEPTED)
    credited(wallet, "20.00")
    holds(wallet, "20.00")


def test_insufficient_funds_and_a_cancelled_payment_have_different_messages(wallet: Page) -> None:
    top_up(wallet, 20, "4000 0000 0000 9995")
    expect(wallet.get_by_text("There wasn’t enough money on the card.")).to_be_visible()
    wallet.get_by_role("button", name="Top up €20").click()
    wallet.get_by_role("button", name="Cancel and return to the shop").click()
    expect(wallet.get_by_text("Payment cancelled")).to_be_visible()
    holds(wallet, "0.00")


def test_reloading_during_a_pending_payment_charges_once(wallet: Page, system: System, address: str) -> None:
    top_up(wallet, 20, LATE)
    expect(wallet.get_by_text("Confirming your top-up")).to_be_visible()
    wallet.reload()
    expect(wallet.get_by_text("Confirming your top-up")).to_be_visible()
    expect(wallet.get_by_role("button", name="Top up")).to_have_count(0)
    credited(wallet, "20.00")
    holds(wallet, "20.00")
    assert [tuple(row) for row in payments(system, address)] == [(2000,)]


def test_an_unpaid_top_up_continues_with_the_same_payment(wallet: Page, system: System, address: str) -> None:
    wallet.get_by_role("button", name="Top up €20").click()
    expect(wallet.get_by_label("Card number")).to_be_visible()
    asked = wallet.url
    wallet.goto("/wallet")
    expect(wallet.get_by_text("Your top-up of €20.00 is not finished")).to_be_visible()
    wallet.get_by_role("button", name="Choose another amount").click()
    wallet.get_by_role("radio", name="Other amount").check(force=True)
    wallet.get_by_label("Your amount").fill("3")
    wallet.get_by_role("button", name="Top up €3").click()
    expect(wallet.get_by_text("The minimum amount is")).to_be_visible()
    wallet.get_by_role("radio", name="€20").check(force=True)
    wallet.get_by_role("button", name="Top up €20").click()
    expect(wallet.get_by_label("Card number")).to_be_visible()
    assert wallet.url == asked
    by_card(wallet, ACCEPTED)
    credited(wallet, "20.00")
    assert len(payments(system, address)) == 1


def test_a_request_with_a_lost_answer_is_repeated_with_the_same_ids(wallet: Page, system: System, address: str) -> None:
    asked: list[dict[str, Any]] = []

    def lose_the_first(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or ""))
        if len(asked) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    wallet.route(TOP_UPS, lose_the_first)
    wallet.get_by_role("button", name="Top up €20").click()
    expect(wallet.get_by_text("won’t be charged or refunded twice")).to_be_visible()
    wallet.reload()
    wallet.get_by_role("button", name="Continue to payment").click()
    by_card(wallet, ACCEPTED)
    credited(wallet, "20.00")
    assert asked[0] == asked[1]
    assert len(payments(system, address)) == 1


def test_a_top_up_is_shown_in_the_browser_to_which_the_bank_returns(
    wallet: Page, browser: Browser, system: System, sign_in: SignIn, address: str
) -> None:
    wallet.get_by_role("button", name="Top up €20").click()
    expect(wallet.get_by_label("Card number")).to_be_visible()
    page_of_provider = wallet.url
    other = browser.new_context(base_url=system.url, locale="en-GB").new_page()
    other.goto(page_of_provider)
    by_card(other, ACCEPTED)
    other.get_by_role("link", name="Sign in to see your wallet").click()
    sign_in(other, address)
    credited(other, "20.00")
    wallet.goto("/wallet")
    credited(wallet, "20.00")
    other.context.close()


def test_an_address_of_an_earlier_version_opens_the_current_page(wallet: Page, sign_in: SignIn, address: str) -> None:
    wallet.get_by_role("button", name="Top up €20").click()
    with wallet.expect_request(re.compile(r"/purse\?top_up=")) as returned:
        by_card(wallet, ACCEPTED)
    credited(wallet, "20.00")
    previous = returned.value.url
    assert wallet.request.get(previous, headers={"accept": "text/html"}).status == 200
    wallet.goto(previous)
    credited(wallet, "20.00")
    expect(wallet).to_have_url(re.compile("/wallet$"))
    for path in ("/cards/add?uid=04#code", "/automatic", "/money-back"):
        wallet.goto(f"/purse{path}")
        expect(wallet.get_by_role("heading", level=1)).not_to_have_text("Page not found")
        expect(wallet).to_have_url(re.compile(f"/wallet{re.escape(path)}$"))
    wallet.goto("/office/programs")
    expect(wallet).to_have_url(re.compile("/office/api-clients$"))
    wallet.context.clear_cookies()
    wallet.goto("/sign-in?next=/purse/phone")
    sign_in(wallet, address)
    expect(wallet).to_have_url(re.compile("/wallet/phone$"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter an amount such as 15 or 12.50"),
        ("ten", "Enter an amount such as 15 or 12.50"),
        ("4,99", "The minimum amount is €5."),
        ("150.01", "The maximum amount per top-up is €150."),
    ],
)
def test_an_invalid_amount_is_refused_at_its_field(wallet: Page, typed: str, said: str) -> None:
    wallet.get_by_role("radio", name="Other amount").check(force=True)
    field = wallet.get_by_label("Your amount")
    field.fill(typed)
    field.press("Enter")
    expect(field).to_have_accessible_description(said)
    expect(field).to_be_focused()


def test_a_top_up_above_the_maximum_of_the_wallet_is_refused(wallet: Page, system: System) -> None:
    top_up(wallet, 20, ACCEPTED)
    credited(wallet, "20.00")
    spend(system, wallet_of(wallet), (21_000, "top_up", timedelta()))
    field = wallet.get_by_label("Your amount")
    wallet.get_by_role("radio", name="€50").check(force=True)
    wallet.get_by_role("button", name="Top up €50").click()
    expect(wallet.get_by_role("alert")).to_have_text("You can add up to €20 at the moment.")
    wallet.reload()
    expect(wallet.get_by_role("radio", name="€50")).to_have_count(0)
    spend(system, wallet_of(wallet), (1_999, "top_up", timedelta()))
    wallet.get_by_role("button", name="Top up €20").click()
    expect(wallet.get_by_role("alert")).to_have_text("You can add up to €0.01 at the moment.")
    wallet.reload()
    expect(wallet.get_by_text("Your wallet holds €249.99, the maximum allowed.")).to_be_visible()
    expect(field).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (409, "wallet_frozen", "Your wallet is blocked."),
        (409, "payment_failed", "Your bank did not accept this payment."),
        (503, "provider_unavailable", "The payment service is not responding. You have not been charged"),
    ],
)
def test_refusals_are_explained_in_plain_words(wallet: Page, status: int, code: str, said: str) -> None:
    wallet.route(TOP_UPS, Refusing(status, code, times=3))
    wallet.get_by_role("button", name="Top up €20").click()
    expect(wallet.get_by_role("alert")).to_contain_text(said)


def test_the_balance_is_paid_out_in_two_taps_and_cash_stays_for_a_desk(wallet: Page, system: System) -> None:
    top_up(wallet, 20, ACCEPTED)
    credited(wallet, "20.00")
    spend(system, wallet_of(wallet), (-450, "sale", timedelta()), (700, "top_up", timedelta()))
    wallet.reload()
    holds(wallet, "22.50")
    wallet.get_by_role("button", name="Withdraw €20.00").click()
    dialog = wallet.get_by_role("dialog", name="Withdraw €20.00?")
    expect(dialog).to_contain_text("To your bank cards€20.00")
    expect(dialog).to_contain_text("any card desk in the stadium.€2.50")
    dialog.get_by_role("button", name="Withdraw").click()
    expect(wallet.get_by_text("€20.00 is on its way to your bank cards")).to_be_visible()
    holds(wallet, "2.50")
    expect(wallet.get_by_role("listitem").filter(has_text="Withdrawal to your bank card")).to_contain_text(
        "\N{MINUS SIGN}€20.00"
    )
    expect(wallet.get_by_text("€2.50 wasn’t paid in online by bank card")).to_be_visible()
    expect(wallet.get_by_role("button", name="Withdraw")).to_have_count(0)
    expect(wallet.get_by_role("heading", name="Withdraw your balance")).to_be_focused()


def test_a_payout_with_a_lost_answer_is_repeated_as_the_same_payout(wallet: Page) -> None:
    top_up(wallet, 20, ACCEPTED)
    credited(wallet, "20.00")
    asked: list[dict[str, Any]] = []

    def lose_the_first(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or ""))
        if len(asked) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    wallet.route("**/api/wallet/payouts", lose_the_first)
    for _ in range(2):
        wallet.get_by_role("button", name="Withdraw €20.00").click()
        wallet.get_by_role("button", name="Withdraw", exact=True).click()
        if len(asked) == 1:
            expect(wallet.get_by_text("won’t be charged or refunded twice")).to_be_visible()
    expect(wallet.get_by_text("€20.00 is on its way to your bank cards")).to_be_visible()
    assert asked[0] == asked[1]
    holds(wallet, "0.00")
    expect(wallet.get_by_role("listitem").filter(has_text="Withdrawal to your bank card")).to_have_count(1)


def test_older_transactions_are_loaded_on_request(wallet: Page, system: System) -> None:
    top_up(wallet, 20, ACCEPTED)
    credited(wallet, "20.00")
    spend(system, wallet_of(wallet), *[(10, "top_up", timedelta(days=1, minutes=minute)) for minute in range(60)])
    wallet.reload()
    expect(wallet.get_by_role("listitem").filter(has_text="Top-up")).to_have_count(50)
    wallet.get_by_role("button", name="Show older").click()
    expect(wallet.get_by_role("listitem").filter(has_text="Top-up")).to_have_count(61)
    expect(wallet.get_by_role("button", name="Show older")).to_have_count(0)
    expect(wallet.get_by_role("heading", name="Yesterday")).to_be_visible()


def test_the_wallet_is_shown_in_french(browser: Browser, system: System, address: str) -> None:
    page = browser.new_context(base_url=system.url, locale="fr-FR").new_page()
    page.goto("/wallet")
    page.get_by_role("link", name="Se connecter pour voir ma cagnotte").click()
    page.get_by_label("Adresse e-mail").fill(address)
    page.get_by_role("button", name=re.compile("envoyer un code")).click()
    page.get_by_label("Code de connexion").fill(system.code_for(address))
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.get_by_label("Votre nom").fill("Quelqu’un")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Aucun mouvement pour l’instant")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"^Recharger 20")).click()
    page.get_by_label("Numéro de carte").fill(ACCEPTED)
    page.get_by_label("Expiration").fill("12/34")
    page.get_by_label("Cryptogramme").fill("123")
    page.locator("form button.pay").click()
    expect(page.get_by_text(re.compile("^20,00.€ ajoutés à votre cagnotte$"))).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="My wallet")).to_be_visible()
    expect(page.get_by_text("€20.00 added to your wallet")).to_be_visible()
    page.context.close()


def test_offline_every_page_of_the_wallet_opens_from_the_cache(
    browse: Browse, own_server: tuple[str, Process], system: System, sign_in: SignIn, address: str
) -> None:
    _, process = own_server
    context, page = browse()
    card = new_card(system)
    page.goto(card.tap())
    sign_in(page, address)
    page.get_by_label("Code printed on the card").fill(card.code)
    page.get_by_label("Card name").fill("Blue card")
    page.get_by_role("button", name="Add to my wallet").click()
    expect(page.get_by_text("Card linked")).to_be_visible()
    page.goto("/wallet")
    filled(system, address, 2_000)
    page.goto("/wallet/phone")
    page.get_by_role("button", name="Set up this phone").click()
    expect(page.get_by_text("This phone is ready to pay")).to_be_visible()
    page.goto("/wallet/automatic")
    expect(page.locator("[data-rule=none]")).to_be_attached()
    page.goto("/wallet")
    holds(page, "20.00")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")

    system.stop(process)
    context.set_offline(True)
    page.reload()
    holds(page, "20.00")
    expect(page.locator("[data-card]")).to_contain_text("Blue card")
    page.locator("[data-card]").click()
    expect(page.get_by_role("heading", name="Blue card", level=1)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Blue card", level=1)).to_be_visible()
    page.goto("/wallet/money-back")
    expect(page.get_by_text("€20.00 wasn’t paid in online by bank card")).to_be_visible()
    page.goto("/wallet/automatic")
    expect(page.locator("[data-rule=none]")).to_be_attached()
    page.goto("/wallet/phone")
    page.get_by_role("link", name="Scan a till code").click()
    expect(page.get_by_role("button", name="Scan with the camera")).to_be_visible()
    asked = Challenge(stamp(datetime.now(UTC)), 350, new_id(), "01", new_id())
    page.goto(f"/pay#{base64url(challenge_bytes(asked))}")
    page.get_by_role("button", name="Pay €3.50").click()
    expect(page.get_by_role("heading", name="Show this code at the till")).to_be_visible()
    context.close()


def test_offline_the_last_balance_is_shown_with_its_time_and_actions_are_disabled(
    browse: Browse, own_server: tuple[str, Process], system: System, sign_in: SignIn, address: str
) -> None:
    _, process = own_server
    context, page = browse()
    page.goto("/sign-in?next=/wallet")
    sign_in(page, address)
    top_up(page, 20, ACCEPTED)
    credited(page, "20.00")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    context.close()

    system.stop(process)
    context, page = browse()
    page.goto("/wallet")
    holds(page, "20.00")
    expect(page.get_by_text(re.compile(r"^As of \w{3} \d+ \w+, \d\d:\d\d$"))).to_be_visible()
    reason = "You need a connection to top up or withdraw money."
    expect(page.get_by_text(reason)).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Top-up")).to_contain_text("+€20.00")
    for button in ("Top up €20", "Withdraw €20.00"):
        expect(page.get_by_role("button", name=button)).to_be_disabled()
        expect(page.get_by_role("button", name=button)).to_have_accessible_description(reason)
    context.close()


def test_the_next_person_on_the_browser_sees_nothing_of_the_wallet(wallet: Page, sign_in: SignIn, address: str) -> None:
    top_up(wallet, 20, LATE)
    credited(wallet, "20.00")
    wallet.get_by_role("link", name="Account").click()
    wallet.get_by_role("button", name="Sign out", exact=True).click()
    expect(wallet.locator("#first-event")).to_be_visible()
    wallet.get_by_role("link", name="Wallet", exact=True).click()
    wallet.get_by_role("link", name="Sign in to see your wallet").click()
    wallet.route("**/api/wallet", lambda route: route.abort())
    sign_in(wallet, f"next-{address}")
    expect(wallet.get_by_text("You are offline. Check your connection")).to_be_visible()
    expect(wallet.get_by_text("20.00")).to_have_count(0)


def test_the_wallet_is_topped_up_by_keyboard(wallet: Page) -> None:
    wallet.get_by_role("radio", name="€20").focus()
    wallet.keyboard.press("ArrowRight")
    expect(wallet.get_by_role("radio", name="€50")).to_be_checked()
    wallet.keyboard.press("Tab")
    expect(wallet.get_by_role("button", name="Top up €50")).to_be_focused()
    wallet.keyboard.press("Enter")
    expect(wallet.get_by_label("Card number")).to_be_visible()
