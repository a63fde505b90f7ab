"""Fans, staff and office have an app each: a link to another app loads its page."""

from collections.abc import Callable

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.web.office import ADMIN, desk, grant_roles
from tests.web.system import Process, System

Browse = Callable[[], tuple[BrowserContext, Page]]


def test_a_link_to_another_app_loads_its_page_and_back_returns(browser: Browser, system: System) -> None:
    with desk(browser, system, grant_roles(system, "apps@virage.example", ADMIN)) as page:
        page.evaluate("window.loaded = 'the office'")
        page.get_by_role("link", name="Kitchen", exact=True).click()
        page.wait_for_url("**/staff/kitchen")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("window.loaded") is None
        page.go_back()
        expect(page.locator(".office .column")).to_be_visible()
        page.get_by_role("link", name="Home").first.click()
        expect(page.locator("#first-event")).to_be_visible()
        assert page.evaluate("window.loaded") != "the office"


def test_a_phone_without_network_says_that_the_office_did_not_load(
    browse: Browse, own_server: tuple[str, Process], system: System
) -> None:
    _, process = own_server
    _, page = browse()
    page.goto("/")
    expect(page.locator("#first-event")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    system.stop(process)
    for address in ("/office", "/staff/gate"):
        page.goto(address)
        expect(page.get_by_role("heading", name="This page did not load")).to_be_visible()
    page.goto("/tickets")
    expect(page.get_by_role("heading", name="My tickets", level=1)).to_be_visible()
