"""The till in a real browser: online, offline and after a crash it neither loses nor doubles a sale."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, Route, expect

from tests.web.cards import Held, new_card
from tests.web.devices import PIN
from tests.web.gate import Phone, kill, settled
from tests.web.lost_answers import all_is_uploaded, die_while_asking, lose_answers
from tests.web.office import in_database
from tests.web.system import Server, System, fresh, stoppable
from tests.web.test_access import SIZES, SMALL, found_by_axe
from tests.web.till import (
    CARD_PIN,
    FINANCE,
    assert_books_are_right,
    beer_is_allowed,
    book_at_desk,
    by_cash,
    chain,
    choose_pin,
    close_shift,
    give_back,
    in_menu,
    left,
    open_till,
    refused,
    set_card_owner,
    sold,
    tap_card,
    tap_product,
    train,
)
from tests.web.tour_till import screens
from virage.money.fiscal.rules.record import Kind, TenderKind
from virage.money.wallet.cards.acts.cards import Block, block_cards
from virage.money.wallet.cards.rules.cards import BlockReason

MEAL = "Hot dog meal"
CHOCOLATE, CHOCOLATE_CENTS = "Hot chocolate", 350
COLA, LAGER = "Cola, 40 cl", "Draught lager, 50 cl"
SALES = (Kind.SALE, Kind.REFUND)


@pytest.fixture
def server(system: System) -> Iterator[Server]:
    """A web process for one test: its address, and functions that stop it and start it again."""
    with stoppable(
        system, VIRAGE_OFFLINE_CARD_CENTS="1000", VIRAGE_OFFLINE_TILL_CENTS="1500", VIRAGE_ASK_MS="5000"
    ) as server:
        yield server


@pytest.fixture
def tablet(playwright: Playwright, tmp_path: Path, server: Server) -> Iterator[Phone]:
    """A browser that keeps its data, as a till's does."""
    tablet = Phone(playwright, tmp_path, server[0])
    yield tablet
    tablet.close()


def begin(tablet: Phone) -> Page:
    return tablet.start(viewport={"width": 1440, "height": 900})


def test_two_taps_sell_and_the_receipt_proves_itself(system: System, tablet: Phone) -> None:
    page = begin(tablet)
    name = open_till(page, system, "Till two taps")
    one = new_card(system, 1_000)
    set_card_owner(system, one, "Test Holder")
    look = page.get_by_role("dialog", name="Card balance")
    tap_card(page, one)
    expect(look.locator("[data-look='1000']")).to_contain_text("Test H.")
    expect(look).to_contain_text("To pay, tap the card again.")
    look.get_by_role("button", name="Close").click()
    tap_product(page, CHOCOLATE)
    tap_card(page, one)
    expect(page.locator("[data-holder='Test H.']")).to_be_visible()
    expect(page.locator("[data-receipt]")).to_contain_text("€6.50 left in the wallet")
    address = page.locator("[data-code]").first.get_attribute("data-code") or ""
    sold(page)
    assert left(system, one) == 650
    *_, sale = chain(system, name)
    assert (sale.kind, sale.total_cents, sale.tenders[0].kind) == (Kind.SALE, CHOCOLATE_CENTS, TenderKind.CARD)

    reader = page.context.new_page()
    reader.route("**/api/**", lambda route: route.abort())
    reader.goto(address)
    expect(reader.get_by_text("This receipt is genuine and unchanged")).to_be_visible()
    expect(reader.get_by_role("article")).to_contain_text(CHOCOLATE)
    reader.goto("about:blank")
    reader.goto(address[:-9] + ("A" if address[-9] != "A" else "B") + address[-8:])
    expect(reader.get_by_text("This is not a valid receipt")).to_be_visible()
    reader.close()

    tap_product(page, COLA)
    tap_product(page, COLA)
    tap_card(page, one)
    expect(page.get_by_text("Not enough in the wallet: €6.50 available.")).to_be_visible()
    page.get_by_role("dialog", name="Pay").locator("[data-way=cash]").click()
    expect(page.get_by_text("Not enough in the wallet: €6.50 available.")).to_be_hidden()
    page.get_by_role("dialog", name="Pay").get_by_role("button", name="€20", exact=True).click()
    expect(page.locator("[data-receipt]")).to_contain_text("Change €7.00")
    number = sold(page)
    expect(page.locator("[data-backlog='0']")).to_be_visible()
    numbers = [record.number for record in chain(system, name)]
    assert numbers == list(range(1, number + 1))
    assert left(system, one) == 650
    assert_books_are_right(system)


