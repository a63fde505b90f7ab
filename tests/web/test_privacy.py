"""The browser speaks to Virage alone, and the page's own policy holds."""

from collections.abc import Callable
from itertools import chain
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

from tests.web.house import House
from tests.web.office import ADMIN, desk, hire, in_database
from tests.web.office_tour import ORDER, screens
from tests.web.tour import before_signing_in, in_wallet, while_buying


def test_no_page_but_the_payment_page_speaks_to_anybody_else(
    page: Page, house: House, sign_in: Callable[[Page, str], None], address: str, watched: list[str]
) -> None:
    asked: set[tuple[str, str]] = set()
    page.on("request", lambda request: asked.add((urlsplit(page.url).netloc, request.url)))
    for _ in chain(before_signing_in(page, house), while_buying(page, sign_in, address), in_wallet(page, house)):
        pass
    own, provider = urlsplit(house.url).netloc, urlsplit(house.sandbox_url).netloc
    to_others = {(origin, url) for origin, url in asked if urlsplit(url).netloc not in ("", own)}
    assert {urlsplit(url).netloc for _, url in to_others} == {provider}
    assert all("/pay/" in url or origin == provider for origin, url in to_others)
    assert not watched


def test_the_office_loads_nothing_from_other_hosts(browser: Browser, house: House, address: str) -> None:
    with desk(browser, house, hire(house, f"private-{address}", ADMIN)) as page:
        asked: set[str] = set()
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        order = str(in_database(house, lambda conn: conn.fetchval(ORDER)))
        for _ in screens(page, house, order):
            pass
    assert asked == {urlsplit(house.url).netloc}


def test_the_policy_allows_no_inline_script_or_style(page: Page, house: House) -> None:
    answer = page.goto("/")
    policy = (answer.headers if answer else {})["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert house.url not in policy
