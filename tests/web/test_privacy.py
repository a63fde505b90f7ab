"""The browser connects only to Virage, and the page's own policy is enforced."""

from collections.abc import Callable
from itertools import chain
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

from tests.web.office import ADMIN, desk, grant_roles, in_database
from tests.web.office_tour import ORDER, screens
from tests.web.system import System
from tests.web.tour import before_signing_in, in_wallet, while_buying


def test_only_the_payment_page_contacts_other_hosts(
    page: Page, system: System, sign_in: Callable[[Page, str], None], address: str, page_faults: list[str]
) -> None:
    asked: set[tuple[str, str]] = set()
    page.on("request", lambda request: asked.add((urlsplit(page.url).netloc, request.url)))
    for _ in chain(before_signing_in(page, system), while_buying(page, sign_in, address), in_wallet(page, system)):
        pass
    own, provider = urlsplit(system.url).netloc, urlsplit(system.sandbox_url).netloc
    to_others = {(origin, url) for origin, url in asked if urlsplit(url).netloc not in ("", own)}
    assert {urlsplit(url).netloc for _, url in to_others} == {provider}
    assert all("/pay/" in url or origin == provider for origin, url in to_others)
    assert not page_faults


def test_the_office_loads_nothing_from_other_hosts(browser: Browser, system: System, address: str) -> None:
    with desk(browser, system, grant_roles(system, f"private-{address}", ADMIN)) as page:
        asked: set[str] = set()
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        order = str(in_database(system, lambda conn: conn.fetchval(ORDER)))
        for _ in screens(page, system, order):
            pass
    assert asked == {urlsplit(system.url).netloc}


def test_the_policy_allows_no_inline_script_or_style(page: Page, system: System) -> None:
    answer = page.goto("/")
    policy = (answer.headers if answer else {})["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert system.url not in policy
