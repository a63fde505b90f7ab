"""Sign-in while strangers request codes for the same address: the form takes the longer code of the
email.
"""

import re

from playwright.sync_api import Page, expect

from tests.web import http
from tests.web.system import System

LONG_CODE = re.compile(r"\b\d{4} ?\d{4} ?\d{4}\b")


def test_the_owner_of_an_address_signs_in_despite_requests_by_strangers(
    page: Page, system: System, address: str
) -> None:
    for _ in range(6):
        asked = http.post(f"{system.url}/api/sign-in/codes", json={"email": address, "locale": "en"})
        assert asked.status_code < 300
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(address)
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_label("Sign-in code")).to_be_visible()
    page.get_by_label("Sign-in code").fill(system.code_for(address, pattern=LONG_CODE))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Your name")).to_be_visible()
