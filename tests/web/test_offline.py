"""A ticket opens without server and network, after the browser was closed and opened again."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.web.gate import until
from tests.web.steps import buy_and_open, of_tonights_match
from tests.web.system import FAN, Process, System

SignIn = Callable[[Page, str], None]
Browse = Callable[[], tuple[BrowserContext, Page]]


def test_a_ticket_opens_with_the_server_stopped_and_the_browser_restarted(
    browse: Browse, own_server: tuple[str, Process], system: System, sign_in: SignIn
) -> None:
    _, process = own_server
    context, page = browse()
    page.goto("/sign-in?next=/tickets")
    sign_in(page, FAN)
    of_tonights_match(page).first.click()
    page.get_by_role("button", name="Show the entry code on this phone").click()
    expect(page.get_by_role("img", name="Entry code of this ticket")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    address = page.url
    context.close()

    system.stop(process)
    context, page = browse()
    page.clock.install()
    page.goto(address)
    code = page.locator("[data-code] path")
    expect(code).to_be_visible()
    expect(page.get_by_text("Works offline")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Virage FC v Étoile du Nord")
    first = code.get_attribute("d")
    page.clock.fast_forward(31_000)
    expect(code).not_to_have_attribute("d", first or "")
    page.get_by_role("link", name="My tickets").first.click()
    expect(of_tonights_match(page)).to_have_count(2)
    expect(page.get_by_text("You are offline", exact=False).first).to_be_visible()
    context.close()


@pytest.mark.browser_context_args(service_workers="allow")
def test_a_page_that_loaded_past_the_service_worker_is_controlled_by_it_all_the_same(page: Page) -> None:
    page.goto("/")
    until(page, "() => navigator.serviceWorker.controller !== null")
    page.evaluate("window.loaded = 'before'")
    with page.expect_event("load"):
        page.context.new_cdp_session(page).send("Page.reload", {"ignoreCache": True})
    assert page.evaluate("window.loaded") is None
    until(page, "() => navigator.serviceWorker.controller !== null")


KEPT = """async () => {
    await navigator.serviceWorker.ready;
    const texts = {};
    for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) texts[request.url] = await (await cache.match(request)).text();
    }
    return texts;
}"""
LOADED = "performance.getEntriesByType('resource').map(entry => entry.name).filter(name => name.includes('/assets/'))"


@pytest.mark.browser_context_args(service_workers="allow")
def test_a_fans_phone_fetches_nothing_of_the_office_until_it_is_opened(page: Page, system: System) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    page.goto("/")
    expect(page.locator("#first-event")).to_be_visible()
    kept = page.evaluate(KEPT)
    first = set(asked)
    assert {f"{system.url}/index.html"} < set(kept)
    assert not [url for url, text in kept.items() if "/api/office" in text or ".office ." in text]
    page.goto("/office")
    expect(page.get_by_role("heading", name="Office", level=1)).to_be_visible()
    office = set(page.evaluate(LOADED)) - set(kept)
    assert any(url.endswith(".js") for url in office)
    assert any(url.endswith(".css") for url in office)
    assert not office & first
    assert set(page.evaluate(KEPT)) == set(kept)


@pytest.mark.browser_context_args(service_workers="allow")
def test_a_phone_caches_the_messages_of_the_languages_of_the_deployment_only(page: Page) -> None:
    page.goto("/")
    assert set(re.findall("/messages/([^/]+)/", " ".join(page.evaluate(KEPT)))) == {"fr", "en"}


def test_a_ticket_moves_to_another_browser_by_a_code_and_the_first_one_shows_it(
    page: Page, system: System, sign_in: SignIn, address: str
) -> None:
    buy_and_open(page, system, lambda on: sign_in(on, address))
    page.get_by_role("button", name="Show the entry code on this phone").click()
    expect(page.get_by_role("img", name="Entry code of this ticket")).to_be_visible()
    ticket = page.url

    other = page.context.browser.new_context(base_url=system.url, locale="en-GB").new_page()  # type: ignore[union-attr]  # launched
    other.goto("/sign-in?next=" + ticket.removeprefix(system.url))
    earlier = system.code_for(address)
    other.get_by_label("Email address").fill(address)
    other.get_by_role("button", name="Send me a code").click()
    code = system.code_for(address, besides=earlier)
    other.get_by_label("Sign-in code").fill(code)
    other.get_by_role("button", name="Sign in", exact=True).click()
    other.get_by_role("button", name="Move it to this phone").click()
    other.get_by_label("Code from the email").fill(system.code_for(address, besides=code))
    other.get_by_role("button", name="Move ticket").click()
    expect(other.get_by_role("img", name="Entry code of this ticket")).to_be_visible()
    page.reload()
    expect(page.get_by_text("The entry code is on another phone")).to_be_visible()
    other.context.close()


def test_a_ticket_is_printed_and_the_screen_explains_the_consequence(
    page: Page, system: System, sign_in: SignIn, address: str
) -> None:
    buy_and_open(page, system, lambda on: sign_in(on, address))
    page.get_by_role("button", name="Print ticket").click()
    expect(page.get_by_text("Your printed ticket will replace the one on this phone")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Get the printable ticket").click()
    assert Path(saved.value.path()).read_bytes().startswith(b"%PDF")
    expect(page.get_by_text("This ticket has been printed")).to_be_visible()
