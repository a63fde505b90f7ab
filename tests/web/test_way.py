"""The way to one's seat: on the ticket, in words and drawn, without stairs where wished, and without network."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect

from tests.web.conftest import CHROMIUM, FLAGS

SignIn = Callable[[Page, str], None]


def test_the_way_is_on_the_ticket_without_stairs_where_wished_and_stays_without_network(
    playwright: Playwright,
    tmp_path: Path,
    own_server: tuple[str, "subprocess.Popen[bytes]"],
    sign_in: SignIn,
) -> None:
    url, process = own_server

    def browse() -> tuple[BrowserContext, Page]:
        context = playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=FLAGS, base_url=url, locale="en-GB"
        )
        context.add_init_script("localStorage.setItem('virage.locale', '\"en\"')")  # this fan's profile is French
        return context, context.new_page()

    context, page = browse()
    page.goto("/sign-in?next=/tickets")
    sign_in(page, "fan@example.org")
    page.locator("a[href^='/tickets/']").first.click()
    expect(directions_of(page).first).to_contain_text("up to the podium")
    expect(directions_of(page).last).to_contain_text("to seat")
    expect(page.get_by_role("img", name="Plan of the ground with your way")).to_be_visible()
    with page.expect_response(lambda answer: "step_free=true" in answer.url):
        page.get_by_label("Without stairs").check()
    expect(directions_of(page).filter(has_text="Take stairs")).to_have_count(0)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    address = page.url
    context.close()

    process.terminate()
    process.wait(30)
    context, page = browse()
    page.goto(address)
    expect(directions_of(page).first).to_contain_text("up to the podium")
    expect(page.get_by_role("img", name="Plan of the ground with your way")).to_be_visible()
    page.get_by_label("Without stairs").check()
    expect(directions_of(page).filter(has_text="Take stairs")).to_have_count(0)
    expect(directions_of(page).last).to_contain_text("to seat")
    context.close()


def directions_of(page: Page) -> Locator:
    return page.get_by_role("list", name="Directions").get_by_role("listitem")
