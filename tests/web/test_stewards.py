"""Stewards' phones in real browsers: three taps, reports without network, assignments from the desk."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.conftest import sign_in_with_form
from tests.web.gate import settled, until
from tests.web.office import ENGLISH, grant_roles, in_database
from tests.web.points import match_tonight
from tests.web.system import System, fresh
from tests.web.test_access import found_by_axe
from tests.web.test_control import screen
from tests.web.test_membership import fine
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant


@pytest.fixture
def event_id(system: System) -> UUID:
    return match_tonight(system, fresh("Derby"))


@pytest.fixture
def steward(system: System, event_id: UUID) -> str:
    """The email address of a steward of the event."""
    return grant_roles(system, f"phone-{new_id()}@example.org", (Grant("steward", "event", event_id),))


@contextmanager
def phone(browser: Browser, system: System, email: str, event_id: UUID, **settings: Any) -> Iterator[Page]:
    """The phone of a steward at an event, in English, operated by touch."""
    wanted: dict[str, Any] = {
        "viewport": {"width": 390, "height": 844},
        "locale": "en-GB",
        "has_touch": True,
    } | settings
    context = browser.new_context(
        base_url=system.url, reduced_motion="reduce", is_mobile=True, service_workers="allow", **wanted
    )
    context.add_init_script(ENGLISH)
    page = context.new_page()
    try:
        page.goto("/sign-in")
        sign_in_with_form(page, system, email)
        page.goto(f"/staff/safety?event={event_id}")
        expect(page.get_by_role("heading", name="Report and assignments", level=1)).to_be_visible()
        yield page
    finally:
        context.close()


@pytest.fixture
def desk(browser: Browser, system: System, event_id: UUID) -> Iterator[Page]:
    """The control room of the event."""
    email = grant_roles(system, f"desk-{new_id()}@example.org", (Grant("controller", "event", event_id),))
    with screen(browser, system, email) as page:
        page.goto(f"/staff/control?event={event_id}")
        expect(page.get_by_text("No teams yet.")).to_be_visible()
        yield page


def incidents(system: System, event_id: UUID) -> list[Any]:
    """The stored incidents of the event."""

    async def ask(conn: Connection) -> list[Any]:
        return await conn.fetch("select * from safety.incident where event_id = $1 order by reported_at", event_id)

    return in_database(system, ask)


def texts(system: System, incident_id: UUID) -> list[str]:
    """The texts in the timeline of an incident."""

    async def ask(conn: Connection) -> list[str]:
        rows = await conn.fetch(
            """
            select convert_from(c.body, 'utf8')::json ->> 'text' as text
            from safety.record as r join safety.content as c using (event_id, number)
            where r.about = $1 order by number
            """,
            incident_id,
        )
        return [row["text"] for row in rows if row["text"] is not None]

    return in_database(system, ask)


def create_team(desk: Page, code: str, post: str, *members: str) -> None:
    """Create a medical team at the desk."""
    desk.get_by_role("button", name="New team").click()
    form = desk.get_by_role("dialog")
    form.get_by_label("Code").fill(code)
    form.get_by_label("Name").fill(f"Team {code}")
    form.get_by_label("Kind").select_option("medical")
    form.get_by_label("Post").fill(post)
    form.get_by_label("Members").fill(", ".join(members))
    form.get_by_role("button", name="Save").click()
    expect(desk.locator(f"[data-team={code}]")).to_be_visible()


def report(page: Page, kind: str, zone: str) -> None:
    """Report an incident in a zone that is typed."""
    page.locator(f"[data-kind={kind}]").tap()
    page.get_by_label("Zone or seat").fill(zone)
    page.get_by_role("button", name="Use this place").tap()
    page.get_by_role("button", name="Send", exact=True).tap()


def reports(page: Page, status: str) -> Locator:
    return page.locator(f"[data-report][data-status={status}]")


def test_a_report_takes_three_taps_and_text_and_priority_may_follow(
    browser: Browser, system: System, steward: str, event_id: UUID, desk: Page
) -> None:
    with phone(browser, system, steward, event_id) as page:
        report(page, "flag", "203")
        expect(reports(page, "sent")).to_have_count(1)
        page.locator("[data-kind=medical]").tap()
        fine(page)
        page.locator("[data-place=last]").tap()
        page.get_by_role("button", name="Send", exact=True).tap()
        newest = reports(page, "sent").filter(has_text="Medical")
        expect(newest).to_contain_text("Zone 203")
        text = fresh("A man has collapsed")
        newest.get_by_label("Add a text").fill(text)
        newest.get_by_role("button", name="Add", exact=True).tap()
        newest.get_by_role("button", name="P2").tap()
        expect(newest).to_contain_text("P2 Medical")
        fine(page)
        page.emulate_media(color_scheme="dark")
        assert found_by_axe(page) == []
    desk.locator("[data-incident]").filter(has_text="Medical").click()
    expect(desk.locator("[data-entry=incident_noted]")).to_contain_text(text)


def test_a_report_without_network_survives_a_reload_and_is_one_incident_with_its_time(
    browser: Browser, system: System, steward: str, event_id: UUID
) -> None:
    with phone(browser, system, steward, event_id) as page:
        settled(page)
        until(page, "() => navigator.serviceWorker.controller !== null")
        page.context.set_offline(True)
        report(page, "fight", "203")
        waiting = reports(page, "waiting")
        expect(waiting).to_contain_text("Waiting for the network")
        identity = waiting.get_attribute("data-report")
        note = fresh("Two men at the bar")
        waiting.get_by_label("Add a text").fill(note)
        waiting.get_by_role("button", name="Add", exact=True).tap()
        expect(page.get_by_text("Added.")).to_be_visible()
        page.reload()
        expect(page.get_by_text("Reports are stored on this phone and sent later.")).to_be_visible()
        expect(reports(page, "waiting")).to_contain_text("Fight, Zone 203")
        fine(page)
        report(page, "crowd", "203")
        expect(reports(page, "waiting")).to_have_count(2)
        assert incidents(system, event_id) == []
        page.context.set_offline(False)
        expect(reports(page, "sent")).to_have_count(2)
        expect(reports(page, "waiting")).to_have_count(0)
        expect(page.get_by_text("Waiting: text or priority")).to_have_count(0)
        page.reload()
        expect(reports(page, "sent")).to_have_count(2)
    first, second = incidents(system, event_id)
    assert (str(first["id"]), first["kind"], second["kind"]) == (identity, "fight", "crowd")
    assert first["occurred_at"] < second["occurred_at"] < first["reported_at"], "the times of writing are kept"
    assert texts(system, first["id"]) == [note], "the text followed its report"


def test_a_report_whose_answer_is_lost_is_one_incident(
    browser: Browser, system: System, steward: str, event_id: UUID
) -> None:
    with phone(
        browser,
        system,
        steward,
        event_id,
    ) as page:
        lost: list[str] = []

        def lose(route: Any) -> None:
            if lost:
                route.continue_()
                return
            route.fetch()
            lost.append(route.request.url)
            route.abort()

        page.context.route("**/api/safety/events/*/reports", lose)
        report(page, "abuse", "203")
        expect(reports(page, "sent")).to_have_count(1)
        assert len(lost) == 1
    assert len(incidents(system, event_id)) == 1


def test_the_desk_sends_the_nearest_team_and_sees_its_steps_and_times(
    browser: Browser, system: System, steward: str, event_id: UUID, desk: Page
) -> None:
    create_team(desk, "M1", "203", steward)
    create_team(desk, "M2", "101")
    assert found_by_axe(desk) == []
    text = fresh("collapsed")
    desk.get_by_label("Radio call").fill(f"med 203-1-1 {text}")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-candidate]").first).to_contain_text("M1")
    expect(desk.locator("[data-candidate]").first).to_contain_text("1 min on foot")
    desk.get_by_role("button", name="Assign M1").click()
    assigned = desk.locator("[data-assigned=M1]")
    expect(assigned).to_contain_text("Assigned, not accepted")
    with phone(browser, system, steward, event_id, color_scheme="dark") as page:
        card = page.locator("[data-assignment]")
        expect(card).to_contain_text("Block 203, row 1, seat 1")
        fine(page)
        card.get_by_role("button", name="Accept").tap()
        expect(assigned).to_contain_text("Accepted")
        card.get_by_role("button", name="On the way").tap()
        expect(desk.locator("[data-team=M1]")).to_contain_text("On the way")
        page.context.set_offline(True)
        card.get_by_role("button", name="Arrived").tap()
        expect(card).to_contain_text("Waiting for the network")
        page.context.set_offline(False)
        expect(desk.locator("[data-team=M1]")).to_contain_text("At the place")
        expect(assigned.locator("[data-times]")).to_have_text(
            re.compile(r"^assigned after \d+:\d\d, accepted after \d+:\d\d, arrived after \d+:\d\d$")
        )
        expect(desk.locator("[data-entry=team_arrived]")).to_contain_text("M1")
        assert found_by_axe(desk) == []
        card.get_by_role("button", name="Done").tap()
        expect(page.get_by_text("No assignment.")).to_be_visible()
    expect(desk.locator("[data-team=M1]")).to_contain_text("Free")


def test_a_team_passes_on_with_a_reason_and_the_desk_sends_another(
    browser: Browser, system: System, steward: str, event_id: UUID, desk: Page
) -> None:
    create_team(desk, "M1", "203", steward)
    create_team(desk, "M2", "101")
    desk.get_by_label("Radio call").fill(f"med 203-1-1 {fresh('fainted')}")
    desk.keyboard.press("Enter")
    desk.get_by_role("button", name="Assign M1").click()
    with phone(browser, system, steward, event_id) as page:
        page.get_by_role("button", name="Pass on").tap()
        fine(page)
        page.get_by_role("button", name="Too far away").tap()
        expect(page.locator("[data-assignment]")).to_have_count(0)
    expect(desk.locator("[data-assigned=M1]")).to_contain_text("Passed on: Too far away")
    desk.get_by_role("button", name="Assign M2").click()
    expect(desk.locator("[data-assigned=M2]")).to_contain_text("Assigned, not accepted")
    desk.emulate_media(color_scheme="dark")
    assert found_by_axe(desk) == []


def test_a_member_of_staff_without_an_event_is_told_whom_to_ask(browser: Browser, system: System) -> None:
    email = grant_roles(system, f"kitchen-{new_id()}@example.org", (Grant("kitchen", "outlet", "01"),))
    with screen(browser, system, email) as page:
        page.goto("/staff/safety")
        expect(page.get_by_text(f"There is no event at which you work as {email}.")).to_be_visible()
        assert found_by_axe(page) == []
