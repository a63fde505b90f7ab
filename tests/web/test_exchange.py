"""Tickets that fans sell and buy on the exchange: two phones, one seat, and the office that sets the rules."""

import csv
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.web.exchange import (
    ask,
    fan,
    looked_at_again,
    match_id,
    offered,
    on_board,
    open_board,
    open_exchange,
    reserve,
    seat_of,
    select,
)
from tests.web.lost_answers import deliver_without_answer
from tests.web.office import CLUB_OFFICE, desk, grant_roles, in_database
from tests.web.steps import ACCEPTED, pay
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from tests.web.test_moving import emails_to
from tests.web.test_transfers import reach, shows_entry_code
from tests.web.transfers import buy_tickets, phone, sign_in_here
from virage.sale.ticketing.types import BestSeats, Party

Opening = Callable[..., Page]
ENTRY_CODE = "Entry code of this ticket"
LAPSE = "update ticketing.orders set expires_at = now() - interval '1 second' where id = $1"


@pytest.fixture(autouse=True, scope="module")
def exchange(system: System) -> None:
    """The exchange of the match is open."""
    open_exchange(system)


@pytest.fixture
def seller(address: str) -> str:
    """The address of a fan who sells."""
    return f"seller-{address}"


@pytest.fixture
def buyer(system: System, address: str) -> str:
    """The address of a fan who buys."""
    return fan(system, f"bea-{address}", "Bea Buyer")


@pytest.fixture
def opening(browser: Browser, system: System) -> Iterator[Opening]:
    """Open phones, and close them after the test."""
    with ExitStack() as phones:
        yield lambda email="", **settings: phones.enter_context(phone(browser, system, email, **settings))


def lose(route: Route) -> None:
    """Deliver a request and lose its answer."""
    deliver_without_answer(route)
    route.abort()


def test_a_seat_goes_to_another_fan_and_opens_offline_on_their_phone_alone(  # noqa: PLR0917 - two fans and a server
    browser: Browser,
    system: System,
    own_server: tuple[str, "subprocess.Popen[bytes]"],
    opening: Opening,
    seller: str,
    address: str,
) -> None:
    url, process = own_server
    (ticket,) = buy_tickets(system, seller, 1)
    mine = opening(seller)
    mine.goto(f"/tickets/{ticket}")
    shows_entry_code(mine)
    seat = seat_of(mine, ticket)
    mine.get_by_role("button", name="Sell on the exchange").click()
    form = mine.get_by_role("dialog", name="Sell on the exchange")
    expect(form).to_contain_text("what you paid")
    form.get_by_label("Price per ticket").fill("40")
    expect(form).to_contain_text("You get back€38.00")
    form.get_by_role("button", name="List 1 ticket for €40").click()
    expect(form.get_by_text("Your ticket is on the exchange")).to_be_visible()
    form.get_by_role("button", name="Done").click()
    expect(mine.get_by_text("On the exchange for €40")).to_be_visible()
    shows_entry_code(mine)
    with phone(browser, system, url=url, service_workers="allow") as theirs:
        theirs.goto(f"/events/{match_id()}")
        theirs.get_by_role("link", name=re.compile(r"tickets? from fans, from €")).click()
        select(theirs, seat)
        theirs.get_by_role("button", name="Reserve").click()
        sign_in_here(theirs, system, f"new-{address}")
        theirs.get_by_label("Your name").fill("Nora New")
        theirs.get_by_role("button", name="Save").click()
        expect(theirs.get_by_role("heading", name="Your basket", level=1)).to_be_visible()
        expect(theirs.get_by_text("€41.50").first).to_be_visible()
        pay(theirs, ACCEPTED)
        theirs.get_by_role("link", name="Open my tickets").click()
        theirs.locator("a[href^='/tickets/']").first.click()
        shows_entry_code(theirs)
        theirs.evaluate("navigator.serviceWorker.ready.then(() => null)")
        system.stop(process)
        theirs.reload()
        shows_entry_code(theirs)
        expect(theirs.get_by_text("Works offline")).to_be_visible()
    mine.reload()
    expect(mine.get_by_text("You sold this ticket")).to_be_visible()
    expect(mine.get_by_text("€38.00 goes back to the card")).to_be_visible()
    expect(mine.get_by_role("img", name=ENTRY_CODE)).to_have_count(0)
    mine.goto("/tickets")
    expect(mine.locator(f"a[href='/tickets/{ticket}']")).to_contain_text("Sold")
    expect(mine.get_by_role("region", name="sold and ended")).to_contain_text("Sold. €38.00 goes back")
    assert emails_to(system, seller, "Sold")


