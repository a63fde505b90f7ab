"""Names on tickets and reminders, in a browser."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.office import in_database
from tests.web.system import System
from tests.web.test_access import found_by_axe
from tests.web.transfers import buy_tickets, phone
from virage.platform.data.database import Connection

RULES = {"named_tickets": True, "names_by": 1, "name_changes_max": 1}


@pytest.fixture
def party(browser: Browser, system: System, address: str) -> Iterator[tuple[Page, list[str]]]:
    """The phone of a fan with two tickets of an event whose tickets are named."""
    tickets = buy_tickets(system, address, 2)
    event = "(select event_id from ticketing.ticket where id = $1::text::uuid)"

    async def name(conn: Connection) -> str:
        before: str = await conn.fetchval(f"select rules::text from programme.event where id = {event}", tickets[0])
        await conn.execute(
            f"update programme.event set rules = rules || $2::text::jsonb where id = {event}",
            tickets[0],
            json.dumps(RULES),
        )
        return before

    before = in_database(system, name)

    async def restore(conn: Connection) -> None:
        await conn.execute(f"update programme.event set rules = $2::text::jsonb where id = {event}", tickets[0], before)

    try:
        with phone(browser, system, address) as page:
            yield page, tickets
    finally:
        in_database(system, restore)


def test_a_party_is_named_on_one_page_and_a_name_changes_as_often_as_the_rules_allow(
    party: tuple[Page, list[str]],
) -> None:
    page, (ticket, _) = party
    page.goto(f"/tickets/{ticket}")
    form = page.get_by_role("form", name="Names on the tickets")
    first, second = form.get_by_role("textbox").first, form.get_by_role("textbox").last
    first.fill("Léa Martin")
    second.fill("Noé Petit")
    form.get_by_role("button", name="Save names").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(first).to_have_value("Léa Martin")
    expect(second).to_have_value("Noé Petit")
    expect(form.get_by_text("It can be changed 1 more time.")).to_have_count(2)
    first.fill("Ana López")
    form.get_by_role("button", name="Save names").click()
    expect(form.get_by_text("This name can no longer be changed.")).to_have_count(1)
    expect(first).to_have_js_property("readOnly", True)
    assert found_by_axe(page) == []


def test_a_fan_turns_reminders_off_on_the_page_of_their_tickets(party: tuple[Page, list[str]]) -> None:
    page, _ = party
    page.goto("/tickets")
    choice = page.get_by_label("Remind me by email before my events")
    expect(choice).to_be_checked()
    with page.expect_response("**/api/tickets/reminders"):
        choice.uncheck()
    page.reload()
    expect(choice).not_to_be_checked()
    assert found_by_axe(page) == []
