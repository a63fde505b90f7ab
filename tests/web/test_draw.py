"""A draw on the screens: set up and made by the office, entered, won, paid and checked by a fan."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.sale.draws.files import VERIFIER
from tests.web.draws import match_for_a_draw
from tests.web.gate import until
from tests.web.office import desk, grant_roles, in_database
from tests.web.senses import Keys
from tests.web.steps import ACCEPTED, by_card
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from tests.web.transfers import phone
from virage.demo.programme import CLUB
from virage.platform.web.guard import Grant
from virage_sandbox.cards import CHALLENGE_CODE, Card, grouped

OFFICE = tuple(Grant(role, "organiser", CLUB.id) for role in ("programme", "box_office"))
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "has_touch": False, "is_mobile": False}


MINE = "async () => fetch('/api/events/EVENT/draw').then((answer) => answer.json()).then(({ draw }) => draw.mine)"


@pytest.fixture
def match(system: System) -> str:
    """A match of its own in half a year, whose public sale opens in a month."""
    return str(match_for_a_draw(system))


def fine(page: Page) -> None:
    """Axe finds nothing, every target is large enough, and nothing is wider than the screen."""
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def set_up_and_open(office: Page, match: str, places: int, value: str = "") -> None:
    """Offer places of the first category, and open the draw."""
    office.goto(f"/office/events/{match}/draw")
    office.get_by_role("checkbox", name="Offer Gold").check()
    office.get_by_label("Seats in Gold").fill(str(places))
    office.get_by_label("Wheelchair spaces in Gold").fill("0")
    if value:
        office.get_by_label("Public value mixed in").fill(value)
    fine(office)
    office.get_by_role("button", name="Check").click()
    office.get_by_role("dialog").get_by_role("button", name="Save draw").click()
    expect(office.get_by_text("Draw saved.")).to_be_visible()
    step(office, "Open for entries")
    expect(office.get_by_text("Open for entries")).to_be_visible()
    fine(office)


def step(office: Page, name: str) -> None:
    """Take a step of the draw, in two clicks."""
    office.get_by_role("button", name=name).click()
    office.get_by_role("dialog").get_by_role("button", name=name).click()
    expect(office.get_by_role("dialog")).to_have_count(0)


def close_and_draw(office: Page, match: str, value: str = "") -> None:
    """Close the entries, wait until they are frozen, and draw."""
    step(office, "Close entries now")
    draw_now = office.get_by_role("button", name="Enter public value" if value else "Draw now")
    expect(office.get_by_text("Entries closed")).to_be_visible()
    until(
        office,
        f"async () => (await (await fetch('/api/office/events/{match}/draw')).json()).draw.entries_sha256 !== null",
    )
    office.reload()
    expect(draw_now).to_be_visible()
    if value:
        office.get_by_role("button", name="Enter public value").click()
        office.get_by_role("dialog").get_by_role("textbox").fill(value)
        office.get_by_role("dialog").get_by_role("button", name="Enter public value").click()
        expect(office.get_by_role("dialog")).to_have_count(0)
    fine(office)
    step(office, "Draw now")


def downloaded(page: Page, folder: Path) -> dict[str, Any]:
    """Download every file that the page offers to check the draw; what draw.json says."""
    links = page.get_by_role("region").or_(page.locator("section")).filter(has_text="Check this draw")
    names = []
    for link in links.last.get_by_role("link").all():
        with page.expect_download() as saved:
            link.click()
        names.append(saved.value.suggested_filename)
        saved.value.save_as(folder / saved.value.suggested_filename)
    assert sorted(names) == ["draw.json", "entries.jsonl", "log.jsonl", "results.jsonl", "verify_draw.py"]
    shown: dict[str, Any] = json.loads((folder / "draw.json").read_bytes())
    return shown


def test_a_draw_is_entered_by_keyboard_alone_won_paid_and_verified(
    browser: Browser, system: System, address: str, match: str, tmp_path: Path
) -> None:
    email = grant_roles(system, f"club-{address}", OFFICE)
    with (
        desk(browser, system, email) as office,
        phone(browser, system, f"winner-{address}", **WIDE, accept_downloads=True) as fan,
    ):
        set_up_and_open(office, match, 2, "Loto, draw of 12 May")

        fan.goto(f"/events/{match}")
        keyboard = Keys(fan)
        keyboard.press(fan.get_by_role("link", name=re.compile("Tickets are drawn by lot")))
        expect(fan.get_by_role("heading", name="Enter the draw")).to_be_visible()
        commitment = fan.locator("section").filter(has_text="Check this draw").locator("code").first.inner_text()
        fine(fan)
        keyboard.press(fan.get_by_role("button", name="Save card and enter"))
        expect(fan.get_by_text("Add at least one category.")).to_be_visible()
        expect(fan.get_by_text("Please agree before you enter.")).to_be_visible()
        fine(fan)
        keyboard.press(fan.get_by_role("button", name="Add Gold"))
        keyboard.tick(fan.get_by_role("checkbox", name="I agree that my card is charged up to €163 without"))
        keyboard.press(fan.get_by_role("button", name="Save card and enter"))
        by_card(fan, ACCEPTED)
        expect(fan.get_by_text("You’re in the draw")).to_be_visible(timeout=15_000)
        code = fan.locator("section").filter(has_text="My entry").locator("code").first.inner_text()
        fine(fan)

        office.reload()
        expect(office.get_by_role("cell", name=code)).to_be_visible()
        close_and_draw(office, match, "7 12 23 31 44 + 9")

        fan.reload()
        expect(fan.get_by_text("You have won, and your tickets are paid")).to_be_visible(timeout=20_000)
        expect(fan.get_by_text("1 of 1")).to_be_visible()
        fine(fan)
        assert downloaded(fan, tmp_path)["commitment"] == commitment
        assert (tmp_path / "verify_draw.py").read_bytes() == VERIFIER.read_bytes()
        command = [sys.executable, "-I", "-S", str(tmp_path / "verify_draw.py"), str(tmp_path), "--code", code]
        checked = subprocess.run(  # noqa: S603 - our own program, as downloaded
            [*command, "--commitment", commitment], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert f"Entry {code}: number 1 of 1" in checked.stdout

        keyboard.press(fan.get_by_role("link", name="See my tickets"))
        expect(fan.get_by_text("Block 113").first).to_be_visible()
        office.goto(f"/office/events/{match}/draw")
        expect(office.get_by_role("row", name=re.compile(code))).to_contain_text("Paid")
        fine(office)


def test_needs_are_named_by_keyboard_with_consent_and_the_page_says_what_the_seats_have(
    browser: Browser, system: System, address: str, match: str
) -> None:
    email = grant_roles(system, f"club-{address}", OFFICE)
    with desk(browser, system, email) as office, phone(browser, system, f"needs-{address}", **WIDE) as fan:
        set_up_and_open(office, match, 2)
        fan.goto(f"/events/{match}/draw")
        keyboard = Keys(fan)
        keyboard.press(fan.get_by_role("button", name="Add Gold"))
        asked = fan.get_by_role("checkbox", name="I agree that you store these needs")
        keyboard.press(fan.get_by_role("button", name="One more: Accessible"))
        keyboard.tick(fan.get_by_role("checkbox", name="With wheelchair spaces"))
        expect(asked).to_be_visible()
        expect(fan.get_by_text("Only the number of wheelchair spaces is published")).to_be_visible()
        fine(fan)
        keyboard.press(fan.get_by_role("button", name="One fewer: Accessible"))
        expect(asked).to_have_count(0)
        keyboard.tick(fan.get_by_role("checkbox", name="Space for a guide dog"))
        keyboard.tick(fan.get_by_role("checkbox", name="Quiet place"))
        keyboard.tick(fan.get_by_role("checkbox", name="I agree that my card is charged"))
        keyboard.press(fan.get_by_role("button", name="Save card and enter"))
        expect(fan.get_by_text("We need your consent to store these needs.")).to_be_visible()
        expect(fan.get_by_role("checkbox", name="I agree that you store these needs")).to_be_focused()
        fine(fan)
        keyboard.tick(fan.get_by_role("checkbox", name="I agree that you store these needs"))
        keyboard.press(fan.get_by_role("button", name="Save card and enter"))
        by_card(fan, ACCEPTED)
        expect(fan.get_by_text("You’re in the draw")).to_be_visible(timeout=15_000)
        expect(fan.get_by_text("Space for a guide dog, Quiet place")).to_be_visible()

        close_and_draw(office, match)
        fan.reload()
        expect(fan.get_by_text("You have won, and your tickets are paid")).to_be_visible(timeout=20_000)
        expect(fan.get_by_text("Your seats have what you asked for: Space for a guide dog.")).to_be_visible()
        expect(fan.get_by_text("The category had no free seats for this: Quiet place.")).to_be_visible()
        fine(fan)

        ended = (
            "update draws.draw set closes_at = now() - interval '2 hours', draws_at = now() - interval '1 hour', "
            "ends_at = now() where event_id = $1"
        )
        in_database(system, lambda conn: conn.execute(ended, UUID(match)))
        until(fan, MINE.replace("EVENT", match) + ".then((mine) => mine.needs_deleted)")
        fan.reload()
        expect(fan.get_by_text("If you named any, we deleted them on")).to_be_visible()
        expect(fan.get_by_text("Space for a guide dog")).to_have_count(0)
        fine(fan)


def test_a_winner_whose_bank_asks_pays_on_the_page_and_another_one_waits(
    browser: Browser, system: System, address: str, match: str
) -> None:
    email = grant_roles(system, f"club-{address}", OFFICE)
    with desk(browser, system, email) as office:
        set_up_and_open(office, match, 2)
        entrants = [f"one-{address}", f"two-{address}"]
        for number, entrant in enumerate(entrants):
            with phone(browser, system, entrant) as page:
                page.goto(f"/events/{match}/draw")
                page.get_by_role("button", name="Add Gold").click()
                page.get_by_role("checkbox", name="I agree that my card").check()
                page.get_by_role("button", name="Save card and enter").click()
                by_card(page, grouped(Card.CHALLENGE))
                page.get_by_label("Confirmation code").fill(CHALLENGE_CODE)
                page.get_by_role("button", name="Confirm").click()
                expect(page.get_by_text("You’re in the draw")).to_be_visible(timeout=15_000)
                if number == 0:
                    page.get_by_role("button", name="Change my entry").click()
                    page.get_by_role("group", name="Adult").get_by_role("button").last.click()
                    page.get_by_role("group", name="Adult").get_by_role("button").first.click()
                    page.get_by_role("checkbox", name="I agree that my card").check()
                    page.get_by_role("button", name="Save changes").click()
                    expect(page.get_by_text("Your entry is changed.")).to_be_visible()
                    fine(page)
        close_and_draw(office, match)
        won = lost = 0
        for entrant in entrants:
            with phone(browser, system, entrant) as page:
                page.goto(f"/events/{match}/draw")
                expect(
                    page.get_by_text("You have won. Please pay").or_(page.get_by_text("on the waiting list"))
                ).to_be_visible(timeout=20_000)
                fine(page)
                pay_now = page.get_by_role("button", name="Pay now")
                if not pay_now.count():
                    lost += 1
                    continue
                won += 1
                expect(page.get_by_text("Your bank wants you to confirm the payment.")).to_be_visible()
                pay_now.click()
                by_card(page, ACCEPTED)
                page.goto(f"/events/{match}/draw")
                until(
                    page,
                    f"async () => (await (await fetch('/api/events/{match}/draw')).json()).draw.mine.state === 'paid'",
                )
                page.reload()
                expect(page.get_by_text("You have won, and your tickets are paid")).to_be_visible()
        assert (won, lost) == (1, 1)


def test_an_entry_is_withdrawn_and_the_office_cancels_the_draw(
    browser: Browser, system: System, address: str, match: str
) -> None:
    email = grant_roles(system, f"club-{address}", OFFICE)
    with desk(browser, system, email) as office, phone(browser, system, f"leaver-{address}") as page:
        set_up_and_open(office, match, 2)
        page.goto(f"/events/{match}/draw")
        page.get_by_role("button", name="Add Gold").click()
        page.get_by_role("checkbox", name="I agree that my card").check()
        page.get_by_role("button", name="Save card and enter").click()
        by_card(page, ACCEPTED)
        expect(page.get_by_text("You’re in the draw")).to_be_visible(timeout=15_000)
        page.get_by_role("button", name="Withdraw my entry").click()
        page.get_by_role("button", name="Keep it").click()
        page.get_by_role("button", name="Withdraw my entry").click()
        page.get_by_role("status").get_by_role("button", name="Withdraw my entry").click()
        expect(page.get_by_text("Your entry is withdrawn.")).to_be_visible()
        expect(page.get_by_role("heading", name="Enter the draw")).to_be_visible()
        step(office, "Cancel the draw")
        expect(office.get_by_text("Cancelled")).to_be_visible()
        page.reload()
        expect(page.get_by_text("This draw was cancelled.")).to_be_visible()
        stored = in_database(
            system, lambda conn: conn.fetchval("select state from draws.draw where event_id = $1", UUID(match))
        )
        assert stored == "cancelled"


def test_an_event_without_a_draw_says_so_and_leads_to_the_event(
    browser: Browser, system: System, address: str, match: str
) -> None:
    with phone(browser, system, f"visitor-{address}") as page:
        page.goto(f"/events/{match}/draw")
        expect(page.get_by_role("heading", name="No draw for this event")).to_be_visible()
        page.get_by_role("link", name="Back to the event").click()
        expect(page).to_have_url(re.compile(f"/events/{match}$"))
        fine(page)
