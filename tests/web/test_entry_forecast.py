"""The forecast of the entry at the desk: made from scans by the worker, late without it, and its queues to come."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.gates import busy
from tests.web.office import grant_roles, in_database
from tests.web.points import match_tonight
from tests.web.system import System, fresh
from tests.web.test_access import found_by_axe
from tests.web.test_control import screen
from tests.web.test_membership import fine
from virage.control.safety.acts.entry import keep_forecast
from virage.control.safety.rules.entry import EntryBand, EntryForecast, GateOutlook
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

MINUTE = timedelta(minutes=1)


@pytest.fixture
def event_id(system: System) -> UUID:
    return match_tonight(system, fresh("Derby"))


@pytest.fixture
def desk(browser: Browser, system: System, event_id: UUID) -> Iterator[Page]:
    email = grant_roles(system, f"forecast-{new_id()}@example.org", (Grant("controller", "event", event_id),))
    with screen(browser, system, email) as page:
        page.goto(f"/staff/control?event={event_id}")
        yield page


def store(system: System, event_id: UUID, at: datetime) -> None:
    """Store a forecast as the worker makes it."""
    forecast = EntryForecast(
        event_id=event_id,
        at=at,
        members=400,
        tickets=48_000,
        inside=31_250,
        ahead_at=at + 10 * MINUTE,
        ahead=EntryBand(35_400, 33_900, 36_800),
        coming=EntryBand(44_100, 41_000, 46_300),
        all_in_p50=at + 41 * MINUTE,
        all_in_p95=None,
        until=at + 120 * MINUTE,
        silent_gates=2,
        gates=[
            GateOutlook("A1", 240, 390, 11.0, is_counted=True),
            GateOutlook("A2", 120, 260, 10.5, is_counted=True),
            GateOutlook("B1", 3, 12, 6.5, is_counted=False),
        ],
    )

    async def keep(conn: Connection) -> None:
        await keep_forecast(conn, forecast)

    in_database(system, keep)


def test_scans_at_a_gate_become_a_forecast_at_the_desk(desk: Page, system: System, event_id: UUID) -> None:
    section = desk.get_by_role("region", name="Entry forecast")
    expect(section).to_contain_text("Not measured: from the doors until an hour after the start")
    busy(system, event_id)
    expect(desk.locator("[data-entry-forecast=made]")).to_be_visible()
    expect(section.get_by_role("row", name="N3")).to_contain_text("≈")
    expect(section.get_by_text("Late: this forecast is from the counts of")).to_have_count(0)


def test_a_controller_sees_when_everybody_is_in_and_which_queues_will_be_too_long(
    desk: Page, system: System, event_id: UUID
) -> None:
    section = desk.get_by_role("region", name="Entry forecast")
    expect(section).to_contain_text("Not measured: from the doors until an hour after the start")
    store(system, event_id, datetime.now(UTC) + 30 * MINUTE)
    expect(section).to_contain_text("of 48,000 tickets")
    expect(section).to_contain_text("≈ 35,400")
    expect(section).to_contain_text("95 %: 33,900 to 36,800")
    expect(section).to_contain_text("2 gates are not measured now")
    expect(section.get_by_role("row", name="A1")).to_contain_text("more than 200")
    expect(section.get_by_role("row", name="A2")).to_contain_text("may exceed 200")
    model = section.get_by_role("row", name="B1")
    expect(model).to_contain_text("no counter: by the model")
    expect(model.locator("[data-queue]")).to_have_count(0)
    expect(section.get_by_text("Late: this forecast is from the counts of")).to_have_count(0)
    fine(desk)
    desk.emulate_media(color_scheme="dark")
    assert found_by_axe(desk) == []


def test_a_forecast_that_is_no_longer_made_is_shown_as_late(desk: Page, system: System, event_id: UUID) -> None:
    store(system, event_id, datetime.now(UTC))
    section = desk.get_by_role("region", name="Entry forecast")
    expect(section).to_contain_text("of 48,000 tickets")
    expect(section.get_by_text("Late: this forecast is from the counts of")).to_be_visible()


def test_without_network_the_last_forecast_stays_and_is_late(desk: Page, system: System, event_id: UUID) -> None:
    store(system, event_id, datetime.now(UTC) + 30 * MINUTE)
    section = desk.get_by_role("region", name="Entry forecast")
    expect(section).to_contain_text("of 48,000 tickets")
    desk.context.set_offline(True)
    expect(section.get_by_text("Late: this forecast is from the counts of")).to_be_visible()
    expect(section).to_contain_text("≈ 35,400")
    desk.context.set_offline(False)
    expect(section.get_by_text("Late: this forecast is from the counts of")).to_have_count(0)
