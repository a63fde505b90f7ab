"""The picture of the venue in a real browser: figures and ages, past minutes, no network, the wall."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.gate import settled
from tests.web.office import grant_roles, in_database
from tests.web.points import match_tonight
from tests.web.system import System, fresh
from tests.web.test_access import found_by_axe
from tests.web.test_control import log, screen, unique
from virage.control.safety.acts.counts import store_counts
from virage.control.safety.acts.pictures import keep_picture
from virage.control.safety.rules.counts import CountKind, StoredCount
from virage.control.safety.rules.picture import VenuePicture
from virage.demo.venues.drawing import stadium
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

NORTH = stadium().stands[0]
MINUTE = timedelta(minutes=1)


class Evening:
    """An event of its own with its controller, and the counts of its cameras."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.event = match_tonight(system, fresh("Picture"))
        self.email = f"picture-{new_id()}@example.org"
        self.device = new_id()
        grant_roles(system, self.email, (Grant("controller", "event", self.event),))

    def count(self, people: int, *, ago: timedelta = timedelta()) -> None:
        """A camera counts people in the stand."""
        now = datetime.now(UTC)
        counted = StoredCount(
            id=new_id(),
            event_id=self.event,
            device_id=self.device,
            is_lane=False,
            place=NORTH.code,
            kind=CountKind.PEOPLE,
            value=people,
            at=now - ago,
        )

        async def store(conn: Connection) -> None:
            async with conn.transaction():
                await store_counts(conn, [counted], now)

        in_database(self.system, store)

    def keep(self, page: Page, ago: timedelta, people: int) -> None:
        """Store a picture of a past minute, in which cameras counted these people in the stand."""
        answer = page.request.get(f"/api/control/events/{self.event}/picture")
        assert answer.ok, answer.text()
        now = msgspec.json.decode(answer.body(), type=VenuePicture)
        zones = [
            zone if zone.code != NORTH.code else replace(zone, people=[replace(zone.people[-1], value=people)])
            for zone in now.zones
        ]

        async def store(conn: Connection) -> None:
            await keep_picture(conn, replace(now, at=now.at - ago, zones=zones))

        in_database(self.system, store)


@pytest.fixture
def evening(system: System) -> Evening:
    return Evening(system)


@pytest.fixture
def desk(browser: Browser, evening: Evening) -> Iterator[Page]:
    """The control room of the event."""
    with screen(browser, evening.system, evening.email, service_workers="allow") as page:
        page.goto(f"/staff/control?event={evening.event}")
        expect(page.get_by_role("heading", name="Picture of the venue")).to_be_visible()
        yield page


def line(page: Page) -> Locator:
    """The row of the stand in the table of zones."""
    return page.get_by_role("region", name="Zones").get_by_role("row").filter(has_text=f"Stand {NORTH.name}")


def label(page: Page) -> Locator:
    """The label of the stand on the plan."""
    return page.locator(f"[data-zone={NORTH.code}]")


def test_a_figure_is_shown_with_source_and_age_and_follows_the_cameras(desk: Page, evening: Evening) -> None:
    expect(line(desk)).to_contain_text("not measured scans, no source yet")
    expect(label(desk)).to_contain_text("not measured")
    evening.count(1_234, ago=timedelta(seconds=20))
    camera = line(desk).locator("[data-source=counters]")
    expect(camera).to_contain_text("1,234")
    expect(camera).to_contain_text("counters, 2")
    expect(label(desk)).to_contain_text("1,234")
    expect(label(desk)).to_contain_text("low")
    evening.count(NORTH.seats * 20)
    expect(label(desk)).to_contain_text("critical")
    expect(line(desk)).to_contain_text("critical")


def test_a_figure_whose_source_is_silent_is_not_measured_and_names_the_last_time(desk: Page, evening: Evening) -> None:
    evening.count(777, ago=timedelta(minutes=3))
    camera = line(desk).locator("[data-source=counters]")
    expect(camera).to_contain_text("not measured")
    expect(camera).to_contain_text("counters, last at")
    expect(camera).not_to_contain_text("777")
    expect(label(desk)).to_contain_text("not measured")
    desk.get_by_text("Devices offline: 1 of 1").click()
    expect(desk.get_by_text(f"Device at {NORTH.code}, last heard at")).to_be_visible()


