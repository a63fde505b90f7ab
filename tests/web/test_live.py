"""The desk publishes a goal by two taps; the fan's screen shows it, and a moment later its replay."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import tour_live
from tests.web.conftest import sign_in_with_form
from tests.web.gate import tonight
from tests.web.office import ENGLISH, grant_roles, in_database
from tests.web.steps import kick_off, withdraw
from tests.web.system import System, fresh
from tests.web.test_access import SIZES, SMALL, found_by_axe
from tests.web.tour_desk import sending_camera
from virage.demo.teams import TEAMS
from virage.media.live.acts import publishing as live
from virage.media.live.rules.entries import Booking, Content, EntryRequest, Goal, KickOff, Period, Side
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

# Parts of the score board that overlap, or leave the screen.
OVERLAPS = """() => {
    const parts = [...document.querySelectorAll(".board .names, .board .score, .board .kicks, .board .stand")];
    const boxes = parts.map((part) => [part.className, part.getBoundingClientRect()]);
    const apart = (one, two) =>
        one.right <= two.left || two.right <= one.left || one.bottom <= two.top || two.bottom <= one.top;
    const out = ([, box]) => box.left < 0 || box.right > innerWidth;
    return boxes.flatMap(([name, box], at) => boxes.slice(at + 1)
        .filter(([, other]) => !apart(box, other)).map(([other]) => `${name} on ${other}`))
        .concat(boxes.filter(out).map(([name]) => name));
}"""
# The Cumulative Layout Shift of the page during its load; below 0.1 is good.
SHIFTS = """() => new Promise((done) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) sum += shift.hadRecentInput ? 0 : shift.value;
    }).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""
FRAME = "() => document.querySelector('video')?.readyState >= 2 && document.querySelector('video').currentTime > 0"


@pytest.fixture
def evening(system: System) -> tuple[UUID, str]:
    """A match with known teams, and its title."""
    event_id = tonight(system, title := fresh("An evening to be seen again"))
    in_database(system, lambda conn: live.set_teams(conn, event_id, TEAMS, None, datetime.now(UTC), revision=0))
    return event_id, title


@contextmanager
def at_the_desk(browser: Browser, system: System, email: str, event: UUID, title: str) -> Iterator[Page]:
    """A person at the match desk."""
    grant_roles(system, email, (Grant("match_desk", "event", event),))
    context = browser.new_context(base_url=system.url, locale="en-GB")
    context.add_init_script(ENGLISH)
    page = context.new_page()
    page.goto("/sign-in")
    sign_in_with_form(page, system, email)
    page.goto("/staff/desk")
    page.get_by_role("button", name=title).click()
    expect(page.get_by_role("button", name="Start: First half")).to_be_visible()
    yield page
    context.close()


@pytest.mark.parametrize("look", ["phone light", "desk dark"])
def test_axe_finds_nothing_on_the_screens_of_a_match_and_every_target_is_large_enough(
    browser: Browser, system: System, look: str
) -> None:
    size, theme = look.split()
    settings: dict[str, Any] = {"viewport": SIZES[size], "color_scheme": theme, "has_touch": size == "phone"}
    event, found = tour_live.match(system), []
    with (
        browser.new_context(base_url=system.url, locale="en-GB", reduced_motion="reduce", **settings) as fans,
        browser.new_context(base_url=system.url, locale="en-GB", reduced_motion="reduce", **settings) as desks,
    ):
        fan, teller = fans.new_page(), desks.new_page()
        fan.add_init_script(ENGLISH)
        tour_live.at_the_desk(teller, system, f"axe-{event}@example.org", event)
        entries, shown = tour_live.screens(fan, teller, event), tour_live.replays(fan, teller, system, event)
        for page, screen in itertools.chain(entries, shown):
            found += [f"{screen.name}: {fault}" for fault in found_by_axe(page) + page.evaluate(SMALL)]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{screen.name}: wider than the screen")
    assert not found, "\n".join(found)


