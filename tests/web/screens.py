"""Take a picture of every screen, on a phone and on a desk, light and dark. `python -m
tests.web.screens`.

Those shown on a page of the documentation go to docs/screens, all others to var/screens, which is
not tracked.
"""

import asyncio
import io
import itertools
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import asyncpg
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    StorageState,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.web import (
    office_tour,
    tour_cards,
    tour_desk,
    tour_food,
    tour_live,
    tour_office_food,
    tour_pitch,
    tour_seasons,
    tour_till,
)
from tests.web.conftest import CHROMIUM, FLAGS, named_database, sign_in_with_form
from tests.web.food import enter_kitchen
from tests.web.gate import Phone, tonight
from tests.web.gates import busy
from tests.web.office import ENGLISH, desk, in_database
from tests.web.patience import PATIENCE_S
from tests.web.system import System
from tests.web.till import beer_is_allowed
from tests.web.tour import Screen, before_signing_in, in_wallet, signing_in, while_buying
from tests.web.tour_gate import TITLE as GATE_TITLE
from tests.web.tour_gate import beginning, lights, prepared, tools
from tests.web.transfers import buy_tickets, phone
from tests.web.workers import without_service_workers
from virage.platform.host.postgres import EmbeddedPostgres

TRACKED, UNTRACKED = Path("docs/screens"), Path("var/screens")
PAGES = [Path("README.md"), *Path("docs").rglob("*.md")]
SHOWN = {name for page in PAGES for name in re.findall(r"screens/([\w-]+\.webp)", page.read_text(encoding="utf-8"))}
SIZES: dict[str, ViewportSize] = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1440, "height": 900}}
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
BELOW_HEADER = 80
QUALITY = 82


@contextmanager
def whole_system() -> Iterator[System]:
    """A deployment with the demo over a temporary database."""
    folder = Path(tempfile.mkdtemp(prefix="virage-screens-"))
    postgres = EmbeddedPostgres(folder / "postgres", durable=False)
    asyncio.run(postgres.start())
    var = folder / "var"
    var.mkdir()
    system = System(var, asyncio.run(_database(postgres.url)))
    try:
        system.run()
        yield system
    finally:
        system.close()
        asyncio.run(postgres.stop())
        shutil.rmtree(folder, ignore_errors=True)


async def _database(url: str) -> str:
    connection = await asyncpg.connect(named_database(url, "postgres"))
    await connection.execute("create database screens")
    await connection.close()
    return named_database(url, "screens")


def new_context(
    browser: Browser, system: System, size: str, theme: Theme, state: StorageState | None = None
) -> BrowserContext:
    """A browser context of a size and a theme, signed in with the given state."""
    return browser.new_context(
        base_url=system.url,
        locale="en-GB",
        viewport=SIZES[size],
        color_scheme=theme,
        reduced_motion="reduce",
        has_touch=size == "phone",
        storage_state=state,
    )


def take(browser: Browser, system: System, size: str, theme: Theme) -> None:
    """One visit of a fan, a picture of each screen."""
    with new_context(browser, system, size, theme) as context:
        page = context.new_page()
        address = f"{size}-{theme}@example.org"
        screens = itertools.chain(
            signing_in(page, system, f"visitor-{address}"),
            before_signing_in(page, system),
            while_buying(page, lambda on, email: sign_in_with_form(on, system, email), address),
            in_wallet(page, system),
        )
        shoot(page, screens, f"{size}-{theme}")
    with new_context(browser, system, size, theme) as context:
        page = context.new_page()
        holder = f"holder-{size}-{theme}@example.org"
        screens = itertools.chain(
            tour_cards.tapped(page, system),
            tour_cards.with_cards(page, system, lambda on, email: sign_in_with_form(on, system, email), holder),
            tour_cards.by_phone(page, system),
            tour_cards.by_rule(page),
        )
        shoot(page, screens, f"{size}-{theme}")


