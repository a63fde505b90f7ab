"""A real browser over real processes: one system for all tests of a worker, a fresh browser context each."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.ports import free_ports
from tests.web.patience import every_page_is_waited_for
from tests.web.system import FAN, Process, System
from tests.web.workers import REGISTRATION_BLOCKED, without_service_workers
from virage.platform.host.postgres import EmbeddedPostgres

__all__ = ["every_page_is_waited_for"]
CHROMIUM = os.environ.get("VIRAGE_CHROMIUM", "/usr/bin/chromium")
# The same browser without windows: it costs a sixth less, and has neither notifications nor a PDF
# viewer.
SHELL = shutil.which("chromium-headless-shell") or CHROMIUM
# A headless Chromium still prepares the address suggestions of each window, two pages in a process
# of their own: half a second of work a test. The last such flag counts, so the features that
# Playwright disables are repeated.
UNUSED = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "AvoidUnnecessaryBeforeUnloadCheckSync"),
    *("DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "LensOverlay"),
    *("MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect"),
    *("OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-features=" + ",".join(UNUSED)]
_addresses = itertools.count(1)
_systems = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser test is retried once (docs/decisions/0037), because it shares its machine with
    other work.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


async def _create(url: str, name: str) -> None:
    connection = await asyncpg.connect(named_database(url, "postgres"))
    try:
        await connection.execute(f"create database {name}")
    finally:
        await connection.close()


def named_database(url: str, name: str) -> str:
    address, question, query = url.partition("?")
    return address.rpartition("/")[0] + "/" + name + question + query


@pytest.fixture(scope="session", autouse=True)
def _without_service_workers() -> Iterator[None]:
    with without_service_workers():
        yield


@contextmanager
def running(cluster: EmbeddedPostgres, **variables: str) -> Iterator[System]:
    """A system started by `virage run`, with the demo, in a database of its own."""
    name = f"system_{next(_systems)}"  # a system that did not start is created again for the second try
    asyncio.run(_create(cluster.url, name))
    folder = Path(tempfile.mkdtemp(prefix="virage-web-"))
    system = System(folder, named_database(cluster.url, name), **variables)
    try:
        system.run()
        yield system
    finally:
        system.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def system(cluster: EmbeddedPostgres) -> Iterator[System]:
    """The system of all tests that need no other variables."""
    with running(cluster) as system:
        yield system


# The plugin's browser lives for a session and keeps an event loop running in this thread. That
# breaks asynchronous tests of the same worker, so here it lives for a module.
@pytest.fixture(scope="module")
def playwright(system: System) -> Iterator[Playwright]:
    assert system.url
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=SHELL, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def notifying(playwright: Playwright, system: System) -> Iterator[BrowserContext]:
    """A browser that may show notifications."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    context = browser.new_context(base_url=system.url, locale="en-GB", service_workers="allow")
    context.grant_permissions(["notifications"], origin=system.url)
    yield context
    browser.close()


@pytest.fixture(scope="session")
def browser_context_args(system: System) -> dict[str, Any]:
    return {"base_url": system.url, "locale": "en-GB", "viewport": {"width": 1440, "height": 900}}


@pytest.fixture
def own_server(system: System) -> Iterator[tuple[str, Process]]:
    """A web process for one test, so that it can be stopped."""
    (port,) = free_ports(1)
    url = f"http://localhost:{port}"
    process = system.start("serve", system.env | {"VIRAGE_PORT": str(port), "VIRAGE_PUBLIC_URL": url})
    system.wait(url)
    yield url, process
    system.stop(process)
    system.processes.remove(process)


@pytest.fixture
def browse(
    playwright: Playwright, tmp_path: Path, own_server: tuple[str, Process]
) -> Callable[[], tuple[BrowserContext, Page]]:
    """Start a browser that visits the test's own server, in English; started again, it is the same
    phone.
    """

    def started() -> tuple[BrowserContext, Page]:
        context = playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=SHELL, args=FLAGS, base_url=own_server[0], locale="en-GB"
        )
        context.add_init_script("localStorage.setItem('virage.locale', '\"en\"')")  # the demo's fan reads French
        return context, context.new_page()

    return started


@pytest.fixture
def address() -> str:
    """An unused email address."""
    return f"buyer{os.getpid()}x{next(_addresses)}@example.org"


@pytest.fixture
def page_faults(context: BrowserContext) -> list[str]:
    """The faults in any page of the context: errors, refused styles and scripts."""
    wrong: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if _bad(said.type, said.text) else None)

    context.on("page", watch)
    return wrong


def _bad(kind: str, text: str) -> bool:
    """Error responses (402 to 503) are shown on the screen; every other failure is a fault."""
    return kind in ("error", "warning") and "Failed to load resource" not in text and text != REGISTRATION_BLOCKED


@pytest.fixture
def sign_in(system: System) -> Callable[[Page, str], None]:
    """Sign in through the form that a page shows."""
    return lambda page, email: sign_in_with_form(page, system, email)


def sign_in_with_form(page: Page, system: System, email: str) -> None:
    """Sign in through the form that the page shows, and enter a name the first time."""
    if email == FAN:
        system.forget_asks(email)
    earlier = system.last_code(email)
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Sign-in code").fill(system.code_for(email, besides=earlier))
    page.get_by_role("button", name="Sign in", exact=True).click()
    name = page.get_by_label("Your name")
    signed = page.locator("[data-signed-in]")
    name.or_(signed).first.wait_for()
    if name.is_visible():
        name.fill("Test Holder")
        page.get_by_role("button", name="Save").click()
        signed.first.wait_for(state="attached")


@pytest.fixture(autouse=True)
def _locks_in_order() -> None:
    """The order of locks is not checked here: this process only prepares data for the programs
    under test.
    """
