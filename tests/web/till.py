"""Steps at a till by its screen texts: loaded cards, cashiers, a keyboard-wedge scanner."""

import re
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, expect

from tests.web.cards import Held
from tests.web.devices import PIN, pairing_code, verifier, with_pin
from tests.web.gate import tonight, type_code, until
from tests.web.office import in_database
from tests.web.system import System, fresh
from virage.identity.people import acts as people
from virage.identity.people.rules.devices import DeviceKind, PairingRequest
from virage.matchday.food.menu.acts import alcohol_permits
from virage.matchday.food.menu.rules.alcohol import AlcoholPermitRequest
from virage.money.fiscal.rules.record import GENESIS, Record, hash_of, read_record
from virage.money.wallet.cards.store import taps
from virage.money.wallet.funding.reads.audit import audit
from virage.money.wallet.ledger import acts as ledger
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.site.programme import reads as programme
from virage.site.programme.rules import EventRules

OUTLET = "01"
CARD_PIN = "482913"
CASHIER = "Some Cashier"
FINANCE = "Some Finance"


def set_card_owner(system: System, one: Held, name: str) -> None:
    """Link the card to a person with this name."""

    async def give(conn: Connection) -> None:
        person = await people.ensure_fan(conn, f"{one.card_id.hex}@example.org", name, datetime.now(UTC))
        await conn.execute("update wallet_accounts.purse set owner_id = $1 where id = $2", person, one.wallet_id)

    in_database(system, give)


def left(system: System, one: Held) -> int:
    """Return the available balance of a wallet."""

    async def ask(conn: Connection) -> int:
        return (await ledger.available(conn, [one.wallet_id]))[one.wallet_id]

    return in_database(system, ask)


def choose_pin(system: System, one: Held) -> None:
    """Set the card's PIN."""

    async def choose(conn: Connection) -> None:
        await taps.put_card_pin(conn, one.card_id, verifier(CARD_PIN), datetime.now(UTC))

    in_database(system, choose)


def beer_is_allowed(system: System) -> None:
    """A running match with an alcohol permit."""
    event_id = tonight(system, "Beer night", EventRules(alcohol=True))

    async def allow(conn: Connection) -> None:
        event = await programme.event(conn, event_id)
        assert event is not None
        wish = AlcoholPermitRequest(new_id(), event.organiser_id, event.doors_at, event.ends_at, "2026-1")
        assert not isinstance(await alcohol_permits.enter(conn, wish, None, datetime.now(UTC)), Refused)

    in_database(system, allow)


def cashiers(system: System) -> None:
    """Create a cashier and a finance user, each with a PIN."""
    for name, role in ((CASHIER, "cashier"), (FINANCE, "finance")):
        with_pin(system, f"{role}.at.till@example.org", name, role)


def till_code(system: System, outlets: list[str], name: str) -> str:
    """Return a pairing code for a till of these outlets."""
    return pairing_code(system, "finance", PairingRequest(new_id(), name, DeviceKind.TILL, outlets))


def pair(page: Page, system: System, name: str, outlets: list[str] | None = None) -> None:
    """Pair the browser as a till, by the link from the finance user."""
    page.goto(f"/staff/till?pair={till_code(system, outlets or [OUTLET], name)}")
    page.get_by_role("button", name="Pair this device").click()
    expect(page.get_by_role("heading", name="Who’s selling?")).to_be_visible()


def sign_in(page: Page, name: str = CASHIER) -> None:
    """Sign in by PIN, without the server."""
    page.get_by_label("Your name").select_option(label=name)
    page.get_by_label("Your PIN").fill(PIN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("[data-state]")).to_be_visible()


def open_shift(page: Page, euros: str = "150") -> None:
    """Open a shift with its float."""
    page.get_by_role("button", name="Open shift").click()
    dialog = page.get_by_role("dialog", name="Open shift")
    dialog.get_by_label("Opening float").fill("999999")
    dialog.get_by_role("button", name="Open shift").click()
    expect(dialog.get_by_text("The maximum is €5,000. Check the amount.")).to_be_visible()
    dialog.get_by_label("Opening float").fill(euros)
    dialog.get_by_role("button", name="Open shift").click()
    expect(dialog).to_be_hidden()


KNOWS_CARDS = """() => new Promise((resolve) => {
    const opening = indexedDB.open("virage-till");
    opening.onsuccess = () => {
        const asked = opening.result.transaction("state").objectStore("state").get("cards");
        asked.onsuccess = () => { opening.result.close(); resolve(asked.result !== undefined); };
    };
})"""


def open_till(page: Page, system: System, name: str) -> str:
    """A till that sells: paired, signed in, with an open shift and the current cards; return its
    name in the system.
    """
    cashiers(system)
    name = fresh(name)
    pair(page, system, name)
    sign_in(page)
    open_shift(page)
    until(page, KNOWS_CARDS)
    return name


def tap_product(page: Page, name: str) -> None:
    """Tap a product."""
    page.locator("[data-product]").filter(has_text=name).first.click()


def tap_card(page: Page, one: Held, counter: int | None = None) -> None:
    """Tap a card on the scanner."""
    type_code(page, f"https://virage.local{one.tap(counter)}")


