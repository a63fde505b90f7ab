"""The waiting list of a sold-out category on the page of the exchange, and what the office sees of it."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.exchange import SoldOut, fan, match_id, open_board, sold_out
from tests.web.office import CLUB_OFFICE, desk, grant_roles, in_database
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from tests.web.test_moving import emails_to
from tests.web.transfers import phone, sign_in_here
from virage.platform.data.database import Connection
from virage.sale.ticketing.acts import waiting
from virage.sale.ticketing.reads.open_sales import load_sale
from virage.sale.ticketing.settings import ExchangeSettings

Opening = Callable[..., Page]


@pytest.fixture
def opening(browser: Browser, system: System) -> Iterator[Opening]:
    """Open phones, and close them after the test."""
    with ExitStack() as phones:
        yield lambda email="", **settings: phones.enter_context(phone(browser, system, email, **settings))


@pytest.fixture
def category(system: System) -> Iterator[SoldOut]:
    """A category of the match that is sold out."""
    with sold_out(system) as found:
        yield found


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Waiting list")


def wish(page: Page, category: SoldOut) -> None:
    """Open the form, and choose the category."""
    panel(page).get_by_role("button", name="Join the waiting list…").click()
    panel(page).get_by_label(category.name).check()


def empty_the_list(system: System) -> None:
    """Remove whom other tests left waiting."""

    async def delete(conn: Connection) -> None:
        await conn.execute("delete from ticketing.waiting where event_id = $1", match_id())

    in_database(system, delete)


def invite(system: System) -> None:
    """What the job of the worker does, now."""

    async def now(conn: Connection) -> int:
        sale = await load_sale(conn, match_id())
        assert sale is not None
        return await waiting.invite(conn, ExchangeSettings(), sale, datetime.now(UTC))

    in_database(system, now)


def test_a_fan_waits_for_a_sold_out_category_is_told_by_email_and_leaves(
    browser: Browser, system: System, opening: Opening, address: str
) -> None:
    with sold_out(system) as category:
        empty_the_list(system)
        page = opening()
        page.goto(f"/events/{match_id()}")
        page.locator(f"a[href='/events/{match_id()}/exchange']").click()
        wish(page, category)
        panel(page).get_by_role("button", name="Join the waiting list").click()
        sign_in_here(page, system, address)
        page.get_by_label("Your name").fill("Nora New")
        page.get_by_role("button", name="Save").click()
        expect(panel(page).get_by_text(re.compile(r"You are number \d+ on the list"))).to_be_visible()
        panel(page).get_by_role("button", name="Change").click()
        panel(page).get_by_role("button", name="More: People").click()
        panel(page).get_by_role("button", name="Save").click()
        expect(panel(page)).to_contain_text(f"3 people · {category.name}")
        box_office = grant_roles(system, f"office-{address}", CLUB_OFFICE, "Olga Office")
        with desk(browser, system, box_office) as office:
            office.goto(f"/office/events/{match_id()}/exchange")
            expect(office.get_by_role("region", name="Waiting list")).to_contain_text(f"{category.name} 3")
    invite(system)
    assert emails_to(system, address, "Seats available")
    page.reload()
    expect(panel(page).get_by_text("Seats are available for you")).to_be_visible()
    expect(panel(page)).to_contain_text("The first to pay gets them")
    panel(page).get_by_role("button", name="Leave the list…").click()
    page.get_by_role("dialog", name="Leave the waiting list?").get_by_role("button", name="Leave the list").click()
    expect(panel(page).get_by_role("button", name="Join the waiting list…")).to_be_visible()


def test_the_form_refuses_seats_that_are_free_and_a_need_without_consent(
    system: System, opening: Opening, category: SoldOut, address: str
) -> None:
    page = opening(fan(system, address, "Ann"))
    open_board(page)
    panel(page).get_by_role("button", name="Join the waiting list…").click()
    panel(page).get_by_role("button", name="Join the waiting list").click()
    expect(panel(page).get_by_text("no need to wait")).to_be_visible()
    panel(page).get_by_label(category.name).check()
    panel(page).get_by_role("button", name="More: Wheelchair spaces").click()
    panel(page).get_by_role("button", name="Join the waiting list").click()
    expect(panel(page).get_by_text("We need your consent")).to_be_visible()
    panel(page).get_by_label("I agree that you store this need").check()
    panel(page).get_by_role("button", name="Join the waiting list").click()
    expect(panel(page)).to_contain_text("2 people, 1 wheelchair space")
    panel(page).get_by_role("button", name="Change").click()
    panel(page).get_by_role("button", name="Fewer: Wheelchair spaces").click()
    panel(page).get_by_label("Hearing loop").check()
    panel(page).get_by_role("button", name="Save").click()
    expect(panel(page).get_by_text("We need your consent")).to_be_visible()
    panel(page).get_by_label("I agree that you store this need").check()
    panel(page).get_by_role("button", name="Save").click()
    expect(panel(page)).to_contain_text("2 people, Hearing loop")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_waiting_list(
    system: System, opening: Opening, category: SoldOut, address: str, theme: Literal["light", "dark"]
) -> None:
    page = opening(fan(system, f"{theme}-{address}", "Ann"), color_scheme=theme)
    open_board(page)
    faults = []

    def look() -> None:
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        faults.extend(found_by_axe(page) + page.evaluate(SMALL) + (["wider than the phone"] if wide > 0 else []))

    wish(page, category)
    panel(page).get_by_role("button", name="More: Wheelchair spaces").click()
    panel(page).get_by_role("button", name="Join the waiting list").click()
    expect(panel(page).get_by_text("We need your consent")).to_be_visible()
    look()
    panel(page).get_by_label("I agree that you store this need").check()
    panel(page).get_by_role("button", name="Join the waiting list").click()
    expect(panel(page).get_by_text("on the list", exact=False).first).to_be_visible()
    look()
    panel(page).get_by_role("button", name="Leave the list…").click()
    look()
    assert not faults
