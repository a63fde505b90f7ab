"""The screens of a match that is told, in the order of one evening: for docs/screens and for axe."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from playwright.sync_api import Page, expect

from tests.web.conftest import entered
from tests.web.gate import tonight
from tests.web.house import House
from tests.web.office import ENGLISH, hire, in_database
from tests.web.tour import Screen
from virage.demo.teams import TEAMS
from virage.kernel.database import Connection
from virage.kernel.guard import Grant
from virage.live import acts as live

TITLE = "Virage FC v Étoile du Nord, live"


def match(house: House, title: str = TITLE) -> UUID:
    """A match whose teams are known."""
    event_id = tonight(house, title)

    async def set_teams(conn: Connection) -> None:
        await live.set_teams(conn, event_id, TEAMS, None, datetime.now(UTC), revision=0)

    in_database(house, set_teams)
    return event_id


def at_the_desk(page: Page, house: House, email: str, event: UUID) -> None:
    """Somebody who tells of a match signs in; in English."""
    page.add_init_script(ENGLISH)
    page.goto("/sign-in")
    entered(page, house, hire(house, email, (Grant("match_desk", "event", event),)))


def screens(fan: Page, desk: Page, event: UUID) -> Iterator[tuple[Page, Screen]]:
    """From before the kick-off to a goal that was corrected; `desk` is signed in as one who tells of it."""
    fan.goto(f"/live/{event}")
    expect(fan.get_by_text("Nothing has happened yet")).to_be_visible()
    yield fan, Screen("live-before")
    desk.goto("/staff/desk")
    desk.get_by_role("button", name=TITLE).last.click()
    yield desk, Screen("desk")
    desk.get_by_role("button", name="Start: First half").click()
    desk.get_by_role("button", name="Goal Virage FC").click()
    yield desk, Screen("desk-goal")
    desk.locator("[data-player='9']").click()
    desk.get_by_role("button", name="Card for Étoile du Nord").click()
    desk.locator("[data-player='4']").click()
    desk.get_by_role("button", name="Change of Virage FC").click()
    desk.locator("[data-player='7']").click()
    desk.locator("[data-player='12']").click()
    desk.get_by_role("button", name="3 min", exact=True).click()
    desk.get_by_label("In French").fill("La mi-temps approche : les buvettes du nord sont calmes.")
    desk.get_by_label("In English").fill("Half-time is near: the stands in the north are quiet.")
    desk.get_by_role("button", name="Tell everybody").click()
    expect(fan.get_by_text("Half-time is near")).to_be_visible()
    yield fan, Screen("live")
    yield desk, Screen("desk-told")
