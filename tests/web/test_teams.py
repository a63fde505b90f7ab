"""Teams entered in the office reach the match desk and the phones."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.gate import tonight
from tests.web.office import ENGLISH, desk, grant_roles, in_database
from tests.web.steps import kick_off
from tests.web.system import System, fresh
from tests.web.test_access import SIZES, SMALL, found_by_axe
from virage.demo.teams import TEAMS
from virage.media.live.acts import publishing as live
from virage.platform.web.guard import Grant

EVERYTHING = (Grant("programme"), Grant("match_desk"))
LIST = "number;name;position;captain;starts\n1;;GK;;yes\n9;Nine;FW;yes;yes\n14;;;;no"


@pytest.fixture
def match(system: System) -> UUID:
    """A match tonight without teams."""
    return tonight(system, fresh("Home side – Away side"))


def fill(page: Page, side: str, name: str, code: str) -> None:
    team = page.locator(f"[data-team='{side}']")
    team.get_by_label("Team name").fill(name)
    expect(team.get_by_label("Short name")).to_have_value(code)


def paste(page: Page, side: str, text: str) -> None:
    team = page.locator(f"[data-team='{side}']")
    team.get_by_role("button", name="Paste a list").click()
    team.get_by_label("One per line").fill(text)
    team.get_by_role("button", name="Add all").click()


def test_teams_entered_in_the_office_score_on_desk_and_phones(
    browser: Browser, page: Page, system: System, match: UUID, address: str
) -> None:
    page.add_init_script(ENGLISH)
    page.goto(f"/live/{match}")
    expect(page.get_by_text("Updates will appear here")).to_be_visible()
    with desk(browser, system, grant_roles(system, f"teams-{address}", EVERYTHING)) as office:
        office.goto(f"/staff/desk?event={match}")
        office.get_by_role("link", name="Enter the teams").click()
        fill(office, "home", "Riverside", "RIV")
        fill(office, "away", "Hillside", "HIL")
        paste(office, "home", "1;;GK\n9;;striker")
        home = office.locator("[data-team='home']")
        expect(home.get_by_text("“striker” is not a position")).to_be_visible()
        home.get_by_label("One per line").fill(LIST)
        home.get_by_role("button", name="Add all").click()
        expect(home.get_by_text("3 players, 2 starting")).to_be_visible()
        away = office.locator("[data-team='away']")
        away.get_by_role("button", name="Add a player").click()
        away.get_by_label("No.", exact=True).fill("0")
        office.get_by_role("button", name="Save").click()
        expect(away.get_by_text("Enter a shirt number from 1 to 99")).to_be_visible()
        expect(away.get_by_label("No.", exact=True)).to_be_focused()
        away.get_by_label("No.", exact=True).fill("4")
        office.get_by_role("button", name="Save").click()
        expect(office.get_by_text("Teams saved")).to_be_visible()
        line = page.locator("[data-shirt='home 9']")
        expect(line).to_contain_text("Captain")
        office.goto(f"/staff/desk?event={match}")
        kick_off(office)
        office.get_by_role("button", name="Goal Riverside").click()
        office.locator("[data-player='9']").click()
        for screen in (office, page):
            expect(screen.locator("[data-score]")).to_have_text("1–0")
        office.goto(f"/office/events/{match}/teams")
        home.get_by_role("button", name="Remove Nine").click()
        office.get_by_role("button", name="Save").click()
        expect(office.get_by_role("alert")).to_contain_text("No. 9 (Riverside) already appears in the match feed")


def shirt(page: Page, who: str) -> Locator:
    return page.locator("[data-team='home']").get_by_role("group", name=who)


def test_two_people_who_edit_teams_at_once_lose_nothing(
    browser: Browser, system: System, match: UUID, address: str
) -> None:
    in_database(system, lambda conn: live.set_teams(conn, match, TEAMS, None, datetime.now(UTC), revision=0))
    email = grant_roles(system, f"both-{address}", EVERYTHING)
    with (
        desk(browser, system, email) as mine,
        desk(browser, system, grant_roles(system, f"other-{address}", EVERYTHING)) as theirs,
    ):
        for page in (mine, theirs):
            page.goto(f"/office/events/{match}/teams")
        shirt(theirs, "Player 7").get_by_label("Name", exact=True).fill("Seven of theirs")
        theirs.locator("[data-team='away']").get_by_label("Team name").fill("Theirs")
        theirs.get_by_role("button", name="Save").click()
        expect(theirs.get_by_text("Teams saved")).to_be_visible()
        shirt(mine, "Player 7").get_by_label("Name", exact=True).fill("Seven of mine")
        shirt(mine, "Player 8").get_by_label("Name", exact=True).fill("Eight")
        mine.get_by_role("button", name="Save").click()
        refused = mine.get_by_role("alert")
        expect(refused).to_be_in_viewport()
        refused.get_by_role("button", name="Reload").click()
        row = mine.get_by_role("group", name="Virage FC, Player 7")
        expect(row).to_contain_text("Seven of theirs")
        expect(row).to_contain_text("Seven of mine")
        row.get_by_label("Their version").check()
        mine.get_by_role("button", name="Save").click()
        expect(mine.get_by_text("Teams saved")).to_be_visible()
        theirs.reload()
        expect(shirt(theirs, "Seven of theirs")).to_be_visible()
        expect(shirt(theirs, "Eight")).to_be_visible()
        expect(theirs.locator("[data-team='away']").get_by_label("Team name")).to_have_value("Theirs")


@pytest.mark.parametrize("look", list(SIZES))
def test_axe_finds_nothing_on_the_teams_of_a_match(
    browser: Browser, system: System, match: UUID, address: str, look: str
) -> None:
    in_database(system, lambda conn: live.set_teams(conn, match, TEAMS, None, datetime.now(UTC), revision=0))
    with desk(browser, system, grant_roles(system, f"axe-{address}", EVERYTHING)) as page:
        page.set_viewport_size({"width": SIZES[look]["width"], "height": SIZES[look]["height"]})
        page.goto(f"/office/events/{match}/teams")
        page.locator("[data-team='home']").get_by_role("button", name="Paste a list").click()
        assert found_by_axe(page) + page.evaluate(SMALL) == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