def test_a_goal_published_by_two_taps_is_shown_and_replayed_to_fans(
    browser: Browser, page: Page, system: System, evening: tuple[UUID, str], page_faults: list[str]
) -> None:
    event, title = evening
    page.add_init_script(ENGLISH)
    page.goto(f"/live/{event}")
    expect(page.get_by_text("Updates will appear here")).to_be_visible()
    with (
        sending_camera(system, "main"),
        at_the_desk(browser, system, f"desk-{event}@example.org", event, title) as desk,
    ):
        kick_off(desk)
        expect(page.locator("[data-clock]")).to_contain_text("1′")
        desk.get_by_role("button", name="Goal Virage FC").click()
        desk.locator("[data-player='9']").click()
        expect(page.locator("[data-score]")).to_have_text("1–0")
        goal = page.locator("[data-entry]").filter(has_text="Goal for Virage FC")
        expect(goal).to_contain_text("No. 9")
        goal.get_by_role("button", name="Watch again").click()
        expect(page.locator("[data-state='playing']")).to_be_visible()
        page.wait_for_function(FRAME)
        withdraw(desk, "Goal for Virage FC")
        expect(page.locator("[data-score]")).to_have_text("0–0")
    assert page_faults == []


def test_a_shoot_out_published_by_two_taps_per_kick_is_on_the_fans_screen(
    browser: Browser, page: Page, system: System, evening: tuple[UUID, str], page_faults: list[str]
) -> None:
    event, title = evening
    page.add_init_script(ENGLISH)
    page.goto(f"/live/{event}")
    with at_the_desk(browser, system, f"kicks-{event}@example.org", event, title) as desk:
        kick_off(desk)
        for label in ("End: First half", "Start: Second half", "End: Second half"):
            desk.get_by_role("button", name=label).click()
        desk.get_by_role("button", name="Start: Shoot-out").click()
        for side, outcome, player in (
            ("Virage FC", "Scored", "9"),
            ("Étoile du Nord", "Saved", "10"),
            ("Virage FC", "Missed", "10"),
            ("Étoile du Nord", "Scored", "4"),
            ("Virage FC", "Scored", "11"),
        ):
            desk.get_by_role("button", name=f"Penalty {side}").click()
            desk.get_by_role("button", name=outcome, exact=True).click()
            desk.locator(f"[data-player='{player}']").click()
        expect(page.locator("[data-penalties]")).to_have_text("2–1 on penalties")
        expect(page.locator("[data-clock]")).to_have_text("Shoot-out")
        expect(page.locator("[data-kick]")).to_have_count(5)
        expect(page.locator(".kicks.home [data-kick='scored']")).to_have_count(2)
        saved = page.locator("[data-entry]").filter(has_text="Penalty by Étoile du Nord saved")
        expect(saved).to_contain_text("1–0")
        expect(saved).to_contain_text("No. 10")
        expect(desk.get_by_role("button", name="End: Shoot-out")).to_have_count(0)
        desk.get_by_role("button", name="End the match").click()
        expect(page.locator("[data-clock]")).to_have_text("Full time")
    expect(page.locator("[data-score]")).to_have_text("0–0")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    for size in SIZES.values():
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        assert found_by_axe(page) + page.evaluate(SMALL) == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.wait_for_function(f"() => ({OVERLAPS})().length === 0")  # the score and the names do not overlap
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert page_faults == []


def test_a_goal_overturned_by_var_is_withdrawn_where_the_desk_is_asked(
    browser: Browser, system: System, evening: tuple[UUID, str]
) -> None:
    event, title = evening
    with at_the_desk(browser, system, f"video-{event}@example.org", event, title) as desk:
        kick_off(desk)
        desk.get_by_role("button", name="Goal Virage FC").click()
        desk.locator("[data-player='9']").click()
        desk.get_by_role("button", name="Red card", exact=True).click()
        desk.get_by_role("button", name="VAR: decision overturned", exact=True).click()
        expect(desk.locator("[data-published]").first).to_contain_text("Red card")
        asked = desk.get_by_role("status").filter(has_text="still in the score")
        expect(asked).to_have_count(0)
        desk.get_by_role("group", name="Reason for the check").get_by_role("button", name="Goal", exact=True).click()
        desk.get_by_role("button", name="VAR: decision overturned", exact=True).click()
        expect(desk.locator("[data-score]")).to_have_text("1–0")
        asked.get_by_role("button", name="Withdraw").click()
        expect(desk.locator("[data-score]")).to_have_text("0–0")
        expect(asked).to_have_count(0)


