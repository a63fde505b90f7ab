"""A real match file, played to a browser: score, timeline, statistics, the pitch, and a replay of
its goal.
"""

import re

from playwright.sync_api import Page, expect

from tests.web.gate import tonight
from tests.web.match_files import EVENTS, TRACKING, played
from tests.web.office import ENGLISH
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from tests.web.test_live import FRAME
from tests.web.tour_desk import sending_camera


def test_a_real_match_is_shown_with_its_statistics_and_the_replay_of_its_goal(
    page: Page, system: System, page_faults: list[str]
) -> None:
    event = tonight(system, "A match out of its file")
    page.add_init_script(ENGLISH)
    page.goto(f"/live/{event}")
    expect(page.get_by_text("Updates will appear here")).to_be_visible()
    with sending_camera(system, "main"), played(system, EVENTS, event, "--speed", "1000"):
        goal = page.locator("[data-entry]").filter(has_text="10 Lionel Andrés Messi Cuccittini")
        expect(goal).to_contain_text("Goal for Barcelona")
        expect(goal).to_contain_text("19′")
        expect(goal).to_contain_text("Assist: 22 Arturo Erasmo Vidal Pardo")
        goal.get_by_role("button", name="Watch again").click()
        expect(page.locator("[data-state='playing']")).to_be_visible()
        page.wait_for_function(FRAME)
        expect(page.locator("[data-clock]")).to_contain_text("Full time")
    expect(page.locator("[data-score]")).to_have_text("2–2")
    expect(page.locator("[data-entry]").filter(has_text="Red card")).to_contain_text("15 Clément Lenglet")
    expect(page.locator("[data-entry]").filter(has_text="Substitution, Girona")).to_have_count(3)
    lineups = page.get_by_role("region", name="Line-ups")
    expect(lineups).to_contain_text("Marc-André ter Stegen")
    for figure, value in (("shots", r"20Shots\s*7"), ("yellow", r"3Yellow cards\s*5"), ("red", r"1Red cards\s*0")):
        expect(page.locator(f"[data-statistic='{figure}']")).to_have_text(re.compile(value))
    page.get_by_text("Player by player", exact=True).click()
    messi = page.locator("[data-players='home'] tr").filter(has_text="Lionel Andrés Messi")
    expect(messi.get_by_role("cell").first).to_have_text("6 (5)")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert found_by_axe(page) + page.evaluate(SMALL) == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert page_faults == []


def test_a_real_minute_of_tracking_is_drawn_on_the_fans_pitch(
    page: Page, system: System, page_faults: list[str]
) -> None:
    event = tonight(system, "A minute of tracking")
    page.add_init_script(ENGLISH)
    page.goto(f"/live/{event}")
    with played(system, TRACKING, event, "--format", "hawkeye", "--speed", "10"):
        pitch = page.locator("[data-pitch]")
        expect(pitch).to_be_visible()
        expect(page.locator("[data-clock]")).to_contain_text("Second half")
    pitch.get_by_text("Distance and speed", exact=True).click()
    expect(pitch.get_by_role("table").first).to_contain_text(re.compile(r"0\.\d+ km"))
    assert page_faults == []