def test_a_seller_gets_the_money_in_the_wallet_on_wish(  # noqa: PLR0917 - two fans and the office
    browser: Browser, system: System, opening: Opening, seller: str, buyer: str, address: str
) -> None:
    (ticket,) = buy_tickets(system, seller, 1)
    mine, theirs = opening(seller), opening(buyer)
    mine.goto(f"/tickets/{ticket}")
    seat = seat_of(mine, ticket)
    mine.get_by_role("button", name="Sell on the exchange").click()
    form = mine.get_by_role("dialog", name="Sell on the exchange")
    expect(form.get_by_role("radio", name="To the card or account you paid with")).to_be_checked()
    expect(form).to_contain_text("It takes two to five days.")
    form.get_by_role("radio", name="To your wallet").check()
    expect(form).to_contain_text("the money is in your wallet at once")
    form.get_by_label("Price per ticket").fill("40")
    form.get_by_role("button", name="List 1 ticket for €40").click()
    expect(form.get_by_text("You get €38.00 in your wallet.")).to_be_visible()
    form.get_by_role("button", name="Done").click()
    open_board(theirs)
    select(theirs, seat)
    reserve(theirs)
    pay(theirs, ACCEPTED)
    expect(theirs.get_by_role("link", name="Open my tickets")).to_be_visible()
    mine.reload()
    expect(mine.get_by_text("€38.00 is in your wallet.")).to_be_visible()
    mine.goto("/tickets")
    expect(mine.get_by_role("region", name="sold and ended")).to_contain_text("Sold. €38.00 is in your wallet.")
    mine.goto("/wallet")
    expect(mine.get_by_text("Tickets sold on the exchange")).to_be_visible()
    expect(mine.get_by_role("button", name="Withdraw €38")).to_be_visible()
    order = ask(mine, "GET", "/api/me/orders")[0]["id"]
    mine.goto(f"/orders/{order}")
    expect(mine.get_by_text("€38.00, in your wallet since")).to_be_visible()
    with desk(browser, system, grant_roles(system, f"office-{address}", CLUB_OFFICE, "Olga Office")) as office:
        office.goto(f"/office/orders/{order}")
        expect(office.get_by_text("In the wallet")).to_be_visible()
        office.goto(f"/office/events/{match_id()}/exchange")
        expect(office.get_by_text("gets €38.00 in the wallet").first).to_be_visible()


def test_a_price_above_what_was_paid_is_refused_before_it_is_sent(
    system: System, opening: Opening, seller: str
) -> None:
    (ticket,) = buy_tickets(system, seller, 1)
    mine = opening(seller)
    mine.goto(f"/tickets/{ticket}")
    mine.get_by_role("button", name="Sell on the exchange").click()
    form = mine.get_by_role("dialog", name="Sell on the exchange")
    price = form.get_by_label("Price per ticket")
    most = float(price.input_value())
    for wrong, said in (
        (f"{most + 0.01:.2f}", f"At most €{most:g}"),
        ("free", "Enter an amount"),
        ("0", "Enter an amount"),
    ):
        price.fill(wrong)
        form.get_by_role("button", name=re.compile("^(List|Sell)")).click()
        expect(form.get_by_text(said).last).to_be_visible()
        expect(price).to_be_focused()
    assert ask(mine, "GET", "/api/exchange/listings") == []


