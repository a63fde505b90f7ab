"""Points: join, earn by entering at a gate, see why, redeem by keyboard; the office sets a rule and hands over."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.office import desk, grant_roles
from tests.web.points import buy, enter, match_tonight, named, reward, waiting_before
from tests.web.senses import Keys
from tests.web.system import System, fresh
from tests.web.test_membership import fine
from tests.web.till import in_menu, open_till
from tests.web.transfers import phone
from virage.demo.programme import CLUB
from virage.platform.web.guard import Grant

OFFICE = tuple(Grant(role, "organiser", CLUB.id) for role in ("programme", "box_office"))
JOIN = "Join Virage points"


@pytest.fixture
def fan(browser: Browser, system: System, address: str) -> Iterator[Page]:
    """The phone of a fan who has signed in."""
    with phone(browser, system, named(system, f"points-{address}"), service_workers="allow") as page:
        yield page


def join(page: Page) -> None:
    page.goto("/points")
    page.get_by_role("button", name=JOIN).click()
    expect(page.get_by_text("You’re in!")).to_be_visible()


def balance(page: Page) -> int:
    """The balance on the screen."""
    return int(re.sub(r"\D", "", page.locator(".number strong").inner_text()))


def wait_for_points(page: Page, reason: str) -> None:
    """Load the page until a movement with a reason is there: a job earns the points."""

    def shown() -> bool:
        page.goto("/points")
        page.get_by_role("heading", name="Why you have").wait_for()
        return page.get_by_role("main").get_by_role("listitem").filter(has_text=reason).count() > 0

    for _ in range(60):
        if shown():
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"no points for {reason}")


def test_a_fan_joins_earns_by_buying_and_entering_and_sees_why(fan: Page, system: System) -> None:
    title = fresh("Cup night")
    event_id = match_tonight(system, title)
    fan.goto("/account")
    fan.get_by_role("link", name="Points").click()
    expect(fan.get_by_text("20 points", exact=True)).to_be_visible()
    fine(fan)
    join(fan)
    assert balance(fan) == 0
    fine(fan)
    buy(fan, event_id)
    wait_for_points(fan, "Tickets")
    bought = balance(fan)
    assert bought > 0
    enter(system, event_id)
    wait_for_points(fan, "At the match")
    assert balance(fan) == bought + 30
    for rule, points in (("At the match", "+20"), ("In before kick-off", "+10")):
        line = fan.get_by_role("listitem").filter(has_text=rule).filter(has_text=title)
        expect(line.get_by_text(points, exact=True)).to_be_visible()
    fine(fan)
    fan.wait_for_function("() => navigator.serviceWorker.controller !== null")
    fan.context.set_offline(True)
    fan.reload()
    assert balance(fan) == bought + 30
    expect(fan.get_by_text("You’re offline. These are your points")).to_be_visible()
    expect(fan.get_by_role("listitem").filter(has_text="In before kick-off").first).to_be_visible()


def test_a_fan_redeems_by_keyboard_alone_and_leaves(browser: Browser, system: System, address: str) -> None:
    title = fresh("Message on the board")
    reward(system, title)
    wide: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "has_touch": False, "is_mobile": False}
    with phone(browser, system, named(system, f"board-{address}"), **wide) as page:
        join(page)
        buy(page, match_tonight(system, fresh("League")))
        wait_for_points(page, "Tickets")
        before, keyboard = balance(page), Keys(page)
        keyboard.press(page.get_by_role("button", name=f"Redeem {title}"))
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text(f"{before - 10} points")).to_be_visible()
        fine(page)
        keyboard.press(dialog.get_by_role("button", name="Redeem for 10 points"))
        expect(dialog.get_by_text("Write your text first")).to_be_visible()
        keyboard.write(dialog.get_by_label("Your text"), "Happy birthday, Jo!")
        keyboard.press(dialog.get_by_role("button", name="Redeem for 10 points"))
        expect(page.get_by_text("It’s yours!")).to_be_visible()
        assert balance(page) == before - 10
        mine = page.get_by_role("listitem").filter(has_text="“Happy birthday, Jo!”")
        expect(mine.get_by_text("The club is preparing it")).to_be_visible()
        expect(page.get_by_role("listitem").filter(has_text=title).filter(has_text="All gone")).to_be_visible()
        fine(page)
        page.get_by_role("button", name="Leave the programme").click()
        dialog.get_by_role("button", name=f"Leave and lose {before - 10} points").click()
        expect(page.get_by_role("button", name=JOIN)).to_be_visible()


def test_the_office_sets_a_rule_and_hands_over_a_reward(browser: Browser, system: System, address: str) -> None:
    title, rule = fresh("Board"), fresh("Derby")
    reward(system, title)
    with phone(browser, system, named(system, f"handed-{address}")) as fan:
        join(fan)
        buy(fan, match_tonight(system, fresh("League")))
        wait_for_points(fan, "Tickets")
        fan.get_by_role("button", name=f"Redeem {title}").click()
        fan.get_by_role("dialog").get_by_label("Your text").fill("Allez Virage!")
        fan.get_by_role("dialog").get_by_role("button", name="Redeem for 10 points").click()
        expect(fan.get_by_text("It’s yours!")).to_be_visible()
        with desk(browser, system, grant_roles(system, f"points-office-{address}", OFFICE)) as page:
            with waiting_before(system, title, 100):
                page.get_by_role("link", name="Points", exact=True).click()
                row = page.get_by_role("row").filter(has_text=title)
                expect(page.get_by_role("button", name="Mark as ready")).to_have_count(100)
                expect(row.get_by_text("Allez Virage!")).to_have_count(0)
                page.get_by_role("button", name="Show more").click()
                expect(row.get_by_text("Allez Virage!")).to_be_visible()
                expect(page.get_by_role("button", name="Show more")).to_have_count(0)
            page.reload()
            expect(row.get_by_text("Allez Virage!")).to_be_visible()
            fine(page)
            row.get_by_role("button", name="Mark as ready").click()
            page.get_by_role("dialog").get_by_role("button", name="Mark as ready").click()
            expect(row.get_by_text("Ready", exact=True)).to_be_visible()
            row.get_by_role("button", name="Hand over").click()
            fine(page)
            page.get_by_role("dialog").get_by_role("button", name="Hand over").click()
            expect(row).to_have_count(0)
            with page.expect_download() as saved:
                page.get_by_role("button", name=re.compile("^All")).click()
                page.get_by_role("button", name="Save as CSV").first.click()
            assert "Allez Virage!" in saved.value.path().read_text(encoding="utf-8")
            page.get_by_role("button", name="Add a rule").click()
            box = page.get_by_role("group", name=re.compile(r"^Rule \d+$")).last
            page.get_by_role("button", name="Check", exact=True).click()
            expect(box.get_by_text("Enter a name").first).to_be_visible()
            for field in box.get_by_label(re.compile("^Name")).all():
                field.fill(rule)
            box.get_by_label("Points").fill("7")
            page.get_by_role("button", name="Check", exact=True).click()
            asked = page.get_by_role("dialog")
            expect(asked.get_by_text(f"7 points: {rule}")).to_be_visible()
            asked.get_by_role("button", name="Save").click()
            expect(page.get_by_text("Programme saved.")).to_be_visible()
            fine(page)
            fan.goto("/points")
            expect(fan.get_by_role("listitem").filter(has_text=title).get_by_text("Handed over")).to_be_visible()
            fan.get_by_text("How you earn points").click()
            expect(fan.get_by_text(rule)).to_be_visible()
            box.get_by_role("button", name=re.compile("^Remove rule")).click()
            page.get_by_role("button", name="Check", exact=True).click()
            asked.get_by_role("button", name="Save").click()
            expect(page.get_by_text(rule)).to_have_count(0)
            fan.goto("/points")
            fan.get_by_text("How you earn points").click()
            expect(fan.get_by_text("In before kick-off").first).to_be_visible()
            expect(fan.get_by_text(rule)).to_have_count(0)


def close_and_scan(page: Page, code: str) -> None:
    """Close the dialog, and scan before the browser has reported that it is closed."""
    page.evaluate(
        """async (code) => {
            document.querySelector("dialog[open] .close").click();
            for (let turn = 0; turn < 10; turn += 1) await null;
            for (const key of [...code, "Enter"]) {
                document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
            }
        }""",
        code,
    )


def test_a_till_uses_a_code_up_once_and_nothing_offline(browser: Browser, system: System, address: str) -> None:
    title = fresh("Pie")
    reward(system, title, asks_text=False)
    with phone(browser, system, named(system, f"pie-{address}")) as fan, phone(browser, system) as page:
        join(fan)
        buy(fan, match_tonight(system, fresh("League")))
        wait_for_points(fan, "Tickets")
        fan.get_by_role("button", name=f"Redeem {title}").click()
        fan.get_by_role("dialog").get_by_role("button", name="Redeem for 10 points").click()
        expect(fan.get_by_text("It’s yours!")).to_be_visible()
        mine = fan.get_by_role("listitem").filter(has=fan.get_by_role("img", name=f"Code for {title}"))
        code = mine.locator("strong").inner_text()
        fine(fan)
        open_till(page, system, "Till of codes")
        in_menu(page, "Reward code")
        asked = page.get_by_role("dialog", name="Reward code")
        asked.get_by_label("Code").fill("2345 6789")
        asked.get_by_role("button", name="Find").click()
        expect(asked.get_by_text("No reward has this code.")).to_be_visible()
        close_and_scan(page, f"REWARD:{code.replace(' ', '')}")
        expect(asked.get_by_text(title)).to_be_visible()
        expect(asked.get_by_text("Reward of")).to_be_visible()
        fine(page)
        page.context.set_offline(True)
        asked.get_by_role("button", name="Mark as used").click()
        expect(asked.get_by_text("No response yet.")).to_be_visible()
        page.context.set_offline(False)
        asked.get_by_role("button", name="Mark as used").click()
        expect(asked.get_by_text("Code used. Hand the reward over.")).to_be_visible()
        fine(page)
        asked.get_by_role("button", name="Another code").click()
        asked.get_by_label("Code").fill(code.lower())
        asked.get_by_role("button", name="Find").click()
        expect(asked.get_by_text("Already used:")).to_be_visible()
        expect(asked.get_by_role("button", name="Mark as used")).to_have_count(0)
        page.context.set_offline(True)
        asked.get_by_role("button", name="Another code").click()
        asked.get_by_label("Code").fill(code)
        asked.get_by_role("button", name="Find").click()
        expect(asked.get_by_text("Hand nothing over offline.").first).to_be_visible()
        fan.goto("/points")
        handed = fan.get_by_role("listitem").filter(has_text=title).filter(has_text="Handed over")
        expect(handed).to_be_visible()
        expect(handed.get_by_role("img")).to_have_count(0)
