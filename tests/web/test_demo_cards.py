"""A newcomer without a chip and a reader: a card is tapped on a page of the demo, and pasted at a
till.
"""

from playwright.sync_api import BrowserContext, expect

from tests.web.office import in_database
from tests.web.system import System
from tests.web.test_access import SMALL, found_by_axe
from tests.web.till import assert_books_are_right, open_till, sold, tap_product
from virage.money.wallet.cards.reads.cards import card_of_uid
from virage.money.wallet.cards.rules.demo_cards import FANS, NOBODYS
from virage.money.wallet.ledger import acts as ledger
from virage.platform.data.database import Connection

POPCORN, POPCORN_CENTS = "Salted popcorn", 400


def on_the_wallet(system: System, uid: bytes) -> int:
    """The available balance of a card of the demo."""

    async def ask(conn: Connection) -> int:
        owned = await card_of_uid(conn, uid)
        assert owned is not None
        return (await ledger.available(conn, [owned.card.wallet_id]))[owned.card.wallet_id]

    return in_database(system, ask)


def test_a_tap_is_copied_from_the_page_pasted_at_a_till_and_paid(
    system: System, context: BrowserContext, page_faults: list[str]
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    till, cards = context.new_page(), context.new_page()
    open_till(till, system, "A newcomer's till")
    cards.goto("/cards")
    for uid in (NOBODYS, FANS):
        cents = on_the_wallet(system, uid) - POPCORN_CENTS
        card = cards.locator(f"[id='{uid.hex()}']")
        card.get_by_role("button", name="Tap", exact=True).click()
        expect(card.locator("svg")).to_be_visible()
        card.get_by_role("button", name="Copy").click()
        expect(card.get_by_text("Copied.")).to_be_visible()
        assert found_by_axe(cards) + cards.evaluate(SMALL) == []
        till.bring_to_front()
        tap_product(till, POPCORN)
        till.keyboard.press("Control+V")
        expect(till.locator("[data-receipt]")).to_contain_text(f"€{cents / 100:,.2f} left in the wallet")
        sold(till)
        cards.bring_to_front()
        cards.goto("/cards")
    assert not page_faults
    assert_books_are_right(system)
