"""Tickets that one fan sends to another, on two real phones: offered, accepted, cancelled, given back."""

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.web.lost_answers import deliver_without_answer
from tests.web.office import desk, grant_roles, in_database
from tests.web.steps import make_link
from tests.web.system import System, fresh
from tests.web.test_access import SMALL, found_by_axe
from tests.web.transfers import (
    accept_as,
    buy_tickets,
    emailed_link,
    phone,
    send_by_email,
    sign_in_here,
)
from virage.matchday.access.acts import bans
from virage.matchday.access.rules.bans import BanRequest
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

Giving = Callable[[int], tuple[Page, list[str]]]
ENTRY_CODE = "Entry code of this ticket"
STORED = """() => new Promise((done) => {
    indexedDB.open("virage").onsuccess = ({ target }) => {
        const asked = target.result.transaction("kept").objectStore("kept").getAllKeys();
        asked.onsuccess = () => { target.result.close(); done(asked.result); };
    };
})"""
"""The keys of what a phone stores."""
SHEET = "navigator.share = async (given) => { window.given = given; };"
"""A share sheet: a browser without windows has none."""


@pytest.fixture
def giver(address: str) -> str:
    """The address of a fan who gives tickets."""
    return f"giver-{address}"


@pytest.fixture
def friend(address: str) -> str:
    """The address of a person without an account."""
    return f"lea-{address}"


@pytest.fixture
def giving(browser: Browser, system: System, giver: str) -> Iterator[Giving]:
    """Open the phone of a fan who has bought so many tickets."""
    with ExitStack() as phones:

        def opened(count: int) -> tuple[Page, list[str]]:
            tickets = buy_tickets(system, giver, count)
            return phones.enter_context(phone(browser, system, giver)), tickets

        yield opened


def shows_entry_code(page: Page) -> None:
    """The ticket of the page is active on this phone."""
    expect(page.get_by_role("img", name=ENTRY_CODE)).to_be_visible()


def refuses(page: Page, title: str) -> None:
    """The page says why its offer cannot be accepted, and leads on."""
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Accept"))).to_have_count(0)
    expect(
        page.locator("main").get_by_role("link").or_(page.get_by_role("button", name="Sign in with")).first
    ).to_be_visible()


def test_a_ticket_sent_by_email_is_accepted_without_an_account_and_works_offline_on_the_friends_phone_only(
    browser: Browser,
    system: System,
    own_server: tuple[str, "subprocess.Popen[bytes]"],
    giving: Giving,
    friend: str,
) -> None:
    url, process = own_server
    mine, (ticket,) = giving(1)
    mine.goto(f"/tickets/{ticket}")
    shows_entry_code(mine)
    assert f"pass:{ticket}" in mine.evaluate(STORED)
    send_by_email(mine, ticket, friend)
    expect(mine.get_by_text(f"Offered to {friend}")).to_be_visible()
    shows_entry_code(mine)
    with phone(browser, system, url=url, service_workers="allow") as theirs:
        theirs.goto(emailed_link(system, friend))
        expect(theirs.get_by_role("heading", name="Alex M. offers you 1 ticket", level=1)).to_be_visible()
        expect(theirs.get_by_text("Virage FC v Étoile du Nord").first).to_be_visible()
        sign_in_here(theirs, system, friend)
        accept_as(theirs, "Léa", "Durand")
        shows_entry_code(theirs)
        expect(theirs.get_by_text("Léa Durand")).to_be_visible()
        theirs.evaluate("navigator.serviceWorker.ready.then(() => null)")
        system.stop(process)
        theirs.reload()
        shows_entry_code(theirs)
        expect(theirs.get_by_text("Works offline")).to_be_visible()
    mine.reload()
    expect(mine.get_by_text("It is now with Léa Durand")).to_be_visible()
    expect(mine.get_by_role("img", name=ENTRY_CODE)).to_have_count(0)
    assert f"pass:{ticket}" not in mine.evaluate(STORED)
    mine.goto("/tickets")
    expect(mine.get_by_role("region", name="Passed on")).to_contain_text("To Léa Durand")
    expect(mine.locator(f"a[href='/tickets/{ticket}']")).to_have_count(0)