def test_choices_of_a_menu_stay_while_prices_and_time_update(system: System, tablet: Phone) -> None:
    page = begin(tablet)
    page.clock.install()
    open_till(page, system, "Till menu")
    tap_product(page, MEAL)
    meal = page.get_by_role("dialog", name=MEAL)
    add = meal.get_by_role("button", name="Add", exact=True)
    expect(add).to_be_in_viewport()
    expect(add).to_be_disabled()
    expect(add).to_have_accessible_description(re.compile("^Choose: "))
    for group in meal.get_by_role("group").all():
        group.get_by_role("button", disabled=False).first.click()
    chosen = meal.locator("[aria-pressed=true]")
    count = chosen.count()
    assert count > 1
    with page.expect_response("**/api/till/pack"):
        page.clock.fast_forward(70_000)
    page.clock.fast_forward(16_000)
    expect(chosen).to_have_count(count)
    while meal.get_by_text("Choose: ").count():
        meal.get_by_role("group").filter(has_text="Choose one").first.get_by_role(
            "button", disabled=False
        ).first.click()
    add.click()
    expect(meal).to_be_hidden()


def sell_alone(page: Page, one: Held) -> int:
    tap_product(page, CHOCOLATE)
    tap_card(page, one)
    return sold(page)


def test_an_offline_till_sells_within_its_limits_and_uploads_everything_once(
    system: System, tablet: Phone, server: Server
) -> None:
    _, stop, start = server
    one, other, blocked = (new_card(system, 2_000) for _ in range(3))
    stranger = new_card(system, known=False)
    block(system, blocked)
    page = begin(tablet)
    name = open_till(page, system, "Till alone")
    settled(page)
    sell_alone(page, one)
    stop()
    for each in (one, one):  # 7 of 10 euros
        last = sell_alone(page, each)
    expect(page.locator("[data-state=alone]")).to_be_visible()
    tap_card(page, other)
    expect(page.get_by_text("You need a connection to see a card’s balance.")).to_be_visible()
    page.get_by_role("dialog", name="Card balance").get_by_role("button", name="Close").click()
    for each, counter, reason in (
        (stranger, None, "card_unknown"),
        (blocked, None, "card_blocked"),
        (one, 1, "tap_replayed"),
        (one, None, "card_limit_alone"),
    ):
        tap_product(page, CHOCOLATE)
        tap_card(page, each, counter)
        refused(page, reason)
        page.get_by_role("button", name="Clear basket").click()
    last = sell_alone(page, other)
    tap_product(page, COLA)
    tap_card(page, other)
    refused(page, "till_limit_alone")
    page.get_by_role("button", name="Clear basket").click()
    kill(tablet)

    page = begin(tablet)
    page.goto("/staff/till")
    expect(page.locator("[data-used='1050']")).to_be_visible()
    tap_product(page, CHOCOLATE)
    by_cash(page)
    assert sold(page) == last + 1
    start()
    expect(page.locator("[data-backlog='0']")).to_be_visible()
    expect(page.locator("[data-used]")).to_be_hidden()
    records = [record for record in chain(system, name) if record.kind in SALES]
    assert [record.total_cents for record in records] == [CHOCOLATE_CENTS] * 5
    assert (left(system, one), left(system, other)) == (2_000 - 3 * CHOCOLATE_CENTS, 2_000 - CHOCOLATE_CENTS)
    assert_books_are_right(system)


def block(system: System, one: Held) -> None:
    """A card that was lost."""
    wish = Block(one.card_id, BlockReason.LOST, None)
    in_database(system, lambda conn: block_cards(conn, [wish], datetime.now(UTC)))


