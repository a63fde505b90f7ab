"""The time to clear at the desk: figures by stand, exits that are taken as closed, and no network."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.office import grant_roles
from tests.web.points import match_tonight
from tests.web.system import System, fresh
from tests.web.test_access import found_by_axe
from tests.web.test_control import screen
from tests.web.test_membership import fine
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant


@pytest.fixture
def event_id(system: System) -> UUID:
    return match_tonight(system, fresh("Derby"))


@pytest.fixture
def desk(browser: Browser, system: System, event_id: UUID) -> Iterator[Page]:
    email = grant_roles(system, f"clearing-{new_id()}@example.org", (Grant("controller", "event", event_id),))
    with screen(browser, system, email) as page:
        page.goto(f"/staff/control?event={event_id}")
        expect(page.locator("[data-clearing=ready]")).to_be_visible()
        yield page


def test_a_controller_sees_the_time_to_clear_and_takes_an_exit_as_closed(desk: Page) -> None:
    section = desk.get_by_role("region", name="Time to clear", exact=True)
    venue = section.get_by_role("row", name="Venue")
    expect(venue).to_contain_text("partly not measured, counted as full there")
    expect(venue).to_contain_text("P95")
    before = venue.inner_text()
    first = section.get_by_role("checkbox").first
    first.focus()
    desk.keyboard.press("Space")
    expect(first).to_be_checked()
    expect(section.locator("label").first).to_contain_text("closed")
    expect(desk.locator("[data-clearing=ready]")).to_be_visible()
    assert venue.inner_text() != before
    section.get_by_text("Final capacity").click()
    expect(section.get_by_text("units of passage: 300 people each")).to_be_visible()
    fine(desk)
    desk.emulate_media(color_scheme="dark")
    assert found_by_axe(desk) == []


def test_with_all_exits_closed_the_desk_says_that_not_all_can_leave(desk: Page) -> None:
    for box in desk.get_by_role("group", name="Exits taken as closed").get_by_role("checkbox").all():
        box.check()
    expect(desk.locator("[data-clearing=ready]")).to_contain_text("Not all can leave")
    expect(desk.locator("[data-clearing=ready]")).to_contain_text("without an open exit")


def test_without_network_the_last_times_stay_and_are_marked_as_late(desk: Page) -> None:
    desk.context.set_offline(True)
    expect(desk.get_by_text("Late: these times are from the counts of")).to_be_visible()
    expect(desk.locator("[data-clearing]").get_by_role("row", name="Venue")).to_contain_text("P95")
    desk.context.set_offline(False)
    expect(desk.get_by_text("Late: these times are from the counts of")).to_have_count(0)
