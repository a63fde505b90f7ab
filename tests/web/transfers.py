"""Fans with tickets, and their phones, for tests of transfers."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.web.office import ENGLISH
from tests.web.system import System, fresh, tomorrow
from tests.web.test_moving import emails_to
from tests.web.walk import keep_person, session_of
from virage.app.settings import read
from virage.demo.crowd import Till, purchase
from virage.identity.people import acts as people
from virage.money.payments.handlers import Handlers
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.money.payments.settings import PaymentSettings
from virage.platform.data.database import Database
from virage.platform.web.security import LOOPBACK_COOKIE
from virage.sale.ticketing.acts import paying
from virage.sale.ticketing.api import load_sale
from virage.sale.ticketing.types import BestSeats, Party

PHONE = {"width": 390, "height": 844}
GIVER = "Alex Martin"


def buy_tickets(system: System, email: str, count: int, name: str = GIVER, seats: BestSeats | None = None) -> list[str]:
    """Paid tickets of a fan for tomorrow's match, side by side; their ids, by place. `seats` are other than adults'."""

    async def bought() -> list[str]:
        config, now = read(system.env), datetime.now(UTC)
        settings = config.of(PaymentSettings)
        provider = SandboxProvider(
            system.sandbox_url, settings.sandbox_key, settings.sandbox_webhook_secret, config.currency.code
        )
        plan = tomorrow()[0]
        db = await Database.open(system.database_url, connections_max=2)
        try:
            async with db.transaction() as conn:
                fan_id = await people.ensure_fan(conn, email, name, now, "en")
                sale = await load_sale(conn, plan.event.id)
            assert sale is not None
            till = Till(db, provider, Handlers({paying.PURPOSE: paying.OrderMoney(25_000)}), system.url)
            wanted = purchase(plan, fresh("transfer"), seats or BestSeats(Party(full=count)), fan_id)
            await till.buy(sale, [wanted], now)
            async with db.connection() as conn:
                ids = await conn.fetch(
                    "select id from ticketing.ticket where order_id = $1 order by place", wanted.request.id
                )
            assert len(ids) == count
            return [str(row["id"]) for row in ids]
        finally:
            await provider.close()
            await db.close()

    with ThreadPoolExecutor(1) as aside:  # a browser's event loop runs in this thread
        return aside.submit(asyncio.run, bought()).result()


@contextmanager
def phone(browser: Browser, system: System, email: str = "", url: str = "", **settings: Any) -> Iterator[Page]:
    """A fan's phone, in English; signed in if an address is given. `url` is that of another server."""
    wanted: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "locale": "en-GB"} | settings
    context = browser.new_context(base_url=url or system.url, reduced_motion="reduce", **wanted)
    context.add_init_script(ENGLISH)
    page = context.new_page()
    try:
        if email:
            session = session_of(system, email)
            context.add_cookies([{"name": LOOPBACK_COOKIE, "value": session, "url": url or system.url}])
            keep_person(page)
        yield page
    finally:
        context.close()


def send_by_email(page: Page, ticket: str, address: str) -> None:
    """Offer a ticket to an address, from its page."""
    page.goto(f"/tickets/{ticket}")
    page.get_by_role("button", name="Send to someone").click()
    page.get_by_label("Their email address").fill(address)
    page.get_by_role("button", name="Send 1 ticket by email").click()
    expect(page.get_by_text(f"1 ticket offered to {address}")).to_be_visible()
    page.get_by_role("button", name="Done").click()


def emailed_link(system: System, address: str) -> str:
    """The path in the email that offers tickets to an address."""
    (message,) = emails_to(system, address, "A ticket for you")
    found = re.search(r"/transfers/[0-9a-f-]{36}#[\w-]+", message["body"])
    assert found is not None
    return found[0]


def sign_in_here(page: Page, system: System, email: str) -> None:
    """Sign in with a code, in the page that shows an offer."""
    earlier = system.last_code(email)
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Sign-in code").fill(system.code_for(email, besides=earlier))
    page.get_by_role("button", name="Sign in", exact=True).click()


def accept_as(page: Page, given: str, family: str) -> None:
    """Accept the offer on the page with a name, and see the ticket."""
    page.get_by_label("First name").fill(given)
    page.get_by_label("Family name").fill(family)
    page.get_by_role("button", name=re.compile("^Accept")).click()
    expect(page).to_have_url(re.compile(r"/tickets/[0-9a-f-]{36}$"))
