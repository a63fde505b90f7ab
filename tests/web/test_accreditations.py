"""Accreditations in the office, in a real browser: added, printed, ended, many at once, times and gates by kind."""

from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pypdf import PdfReader

from tests.web.office import CLUB_OFFICE, desk, grant_roles, in_database
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from virage.demo.programme import CLUB
from virage.platform.data.database import Connection
from virage.platform.web.guard import Grant

SUPERVISOR = (Grant("supervisor", "organiser", CLUB.id),)


@pytest.fixture
def head(system: System, address: str) -> str:
    """A supervisor of all events of the club without sales permissions."""
    return grant_roles(system, f"head-{address}", SUPERVISOR)


def open_accreditations(page: Page, system: System) -> None:
    """Open the accreditations of the match from the list of events."""
    page.locator(f"a[href='/office/events/{system.event('match')}/gates']").click()
    page.get_by_role("link", name="Accreditations").click()
    expect(page.get_by_role("link", name="Accreditations")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("heading", name="Accredit a person")).to_be_visible()


def opens_no_gate(system: System, event_id: UUID) -> None:
    """Contractors have neither times nor gates, also after an earlier try."""

    async def take_back(conn: Connection) -> None:
        await conn.execute("delete from access.pass_window where event_id = $1 and gate_group = 'WORKS'", event_id)
        without = "update access.gate set extra_groups = array_remove(extra_groups, 'WORKS') where event_id = $1"
        await conn.execute(without, event_id)

    in_database(system, take_back)


