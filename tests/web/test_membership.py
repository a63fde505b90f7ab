"""Members: join and pay, carry the card offline, buy before others; the office sets tiers, windows and members."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.office import desk, grant_roles, in_database
from tests.web.senses import Keys
from tests.web.steps import ACCEPTED, DECLINED, by_card, find_seats
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from tests.web.transfers import phone
from virage.demo.programme import CLUB
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

OFFICE = tuple(Grant(role, "organiser", CLUB.id) for role in ("programme", "box_office"))


@pytest.fixture
def friendly(system: System) -> str:
    """The demo's match with members' windows, which is not on public sale yet."""
    events = system.get("/api/events")["events"]
    return next(str(event["id"]) for event in events if event["subtitle"].get("en") == "Friendly match")


@pytest.fixture
def fan(browser: Browser, system: System, address: str) -> Iterator[Page]:
    """The phone of a fan who has signed in."""
    with phone(browser, system, f"member-{address}", service_workers="allow") as page:
        yield page


def fine(page: Page) -> None:
    """Axe finds nothing, every target is large enough, and nothing is wider than the screen."""
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def join_gold(page: Page, card: str = ACCEPTED) -> None:
    page.goto("/membership")
    page.get_by_role("button", name="Join Gold for €60").click()
    by_card(page, card)


def member_card(page: Page, tier: str) -> str:
    """The number on the card of a tier."""
    shown = page.get_by_role("article", name=re.compile(f", {tier}$"))
    expect(shown).to_be_visible()
    return shown.locator(".number dd").inner_text()


def test_a_fan_joins_pays_and_has_the_card_offline(fan: Page) -> None:
    join_gold(fan, DECLINED)
    expect(fan.get_by_text("Your payment didn’t go through")).to_be_visible()
    join_gold(fan)
    welcome = fan.get_by_text("Welcome! You are member")
    expect(welcome).to_be_visible()
    number = member_card(fan, "Gold")
    assert number in welcome.inner_text()
    expect(fan.get_by_text("You are a member for this term.")).to_have_count(2)
    fine(fan)
    fan.wait_for_function("() => navigator.serviceWorker.controller !== null")
    fan.goto("/account")
    fan.get_by_role("link", name="Membership").click()
    assert member_card(fan, "Gold") == number
    fan.context.set_offline(True)
    fan.reload()
    assert member_card(fan, "Gold") == number
    expect(fan.get_by_text("You’re offline.")).to_be_visible()


def test_a_member_upgrades_by_keyboard_and_keeps_the_number(browser: Browser, system: System, address: str) -> None:
    with phone(browser, system, f"upgrade-{address}") as page:
        page.goto("/membership")
        page.get_by_role("button", name="Join Blue").click()
        number = member_card(page, "Blue")
        upgrade = page.get_by_role("button", name="Upgrade to Gold for €")
        expect(page.get_by_text("Your number stays the same.")).to_be_visible()
        fine(page)
        upgrade.click()
        by_card(page, DECLINED)
        expect(page.get_by_text("Your payment didn’t go through")).to_be_visible()
        assert member_card(page, "Blue") == number
        Keys(page).press(upgrade)
        by_card(page, ACCEPTED)
        expect(page.get_by_text("Done! Your membership is now Gold.")).to_be_visible()
        assert member_card(page, "Gold") == number
        expect(page.get_by_role("article", name=re.compile(", Blue$"))).to_have_count(0)
        expect(page.get_by_text("Replaced by your upgrade")).to_be_visible()
        expect(upgrade).to_have_count(0)
        fine(page)
        with desk(browser, system, grant_roles(system, f"upgrade-office-{address}", OFFICE)) as office:
            office.get_by_role("link", name="Members", exact=True).click()
            office.get_by_label("Number, email or name").fill(number)
            office.get_by_role("button", name="Search").click()
            expect(office.get_by_text("replaced by an upgrade")).to_be_visible()


def test_a_member_buys_by_keyboard_alone_while_a_stranger_is_refused_with_words(
    browser: Browser, system: System, address: str, friendly: str
) -> None:
    with phone(browser, system, f"stranger-{address}") as stranger:
        stranger.goto(f"/events/{friendly}")
        notice = stranger.get_by_role("status").filter(has_text="Not on sale yet")
        expect(notice.get_by_text("Members from")).to_have_count(2)
        expect(notice.get_by_text("Everyone from")).to_be_visible()
        expect(notice.get_by_text("You have no membership for this members’ sale.")).to_be_visible()
        expect(stranger.get_by_role("button", name="Find 2 seats")).to_be_disabled()
        fine(stranger)
    wide: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "has_touch": False, "is_mobile": False}
    with phone(browser, system, f"keys-{address}", **wide) as member:
        join_gold(member)
        member_card(member, "Gold")
        member.goto(f"/events/{friendly}")
        expect(member.get_by_text("You can buy now as a member")).to_be_visible()
        expect(member.locator("[data-block='104']")).to_be_visible()
        keyboard = Keys(member)
        keyboard.press(member.get_by_role("button", name="Find 2 seats"))
        keyboard.press(member.get_by_role("button", name="Reserve these seats"))
        expect(member.get_by_role("heading", name="Your basket")).to_be_visible()
        fine(member)
        member.goto(f"/events/{friendly}")
        expect(member.get_by_role("button", name="Find 2 seats")).to_be_enabled()


def test_a_wheelchair_space_and_its_companion_are_bought_in_a_members_window(
    browser: Browser, system: System, address: str, friendly: str
) -> None:
    with phone(browser, system, f"wheels-{address}") as page:
        join_gold(page)
        member_card(page, "Gold")
        page.goto(f"/events/{friendly}")
        page.get_by_label("Wheelchair space").check()
        find_seats(page, 3)
        expect(page.get_by_role("heading", name="Your basket")).to_be_visible()
        expect(page.get_by_text("Row PMR").first).to_be_visible()
        expect(page.get_by_text("Companion")).to_be_visible()


def test_the_office_sets_a_tier_and_a_window_and_imports_members(
    browser: Browser, system: System, address: str, friendly: str
) -> None:
    email = grant_roles(system, f"club-{address}", OFFICE)
    name = f"Silver {address.partition('@')[0][-6:]}"
    with desk(browser, system, email) as page:
        page.get_by_role("link", name="Members", exact=True).click()
        page.get_by_role("button", name="Add a tier").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Check").click()
        expect(dialog.get_by_text("Enter a name").first).to_be_visible()
        fine(page)
        for field in dialog.get_by_label(re.compile("^Name")).all():
            field.fill(name)
        dialog.get_by_label("Price for the term").fill("25")
        dialog.get_by_label("First day").fill("2025-07-01")
        dialog.get_by_label("Last day").fill("2099-06-30")
        dialog.get_by_label("Open for joining").uncheck()  # the other tests see the tiers of the demo alone
        dialog.get_by_role("button", name="Check").click()
        expect(dialog.get_by_text("Save this tier?")).to_be_visible()
        dialog.get_by_role("button", name="Save tier").click()
        expect(page.get_by_role("listitem").filter(has_text=name)).to_contain_text("€25")
        fine(page)

        page.goto(f"/office/events/{friendly}/windows")
        expect(page.get_by_role("heading", name="Members’ sale")).to_be_visible()
        windows = page.get_by_role("group", name=re.compile(r"^Window \d"))
        expect(windows).to_have_count(2)
        windows.nth(1).get_by_role("checkbox", name=re.compile(name)).check()
        page.get_by_role("button", name="Check").click()
        expect(page.get_by_role("dialog").get_by_text(name)).to_be_visible()
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        expect(page.get_by_text("Members’ sale saved.")).to_be_visible()
        fine(page)

        import_members(page, f"number,email,tier\n0,x-{address},{name}\n777001,nonsense,{name}")
        expect(page.get_by_text("2 errors: nothing will be imported")).to_be_visible()
        expect(page.get_by_text("not an email address: nonsense")).to_be_visible()
        fine(page)
        number = 100_000 + new_id().int % 800_000
        import_members(page, f"number,email,tier\n{number},imported-{address},{name}")
        page.get_by_role("button", name="Import members").click()
        expect(page.get_by_text("1 memberships imported.")).to_be_visible()
        page.get_by_label("Number, email or name").fill(str(number))
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text(f"imported-{address}")).to_be_visible()
        page.get_by_role("button", name=f"Cancel {name} of member {number}").click()
        page.get_by_label("Reason").fill("A test")
        page.get_by_role("button", name="Cancel membership").click()
        expect(page.get_by_text("Membership cancelled.")).to_be_visible()
        stored = in_database(
            system,
            lambda conn: conn.fetchval("select state from membership.membership_row where number = $1", number),
        )
        assert stored == "cancelled"


def import_members(page: Page, text: str) -> None:
    page.goto("/office/members")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files({"name": "members.csv", "mimeType": "text/csv", "buffer": text.encode()})