def test_incidents_of_another_controller_and_their_zones_are_shown_at_once(
    desk: Page, browser: Browser, evening: Evening
) -> None:
    text = unique()
    with screen(browser, evening.system, evening.email) as other:
        other.goto(f"/staff/control?event={evening.event}")
        expect(other.get_by_label("Radio call")).to_be_focused()
        log(other, f"fight {NORTH.code} {text}")
        expect(desk.locator("[data-incident]").filter(has_text=text)).to_be_visible()
        expect(label(desk)).to_contain_text("▲ 1")


def test_the_slider_shows_past_minutes_and_returns_to_now(desk: Page, evening: Evening) -> None:
    evening.count(500)
    expect(line(desk)).to_contain_text("500")
    evening.keep(desk, 3 * MINUTE, 300)
    evening.keep(desk, 2 * MINUTE, 400)
    slider = desk.get_by_label("Time of the picture")
    slider.focus()
    desk.keyboard.press("Home")
    expect(line(desk)).to_contain_text("300")
    expect(desk.get_by_text("Picture of", exact=False).filter(has_text=":")).to_be_visible()
    desk.keyboard.press("ArrowRight")
    expect(line(desk)).to_contain_text("400")
    desk.get_by_role("button", name="Now").click()
    expect(line(desk)).to_contain_text("500")
    assert slider.get_attribute("aria-valuetext") == "Now"


def test_without_network_the_last_picture_stays_with_its_time_also_after_a_reload(desk: Page, evening: Evening) -> None:
    evening.count(654)
    expect(line(desk)).to_contain_text("654")
    settled(desk)
    expect(desk.get_by_text("No connection. Last picture of")).to_be_hidden()
    desk.context.set_offline(True)
    expect(desk.get_by_text("No connection. Last picture of")).to_be_visible()
    evening.count(655)
    desk.reload()
    expect(desk.get_by_text("No connection. Last picture of")).to_be_visible()
    expect(line(desk)).to_contain_text("654")
    expect(label(desk)).to_contain_text("654")
    desk.context.set_offline(False)
    expect(line(desk)).to_contain_text("655", timeout=30_000)
    expect(desk.get_by_text("No connection. Last picture of")).to_be_hidden()


def test_the_wall_is_dark_legible_and_without_controls_but_one(desk: Page, evening: Evening) -> None:
    evening.count(NORTH.seats * 20)
    text = unique()
    log(desk, f"medical {NORTH.code} {text}")
    desk.get_by_role("link", name="Wall mode").click()
    zone = desk.locator(f"[data-wall-zone={NORTH.code}]")
    expect(zone).to_contain_text("critical")
    expect(desk.get_by_text(f"P1 Medical, Zone {NORTH.code}")).to_be_visible()
    assert desk.evaluate("document.documentElement.dataset.theme") == "dark"
    sizes = zone.locator("span, strong").evaluate_all(
        "all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= 0.052 * 900
    assert desk.evaluate(
        "document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight + 1"
    )
    assert desk.locator(".wall").locator("button, a, input, select").count() == 1
    assert found_by_axe(desk) == []
    evening.count(12)
    expect(zone).to_contain_text("12")
    desk.get_by_role("link", name="Leave wall mode").click()
    expect(desk.get_by_label("Radio call")).to_be_visible()
    assert desk.evaluate("document.documentElement.dataset.theme") == "light"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (1440, 900)], ids=["phone", "desk"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    browser: Browser, evening: Evening, theme: Any, size: tuple[int, int]
) -> None:
    evening.count(NORTH.seats * 3)
    settings: dict[str, Any] = {"viewport": {"width": size[0], "height": size[1]}, "color_scheme": theme}
    with screen(browser, evening.system, evening.email, **settings) as page:
        for address in (f"/staff/control?event={evening.event}", f"/staff/control?event={evening.event}&wall=1"):
            page.goto(address)
            expect(label(page)).to_be_visible()
            if "wall" not in address:
                evening.keep(page, 3 * MINUTE, 3)
                expect(page.get_by_label("Time of the picture")).to_be_visible()
                page.locator("summary").filter(has_text="Gates (").click()
                expect(page.get_by_role("region", name="Gates (")).to_be_visible()
            assert found_by_axe(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
