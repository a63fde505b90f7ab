"""Evacuation instructions by block in real browsers: previewed at the desk, sent, and shown on phones."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from tests.web.office import grant_roles, in_database
from tests.web.points import buy, match_tonight, named
from tests.web.system import System, fresh
from tests.web.test_access import found_by_axe
from tests.web.test_broadcasts import block_of
from tests.web.test_control import screen
from tests.web.test_membership import fine
from tests.web.transfers import phone
from virage.demo.venues.drawing import stadium, stadium_file
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.site.venue import store
from virage.site.venue.rules.build import version_of
from virage.site.venue.rules.file import EvacuationPlan, RefugeFile, WayOutFile
from virage.site.venue.types import Safety

BLOCKS = [block.code for block in stadium().blocks]
PLACES = BLOCKS + [area.code for area in stadium().areas]
FIRST, SECOND, THIRD = list(dict.fromkeys(gate.group for gate in stadium().gates))[:3]


@pytest.fixture
def event_id(system: System) -> UUID:
    return match_tonight(system, fresh("Derby"))


@pytest.fixture
def desk(browser: Browser, system: System, event_id: UUID) -> Iterator[Page]:
    """The control room of the event."""
    email = grant_roles(system, f"instructor-{new_id()}@example.org", (Grant("controller", "event", event_id),))
    with screen(browser, system, email) as page:
        page.goto(f"/staff/control?event={event_id}")
        expect(page.locator("[data-clearing=ready]")).to_be_visible()
        yield page


@pytest.fixture
def fan(browser: Browser, system: System, event_id: UUID, address: str) -> Iterator[Page]:
    """The phone of a fan with two tickets."""
    with phone(browser, system, named(system, f"evacuated-{address}")) as page:
        buy(page, event_id)
        page.goto("/tickets")
        yield page


def approve(system: System, event_id: UUID, block: str) -> None:
    """Give the event a venue with a plan: the block leaves by the first exit or the second one, others by the third."""
    ways = tuple(WayOutFile(place, (FIRST, SECOND) if place == block else (THIRD,)) for place in PLACES)
    plan = EvacuationPlan(f"EP-{event_id}", "Demonstration", date(2025, 1, 1), "+33140506070", ways)
    file = replace(stadium_file(), safety=Safety(refuges=(RefugeFile("R1", 0, 90, 12),), evacuation_plan=plan))

    async def store_version(conn: Connection) -> None:
        version = version_of(file, "")
        await store.insert_version(conn, file, version, None, datetime.now(UTC), based_on=None)
        await conn.execute("update programme.event set ground_version = $1 where id = $2", version, event_id)

    in_database(system, store_version)


def prepare_and_send(desk: Page) -> None:
    section = desk.get_by_role("region", name="Evacuation instructions", exact=True)
    section.get_by_role("button", name="Check and send").click()
    desk.get_by_role("dialog").get_by_role("button", name="Send now").click()
    expect(section.get_by_text("Sent last at")).to_be_visible()


def test_a_block_shows_its_instruction_another_block_its_own_and_a_closed_exit_changes_it(
    desk: Page, fan: Page, system: System, event_id: UUID
) -> None:
    block = block_of(system, event_id)
    approve(system, event_id, block)
    section = desk.get_by_role("region", name="Evacuation instructions", exact=True)
    section.get_by_role("button", name="Prepare instructions").click()
    expect(section.get_by_text(f"Plan EP-{event_id}, approved by Demonstration on 1 January 2025.")).to_be_visible()
    expect(section.get_by_role("row", name=f"{FIRST} {block}")).to_be_visible()
    section.get_by_text(f"Texts: Exit {FIRST}").click()
    english = section.get_by_label(f"Text, Exit {FIRST}, English")
    expect(english).to_have_value(
        f"Leave by exit {FIRST} now. Walk, do not run. Follow the stewards.\n"
        "If you cannot use stairs: wait at refuge R1. Do not use lifts. Help: +33140506070"
    )
    own = fresh("Leave by the tunnel.")
    english.fill(own)
    fine(desk)
    section.get_by_role("button", name="Check and send").click()
    expect(desk.get_by_role("dialog")).to_contain_text("blocks and standing areas")
    assert found_by_axe(desk) == []
    desk.get_by_role("dialog").get_by_role("button", name="Back").click()
    prepare_and_send(desk)
    shown = fan.get_by_role("alertdialog")
    expect(shown.get_by_role("heading", name=f"Leave by exit {FIRST}")).to_be_visible()
    expect(shown).to_contain_text(own)
    other = next(code for code in BLOCKS if code != block)
    heard = system.get(f"/api/broadcasts/{event_id}?place={other}")
    assert [one["texts"]["en"]["headline"] for one in heard] == [f"Leave by exit {THIRD}"]

    desk.get_by_role("group", name="Exits taken as closed").get_by_label(f"Exit {FIRST} ").check()
    expect(section.get_by_role("row", name=f"{SECOND} {block}")).to_be_visible()
    prepare_and_send(desk)
    expect(shown.get_by_role("heading", name=f"Leave by exit {SECOND}")).to_be_visible()
    assert system.get(f"/api/broadcasts/{event_id}?place={other}") == heard

    desk.get_by_role("group", name="Exits taken as closed").get_by_label(f"Exit {SECOND} ").check()
    expect(section.get_by_text(f"All approved exits are closed for: {block}.")).to_be_visible()
    expect(desk.locator("[data-clearing=ready]")).to_be_visible()
    desk.emulate_media(color_scheme="dark")
    assert found_by_axe(desk) == []


def test_without_an_approved_plan_the_desk_says_so_and_names_no_exit(desk: Page) -> None:
    section = desk.get_by_role("region", name="Evacuation instructions", exact=True)
    section.get_by_role("button", name="Prepare instructions").click()
    expect(section.get_by_text("The venue file has no approved evacuation plan")).to_be_visible()
    expect(section.get_by_text("not named")).to_be_visible()
    expect(section.get_by_text("Leave by exit")).to_have_count(0)