def take_seasons(browser: Browser, system: System, size: str, theme: Theme, state: StorageState) -> None:
    """Packages, membership, points, a draw, a transfer and the exchange: a fan's phone, and the office."""
    address, small = f"seasons-{size}-{theme}@example.org", size == "phone"
    tickets = buy_tickets(system, address, 3)
    look: dict[str, Any] = {"viewport": SIZES[size], "color_scheme": theme, "has_touch": small, "is_mobile": small}
    with phone(browser, system, address, **look) as page:
        shoot(page, tour_seasons.for_fans(page, system, tickets), f"{size}-{theme}")
    with new_context(browser, system, size, theme, state) as context:
        shoot(page := context.new_page(), tour_seasons.in_office(page), f"{size}-{theme}", "office-")


def take_gates(browser: Browser, system: System, size: str, theme: Theme, state: StorageState) -> None:
    """The supervisor's page while people come in: an evening for each look, because the flow is of
    the last five minutes.
    """
    event_id = tonight(system, GATE_TITLE)
    busy(system, event_id)
    with new_context(browser, system, size, theme, state) as context:
        page = context.new_page()
        shoot(page, office_tour.gates(page, str(event_id)), f"{size}-{theme}", "office-")


def take_office(browser: Browser, system: System, size: str, theme: Theme, state: StorageState) -> None:
    """One day in the office, a picture of each screen."""
    order = str(in_database(system, lambda conn: conn.fetchval(office_tour.ORDER)))
    with new_context(browser, system, size, theme, state) as context:
        page = context.new_page()
        tour = itertools.chain(office_tour.screens(page, system, order), tour_office_food.screens(page, system))
        shoot(page, tour, f"{size}-{theme}", "office-")
    with new_context(browser, system, size, theme) as context:
        context.add_init_script(ENGLISH)
        page = context.new_page()
        shoot(page, office_tour.doors(page), f"{size}-{theme}", "office-")


def take_food(browser: Browser, system: System, size: str, theme: Theme) -> None:
    """An evening at the stands: a fan's phone, and the kitchen of the order."""
    event = tour_food.evening(system)
    with new_context(browser, system, size, theme) as fans, new_context(browser, system, size, theme) as cooks:
        fan, cook = fans.new_page(), cooks.new_page()
        for page in (fan, cook):
            page.add_init_script(ENGLISH)
        shoot(fan, tour_food.for_fans(fan, system, event), f"{size}-{theme}")
        cook.goto("/staff/kitchen")
        enter_kitchen(cook, system, office_tour.ADMIN_EMAIL)
        shoot(cook, tour_food.in_kitchen(cook, fan, system, event), f"{size}-{theme}")


def take_live(browser: Browser, system: System, size: str, theme: Theme) -> None:
    """A match as it is published: a fan's phone, and the desk."""
    event = tour_live.match(system)
    with new_context(browser, system, size, theme) as fans, new_context(browser, system, size, theme) as desks:
        fan, teller = fans.new_page(), desks.new_page()
        fan.add_init_script(ENGLISH)
        tour_live.at_the_desk(teller, system, f"desk-{size}-{theme}@example.org", event)
        entries, shown = tour_live.screens(fan, teller, event), tour_live.replays(fan, teller, system, event)
        for page, screen in itertools.chain(entries, shown):
            shoot(page, iter([screen]), f"{size}-{theme}")
        shoot(fan, tour_pitch.screens(fan, system, event), f"{size}-{theme}")


def take_desk(browser: Browser, system: System, size: str, theme: Theme) -> None:
    """The media desk beside the match desk, while a camera sends."""
    event = tour_live.match(system, title := f"Virage FC v Étoile du Nord, {size} {theme}")
    with new_context(browser, system, size, theme) as context:
        page = context.new_page()
        tour_desk.at_the_desk(page, system, event, title, "match_desk", "media_desk", "moderator")
        shoot(page, tour_desk.screens(page, system, event), f"{size}-{theme}")