def test_a_listing_whose_answer_was_lost_is_made_once(system: System, opening: Opening, seller: str) -> None:
    (ticket,) = buy_tickets(system, seller, 1)
    mine = opening(seller)
    mine.goto(f"/tickets/{ticket}")
    mine.get_by_role("button", name="Sell on the exchange").click()
    form = mine.get_by_role("dialog", name="Sell on the exchange")
    submit = form.get_by_role("button", name="List 1 ticket")
    mine.route("**/api/exchange/listings", lose, times=1)
    submit.click()
    expect(form.get_by_text("You need a connection to list tickets.")).to_be_visible()
    submit.click()
    expect(form.get_by_text("Your ticket is on the exchange")).to_be_visible()
    assert [listing["state"] for listing in ask(mine, "GET", "/api/exchange/listings")] == ["listed"]


def test_a_reservation_whose_answer_was_lost_keeps_the_selection_and_is_one_basket(
    system: System, opening: Opening, seller: str, buyer: str
) -> None:
    mine, theirs = opening(seller), opening(buyer)
    seat = offered(mine, buy_tickets(system, seller, 1))
    open_board(theirs)
    select(theirs, seat)
    theirs.route("**/api/exchange/orders", lose, times=1)
    theirs.get_by_role("button", name="Reserve").click()
    expect(theirs.get_by_text("You are offline.")).to_be_visible()
    with theirs.expect_response("**/exchange"):
        looked_at_again(theirs)
    expect(on_board(theirs, seat).get_by_role("checkbox")).to_be_checked()
    reserve(theirs)
    assert len(ask(theirs, "GET", "/api/me/orders")) == 1


def test_two_listings_are_bought_with_the_keyboard_alone(
    system: System, opening: Opening, seller: str, buyer: str
) -> None:
    tickets = buy_tickets(system, seller, 2)
    mine = opening(seller)
    seats = [offered(mine, [ticket]) for ticket in tickets]
    theirs = opening(buyer, is_mobile=False, has_touch=False)
    theirs.goto(f"/events/{match_id()}")
    reach(theirs, theirs.get_by_role("link", name=re.compile(r"tickets? from fans, from €")))
    theirs.keyboard.press("Enter")
    for seat in seats:
        box = on_board(theirs, seat).get_by_role("checkbox")
        expect(box).to_be_visible()
        reach(theirs, box)
        theirs.keyboard.press("Space")
    reach(theirs, theirs.get_by_role("button", name="Reserve"))
    theirs.keyboard.press("Enter")
    button = theirs.get_by_role("button", name="Pay €")
    expect(button).to_be_visible()
    reach(theirs, button)
    theirs.keyboard.press("Enter")
    for label, text in (("Card number", ACCEPTED), ("Expiry", "12/34"), ("Security code", "123")):
        field = theirs.get_by_label(label)
        expect(field).to_be_visible()
        reach(theirs, field)
        theirs.keyboard.type(text)
    theirs.keyboard.press("Enter")
    expect(theirs.get_by_text("2 tickets are yours.")).to_be_visible()
    for seat in seats:
        expect(theirs.get_by_role("listitem").filter(has_text=seat)).to_be_visible()


