"""Purchases through Stripe's hosted page, which a stand-in shows: by card, and by a debit that settles or fails."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.money.payments import stripe_standin
from tests.ports import free_ports
from tests.web import http
from tests.web.conftest import sign_in_with_form
from tests.web.office import CLUB_OFFICE, desk, grant_roles
from tests.web.steps import find_seats, find_two_seats, open_match
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe

ROOT = Path(__file__).parents[2]
SANDBOX = "VIRAGE_SANDBOX_"


@dataclass(frozen=True)
class Club:
    """A server whose payments go to a stand-in of Stripe, and the address of the stand-in."""

    url: str
    standin: str

    def end_debits(self) -> None:
        """Let the banks pay or refuse the debits under way."""
        http.post(f"{self.standin}/debits/end").raise_for_status()


@pytest.fixture
def club(system: System) -> Iterator[Club]:
    port, bank = free_ports(2)
    url = f"http://localhost:{port}"
    command = [sys.executable, "-m", stripe_standin.__name__, str(bank), f"{url}/api/payments/webhooks/stripe"]
    standin = subprocess.Popen(command, cwd=ROOT)  # noqa: S603 - ours
    without = {name: value for name, value in system.env.items() if not name.startswith(SANDBOX)}
    process = system.start(
        "serve",
        without
        | {
            "VIRAGE_PORT": str(port),
            "VIRAGE_PUBLIC_URL": url,
            "VIRAGE_STRIPE_KEY": stripe_standin.KEY,
            "VIRAGE_STRIPE_WEBHOOK_SECRETS": stripe_standin.WEBHOOK_SECRET,
            "VIRAGE_STRIPE_API_URL": f"http://127.0.0.1:{bank}",
            "VIRAGE_STRIPE_SEPA_DEBIT": "1",
        },
    )
    try:
        system.wait(url)
        yield Club(url, f"http://127.0.0.1:{bank}")
    finally:
        system.stop(process)
        system.processes.remove(process)
        standin.terminate()
        standin.wait(20)


def pay_by(page: Page, card: str) -> None:
    page.get_by_label("Card number").fill(card)
    page.get_by_role("button", name="Pay").click()


def test_a_fan_pays_on_stripes_page_and_gets_the_tickets(
    browser: Browser, system: System, club: Club, address: str
) -> None:
    context = browser.new_context(base_url=club.url, locale="en-GB")
    page = context.new_page()
    open_match(page, system)
    find_two_seats(page)
    sign_in_with_form(page, system, address)
    page.get_by_role("button", name="Pay €").click()
    expect(page.get_by_role("heading", name=re.compile(r"^Pay \d+ eur$"))).to_be_visible()
    pay_by(page, stripe_standin.DECLINED)
    expect(page.get_by_text("declined")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("heading", name="Your payment isn’t confirmed yet")).to_be_visible()
    page.get_by_role("button", name="Continue to payment").click()
    pay_by(page, stripe_standin.ACCEPTED)
    expect(page.get_by_role("heading", name="See you at the stadium")).to_be_visible()
    expect(page.get_by_text("2 tickets are yours.")).to_be_visible()
    context.close()


def authorise_debit(page: Page, system: System, address: str, iban: str) -> str:
    """Buy two seats of an event in more than two weeks by a debit; return the path of the order."""
    late = datetime.now(UTC) + timedelta(days=15)
    events = system.get("/api/events")["events"]
    open_late = (one for one in events if datetime.fromisoformat(one["starts_at"]) > late and one["sale"] == "open")
    event = next(one for one in open_late if one["series_id"])  # the tournament of the club
    page.goto(f"/events/{event['id']}")
    find_seats(page, 2)
    sign_in_with_form(page, system, address)
    page.get_by_role("button", name="Pay €").click()
    page.get_by_label("IBAN").fill(iban)
    page.get_by_role("button", name="Authorise debit").click()
    expect(page.get_by_role("heading", name="Your seats are reserved")).to_be_visible()
    return page.url.partition("?")[0]


def test_the_tickets_of_a_debit_come_once_the_bank_has_paid(
    browser: Browser, system: System, club: Club, address: str
) -> None:
    context = browser.new_context(base_url=club.url, locale="en-GB")
    page = context.new_page()
    order = authorise_debit(page, system, address, stripe_standin.PAYS)
    expect(page.get_by_text("usually pays within 5 business days")).to_be_visible()
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    page.goto("/tickets")
    expect(page.get_by_role("heading", name="My tickets")).to_be_visible()
    expect(page.get_by_role("link", name="Open ticket")).to_have_count(0)
    page.goto("/orders")
    expect(page.get_by_text("Reserved, debit under way")).to_be_visible()
    page.goto(order)
    expect(page.get_by_role("heading", name="Your seats are reserved")).to_be_visible()
    code = page.evaluate("fetch('/api/me/orders').then(answer => answer.json())")[0]["code"]
    with desk(browser, system, grant_roles(system, f"counter-{address}", CLUB_OFFICE)) as work:
        work.get_by_role("link", name="Orders").click()
        work.get_by_label("Find an order").fill(code)
        work.get_by_role("button", name="Search", exact=True).click()
        expect(work.get_by_text("Awaiting settlement")).to_be_visible()
        work.get_by_role("link", name=code).click()
        expect(work.get_by_text("Awaiting settlement").first).to_be_visible()
        expect(work.get_by_text("Debit under way", exact=True)).to_be_visible()
    club.end_debits()
    expect(page.get_by_role("heading", name="See you at the stadium")).to_be_visible()
    expect(page.get_by_text("2 tickets are yours.")).to_be_visible()
    context.close()


def test_a_debit_that_the_bank_refuses_frees_the_seats_and_the_fan_is_told(
    browser: Browser, system: System, club: Club, address: str
) -> None:
    context = browser.new_context(base_url=club.url, locale="en-GB")
    page = context.new_page()
    order = authorise_debit(page, system, address, stripe_standin.REFUSES)
    club.end_debits()
    expect(page.get_by_role("heading", name="Your bank refused the debit")).to_be_visible()
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    expect(page.get_by_text("Debit refused by the bank")).to_be_visible()
    page.goto("/orders")
    expect(page.get_by_text("Debit refused")).to_be_visible()
    page.goto(order)
    expect(page.get_by_role("heading", name="Your bank refused the debit")).to_be_visible()
    context.close()


def test_a_fan_gives_up_seats_whose_debit_is_under_way_and_gets_the_money_back(
    browser: Browser, system: System, club: Club, address: str
) -> None:
    context = browser.new_context(base_url=club.url, locale="en-GB")
    page = context.new_page()
    authorise_debit(page, system, address, stripe_standin.PAYS)
    page.get_by_role("button", name="Cancel this order").click()
    page.get_by_role("button", name="Keep my seats").click()
    page.get_by_role("button", name="Cancel this order").click()
    expect(page.get_by_text("Give up your seats?")).to_be_visible()
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    page.get_by_role("button", name="Cancel this order").click()
    expect(page.get_by_role("heading", name="This order was released")).to_be_visible()
    expect(page.get_by_text("was already under way")).to_be_visible()
    club.end_debits()
    expect(page.get_by_text("Your bank paid the debit after your order had ended.")).to_be_visible()
    context.close()
