"""Card payments at the reader of a till, in a real browser, with the simulated readers of the sandbox."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.web import http
from tests.web.cards import new_card
from tests.web.gate import Phone, kill
from tests.web.lost_answers import all_is_uploaded
from tests.web.office import desk, in_database
from tests.web.system import Server, System, stoppable
from tests.web.test_access import found_by_axe
from tests.web.till import (
    assert_books_are_right,
    chain,
    give_back,
    in_menu,
    left,
    open_till,
    sold,
    tap_card,
    tap_product,
)
from virage.money.card_readers import acts
from virage.money.card_readers.rules import Reader
from virage.money.fiscal.rules.record import Kind, Record, TenderKind
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

CHOCOLATE, CHOCOLATE_CENTS = "Hot chocolate", 350
APPROVES, WAITS, OFFLINE = "simulated-wpe", "simulated-waiting", "simulated-offline"
SALES: Final = (Kind.SALE, Kind.REFUND)


@pytest.fixture
def server(system: System) -> Iterator[Server]:
    with stoppable(system) as server:
        yield server


@pytest.fixture
def tablet(playwright: Playwright, tmp_path: Path, server: Server) -> Iterator[Phone]:
    tablet = Phone(playwright, tmp_path, server[0])
    yield tablet
    tablet.close()


def take_reader(system: System, page: Page, name: str, code: str) -> UUID:
    """Give a till a simulated reader, and let it learn so."""
    reader_id = new_id()

    async def give(conn: Connection) -> None:
        now = datetime.now(UTC)
        till = await conn.fetchval("select id from people.device where name = $1", name)
        reader = Reader(reader_id, f"{code}/{reader_id}", f"Reader of {name}", "01", None, now)
        assert not isinstance(await acts.register(conn, reader, None), Refused)
        assert not isinstance(await acts.assign(conn, reader_id, till, new_id(), now), Refused)

    in_database(system, give)
    with page.expect_response("**/api/till/pack"):
        page.reload()
    expect(page.locator("[data-state=online]")).to_be_visible()
    return reader_id


def begin(tablet: Phone, system: System, name: str, code: str = APPROVES) -> tuple[Page, str]:
    page = tablet.start(viewport={"width": 1440, "height": 900})
    name = open_till(page, system, name)
    take_reader(system, page, name, code)
    return page, name


def by_card(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Pay €")).first.click()
    page.get_by_role("dialog", name="Pay").locator("[data-way=terminal]").click()


def present_card(system: System, name: str) -> None:
    """Present a card at the reader of a till."""
    (found,) = rows(
        system,
        "select provider_ref from card_readers.reader where till_id = (select id from people.device where name = $1)",
        name,
    )
    headers = {"authorization": f"Bearer {system.env['VIRAGE_SANDBOX_KEY']}"}
    http.post(
        f"{system.sandbox_url}/v1/readers/present", json={"refs": list(found)}, headers=headers
    ).raise_for_status()


def sales(system: System, name: str) -> list[Record]:
    return [record for record in chain(system, name) if record.kind in SALES]


def rows(system: System, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    async def ask(conn: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await conn.fetch(query, *arguments)]

    return in_database(system, ask)


def payments_of(system: System, name: str) -> list[tuple[int, bool, bool]]:
    """Amount of each payment of a till, whether it was captured, and whether it was booked."""
    return rows(
        system,
        """
        select amount_cents, captured_at is not null, booked_at is not null from card_readers.payment
        where till_id = (select id from people.device where name = $1) order by asked_at
        """,
        name,
    )


def refunds_of(system: System, name: str) -> list[int]:
    """The amounts that go back to cards."""
    found = rows(
        system,
        """
        select refund.amount_cents from payments.refund
        join card_readers.payment on payment.id = refund.payment_id
        where payment.till_id = (select id from people.device where name = $1) order by refund.created_at, refund.id
        """,
        name,
    )
    return [row[0] for row in found]


def test_a_card_at_the_reader_pays_and_its_refund_returns_to_the_card(system: System, tablet: Phone) -> None:
    page, name = begin(tablet, system, "Till with reader")
    tap_product(page, CHOCOLATE)
    by_card(page)
    expect(page.get_by_text("Present the card at the reader: €3.50")).to_be_visible()
    assert found_by_axe(page) == []
    number = sold(page)
    all_is_uploaded(page)
    (sale,) = sales(system, name)
    assert (sale.tenders[0].kind, sale.tenders[0].cents) == (TenderKind.TERMINAL, CHOCOLATE_CENTS)
    assert re.fullmatch("CR-[0-9A-Z]{12}", sale.tenders[0].proof or "")
    assert payments_of(system, name) == [(CHOCOLATE_CENTS, True, True)]
    give_back(page, number, whole=True)
    sold(page)
    all_is_uploaded(page)
    assert refunds_of(system, name) == [CHOCOLATE_CENTS]
    assert_books_are_right(system)


def test_after_a_decline_the_customer_pays_in_cash(system: System, tablet: Phone) -> None:
    page, name = begin(tablet, system, "Till decline")
    tap_product(page, CHOCOLATE)
    page.get_by_role("button", name=re.compile("^Pay €")).first.click()
    pay = page.get_by_role("dialog", name="Pay")
    pay.get_by_role("button", name="Other", exact=True).click()
    pay.get_by_label("Tip").last.fill("0.05")  # the simulated readers decline amounts that end so
    pay.get_by_role("button", name="Add").click()
    pay.locator("[data-way=terminal]").click()
    expect(pay.locator("[data-failed]")).to_contain_text("Wrong PIN.")
    assert found_by_axe(page) == []
    pay.get_by_role("button", name="Other ways to pay").click()
    pay.locator("[data-way=cash]").click()
    pay.get_by_role("button", name="Exact").click()
    sold(page)
    all_is_uploaded(page)
    (sale,) = sales(system, name)
    assert [(tender.kind, tender.cents) for tender in sale.tenders] == [(TenderKind.CASH, 355)]
    assert payments_of(system, name) == [(355, False, False)]
    assert_books_are_right(system)


def test_a_cancelled_payment_charges_nothing(system: System, tablet: Phone) -> None:
    page, name = begin(tablet, system, "Till cancel", WAITS)
    tap_product(page, CHOCOLATE)
    by_card(page)
    pay = page.get_by_role("dialog", name="Pay")
    pay.get_by_role("button", name="Cancel the payment").click()
    expect(pay.locator("[data-way=cash]")).to_be_visible()
    pay.locator("[data-way=terminal]").click()
    expect(pay.locator("[data-reader=waiting]")).to_be_visible()  # the reader is free again
    pay.get_by_role("button", name="Close").click()
    expect(pay).to_be_hidden()
    by_card(page)
    expect(pay.locator("[data-reader=waiting]")).to_be_visible()
    pay.get_by_role("button", name="Cancel the payment").click()
    pay.locator("[data-way=cash]").click()
    pay.get_by_role("button", name="Exact").click()
    sold(page)
    all_is_uploaded(page)
    assert [captured for _, captured, _ in payments_of(system, name)] == [False] * 3
    assert len(sales(system, name)) == 1


def test_a_sale_is_split_between_reader_and_club_card(system: System, tablet: Phone) -> None:
    page, name = begin(tablet, system, "Till split")
    one = new_card(system, 1_000)
    tap_product(page, CHOCOLATE)
    page.get_by_role("button", name=re.compile("^Pay €")).first.click()
    pay = page.get_by_role("dialog", name="Pay")
    pay.get_by_role("button", name="Split the payment").click()
    pay.locator("[data-way=terminal]").click()
    expect(pay.locator("[data-left='175']")).to_be_visible()
    tap_card(page, one)
    sold(page)
    all_is_uploaded(page)
    (sale,) = sales(system, name)
    assert [tender.kind for tender in sale.tenders] == [TenderKind.TERMINAL, TenderKind.CARD]
    assert left(system, one) == 1_000 - 175
    assert payments_of(system, name) == [(175, True, True)]
    assert_books_are_right(system)


def test_a_payment_without_its_sale_goes_back(system: System, tablet: Phone) -> None:
    page, name = begin(tablet, system, "Till gives back")
    tap_product(page, CHOCOLATE)
    page.get_by_role("button", name=re.compile("^Pay €")).first.click()
    pay = page.get_by_role("dialog", name="Pay")
    pay.get_by_role("button", name="Split the payment").click()
    pay.locator("[data-way=terminal]").click()
    expect(pay.locator("[data-left='175']")).to_be_visible()
    pay.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Clear basket").click()
    expect(page.get_by_text("A card payment of €1.75 has no sale. It is being refunded to the card.")).to_be_visible()
    assert refunds_of(system, name) == [175]
    assert sales(system, name) == []


@pytest.mark.parametrize("crash", [False, True])
def test_a_payment_that_is_interrupted_becomes_its_sale(system: System, tablet: Phone, crash: bool) -> None:
    page, name = begin(tablet, system, "Till reload", WAITS)
    tap_product(page, CHOCOLATE)
    by_card(page)
    expect(page.locator("[data-reader=waiting]")).to_be_visible()
    if crash:
        kill(tablet)
        present_card(system, name)
        page = tablet.start(viewport={"width": 1440, "height": 900})
        page.goto("/staff/till")
    else:
        page.reload()
        expect(page.get_by_role("dialog", name="A card payment was interrupted")).to_be_visible()
        present_card(system, name)
    expect(page.get_by_text("The interrupted sale of €3.50 was paid.")).to_be_visible()
    sold(page)
    all_is_uploaded(page)
    assert payments_of(system, name) == [(CHOCOLATE_CENTS, True, True)]
    assert [record.total_cents for record in sales(system, name)] == [CHOCOLATE_CENTS]
    assert_books_are_right(system)


def test_a_payment_that_still_waits_after_a_reload_is_cancelled(system: System, tablet: Phone) -> None:
    page, name = begin(tablet, system, "Till waits", WAITS)
    tap_product(page, CHOCOLATE)
    by_card(page)
    expect(page.locator("[data-reader=waiting]")).to_be_visible()
    page.reload()
    dialog = page.get_by_role("dialog", name="A card payment was interrupted")
    expect(dialog.locator("[data-reader=waiting]")).to_be_visible()
    assert found_by_axe(page) == []
    dialog.get_by_role("button", name="Cancel the payment").click()
    expect(dialog).to_be_hidden()
    assert payments_of(system, name) == [(CHOCOLATE_CENTS, False, False)]
    assert sales(system, name) == []


def test_offline_there_is_no_reader_and_a_payment_in_doubt_goes_back(
    system: System, tablet: Phone, server: Server
) -> None:
    _, stop, start = server
    page, name = begin(tablet, system, "Till offline", WAITS)
    tap_product(page, CHOCOLATE)
    by_card(page)
    pay = page.get_by_role("dialog", name="Pay")
    expect(pay.locator("[data-reader=waiting]")).to_be_visible()
    stop()
    expect(pay.locator("[data-reader=lost]")).to_be_visible()
    pay.get_by_role("button", name="Leave and refund").click()
    expect(pay.get_by_text("Offline: bank cards are not accepted. Take cash or club cards.")).to_be_visible()
    expect(pay.locator("[data-way=terminal]")).to_have_count(0)
    assert found_by_axe(page) == []
    pay.locator("[data-way=cash]").click()
    pay.get_by_role("button", name="Exact").click()
    sold(page)
    start()
    all_is_uploaded(page)
    expect(page.locator("[data-state=online]")).to_be_visible()
    page.wait_for_function(
        """() => new Promise((resolve) => {
            const opening = indexedDB.open("virage-till");
            opening.onsuccess = () => {
                const asked = opening.result.transaction("state").objectStore("state").get("cardPayments");
                asked.onsuccess = () => { opening.result.close(); resolve(asked.result.length === 0); };
            };
        })"""
    )
    assert payments_of(system, name) == [(CHOCOLATE_CENTS, False, False)]
    (sale,) = sales(system, name)
    assert sale.tenders[0].kind is TenderKind.CASH
    assert_books_are_right(system)


def test_an_offline_reader_is_named_and_another_one_is_chosen_at_the_till(system: System, tablet: Phone) -> None:
    page, name = begin(tablet, system, "Till chooses", OFFLINE)
    other = new_id()

    async def add(conn: Connection) -> None:
        reader = Reader(other, f"{APPROVES}/{other}", f"Spare {name}", "01", None, datetime.now(UTC))
        assert not isinstance(await acts.register(conn, reader, None), Refused)

    in_database(system, add)
    tap_product(page, CHOCOLATE)
    by_card(page)
    pay = page.get_by_role("dialog", name="Pay")
    expect(pay.locator("[data-failed]")).to_contain_text("The card reader is offline.")
    pay.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Menu", exact=True).click()
    menu = page.get_by_role("dialog", name="Menu")
    choice = menu.get_by_label("Card reader")
    expect(choice.locator("option:checked")).to_contain_text("offline")
    with page.expect_response("**/api/till/pack"):
        choice.select_option(str(other))
    expect(choice.locator("option:checked")).to_contain_text("Spare")
    assert found_by_axe(page) == []
    menu.get_by_role("button", name="Close").click()
    by_card(page)
    sold(page)
    all_is_uploaded(page)
    assert [captured for _, captured, _ in payments_of(system, name)] == [False, True]


def test_a_club_card_is_topped_up_at_the_reader(system: System, tablet: Phone, browser: Browser) -> None:
    page, name = begin(tablet, system, "Till top-up")
    one = new_card(system, 0)
    in_menu(page, "Top up a card")
    dialog = page.get_by_role("dialog", name="Top up a card")
    tap_card(page, one)
    expect(dialog.locator("[data-balance='0']")).to_be_visible()
    dialog.get_by_label("Amount").fill("12.05")
    dialog.get_by_role("button", name="Bank card").click()
    dialog.get_by_role("button", name="Charge €12.05 at the card reader").click()
    expect(dialog.locator("[data-failed]")).to_contain_text("The bank declined the card.")
    dialog.get_by_role("button", name="Other ways to pay").click()
    assert left(system, one) == 0
    dialog.get_by_label("Amount").fill("12")
    dialog.get_by_role("button", name="Charge €12.00 at the card reader").click()
    expect(dialog).to_contain_text("Done. New balance: €12.00.")
    assert left(system, one) == 1_200
    assert payments_of(system, name) == [(1_205, False, False), (1_200, True, True)]
    with desk(browser, system, "finance@example.org") as office:
        office.goto("/office/food/shifts")
        office.get_by_label("Period").select_option("today")
        shift = office.get_by_role("row").filter(has_text=name)
        top_up = "Bank cards: top-ups €12.00, payouts €0.00 (of which €12.00 by card reader)"
        expect(shift).to_contain_text(top_up)
    assert_books_are_right(system)


def test_finance_registers_a_reader_gives_it_to_a_till_and_removes_it(
    system: System, tablet: Phone, browser: Browser
) -> None:
    page, name = begin(tablet, system, "Till of office")
    with desk(browser, system, "finance@example.org") as office:
        office.goto("/office/food/tills")
        panel = office.get_by_role("region", name="Card readers")
        panel.get_by_text("Register a card reader").click()
        panel.get_by_role("button", name="Register", exact=True).click()
        expect(panel.get_by_text("Enter the code that the reader shows")).to_be_visible()
        label = f"Counter {name[-6:]}"
        panel.get_by_label("Registration code").fill("wrong")
        panel.get_by_label("Name", exact=True).fill(label)
        panel.get_by_label("Outlet", exact=True).select_option("01")
        panel.get_by_role("button", name="Register", exact=True).click()
        expect(panel.get_by_text("This registration code is wrong or has expired.")).to_be_visible()
        panel.get_by_label("Registration code").fill(APPROVES)
        panel.get_by_role("button", name="Register", exact=True).click()
        line = panel.locator(f"[data-card-reader='{label}']")
        expect(line).to_contain_text("Online")
        with office.expect_response(re.compile("/card-readers/.*/till")):
            line.get_by_label(f"Till for {label}").select_option(label=name)
        with page.expect_response("**/api/till/pack"):
            page.reload()
        tap_product(page, CHOCOLATE)
        by_card(page)
        expect(page.get_by_text(f"Card reader “{label}”")).to_be_visible()
        sold(page)
        assert found_by_axe(office) == []
        line.get_by_role("button", name=f"Remove {label}").click()
        office.get_by_role("dialog", name="Remove this card reader?").get_by_role("button", name="Remove").click()
        expect(line).to_have_count(0)
