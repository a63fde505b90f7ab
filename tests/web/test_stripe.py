"""A purchase through Stripe's hosted page, which a stand-in shows: declined, then paid, then a ticket."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.money.payments import stripe_standin
from tests.ports import free_ports
from tests.web.conftest import sign_in_with_form
from tests.web.steps import find_two_seats, open_match
from tests.web.system import System

ROOT = Path(__file__).parents[2]
SANDBOX = "VIRAGE_SANDBOX_"


@pytest.fixture
def club(system: System) -> Iterator[str]:
    """The address of a server whose payments go to a stand-in of Stripe."""
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
        },
    )
    try:
        system.wait(url)
        yield url
    finally:
        system.stop(process)
        system.processes.remove(process)
        standin.terminate()
        standin.wait(20)


def pay_by(page: Page, card: str) -> None:
    page.get_by_label("Card number").fill(card)
    page.get_by_role("button", name="Pay").click()


def test_a_fan_pays_on_stripes_page_and_gets_the_tickets(
    browser: Browser, system: System, club: str, address: str
) -> None:
    context = browser.new_context(base_url=club, locale="en-GB", service_workers="block")
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
