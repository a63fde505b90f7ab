"""Identity checks at a gate: the name on a steward's phone, online and offline, and the office's rule."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.web.devices import with_pin
from tests.web.gate import Phone, Ticket, light, tickets, tonight, type_code
from tests.web.gates import Lane
from tests.web.office import desk, grant_roles, in_database
from tests.web.screens import SIZES
from tests.web.system import Server, System, stoppable
from tests.web.test_access import SMALL, found_by_axe
from tests.web.test_gate import STEWARD, begin, inside, killed_and_back, scans
from virage.demo.programme import done
from virage.matchday.access.acts.identity import set_identity_rule
from virage.matchday.access.rules.identity import IdentityContent
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.site.programme.reads import event as event_of
from virage.site.programme.rules import EventRules

RULES = EventRules(named_tickets=True, names_by=2)
NAME = "Léa Martin"


@pytest.fixture
def server(system: System) -> Iterator[Server]:
    with stoppable(system) as server:
        yield server


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path, server: Server) -> Iterator[Phone]:
    phone = Phone(playwright, tmp_path, server[0])
    yield phone
    phone.close()


@pytest.fixture
def title() -> str:
    return f"Match {new_id()}"


@pytest.fixture
def event(system: System, title: str) -> UUID:
    """An event in an hour, whose names were due an hour ago."""
    with_pin(system, "steward.at.gate@example.org", STEWARD, "steward")
    return tonight(system, title, RULES)


def rule(system: System, event_id: UUID, content: IdentityContent, revision: int | None = None) -> None:
    """Set the identity rule of an event; gates fetch a new pack."""

    async def write(conn: Connection) -> None:
        event = await event_of(conn, event_id)
        assert event is not None
        done(await set_identity_rule(conn, event, content, revision=revision, who=None, now=datetime.now(UTC)))

    in_database(system, write)


def named(system: System, event_id: UUID, *names: str | None) -> list[Ticket]:
    """Passes at gate group N whose tickets carry these names."""
    made = tickets(system, event_id, "N", len(names))

    async def write(conn: Connection) -> None:
        await conn.executemany(
            "insert into ticketing.ticket (id, order_id, event_id, place, tariff, price_cents, holder_name) "
            "values ($1, $2, $3, $4, 0, 1000, $5)",
            [
                (ticket.subject, new_id(), event_id, ticket.place, name)
                for ticket, name in zip(made, names, strict=True)
            ],
        )

    in_database(system, write)
    return made


def test_a_steward_compares_names_online_and_offline_and_a_mismatch_takes_the_entry_back(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, start = server
    first, second, third = named(system, event, NAME, "Noé Petit", "Ana López")
    rule(system, event, IdentityContent(share_percent=100))
    page = begin(phone, system, title)
    type_code(page, first.code())
    light(page, "good", "Check ID")
    expect(page.locator("[data-name]")).to_have_text(NAME)
    expect(page.locator("[data-alone=false]")).to_be_visible()
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    turn = page.locator("[data-light]").get_attribute("data-turn")
    type_code(page, third.code())
    page.locator("[data-light]").click(position={"x": 20, "y": 20})
    expect(page.locator(f"[data-turn='{turn}']")).to_be_visible()
    with page.expect_response("**/api/access/scans"):
        page.get_by_role("button", name="Matches", exact=True).press("Enter")
    expect(page.locator("[data-light]")).to_have_count(0)
    expect(page.locator("[data-backlog='0']")).to_be_attached()

    stop()
    type_code(page, second.code())
    light(page, "good", "Check ID")
    expect(page.locator("[data-name]")).to_have_text("Noé Petit")
    expect(page.locator("[data-alone=true]")).to_be_visible()
    page.get_by_role("button", name="Does not match").click()
    light(page, "bad", "Name does not match")
    assert found_by_axe(page) + page.evaluate(SMALL) == []
    expect(page.get_by_role("button", name="Admit anyway")).to_have_count(0)
    expect(page.locator("[data-backlog='2']")).to_be_attached()

    page = killed_and_back(phone)
    expect(page.locator("[data-backlog='2']")).to_be_attached()
    type_code(page, second.code())
    light(page, "good", "Check ID")
    expect(page.locator("[data-name]")).to_have_text("Noé Petit")
    page.get_by_role("button", name="Does not match").click()
    type_code(page, third.code())
    light(page, "good", "Check ID")
    page.get_by_role("button", name="Matches", exact=True).click()
    expect(page.locator("[data-backlog='6']")).to_be_attached()
    start()
    expect(page.locator("[data-backlog='0']")).to_be_attached()
    assert inside(system, event) == {first.number, third.number}
    # The online answer and its outcome may arrive in either order of the list, the offline ones as they were made.
    assert [(kind, number) for kind, number, _ in scans(system, event)] == [
        ("ask", first.number),
        ("matched", first.number),
        ("passed", second.number),
        ("mismatched", second.number),
        ("passed", second.number),
        ("mismatched", second.number),
        ("passed", third.number),
        ("matched", third.number),
    ]


def test_a_ticket_without_a_name_is_sent_to_the_box_office_online_and_offline(
    phone: Phone, system: System, server: Server, event: UUID, title: str
) -> None:
    _, stop, _ = server
    online, offline, carried = named(system, event, None, None, NAME)
    rule(system, event, IdentityContent(share_percent=0, unnamed="desk"))
    page = begin(phone, system, title)
    type_code(page, online.code())
    light(page, "bad", "No name on the ticket")
    expect(page.locator("[data-alone=false]")).to_be_visible()
    stop()
    type_code(page, offline.code())
    light(page, "bad", "No name on the ticket")
    expect(page.locator("[data-alone=true]")).to_be_visible()
    type_code(page, carried.code())
    light(page, "good", "Valid")


def test_no_name_stays_on_the_phone_of_a_steward_a_day_after_the_event(
    phone: Phone, system: System, event: UUID, title: str
) -> None:
    named(system, event, NAME)
    rule(system, event, IdentityContent(share_percent=100))
    page = begin(phone, system, title)
    stored = """async () => {
        const db = await new Promise((done) => {
            const asked = indexedDB.open("virage-gate");
            asked.onsuccess = () => done(asked.result);
        });
        const packs = await new Promise((done) => {
            const asked = db.transaction("pack").objectStore("pack").getAll();
            asked.onsuccess = () => done(asked.result);
        });
        db.close();
        const bytes = ({ sealed }) => Uint8Array.from(atob(sealed.body), (sign) => sign.charCodeAt(0));
        return packs.map((pack) => new TextDecoder().decode(bytes(pack)));
    }"""
    (pack,) = page.evaluate(stored)
    assert NAME in pack
    for _ in range(2):  # a device that has one event to choose from begins with it
        tonight(system, f"Match {new_id()}")

    async def end(conn: Connection) -> None:
        await conn.execute(
            "update programme.event set doors_at = doors_at - interval '2 days', "
            "starts_at = starts_at - interval '2 days', ends_at = ends_at - interval '2 days' where id = $1",
            event,
        )

    in_database(system, end)
    rule(system, event, IdentityContent(share_percent=50), revision=1)
    expect(page.get_by_role("heading", name="Choose an event")).to_be_visible()
    assert page.evaluate(stored) == []


@pytest.fixture
def office(browser: Browser, system: System, address: str, event: UUID) -> Iterator[Page]:
    """The gates as a supervisor of the whole venue sees them."""
    everywhere = (Grant("supervisor"),)
    with desk(browser, system, grant_roles(system, f"all-{address}", everywhere, "Some Supervisor")) as page:
        page.goto(f"/office/events/{event}/gates")
        expect(page.locator("[data-inside]")).to_be_visible()
        yield page


def test_the_office_sets_a_sample_in_two_steps_and_sees_the_outcomes(office: Page, system: System, event: UUID) -> None:
    section = office.locator("[data-identity]")
    section.get_by_label("Whose ID is checked").select_option(label="A random sample")
    share = section.get_by_label("Share in percent")
    share.fill("0")
    section.get_by_role("button", name="Review changes").click()
    expect(section.get_by_text("From 1 to 99")).to_be_visible()
    share.fill("25")
    section.get_by_label("Send tickets without a name to the box office").check()
    section.get_by_role("button", name="Review changes").click()
    dialog = office.get_by_role("dialog", name="Change identity checks?")
    expect(dialog.get_by_text("A random sample of 25%")).to_be_visible()
    assert stored(system, event) == []
    assert found_by_axe(office) == []
    dialog.get_by_role("button", name="Save").click()
    expect(section.get_by_text("by Some Supervisor")).to_be_visible()
    assert stored(system, event) == [(25, "desk", 1)]
    section.get_by_label("Whose ID is checked").select_option(label="Everyone’s")
    section.get_by_role("button", name="Review changes").click()
    dialog.get_by_role("button", name="Save").click()
    expect(office.get_by_text("Identity checks saved.").first).to_be_visible()
    lane, (one, other, late) = Lane(system, event, "N1", "Phone of N1"), named(system, event, NAME, "Noé", "Ana")
    for ticket, outcome in ((one, "matched"), (other, "mismatched"), (late, None)):
        assert lane.scan("ask", ticket)["identity_check"] is True
        if outcome is not None:
            lane.scan(outcome, pass_number=ticket.number)
    for label, number in (
        ("To check", "3"),
        ("Checked", "2"),
        ("Names that matched", "1"),
        ("Names that did not match", "1"),
    ):
        line = section.locator("dl > div").filter(has=office.get_by_text(label, exact=True))
        expect(line.locator("dd")).to_have_text(number)
    assert found_by_axe(office) + office.evaluate(SMALL) == []


def test_a_change_that_another_supervisor_made_first_is_not_overwritten(
    office: Page, system: System, event: UUID
) -> None:
    section = office.locator("[data-identity]")
    section.get_by_label("Whose ID is checked").select_option(label="Everyone’s")
    rule(system, event, IdentityContent(share_percent=5))
    section.get_by_role("button", name="Review changes").click()
    dialog = office.get_by_role("dialog", name="Change identity checks?")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert").or_(dialog.get_by_role("status")).first).to_be_visible()
    assert stored(system, event) == [(5, "admit", 1)]


def test_the_office_says_that_tickets_without_names_cannot_be_checked(
    browser: Browser, system: System, address: str
) -> None:
    event = tonight(system, f"Match {new_id()}")
    everywhere = (Grant("supervisor"),)
    with desk(browser, system, grant_roles(system, f"all-{address}", everywhere, "Some Supervisor")) as page:
        page.set_viewport_size(SIZES["phone"])
        page.goto(f"/office/events/{event}/gates")
        expect(page.locator("[data-identity]").get_by_text("carry no names")).to_be_visible()
        expect(page.get_by_role("button", name="Review changes")).to_have_count(0)


def stored(system: System, event_id: UUID) -> list[tuple[int, str, int]]:
    """The stored rules of an event: share, unnamed, revision."""

    async def ask(conn: Connection) -> list[Any]:
        return await conn.fetch(
            "select share_percent, unnamed, revision from access.identity_rule where event_id = $1", event_id
        )

    return [tuple(row) for row in in_database(system, ask)]
