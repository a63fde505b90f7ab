"""Bans in the office, in a real browser: two files kept apart, single bans, lists, and their end."""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.web.office import confirm_it_is_me, desk, grant_roles, in_database, sign_in_long_ago
from tests.web.system import System
from virage.platform.web.guard import Grant


@pytest.fixture
def head(system: System, address: str) -> str:
    """A supervisor of the whole venue."""
    return grant_roles(system, f"ground-{address}", (Grant("supervisor"),), "Head of the ground")


def open_bans(page: Page, file: str) -> None:
    page.get_by_role("navigation", name="Office").get_by_role("link", name="Bans").click()
    page.get_by_role("button", name=file, exact=True).press("Enter")
    expect(page.get_by_role("heading", name=re.compile(f"^{file}:"))).to_be_visible()


def add(page: Page, name: str, day: str = "2030-05-31") -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Last day").fill(day)
    page.get_by_role("button", name="Add", exact=True).click()


def test_a_ban_is_added_to_one_file_and_lifted_and_asks_for_a_recent_sign_in(
    browser: Browser, system: System, head: str, address: str
) -> None:
    with desk(browser, system, head) as page:
        open_bans(page, "Club list")
        add(page, "", "")
        expect(page.get_by_label("Name", exact=True)).to_have_accessible_description(re.compile("Enter a name"))
        add(page, address, "2020-01-01")
        expect(page.get_by_label("Last day")).to_be_focused()
        sign_in_long_ago(system, head)
        add(page, address)
        confirm_it_is_me(page, system, head)
        row = page.get_by_role("listitem").filter(has_text=address)
        expect(row).to_contain_text("until 31 May 2030")
        expect(row).to_contain_text("by Head of the ground")
        page.get_by_role("button", name="National list", exact=True).click()
        expect(page.get_by_role("heading", name=re.compile("^National list:"))).to_be_visible()
        expect(row).to_have_count(0)
        page.get_by_role("button", name="Club list", exact=True).click()
        page.get_by_role("button", name=f"Lift the ban: {address}").click()
        page.get_by_role("dialog", name="Lift this ban?").get_by_role("button", name="Lift", exact=True).click()
        expect(page.get_by_text("Ban lifted.")).to_be_visible()
        expect(row).to_have_count(0)


def test_a_list_of_bans_is_added_once_and_with_an_error_not_at_all(
    browser: Browser, system: System, head: str, address: str
) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    count = "select count(*) from access.ban where file = 'national' and name like $1"
    with desk(browser, system, head) as page:
        open_bans(page, "National list")
        area, send = page.get_by_label("One per line"), page.get_by_role("button", name="Add all")
        lines = [f"{address} {number};;31/05/2030" for number in range(60)]
        area.fill("\n".join(["Name;Email;Last day", *lines, ";;2030-01-01", "A Name;invalid;32/01/2030"]))
        send.click()
        errors = page.get_by_role("group", name="Fix 3 errors first. Nothing was added.")
        expect(errors).to_be_focused()
        for text in ("Line 62: Enter a name or an email", "Line 63: “invalid” is not", "Line 63: “32/01/2030” is not"):
            expect(errors).to_contain_text(text)
        assert in_database(system, lambda conn: conn.fetchval(count, f"{address}%")) == 0
        page.route("**/api/access/bans/national/list", lose, times=1)
        area.fill("\n".join(lines))
        send.click()
        expect(page.get_by_text("Check your connection, then try again.")).to_be_visible()
        send.click()
        expect(page.get_by_text("60 added.")).to_be_visible()
        assert in_database(system, lambda conn: conn.fetchval(count, f"{address}%")) == 60
        page.get_by_label("Name or email").fill(f"{address} 7")
        expect(page.get_by_text("1 result.")).to_be_visible()


def test_a_supervisor_of_some_gates_sees_no_file_of_bans(browser: Browser, system: System, address: str) -> None:
    with desk(browser, system, grant_roles(system, f"gate-{address}", (Grant("supervisor", "gate", "A"),))) as page:
        expect(page.get_by_role("link", name="Devices")).to_be_visible()
        expect(page.get_by_role("link", name="Bans")).to_have_count(0)
        page.goto("/office/bans")
        expect(page.get_by_text("You don’t have access to this part of the office.")).to_be_visible()


def test_a_file_that_is_not_text_keeps_the_typed_list(browser: Browser, system: System, head: str) -> None:
    with desk(browser, system, head) as page:
        open_bans(page, "Club list")
        area = page.get_by_label("One per line")
        area.fill("Typed before;;2030-05-31")
        noise = bytes(place * 7919 % 256 for place in range(300_000))
        page.locator("input[type=file]").set_input_files({"name": "l.csv", "mimeType": "text/csv", "buffer": noise})
        expect(area).to_have_accessible_description(re.compile("not a text list"))
        expect(area).to_have_value("Typed before;;2030-05-31")
