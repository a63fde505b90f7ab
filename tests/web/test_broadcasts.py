"""Messages of the control room in real browsers: sent at the desk, shown on phones, confirmed, updated, cancelled."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.office import grant_roles, in_database
from tests.web.points import buy, match_tonight, named
from tests.web.senses import Keys
from tests.web.system import System, fresh
from tests.web.test_access import found_by_axe
from tests.web.test_control import screen
from tests.web.test_membership import fine
from tests.web.transfers import phone
from virage.demo.venues.drawing import stadium
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant


@pytest.fixture
def event_id(system: System) -> UUID:
    return match_tonight(system, fresh("Derby"))


@pytest.fixture
def desk(browser: Browser, system: System, event_id: UUID) -> Iterator[Page]:
    """The control room of the event."""
    email = f"speaker-{new_id()}@example.org"
    grant_roles(system, email, (Grant("controller", "event", event_id),))
    with screen(browser, system, email) as page:
        page.goto(f"/staff/control?event={event_id}")
        expect(page.get_by_text("No messages yet.")).to_be_visible()
        yield page


@pytest.fixture
def fan(browser: Browser, system: System, event_id: UUID, address: str) -> Iterator[Page]:
    """The phone of a fan with two tickets."""
    with phone(browser, system, named(system, f"spoken-{address}"), service_workers="allow") as page:
        buy(page, event_id)
        page.goto("/tickets")
        expect(page.get_by_role("heading", name="Tickets", level=1)).to_be_visible()
        yield page


@pytest.fixture
def other(browser: Browser, system: System, event_id: UUID, address: str) -> Iterator[Page]:
    """The phone of a fan without a ticket, on the page of the match."""
    with phone(browser, system, named(system, f"elsewhere-{address}")) as page:
        page.goto(f"/live/{event_id}")
        yield page


def block_of(system: System, event_id: UUID) -> str:
    """The block of the tickets that were bought for the event."""

    async def ask(conn: Connection) -> int:
        place: int = await conn.fetchval("select place from ticketing.ticket where event_id = $1 limit 1", event_id)
        return place

    block = stadium().label(in_database(system, ask)).block
    assert block is not None
    return block


def write(page: Page, headline: str, *zones: str) -> None:
    """Write a message in English to blocks, or to all fans, and look at it."""
    page.get_by_role("button", name="New message").click()
    form = page.get_by_role("dialog")
    if zones:
        form.get_by_label("Zones").check()
        form.get_by_label("Blocks and standing areas").fill(" ".join(zones))
    english = form.get_by_role("group", name="English")
    english.get_by_label("Headline").fill(headline)
    english.get_by_label("Text", exact=True).fill("Follow the stewards.")
    form.get_by_role("button", name="Check").click()


def test_a_message_to_a_block_covers_the_screen_of_its_fans_and_their_receipt_reaches_the_desk(
    desk: Page, fan: Page, other: Page, system: System, event_id: UUID
) -> None:
    block, headline = block_of(system, event_id), fresh("Stay in the stand")
    write(desk, headline, block)
    expect(desk.get_by_text("Not written in Français: these phones show the first language.")).to_be_visible()
    assert found_by_axe(desk) == []
    desk.get_by_role("button", name=f"Send now to: {block}").click()
    expect(desk.locator("[data-sent]")).to_contain_text(headline)
    shown = fan.get_by_role("alertdialog")
    expect(shown.get_by_role("heading", name=headline)).to_be_visible()
    fine(fan)
    write(desk, fresh("To all"))
    desk.get_by_role("button", name="Send now to: All fans").click()
    expect(other.get_by_role("alertdialog")).to_contain_text("To all")
    expect(other.get_by_text(headline)).to_have_count(0)
    shown.get_by_role("button", name="I have read this").click()
    expect(shown.get_by_text("To all")).to_be_visible()
    shown.get_by_role("button", name="I have read this").click()
    expect(shown).to_be_hidden()
    line = fan.get_by_label("Messages of the control room")
    expect(line.get_by_text(headline)).to_be_visible()
    fine(fan)
    expect(desk.locator("[data-sent]").filter(has_text=headline).locator("[data-receipts='1']")).to_be_visible()


def test_a_message_is_updated_and_cancelled_and_stays_readable_without_network(
    desk: Page, fan: Page, system: System, event_id: UUID
) -> None:
    block, headline, news = block_of(system, event_id), fresh("Stay seated"), fresh("Leave by exit B")
    write(desk, headline, block)
    desk.get_by_role("button", name=f"Send now to: {block}").click()
    expect(fan.get_by_role("alertdialog")).to_contain_text(headline)
    desk.locator("[data-sent]").get_by_role("button", name="Update").click()
    form = desk.get_by_role("dialog")
    form.get_by_role("group", name="English").get_by_label("Headline").fill(news)
    form.get_by_role("button", name="Check").click()
    form.get_by_role("button", name=f"Send now to: {block}").click()
    expect(fan.get_by_role("alertdialog").get_by_role("heading", name=news)).to_be_visible()
    expect(fan.get_by_text(headline)).to_have_count(0)

    fan.wait_for_function("() => navigator.serviceWorker.controller !== null")
    fan.context.set_offline(True)
    fan.reload()
    expect(fan.get_by_role("alertdialog").get_by_role("heading", name=news)).to_be_visible()
    expect(fan.get_by_text("No connection: there may be a newer message.")).to_be_visible()
    fan.get_by_role("button", name="I have read this").click()
    fan.reload()
    line = fan.get_by_label("Messages of the control room")
    expect(line.get_by_text(news)).to_be_visible()
    expect(fan.get_by_role("alertdialog")).to_be_hidden()
    line.get_by_role("button", name="Show").click()
    expect(fan.get_by_role("alertdialog").get_by_role("heading", name=news)).to_be_visible()
    fan.get_by_role("button", name="I have read this").click()
    fan.context.set_offline(False)
    sent = desk.locator("[data-sent]").filter(has_text=news)
    expect(sent.locator("[data-receipts='1']")).to_be_visible()

    sent.get_by_role("button", name="Cancel message").click()
    form.get_by_role("button", name="Check").click()
    form.get_by_role("button", name=f"Send now to: {block}").click()
    expect(line.get_by_text(f"Over: {news}")).to_be_visible()
    line.get_by_role("button", name="Close").click()
    expect(line.get_by_role("button", name="Close")).to_have_count(0)


def test_an_exercise_is_marked_everywhere_and_never_reaches_a_fan(desk: Page, fan: Page) -> None:
    headline = fresh("Evacuation of the north stand")
    desk.get_by_role("button", name="New message").click()
    form = desk.get_by_role("dialog")
    form.get_by_label("Exercise", exact=True).check()
    expect(form.get_by_role("status").get_by_text("Exercise")).to_be_visible()
    expect(form.get_by_label("All fans")).to_be_disabled()
    expect(form.get_by_label("Staff", exact=True)).to_be_checked()
    form.get_by_role("group", name="English").get_by_label("Headline").fill(headline)
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_text("Headline and text belong together.")).to_be_visible()
    form.get_by_role("group", name="English").get_by_label("Text", exact=True).fill("Practise.")
    form.get_by_role("button", name="Check").click()
    form.get_by_role("button", name="Send as EXERCISE to: Stewards").click()
    expect(desk.locator("[data-sent]").filter(has_text=headline)).to_contain_text("Exercise")
    write(desk, "To all fans")
    desk.get_by_role("button", name="Send now to: All fans").click()
    expect(fan.get_by_role("alertdialog")).to_contain_text("To all fans")
    expect(fan.get_by_text(headline)).to_have_count(0)


def test_a_prepared_evacuation_is_sent_in_each_language_by_keyboard_alone(desk: Page, fan: Page) -> None:
    keyboard = Keys(desk)
    keyboard.press(desk.get_by_role("button", name="New message"))
    form = desk.get_by_role("dialog")
    form.get_by_label("Prepared message").focus()
    desk.keyboard.type("Evac")
    expect(form.get_by_role("group", name="Français").get_by_label("Headline")).to_have_value(
        "Quittez le stade maintenant"
    )
    expect(form.get_by_label("Severity")).to_have_value("extreme")
    keyboard.press(form.get_by_role("button", name="Check"))
    expect(form.get_by_text("Leave the stadium now")).to_be_visible()
    expect(form.get_by_text("Quittez le stade maintenant")).to_be_visible()
    keyboard.press(form.get_by_role("button", name="Send now to: All fans"))
    expect(fan.get_by_role("alertdialog").get_by_role("heading", name="Leave the stadium now")).to_be_visible()


def test_what_is_no_message_says_what_is_missing(desk: Page) -> None:
    desk.get_by_role("button", name="New message").click()
    form = desk.get_by_role("dialog")
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_text("Write the message in at least one language.")).to_be_visible()
    english = form.get_by_role("group", name="English")
    english.get_by_label("Headline").fill("Stop")
    english.get_by_label("Text", exact=True).fill("Please wait.")
    form.get_by_label("Zones").check()
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_text("Choose at least one zone.")).to_be_visible()
    form.get_by_label("Blocks and standing areas").fill("203 Z99")
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_text("Not in this venue: Z99")).to_be_visible()
    form.get_by_label("Blocks and standing areas").fill("203")
    form.get_by_label("Valid for, in minutes").fill("0")
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_text("From 1 to 720 minutes.")).to_be_visible()
    assert found_by_axe(desk) == []