def test_a_lost_answer_is_one_sale_or_none_also_after_a_crash(system: System, tablet: Phone) -> None:
    page = begin(tablet)
    one = new_card(system, 5_000)
    name = open_till(page, system, "Till lost answer")
    lost = lose_answers(page)
    all_is_uploaded(page)
    sell_alone(page, one)  # the same bytes, sold offline
    all_is_uploaded(page)
    assert left(system, one) == 5_000 - CHOCOLATE_CENTS

    for _ in range(3):
        tap_product(page, CHOCOLATE)
    tap_card(page, one)  # 10.50 is above the offline limit of a card: taken back at once
    expect(page.get_by_text("The sale was recorded and refunded straight away")).to_be_visible()
    assert lost == [200, 200]
    page.get_by_role("dialog", name="Pay").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Clear basket").click()
    all_is_uploaded(page)
    assert left(system, one) == 5_000 - CHOCOLATE_CENTS

    page.unroute("**/api/till/records")
    all_is_uploaded(page)
    die_while_asking(page, tablet, CHOCOLATE, one)
    page = begin(tablet)
    page.goto("/staff/till")
    expect(page.get_by_text("The interrupted sale of €3.50 was paid.")).to_be_visible()
    sold(page)
    kinds = [record.kind for record in chain(system, name)][1:]
    assert kinds == [Kind.SALE, Kind.SALE, Kind.REFUND, Kind.SALE]
    assert left(system, one) == 5_000 - 2 * CHOCOLATE_CENTS
    assert_books_are_right(system)


def test_a_shift_sells_splits_refunds_and_counts(system: System, tablet: Phone) -> None:
    page = begin(tablet)
    one = new_card(system, 20_000)
    choose_pin(system, one)
    set_card_owner(system, one, "Test Holder")
    beer_is_allowed(system)
    name = open_till(page, system, "Till shift")
    pay = page.get_by_role("dialog", name="Pay")

    for _ in range(2):
        tap_product(page, COLA)  # 13 euros with their cups, half of it in cash
    page.get_by_role("button", name="Pay €").click()
    pay.get_by_role("button", name="€1", exact=True).click()
    pay.get_by_role("button", name="Split the payment").click()
    pay.locator("[data-way=cash]").click()
    pay.get_by_role("button", name="Exact").click()
    expect(pay.locator("[data-left='700']")).to_be_visible()
    tap_card(page, one)
    split = sold(page)

    tap_product(page, LAGER)
    page.get_by_role("button", name="ID checked: 18 or over").click()
    for _ in range(7):
        tap_product(page, CHOCOLATE)
        tap_product(page, COLA)
    tap_card(page, one)  # 80 euros are above the cap
    expect(page.locator("[data-refusal=confirmation_required]")).to_be_visible()
    expect(pay.locator("[data-holder='Test H.']")).to_be_visible()
    pay.get_by_label("Card PIN").fill("111111")
    pay.get_by_role("button", name="Confirm").click()
    expect(page.locator("[data-refusal=pin_wrong]")).to_be_visible()
    pay.get_by_label("Card PIN").fill(CARD_PIN)
    pay.get_by_role("button", name="Confirm").click()
    sold(page)
    assert left(system, one) == 20_000 - 700 - 8_000

    give_back(page, split, whole=False)
    expect(page.locator("[data-receipt]")).not_to_contain_text("Cash")
    expect(page.locator("[data-receipt]")).to_contain_text(f"Refund of receipt no. {split}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Outlet 01, Virage Nord")
    sold(page)
    give_back(page, split, whole=True)
    expect(page.locator("[data-receipt]")).to_contain_text("Cash")
    sold(page)
    assert left(system, one) == 20_000 - 8_000, "the card first; the tip stays in the drawer"

    page.locator("[data-deposit]").first.click()
    page.get_by_role("button", name="Pay out €2.00").click()
    pay.get_by_role("button", name="Pay out in cash").click()
    sold(page)
    train(page)
    book_at_desk(page, one)
    assert left(system, one) == 20_000 - 8_000 + 1_000
    close_shift(page, difference=-100)  # the tip was taken out of the drawer
    kinds = [record.kind for record in chain(system, name)]
    assert kinds[1:] == [
        *(Kind.SALE, Kind.SALE, Kind.REFUND, Kind.REFUND, Kind.REFUND),
        *(Kind.REPRINT, Kind.SHIFT_COUNTED, Kind.SHIFT_CLOSED, Kind.DAY_CLOSED),
    ]
    assert [record.kind for record in chain(system, name, training=True)] == [Kind.TRAINING_SALE]
    assert_books_are_right(system)