def reach(page: Page, target: Locator) -> None:
    """Press Tab until this has the focus."""
    for _ in range(60):
        if target.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} cannot be reached by Tab.")


def test_a_party_of_four_is_sent_at_once_by_link_and_accepted_with_the_keyboard_alone(
    browser: Browser, system: System, giver: str, friend: str
) -> None:
    tickets = buy_tickets(system, giver, 4)
    with phone(browser, system, giver, is_mobile=False, has_touch=False) as mine:
        mine.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=system.url)
        mine.goto(f"/tickets/{tickets[0]}")
        reach(mine, mine.get_by_role("button", name="Send to someone"))
        mine.keyboard.press("Enter")
        reach(mine, mine.get_by_label("All 4 tickets"))
        mine.keyboard.press("Space")
        reach(mine, mine.get_by_role("button", name="Create a link"))
        mine.keyboard.press("Enter")
        expect(mine.get_by_text("The link for 4 tickets is ready")).to_be_visible()
        expect(mine.get_by_role("button", name="Copy the link")).to_be_focused()
        mine.keyboard.press("Enter")
        expect(mine.get_by_text("Link copied.")).to_be_visible()
        link = mine.evaluate("navigator.clipboard.readText()")
    with phone(browser, system, is_mobile=False, has_touch=False) as theirs:
        theirs.goto(link)
        expect(theirs.get_by_role("heading", name="Alex M. offers you 4 tickets", level=1)).to_be_visible()
        reach(theirs, theirs.get_by_label("Email address"))
        theirs.keyboard.type(friend)
        theirs.keyboard.press("Enter")
        expect(theirs.get_by_label("Sign-in code")).to_be_focused()
        theirs.keyboard.type(system.code_for(friend))
        theirs.keyboard.press("Enter")
        for label, name in (("First name", "Léa"), ("Family name", "Durand")):
            field = theirs.get_by_label(label)
            expect(field).to_be_visible()
            reach(theirs, field)
            theirs.keyboard.type(name)
        theirs.keyboard.press("Enter")
        expect(theirs.get_by_text("Ticket 1 of 4")).to_be_visible()
        theirs.goto("/tickets")
        expect(theirs.locator("a[href^='/tickets/']")).to_have_count(4)


def test_a_phone_with_a_share_sheet_shares_the_link_also_later(giving: Giving, system: System) -> None:
    mine, (ticket,) = giving(1)
    mine.add_init_script(SHEET)
    mine.goto(f"/tickets/{ticket}")
    mine.get_by_role("button", name="Send to someone").click()
    mine.get_by_role("button", name="Create a link").click()
    mine.get_by_role("button", name="Share the link").click()
    first = mine.evaluate("given.url")
    assert re.fullmatch(re.escape(system.url) + r"/transfers/[0-9a-f-]{36}#[\w-]{22}", first)
    mine.goto("/tickets")
    mine.get_by_role("button", name="Share the link").click()
    assert mine.evaluate("given.url") == first


def test_an_offer_whose_answer_was_lost_is_made_once(giving: Giving, friend: str) -> None:
    def lose(route: Route) -> None:
        deliver_without_answer(route)
        route.abort()

    mine, (ticket,) = giving(1)
    mine.goto(f"/tickets/{ticket}")
    mine.get_by_role("button", name="Send to someone").click()
    mine.get_by_label("Their email address").fill("no address")
    mine.get_by_role("button", name="Send 1 ticket by email").click()
    expect(mine.get_by_label("Their email address")).to_be_focused()
    mine.get_by_label("Their email address").fill(friend)
    mine.route("**/api/transfers", lose, times=1)
    mine.get_by_role("button", name="Send 1 ticket by email").click()
    expect(mine.get_by_text("You need a connection to send tickets.")).to_be_visible()
    mine.get_by_role("button", name="Send 1 ticket by email").click()
    expect(mine.get_by_text(f"1 ticket offered to {friend}")).to_be_visible()
    offers = mine.evaluate("fetch('/api/transfers').then(answer => answer.json())")
    assert [offer["state"] for offer in offers] == ["offered"]


