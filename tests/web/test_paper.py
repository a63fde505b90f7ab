"""A ticket on paper ends the code on the phone; a late request for it needs a fresh sign-in."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.web.office import sign_in_long_ago
from tests.web.steps import buy_and_open
from tests.web.system import System


def test_printing_a_ticket_of_a_phone_needs_a_recent_sign_in(
    page: Page, system: System, sign_in: Callable[[Page, str], None], address: str
) -> None:
    buy_and_open(page, system, lambda on: sign_in(on, address))
    page.get_by_role("button", name="Show the entry code on this phone").click()
    expect(page.get_by_role("img", name="Entry code of this ticket")).to_be_visible()
    sign_in_long_ago(system, address)
    page.get_by_role("button", name="Print ticket").click()
    dialog = page.get_by_role("dialog", name="Print your ticket")
    dialog.get_by_role("button", name="Get the printable ticket").click()
    expect(dialog.get_by_text("Confirm it’s you")).to_be_visible()
    before = system.code_for(address)
    dialog.get_by_role("button", name="Send me a code").click()
    dialog.get_by_label("Sign-in code").fill(system.code_for(address, before))
    with page.expect_download() as saved:
        dialog.get_by_role("button", name="Sign in", exact=True).click()
    assert Path(saved.value.path()).read_bytes().startswith(b"%PDF")
    expect(page.get_by_text("This ticket has been printed")).to_be_visible()