def test_a_withdrawn_listing_leaves_the_board_and_the_selection_of_a_buyer(
    system: System, opening: Opening, seller: str, buyer: str
) -> None:
    first, second = buy_tickets(system, seller, 2)
    mine, theirs = opening(seller), opening(buyer)
    seat, other = offered(mine, [first]), offered(mine, [second])
    open_board(theirs)
    select(theirs, seat)
    select(theirs, other)
    mine.goto("/tickets")
    expect(mine.locator(f"a[href='/tickets/{first}']")).to_contain_text("On the exchange")
    card = mine.get_by_role("region", name="On the exchange").get_by_role("listitem").filter(has_text=seat)
    card.get_by_role("button", name="Withdraw").click()
    asked = mine.get_by_role("dialog", name="Withdraw this listing?")
    asked.get_by_role("button", name="Keep it listed").click()
    card.get_by_role("button", name="Withdraw").click()
    asked.get_by_role("button", name="Withdraw").click()
    expect(mine.get_by_text("Withdrawn. The ticket stays yours.")).to_be_visible()
    expect(card).to_have_count(0)
    looked_at_again(theirs)
    expect(on_board(theirs, seat)).to_have_count(0)
    expect(theirs.get_by_text("No longer for sale")).to_be_visible()
    expect(on_board(theirs, other).get_by_role("checkbox")).to_be_checked()
    mine.goto(f"/tickets/{first}")
    shows_entry_code(mine)
    expect(mine.get_by_role("button", name="Sell on the exchange")).to_be_visible()


def test_a_basket_whose_tickets_are_withdrawn_says_so_and_leads_back_to_the_exchange(
    system: System, opening: Opening, seller: str, buyer: str
) -> None:
    (ticket,) = buy_tickets(system, seller, 1)
    mine, theirs = opening(seller), opening(buyer)
    seat = offered(mine, [ticket])
    open_board(theirs)
    select(theirs, seat)
    reserve(theirs)
    mine.goto(f"/tickets/{ticket}")
    expect(mine.get_by_text("A buyer is paying.")).to_be_visible()
    mine.get_by_role("button", name="Withdraw").click()
    asked = mine.get_by_role("dialog", name="Withdraw this listing?")
    expect(asked).to_contain_text("A buyer has it in the basket")
    asked.get_by_role("button", name="Withdraw").click()
    expect(mine.get_by_text("Withdrawn. The ticket stays yours.")).to_be_visible()
    theirs.get_by_role("button", name="Pay €").click()
    expect(theirs.get_by_text("The seller withdrew these tickets")).to_be_visible()
    theirs.get_by_role("link", name="Choose again").click()
    expect(theirs.get_by_role("heading", name="Tickets from fans", level=1)).to_be_visible()


def test_an_expired_basket_of_the_exchange_leads_back_to_the_exchange(
    system: System, opening: Opening, seller: str, buyer: str
) -> None:
    mine, theirs = opening(seller), opening(buyer)
    seat = offered(mine, buy_tickets(system, seller, 1))
    open_board(theirs)
    select(theirs, seat)
    reserve(theirs)
    order = theirs.evaluate("JSON.parse(localStorage.getItem('virage.basket'))")
    in_database(system, lambda conn: conn.execute(LAPSE, UUID(order)))
    theirs.get_by_role("button", name="Pay €").click()
    expect(theirs.get_by_text("Your seats were released")).to_be_visible()
    theirs.get_by_role("link", name="Choose again").click()
    expect(on_board(theirs, seat).get_by_role("checkbox")).to_be_enabled()


