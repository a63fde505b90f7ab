"""A deployment in yen: the fan's pages, the checkout, the wallet and the office show and read whole yen."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import running, sign_in_with_form
from tests.web.office import CLUB_OFFICE, desk, grant_roles
from tests.web.steps import ACCEPTED, by_card, find_two_seats, open_match
from tests.web.system import System, fresh
from virage.platform.host.postgres import EmbeddedPostgres

DECIMALS = re.compile(r"[¥€]\s?[\d,]*\.\d")


@pytest.fixture(scope="module")
def system(cluster: EmbeddedPostgres) -> Iterator[System]:
    with running(cluster, VIRAGE_CURRENCY="JPY") as system:
        yield system


@pytest.fixture
def page(browser: Browser, system: System) -> Iterator[Page]:
    """A browser that has never seen the club: its first page must know the currency."""
    context = browser.new_context(base_url=system.url, locale="en-GB", viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def in_yen(page: Page) -> None:
    text = page.locator("main").inner_text()
    assert "¥" in text
    assert "€" not in text
    assert not DECIMALS.search(text), text


def test_a_fan_sees_and_pays_whole_yen(page: Page, system: System) -> None:
    page.goto("/")
    cents = next(line["from_cents"] for line in system.get("/api/offers") if line["event_id"] == system.event("match"))
    expect(page.get_by_text(f"¥{cents:,}").first).to_be_visible()
    in_yen(page)
    open_match(page, system)
    find_two_seats(page)
    in_yen(page)
    sign_in_with_form(page, system, f"{fresh('yen').replace(' ', '-')}@example.org")
    total = page.get_by_role("button", name=re.compile(r"^Pay ¥[\d,]+$"))
    expect(total).to_be_visible()
    in_yen(page)
    total.click()
    expect(page.get_by_text("JP¥").first).to_be_visible()
    by_card(page, ACCEPTED)
    expect(page.get_by_role("heading", name="See you at the stadium")).to_be_visible()


def test_a_wallet_takes_an_amount_without_decimals(page: Page, system: System) -> None:
    page.goto("/wallet")
    page.get_by_role("link", name="Sign in to see your wallet").click()
    sign_in_with_form(page, system, f"{fresh('purse').replace(' ', '-')}@example.org")
    expect(page.get_by_role("radio", name="¥2,000")).to_be_visible()
    page.get_by_role("radio", name="Other amount").check(force=True)
    field = page.get_by_label("Your amount")
    expect(field).to_have_attribute("inputmode", "numeric")
    field.fill("12.50")
    page.get_by_role("button", name="Top up", exact=True).click()
    expect(page.get_by_text("Enter an amount such as 1500 or 1250")).to_be_visible()
    field.fill("1200")
    page.get_by_role("button", name="Top up ¥1,200").click()
    by_card(page, ACCEPTED)
    expect(page.locator("[data-balance]")).to_have_text("¥1,200")
    in_yen(page)


def test_the_office_stores_a_typed_price_as_whole_yen(browser: Browser, system: System) -> None:
    event = system.event("match")
    email = grant_roles(system, f"{fresh('office').replace(' ', '-')}@example.org", CLUB_OFFICE)
    with desk(browser, system, email) as page:
        page.goto(f"/office/events/{event}/prices")
        fields = page.get_by_role("group").filter(has=page.get_by_label(re.compile("^Adult"))).first
        adult = fields.get_by_label(re.compile(r"^Adult .*Japanese yen"))
        before = adult.input_value()
        assert re.fullmatch(r"\d+", before)
        adult.fill("12.50")
        page.get_by_role("button", name="Save prices").click()
        expect(page.locator("#faults")).to_contain_text("Enter an amount such as 1250")
        adult.fill("1200")
        fee = page.get_by_label("Booking fee per ticket (¥)")
        fee.fill("120")
        page.get_by_role("button", name="Save prices").click()
        page.get_by_role("button", name="Save anyway").click()
        expect(page.get_by_text("Prices saved.")).to_be_visible()
        page.goto("/office")
        expect(page.locator("main")).to_contain_text("¥")
        in_yen(page)
    offer = system.get(f"/api/events/{event}/offer")
    assert 1200 in [category["prices"]["full"] for category in offer["categories"]]
    assert offer["fee_cents"] == 120