def test_an_offer_that_is_cancelled_before_it_is_accepted_is_over_for_both(
    browser: Browser, system: System, giving: Giving, friend: str
) -> None:
    mine, (ticket,) = giving(1)
    send_by_email(mine, ticket, friend)
    with phone(browser, system) as theirs:
        theirs.goto("/sign-in?next=/tickets")
        sign_in_here(theirs, system, friend)
        theirs.get_by_label("Your name").fill("Léa Durand")
        theirs.get_by_role("button", name="Save").click()
        offered = theirs.get_by_role("region", name="Offered to you")
        expect(offered).to_contain_text("Alex M. offers you 1 ticket")
        offered.get_by_role("link", name="See the offer").click()
        expect(theirs.get_by_label("First name")).to_have_value("Léa")
        expect(theirs.get_by_label("Family name")).to_have_value("Durand")
        mine.goto("/tickets")
        waiting = mine.get_by_role("region", name="Waiting for an answer")
        expect(waiting).to_contain_text(f"Offered to {friend}")
        waiting.get_by_role("button", name="Cancel the offer").click()
        mine.get_by_role("dialog", name="Cancel this offer?").get_by_role("button", name="Cancel the offer").click()
        expect(mine.get_by_text("Offer cancelled. The ticket stays yours.")).to_be_visible()
        expect(waiting).to_have_count(0)
        theirs.get_by_role("button", name="Accept the ticket").click()
        refuses(theirs, "This offer was cancelled")
        theirs.goto("/tickets")
        expect(theirs.get_by_text("No tickets yet")).to_be_visible()
        expect(offered).to_have_count(0)
    mine.goto(f"/tickets/{ticket}")
    shows_entry_code(mine)
    expect(mine.get_by_role("button", name="Send to someone")).to_be_visible()


def test_a_received_ticket_is_given_back_and_works_again_on_the_givers_phone(
    browser: Browser, system: System, giving: Giving, friend: str
) -> None:
    mine, tickets = giving(2)
    mine.goto(f"/tickets/{tickets[0]}")
    shows_entry_code(mine)
    with phone(browser, system) as theirs:
        theirs.goto(make_link(mine, tickets))
        sign_in_here(theirs, system, friend)
        accept_as(theirs, "Léa", "Durand")
        shows_entry_code(theirs)
        expect(theirs.get_by_role("link", name="View order")).to_have_count(0)
        expect(theirs.get_by_role("button", name="Send to someone")).to_be_visible()
        theirs.goto(f"/tickets/{tickets[0]}")
        theirs.get_by_role("button", name="Give back to Alex M.").click()
        asked = theirs.get_by_role("dialog", name="Give this ticket back?")
        asked.get_by_role("button", name="Keep the ticket").click()
        theirs.get_by_role("button", name="Give back to Alex M.").click()
        asked.get_by_role("button", name="Give back to Alex M.").click()
        expect(theirs.get_by_text("The ticket is back with Alex M.")).to_be_visible()
        expect(theirs.locator("a[href^='/tickets/']")).to_have_count(1)
    mine.goto(f"/tickets/{tickets[0]}")
    shows_entry_code(mine)
    expect(mine.get_by_role("link", name="View order")).to_be_visible()
    mine.goto("/tickets")
    passed = mine.get_by_role("region", name="Passed on")
    expect(passed.get_by_text(re.compile("Row .*, seat"))).to_have_count(1)


