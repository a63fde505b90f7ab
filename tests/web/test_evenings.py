"""Ten people spend an evening at the match: each buys, enters, eats and drinks, and watches the
replay of a goal.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.web.cards import Held, new_card, shown_proof
from tests.web.evening import (
    COLA,
    DESK,
    POPCORN,
    Evening,
    Person,
    buy,
    choose_seats,
    come_back,
    eat_at_till,
    eat_by_phone,
    enter,
    group_of,
    open_match,
    pay,
    playing,
    print_ticket,
    shown_code,
    sign_in,
    top_up,
    watch,
)
from tests.web.gate import Phone, type_code
from tests.web.oldest import WIDTH, grow_old
from tests.web.senses import Ears, Keys, OneLanguage, foreign
from tests.web.system import System
from tests.web.till import by_cash, in_menu, refused, tap_card, tap_product


@pytest.fixture(scope="module")
def evening(
    system: System, playwright: Playwright, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evening]:
    """One match for all of them; the gate, the till, the kitchen and the match desk are at work."""
    steward = Phone(playwright, tmp_path_factory.mktemp("steward"), system.url)
    evening = Evening(system, browser, steward)
    yield evening
    evening.close()
    steward.close()


def test_a_fan_spends_the_evening_without_a_phone(evening: Evening, address: str) -> None:
    """Bought at a computer and printed there; cash for the food; the replay on any screen, without signing in."""
    person = Person(evening, evening.page(DESK), address)
    buy(person)
    gate = group_of(person)
    paper = print_ticket(person)
    evening.gate.stand_at(gate)
    evening.gate.lets_in(paper)
    eat_at_till(evening, by_cash)
    watch(Person(evening, evening.page(DESK), address))


def test_a_fan_enters_with_an_empty_battery(evening: Evening, address: str) -> None:
    """Of two tickets one moves to the phone of a friend; the steward finds the holder of the other."""
    person = Person(evening, evening.page(), address)
    open_match(person)
    choose_seats(person)
    sign_in(person)
    pay(person)
    shown_code(person)
    ticket = urlsplit(person.page.url).path
    person.page.context.close()

    friend = Person(evening, evening.page(), address)
    friend.page.goto(f"/sign-in?next={ticket}")
    come_back(friend)
    before = evening.system.last_code(address)
    friend.press("Move it to this phone")
    friend.write("Code from the email", evening.system.code_for(address, before))
    friend.press("Move ticket")
    enter(friend)
    evening.gate.finds(address)
    card = new_card(evening.system, 2_000)
    eat_at_till(evening, lambda till: tap_card(till, card))
    watch(friend)


def test_a_fan_spends_the_evening_without_network_in_the_stadium(evening: Evening, address: str) -> None:
    """Gate and phone have no network: the phone's stored data opens the gate, pays, and shows the
    score.
    """
    person = Person(evening, evening.page(service_workers="allow"), address)
    buy(person)
    shown_code(person)
    gate, ticket = group_of(person), person.page.url
    top_up(person)
    person.page.goto("/wallet/phone")
    person.press("Set up this phone")
    expect(person.page.get_by_text("This phone is ready to pay")).to_be_visible()
    watch(person)
    person.press("Close the replay")
    person.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    evening.gate.stand_at(gate)
    evening.gate.cut_off()
    person.page.context.set_offline(True)

    person.page.goto(ticket)
    assert evening.gate.lets_in(shown_code(person).screenshot)["alone"] == "true"
    evening.gate.reconnect()
    eat_at_till(evening, lambda till: pay_without_network(till, person))
    person.page.goto(f"/live/{evening.event}")
    expect(person.page.get_by_text("You’re offline. Last updated")).to_be_visible()
    person.press("Watch again: Goal for Virage FC")
    expect(person.page.locator("[data-state='failed']")).to_be_visible()
    person.page.context.set_offline(False)
    playing(person.page)


def pay_without_network(till: Page, person: Person) -> None:
    """The till shows the amount due as a code; the phone answers with a code that the till reads."""
    till.get_by_role("button", name="Pay €").click()
    till.locator("[data-way=virtual_card]").click()
    person.page.goto(str(till.locator("[data-challenge]").get_attribute("data-challenge")))
    person.press("Pay €")
    person.reads("Show this code at the till")
    type_code(till, shown_proof(person.page))


def test_a_wheelchair_user_spends_the_evening_with_a_companion(evening: Evening, address: str) -> None:
    """A wheelchair space and the seat beside it, a step-free way, and both are admitted."""
    person = Person(evening, evening.page(), address)
    open_match(person)
    person.hand.tick(person.page.get_by_label("Wheelchair space"))
    person.press("One fewer: Adult")
    choose_seats(person)
    expect(person.page.get_by_text("Companion")).to_be_visible()
    sign_in(person)
    pay(person)
    for ticket in (1, 2):
        if ticket == 2:
            person.press("Next ticket", "link")
        expect(person.page.get_by_text(f"Ticket {ticket} of 2")).to_be_visible()
        expect(person.page.get_by_label("Step-free")).to_be_checked()
        expect(person.page.get_by_text("The whole route is step-free.")).to_be_visible()
        ways = person.page.get_by_role("list", name="Directions").get_by_role("listitem")
        expect(ways.last).to_contain_text("to seat")
        expect(ways.filter(has_text="Take stairs")).to_have_count(0)
        enter(person)
    top_up(person)
    eat_by_phone(person)
    watch(person)


def test_a_child_pays_with_a_card_up_to_its_daily_limit(evening: Evening, address: str) -> None:
    """The parent's phone shows both tickets; the child pays alone, up to the daily limit."""
    parent = Person(evening, evening.page(), address)
    open_match(parent)
    parent.press("One fewer: Adult")
    parent.press("One more: Child")
    choose_seats(parent)
    sign_in(parent)
    pay(parent)
    enter(parent)
    parent.press("Next ticket", "link")
    expect(parent.page.get_by_text("Ticket 2 of 2")).to_be_visible()
    enter(parent)

    card = new_card(evening.system, 2_000)
    parent.page.goto(card.tap())
    parent.write("Code printed on the card", card.code)
    parent.press("Add to my wallet")
    parent.press("Card settings", "link")
    parent.write("Maximum per day", "12")
    parent.press("Save limit")
    expect(parent.page.get_by_text("€0 of €12 spent today").first).to_be_visible()
    eat_at_till(evening, lambda till: tap_card(till, card))
    for name in (POPCORN, COLA):
        tap_product(evening.till, name)
    tap_card(evening.till, card)
    expect(evening.till.get_by_text("Daily limit of the card reached: €")).to_be_visible()
    refused(evening.till, "daily_limit_reached")
    evening.till.get_by_role("button", name="Clear basket").click()
    watch(parent)