def test_a_listing_of_many_tickets_is_for_sale_once_the_box_office_has_allowed_it(
    browser: Browser, system: System, opening: Opening, seller: str, address: str
) -> None:
    tickets = buy_tickets(system, seller, 5, "Max Many")
    box_office = grant_roles(system, f"office-{address}", CLUB_OFFICE, "Olga Office")
    mine, theirs = opening(seller), opening()
    mine.goto(f"/tickets/{tickets[0]}")
    mine.get_by_role("button", name="Sell on the exchange").click()
    form = mine.get_by_role("dialog", name="Sell on the exchange")
    form.get_by_label("All 5 tickets").check()
    form.get_by_role("button", name="List 5 tickets").click()
    expect(form.get_by_text("The box office looks at this listing first")).to_be_visible()
    expect(form.get_by_text("You have listed or sold many tickets for this event.")).to_be_visible()
    seat = seat_of(mine, tickets[0])
    open_board(theirs)
    expect(on_board(theirs, seat)).to_have_count(0)
    with desk(browser, system, box_office) as office:
        office.goto(f"/office/events/{match_id()}/exchange")
        row = office.get_by_role("row").filter(has_text="Max Many").filter(has_text=seat)
        expect(row).to_contain_text("Many tickets for this event")
        row.get_by_role("button", name="Allow: Max Many").click()
        asked = office.get_by_role("dialog", name="Allow this listing?")
        expect(asked).to_contain_text("5 tickets for €")
        asked.get_by_role("button", name="Allow").click()
        expect(office.get_by_text("Allowed. The tickets are for sale.")).to_be_visible()
        office.get_by_role("button", name=re.compile(r"^All \d")).click()
        expect(row).to_contain_text("For sale")
        expect(row).to_contain_text("Olga Office")
        with office.expect_download() as loading:
            office.get_by_role("button", name="Download as CSV").click()
        lines = list(csv.DictReader(StringIO(Path(loading.value.path()).read_text("utf-8-sig"))))
        assert sum(line["seller"] == "Max Many" and line["state"] == "listed" for line in lines) == 5
    looked_at_again(theirs)
    expect(on_board(theirs, seat)).to_be_visible()
    expect(theirs.get_by_role("region", name="5 seats, sold together")).to_contain_text(seat)


def test_a_refused_listing_is_told_to_its_holder_and_never_on_the_board(
    browser: Browser, system: System, opening: Opening, seller: str, address: str
) -> None:
    tickets = buy_tickets(system, seller, 5, "Rita Refused")
    box_office = grant_roles(system, f"office-{address}", CLUB_OFFICE, "Olga Office")
    mine, theirs = opening(seller), opening()
    mine.goto(f"/tickets/{tickets[0]}")
    mine.get_by_role("button", name="Sell on the exchange").click()
    mine.get_by_label("All 5 tickets").check()
    mine.get_by_role("button", name="List 5 tickets").click()
    expect(mine.get_by_text("The box office looks at this listing first")).to_be_visible()
    with desk(browser, system, box_office) as office:
        office.goto(f"/office/events/{match_id()}/exchange")
        office.get_by_role("button", name="Refuse: Rita Refused").click()
        asked = office.get_by_role("dialog", name="Refuse this listing?")
        expect(asked).to_contain_text("The seller keeps the tickets")
        asked.get_by_role("button", name="Refuse").click()
        expect(office.get_by_text("Refused. The tickets stay with the seller.")).to_be_visible()
    mine.goto("/tickets")
    expect(mine.get_by_text("The box office refused this listing. Nothing was sold.")).to_be_visible()
    open_board(theirs)
    expect(on_board(theirs, seat_of(mine, tickets[0]))).to_have_count(0)


def test_of_two_buyers_the_second_is_told_keeps_the_rest_and_buys_another(
    system: System, opening: Opening, seller: str, buyer: str, address: str
) -> None:
    first, second, third = buy_tickets(system, seller, 3)
    mine, quick = opening(seller), opening(buyer)
    wanted, kept, another = (offered(mine, [ticket]) for ticket in (first, second, third))
    slow = opening(fan(system, f"slow-{address}", "Sam Slow"))
    for page in (quick, slow):
        open_board(page)
        select(page, wanted)
    select(slow, kept)
    reserve(quick)
    slow.get_by_role("button", name="Reserve").click()
    expect(slow.get_by_text("Another buyer was faster")).to_be_visible()
    expect(slow.get_by_text("Removed from your selection")).to_contain_text(wanted)
    expect(on_board(slow, wanted)).to_contain_text("In another basket")
    expect(on_board(slow, wanted).get_by_role("checkbox")).to_be_disabled()
    expect(on_board(slow, kept).get_by_role("checkbox")).to_be_checked()
    select(slow, another)
    reserve(slow)
    pay(slow, ACCEPTED)
    expect(slow.get_by_text("2 tickets are yours.")).to_be_visible()
    open_board(quick)
    expect(on_board(quick, wanted)).to_contain_text("In your basket")


