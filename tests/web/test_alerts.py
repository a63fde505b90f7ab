"""Alerts in a real browser: raised by counts, acknowledged by keyboard, escalated, thresholds, the wall, no network."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.control.safety.thresholds import watch_for_full_zone
from tests.web.gate import settled
from tests.web.office import in_database
from tests.web.system import System
from tests.web.test_access import found_by_axe
from tests.web.test_control import screen
from tests.web.test_picture import NORTH, Evening

RINGS = """
window.rings = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) { window.rings += 1; return start.apply(this, at); };
"""


def full_stand(system: System, event: UUID, *, escalate_after_s: int) -> None:
    """One threshold: the stand is full."""
    secret = system.env["VIRAGE_SECRET"]
    in_database(
        system,
        lambda conn: watch_for_full_zone(conn, event, NORTH.code, secret=secret, escalate_after_s=escalate_after_s),
    )


@pytest.fixture
def evening(system: System) -> Evening:
    return Evening(system)


@pytest.fixture
def desk(browser: Browser, evening: Evening) -> Iterator[Page]:
    """The control room of an event whose alerts of a full stand escalate after an hour."""
    full_stand(evening.system, evening.event, escalate_after_s=3_600)
    with screen(browser, evening.system, evening.email, service_workers="allow") as page:
        page.goto(f"/staff/control?event={evening.event}")
        expect(page.get_by_role("heading", name="Alerts: 0")).to_be_visible()
        yield page


def card(page: Page) -> Locator:
    return page.locator(f"[data-alert][data-place={NORTH.code}]")


def test_an_alert_appears_is_acknowledged_by_keyboard_and_ends_by_itself(desk: Page, evening: Evening) -> None:
    evening.count(NORTH.seats * 2)
    expect(card(desk)).to_contain_text("P1 Occupancy")
    expect(card(desk)).to_contain_text("Now 200% of the places")
    expect(card(desk)).to_contain_text(re.compile(r"counters, \d+ s ago"))
    expect(desk.get_by_role("heading", name="Alerts: 1")).to_be_visible()
    card(desk).get_by_label("Note").focus()
    desk.keyboard.type("Team 4 looks")
    desk.keyboard.press("Enter")
    expect(card(desk)).to_contain_text("Acknowledged by Staff member at")
    expect(card(desk)).to_contain_text("Team 4 looks")
    expect(card(desk).get_by_role("button", name="Acknowledge")).to_be_hidden()
    evening.count(10)
    expect(desk.get_by_role("heading", name="Alerts: 0")).to_be_visible()
    desk.get_by_text("Ended alerts: 1").click()
    expect(card(desk)).to_contain_text("Cleared at")


def test_an_alert_without_an_answer_escalates_with_a_sound_where_it_is_allowed(
    browser: Browser, evening: Evening
) -> None:
    full_stand(evening.system, evening.event, escalate_after_s=1)
    with screen(browser, evening.system, evening.email) as page:
        page.add_init_script(RINGS)
        page.goto(f"/staff/control?event={evening.event}")
        page.get_by_role("button", name="Sound off").click()
        expect(page.get_by_role("button", name="Sound on")).to_be_visible()
        tones = page.evaluate("rings")
        evening.count(NORTH.seats * 2)
        bar = page.get_by_role("alert").filter(has_text="Alerts without an answer: 1")
        expect(bar).to_contain_text(f"Occupancy, Zone {NORTH.code}")
        expect(card(page)).to_contain_text("No answer, escalated at")
        assert page.evaluate("rings") == 2 * tones > 0
        card(page).get_by_role("button", name="Acknowledge").click()
        expect(bar).to_be_hidden()
        assert page.evaluate("rings") == 2 * tones


def test_an_incident_is_made_of_an_alert_once_and_shows_it(desk: Page, evening: Evening) -> None:
    evening.count(NORTH.seats * 2)
    card(desk).get_by_role("button", name="Make an incident").click()
    expect(desk.get_by_text(re.compile(f"From the alert Occupancy, Zone {NORTH.code}, raised at"))).to_be_visible()
    line = desk.locator("[data-incident]").filter(has_text=f"Occupancy, Zone {NORTH.code}: 200% of the places")
    expect(line).to_contain_text("P1")
    expect(card(desk).get_by_role("button", name="Make an incident")).to_be_hidden()
    desk.reload()
    card(desk).get_by_role("button", name="Show the incident").click()
    expect(desk.get_by_text(re.compile("From the alert Occupancy"))).to_be_visible()


def test_an_alert_is_closed_with_a_reason(desk: Page, evening: Evening) -> None:
    evening.count(NORTH.seats * 2)
    card(desk).get_by_role("button", name="Close").click()
    expect(card(desk)).to_contain_text("Write the reason into the note, then close.")
    evening.count(10)
    card(desk).get_by_label("Note").fill("The camera counts twice")
    card(desk).get_by_role("button", name="Close").click()
    expect(desk.get_by_role("heading", name="Alerts: 0")).to_be_visible()
    desk.get_by_text("Ended alerts: 1").click()
    expect(card(desk)).to_contain_text("The camera counts twice")


def cell(page: Page, column: str, row: int = 1) -> Locator:
    return page.get_by_label(f"{column}, row {row}", exact=True)


def test_thresholds_are_edited_and_bad_input_is_refused(desk: Page, evening: Evening) -> None:
    desk.get_by_text("Thresholds", exact=True).click()
    cell(desk, "Clear at or below").fill("100")
    cell(desk, "Raise after (s)").fill("soon")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Row 1: enter a whole number under “Raise after (s)”.")).to_be_visible()
    expect(desk.get_by_text("Row 1: the value that clears must be below the value that raises.")).to_be_visible()
    expect(cell(desk, "Clear at or below")).to_have_attribute("aria-invalid", "true")
    cell(desk, "Clear at or below").fill("40")
    cell(desk, "Raise after (s)").fill("0")
    cell(desk, "Place").fill("nowhere")
    desk.get_by_role("button", name="Save thresholds").click()
    expect(desk.get_by_text("This venue has no such place. Check the code.")).to_be_visible()
    cell(desk, "Place").fill(NORTH.code.lower())
    cell(desk, "Raise from").fill("50")
    desk.get_by_role("button", name="Add a threshold").click()
    cell(desk, "Raise from", 2).fill("0,25")
    cell(desk, "Clear at or below", 2).fill("0.2")
    cell(desk, "Raise after (s)", 2).fill("0")
    desk.get_by_role("button", name="Save thresholds").click()
    expect(desk.get_by_text("Thresholds saved")).to_be_visible()
    expect(desk.get_by_text("Changed by Staff member at")).to_be_visible()
    evening.count(NORTH.seats * 6 // 10)
    expect(card(desk).and_(desk.locator("[data-measure=occupancy]"))).to_contain_text("limit 50% of the places")
    expect(card(desk).and_(desk.locator("[data-measure=density]"))).to_contain_text("limit 0.25 people per m²")
    desk.get_by_role("button", name="Remove row 2").click()
    desk.get_by_role("button", name="Save thresholds").click()
    expect(card(desk).and_(desk.locator("[data-measure=density]"))).to_be_hidden()


def test_without_network_the_last_alerts_stay_with_their_time_also_after_a_reload(desk: Page, evening: Evening) -> None:
    evening.count(NORTH.seats * 2)
    expect(card(desk)).to_be_visible()
    settled(desk)
    expect(desk.get_by_text("No connection. Alerts of")).to_be_hidden()
    desk.context.set_offline(True)
    expect(desk.get_by_text("No connection. Alerts of")).to_be_visible()
    desk.reload()
    expect(desk.get_by_text("No connection. Alerts of")).to_be_visible()
    expect(card(desk)).to_contain_text("P1 Occupancy")
    desk.context.set_offline(False)
    expect(desk.get_by_text("No connection. Alerts of")).to_be_hidden(timeout=30_000)


def test_the_wall_shows_alerts_in_large_digits_and_has_room_for_them(desk: Page, evening: Evening) -> None:
    evening.count(NORTH.seats * 2)
    expect(card(desk)).to_be_visible()
    desk.goto(f"/staff/control?event={evening.event}&wall=1")
    alert = desk.locator("[data-wall-alert]")
    expect(alert).to_contain_text(f"Occupancy, Zone {NORTH.code}")
    expect(alert).to_contain_text("200% of the places")
    expect(desk.locator(f"[data-wall-zone={NORTH.code}]")).to_be_visible()
    sizes = alert.locator("strong, span").evaluate_all(
        "all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= 0.052 * 900
    assert desk.evaluate(
        "document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight + 1"
    )
    assert found_by_axe(desk) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (1440, 900)], ids=["phone", "desk"])
def test_axe_finds_nothing_in_alerts_and_thresholds_and_nothing_is_wider_than_the_screen(
    browser: Browser, evening: Evening, theme: Any, size: tuple[int, int]
) -> None:
    full_stand(evening.system, evening.event, escalate_after_s=1)
    settings: dict[str, Any] = {"viewport": {"width": size[0], "height": size[1]}, "color_scheme": theme}
    with screen(browser, evening.system, evening.email, **settings) as page:
        page.goto(f"/staff/control?event={evening.event}")
        evening.count(NORTH.seats * 2)
        expect(page.get_by_text("Alerts without an answer: 1")).to_be_visible()
        page.get_by_text("Thresholds", exact=True).click()
        expect(cell(page, "Raise from")).to_be_visible()
        assert found_by_axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
