"""The media desk in a real browser, over a camera that really sends: scrub, mark, release, watch,
take down.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import tour_desk, tour_live
from tests.web.conftest import sign_in_with_form
from tests.web.office import ENGLISH, in_database
from tests.web.steps import kick_off
from tests.web.system import System
from tests.web.test_access import SIZES, SMALL, found_by_axe
from tests.web.tour_desk import SHOWS
from virage.platform.values.ids import new_id

# Seconds that the picture itself shows (see `synthetic.clock_in`), and those of the desk; both
# modulo a day.
PICTURE_MS = """() => {
    const video = document.querySelector("[data-front]");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [640, 360];
    const pen = canvas.getContext("2d");
    pen.drawImage(video, 0, 0, 640, 360);
    let shown = 0;
    const bright = (bit) => pen.getImageData(bit * 14 + 7, 352, 1, 1).data[1] > 128;
    for (let bit = 0; bit < 44; bit += 1) if (bright(bit)) shown += 2 ** bit;
    return shown;
}"""
SAID_MS = "() => Number(document.querySelector('[data-scrub]').value)"
# Allowed difference: a picture may be delayed on a busy machine.
AGREE = f"() => Math.abs(({PICTURE_MS})() - ({SAID_MS})()) < 2000"
AT_REST = "() => { const front = document.querySelector('[data-front]'); return front.paused && !front.seeking; }"
FRAME_MS = 40
STEPS = 10  # a busy machine paints some steps late, and shows two of them as none and one of two pictures
ROWS = "() => new Set([...document.querySelector('.bank').children].map((one) => one.offsetTop)).size"
TAPS = "select sum(taps) from replay.tap where event_id = $1"
LATER = """
update programme.event
set
    doors_at = doors_at + interval '9 days', starts_at = starts_at + interval '9 days',
    ends_at = ends_at + interval '9 days'
