"""The operator's own pages: linked in the footer of every page, written and published in the
office.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.office import ADMIN, desk, grant_roles
from tests.web.steps import ACCEPTED, find_two_seats, open_match, pay
from tests.web.system import System, fresh
from tests.web.test_access import SIZES, SMALL, found_by_axe

NAMES = {
    "en-GB": ["Terms of sale", "Privacy", "Legal notice", "Accessibility", "Help"],
    "fr-FR": ["Conditions de vente", "Données personnelles", "Mentions légales", "Accessibilité", "Aide"],
}
HOSTILE = """## Where

- <img src=x onerror="document.title='taken'">
- [click](javascript:document.title='taken')
- See [the site](https://example.org) & `a < b`
"""


@pytest.fixture
def office(browser: Browser, system: System, address: str) -> Iterator[Page]:
    """The office's page of texts, for an administrator."""
    with desk(browser, system, grant_roles(system, f"pages-{address}", ADMIN)) as page:
        page.goto("/office/pages")
        expect(page.get_by_role("heading", name="Legal and help", level=1)).to_be_visible()
        yield page


def chosen(page: Page, kind: str, language: str) -> None:
    page.get_by_role("combobox", name="Page").select_option(kind)
    page.get_by_role("combobox", name="Language").select_option(language)
    expect(page.get_by_label("Text", exact=True)).to_be_visible()


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("look", ["phone dark", "desk light"])
def test_the_footer_of_every_page_links_to_the_operators_texts(
    browser: Browser, system: System, locale: str, look: str
) -> None:
    size, theme = look.split()
    settings: dict[str, Any] = {"viewport": SIZES[size], "color_scheme": theme, "has_touch": size == "phone"}
    context = browser.new_context(base_url=system.url, locale=locale, **settings)
    page = context.new_page()
    for name in NAMES[locale]:
        page.goto("/")
        page.get_by_role("contentinfo").get_by_role("link", name=name).click()
        expect(page.locator("article[lang]")).to_contain_text("monstration")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert found_by_axe(page) + page.evaluate(SMALL) == [], name
    context.close()


def test_a_text_published_by_an_administrator_is_public_with_its_version(
    office: Page, page: Page, system: System
) -> None:
    chosen(office, "help", "en")
    publish = office.get_by_role("button", name="Publish", exact=True)
    expect(publish).to_be_disabled()
    title = fresh("Help for visitors")
    office.get_by_label("Title", exact=True).fill(title)
    office.get_by_label("Text", exact=True).fill(HOSTILE)
    expect(office.get_by_role("region", name="Preview")).to_contain_text("See the site & a < b")
    assert found_by_axe(office) + office.evaluate(SMALL) == []
    publish.click()
    expect(office.get_by_text(re.compile(r"Version \d+ published"))).to_be_visible()
    expect(publish).to_be_disabled()

    page.goto("/pages/help")
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    article = page.locator("article")
    expect(article).to_contain_text("<img src=x onerror=")
    expect(article.get_by_role("link", name="the site")).to_have_attribute("href", "https://example.org")
    expect(article.get_by_role("link", name="click")).to_have_count(0)
    expect(article).to_contain_text("a < b")
    assert page.title() != "taken"

    office.get_by_role("link", name="Open version 1").click()
    expect(office.get_by_role("heading", name="Help", level=1)).to_be_visible()


def test_the_second_of_two_editors_sees_the_change_and_keeps_their_text(
    office: Page, browser: Browser, system: System, address: str
) -> None:
    with desk(browser, system, grant_roles(system, f"other-{address}", ADMIN)) as other:
        other.goto("/office/pages")
        for page in (office, other):
            chosen(page, "accessibility", "en")
        first, second = fresh("First text"), fresh("Second text")
        office.get_by_label("Text", exact=True).fill(first)
        office.get_by_role("button", name="Publish", exact=True).click()
        expect(office.get_by_text(re.compile(r"Version \d+ published"))).to_be_visible()
        other.get_by_label("Text", exact=True).fill(second)
        other.get_by_role("button", name="Publish", exact=True).click()
        conflict = other.locator("[data-conflict]")
        expect(conflict.get_by_role("radio", name=f"Your version {second}")).to_be_checked()
        text = other.get_by_role("textbox", name="Text", exact=True)
        expect(text).to_have_value(second)
        conflict.get_by_role("radio", name=f"Their version {first}").check()
        expect(text).to_have_value(first)
        conflict.get_by_role("radio", name=f"Your version {second}").check()
        other.get_by_role("button", name="Publish", exact=True).click()
        expect(other.get_by_text(re.compile(r"Version \d+ published"))).to_be_visible()
    office.reload()
    chosen(office, "accessibility", "en")
    expect(office.get_by_label("Text", exact=True)).to_have_value(second)


def test_an_empty_text_is_not_published_and_leaving_with_changes_asks_first(office: Page) -> None:
    chosen(office, "privacy", "en")
    office.get_by_label("Text", exact=True).fill("  ")
    office.get_by_role("button", name="Publish", exact=True).click()
    expect(office.get_by_text("Enter some text")).to_be_visible()
    office.get_by_role("navigation", name="Office").get_by_role("link", name="Events").click()
    expect(office.get_by_role("dialog")).to_be_visible()


def test_the_basket_links_to_the_terms_and_the_order_stores_the_accepted_version(
    page: Page, system: System, sign_in: Callable[[Page, str], None], address: str
) -> None:
    open_match(page, system)
    find_two_seats(page)
    sign_in(page, address)
    with page.expect_popup() as opened:
        page.locator("main").get_by_role("link", name="Terms of sale").click()
    expect(opened.value.get_by_role("heading", name="Terms of sale", level=1)).to_be_visible()
    opened.value.close()
    pay(page, ACCEPTED)
    page.get_by_role("link", name="Terms of sale you accepted").click()
    expect(page.get_by_role("heading", name="Terms of sale", level=1)).to_be_visible()
    expect(page.get_by_text(re.compile("^Version 1, "))).to_be_visible()
