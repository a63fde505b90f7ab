"""Accessibility: axe finds nothing on any screen, in both themes, on phone and desk; keyboard,
sizes, languages.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.system import System
from tests.web.tour import before_signing_in, in_wallet, signing_in, while_buying

AXE = Path("web/node_modules/axe-core/axe.min.js")
SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1440, "height": 900}}
SMALL = """() => [...document.querySelectorAll("button, a[href], input, select, [role=button]")]
    .filter(e => !e.closest("svg, .hidden-text, .skip, p, dialog:not([open])") && e.offsetParent !== null)
    .map(e => ({ e, box: (e.closest("label") ?? e).getBoundingClientRect() }))
    .filter(({ e, box }) => box.width > 0 && (box.height < 43.5 || box.width < 43.5)
        && getComputedStyle(e, "::after").position !== "absolute")
    .map(({ e, box }) => `${e.outerHTML.slice(0, 120)} ${box.width}x${box.height}`)"""


@pytest.fixture
def visit(browser: Browser, system: System) -> Iterator[Callable[..., Page]]:
    """Open a page of a size and a theme."""
    contexts = []

    def opened(size: str, theme: Literal["light", "dark"], locale: str = "en-GB") -> Page:
        settings: dict[str, Any] = {"viewport": SIZES[size], "has_touch": size == "phone"}
        context = browser.new_context(
            base_url=system.url, locale=locale, color_scheme=theme, reduced_motion="reduce", **settings
        )
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


# Colours in a transition have no final contrast: axe runs when all transitions have ended.
STILL = """async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const moving = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(moving.map((one) => one.finished));
}"""


def found_by_axe(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(STILL)
    violations = page.evaluate("async () => (await axe.run({ resultTypes: ['violations'] })).violations")
    return [f"{v['id']}: {node['html'][:160]} {node['failureSummary']}" for v in violations for node in v["nodes"]]


@pytest.mark.parametrize("look", ["phone dark", "desk light"])
def test_axe_finds_nothing_on_any_screen_and_every_target_is_large_enough(
    visit: Callable[..., Page],
    system: System,
    sign_in: Callable[[Page, str], None],
    address: str,
    look: str,
) -> None:
    page = visit(*look.split())
    found: dict[str, list[str]] = {}
    screens = chain(
        signing_in(page, system, "visitor" + address),
        before_signing_in(page, system),
        while_buying(page, sign_in, address),
        in_wallet(page, system),
    )
    for screen in screens:
        faults = found_by_axe(page) + page.evaluate(SMALL)
        if faults:
            found[screen.name] = faults
    assert not found, "\n".join(f"{name}: {fault}" for name, faults in found.items() for fault in faults)


def test_the_page_is_french_in_french_browsers_and_the_language_can_be_changed(
    visit: Callable[..., Page], system: System
) -> None:
    page = visit("desk", "light", "fr-FR")
    page.goto(f"/events/{system.event('match')}")
    expect(page.get_by_role("button", name="Trouver 2 places")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "fr"
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Find 2 seats")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Find 2 seats")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_skip_link_comes_first_and_leads_to_the_content(visit: Callable[..., Page]) -> None:
    page = visit("desk", "light")
    page.goto("/")
    expect(page.locator("#first-event")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_new_screen_takes_the_focus_to_its_heading(visit: Callable[..., Page]) -> None:
    page = visit("desk", "light")
    page.goto("/")
    page.get_by_role("link", name="My tickets").click()
    expect(page.get_by_role("heading", name="My tickets", level=1)).to_be_focused()


def test_the_theme_can_be_chosen_and_is_kept(visit: Callable[..., Page]) -> None:
    page = visit("desk", "light")
    page.goto("/")
    page.get_by_role("radio", name="Dark").check(force=True)
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    expect(page.locator("#first-event")).to_be_visible()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_nothing_is_wider_than_a_small_phone(visit: Callable[..., Page], system: System) -> None:
    page = visit("phone", "light")
    page.set_viewport_size({"width": 320, "height": 640})
    for screen in before_signing_in(page, system):
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, screen.name


def test_letters_twice_as_large_make_no_page_wider_than_a_phone(visit: Callable[..., Page], system: System) -> None:
    page = visit("phone", "light")
    larger = "document.documentElement.style.fontSize = '200%'"
    page.add_init_script(f"addEventListener('DOMContentLoaded', () => {{ {larger} }})")
    for screen in before_signing_in(page, system):
        wide = page.evaluate("document.querySelector('main').scrollWidth - innerWidth")
        assert wide <= 1, screen.name  # a fraction of a pixel counts as a whole one