def test_a_reloaded_match_desk_keeps_its_match_and_withdraws_once_after_an_offline_withdrawal(
    browser: Browser, system: System, evening: tuple[UUID, str]
) -> None:
    event, title = evening
    with at_the_desk(browser, system, f"again-{event}@example.org", event, title) as desk:
        kick_off(desk)
        desk.get_by_role("button", name="3 min", exact=True).click()
        line = desk.locator("[data-published]").filter(has_text="3 minutes added")
        expect(line.get_by_role("button", name="Withdraw")).to_be_visible()
        desk.reload()
        expect(line).to_be_visible()
        expect(desk.locator("[data-last]")).not_to_be_visible()
        desk.set_viewport_size({"width": 390, "height": 844})
        desk.context.set_offline(True)
        withdraw(desk, "3 minutes added", within="[data-last]")
        for said in (line, desk.locator("[data-last]")):
            expect(said).to_contain_text("Withdrawing…")
            expect(said.get_by_role("button")).to_have_count(0)
        desk.context.set_offline(False)
        expect(line).to_have_count(0)
        expect(desk.get_by_role("alert")).to_have_count(0)
        desk.get_by_role("button", name="Change match").click()
        expect(desk.get_by_role("heading", name="Which match?")).to_be_visible()
        desk.go_back()
        expect(desk.get_by_role("button", name="End: First half")).to_be_visible()


def test_an_entry_is_withdrawn_after_a_question_and_a_double_tap_withdraws_no_other(
    browser: Browser, system: System, evening: tuple[UUID, str]
) -> None:
    event, title = evening
    with at_the_desk(browser, system, f"twice-{event}@example.org", event, title) as desk:
        desk.set_viewport_size({"width": 390, "height": 844})
        kick_off(desk)
        desk.get_by_role("button", name="3 min", exact=True).click()
        last = desk.locator("[data-last]")
        expect(last).to_contain_text("3 minutes added")
        last.get_by_role("button", name="Withdraw").dblclick()
        asked = desk.get_by_role("dialog", name="Withdraw this entry?")
        if asked.is_visible():
            asked.get_by_role("button", name="Withdraw").dblclick()
        else:
            withdraw(desk, "3 minutes added", within="[data-last]")
        expect(last).to_contain_text("First half begins")
        expect(desk.locator("[data-clock]")).to_contain_text("1′")
        expect(desk.locator("[data-published]")).to_have_count(1)


def test_the_desk_names_the_missing_language_of_an_announcement(
    browser: Browser, system: System, evening: tuple[UUID, str]
) -> None:
    event, title = evening
    with at_the_desk(browser, system, f"words-{event}@example.org", event, title) as desk:
        desk.get_by_role("button", name="Publish", exact=True).click()
        expect(desk.get_by_text("Enter the announcement in this language")).to_have_count(2)
        expect(desk.get_by_label("(Français)")).to_be_focused()
        desk.get_by_label("(Français)").fill("Merci")
        desk.get_by_role("button", name="Publish", exact=True).click()
        expect(desk.get_by_text("Enter the announcement in this language")).to_have_count(1)
        expect(desk.get_by_label("(English)")).to_be_focused()
        desk.get_by_label("(English)").fill("Thanks")
        desk.get_by_role("button", name="Publish", exact=True).click()
        expect(desk.locator("[data-published]")).to_contain_text("Thanks")


