"""The way to a seat: on the ticket, in text and drawn, without stairs on request, and offline."""

from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.web.office import in_database
from tests.web.steps import buy_and_open, of_tonights_match
from tests.web.system import FAN, Process, System
from virage.identity.passes import acts as passes
from virage.platform.data.database import Connection

SignIn = Callable[[Page, str], None]
Browse = Callable[[], tuple[BrowserContext, Page]]


def test_the_route_is_on_the_ticket_also_step_free_and_offline(
    browse: Browse, own_server: tuple[str, Process], system: System, sign_in: SignIn
) -> None:
    _, process = own_server
    context, page = browse()
    page.goto("/sign-in?next=/tickets")
    sign_in(page, FAN)
    with page.expect_response(lambda answer: "/venue/route" in answer.url and "event=" in answer.url):
        of_tonights_match(page).first.click()
    expect(directions_of(page).first).to_contain_text("up to the podium")
    expect(directions_of(page).last).to_contain_text("to seat")
    expect(page.get_by_role("img", name="Map of the venue with your route")).to_be_visible()
    with page.expect_response(lambda answer: "step_free=true" in answer.url):
        page.get_by_label("Step-free").check()
    expect(directions_of(page).filter(has_text="Take stairs")).to_have_count(0)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    address = page.url
    context.close()

    system.stop(process)
    context, page = browse()
    page.goto(address)
    expect(directions_of(page).first).to_contain_text("up to the podium")
    expect(page.get_by_role("img", name="Map of the venue with your route")).to_be_visible()
    page.get_by_label("Step-free").check()
    expect(directions_of(page).filter(has_text="Take stairs")).to_have_count(0)
    expect(directions_of(page).last).to_contain_text("to seat")
    context.close()


def directions_of(page: Page) -> Locator:
    return page.get_by_role("list", name="Directions").get_by_role("listitem")


def test_inside_the_ticket_shows_the_way_from_the_gate_to_the_seat(
    page: Page, system: System, sign_in: SignIn, address: str
) -> None:
    buy_and_open(page, system, lambda on: sign_in(on, address))
    expect(page.get_by_role("heading", name="Getting to your seat")).to_be_visible()
    expect(directions_of(page).filter(has_text="up to the podium")).to_have_count(1)
    ticket_id = page.url.rpartition("/")[2]

    async def cross(conn: Connection) -> None:
        row = await conn.fetchrow("select event_id, number from passes.pass where subject = $1", ticket_id)
        assert row is not None
        await passes.mark_entered(conn, row["event_id"], [row["number"]], datetime.now(UTC))

    in_database(system, cross)
    page.reload()
    expect(page.get_by_role("heading", name="You’re in: follow this route to your seat")).to_be_visible()
    expect(directions_of(page).filter(has_text="up to the podium")).to_have_count(0)
    expect(directions_of(page).last).to_contain_text("to seat")
