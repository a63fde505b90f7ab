"""Emails from the user's side: on the order's page, in the mailbox, at a food order, in the office."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Browser, Page, expect

from tests.web.food import demo_on_now, fan_at, kitchen, open_kitchen, orders, untouched_outlet
from tests.web.office import ADMIN, desk, grant_roles, in_database
from tests.web.steps import ACCEPTED, find_two_seats, open_match, pay
from tests.web.system import System
from virage.identity.people.rules.secrets import people_keys
from virage.identity.people.store import emails
from virage.platform.data.database import Connection

SignIn = Callable[[Page, str], None]


def bought(page: Page, system: System, sign_in: SignIn, address: str) -> str:
    """Two paid seats; open the order's page and return its address."""
    open_match(page, system)
    find_two_seats(page)
    sign_in(page, address)
    pay(page, ACCEPTED)
    expect(page.get_by_role("heading", name="See you at the stadium")).to_be_visible()
    return page.url.partition("?")[0]


def test_a_paid_order_says_where_its_receipt_went_and_sends_it_again(
    page: Page, system: System, sign_in: SignIn, address: str, page_faults: list[str]
) -> None:
    bought(page, system, sign_in, address)
    emails = page.get_by_role("region", name="Emails")
    expect(emails.get_by_text("Confirmation and receipt")).to_be_visible()
    expect(emails.get_by_text(f"Delivered to {address}")).to_be_visible()
    again = emails.get_by_role("button", name="Send again: Confirmation and receipt")
    again.click()
    expect(page.get_by_text("We\u2019ve just sent it.")).to_be_visible()

    async def long_ago(conn: Connection) -> None:
        await conn.execute("update people.letter set queued_at = queued_at - interval '5 minutes'")

    in_database(system, long_ago)
    again.click()
    expect(page.get_by_text("We\u2019re sending it again.")).to_be_visible()
    expect(emails.get_by_text(f"Delivered to {address}")).to_have_count(2)
    assert not page_faults


def test_the_mailbox_shows_emails_as_a_mail_client_does(
    page: Page, system: System, sign_in: SignIn, address: str, page_faults: list[str]
) -> None:
    bought(page, system, sign_in, address)
    expect(page.get_by_text(f"Delivered to {address}")).to_be_visible()
    page.goto("/mailbox")
    article = page.get_by_role("article").filter(has_text=address).filter(has_text="order").first
    email = article.frame_locator("iframe")
    expect(email.get_by_role("heading", name="Your tickets are ready")).to_be_visible()
    expect(email.get_by_role("link", name="Open my tickets")).to_have_attribute("href", re.compile("/tickets$"))
    with page.expect_download() as download:
        article.get_by_role("link", name=re.compile(r"\.pdf$")).click()
    assert download.value.suggested_filename.startswith("receipt-")
    article.get_by_text("Plain text").click()
    expect(article.get_by_text("Total incl. VAT")).to_be_visible()
    assert not page_faults


def test_a_food_receipt_is_emailed_on_request(page: Page, browser: Browser, system: System, address: str) -> None:
    event_id = demo_on_now(system)
    outlet = untouched_outlet(system)
    open_kitchen(system, outlet)
    fan_at(page, system, address, event_id)
    (order_id,) = orders(page, event_id, outlet, {"Still water, 50 cl": 1})

    with kitchen(browser, system, outlet, f"cook-{address}") as cook:
        cook.locator(f"[data-ticket='{order_id}']").get_by_role("button", name=re.compile("^Accept, order")).click()
        expect(cook.locator(f"[data-ticket='{order_id}']")).to_have_attribute("data-state", "accepted")
    page.goto(f"/food/orders/{order_id}")
    page.get_by_role("button", name="Email me the receipt").click()
    expect(page.get_by_text("We\u2019re emailing you the receipt.")).to_be_visible()
    expect(page.get_by_role("region", name="Emails").get_by_text(f"Delivered to {address}")).to_be_visible()


def test_the_office_lists_an_orders_emails_and_unblocks_an_address(
    page: Page, browser: Browser, system: System, sign_in: SignIn, address: str
) -> None:
    order_id = bought(page, system, sign_in, address).rpartition("/")[2]
    expect(page.get_by_text(f"Delivered to {address}")).to_be_visible()

    async def came_back(conn: Connection) -> None:
        await conn.execute(
            "update people.letter set state = 'bounced', reason = '5.1.1' where about_id = $1::text::uuid", order_id
        )
        email_id = await conn.fetchval("select id from people.letter where about_id = $1::text::uuid", order_id)
        keys = people_keys(system.env["VIRAGE_SECRET"])
        await emails.block(conn, keys, address, email_id, reason="5.1.1", now=datetime.now(UTC))

    in_database(system, came_back)
    with desk(browser, system, grant_roles(system, f"mail-{address}", ADMIN)) as staff:
        staff.goto(f"/office/orders/{order_id}")
        panel = staff.get_by_role("region", name="Emails")
        expect(panel.get_by_text(f"Not delivered to {address}")).to_be_visible()
        staff.get_by_role("navigation", name="Office").get_by_role("link", name="Emails").click()
        expect(staff.get_by_role("heading", name="Emails", level=1)).to_be_focused()
        staff.get_by_label("State").select_option(label="Not delivered")
        shown = staff.get_by_role("list", name="Emails").get_by_role("listitem").filter(has_text=address)
        expect(shown.get_by_text("5.1.1")).to_be_visible()
        staff.get_by_role("button", name=f"Unblock {address}").click()
        staff.get_by_role("dialog").get_by_role("button", name="Unblock").click()
        expect(staff.get_by_text("Address unblocked.")).to_be_visible()
        expect(staff.get_by_role("button", name=f"Unblock {address}")).to_have_count(0)
