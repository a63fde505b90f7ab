"""Help and safety in real browsers: three taps, answers of the desk, no network, silent reports, keyboard."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.office import grant_roles, in_database
from tests.web.points import buy, match_tonight, named
from tests.web.senses import Keys
from tests.web.system import System, fresh
from tests.web.test_access import found_by_axe
from tests.web.test_control import screen
from tests.web.test_membership import fine
from tests.web.transfers import phone
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

# Every text in the storages and caches of the browser.
STORED = """async () => {
    const found = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
    for (const { name } of await indexedDB.databases()) {
        const database = await new Promise((resolve, reject) => {
            const opening = indexedDB.open(name);
            opening.onsuccess = () => resolve(opening.result);
            opening.onerror = () => reject(opening.error);
        });
        for (const store of database.objectStoreNames) {
            const rows = await new Promise((resolve, reject) => {
                const reading = database.transaction(store).objectStore(store).getAll();
                reading.onsuccess = () => resolve(reading.result);
                reading.onerror = () => reject(reading.error);
            });
            found.push(JSON.stringify(rows));
        }
        database.close();
    }
    for (const name of await caches.keys())
        found.push(...(await (await caches.open(name)).keys()).map(({ url }) => url));
    return found.join();
}"""


@pytest.fixture
def event_id(system: System) -> UUID:
    return match_tonight(system, fresh("Derby"))


@pytest.fixture
def desk(browser: Browser, system: System, event_id: UUID) -> Iterator[Page]:
    """The control room of the event."""
    email = grant_roles(system, f"helper-{new_id()}@example.org", (Grant("controller", "event", event_id),))
    with screen(browser, system, email) as page:
        page.goto(f"/staff/control?event={event_id}")
        expect(page.get_by_text("No open incidents.")).to_be_visible()
        yield page


@pytest.fixture
def fan(browser: Browser, system: System, event_id: UUID, address: str) -> Iterator[Page]:
    """The phone of a fan with two tickets, on the page of one."""
    with phone(browser, system, named(system, f"helped-{address}"), service_workers="allow") as page:
        buy(page, event_id)
        page.get_by_role("link", name="Open my tickets").tap()
        page.locator("a[href^='/tickets/']").first.tap()
        page.get_by_role("link", name="Help and safety").tap()
        expect(page.get_by_role("heading", name="Help and safety", level=1)).to_be_visible()
        yield page


def ask(page: Page, kind: str) -> None:
    """Ask for help at one's own seat, in three taps."""
    page.locator(f"[data-kind={kind}]").tap()
    page.locator("[data-seat]").first.tap()
    page.get_by_role("button", name="Send", exact=True).tap()


def own(page: Page, state: str) -> Locator:
    return page.locator(f"[data-request][data-state={state}]")


def requests(system: System, event_id: UUID) -> list[Any]:
    """The stored requests of the event."""

    async def read(conn: Connection) -> list[Any]:
        return await conn.fetch("select * from safety.request where event_id = $1 order by sent_at", event_id)

    return in_database(system, read)


def stored(page: Page) -> str:
    """Everything that the browser has stored."""
    found: str = page.evaluate(STORED)
    return found


def test_a_fan_asks_in_three_taps_and_sees_the_answer_of_the_desk(fan: Page, desk: Page) -> None:
    fine(fan)
    fan.locator("[data-kind=help_at_seat]").tap()
    fine(fan)
    fan.locator("[data-seat]").first.tap()
    fan.get_by_role("button", name="Send", exact=True).tap()
    expect(own(fan, "sent")).to_contain_text("Help at my seat")
    own(fan, "sent").locator("summary").tap()
    text = fresh("Chest pain")
    own(fan, "sent").get_by_label("Text").fill(text)
    own(fan, "sent").get_by_role("button", name="Add", exact=True).tap()
    expect(own(fan, "sent")).to_contain_text(text)
    line = desk.locator("[data-incident]")
    expect(line).to_contain_text("Assistance")
    expect(line).to_contain_text("From fans")
    line.click()
    request = desk.locator("[data-fan-request]")
    expect(request).to_contain_text("Alex Martin")
    expect(request).to_contain_text(text)
    expect(desk.locator("[data-entry=incident_reported]")).to_contain_text("by a fan")
    assert found_by_axe(desk) == []
    desk.get_by_label("Own text, with the next answer").fill("Two minutes.")
    desk.get_by_role("button", name="We are on the way to you.").click()
    expect(desk.locator("[data-entry=requests_answered]")).to_contain_text("We are on the way to you.")
    shown = own(fan, "on_the_way")
    expect(shown.locator("[data-answer=on_the_way]")).to_contain_text("We are on the way to you. Two minutes.")
    fine(fan)
    fan.emulate_media(color_scheme="dark")
    assert found_by_axe(fan) == []
    desk.emulate_media(color_scheme="dark")
    assert found_by_axe(desk) == []
    desk.get_by_role("button", name="Resolve").click()
    expect(own(fan, "resolved")).to_contain_text("Closed")


