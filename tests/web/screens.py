"""Take docs/screens anew: every screen, on a phone and on a desk, light and dark. `python -m tests.web.screens`."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import asyncpg
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright

from tests.web.conftest import CHROMIUM, FLAGS, entered, named_database
from tests.web.gate import Phone
from tests.web.house import House
from tests.web.tour import before_signing_in, signing_in, while_buying
from tests.web.tour_gate import TITLE as GATE_TITLE
from tests.web.tour_gate import beginning, lights, prepared, tools
from virage.kernel.postgres import EmbeddedPostgres

TARGET = Path("docs/screens")
SIZES: dict[str, ViewportSize] = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1440, "height": 900}}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@contextmanager
def whole_house() -> Iterator[House]:
    """A Virage with the demo over a database of its own, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="virage-screens-"))
    folder.chmod(0o755)
    postgres = EmbeddedPostgres(folder / "postgres", durable=False)
    asyncio.run(postgres.start())
    var = folder / "var"
    var.mkdir()
    house = House(var, asyncio.run(_database(postgres.url)))
    try:
        house.run()
        yield house
    finally:
        house.close()
        asyncio.run(postgres.stop())
        shutil.rmtree(folder, ignore_errors=True)


async def _database(url: str) -> str:
    connection = await asyncpg.connect(named_database(url, "postgres"))
    await connection.execute("create database screens")
    await connection.close()
    return named_database(url, "screens")


def take(browser: Browser, house: House, size: str, theme: Literal["light", "dark"]) -> None:
    """One visit, a picture of each screen."""
    context = browser.new_context(
        base_url=house.url,
        locale="en-GB",
        viewport=SIZES[size],
        color_scheme=theme,
        reduced_motion="reduce",
        has_touch=size == "phone",
        service_workers="block",
    )
    page: Page = context.new_page()
    address = f"{size}-{theme}@example.org"
    screens = itertools.chain(
        signing_in(page, house, f"visitor-{address}"),
        before_signing_in(page, house),
        while_buying(page, lambda on, email: entered(on, house, email), address),
    )
    for screen in screens:
        page.evaluate("document.fonts.ready.then(() => null)")
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=TARGET / f"{screen.name}-{size}-{theme}.png")
    context.close()


def take_gate(running: Playwright, house: House, size: str, theme: Literal["light", "dark"]) -> None:
    """One device from its pairing to the time without network, a picture of each screen of the gate."""
    crowd = prepared(house, title := f"{GATE_TITLE} {size} {theme}")
    with tempfile.TemporaryDirectory() as folder:
        phone = Phone(running, Path(folder), house.url)
        phone.show("")
        page = phone.start(viewport=SIZES[size], has_touch=size == "phone")
        assert phone.context is not None
        phone.context.add_init_script(f"localStorage.setItem('virage.gate.dark', '{str(theme == 'dark').lower()}')")
        for screen in itertools.chain(beginning(page, house, title), lights(page, crowd), tools(page, phone)):
            page.evaluate("document.fonts.ready.then(() => null)")
            page.screenshot(path=TARGET / f"{screen.name}-{size}-{theme}.png")
        phone.close()


def main() -> None:
    """Take them all."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with whole_house() as house, sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for size, theme in itertools.product(SIZES, THEMES):
            take(browser, house, size, theme)
            take_gate(running, house, size, theme)
        browser.close()


if __name__ == "__main__":
    main()
