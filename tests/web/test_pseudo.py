"""Every page in a pseudo-language: each text is a message or data, and each has its room (docs/languages.md)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, expect

from tests.languages import pseudo
from tests.languages.speaking import english_words
from tests.web import tour, tour_food, tour_till
from tests.web.conftest import running, sign_in_with_form
from tests.web.gate import Phone
from tests.web.office import ADMIN, grant_roles
from tests.web.office_tour import ADMIN_EMAIL
from tests.web.steps import find_two_seats, open_match
from tests.web.system import FAN, System, fresh
from tests.web.till import beer_is_allowed
from tests.web.tour import Screen
from tests.web.walk import (
    Evening,
    fan_addresses,
    keep_person,
    office_addresses,
    prepared,
    public_addresses,
    session_of,
    shown,
)
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.values.languages import installed
from virage.platform.web.security import LOOPBACK_COOKIE

FOLDER = Path(pseudo.__file__).parent
ANSWERS, FAULTS = ((FOLDER / name).read_text("utf-8") for name in ("answers.js", "faults.js"))
CHOSEN = f"localStorage.setItem('virage.locale', '\"{pseudo.TAG}\"')"
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))"
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def system(cluster: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of a copy of the repository with the pseudo-language, which is the default."""
    packages = pseudo.built(tmp_path_factory.mktemp("pseudo"))
    with (
        pseudo.installed_from(packages / "virage/messages"),
        running(cluster, VIRAGE_LANGUAGES=f"{pseudo.TAG},fr", PYTHONPATH=str(packages)) as system,
    ):
        yield system


@pytest.fixture(scope="module")
def evening(browser: Browser, system: System) -> Evening:
    return prepared(browser, system)


@contextmanager
def visiting(browser: Browser, system: System, email: str = "") -> Iterator[Page]:
    """A phone on which the pseudo-language was chosen; signed in if an address is given."""
    context = browser.new_context(base_url=system.url, viewport=PHONE, has_touch=True, reduced_motion="reduce")
    context.add_init_script(CHOSEN)
    context.add_init_script(ANSWERS)
    if email:
        context.add_cookies([{"name": LOOPBACK_COOKIE, "value": session_of(system, email), "url": system.url}])
    page = context.new_page()
    if email:
        keep_person(page)
    try:
        yield page
    finally:
        context.close()


def faults_of(page: Page, name: str, *known: str, sizes: Sequence[ViewportSize] = (PHONE,)) -> list[str]:
    """The faults of the texts that the page shows, at these sizes. `known` are texts that no request answers."""
    expect(page.locator(f"html[lang={pseudo.TAG}]")).to_be_attached()
    names = [name for tag, language in installed().items() for name in (language.name, tag[:2].upper())]
    found = []
    for size in sizes:
        page.set_viewport_size(size)
        page.wait_for_function("width => innerWidth === width", arg=size["width"])
        page.evaluate(DRAWN)  # the layout follows the new size
        found += [f"{name}, {size['width']} px: {fault}" for fault in page.evaluate(FAULTS, [*names, *known])]
    return found


def walked(
    browser: Browser, system: System, paths: Sequence[str], email: str = "", sizes: Sequence[ViewportSize] = (PHONE,)
) -> list[str]:
    found = []
    with visiting(browser, system, email) as page:
        for path in paths:
            shown(page, path)
            found += faults_of(page, path, email, sizes=sizes)
    return found


def assert_none(faults: list[str]) -> None:
    assert not faults, "\n".join(faults)


def toured(page: Page, screens: Iterator[Screen], *known: str) -> list[str]:
    """The faults of the screens of a tour, on a phone."""
    return [fault for screen in screens for fault in faults_of(page, screen.name, *known)]


def test_public_pages_have_only_messages_and_data_and_cut_off_none(
    browser: Browser, system: System, evening: Evening
) -> None:
    fans = fan_addresses(system, evening)
    assert_none(walked(browser, system, [path for path in public_addresses(system, evening) if path not in fans]))


def test_pages_of_a_fan_have_only_messages_and_data_and_cut_off_none(
    browser: Browser, system: System, evening: Evening
) -> None:
    assert_none(walked(browser, system, fan_addresses(system, evening), FAN))


def test_a_purchase_has_only_messages_and_data_and_cuts_off_none(
    browser: Browser, system: System, address: str
) -> None:
    with visiting(browser, system) as page, english_words():
        open_match(page, system)
        find_two_seats(page)
        buyer = (page, lambda on, email: sign_in_with_form(on, system, email), address)
        screens = chain(tour.while_buying(*buyer), tour.in_wallet(page, system))
        assert_none(toured(page, screens, address))


def test_an_evening_at_the_stands_has_only_messages_and_data_and_cuts_off_none(
    browser: Browser, system: System
) -> None:
    event = tour_food.evening(system)
    with visiting(browser, system) as fan, visiting(browser, system, ADMIN_EMAIL) as cook, english_words():
        assert_none(toured(fan, tour_food.for_fans(fan, system, event), FAN))
        assert_none(toured(cook, tour_food.in_kitchen(cook, fan, system, event), ADMIN_EMAIL))


def test_a_till_has_only_messages_and_data_and_cuts_off_none(
    playwright: Playwright, tmp_path: Path, system: System
) -> None:
    beer_is_allowed(system)
    tablet = Phone(playwright, tmp_path, system.url)
    page = tablet.start(viewport=PHONE, has_touch=True)
    page.add_init_script(CHOSEN)
    page.add_init_script(ANSWERS)
    with english_words():
        assert_none(toured(page, tour_till.screens(page, tablet, system, name := fresh("Till")), name, "cashier"))
    tablet.close()


def test_pages_of_the_office_have_only_messages_and_data_and_cut_off_none(
    browser: Browser, system: System, evening: Evening, address: str
) -> None:
    email = grant_roles(system, address, ADMIN)
    assert_none(walked(browser, system, office_addresses(evening), email, (DESK, PHONE)))
