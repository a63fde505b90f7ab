"""Venues in the office: files with and without defects, annotations on the map, two editors, closures of an event."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.site.venue.samples import seating_plan, small_document
from tests.web.office import ADMIN, desk, grant_roles
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from virage.platform.values.ids import new_id

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def office(system: System, address: str) -> str:
    """An administrator, who manages every venue."""
    return grant_roles(system, f"venues-{address}", ADMIN, "Vera Venue")


def new_code(first: str) -> str:
    """An unused code of a venue."""
    return f"{first}{new_id().hex[-8:]}"


def file_of(document: Any, name: str = "venue.json") -> FilePayload:
    return {"name": name, "mimeType": "application/json", "buffer": json.dumps(document).encode()}


def check_file(page: Page, document: Any) -> None:
    """Choose a file on the import page and have it checked."""
    page.goto("/office/import-venue")
    page.get_by_label("Choose a file").set_input_files(file_of(document))
    page.get_by_role("button", name="Check the file").click()


def import_arena(page: Page, code: str) -> None:
    check_file(page, small_document(code))
    page.get_by_role("button", name="Import the venue").click()
    expect(page.get_by_role("heading", name="Arena", level=1)).to_be_visible()


def type_seats(page: Page, block: str, row: str, seats: str) -> None:
    page.get_by_label("Block", exact=True).fill(block)
    page.get_by_label("Row", exact=True).fill(row)
    page.get_by_label("Seats", exact=True).fill(seats)
    page.get_by_role("button", name="Choose", exact=True).click()


def test_a_file_is_imported_and_annotated_and_the_difference_is_shown(
    browser: Browser, system: System, office: str
) -> None:
    code = new_code("a")
    with desk(browser, system, office) as page:
        check_file(page, small_document(code))
        expect(page.get_by_role("heading", name="No defects")).to_be_visible()
        expect(page.get_by_text("This is a new venue.")).to_be_visible()
        assert found_by_axe(page) + page.evaluate(SMALL) == []
        page.get_by_role("button", name="Import the venue").click()
        expect(page.get_by_role("heading", name="Arena", level=1)).to_be_visible()
        type_seats(page, "101", "1", "1-2")
        expect(page.get_by_text("2 seats chosen")).to_be_visible()
        page.get_by_role("button", name="Set", exact=True).click()
        draft = page.locator("[data-draft]")
        expect(draft).to_contain_text("Wheelchair space: set, block 101, row 1, 1, 2")
        assert found_by_axe(page) + page.evaluate(SMALL) == []
        draft.get_by_role("button", name="Save as a new version").click()
        expect(draft).to_contain_text("No changes collected")
        differences = page.get_by_role("list", name="Differences")
        expect(differences).to_contain_text("Block 101")
        expect(differences).to_contain_text("Wheelchair spaces: 1 → 3 (1 1, 1 2)")
        versions = page.get_by_role("list", name="Versions")
        expect(versions.get_by_role("listitem")).to_have_count(2)
        expect(versions.get_by_role("listitem").first).to_contain_text("Vera Venue")
        with page.expect_download() as download:
            versions.get_by_role("link", name="Download version 2").click()
        file = json.loads(Path(download.value.path()).read_bytes())
        assert file["blocks"][0]["rows"][0]["segments"][0]["features"] == {"wheelchair": [0, 1]}


def test_blocks_rows_and_seats_are_chosen_by_keyboard(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as page:
        import_arena(page, new_code("k"))
        bowl = page.get_by_role("listbox", name="Blocks of the venue")
        bowl.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
        expect(page.get_by_role("option", name=re.compile("^Block 102"))).to_have_attribute("aria-selected", "true")
        page.get_by_label("What to change").select_option(label="Gate group")
        page.get_by_role("button", name="Set", exact=True).click()
        expect(page.locator("[data-draft]")).to_contain_text("Gate group A: 102")
        bowl.focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        seats = page.get_by_role("listbox", name="Seats of block 101")
        seats.focus()
        page.keyboard.press("r")
        expect(page.get_by_text("3 seats chosen")).to_be_visible()
        page.keyboard.press("Space")
        expect(page.get_by_text("2 seats chosen")).to_be_visible()
        page.get_by_label("What to change").select_option(label="View")
        page.get_by_label("Quality of the view, 0 to 100").fill("101")
        page.get_by_role("button", name="Set", exact=True).click()
        expect(page.get_by_text("Enter a whole number from 0 to 100.")).to_be_visible()
        page.get_by_label("Quality of the view, 0 to 100").fill("40")
        page.get_by_role("button", name="Set", exact=True).click()
        expect(page.locator("[data-draft]")).to_contain_text("View from block 101, row 1: 40")


def test_of_two_people_who_edit_one_version_the_second_keeps_the_changes_and_applies_them(
    browser: Browser, system: System, office: str, address: str
) -> None:
    other = grant_roles(system, f"second-{address}", ADMIN, "Otto Other")
    code = new_code("c")
    with desk(browser, system, office) as mine, desk(browser, system, other) as theirs:
        import_arena(mine, code)
        theirs.goto(f"/office/venues/{code}")
        for page, block in ((mine, "101"), (theirs, "102")):
            type_seats(page, block, "", "")
            page.get_by_label("Access feature").select_option(label="Hearing loop")
            page.get_by_role("button", name="Set", exact=True).click()
        mine.get_by_role("button", name="Save as a new version").click()
        expect(mine.get_by_role("list", name="Versions").get_by_role("listitem")).to_have_count(2)
        theirs.get_by_role("button", name="Save as a new version").click()
        draft = theirs.locator("[data-draft]")
        expect(draft).to_contain_text("Version 2 was saved by Vera Venue")
        expect(draft).to_contain_text("Hearing loop: set, block 102")
        assert found_by_axe(theirs) + theirs.evaluate(SMALL) == []
        draft.get_by_role("button", name="Show what changed").click()
        expect(theirs.get_by_role("list", name="Differences")).to_contain_text("Block 101")
        draft.get_by_role("button", name="Apply my changes to version 2").click()
        expect(theirs.get_by_role("list", name="Versions").get_by_role("listitem")).to_have_count(3)
        expect(theirs.locator(".facts")).to_contain_text("Hearing loop 8")


def test_a_plan_with_defects_shows_every_one_and_its_corrections_are_downloaded(
    browser: Browser, system: System, office: str
) -> None:
    plan = seating_plan()
    rows = plan["zones"][0]["rows"]
    rows += [
        {
            "row_number": f"x{number}",
            "position": {"x": -500, "y": 5 * number},
            "seats": [dict(rows[0]["seats"][0], seat_number=str(number))],
        }
        for number in range(40)
    ]
    with desk(browser, system, office) as page:
        page.goto("/office/import-venue")
        page.get_by_label("Choose a file").set_input_files(file_of(plan))
        page.get_by_label("Code of the venue").fill("hall")
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_role("heading", name="40 defects")).to_be_visible()
        expect(page.locator("[data-defect]")).to_have_count(40)
        expect(page.locator("[data-defect]").first).to_contain_text("zones[0].rows[3].seats[0].seat_guid")
        expect(page.get_by_role("heading", name="40 proposed corrections")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("^Import"))).to_have_count(0)
        assert found_by_axe(page) + page.evaluate(SMALL) == []
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the corrected file").click()
        mended = json.loads(Path(download.value.path()).read_bytes())
        assert len({row["seats"][0]["seat_guid"] for row in mended["zones"][0]["rows"]}) == 43


def test_a_pretix_plan_without_defects_is_imported(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as page:
        page.goto("/office/import-venue")
        page.get_by_label("Choose a file").set_input_files(file_of(seating_plan()))
        page.get_by_label("Time zone", exact=True).fill("Mars/Phobos")
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_label("Code of the venue")).to_be_focused()
        expect(page.get_by_text("A letter first, then lower-case letters, digits and hyphens")).to_be_visible()
        page.get_by_label("Code of the venue").fill(new_code("h"))
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_label("Time zone", exact=True)).to_be_focused()
        expect(page.get_by_text("Unknown time zone.")).to_be_visible()
        expect(page.locator("[data-defect]")).to_have_count(0)
        page.get_by_label("Time zone", exact=True).fill("Europe/Paris")
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_text("Seats without one cannot be sold as accessible.")).to_be_visible()
        page.get_by_label("Code of the venue").fill(new_code("g"))  # what is imported was checked as it is
        expect(page.get_by_role("button", name="Import the venue")).to_have_count(0)
        page.get_by_role("button", name="Check the file").click()
        page.get_by_role("button", name="Import the venue").click()
        expect(page.get_by_role("heading", name="Hall", level=1)).to_be_visible()
        page.get_by_role("option", name=re.compile("^Block Parterre")).dblclick()
        expect(page.get_by_role("listbox", name="Seats of block Parterre").get_by_role("option")).to_have_count(18)


def test_a_corrected_file_is_chosen_again_and_imported_as_it_was_checked(
    browser: Browser, system: System, office: str, tmp_path: Path
) -> None:
    path, code = tmp_path / "hall.json", new_code("a")
    path.write_text("[")
    with desk(browser, system, office) as page:
        page.goto("/office/import-venue")
        page.get_by_label("Choose a file").set_input_files(path)
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_role("heading", name="1 defect")).to_be_visible()
        path.write_text(json.dumps(small_document(code)))
        page.get_by_label("Choose a file").set_input_files(path)
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_role("button", name="Import the venue")).to_be_visible()
        path.write_text("edited meanwhile")
        page.get_by_role("button", name="Import the venue").click()
        expect(page.get_by_role("heading", name="Arena", level=1)).to_be_visible()


def test_an_outlet_is_closed_for_an_event_and_reopened(browser: Browser, system: System, office: str) -> None:
    with desk(browser, system, office) as page:
        page.goto(f"/office/events/{system.event('match')}")
        page.get_by_role("link", name="Closures").click()
        outlets = page.get_by_role("region", name="Outlets")
        outlets.get_by_label("Outlet to close").select_option(label="01")
        outlets.get_by_role("button", name="Close", exact=True).click()
        expect(outlets.get_by_role("listitem")).to_contain_text("Vera Venue")
        assert found_by_axe(page) + page.evaluate(SMALL) == []
        outlets.get_by_role("button", name="Reopen 01").click()
        expect(outlets).to_contain_text("Nothing is closed.")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_have_no_faults_on_a_phone(browser: Browser, system: System, office: str, theme: Any) -> None:
    settings = {"viewport": PHONE, "color_scheme": theme, "has_touch": True}
    with desk(browser, system, office, **settings) as page:
        for path, heading in (
            ("/office/venues", "Venues"),
            ("/office/venues/stadium", "Map"),
            ("/office/import-venue", "Import a venue"),
            (f"/office/events/{system.event('match')}/closures", "Closed for this event"),
        ):
            page.goto(path)
            expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
            assert found_by_axe(page) + page.evaluate(SMALL) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
