"""The view from a seat: drawn beside its price, with a text for screen readers."""

import re
from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import Locator, Page, Route, expect

from tests.web.steps import ACCEPTED, choose_in_list, open_match, pay
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe

BEST, WORST = ("109", "PMR"), ("304", "PMR")
"""Block and row of the stadium with the best and with the worst sightline."""

COLOURS = """canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let grass = 0, sum = 0;
  const colours = new Set();
  for (let at = 0; at < data.length; at += 4) {
    const [red, green, blue] = data.subarray(at, at + 3);
    if (green > red + 40 && green > blue + 40) grass += 1;
    sum = (sum * 31 + red * 7 + green * 3 + blue) % 1000003;
    if (at % 400 === 0) colours.add(red << 16 | green << 8 | blue);
  }
  return [grass / (data.length / 4), colours.size, sum, canvas.width / canvas.clientWidth];
}"""

TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Painted(NamedTuple):
    """Share of grass, number of colours, a checksum, and pixels of the canvas for each pixel of the page."""

    grass: float
    colours: int
    checksum: int
    density: float


def painted(drawing: Locator, place: int | None = None) -> Painted:
    """The colours of a view when it is drawn, of a place if one is given."""
    canvas = drawing.locator("canvas")
    expect(canvas).to_have_attribute("data-drawn", re.compile(r"^\d+$" if place is None else f"^{place}$"))
    return Painted(*canvas.evaluate(COLOURS))


def view_in(page: Page, panel: str) -> Locator:
    """The drawing in a part of the page."""
    return page.locator(panel).get_by_role("img", name=re.compile("^Drawing of the view"))


def test_the_best_and_the_worst_seat_have_their_view_and_its_description(page: Page, system: System) -> None:
    open_match(page, system)
    page.get_by_role("button", name="Browse blocks").click()
    choose_in_list(page, *BEST)
    drawing = view_in(page, ".choice")
    expect(drawing).to_have_accessible_name(
        re.compile(
            r"Row PMR, Block 109, Est\. Along the side, level with the halfway line\. 32 m from the touchline, "
            r"6\d m from the centre spot, 12 m above the pitch\. You see all of the pitch .* excellent, 5 of 5\."
        )
    )
    expect(page.locator(".choice figcaption")).to_have_text("Row PMR · 32 m from the touchline · 12 m above the pitch")
    best = painted(drawing)
    canvas = drawing.locator("canvas")
    first = canvas.get_attribute("data-drawn") or ""
    page.get_by_role("button", name="All blocks").click()
    choose_in_list(page, *WORST)
    expect(drawing).to_have_accessible_name(
        re.compile(
            r"Row PMR, Block 304, Virage Nord\. Behind the goal\. 68 m from the goal line, 120 m from the centre spot, "
            r"32 m above the pitch\. .* restricted, 1 of 5\."
        )
    )
    seats = page.get_by_role("group", name="View from the seat").get_by_role("button")
    expect(seats).to_have_count(2)
    expect(canvas).not_to_have_attribute("data-drawn", first)
    worst = painted(drawing)
    assert best.grass > 0.15, "the pitch is near"
    assert 0.05 < worst.grass < best.grass, "the pitch is far away"
    assert min(best.colours, worst.colours) > 40
    assert best.checksum != worst.checksum
    assert found_by_axe(page) + page.evaluate(SMALL) == []


def test_the_keyboard_shows_the_view_of_each_chosen_seat(page: Page, system: System) -> None:
    open_match(page, system)
    page.get_by_role("button", name="Browse blocks").click()
    choose_in_list(page, *BEST)
    best = painted(view_in(page, ".choice"))
    place = page.locator(".choice [data-drawn]").get_attribute("data-drawn")
    page.get_by_role("button", name="All blocks").click()
    choose_in_list(page, *WORST)
    first = page.get_by_role("group", name="View from the seat").get_by_role("button").first
    expect(first).to_have_attribute("aria-pressed", "false")
    first.focus()
    page.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-pressed", "true")
    assert place
    assert painted(view_in(page, ".choice"), int(place)) == best


def test_the_map_shows_the_view_of_the_seat_under_the_cursor(page: Page, system: System) -> None:
    open_match(page, system)
    page.locator("[data-block='104']").click()
    seats = page.get_by_role("application")
    expect(seats).to_be_focused()
    page.keyboard.press("ArrowDown")
    drawing = view_in(page, ".sight")
    painted(drawing)
    place = drawing.locator("canvas").get_attribute("data-drawn")
    page.keyboard.press("ArrowRight")
    expect(drawing.locator("canvas")).not_to_have_attribute("data-drawn", place or "")


def test_the_view_has_sharp_lines_on_a_dense_screen_and_the_colours_of_the_theme(page: Page, system: System) -> None:
    open_match(page, system)
    page.get_by_role("button", name="Browse blocks").click()
    choose_in_list(page, *BEST)
    day = painted(view_in(page, ".choice"))
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.evaluate(TWO_FRAMES)
    night = painted(view_in(page, ".choice"))
    assert night.grass > 0.15
    assert night.checksum != day.checksum
    browser = page.context.browser
    assert browser
    with browser.new_context(base_url=system.url, locale="en-GB", device_scale_factor=2) as dense:
        retina = dense.new_page()
        open_match(retina, system)
        retina.get_by_role("button", name="Browse blocks").click()
        choose_in_list(retina, *BEST)
        assert abs(painted(view_in(retina, ".choice")).density - 2) < 0.02


def test_a_row_without_a_height_has_a_sentence_and_no_drawing(page: Page, system: System) -> None:
    def without_heights(route: Route) -> None:
        answer = route.fetch()
        document = answer.json()
        for block in document["blocks"]:
            block["heights"] = [None] * len(block["heights"])
        route.fulfill(response=answer, json=document)

    page.route("**/api/venue/*/geometry", without_heights)
    open_match(page, system)
    page.get_by_role("button", name="Browse blocks").click()
    choose_in_list(page, *BEST)
    expect(page.locator(".choice").get_by_text("We don’t know the view from this place")).to_be_visible()
    expect(view_in(page, ".choice")).to_have_count(0)
    assert found_by_axe(page) == []


def test_a_proposal_and_its_ticket_show_the_view(
    page: Page, system: System, sign_in: Callable[[Page, str], None], address: str
) -> None:
    open_match(page, system)
    page.get_by_role("button", name="Find 2 seats").click()
    assert painted(view_in(page, ".panel")).grass > 0.05
    page.get_by_role("button", name="Reserve these seats").click()
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()
    sign_in(page, address)
    pay(page, ACCEPTED)
    page.get_by_role("link", name="Open my tickets").click()
    page.locator("a[href^='/tickets/']").first.click()
    drawing = view_in(page, "section:has(#view-title)")
    drawing.scroll_into_view_if_needed()
    assert painted(drawing).grass > 0.05


def test_a_standing_area_has_the_view_of_a_person_who_stands_in_its_middle(page: Page, system: System) -> None:
    page.goto(f"/events/{system.event('concert')}")
    page.locator("[data-block='PEL']").click()
    drawing = view_in(page, ".panel")
    expect(drawing).to_have_accessible_name(
        re.compile(r"Standing, Standing pitch\. 58 m from the stage, level with the pitch\.")
    )
    drawing.scroll_into_view_if_needed()
    assert painted(drawing).colours > 20
    assert found_by_axe(page) == []