def test_the_wrong_account_is_told_which_address_an_offer_is_for_and_signs_in_with_it_in_place(
    browser: Browser, system: System, giving: Giving, giver: str, friend: str
) -> None:
    mine, (ticket,) = giving(1)
    send_by_email(mine, ticket, friend)
    link, other = emailed_link(system, friend), f"other-{friend}"
    buy_tickets(system, other, 1, "Olga Other")
    with phone(browser, system, other) as theirs:
        theirs.goto(link)
        refuses(theirs, "This offer is for another address")
        expect(theirs.get_by_text(f"It is for l•••@example.org. You are signed in as {other}.")).to_be_visible()
        theirs.get_by_role("button", name="Sign in with another address").click()
        expect(theirs.get_by_text("This offer is for l•••@example.org. Sign in with that address")).to_be_visible()
        sign_in_here(theirs, system, friend)
        accept_as(theirs, "Léa", "Durand")
        theirs.goto("/tickets")
        expect(theirs.locator("a[href^='/tickets/']")).to_have_count(1)
    mine.goto(link)
    expect(mine.get_by_text("To Léa Durand")).to_be_visible()


def test_a_link_works_once_and_tells_everyone_else_so(
    browser: Browser, system: System, giving: Giving, friend: str
) -> None:
    mine, tickets = giving(2)
    link = make_link(mine, tickets)
    with phone(browser, system) as theirs:
        theirs.goto(link)
        sign_in_here(theirs, system, friend)
        accept_as(theirs, "Léa", "Durand")
        theirs.goto(link)
        refuses(theirs, "These tickets are yours")
    with phone(browser, system) as late:
        late.goto(link)
        refuses(late, "This offer has been accepted")
        expect(late.get_by_role("article").get_by_role("listitem")).to_have_count(0)
        late.goto(link[:-1] + ("A" if link[-1] != "A" else "B"))
        late.reload()
        refuses(late, "Offer not found")


def test_an_offer_survives_reload_and_back_in_the_middle(
    browser: Browser, system: System, giving: Giving, giver: str, friend: str
) -> None:
    mine, (ticket,) = giving(1)
    link = make_link(mine, [ticket])
    heading = "Alex M. offers you 1 ticket"
    with phone(browser, system) as theirs:
        asked: list[str] = []
        theirs.on("request", lambda request: asked.append(request.url))
        theirs.goto(link)
        theirs.get_by_label("Email address").fill(friend)
        theirs.get_by_role("button", name="Send me a code").click()
        expect(theirs.get_by_label("Sign-in code")).to_be_visible()
        theirs.reload()
        expect(theirs.get_by_role("heading", name=heading)).to_be_visible()
        theirs.get_by_role("link", name="What’s on").click()
        expect(theirs.locator("#first-event")).to_be_visible()
        theirs.go_back()
        sign_in_here(theirs, system, friend)
        expect(theirs.get_by_label("First name")).to_be_visible()
        theirs.reload()
        theirs.get_by_role("button", name="Accept the ticket").click()
        expect(theirs.get_by_label("First name")).to_be_focused()
        accept_as(theirs, "Léa", "Durand")
        key = link.partition("#")[2]
        assert not [url for url in asked if key in url.partition("#")[0]]


