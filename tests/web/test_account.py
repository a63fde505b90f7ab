"""An account in the browser: its language, its data, its erasure; and the screens of the staff."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import sign_in_with_form
from tests.web.office import grant_roles, in_database, sign_in_long_ago
from tests.web.steps import ACCEPTED, find_two_seats, open_match, pay
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from virage.platform.web.guard import Grant

LOCALE = "select locale from people.person where email = $1"


def test_an_account_with_upcoming_tickets_is_deleted_after_giving_them_up(
    page: Page, system: System, address: str
) -> None:
    open_match(page, system)
    find_two_seats(page)
    sign_in_with_form(page, system, address)
    expect(page.get_by_role("button", name="Pay €")).to_be_focused()
    pay(page, ACCEPTED)
    expect(page.get_by_role("heading", name=re.compile("See you"))).to_be_visible()
    page.goto("/account")
    page.get_by_role("button", name="Delete my account").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("These tickets will stop working")
    expect(dialog).to_contain_text(re.compile("2 tickets for Virage FC .*, "))
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    dialog.get_by_label("Type your email address").fill(address)
    dialog.get_by_role("button", name="Delete my account").click()
    expect(dialog).to_contain_text("Tick the box to give up these tickets")
    dialog.get_by_label("I give up these tickets").check()
    dialog.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Your account has been deleted.")).to_be_visible()
    assert in_database(system, lambda conn: conn.fetchval(LOCALE, address)) is None


def test_staff_see_that_their_roles_must_be_removed_before_deletion(page: Page, system: System, address: str) -> None:
    grant_roles(system, address, (Grant("describer"),))
    page.goto("/sign-in?next=/account")
    sign_in_with_form(page, system, address)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("dialog")).to_contain_text("Ask an administrator to remove them")


def test_an_export_asks_for_a_sign_in_and_is_then_downloaded(page: Page, system: System, address: str) -> None:
    page.goto("/sign-in?next=/account")
    sign_in_with_form(page, system, address)
    expect(page.get_by_role("heading", name="Your data")).to_be_visible()
    sign_in_long_ago(system, address)
    before = system.last_code(address)
    page.get_by_role("button", name="Download my data").click()
    dialog = page.get_by_role("dialog", name="Confirm it’s you")
    dialog.get_by_role("button", name="Send me a code").click()
    dialog.get_by_label("Sign-in code").fill(system.code_for(address, before))
    with page.expect_download() as downloading:
        dialog.get_by_role("button", name="Sign in", exact=True).click()
    assert downloading.value.suggested_filename == "virage.json"
    expect(dialog).not_to_be_visible()


def test_a_sign_in_without_a_kept_cookie_is_explained(page: Page, system: System, address: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(address)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Sign-in code").fill(system.code_for(address))
    page.context.clear_cookies()
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Your browser did not keep the sign-in. Allow cookies")).to_be_visible()
    assert found_by_axe(page) + page.evaluate(SMALL) == []


def test_a_chosen_language_is_stored_in_browser_and_account(browser: Browser, system: System, address: str) -> None:
    grant_roles(system, address, (Grant("finance"),))
    assert in_database(system, lambda conn: conn.fetchval(LOCALE, address)) == "fr"
    context = browser.new_context(base_url=system.url, locale="en-GB")
    page = context.new_page()
    page.goto("/office")
    sign_in_with_form(page, system, address)
    expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
    assert in_database(system, lambda conn: conn.fetchval(LOCALE, address)) == "fr", "no language was chosen"
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", name="Événements", level=1)).to_be_visible()
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
    assert in_database(system, lambda conn: conn.fetchval(LOCALE, address)) == "en"
    context.close()


@pytest.mark.parametrize(
    ("role", "screens"),
    [
        ("steward", ["Gate", "Report and assignments", "My PIN"]),
        ("cashier", ["Till", "Kitchen", "My PIN"]),
        ("kitchen", ["Kitchen"]),
        ("moderator", ["Match desk"]),
        ("describer", ["Audio description"]),
        ("box_office", ["Office"]),
    ],
)
def test_the_staff_page_lists_the_screens_of_each_role(
    browser: Browser, system: System, address: str, role: str, *, screens: list[str]
) -> None:
    grant_roles(system, address, (Grant(role),))
    context = browser.new_context(base_url=system.url, locale="en-GB")
    page = context.new_page()
    page.goto("/staff")
    sign_in_with_form(page, system, address)
    expect(page.get_by_text(f"Signed in as {address}")).to_be_visible()
    assert page.get_by_role("main").get_by_role("link").locator("strong").all_inner_texts() == screens
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="My tickets")).to_have_count(0)
    context.close()


def test_staff_without_office_access_are_sent_to_their_screens(browser: Browser, system: System, address: str) -> None:
    grant_roles(system, address, (Grant("moderator"),))
    context = browser.new_context(base_url=system.url, locale="en-GB")
    page = context.new_page()
    page.goto("/office")
    sign_in_with_form(page, system, address)
    expect(page.get_by_role("heading", name="Your workspace", level=1)).to_be_visible()
    expect(page).to_have_title(re.compile("^Your workspace"))
    page.get_by_role("main").get_by_role("link", name="Match desk").click()
    expect(page).to_have_url(re.compile("/staff/desk$"))
    context.close()


def test_the_staff_page_explains_to_a_fan_why_it_is_empty(
    page: Page, sign_in: Callable[[Page, str], None], address: str
) -> None:
    page.goto("/staff")
    sign_in(page, address)
    expect(page.get_by_text("This account has no staff role")).to_be_visible()


def test_the_office_explains_to_a_fan_that_access_is_missing(page: Page, system: System, address: str) -> None:
    page.goto("/office")
    sign_in_with_form(page, system, address)
    expect(page.get_by_role("heading", name="This account has no role in the office")).to_be_focused()
    expect(page.get_by_role("link", name="Account")).to_be_visible()
    expect(page.get_by_role("link", name="Office", exact=True)).to_have_count(0)
