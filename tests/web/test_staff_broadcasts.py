"""Messages of the control room to the staff, on the screens of gates, tills, kitchens, stewards and desks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.web.food import kitchen, on_now, open_kitchen, untouched_outlet
from tests.web.gate import Phone
from tests.web.office import grant_roles, in_database
from tests.web.system import Server, System, fresh
from tests.web.test_access import found_by_axe
from tests.web.test_control import screen
from tests.web.test_gate import begin, event, phone, server, title
from tests.web.till import open_till
from virage.control.safety.acts.broadcasts import send
from virage.control.safety.rules.broadcasts import (
    BroadcastCategory,
    BroadcastMode,
    BroadcastSeverity,
    BroadcastText,
    BroadcastUrgency,
    NewBroadcast,
    ResponseType,
    StaffGroup,
    ToStaff,
)
from virage.demo.venues.drawing import stadium
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.platform.data.database import Connection
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant

__all__ = ["event", "phone", "server", "title"]


@pytest.fixture(autouse=True)
def quiet(system: System) -> Iterator[None]:
    """Tills and kitchens follow all events around now: no message is left to those of the next test."""
    yield
    in_database(system, lambda conn: conn.execute("update safety.broadcast set expires_at = sent_at"))


@pytest.fixture
def tablet(playwright: Playwright, tmp_path: Path, server: Server) -> Iterator[Phone]:
    """A till's browser."""
    tablet = Phone(playwright, tmp_path, server[0])
    yield tablet
    tablet.close()


def tell(
    system: System,
    event_id: UUID,
    group: StaffGroup,
    *,
    mode: BroadcastMode = BroadcastMode.ACTUAL,
    severity: BroadcastSeverity = BroadcastSeverity.EXTREME,
) -> str:
    """Send a message to a group of the staff; return its headline."""
    headline = fresh("Stop the entry")
    message = NewBroadcast(
        id=new_id(),
        texts={"en": BroadcastText(headline, "Close your gate and wait for the control room.")},
        mode=mode,
        audience=ToStaff([group]),
        category=BroadcastCategory.SAFETY,
        severity=severity,
        urgency=BroadcastUrgency.IMMEDIATE,
        response=ResponseType.EXECUTE,
        minutes=5,
    )
    vault = KeyVault(derive(system.env["VIRAGE_SECRET"], PURPOSE))

    async def act(conn: Connection) -> None:
        sent = await send(conn, stadium(), event_id, message, vault=vault, who=new_id(), now=datetime.now(UTC))
        assert not isinstance(sent, Refused)

    in_database(system, act)
    return headline


def understand(page: Page, headline: str) -> None:
    """Expect the message to cover the screen, and close it; it stays as a line."""
    expect(page.get_by_role("alertdialog").get_by_role("heading", name=headline)).to_be_visible()
    page.get_by_role("button", name="I have read this").click()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    expect(page.get_by_role("region", name="Messages of the control room").get_by_text(headline)).to_be_visible()


def test_a_message_covers_the_gate_at_once_and_one_that_it_missed_when_its_network_is_back(
    phone: Phone, system: System, event: UUID, title: str, server: Server
) -> None:
    _, stop, start = server
    page = begin(phone, system, title)
    understand(page, tell(system, event, StaffGroup.STEWARDS))
    tell(system, event, StaffGroup.FOOD)
    stop()
    missed = tell(system, event, StaffGroup.STEWARDS)
    expect(page.get_by_text(missed)).to_have_count(0)
    start()
    understand(page, missed)
    expect(page.get_by_role("region", name="Messages of the control room").locator("[data-broadcast]")).to_have_count(2)


def test_a_gate_without_network_shows_what_it_has_heard_after_a_restart(
    phone: Phone, system: System, event: UUID, title: str, server: Server
) -> None:
    page = begin(phone, system, title)
    heard = tell(system, event, StaffGroup.STEWARDS)
    expect(page.get_by_role("alertdialog").get_by_role("heading", name=heard)).to_be_visible()
    _, stop, _ = server
    stop()
    page.reload()
    expect(page.get_by_role("alertdialog")).to_contain_text("there may be a newer message. Listen to the radio.")
    understand(page, heard)


def test_an_exercise_is_marked_on_the_gate(phone: Phone, system: System, event: UUID, title: str) -> None:
    page = begin(phone, system, title)
    headline = tell(system, event, StaffGroup.STEWARDS, mode=BroadcastMode.EXERCISE)
    expect(page.get_by_role("alertdialog").get_by_text("EXERCISE", exact=True)).to_be_visible()
    understand(page, headline)
    expect(
        page.get_by_role("region", name="Messages of the control room").get_by_text("EXERCISE", exact=True)
    ).to_be_visible()
    assert found_by_axe(page) == []


def test_a_till_and_a_kitchen_show_a_message_to_the_outlets_and_none_to_the_stewards(
    tablet: Phone, browser: Browser, system: System, address: str
) -> None:
    open_kitchen(system, outlet := untouched_outlet(system))
    event_id = on_now(system, fresh("An evening at the outlets"))
    till = tablet.start(viewport={"width": 1440, "height": 900})
    open_till(till, system, "Till told")
    with kitchen(browser, system, outlet, f"cook-{address}") as cook:
        tell(system, event_id, StaffGroup.STEWARDS)
        headline = tell(system, event_id, StaffGroup.FOOD)
        for page in (till, cook):
            understand(page, headline)
            expect(page.locator("[data-broadcast]")).to_have_count(1)
            assert found_by_axe(page) == []


def test_a_message_of_less_weight_is_a_line_above_the_till_that_keeps_selling(tablet: Phone, system: System) -> None:
    event_id = on_now(system, fresh("An evening with rain"))
    till = tablet.start(viewport={"width": 1440, "height": 900})
    open_till(till, system, "Till in the rain")
    headline = tell(system, event_id, StaffGroup.FOOD, severity=BroadcastSeverity.MODERATE)
    line = till.get_by_role("alert").filter(has_text=headline)
    expect(line).to_be_visible()
    expect(till.get_by_role("button", name="Pay")).to_be_in_viewport(ratio=1)
    line.get_by_role("button", name="Close").click()
    expect(line).to_have_count(0)


def test_the_stewards_phone_and_the_match_desk_show_the_messages_to_their_groups(
    browser: Browser, system: System, event: UUID
) -> None:
    for role, screen_of, group in (
        ("steward", "safety", StaffGroup.STEWARDS),
        ("match_desk", "desk", StaffGroup.MEDIA),
    ):
        email = grant_roles(system, f"told-{new_id()}@example.org", (Grant(role, "event", event),))
        with screen(browser, system, email) as page:
            page.goto(f"/staff/{screen_of}?event={event}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            understand(page, tell(system, event, group))