def save(page: Page, screen: str) -> None:
    """Save what a page shows as WebP: to docs/screens if a page of the documentation shows it."""
    name = f"{screen}.webp"
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.save((TRACKED if name in SHOWN else UNTRACKED) / name, quality=QUALITY, method=6)


def shoot(page: Page, screens: Iterator[Screen], look: str, room: str = "") -> None:
    """A picture of each screen, from its top or from its start."""
    for screen in screens:
        if not screen.picture:
            continue
        page.evaluate("document.fonts.ready.then(() => null)")
        page.evaluate("scrollTo(0, 0)")
        page.evaluate("document.querySelectorAll('.toasts .close').forEach((close) => close.click())")
        if screen.at:
            page.locator(screen.at).first.evaluate(
                f"part => scrollBy(0, part.getBoundingClientRect().top - {BELOW_HEADER})"
            )
        save(page, f"{room}{screen.name}-{look}")


def take_gate(running: Playwright, system: System, size: str, theme: Literal["light", "dark"]) -> None:
    """One device from its pairing to the offline period, a picture of each screen of the gate."""
    crowd = prepared(system, title := f"{GATE_TITLE} {size} {theme}")
    with tempfile.TemporaryDirectory() as folder:
        phone = Phone(running, Path(folder), system.url)
        page = phone.start(viewport=SIZES[size], has_touch=size == "phone")
        assert phone.context is not None
        phone.context.add_init_script(f"localStorage.setItem('virage.gate.dark', '{str(theme == 'dark').lower()}')")
        for screen in itertools.chain(beginning(page, system, title), lights(page, crowd), tools(page, phone, crowd)):
            page.evaluate("document.fonts.ready.then(() => null)")
            save(page, f"{screen.name}-{size}-{theme}")
        phone.close()


def take_till(running: Playwright, system: System, size: str, theme: Literal["light", "dark"]) -> None:
    """One till from its pairing to the offline period, a picture of each of its screens."""
    with tempfile.TemporaryDirectory() as folder:
        tablet = Phone(running, Path(folder), system.url)
        page = tablet.start(viewport=SIZES[size], has_touch=size == "phone")
        assert tablet.context is not None
        tablet.context.add_init_script(f"localStorage.setItem('virage.till.dark', '{str(theme == 'dark').lower()}')")
        for screen in tour_till.screens(page, tablet, system, f"Till {size} {theme}"):
            page.evaluate("document.fonts.ready.then(() => null)")
            save(page, f"{screen.name}-{size}-{theme}")
        tablet.close()


def main() -> None:
    """Take all pictures."""
    UNTRACKED.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_S * 1000)
    looks = list(itertools.product(SIZES, THEMES))
    with whole_system() as system, sync_playwright() as running, without_service_workers():
        browser = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        in_database(system, office_tour.spread_sales)
        tour_office_food.evening(system)
        for size, theme in looks:
            take(browser, system, size, theme)
        with desk(browser, system, office_tour.ADMIN_EMAIL) as page:
            office_tour.prepare(page, system)
            state = page.context.storage_state()
        for size, theme in looks:
            take_office(browser, system, size, theme, state)
        for size, theme in looks:
            take_seasons(browser, system, size, theme, state)
        for size, theme in looks:
            take_food(browser, system, size, theme)
        beer_is_allowed(system)
        for size, theme in looks:
            take_till(running, system, size, theme)
        with tour_desk.sending_camera(system, "main"):  # before the match, whose cameras have gone when it is over
            for size, theme in looks:
                take_desk(browser, system, size, theme)
        for size, theme in looks:
            take_live(browser, system, size, theme)
        for size, theme in looks:  # last: their events of tonight would come before all others in the office
            take_gate(running, system, size, theme)
            take_gates(browser, system, size, theme, state)
        browser.close()


if __name__ == "__main__":
    main()
