"""A walk through every page of the web as each kind of person: nothing fails, nothing jumps, axe
finds nothing.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests.web import tour_gate, tour_till
from tests.web.devices import with_pin
from tests.web.gate import Phone, tonight
from tests.web.office import ADMIN, grant_roles
from tests.web.system import FAN, System, fresh
from tests.web.tour_gate import STEWARD
from tests.web.walk import (
    SHIFTS,
    Evening,
    Watch,
    fan_addresses,
    faults_of,
    jumped,
    office_addresses,
    prepared,
    public_addresses,
    role_addresses,
    unvisited,
    visiting,
)
from virage.platform.web.guard import Grant


@pytest.fixture(scope="module")
def evening(browser: Browser, system: System) -> Evening:
    return prepared(browser, system)


def walked(browser: Browser, system: System, paths: Sequence[str], email: str = "", *, again: bool = True) -> list[str]:
    """The faults of these pages for one kind of person."""
    with visiting(browser, system, email) as page:
        watch = Watch(page, system)
        return [fault for path in paths for fault in faults_of(page, watch, path, again=again)]


def test_the_walk_visits_every_address_of_the_web(system: System, evening: Evening) -> None:
    assert (
        unvisited([*public_addresses(system, evening), *fan_addresses(system, evening), *office_addresses(evening)])
        == []
    )


def test_no_page_has_defects_for_anonymous_visitors(browser: Browser, system: System, evening: Evening) -> None:
    assert walked(browser, system, public_addresses(system, evening)) == []


def test_no_page_of_a_fan_has_defects(browser: Browser, system: System, evening: Evening) -> None:
    assert walked(browser, system, fan_addresses(system, evening), FAN) == []


def test_no_page_of_the_office_has_defects(browser: Browser, system: System, evening: Evening, address: str) -> None:
    assert walked(browser, system, office_addresses(evening), grant_roles(system, address, ADMIN)) == []


def test_no_page_has_defects_for_its_roles(browser: Browser, system: System, evening: Evening, address: str) -> None:
    found = []
    for role, paths in role_addresses(evening).items():
        email = grant_roles(system, f"{role}-{address}", (Grant(str(role)),))
        found += [f"{role} at {fault}" for fault in walked(browser, system, paths, email, again=False)]
    assert found == []


@pytest.mark.parametrize("post", ["gate", "till"])
def test_screens_of_devices_have_no_errors_and_no_layout_shifts(
    playwright: Playwright, tmp_path: Path, system: System, post: str
) -> None:
    device = Phone(playwright, tmp_path, system.url)
    page, name, found = device.start(), fresh("A device"), []
    page.add_init_script(SHIFTS)
    watch = Watch(page, system)
    if post == "gate":
        with_pin(system, "steward.at.gate@example.org", STEWARD, "steward")
        tonight(system, name)
    screens = {"gate": tour_gate.beginning, "till": tour_till.beginning}[post](page, system, name)
    for screen in screens:
        found += [f"{screen.name} {fault}" for fault in [*jumped(page), *watch.taken()]]
    device.close()
    assert found == []
