"""Accessibility of the office: axe finds nothing on any screen, targets are large, both languages
are complete.
"""

from itertools import chain

import pytest
from playwright.sync_api import Browser, expect

from tests.web import tour_office_food
from tests.web.office import ADMIN, ENGLISH, desk, grant_roles, in_database
from tests.web.office_tour import ORDER, doors, screens
from tests.web.screens import SIZES
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe


@pytest.fixture(scope="module")
def sold(system: System) -> None:
    """Sales for the screens of food and money."""
    tour_office_food.evening(system, sales=6)


@pytest.mark.usefixtures("sold")
def test_axe_finds_nothing_in_the_office_and_every_target_is_large_enough(
    browser: Browser, system: System, address: str
) -> None:
    """On a desk and in the light theme, with all dialogs open; the walk checks each page on a phone
    in the dark theme.
    """
    with desk(browser, system, grant_roles(system, f"axe-{address}", ADMIN), viewport=SIZES["desk"]) as page:
        found = []
        order = str(in_database(system, lambda conn: conn.fetchval(ORDER)))
        stranger = browser.new_page(base_url=system.url, viewport=SIZES["desk"])
        stranger.add_init_script(ENGLISH)
        for seen, visited in (
            (page, chain(screens(page, system, order), tour_office_food.screens(page, system))),
            (stranger, doors(stranger)),
        ):
            for name, *_ in visited:
                found += [f"{name}: {fault}" for fault in found_by_axe(seen) + seen.evaluate(SMALL)]
                if seen.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found.append(f"{name}: wider than the screen")
        stranger.close()
    assert not found, "\n".join(found)


def test_the_office_changes_its_language_with_the_rest_of_the_page(
    browser: Browser, system: System, address: str
) -> None:
    with desk(browser, system, grant_roles(system, f"words-{address}", ADMIN)) as page:
        page.get_by_role("button", name="Français").click()
        expect(page.get_by_role("heading", name="Événements", level=1)).to_be_visible()
        expect(page.get_by_role("link", name="Nouvel événement")).to_be_visible()


def test_focus_moves_to_the_heading_of_each_screen(browser: Browser, system: System, address: str) -> None:
    with desk(browser, system, grant_roles(system, f"focus-{address}", ADMIN)) as page:
        for name in ("Orders", "Staff", "Devices", "API clients", "Failed jobs", "Events"):
            page.get_by_role("navigation", name="Office").get_by_role("link", name=name).press("Enter")
            expect(page.get_by_role("heading", name=name, level=1)).to_be_focused()


def test_after_a_sign_out_the_office_asks_for_a_sign_in(browser: Browser, system: System, address: str) -> None:
    with desk(browser, system, grant_roles(system, f"out-{address}", ADMIN)) as page:
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Office", level=1)).to_be_focused()
        expect(page.get_by_label("Email address")).to_be_visible()