def test_a_request_without_network_survives_a_reload_and_is_sent_once_with_its_time(
    fan: Page, system: System, event_id: UUID
) -> None:
    fan.wait_for_function("() => navigator.serviceWorker.controller !== null")
    fan.reload()
    expect(fan.locator("[data-kind]")).to_have_count(4)
    fan.context.set_offline(True)
    ask(fan, "lost_child")
    waiting = own(fan, "unsent")
    expect(waiting).to_contain_text("Not sent yet")
    expect(waiting).to_contain_text("speak to a steward or call 112")
    identity = waiting.get_attribute("data-request")
    fan.reload()
    expect(own(fan, "unsent")).to_contain_text("Lost child")
    fine(fan)
    assert requests(system, event_id) == []
    lost: list[str] = []

    def lose(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            route.fetch()
            lost.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    fan.context.route("**/api/safety/events/*/requests", lose)
    fan.context.set_offline(False)
    expect(own(fan, "sent")).to_contain_text("Lost child")
    expect(own(fan, "unsent")).to_have_count(0)
    assert len(lost) == 1, "the answer to the first try was lost"
    (request,) = requests(system, event_id)
    assert (str(request["id"]), request["kind"]) == (identity, "lost_child")
    assert request["written_at"] < request["sent_at"]


def test_a_silent_report_is_neutral_on_the_screen_and_leaves_nothing_on_the_phone_when_hidden(
    fan: Page, desk: Page
) -> None:
    text = fresh("The man in front of me")
    fan.context.set_offline(True)
    fan.locator("[data-kind=abuse]").tap()
    fan.locator("[data-seat]").first.tap()
    fan.locator("summary").tap()
    fan.get_by_label("Text").fill(text)
    fan.get_by_role("button", name="Send", exact=True).tap()
    expect(own(fan, "unsent")).to_contain_text("Your request")
    assert text in stored(fan), "what waits is stored"
    fan.context.set_offline(False)
    expect(own(fan, "sent")).to_contain_text("Your request")
    assert "abuse" not in own(fan, "sent").inner_text().lower()
    assert text not in own(fan, "sent").inner_text()
    assert fan.title().startswith("Help and safety ·")
    assert "abuse" not in fan.url
    own(fan, "sent").get_by_role("button", name="Hide this").tap()
    expect(fan.locator("[data-request]")).to_have_count(0)
    fan.reload()
    expect(fan.locator("[data-kind]")).to_have_count(4)
    expect(fan.locator("[data-request]")).to_have_count(0)
    left = stored(fan)
    assert text not in left
    assert "abuse" not in left
    desk.locator("[data-incident]").click()
    expect(desk.locator("[data-fan-request]")).to_contain_text(text)


def test_a_report_hidden_before_it_was_sent_is_deleted_and_never_sent(
    fan: Page, system: System, event_id: UUID
) -> None:
    fan.context.set_offline(True)
    ask(fan, "danger")
    own(fan, "unsent").get_by_role("button", name="Hide this").tap()
    expect(fan.locator("[data-request]")).to_have_count(0)
    assert "danger" not in stored(fan)
    fan.context.set_offline(False)
    ask(fan, "help_at_seat")
    expect(own(fan, "sent")).to_have_count(1)
    assert [request["kind"] for request in requests(system, event_id)] == ["help_at_seat"]


def test_a_fan_asks_elsewhere_and_withdraws_by_keyboard_alone(fan: Page, desk: Page) -> None:
    keyboard = Keys(fan)
    keyboard.press(fan.locator("[data-kind=danger]"))
    expect(fan.get_by_role("heading", name="Where?")).to_be_focused()
    place = fresh("Behind the stairs")
    fan.get_by_label("Elsewhere, in your words").focus()
    fan.keyboard.type(place)
    fan.keyboard.press("Enter")
    expect(own(fan, "sent")).to_have_count(1)
    keyboard.press(fan.get_by_role("button", name="It is solved"))
    expect(own(fan, "withdrawn")).to_contain_text("Withdrawn")
    desk.locator("[data-incident]").click()
    expect(desk.locator("[data-fan-request]")).to_contain_text(place)
    expect(desk.locator("[data-fan-request]")).to_contain_text("Withdrawn by the fan")
    desk.get_by_role("button", name="Mark as false").click()
    expect(desk.locator("[data-entry=request_false]")).to_be_visible()
    expect(desk.get_by_text("Marked as false", exact=True)).to_be_visible()


def test_help_says_what_is_missing_without_a_ticket_and_without_an_account(
    browser: Browser, system: System, event_id: UUID, address: str
) -> None:
    with phone(browser, system) as page:
        page.goto(f"/help/{event_id}")
        expect(page.get_by_role("link", name="Sign in to ask for help")).to_be_visible()
        expect(page.get_by_role("link", name="Call 112")).to_have_attribute("href", "tel:112")
        fine(page)
    with phone(browser, system, named(system, f"ticketless-{address}")) as page:
        page.goto(f"/help/{event_id}")
        expect(page.get_by_text("You need a ticket of this event to send a request.")).to_be_visible()
        fine(page)
