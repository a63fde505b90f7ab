"""Every screen of food and money in the office; and an evening at the tills as its data."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from playwright.sync_api import Page, expect

from tests.web.cards import new_card
from tests.web.office_food import Till, yesterday
from tests.web.system import System
from tests.web.till import till_code
from tests.web.tour import Screen
from tests.zones import PARIS
from virage.money.fiscal.rules.calendar import begins, business_day
from virage.money.fiscal.rules.record import Kind

EVENING = timedelta(hours=3)
SALES = 150
"""Of each till."""
FLOAT_CENTS = 15_000
CATERER = "Les Buvettes du Rhône"
"""Who runs an outlet at which the demonstration sold yesterday."""
TILLS = (("01, left counter", "01"), ("01, right counter", "01"), ("08, bar", "08"), ("19, bar", "19"))
"""Names of tills, and the outlets at which they stand; the last one's shift is counted and over."""


def evening(system: System, sales: int = SALES) -> None:
    """Tills that sold for three hours, most before the start and at half-time; for less when today
    began later.
    """
    chance = Random(11)  # noqa: S311 - a crowd needs no secrecy
    now = datetime.now(UTC)
    begun = max(now - EVENING, begins(business_day(now, PARIS), PARIS))
    lasted = now - begun
    for name, outlet in TILLS:
        till = Till(system, till_code(system, [outlet], name), outlet)
        till.chain.at = begun
        till.write(Kind.SHIFT_OPENED, cash_cents=FLOAT_CENTS)
        sold = [one["item"] for one in till.menu["items"] if one["item"]["kind"] == "product"]
        names = [item["name"]["en"] for item in sold if not item["abv_permille"]]
        taken = 0
        for at in sorted(_moment(chance) for _ in range(sales)):
            till.chain.at = begun + lasted * at
            lines = [
                till.line(one, chance.choice((1, 1, 1, 2, 3)))
                for one in chance.sample(names, chance.choice((1, 2, 2, 3)))
            ]
            taken += sum(line.quantity * line.unit_cents for line in lines)
            till.write(lines=lines)
        if name == TILLS[-1][0]:
            till.write(Kind.SHIFT_COUNTED, cash_cents=FLOAT_CENTS + taken - 350)
            till.write(Kind.SHIFT_CLOSED)
        till.tell()


def _moment(chance: Random) -> float:
    """A part of the evening: a third before the start, a third at half-time, the rest at any time."""
    around = chance.choice((chance.gauss(0.3, 0.08), chance.gauss(0.66, 0.05), chance.random()))
    return min(0.98, max(0.01, around))


def screens(page: Page, system: System) -> Iterator[Screen]:
    """Every screen that an administrator can reach."""
    yield from _sales(page)
    yield from _catalogue(page)
    page.goto("/office/food/stock?outlet=01")
    page.get_by_role("button", name="Transfer").click()
    page.get_by_role("button", name="Save transfer").click()
    expect(page.get_by_text("Choose the receiving outlet")).to_be_visible()
    page.get_by_text("Stock movements").click()
    expect(page.get_by_role("cell", name="Delivery").first).to_be_visible()
    yield Screen("food-stock")
    page.goto("/office/food/alcohol")
    page.get_by_role("button", name="Add permit").click()
    expect(page.get_by_text("Enter the permit number")).to_be_visible()
    yield Screen("food-alcohol")
    page.goto("/office/food/tills")
    page.get_by_role("button", name="Show code").click()
    expect(page.get_by_text("Choose at least one outlet")).to_be_visible()
    yield Screen("food-tills")
    yield from _cards(page, system)
    yield from _books(page)


def _sales(page: Page) -> Iterator[Screen]:
    page.goto("/office/food")
    page.get_by_label("Period").select_option("week")
    expect(page.locator("[data-row]").first).to_be_visible()
    page.get_by_label("Period").select_option("today")
    expect(page.locator("[data-row]").first).to_be_visible()
    yield Screen("food-sales")
    page.get_by_role("button", name="Products").click()
    expect(page.get_by_role("columnheader", name="Product")).to_be_visible()
    yield Screen("food-products", "[aria-labelledby=rows]")


def _catalogue(page: Page) -> Iterator[Screen]:
    page.goto("/office/food/catalogue/new?kind=product")
    page.get_by_role("button", name="Add an option").click()
    page.get_by_role("checkbox", name="At all outlets").uncheck()
    page.get_by_role("button", name="Add a price by outlet or time").click()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Enter a name").first).to_be_visible()
    yield Screen("food-new-product", picture=False)
    page.goto("/office/food/catalogue/new?kind=deposit")
    page.get_by_label("Name (Français)").fill("Écocup")
    page.get_by_label("Name (English)").fill("Eco cup")
    page.get_by_label("Deposit, €").fill("1")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("row").filter(has_text="Eco cup").first).to_be_visible()
    yield Screen("food-catalogue")
    page.get_by_role("button", name="Review changes").click()
    yield Screen("food-publish")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Burger meal").click()
    expect(page.get_by_role("heading", name="Parts of the menu")).to_be_visible()
    yield Screen("food-menu")
    page.goto("/office/food/catalogue")
    page.get_by_role("link", name="Coffee", exact=True).click()
    expect(page.get_by_label("Name (Français)")).to_be_visible()
    yield Screen("food-item")


def _cards(page: Page, system: System) -> Iterator[Screen]:
    code = new_card(system).code
    page.goto("/office/food/cards")
    page.get_by_label("Code printed on the card").fill(code)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Block card").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield Screen("food-card")


def _books(page: Page) -> Iterator[Screen]:
    page.goto("/office/food/shifts")
    page.get_by_label("Period").select_option("today")
    expect(page.locator("[data-shift]").first).to_be_visible()
    yield Screen("food-shifts")
    yield Screen("food-shifts-list", "[aria-labelledby=shifts]")
    page.goto("/office/food/concessionaires")
    add = page.get_by_role("button", name="New concessionaire")
    expect(add).to_be_visible()
    add.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Enter a name")).to_be_visible()
    yield Screen("food-concessionaire", picture=False)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=f"Add an outlet to {CATERER}").click()
    dialog.get_by_label("Outlet", exact=True).select_option("22")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Enter a rate such as 5.5")).to_be_visible()
    yield Screen("food-terms")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_label("Concessionaire").select_option(label=CATERER)
    for field in ("From", "To"):
        page.get_by_label(field, exact=True).fill(yesterday().isoformat())
    page.get_by_role("button", name="Create statement").click()
    expect(page.locator("[data-payable]")).to_be_visible()
    yield Screen("food-concessionaires")
    page.goto("/office/food/closings")
    expect(page.get_by_role("region", name="Closings", exact=True)).to_be_visible()
    yield Screen("food-closings")
    books = page.get_by_role("region", name="Accounting export")
    books.get_by_label("From", exact=True).fill(yesterday().isoformat())
    books.get_by_label("To", exact=True).fill((yesterday() + timedelta(days=1)).isoformat())
    books.get_by_role("button", name="View").click()
    expect(books.locator("[data-debit]")).to_be_visible()
    yield Screen("food-books", "[aria-labelledby=books]")