def test_a_person_who_matches_a_ban_can_accept_once_a_supervisor_has_allowed_it(
    browser: Browser, system: System, giving: Giving, friend: str, address: str
) -> None:
    family = fresh("Banned")
    name = f"Bruno {family}"
    now = datetime.now(UTC)

    async def ban(conn: Connection) -> None:
        request = BanRequest(new_id(), now + timedelta(days=9), name=name)
        added = await bans.add_bans(conn, "club", [request], who=None, now=now)
        assert isinstance(added, list)

    in_database(system, ban)
    mine, (ticket,) = giving(1)
    link = make_link(mine, [ticket])
    head = grant_roles(system, f"head-{address}", (Grant("supervisor"),), "Head of safety")
    with phone(browser, system) as theirs, desk(browser, system, head) as office:
        theirs.goto(link)
        sign_in_here(theirs, system, friend)
        theirs.get_by_label("First name").fill("Bruno")
        theirs.get_by_label("Family name").fill(family)
        accept = theirs.get_by_role("button", name="Accept the ticket")
        accept.click()
        said = theirs.get_by_text("This is not possible. Contact the ticket office.")
        expect(said).to_be_visible()
        assert "ban" not in theirs.locator("main").inner_text().replace(family, "").lower()
        office.goto("/office/bans")
        decide = office.get_by_role("region", name="To decide")
        person = decide.get_by_role("listitem").filter(has_text=name)
        expect(person).to_contain_text(f"Matches {name}, Club list")
        expect(person).to_contain_text("Virage FC v Étoile du Nord")
        decide.get_by_role("button", name=f"Refuse: {name}").click()
        office.get_by_role("dialog", name="Refuse this ticket?").get_by_role("button", name="Refuse").click()
        expect(person).to_contain_text(re.compile("Refused .* by Head of safety"))
        accept.click()
        expect(said).to_be_visible()
        expect(accept).not_to_have_attribute("aria-busy", "true")
        decide.get_by_role("button", name=f"Allow: {name}").click()
        office.get_by_role("dialog", name="Allow this ticket?").get_by_role("button", name="Allow").click()
        expect(person).to_contain_text(re.compile("Allowed .* by Head of safety"))
        accept.click()
        shows_entry_code(theirs)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_screen_of_transfers_and_every_target_is_large_enough(
    browser: Browser, system: System, giver: str, friend: str, theme: Literal["light", "dark"]
) -> None:
    found: dict[str, list[str]] = {}

    def look(page: Page, name: str) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        faults = found_by_axe(page) + page.evaluate(SMALL) + (["wider than the phone"] if wide > 0 else [])
        if faults:
            found[name] = faults

    tickets = buy_tickets(system, giver, 3)
    with (
        phone(browser, system, giver, color_scheme=theme) as mine,
        phone(browser, system, color_scheme=theme) as theirs,
    ):
        mine.goto(f"/tickets/{tickets[0]}")
        shows_entry_code(mine)
        mine.get_by_role("button", name="Send to someone").click()
        look(mine, "send")
        mine.get_by_role("button", name="Create a link").click()
        expect(mine.get_by_text("The link for 1 ticket is ready")).to_be_visible()
        look(mine, "link")
        mine.get_by_role("button", name="Done").click()
        look(mine, "ticket offered by link")
        send_by_email(mine, tickets[1], friend)
        mine.goto("/tickets")
        expect(mine.get_by_text(f"Offered to {friend}")).to_be_visible()
        look(mine, "tickets of the giver")
        mine.get_by_role("button", name="Cancel the offer").first.click()
        look(mine, "cancel")
        link = emailed_link(system, friend)
        mine.goto(link)
        refuses(mine, "This is your own offer")
        look(mine, "own offer")
        theirs.goto(link)
        expect(theirs.get_by_role("heading", name="Alex M. offers you 1 ticket")).to_be_visible()
        look(theirs, "offer, signed out")
        sign_in_here(theirs, system, friend)
        theirs.get_by_role("button", name="Accept the ticket").click()
        expect(theirs.get_by_text("Enter your first name")).to_be_visible()
        look(theirs, "offer, without a name")
        theirs.goto("/tickets")
        expect(theirs.get_by_role("region", name="Offered to you")).to_be_visible()
        look(theirs, "tickets of the friend")
        theirs.goto(link)
        accept_as(theirs, "Léa", "Durand")
        shows_entry_code(theirs)
        look(theirs, "received ticket")
        theirs.get_by_role("button", name="Give back to Alex M.").click()
        look(theirs, "give back")
        theirs.goto(link)
        refuses(theirs, "This ticket is yours")
        look(theirs, "accepted offer")
        mine.goto(f"/tickets/{tickets[1]}")
        expect(mine.get_by_text("It is now with Léa Durand")).to_be_visible()
        look(mine, "passed on")
        theirs.goto("/transfers/01890000-0000-7000-8000-000000000000#x")
        refuses(theirs, "Offer not found")
        look(theirs, "unknown offer")
    assert not found, "\n".join(f"{name}: {fault}" for name, faults in found.items() for fault in faults)