def test_a_top_up_with_a_lost_answer_is_booked_once(system: System, tablet: Phone) -> None:
    page = begin(tablet)
    one = new_card(system, 5_000)
    open_till(page, system, "Till lost load")
    in_menu(page, "Top up a card")
    dialog = page.get_by_role("dialog", name="Top up a card")
    tap_card(page, one)
    dialog.get_by_label("Amount").fill("12")

    def lose(route: Route) -> None:
        route.fetch()  # the server books it, and the till gets no response
        route.abort()

    page.route("**/api/till/loads", lose, times=1)
    dialog.get_by_role("button", name="Top up €12.00").click()
    expect(dialog).to_contain_text("No response yet for €12.00.")
    assert left(system, one) == 6_200
    page.reload()
    in_menu(page, "Top up a card")
    tap_card(page, one)
    expect(dialog).to_contain_text("No response yet for €12.00.")
    expect(dialog.get_by_label("Amount")).to_be_disabled()
    dialog.get_by_role("button", name="Top up €12.00").click()
    expect(dialog).to_contain_text("Done. New balance: €62.00.")
    assert left(system, one) == 6_200
    expect(dialog.get_by_label("Amount")).to_be_enabled()
    dialog.get_by_label("Amount").fill("10")
    dialog.get_by_role("button", name="Top up €10.00").click()
    expect(dialog).to_contain_text("Done. New balance: €72.00.")
    assert_books_are_right(system)


SET_BACK = """() => new Promise((resolve) => {
    const opening = indexedDB.open("virage-till");
    opening.onsuccess = () => {
        const on = opening.result.transaction(["state", "record"], "readwrite");
        const [state, records] = [on.objectStore("state"), on.objectStore("record")];
        const head = state.get("head real");
        head.onsuccess = () => {
            const { number } = head.result;
            const before = records.get(["real", number - 1]);
            before.onsuccess = () => state.put({ number: number - 1, hash: before.result.hash }, "head real");
            records.delete(["real", number]);
        };
        on.oncomplete = () => { opening.result.close(); resolve(null); };
    };
})"""


def test_a_till_with_restored_storage_stops_until_finance_resumes_it(system: System, tablet: Phone) -> None:
    page = begin(tablet)
    one = new_card(system, 1_000)
    name = open_till(page, system, "Till set back")
    sell_alone(page, one)
    page.evaluate(SET_BACK)
    tap_product(page, CHOCOLATE)
    tap_card(page, one)
    expect(page.get_by_role("heading", name="This till has stopped")).to_be_visible()
    expect(page.locator("[data-reason=chain_forked]")).to_have_text("Two different records have the same number")
    assert left(system, one) == 1_000 - CHOCOLATE_CENTS
    page.get_by_label("Your name").select_option(label=FINANCE)
    page.get_by_label("Finance PIN").fill(PIN)
    page.get_by_role("button", name="Continue from the server’s last record").click()
    by_cash(page)
    sold(page)
    expect(page.locator("[data-backlog='0']")).to_be_visible()
    assert [record.kind for record in chain(system, name)][1:] == [Kind.SALE, Kind.SALE]
    assert left(system, one) == 1_000 - CHOCOLATE_CENTS


@pytest.mark.parametrize("look", ["phone light", "desk dark"])
def test_axe_finds_nothing_on_any_screen_of_the_till_and_every_target_is_large_enough(
    playwright: Playwright, tmp_path: Path, system: System, look: str
) -> None:
    size, theme = look.split()
    beer_is_allowed(system)
    tablet = Phone(playwright, tmp_path, system.url)
    page = tablet.start(viewport=SIZES[size], has_touch=size == "phone")
    assert tablet.context is not None
    tablet.context.add_init_script(f"localStorage.setItem('virage.till.dark', '{str(theme == 'dark').lower()}')")
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    found: dict[str, list[str]] = {}
    for screen in screens(page, tablet, system, fresh(f"Till {look}")):
        faults = found_by_axe(page) + page.evaluate(SMALL)
        if faults:
            found[screen.name] = faults
    tablet.close()
    assert not found, "\n".join(f"{name}: {fault}" for name, faults in found.items() for fault in faults)
    assert wrong == []
