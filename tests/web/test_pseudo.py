"""Every page in a pseudo-language: each text is a message or data, and each has its room (docs/languages.md)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.languages import pseudo
from tests.web.conftest import running
from tests.web.office import ADMIN, grant_roles
from tests.web.system import FAN, System
from tests.web.walk import (
    Evening,
    fan_addresses,
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
    context = browser.new_context(
        base_url=system.url, viewport=PHONE, has_touch=True, reduced_motion="reduce", service_workers="block"
    )
    context.add_init_script(f"localStorage.setItem('virage.locale', '\"{pseudo.TAG}\"')")
    context.add_init_script(ANSWERS)
    if email:
        context.add_cookies([{"name": LOOPBACK_COOKIE, "value": session_of(system, email), "url": system.url}])
    try:
        yield context.new_page()
    finally:
        context.close()


def faults_of(page: Page, name: str, *known: str, sizes: Sequence[ViewportSize] = (PHONE,)) -> list[str]:
    """The faults of the texts that the page shows, at these sizes. `known` are texts that no request answers."""
    expect(page.locator(f"html[lang={pseudo.TAG}]")).to_be_attached()
    names = [language.name for language in installed().values()]
    found = []
    for size in sizes:
        page.set_viewport_size(size)
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


def test_public_pages_have_only_messages_and_data_and_cut_off_none(
    browser: Browser, system: System, evening: Evening
) -> None:
    assert walked(browser, system, public_addresses(system, evening)) == []


def test_pages_of_a_fan_have_only_messages_and_data_and_cut_off_none(
    browser: Browser, system: System, evening: Evening
) -> None:
    assert walked(browser, system, fan_addresses(system, evening), FAN) == []


def test_pages_of_the_office_have_only_messages_and_data_and_cut_off_none(
    browser: Browser, system: System, evening: Evening, address: str
) -> None:
    email = grant_roles(system, address, ADMIN)
    assert walked(browser, system, office_addresses(evening), email, (DESK, PHONE)) == []
