"""Seats chosen on the map: by mouse, by keyboard, and in the list beside it."""

import re

from playwright.sync_api import Page, expect

from tests.web.steps import open_match
from tests.web.system import System

CHOSEN = re.compile(r"^Remove Row ")


def test_a_seat_is_chosen_and_removed_with_the_mouse(page: Page, system: System) -> None:
    open_match(page, system)
    page.locator("[data-block='104']").click()
    seats = page.get_by_role("application")
    expect(seats).to_be_visible()
    box = seats.bounding_box()
    assert box
    chosen = page.get_by_role("button", name=CHOSEN)
    for step in range(12):  # the middle may be stairs, or a seat that is taken
        page.mouse.click(box["x"] + box["width"] / 2 + 24 * step, box["y"] + box["height"] / 2 + 60)
        if chosen.count():
            break
    expect(chosen).to_have_count(1)
    page.mouse.move(box["x"] + 5, box["y"] + box["height"] - 5)
    chosen.click()
    expect(chosen).to_have_count(0)


def test_the_map_works_by_keyboard(page: Page, system: System) -> None:
    open_match(page, system)
    first = page.locator("[data-block][tabindex='0']")
    first.focus()
    page.keyboard.press("ArrowRight")
    focused = page.evaluate("document.activeElement.dataset.block")
    assert focused
    page.keyboard.press("Enter")
    expect(page.get_by_role("application")).to_be_focused()
    chosen = page.get_by_role("button", name=CHOSEN)
    for step in range(40):
        page.keyboard.press("ArrowRight" if step % 4 else "ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_function("() => true")
        if chosen.count():
            break
    expect(chosen).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(f"[data-block='{focused}']")).to_be_focused()


def test_the_list_reaches_every_seat_without_the_map(page: Page, system: System) -> None:
    open_match(page, system)
    page.get_by_role("button", name="Browse blocks").click()
    page.locator("#block-103").click()
    expect(page.get_by_role("heading", name="Block 103")).to_be_focused()
    page.get_by_role("button", name=re.compile(r"^Row 12 ")).click()
    page.get_by_role("button", name=re.compile(r"^Seat \d+$")).first.click()
    expect(page.get_by_role("button", name=CHOSEN)).to_have_count(1)
    page.get_by_role("button", name="Reserve").click()
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()
    expect(page.get_by_text(re.compile("Row 12, seat"))).to_be_visible()
    expect(page.get_by_text("has just been taken")).to_have_count(0)


PICTURE = "[...document.querySelectorAll('.seats canvas')].find(canvas => canvas.style.display === 'block')"


def test_the_map_zooms_by_wheel_and_buttons_and_moves_by_dragging(page: Page, system: System) -> None:
    open_match(page, system)
    page.locator("[data-block='120']").click()
    seats = page.get_by_role("application")
    box = seats.bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function(f"() => {PICTURE}")
    # The picture is scaled only until the next one is painted, which may take less time than between two looks.
    page.evaluate(
        f"""() => {{
            window.scales = [];
            const look = () => scales.push(Number({PICTURE}?.style.transform.split(/[(,]/)[1]));
            const changes = {{ subtree: true, attributes: true, attributeFilter: ["style"] }};
            new MutationObserver(look).observe(document.querySelector(".seats"), changes);
        }}"""
    )
    page.mouse.move(*middle)
    page.mouse.wheel(0, -200)
    page.wait_for_function("() => scales.some(scale => scale > 1.2)")
    page.mouse.down()
    page.mouse.move(middle[0] - 300, middle[1], steps=5)
    page.mouse.up()
    expect(page.get_by_role("button", name=CHOSEN)).to_have_count(0)
    page.get_by_role("button", name="Whole stadium").click()
    expect(page.locator("[data-block='120']")).to_be_visible()


def test_the_overview_marks_blocks_with_chosen_seats(page: Page, system: System) -> None:
    open_match(page, system)
    page.get_by_role("button", name="Browse blocks").click()
    page.locator("#block-103").click()
    page.get_by_role("button", name=re.compile(r"^Row 12 ")).click()
    page.get_by_role("button", name=re.compile(r"^Seat \d+$")).first.click()
    page.get_by_role("button", name="Whole stadium").click()
    expect(page.get_by_role("button", name=re.compile("^103 .*, selected$"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(", selected$"))).to_have_count(1)