def test_a_fan_spends_the_evening_without_a_bank_card(evening: Evening, address: str) -> None:
    """A friend's card pays for the ticket; cash at a desk tops up a wallet that pays for the food."""
    friend = Person(evening, evening.page(), f"friend-of-{address}")
    buy(friend)
    gate = group_of(friend)
    paper = print_ticket(friend)
    evening.gate.stand_at(gate)
    evening.gate.lets_in(paper)

    card = new_card(evening.system)
    load_in_cash(evening.till, card, 30)
    person = Person(evening, evening.page(), address)
    person.page.goto(card.tap())
    sign_in(person)
    person.write("Code printed on the card", card.code)
    person.press("Add to my wallet")
    expect(person.page.get_by_text("Card linked")).to_be_visible()
    eat_by_phone(person)
    eat_at_till(evening, lambda till: tap_card(till, card))
    watch(person)


def load_in_cash(till: Page, card: Held, euros: int) -> None:
    """The cash desk tops up the wallet of a card."""
    in_menu(till, "Top up a card")
    dialog = till.get_by_role("dialog", name="Top up a card")
    tap_card(till, card)
    dialog.get_by_label("Amount").fill(str(euros))
    dialog.get_by_role("button", name=f"Top up €{euros}.00").click()
    expect(dialog).to_contain_text("Done.")
    dialog.get_by_role("button", name="Close").click()


def test_a_fan_spends_the_evening_with_a_screen_reader(evening: Evening, address: str) -> None:
    """Everything is found by role and name, and changes are announced."""
    page = evening.page()
    ears = Ears(page)
    person = Person(evening, page, address, ears)
    open_match(person)
    person.press("One fewer: Adult")
    ears.hears("1")
    person.press("Find 1 seat")
    expect(page.get_by_role("heading", name="We found 1 seat")).to_be_focused()
    person.press("Reserve these seats")
    ears.hears("Your basket")
    sign_in(person)
    ears.hears(f"We’ve sent a code to {address}")
    pay(person)
    enter(person)
    ears.hears("This ticket has already been used to enter")
    top_up(person)
    ears.hears("€20.00 added to your wallet")
    eat_by_phone(person)
    ears.hears(f"{POPCORN} is in your basket", f"{COLA} is in your basket", "Your order: Enjoy!")
    watch(person)
    evening.tell_goal()
    ears.hears("Goal for Virage FC")


def test_a_fan_spends_the_evening_by_keyboard_only(evening: Evening, address: str) -> None:
    """Tab, Enter, Space and arrows are enough; the focus is always visible and never lost."""
    page = evening.page(DESK)
    person = Person(evening, page, address, Keys(page))
    buy(person)
    enter(person)
    top_up(person)
    eat_by_phone(person)
    watch(person)
    person.press("Close the replay")
    expect(page.get_by_role("button", name="Watch again").first).to_be_focused()


def test_a_fan_spends_the_evening_in_french_and_then_in_english(evening: Evening, address: str) -> None:
    """The language is changed half-way: before and after, screens and emails use only the chosen
    one.
    """
    page = evening.page(locale="fr-FR")
    reader = OneLanguage(page, "fr")
    person = Person(evening, page, address, reader, french=True)
    buy(person)
    enter(person)
    top_up(person)
    reader.reads()
    letters = evening.letters(address, 2)
    assert not [letter for letter in letters if foreign(letter, "fr")]

    page.get_by_role("button", name="EN, English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    reader.tag, person.french = "en", False
    reader.reads()
    eat_by_phone(person)
    person.press("Email me the receipt")
    letters = evening.letters(address, len(letters) + 1)[: -len(letters)]
    assert not [letter for letter in letters if foreign(letter, "en")]
    watch(person)
    reader.reads()


def test_a_fan_spends_the_evening_with_an_old_phone(evening: Evening, address: str) -> None:
    """A small, slow phone whose browser has only the features of the oldest supported ones."""
    page = evening.page({"width": WIDTH, "height": 640}, has_touch=True)
    grow_old(page)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    person = Person(evening, page, address)
    buy(person)
    enter(person)
    top_up(person)
    eat_by_phone(person)
    watch(person)
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    assert not broken