def accredit(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Accredit", exact=True).click()


def test_an_accreditation_is_added_printed_and_ended(browser: Browser, system: System, head: str, address: str) -> None:
    name = f"Writer {address}"
    with desk(browser, system, head) as page:
        open_accreditations(page, system)
        accredit(page, "")
        expect(page.get_by_label("Name", exact=True)).to_be_focused()
        expect(page.get_by_label("Name", exact=True)).to_have_accessible_description("Enter a name")
        accredit(page, name)
        row = page.get_by_role("listitem").filter(has_text=name)
        expect(row).to_contain_text("Press")
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Print the badge of {name}").click()
        (sheet,) = PdfReader(BytesIO(Path(download.value.path()).read_bytes())).pages
        assert name.split("@", maxsplit=1)[0] in sheet.extract_text().replace("\n", " ")
        expect(page.get_by_text("Print it on paper.")).to_be_visible()
        page.get_by_role("button", name=f"Revoke the accreditation of {name}").click()
        question = page.get_by_role("dialog", name="Revoke this accreditation?")
        question.get_by_role("button", name="Go back").click()
        expect(row).to_be_visible()
        page.get_by_role("button", name=f"Revoke the accreditation of {name}").click()
        question.get_by_role("button", name="Revoke", exact=True).click()
        expect(row).to_have_count(0)
        page.get_by_label("State").select_option(label="Revoked")
        expect(row).to_contain_text("Revoked")
        page.get_by_label("Category").first.select_option(label="Teams")
        expect(row).to_have_count(0)


def test_a_lost_answer_and_a_second_click_are_one_accreditation(
    browser: Browser, system: System, head: str, address: str
) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    name = f"Lost {address}"
    with desk(browser, system, head) as page:
        open_accreditations(page, system)
        page.route("**/api/access/accreditations", lose, times=1)
        accredit(page, name)
        expect(page.get_by_text("Check your connection, then try again.")).to_be_visible()
        page.get_by_role("button", name="Accredit", exact=True).click()
        expect(page.get_by_text(f"{name} is accredited.")).to_be_visible()
        page.route("**/api/access/accreditations/list", lose, times=1)
        page.get_by_label("One per line").fill(f"{name} two; press\n{name} three; staff")
        page.get_by_role("button", name="Add all").click()
        expect(page.get_by_text("Check your connection, then try again.")).to_be_visible()
        page.get_by_role("button", name="Add all").click()
        expect(page.get_by_text("2 added.")).to_be_visible()
    ask = "select count(*) from access.accreditation where name like $1"
    assert in_database(system, lambda conn: conn.fetchval(ask, f"{name}%")) == 3


def test_a_list_is_added_at_once_and_every_error_names_its_line(
    browser: Browser, system: System, head: str, address: str
) -> None:
    count = "select count(*) from access.accreditation where name like $1"
    with desk(browser, system, head) as page:
        open_accreditations(page, system)
        area, add = page.get_by_label("One per line"), page.get_by_role("button", name="Add all")
        add.click()
        expect(area).to_be_focused()
        lines = [f"{address} {number}; press; writer{number}@example.org" for number in range(200)]
        area.fill("\n".join([*lines, f"{address} a; king", "; press; invalid", lines[3]]))
        add.click()
        errors = page.get_by_role("group", name="Fix 4 errors first. Nothing was added.")
        expect(errors).to_be_focused()
        for text in ("Line 201: “king” is not a category", "Line 202: Enter a name", "Line 203: Same as line 4"):
            expect(errors).to_contain_text(text)
        assert in_database(system, lambda conn: conn.fetchval(count, f"{address}%")) == 0
        area.fill(f"{address} hidden\u200b; press\n{address} fine; press")
        add.click()
        expect(page.get_by_text("Something in the form is not right.")).to_be_visible()
        csv = "\r\n".join(["Nom;Catégorie;E-mail", *(line.replace("press", "Presse") for line in lines)])
        page.locator("input[type=file]").set_input_files(
            {"name": "press.csv", "mimeType": "text/csv", "buffer": csv.encode("windows-1252")}
        )
        expect(area).to_be_focused()
        add.click()
        expect(page.get_by_text("200 added.")).to_be_visible()
        assert in_database(system, lambda conn: conn.fetchval(count, f"{address}%")) == 200
        area.fill("\n".join([*lines, f"{address} late; press"]))
        add.click()
        expect(page.get_by_text("1 added. 200 already in the list.")).to_be_visible()


def test_a_kind_without_gates_is_shown_as_such_until_its_times_and_gates_are_set(
    browser: Browser, system: System, head: str, address: str
) -> None:
    opens_no_gate(system, UUID(system.event("match")))
    with desk(browser, system, head) as page:
        open_accreditations(page, system)
        page.get_by_label("Category").last.select_option(label="Contractors")
        accredit(page, f"Works {address}")
        card = page.locator("[data-kind=contractor]")
        expect(card).to_contain_text("Opens no gate.")
        card.get_by_role("button", name="Change times and gates: Contractors").press("Enter")
        change = page.get_by_role("dialog", name="Contractors: times and gates")
        change.get_by_label("Until").fill("2020-01-01T10:00")
        change.get_by_role("button", name="Save").click()
        expect(change.get_by_label("Until")).to_be_focused()
        change.get_by_label("Until").fill("2035-01-01T10:00")
        change.get_by_label("Group B", exact=True).press("Space")
        change.get_by_label("Individual gates of group").select_option("A")
        change.get_by_label("Gate A3", exact=True).press("Space")
        change.get_by_role("button", name="Save").press("Enter")
        expect(card).to_contain_text("A3, B")
        expect(card).not_to_contain_text("Opens no gate.")
        page.reload()
        expect(card).to_contain_text("A3, B")


def test_supervisors_of_one_gate_group_and_sellers_see_no_accreditations(
    browser: Browser, system: System, address: str
) -> None:
    for name, grants in (("gate", (Grant("supervisor", "gate", "A"),)), ("seller", CLUB_OFFICE)):
        with desk(browser, system, grant_roles(system, f"{name}-{address}", grants)) as page:
            page.goto(f"/office/events/{system.event('match')}/accreditations")
            covered = page.get_by_text("You don’t have access to this part of the office.")
            expect(covered.or_(page.get_by_text("You don’t have access"))).to_be_visible()
            expect(page.get_by_role("link", name="Accreditations")).to_have_count(0)
            expect(page.get_by_role("heading", name="Accredit a person")).to_have_count(0)


def test_without_the_server_the_page_says_so_and_offers_a_retry(browser: Browser, system: System, head: str) -> None:
    with desk(browser, system, head) as page:
        page.route("**/api/access/**", lambda route: route.abort())
        page.goto(f"/office/events/{system.event('match')}/accreditations")
        expect(page.get_by_text("Check your connection, then try again.")).to_be_visible()
        page.unroute("**/api/access/**")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("heading", name="Accredit a person")).to_be_visible()
        assert found_by_axe(page) + page.evaluate(SMALL) == []