def test_a_first_half_long_before_kick_off_needs_confirmation(
    browser: Browser, page: Page, system: System, evening: tuple[UUID, str]
) -> None:
    event, title = evening
    page.add_init_script(ENGLISH)
    page.goto(f"/live/{event}")
    with at_the_desk(browser, system, f"early-{event}@example.org", event, title) as desk:
        desk.get_by_role("button", name="Start: First half").click()
        asked = desk.get_by_role("dialog", name="Start the first half now?")
        asked.get_by_role("button", name="Go back").click()
        expect(asked).not_to_be_visible()
        expect(desk.locator("[data-published]")).to_have_count(0)
        expect(page.locator(".board")).not_to_contain_text("0–0")
        kick_off(desk)
        expect(page.locator("[data-score]")).to_have_text("0–0")


def test_a_video_review_is_in_the_header_and_an_overturned_goal_says_that_the_score_changes(
    browser: Browser, page: Page, system: System, evening: tuple[UUID, str]
) -> None:
    event, title = evening
    page.add_init_script(ENGLISH)
    page.goto(f"/live/{event}")
    with at_the_desk(browser, system, f"review-{event}@example.org", event, title) as desk:
        kick_off(desk)
        desk.get_by_role("button", name="Goal Virage FC").click()
        desk.locator("[data-player='9']").click()
        desk.get_by_role("button", name="VAR check", exact=True).click()
        expect(page.locator("[data-review]")).to_have_text("VAR check: possible goal")
        desk.get_by_role("button", name="VAR: decision overturned", exact=True).click()
        expect(page.locator("[data-review]")).to_have_text("VAR: goal disallowed, score about to change")
        desk.get_by_role("status").filter(has_text="still in the score").get_by_role("button", name="Withdraw").click()
        expect(page.locator("[data-score]")).to_have_text("0–0")
        expect(page.locator("[data-review]")).to_have_text("VAR: decision overturned")


def test_a_card_is_shown_as_a_card_and_the_score_stays_in_sight(
    page: Page, system: System, evening: tuple[UUID, str]
) -> None:
    event, _ = evening
    now = datetime.now(UTC)
    contents: list[Content] = [KickOff(Period.FIRST_HALF), Goal(Side.HOME, 9), Booking(Side.AWAY, 4, "yellow")]
    tellings = [EntryRequest(new_id(), now, one) for one in contents]
    in_database(system, lambda conn: live.publish(conn, event, tellings, None, now))
    page.add_init_script(ENGLISH)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/live/{event}")
    booked = page.locator("[data-entry]").filter(has_text="Yellow card")
    expect(booked.locator(".booking.yellow")).to_have_css("background-color", "rgb(246, 197, 0)")
    expect(booked.locator(".team-stripe")).to_have_count(0)
    follow = page.locator(".follow p")
    expect(follow).not_to_be_visible()
    page.mouse.wheel(0, 900)
    expect(follow).to_be_visible()
    expect(follow).to_contain_text("1–0")
    box, header = follow.bounding_box(), page.locator("header").first.bounding_box()
    assert box
    assert header
    assert abs(box["y"] - header["height"]) < 2


@pytest.mark.parametrize("size", list(SIZES))
def test_the_page_of_a_match_loads_without_layout_shift(
    page: Page, system: System, evening: tuple[UUID, str], size: str
) -> None:
    event, _ = evening
    now = datetime.now(UTC)
    contents: list[Content] = [KickOff(Period.FIRST_HALF), *[Goal(Side.HOME, 9)] * 6, Booking(Side.AWAY, 4, "yellow")]
    tellings = [EntryRequest(new_id(), now, one) for one in contents]
    in_database(system, lambda conn: live.publish(conn, event, tellings, None, now))
    page.set_viewport_size({"width": SIZES[size]["width"], "height": SIZES[size]["height"]})
    page.goto(f"/live/{event}")
    expect(page.locator("[data-score]")).to_have_text("6–0")
    expect(page.locator("[data-stats]")).to_be_attached()
    expect(page.locator("[data-notifications]")).to_be_attached()
    assert page.evaluate(SHIFTS) < 0.1
    page.goto("/")
    expect(page.locator(".event").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate(SHIFTS) < 0.1
