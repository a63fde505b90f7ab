"""The pitch is drawn and moves on the fan's screen, for fans who want it and have the network for
it.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.web import tour_live, tour_pitch
from tests.web.office import ENGLISH, in_database
from tests.web.system import System
from tests.web.test_access import SIZES, SMALL, found_by_axe
from tests.web.tour_pitch import kick, play
from virage.media.live.acts import publishing as live
from virage.media.live.rules.entries import EntryRequest, KickOff, Period
from virage.platform.values.ids import new_id

DRAWN = "document.querySelector('canvas.grass').toDataURL()"
SHARP = """() => {
  const canvas = document.querySelector('canvas.grass');
  return canvas.clientWidth > 200 && canvas.width === Math.round(canvas.clientWidth * devicePixelRatio);
}"""
SAVING = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"


def streams(page: Page) -> list[str]:
    """The addresses of the streams that the page opens from now on."""
    found: list[str] = []

    def hear(request: Request) -> None:
        if "/api/stream" in request.url:
            found.append(unquote(request.url))

    page.on("request", hear)
    return found


def begin(system: System, event: UUID) -> None:
    """The first half begins."""
    now = datetime.now(UTC)
    telling = EntryRequest(new_id(), now, KickOff(Period.FIRST_HALF))
    in_database(system, lambda conn: live.publish(conn, event, [telling], None, now))


def test_live_tracking_is_drawn_and_hiding_it_ends_its_stream(
    page: Page, system: System, page_faults: list[str]
) -> None:
    event, opened = tour_live.match(system, "A match that is tracked"), streams(page)
    page.add_init_script(ENGLISH)
    page.goto(f"/live/{event}")
    expect(page.get_by_text("Updates will appear here")).to_be_visible()
    pitch = page.locator("[data-pitch]")
    expect(pitch).to_have_count(0)
    play(system, event, 0, 3)
    expect(pitch).to_be_visible()
    page.wait_for_function(SHARP)
    before = page.evaluate(DRAWN)
    for second in range(3, 9):
        play(system, event, second, 1)
        page.wait_for_function(f"() => Number(document.querySelector('[data-moment]').dataset.moment) >= {2 * second}")
    page.wait_for_function(f"before => {DRAWN} !== before", arg=before)
    kick(system, event, 97)
    expect(pitch).to_contain_text("Fastest kick: 97 km/h")
    pitch.locator("summary").click()
    expect(pitch.get_by_role("row", name="No. 11").first).to_contain_text("km/h")
    pitch.get_by_role("button", name="Hide the pitch").click()
    expect(pitch).to_have_count(0)
    assert any(f"pitch:{event}" in url for url in opened)
    with page.expect_request(lambda request: "/api/stream" in request.url) as followed:
        page.reload()
    assert f"pitch:{event}" not in unquote(followed.value.url)
    assert page_faults == []


def test_with_data_saver_live_tracking_starts_on_request(browser: Browser, system: System) -> None:
    event = tour_live.match(system, "A match on one bar")
    play(system, event, 0, 3)
    settings: dict[str, Any] = {"viewport": SIZES["phone"]}
    with browser.new_context(base_url=system.url, locale="en-GB", **settings) as context:
        context.add_init_script(ENGLISH)
        context.add_init_script(SAVING)
        page = context.new_page()
        opened = streams(page)
        page.goto(f"/live/{event}")
        expect(page.get_by_text("Updates will appear here")).to_be_visible()
        begin(system, event)
        asks = page.locator("[data-pitch-asks]")
        expect(asks).to_be_visible()
        assert not any("pitch:" in url for url in opened)
        asks.get_by_role("button", name="Show the pitch").click()
        expect(page.locator("[data-pitch]")).to_be_visible()
        assert f"pitch:{event}" in opened[-1]


@pytest.mark.parametrize("look", ["phone dark", "desk light"])
def test_axe_finds_nothing_on_the_pitch_and_every_target_is_large_enough(
    browser: Browser, system: System, look: str
) -> None:
    size, theme = look.split()
    settings: dict[str, Any] = {"viewport": SIZES[size], "color_scheme": theme, "has_touch": size == "phone"}
    event, found = tour_live.match(system, f"A pitch, {look}"), []
    with browser.new_context(base_url=system.url, locale="en-GB", reduced_motion="reduce", **settings) as context:
        page = context.new_page()
        page.add_init_script(ENGLISH)
        for screen in tour_pitch.screens(page, system, event):
            found += [f"{screen.name}: {fault}" for fault in found_by_axe(page) + page.evaluate(SMALL)]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{screen.name}: wider than the screen")
    assert not found, "\n".join(found)
