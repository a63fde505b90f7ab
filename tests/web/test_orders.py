"""The box office finds an order by what the fan says on the telephone, and records the reason of a
refund.
"""

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.web.office import CLUB_OFFICE, desk, grant_roles
from tests.web.steps import ACCEPTED, find_two_seats, open_match, pay
from tests.web.system import System


def test_an_order_is_found_by_the_name_of_its_fan_and_its_history_explains_the_refund(
    page: Page, browser: Browser, system: System, sign_in: Callable[[Page, str], None], address: str
) -> None:
    open_match(page, system)
    find_two_seats(page)
    sign_in(page, address)
    pay(page, ACCEPTED)
    expect(page.get_by_role("heading", name="See you at the stadium")).to_be_visible()
    order = page.evaluate("fetch('/api/me/orders').then(answer => answer.json())")[0]
    with desk(browser, system, grant_roles(system, f"counter-{address}", CLUB_OFFICE)) as work:
        work.get_by_role("link", name="Orders").click()
        seat = order["lines"][0]["label"]
        for wanted in ("test holder", f"{seat['block']} {seat['row']} {seat['seat']}"):
            work.get_by_label("Find an order").fill(wanted)
            work.get_by_role("button", name="Search", exact=True).click()
            expect(work.get_by_text(f"“{wanted}”", exact=False)).to_be_visible()
            expect(work.get_by_role("link", name=order["code"])).to_be_visible()
        work.get_by_role("link", name=order["code"]).click()
        work.get_by_role("button", name="Refund the whole order").click()
        dialog = work.get_by_role("dialog")
        dialog.get_by_label("Reason").select_option(label="Bought twice")
        dialog.get_by_role("button", name="Refund €").click()
        expect(work.get_by_text("Reason: Bought twice.")).to_be_visible()