where id = $1
"""
GRANT = "update people.role_grant set role = $3 where scope_id = $1 and role = $2"


@pytest.fixture(scope="module")
def camera(system: System) -> Iterator[str]:
    """A camera that sends during all of these tests."""
    with tour_desk.sending_camera(system, "main", seconds=8):
        yield "main"


@pytest.fixture
def seat(browser: Browser, system: System) -> Iterator[Any]:
    """A person with some roles opens the desk of a match."""
    contexts = []

    def sit(event: UUID, title: str, *roles: str) -> Page:
        contexts.append(browser.new_context(base_url=system.url, locale="en-GB"))
        page = contexts[-1].new_page()
        page.set_viewport_size({"width": 1440, "height": 900})
        tour_desk.at_the_desk(page, system, event, title, *roles)
        return page

    yield sit
    for context in contexts:
        context.close()


def step_back(desk: Page) -> int:
    """Step a picture back; return by how many milliseconds the shown picture went back."""
    before: int = desk.evaluate(PICTURE_MS)
    desk.keyboard.press(",")
    desk.wait_for_function(AT_REST)
    return before - int(desk.evaluate(PICTURE_MS))


@pytest.mark.usefixtures("camera")
def test_a_clip_marked_at_the_desk_and_approved_is_visible_until_its_withdrawal(
    seat: Any, page: Page, system: System, page_faults: list[str]
) -> None:
    title = f"A desk at work {new_id()}"
    event = tour_live.match(system, title)
    page.add_init_script(ENGLISH)
    page.goto(f"/live/{event}")
    expect(page.get_by_text("Updates will appear here")).to_be_visible()
    desk: Page = seat(event, title, "match_desk", "media_desk")
    expect(desk.locator(SHOWS)).to_be_visible()
    kick_off(desk)
    page.get_by_role("link", name="Request a replay").click()
    sign_in_with_form(page, system, f"fan-{event}@example.org")
    page.get_by_role("button", name="Request a replay").click()
    expect(page.get_by_text("We’ll show it")).to_be_visible()
    assert in_database(system, lambda conn: conn.fetchval(TAPS, event)) == 1
    desk.keyboard.press("j")
    desk.keyboard.press("k")
    desk.wait_for_function(AT_REST)
    desk.wait_for_function(AGREE)
    assert FRAME_MS in [step_back(desk) for _ in range(STEPS)]
    desk.keyboard.press("i")
    desk.keyboard.press("l")
    desk.keyboard.press("o")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-done=shown]")).to_be_visible()
    replay = page.locator("[data-entry]").filter(has_text="Replay")
    replay.get_by_role("button", name="Watch again").click()
    expect(page.locator("[data-state='playing']")).to_be_visible()
    desk.keyboard.press("u")
    expect(desk.locator("[data-clip=withdrawn]")).to_be_visible()
    expect(replay).to_have_count(0)
    moderator: Page = seat(event, title, "moderator")
    moderator.get_by_label("Clips need a second person’s approval").check()
    tour_desk.suggested(system, event, 3)
    desk.get_by_role("button", name="Publish the moment").click()
    expect(desk.locator("[data-done=proposed]")).to_be_visible()
    expect(desk.locator("[data-suggestion]")).to_have_count(0)
    expect(desk.get_by_role("button", name="Approve")).to_have_count(0)
    assert replay.count() == 0
    moderator.get_by_role("button", name="Approve").click()
    expect(replay.get_by_role("button", name="Watch again")).to_be_visible()
    moderator.get_by_role("button", name="Withdraw").click()
    expect(replay).to_have_count(0)
    assert page_faults == []


def test_the_desk_reports_a_match_too_far_away_and_a_silent_camera(seat: Any, system: System) -> None:
    title = f"A desk that looks ahead {new_id()}"
    event = tour_live.match(system, title)
    with tour_desk.sending_camera(system, "behind-goal"):
        desk: Page = seat(event, title, "match_desk", "media_desk")
        away = desk.locator("[data-camera='behind-goal']")
        expect(away).to_contain_text("Receiving")
        expect(desk.get_by_text("more than a day away")).to_have_count(0)
    expect(away).to_contain_text("No signal")
    away.get_by_role("button").click()
    expect(desk.locator("[data-gone]")).to_contain_text("Behind the goal: No signal")
    in_database(system, lambda conn: conn.execute(LATER, event))
    expect(desk.get_by_text("This match is more than a day away")).to_be_visible()
    expect(desk.locator("[data-monitor]")).to_have_count(0)


@pytest.mark.usefixtures("camera")
def test_the_desk_opens_on_a_camera_that_sends(seat: Any, system: System) -> None:
    title = f"A desk with a silent camera {new_id()}"
    event = tour_live.match(system, title)
    with tour_desk.sending_camera(system, "aerial"):
        desk: Page = seat(event, title, "media_desk")
    expect(desk.locator("[data-camera='aerial']")).to_contain_text("No signal")
    desk.reload()
    expect(desk.locator("[data-front]")).to_have_attribute("data-monitor", "main")
    desk.locator("[data-camera='aerial']").get_by_role("button").click()
    expect(desk.locator("[data-gone]")).to_be_visible()


def test_unpublished_entries_of_a_desk_without_its_role_are_kept_until_a_decision(seat: Any, system: System) -> None:
    title = f"A desk without its role {new_id()}"
    event = tour_live.match(system, title)
    desk: Page = seat(event, title, "match_desk")
    expect(desk.get_by_role("button", name="Start: First half")).to_be_visible()
    in_database(system, lambda conn: conn.execute(GRANT, str(event), "match_desk", "describer"))
    kick_off(desk)
    desk.get_by_role("button", name="3 min", exact=True).click()
    kept = desk.get_by_role("alert").filter(has_text="2 entries were not published")
    expect(kept).to_contain_text("Saved on this device")
    in_database(system, lambda conn: conn.execute(GRANT, str(event), "describer", "match_desk"))
    kept.get_by_role("button", name="Try again").click()
    expect(desk.locator("[data-published]")).to_have_count(2)
    expect(kept).to_have_count(0)
    in_database(system, lambda conn: conn.execute(GRANT, str(event), "match_desk", "describer"))
    desk.get_by_role("button", name="5 min", exact=True).click()
    desk.get_by_role("button", name="Discard entry").click()
    expect(desk.get_by_role("alert")).to_have_count(0)
    in_database(system, lambda conn: conn.execute(GRANT, str(event), "describer", "match_desk"))
    desk.get_by_role("button", name="6 min", exact=True).click()
    expect(desk.locator("[data-published]")).to_have_count(3)


@pytest.mark.usefixtures("camera")
@pytest.mark.parametrize("look", ["phone dark", "desk light"])
def test_axe_finds_nothing_on_the_media_desk_and_every_target_is_large_enough(
    browser: Browser, system: System, look: str
) -> None:
    size, theme = look.split()
    settings: dict[str, Any] = {"viewport": SIZES[size], "color_scheme": theme, "has_touch": size == "phone"}
    title = f"A desk for all roles {datetime.now(UTC)}"
    event, found = tour_live.match(system, title), []
    with browser.new_context(base_url=system.url, locale="en-GB", reduced_motion="reduce", **settings) as context:
        page = context.new_page()
        tour_desk.at_the_desk(page, system, event, title, "match_desk", "media_desk", "moderator")
        for screen in tour_desk.screens(page, system, event):
            if size == "desk" and page.evaluate(ROWS) != 1:
                found.append(f"{screen.name}: what moves in time takes more than a row")
            found += [f"{screen.name}: {fault}" for fault in found_by_axe(page) + page.evaluate(SMALL)]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{screen.name}: wider than the screen")
    assert not found, "\n".join(found)