def test_a_wheelchair_space_and_its_companion_are_listed_and_bought_together(
    system: System, opening: Opening, seller: str, buyer: str
) -> None:
    party = BestSeats(Party(access=1, companions=1, full=1), needs=("wheelchair",))
    buy_tickets(system, seller, 3, seats=party)
    mine, theirs = opening(seller), opening(buyer)
    mine.goto("/tickets")
    mine.locator("a[href^='/tickets/']").filter(has_text="Companion").click()
    mine.get_by_role("button", name="Sell on the exchange").click()
    form = mine.get_by_role("dialog", name="Sell on the exchange")
    expect(form.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(form.locator("label.chosen")).to_contain_text("With the companion")
    form.get_by_role("button", name="List 2 tickets").click()
    form.get_by_role("button", name="Done").click()
    tickets = ask(mine, "GET", "/api/me/tickets")
    spaces = {ticket["tariff"]: seat_of(mine, ticket["id"]) for ticket in tickets}
    open_board(theirs)
    theirs.get_by_role("button", name="Wheelchair spaces").click()
    listing = on_board(theirs, spaces["access"])
    expect(listing).to_contain_text(spaces["companion"])
    expect(listing).to_contain_text("Accessible ticket · With a disability card")
    expect(listing).to_contain_text("Wheelchair space")
    select(theirs, spaces["access"])
    reserve(theirs)
    pay(theirs, ACCEPTED)
    expect(theirs.get_by_text("2 tickets are yours.")).to_be_visible()
    mine.goto("/tickets")
    expect(mine.locator("a[href^='/tickets/']").filter(has_text="Sold")).to_have_count(2)
    expect(mine.locator("a[href^='/tickets/']").filter(has_text="Adult")).to_have_count(1)


def test_a_selection_survives_a_reload_back_and_a_sign_in(
    system: System, opening: Opening, seller: str, buyer: str
) -> None:
    mine, theirs = opening(seller), opening()
    seat = offered(mine, buy_tickets(system, seller, 1))
    open_board(theirs)
    select(theirs, seat)
    box = on_board(theirs, seat).get_by_role("checkbox")
    theirs.reload()
    expect(box).to_be_checked()
    theirs.get_by_role("link", name="What’s on").click()
    expect(theirs.locator("#first-event")).to_be_visible()
    theirs.go_back()
    expect(box).to_be_checked()
    theirs.get_by_role("button", name="Reserve").click()
    sign_in_here(theirs, system, buyer)
    expect(theirs.get_by_role("heading", name="Your basket", level=1)).to_be_visible()


def test_seats_in_a_basket_are_kept_until_the_buyer_gives_them_up_for_those_of_the_exchange(
    system: System, opening: Opening, seller: str, buyer: str
) -> None:
    first, second = buy_tickets(system, seller, 2)
    mine, theirs = opening(seller), opening(buyer)
    held, wanted = offered(mine, [first]), offered(mine, [second])
    open_board(theirs)
    select(theirs, held)
    reserve(theirs)
    open_board(theirs)
    select(theirs, wanted)
    theirs.get_by_role("button", name="Reserve").click()
    asked = theirs.get_by_role("dialog", name="You already have a basket")
    expect(asked).to_contain_text("Tickets from fans are paid on their own")
    expect(asked.get_by_role("button", name="Keep both")).to_have_count(0)
    asked.get_by_role("button", name="Release them and continue").click()
    expect(theirs.get_by_role("heading", name="Your basket", level=1)).to_be_visible()
    open_board(mine)
    expect(on_board(mine, held)).not_to_contain_text("basket")
    expect(on_board(mine, wanted)).to_contain_text("Your own listing")


def test_the_office_opens_and_closes_an_exchange_in_two_steps(
    browser: Browser, system: System, opening: Opening, address: str
) -> None:
    match, email = match_id(), grant_roles(system, f"office-{address}", CLUB_OFFICE, "Olga Office")
    theirs = opening()
    with desk(browser, system, email) as office:
        office.goto(f"/office/events/{match}/exchange")
        rules = office.get_by_role("region", name="Rules of the exchange")
        for label, wrong, said in (
            ("Highest price, in % of the price paid", "120", "Enter a percentage above 0, up to 100"),
            ("Service fee, in %", "31", "Enter a percentage from 0 to 30"),
        ):
            right = rules.get_by_label(label).input_value()
            rules.get_by_label(label).fill(wrong)
            rules.get_by_role("button", name="Save").click()
            expect(rules.get_by_text(said)).to_be_visible()
            rules.get_by_label(label).fill(right)
        rules.get_by_label("The exchange is open").uncheck()
        rules.get_by_role("button", name="Save").click()
        asked = office.get_by_role("dialog", name="Close the exchange?")
        expect(asked).to_contain_text("no ticket can be listed or bought")
        open_board(theirs)
        expect(theirs.get_by_text("The exchange is closed")).to_have_count(0)
        asked.get_by_role("button", name="Close the exchange").click()
        expect(office.get_by_text("Rules saved.")).to_be_visible()
        looked_at_again(theirs)
        expect(theirs.get_by_text("The exchange is closed")).to_be_visible()
        rules.get_by_label("The exchange is open").check()
        rules.get_by_label("Highest price, in % of the price paid").fill("90")
        rules.get_by_role("button", name="Save").click()
        asked = office.get_by_role("dialog", name="Open the exchange?")
        expect(asked).to_contain_text("up to 90% of what they paid")
        asked.get_by_role("button", name="Open the exchange").click()
        expect(asked).to_have_count(0)
        looked_at_again(theirs)
        expect(theirs.get_by_text("The exchange is closed")).to_have_count(0)
    open_exchange(system)


def test_a_fan_gives_a_seat_back_in_two_steps_and_its_ticket_ends(
    browser: Browser, system: System, opening: Opening, seller: str, address: str
) -> None:
    ticket, kept = buy_tickets(system, seller, 2)
    open_exchange(system, give_back=True)
    try:
        page = opening(seller)
        page.goto(f"/tickets/{ticket}")
        shows_entry_code(page)
        page.get_by_role("button", name="Give this seat back").click()
        asked = page.get_by_role("dialog", name="Give this seat back?")
        expect(asked).to_contain_text("You get no money for it")
        assert not found_by_axe(page)
        assert not page.evaluate(SMALL)
        asked.get_by_role("button", name="Give it back").click()
        expect(page.get_by_text("You gave this seat back")).to_be_visible()
        expect(page.get_by_role("img", name=ENTRY_CODE)).to_have_count(0)
        page.goto("/tickets")
        expect(page.locator(f"a[href='/tickets/{ticket}']")).to_contain_text("Given back")
        page.goto(f"/tickets/{kept}")
        shows_entry_code(page)
        box_office = grant_roles(system, f"office-{address}", CLUB_OFFICE, "Olga Office")
        with desk(browser, system, box_office) as office:
            office.goto(f"/office/events/{match_id()}/exchange")
            expect(office.locator("dl div").filter(has_text="Seats given back").locator("dd")).to_have_text("1")
            rules = office.get_by_role("region", name="Rules of the exchange")
            rules.get_by_label("Holders may give seats back without money").uncheck()
            rules.get_by_role("button", name="Save").click()
            asked = office.get_by_role("dialog", name="Change the rules?")
            expect(asked).to_contain_text("Seats can no longer be given back.")
            asked.get_by_role("button", name="Change the rules").click()
            expect(office.get_by_text("Rules saved.")).to_be_visible()
        page.reload()
        shows_entry_code(page)
        expect(page.get_by_role("button", name="Give this seat back")).to_have_count(0)
    finally:
        open_exchange(system)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_screen_of_the_exchange_and_every_target_is_large_enough(  # noqa: PLR0917 - two fans and the office
    browser: Browser,
    system: System,
    opening: Opening,
    seller: str,
    buyer: str,
    address: str,
    theme: Literal["light", "dark"],
) -> None:
    found: dict[str, list[str]] = {}

    def look(page: Page, name: str) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        faults = found_by_axe(page) + page.evaluate(SMALL) + (["wider than the phone"] if wide > 0 else [])
        if faults:
            found[name] = faults

    party = BestSeats(Party(access=1, companions=1, child=1), needs=("wheelchair",))
    tickets = buy_tickets(system, seller, 3, seats=party)
    many = buy_tickets(system, f"many-{address}", 5, "Max Many")
    mine, theirs = opening(seller, color_scheme=theme), opening(buyer, color_scheme=theme)
    mine.goto(f"/tickets/{tickets[0]}")
    shows_entry_code(mine)
    mine.get_by_role("button", name="Sell on the exchange").click()
    form = mine.get_by_role("dialog", name="Sell on the exchange")
    form.get_by_label("All 3 tickets").check()
    look(mine, "list")
    form.get_by_label("Price per ticket: Child").fill("x")
    form.get_by_role("button", name="Sell on the exchange").click()
    look(mine, "list, with an error")
    form.get_by_label("Price per ticket: Child").fill("5")
    form.get_by_role("button", name="List 3 tickets").click()
    expect(form.get_by_text("Your tickets are on the exchange")).to_be_visible()
    look(mine, "listed")
    form.get_by_role("button", name="Done").click()
    expect(mine.get_by_text("On the exchange: 3 tickets")).to_be_visible()
    look(mine, "listed ticket")
    mine.goto("/tickets")
    expect(mine.get_by_role("region", name="On the exchange")).to_be_visible()
    look(mine, "tickets of the seller")
    mine.get_by_role("button", name="Withdraw").click()
    look(mine, "withdraw")
    other = opening(f"many-{address}", color_scheme=theme)
    other.goto(f"/tickets/{many[0]}")
    other.get_by_role("button", name="Sell on the exchange").click()
    other.get_by_label("All 5 tickets").check()
    other.get_by_role("button", name="List 5 tickets").click()
    expect(other.get_by_text("The box office looks at this listing first")).to_be_visible()
    look(other, "review")
    theirs.goto(f"/events/{match_id()}")
    expect(theirs.get_by_role("link", name=re.compile("from fans"))).to_be_visible()
    look(theirs, "event")
    seat = seat_of(mine, tickets[0])
    open_board(theirs)
    select(theirs, seat)
    on_board(theirs, seat).get_by_role("button", name="View from the seats").click()
    expect(on_board(theirs, seat).locator("canvas")).to_be_visible()
    look(theirs, "board")
    reserve(theirs)
    look(theirs, "basket")
    open_board(theirs)
    expect(on_board(theirs, seat)).to_contain_text("In your basket")
    look(theirs, "board, with a basket")
    guest = opening(color_scheme=theme)
    open_board(guest)
    guest.get_by_role("button", name="Wheelchair spaces").click()
    look(guest, "wheelchair spaces")
    guest.goto(f"/events/{system.event('concert')}/exchange")
    expect(guest.get_by_text("The exchange is closed")).to_be_visible()
    look(guest, "closed")
    box_office = grant_roles(system, f"office-{address}", CLUB_OFFICE, "Olga Office")
    with desk(browser, system, box_office, viewport={"width": 390, "height": 844}, color_scheme=theme) as office:
        office.goto(f"/office/events/{match_id()}/exchange")
        office.get_by_role("button", name="Allow: Max Many").first.click()
        look(office, "allow")
        office.keyboard.press("Escape")
        look(office, "office")
        office.get_by_label("The exchange is open").uncheck()
        office.get_by_role("button", name="Save").click()
        look(office, "close")
    assert not found, "\n".join(f"{name}: {fault}" for name, faults in found.items() for fault in faults)
