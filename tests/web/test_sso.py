"""Single sign-on of the staff in a browser, against a certified OpenID provider."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.openid.server import OpenIdServer
from tests.web.office import in_database
from tests.web.passkeys import Authenticator
from tests.web.system import System, fresh, stoppable
from tests.web.test_access import SIZES, SMALL, found_by_axe

BUTTON = "Sign in with Club directory"
AGAIN = "Sign in again with Club directory"
LONG_AGO = """
    update people.session set authenticated_at = authenticated_at - interval '1 hour'
    where person_id = (select id from people.person where email = $1)
"""


class Club(NamedTuple):
    """A web process whose staff signs in through a provider."""

    url: str
    provider: OpenIdServer


@pytest.fixture(scope="module")
def club(system: System) -> Iterator[Club]:
    provider = OpenIdServer()
    with stoppable(system, **provider.variables) as (url, _, _):
        provider.start(url)
        yield Club(url, provider)
        provider.stop()


@pytest.fixture
def context(browser: Browser, club: Club) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=club.url, locale="en-GB", reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def login() -> str:
    return fresh("anna").replace(" ", ".")


def at_provider(page: Page, name: str) -> None:
    """Sign in at the provider, whose page is open."""
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()


def signed_in(page: Page, club: Club, name: str, *groups: str, to: str = "/office") -> str:
    """Sign in through the provider; return the address of the person."""
    email = club.provider.put(name, *groups)
    page.goto(to)
    page.get_by_role("button", name=BUTTON).click()
    at_provider(page, name)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{club.url}{to}")
    return email


def test_staff_sign_in_through_the_provider_and_see_what_their_groups_allow(page: Page, club: Club) -> None:
    signed_in(page, club, login(), "office", to="/office/staff")
    expect(page.get_by_role("heading", name="Staff", exact=True)).to_be_visible()
    role = page.get_by_role("listitem").filter(has_text="from a group of your identity provider").last
    expect(role).to_be_visible()
    expect(role.get_by_role("button")).to_have_count(0)
    assert found_by_axe(page) + page.evaluate(SMALL) == []


@pytest.mark.parametrize("size", SIZES)
def test_the_sign_in_of_the_office_offers_the_provider_first(browser: Browser, club: Club, size: str) -> None:
    settings: dict[str, Any] = {"viewport": SIZES[size]}
    context = browser.new_context(base_url=club.url, locale="en-GB", **settings)
    page = context.new_page()
    page.goto("/office")
    expect(page.get_by_role("button").filter(has_text=BUTTON)).to_be_visible()
    names = page.locator("main button").all_inner_texts()
    assert names.index(BUTTON) < names.index("Send me a code")
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    page.goto("/sign-in")
    expect(page.get_by_role("button", name="Send me a code")).to_be_visible()
    expect(page.get_by_role("button", name=BUTTON)).to_have_count(0)  # fans have no account there
    context.close()


def test_a_code_by_email_does_not_sign_in_who_has_an_account_at_the_provider(
    browser: Browser, page: Page, club: Club, system: System
) -> None:
    email = signed_in(page, club, login(), "gate staff")
    context = browser.new_context(base_url=club.url, locale="en-GB")
    other = context.new_page()
    other.goto("/sign-in")
    other.get_by_label("Email address").fill(email)
    other.get_by_role("button", name="Send me a code").click()
    other.get_by_label("Sign-in code").fill(system.code_for(email))
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.get_by_text("You sign in through your organisation. Use its button.")).to_be_visible()
    expect(other.get_by_role("button", name=BUTTON)).to_be_visible()
    assert found_by_axe(other) == []
    context.close()


def test_an_act_that_needs_a_fresh_sign_in_is_confirmed_at_the_provider_or_by_passkey(
    page: Page, club: Club, system: System
) -> None:
    name = login()
    email = signed_in(page, club, name, "office")
    page.goto("/account")
    in_database(system, lambda conn: conn.execute(LONG_AGO, email))
    authenticator = Authenticator(page)
    page.reload()
    passkeys = page.get_by_role("region", name="Passkeys")
    passkeys.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name=AGAIN).click()
    at_provider(page, name)
    page.wait_for_url(f"{club.url}/account")
    passkeys.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("Passkey added.")).to_be_visible()
    in_database(system, lambda conn: conn.execute(LONG_AGO, email))
    page.reload()
    page.get_by_role("button", name="Make recovery codes").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name=AGAIN)).to_be_visible()
    assert found_by_axe(page) == []
    dialog.get_by_role("button", name="Confirm with a passkey").click()
    expect(page.get_by_role("dialog", name="Recovery codes")).to_be_visible()
    assert len(authenticator.credentials) == 1


def test_a_sign_out_at_the_provider_signs_out_here(page: Page, club: Club) -> None:
    signed_in(page, club, login(), "gate staff", to="/staff")
    page.goto(f"{club.provider.issuer}/session/end")
    with page.expect_response(f"{club.provider.issuer}/session/end/confirm"):
        page.get_by_role("button", name="Yes, sign me out").click()
    page.goto(f"{club.url}/staff")
    expect(page.get_by_role("button", name=BUTTON)).to_be_visible()


def test_a_sign_in_that_comes_to_nothing_says_why(page: Page, club: Club) -> None:
    name = login()
    club.provider.put(name, "choir")
    page.goto("/office")
    page.get_by_role("button", name=BUTTON).click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_text("Your organisation didn’t sign you in. Try again.")).to_be_visible()
    expect(page).to_have_url(f"{club.url}/office")
    page.get_by_role("button", name=BUTTON).click()
    at_provider(page, name)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("none of your groups has a role here")).to_be_visible()
    page.go_back()
    page.go_forward()
    expect(page.get_by_role("button", name=BUTTON)).to_be_visible()
