"""A walk through every page of the web: nothing fails, nothing jumps, axe finds nothing, whoever looks."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests.web import tour_gate, tour_till
from tests.web.devices import with_pin
from tests.web.gate import Phone, tonight
from tests.web.house import FAN, House, fresh
from tests.web.office import ADMIN, hire
from tests.web.tour_gate import STEWARD
from tests.web.walk import (
    SHIFTS,
    Evening,
    Watch,
    faults_of,
    jumped,
    of_a_fan,
    of_anybody,
    of_each_role,
    of_the_office,
    prepared,
    unvisited,
    visiting,
)
from virage.platform.web.guard import Grant


@pytest.fixture(scope="module")
def evening(browser: Browser, house: House) -> Evening:
    return prepared(browser, house)


def walked(browser: Browser, house: House, paths: Sequence[str], email: str = "", *, again: bool = True) -> list[str]:
    """What is wrong with these pages, for somebody."""
    with visiting(browser, house, email) as page:
        watch = Watch(page, house)
        return [fault for path in paths for fault in faults_of(page, watch, path, again=again)]


def test_the_walk_comes_to_every_address_of_the_web(house: House, evening: Evening) -> None:
    assert unvisited([*of_anybody(house, evening), *of_a_fan(house, evening), *of_the_office(evening)]) == []


def test_no_page_has_defects_for_anonymous_visitors(browser: Browser, house: House, evening: Evening) -> None:
    assert walked(browser, house, of_anybody(house, evening)) == []


def test_nothing_is_wrong_with_any_page_of_a_fan(browser: Browser, house: House, evening: Evening) -> None:
    assert walked(browser, house, of_a_fan(house, evening), FAN) == []


def test_nothing_is_wrong_with_any_page_of_the_office(
    browser: Browser, house: House, evening: Evening, address: str
) -> None:
    assert walked(browser, house, of_the_office(evening), hire(house, address, ADMIN)) == []


def test_no_page_has_defects_for_its_roles(browser: Browser, house: House, evening: Evening, address: str) -> None:
    found = []
    for role, paths in of_each_role(evening).items():
        email = hire(house, f"{role}-{address}", (Grant(str(role)),))
        found += [f"{role} at {fault}" for fault in walked(browser, house, paths, email, again=False)]
    assert found == []


@pytest.mark.parametrize("post", ["gate", "till"])
def test_nothing_fails_or_jumps_on_a_device(playwright: Playwright, tmp_path: Path, house: House, post: str) -> None:
    device = Phone(playwright, tmp_path, house.url)
    page, name, found = device.start(), fresh("A device"), []
    page.add_init_script(SHIFTS)
    watch = Watch(page, house)
    if post == "gate":
        with_pin(house, "steward.at.gate@example.org", STEWARD, "steward")
        tonight(house, name)
    screens = {"gate": tour_gate.beginning, "till": tour_till.beginning}[post](page, house, name)
    for screen in screens:
        found += [f"{screen.name} {fault}" for fault in [*jumped(page), *watch.taken()]]
    device.close()
    assert found == []
