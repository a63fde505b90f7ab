"""The office refunds a fan who is inside only after a warning, and the sale's money adds up
afterwards.
"""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import sign_in_with_form
from tests.web.office import CLUB_OFFICE, desk, grant_roles
from tests.web.steps import ACCEPTED, find_two_seats, open_match, pay
from tests.web.system import System
from tests.web.test_access import found_by_axe


@pytest.fixture
def office(system: System, address: str) -> str:
    """A person who works in the club's office."""
    return grant_roles(system, f"office-{address}", CLUB_OFFICE)


def test_a_refund_for_a_person_inside_warns_and_needs_confirmation(
    page: Page, browser: Browser, system: System, office: str, address: str
) -> None:
    open_match(page, system)
    find_two_seats(page)
    sign_in_with_form(page, system, address)
    pay(page, ACCEPTED)
    expect(page.get_by_role("heading", name="See you at the stadium")).to_be_visible()
    [order] = page.evaluate("fetch('/api/me/orders').then(answer => answer.json())")
    with ThreadPoolExecutor(1) as aside:  # the browser's event loop runs in this thread
        aside.submit(asyncio.run, _comes_in(system.database_url, order["lines"][0]["ticket_id"])).result()
    with desk(browser, system, office) as work:
        work.goto(f"/office/orders/{order['id']}")
        work.get_by_role("button", name="Refund the whole order").click()
        dialog = work.get_by_role("dialog")
        dialog.get_by_role("button", name="Refund €").click()
        expect(dialog.get_by_text("This person is inside")).to_be_visible()
        expect(dialog.get_by_text(re.compile(r"inside since \d\d:\d\d"))).to_be_visible()
        assert found_by_axe(work) == []
        dialog.get_by_role("button", name=re.compile("^Refund €.* anyway$")).click()
        expect(work.get_by_text("Refunded", exact=True).first).to_be_visible()
        work.goto(f"/office/events/{system.event('match')}")
        expect(work.get_by_text("Net revenue")).to_be_visible()
        expect(work.get_by_text(re.compile("gross − €.* refunded$"))).to_be_visible()
        expect(work.get_by_text("Gross: before refunds, excluding fees.")).to_be_visible()


async def _comes_in(url: str, ticket_id: str) -> None:
    """The presence that a scan at a gate writes."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "insert into access.presence (event_id, pass_number, state, since, gate, zone)"
            " select event_id, number, 'inside', now(), 'P1', 'N' from passes.pass where subject = $1::text::uuid",
            ticket_id,
        )
    finally:
        await connection.close()