def sold(page: Page) -> int:
    """Expect a receipt, note its number, and go on to the next customer."""
    receipt = page.locator("[data-receipt]")
    expect(receipt).to_be_visible()
    number = int(receipt.get_attribute("data-receipt") or 0)
    page.get_by_role("button", name="Next customer").click()
    expect(receipt).to_be_hidden()
    return number


def refused(page: Page, reason: str) -> None:
    """Expect a refusal in the payment dialog, and close it."""
    expect(page.locator(f"[data-refusal={reason}]")).to_be_visible()
    page.get_by_role("dialog", name="Pay").get_by_role("button", name="Close").click()


def by_cash(page: Page) -> None:
    """Pay the exact amount in cash."""
    page.get_by_role("button", name=re.compile("^Pay €")).first.click()
    dialog = page.get_by_role("dialog", name="Pay")
    dialog.locator("[data-way=cash]").click()
    dialog.get_by_role("button", name="Exact").click()


def in_menu(page: Page, name: str) -> None:
    """Choose something in the till's menu."""
    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("dialog", name="Menu").get_by_role("button", name=name).click()


def give_back(page: Page, number: int, *, whole: bool) -> None:
    """Refund the rest of a sale, or one item of its last line."""
    in_menu(page, "Refund")
    dialog = page.get_by_role("dialog", name="Refund")
    dialog.get_by_label("Receipt number or code").fill(str(number))
    dialog.get_by_role("button", name="Find").click()
    if whole:
        dialog.get_by_role("button", name="Everything").click()
    else:
        dialog.get_by_role("button", name="more").last.click()
    dialog.get_by_label("Reason").select_option(label="Poor quality")
    dialog.get_by_role("button", name=re.compile("^Refund €")).click()


def train(page: Page) -> None:
    """Make a training sale, and reprint a real receipt."""
    in_menu(page, "Start training")
    expect(page.get_by_text("Training: sales are not real")).to_be_visible()
    tap_product(page, "Hot chocolate")
    by_cash(page)
    expect(page.locator("[data-receipt]")).to_contain_text("TRAINING")
    sold(page)
    page.get_by_role("button", name="Menu", exact=True).click()
    menu = page.get_by_role("dialog", name="Menu")
    expect(menu.get_by_role("button", name="Top up a card")).to_have_count(0)
    menu.get_by_role("button", name="End training").click()
    in_menu(page, "Refund")
    dialog = page.get_by_role("dialog", name="Refund")
    dialog.locator("[data-sale]").first.click()
    dialog.get_by_role("button", name="Print again").click()
    receipt = page.get_by_role("dialog", name="Receipt")
    expect(receipt).to_contain_text("COPY")
    receipt.get_by_role("button", name="Print again").click()
    sold(page)


def book_at_desk(page: Page, one: Held) -> None:
    """Top up a card by twelve euros in cash and pay out two."""
    in_menu(page, "Top up a card")
    dialog = page.get_by_role("dialog", name="Top up a card")
    tap_card(page, one)
    expect(dialog.locator("[data-balance]")).to_be_visible()
    dialog.get_by_label("Amount").fill("12")
    dialog.get_by_role("button", name="Top up €12.00").click()
    expect(dialog).to_contain_text("Done.")
    dialog.get_by_role("button", name="Pay out", exact=True).click()
    dialog.get_by_label("Amount").fill("2")
    dialog.get_by_role("button", name="Pay out €2.00").click()
    expect(dialog).to_contain_text("Tap the card")
    tap_card(page, one)
    expect(dialog).to_contain_text("Done.")
    dialog.get_by_role("button", name="Close").click()


def close_shift(page: Page, difference: int = 0) -> None:
    """Count the expected cash in the drawer, close the shift, and then the day."""
    in_menu(page, "Shift")
    dialog = page.get_by_role("dialog", name="Shift")
    dialog.get_by_label("Cash in the drawer").fill("158")
    dialog.get_by_role("button", name="Save count").click()
    expect(dialog.locator(f"[data-difference='{difference}']")).to_be_visible()
    dialog.get_by_role("button", name="Close shift").click()
    dialog = page.get_by_role("dialog", name="Open shift")
    dialog.get_by_role("button", name="Close this till’s day").click()
    expect(dialog).to_contain_text("Day closed.")
    dialog.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("[data-backlog='0']")).to_be_visible()


def chain(system: System, name: str, *, training: bool = False) -> list[Record]:
    """Return the stored records of a till, after checking its chain."""

    async def ask(conn: Connection) -> list[Any]:
        return list(
            await conn.fetch(
                """
                select r.body from fiscal.record r join people.device d on d.id = r.device_id
                where d.name = $1 and r.training = $2 order by r.number
                """,
                name,
                training,
            )
        )

    found: list[Record] = []
    previous = GENESIS
    for number, row in enumerate(in_database(system, ask), start=1):
        record = read_record(row["body"])
        assert record is not None
        assert (record.number, record.previous) == (number, previous)
        previous = hash_of(row["body"])
        found.append(record)
    return found


def assert_books_are_right(system: System) -> None:
    """Return the output of `virage wallet audit`."""
    found = in_database(system, audit)
    assert found.clean, found
