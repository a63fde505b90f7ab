"""Pages in a browser without the features that the oldest ones lack: each has a fallback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.web.gate import Phone
from tests.web.oldest import OLDEST
from tests.web.system import System
from tests.web.till import by_cash, open_till, sold, tap_product

CHOCOLATE = "Hot chocolate"


@pytest.fixture
def tablet(playwright: Playwright, tmp_path: Path, system: System) -> Iterator[Phone]:
    tablet = Phone(playwright, tmp_path, system.url)
    yield tablet
    tablet.close()


def test_the_oldest_browser_proves_the_receipt_of_a_new_till(system: System, tablet: Phone, browser: Browser) -> None:
    page = tablet.start(viewport={"width": 1440, "height": 900})
    open_till(page, system, "Till new")
    tap_product(page, CHOCOLATE)
    by_cash(page)
    address = page.locator("[data-code]").first.get_attribute("data-code") or ""
    sold(page)

    old = browser.new_context(viewport={"width": 360, "height": 740}, locale="en-GB")
    old.add_init_script(OLDEST)
    reader = old.new_page()
    reader.goto(address)
    expect(reader.get_by_text("This receipt is genuine and unchanged")).to_be_visible()
    expect(reader.get_by_role("article")).to_contain_text(CHOCOLATE)
    reader.goto("about:blank")
    reader.goto(address[:-9] + ("A" if address[-9] != "A" else "B") + address[-8:])
    expect(reader.get_by_text("This is not a valid receipt")).to_be_visible()
    old.close()
