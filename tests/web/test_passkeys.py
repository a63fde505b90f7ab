"""Passkeys in a browser: added, offered in the address field, by the button, and to confirm an act
of the staff.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.office import ADMIN, desk, grant_roles, in_database, sign_in_long_ago
from tests.web.passkeys import Authenticator
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe

SignIn = Callable[[Page, str], None]


@pytest.fixture
def authenticator(page: Page) -> Authenticator:
    return Authenticator(page)


def add_in_account(page: Page, authenticator: Authenticator) -> None:
    """Add a passkey on the account page, which is open."""
    page.get_by_role("region", name="Passkeys").get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("Passkey added.")).to_be_visible()
    expect(page.get_by_text("Not used yet")).to_be_visible()
    assert len(authenticator.credentials) == 1


def sign_out(page: Page) -> None:
    page.goto("/account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.locator("[data-signed-in]")).to_have_count(0)


def test_a_fan_adds_a_passkey_and_signs_in_by_the_button(
    page: Page, authenticator: Authenticator, sign_in: SignIn, address: str
) -> None:
    page.goto("/sign-in?next=/account")
    sign_in(page, address)
    add_in_account(page, authenticator)
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    sign_out(page)
    page.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")  # an older browser
    page.goto("/sign-in?next=/account")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Account", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Passkeys").get_by_text("Last used")).to_be_visible()


def test_a_passkey_signs_in_from_the_address_field(
    page: Page, authenticator: Authenticator, sign_in: SignIn, address: str
) -> None:
    page.goto("/sign-in?next=/account")
    sign_in(page, address)
    add_in_account(page, authenticator)
    sign_out(page)
    page.goto("/sign-in?next=/account")
    expect(page.get_by_role("heading", name="Account", exact=True)).to_be_visible()
    expect(page.get_by_text(address).first).to_be_visible()


def test_the_offer_after_a_sign_in_by_code_comes_once(
    page: Page, authenticator: Authenticator, sign_in: SignIn, address: str
) -> None:
    page.goto("/sign-in?next=/tickets")
    sign_in(page, address)
    offer = page.get_by_role("region", name="Add a passkey")
    expect(offer).to_be_visible()
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    offer.get_by_role("button", name="Not now").click()
    expect(offer).not_to_be_visible()
    sign_out(page)
    page.goto("/sign-in?next=/tickets")
    sign_in(page, address)
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    expect(offer).not_to_be_visible()
    assert authenticator.credentials == []


def test_a_passkey_is_renamed_and_removed_after_a_confirmation_by_passkey(
    page: Page, system: System, authenticator: Authenticator, sign_in: SignIn, address: str
) -> None:
    page.goto("/sign-in?next=/account")
    sign_in(page, address)
    add_in_account(page, authenticator)
    passkeys = page.get_by_role("region", name="Passkeys")
    passkeys.get_by_role("button", name="Rename Chrome, Linux").click()
    renaming = page.get_by_role("dialog", name="Rename")
    renaming.get_by_label("Name", exact=True).fill("My laptop")
    renaming.get_by_role("button", name="Save").click()
    expect(page.get_by_text("My laptop")).to_be_visible()
    sign_in_long_ago(system, address)
    page.get_by_role("button", name="Remove My laptop").click()
    page.get_by_role("dialog", name="Remove this passkey?").get_by_role("button", name="Remove").click()
    dialog = page.get_by_role("dialog", name="Confirm it’s you")
    dialog.get_by_role("button", name="Confirm with a passkey").click()
    expect(page.get_by_text("Passkey removed.")).to_be_visible()
    expect(page.get_by_text("My laptop")).not_to_be_visible()


def test_staff_confirm_an_act_by_passkey_in_the_office(browser: Browser, system: System, address: str) -> None:
    grant_roles(system, address, ADMIN)
    with desk(browser, system, address) as page:
        authenticator = Authenticator(page)
        page.goto("/account")
        add_in_account(page, authenticator)
        page.goto("/office/staff")
        page.get_by_label("Email address").fill("new-colleague@example.org")
        sign_in_long_ago(system, address)
        page.get_by_role("button", name="Send the invitation").click()
        dialog = page.get_by_role("dialog", name="Confirm it’s you")
        assert found_by_axe(page) + page.evaluate(SMALL) == []
        dialog.get_by_role("button", name="Confirm with a passkey").click()
        expect(page.get_by_text("The invitation to new-colleague@example.org is on its way.")).to_be_visible()
        used = "select last_used_at is not null from people.passkey order by created_at desc limit 1"
        assert in_database(system, lambda conn: conn.fetchval(used))
