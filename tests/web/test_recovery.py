"""Recovery of a staff account in the browser, and the sessions of the account page."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.web.conftest import sign_in_with_form
from tests.web.office import ENGLISH, grant_roles, link_in_letter
from tests.web.passkeys import Authenticator
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from tests.web.test_passkeys import add_in_account
from virage.platform.web.guard import Grant

FINANCE = (Grant("finance"),)


@pytest.fixture
def elsewhere(browser: Browser, system: System) -> Iterator[Page]:
    """Another browser."""
    context: BrowserContext = browser.new_context(base_url=system.url, locale="en-GB")
    context.add_init_script(ENGLISH)
    yield context.new_page()
    context.close()


def enter_a_code(page: Page, system: System, email: str) -> None:
    """Request a code and enter it, in the form of the page."""
    before = system.last_code(email)
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Sign-in code").fill(system.code_for(email, before))
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_staff_recover_by_a_recovery_code_and_their_other_session_is_told(
    page: Page, elsewhere: Page, system: System, address: str
) -> None:
    grant_roles(system, address, FINANCE)
    page.goto("/sign-in?next=/account")
    sign_in_with_form(page, system, address)
    add_in_account(page, Authenticator(page))
    page.get_by_role("button", name="Make recovery codes").click()
    shown = page.get_by_role("dialog", name="Your recovery codes")
    expect(shown.get_by_role("listitem")).to_have_count(10)
    codes = shown.get_by_role("listitem").all_inner_texts()
    assert len(set(codes)) == 10
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    shown.get_by_role("button", name="I have stored them").click()
    expect(page.get_by_text("10 codes left.")).to_be_visible()

    elsewhere.goto("/sign-in?next=/account")
    enter_a_code(elsewhere, system, address)
    expect(elsewhere.get_by_text("a code by email lets you in only from")).to_be_visible()
    assert found_by_axe(elsewhere) + elsewhere.evaluate(SMALL) == []

    page.reload()
    notice = page.get_by_text("Someone asked to sign in to your account without your passkey.")
    expect(notice).to_be_visible()
    assert found_by_axe(page) + page.evaluate(SMALL) == []

    elsewhere.get_by_role("button", name="Use a recovery code").click()
    elsewhere.get_by_label("Recovery code").fill(codes[0].lower())
    elsewhere.get_by_role("button", name="Sign in", exact=True).click()
    expect(elsewhere.get_by_text("9 codes left.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("9 codes left.")).to_be_visible()
    expect(notice).not_to_be_visible()


def test_a_recovery_is_cancelled_in_a_session_and_by_the_link_in_the_email(
    page: Page, elsewhere: Page, system: System, address: str
) -> None:
    grant_roles(system, address, FINANCE)
    page.goto("/sign-in?next=/account")
    sign_in_with_form(page, system, address)
    add_in_account(page, Authenticator(page))
    elsewhere.goto("/sign-in")
    enter_a_code(elsewhere, system, address)
    expect(elsewhere.get_by_role("button", name="Use a recovery code")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Cancel the recovery").click()
    expect(page.get_by_text("The recovery is cancelled.")).to_be_visible()
    expect(page.get_by_text("Someone asked to sign in")).not_to_be_visible()

    cancelled = link_in_letter(system, address, containing="/recovery#")
    elsewhere.goto(cancelled)
    elsewhere.get_by_role("button", name="Cancel the recovery").click()
    expect(elsewhere.get_by_text("This recovery is already cancelled or over.")).to_be_visible()

    elsewhere.goto("/sign-in")
    enter_a_code(elsewhere, system, address)
    expect(elsewhere.get_by_role("button", name="Use a recovery code")).to_be_visible()
    elsewhere.goto(link_in_letter(system, address, containing="/recovery#", besides=cancelled))
    assert found_by_axe(elsewhere) + elsewhere.evaluate(SMALL) == []
    elsewhere.get_by_role("button", name="Cancel the recovery").click()
    expect(elsewhere.get_by_text("The recovery is cancelled.")).to_be_visible()


def test_sessions_are_named_and_ended_on_the_account_page(
    page: Page, elsewhere: Page, system: System, address: str, sign_in: Callable[[Page, str], None]
) -> None:
    elsewhere.goto("/sign-in?next=/account")
    sign_in(elsewhere, address)
    page.goto("/sign-in?next=/account")
    sign_in(page, address)
    devices = page.get_by_role("region", name="Your devices")
    expect(devices.get_by_text("Chrome, Linux, This browser")).to_be_visible()
    expect(devices.get_by_text("Signed in")).to_have_count(2)
    devices.get_by_role("button", name="Rename").first.click()
    renaming = page.get_by_role("dialog", name="Rename")
    renaming.get_by_label("Name", exact=True).fill("Box office, window 2")
    renaming.get_by_role("button", name="Save").click()
    expect(devices.get_by_text("Box office, window 2")).to_be_visible()
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    devices.get_by_role("button", name="Sign out all other devices").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out all other devices").click()
    expect(page.get_by_text("All other devices are signed out.")).to_be_visible()
    expect(devices.get_by_role("listitem")).to_have_count(1)
    elsewhere.reload()
    expect(elsewhere.get_by_role("link", name="Sign in").first).to_be_visible()
