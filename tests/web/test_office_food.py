"""Food and money in the office, in a real browser: prices set there are charged, and sales of tills
are shown there.
"""

import csv
import itertools
import re
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from pathlib import Path

import httpx
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, Route, expect
from pypdf import PdfReader

from tests.matchday.food.menu.photos import a_photo
from tests.web import http
from tests.web.cards import new_card
from tests.web.food import untouched_outlet
from tests.web.office import ADMIN, confirm_it_is_me, desk, grant_roles, in_database, sign_in_long_ago
from tests.web.office_food import Till, taxed_yesterday, yesterday
from tests.web.system import System, fresh
from virage.cli.fiscal import verify_archives
from virage.demo.programme import CLUB
from virage.demo.tills import POSTS
from virage.money.fiscal.rules.record import Kind
from virage.platform.web.guard import Grant

OWN = POSTS[-1]
"""A till of the demo that sold yesterday, at an outlet run by the club."""
CATALOGUE_DESK = (Grant("programme"), Grant("finance"))
WRITTEN_HERE = "delete from food_menu.item where changed_by is not null"
RUN_BY_OTHERS = "delete from books.terms where outlet = $1"
YEARS = itertools.count(2031)
"""Each try enters its derogation in a year of its own."""
PNG = a_photo("PNG")


def section(page: Page, name: str) -> None:
    """Open a part of food and money by its tab."""
    page.get_by_role("navigation", name="Food and money").get_by_role("link", name=name, exact=True).click()


def item_at(system: System, outlet: str, name: str) -> dict[str, object] | None:
    """The public item that an outlet sells under an English name."""
    items = system.get(f"/api/food/catalogue/{outlet}")["items"]
    return next((one for one in items if one["item"]["name"]["en"] == name), None)


def test_a_product_is_priced_published_and_then_on_the_public_menu(
    browser: Browser, system: System, address: str
) -> None:
    name = f"Pretzel {address}"
    in_database(system, lambda conn: conn.execute(WRITTEN_HERE))  # drafts of an earlier try
    email = grant_roles(system, f"menu-{address}", CATALOGUE_DESK)
    with desk(browser, system, email) as page:
        page.goto("/office/food/catalogue")
        page.get_by_role("link", name="New product").click()
        page.get_by_role("button", name="Save draft").click()
        expect(page.get_by_label("Name (Français)")).to_be_focused()
        page.get_by_label("Name (Français)").fill(f"Bretzel {address}")
        page.get_by_label("Name (English)").fill(name)
        page.get_by_label("Category").select_option("snacks")
        for allergen in ("Gluten", "Milk"):
            page.get_by_label(allergen, exact=True).check()
        page.get_by_label("Diet").select_option("vegan")
        page.get_by_label("VAT, %").fill("5.5")
        page.get_by_label("Choose a picture").set_input_files(
            {"name": "one.png", "mimeType": "image/png", "buffer": PNG}
        )
        expect(page.get_by_alt_text("Picture of the item")).to_be_visible()
        page.get_by_role("button", name="Save draft").click()
        expect(page.get_by_text("These allergens aren’t vegan")).to_be_visible()
        page.get_by_label("Diet").select_option("vegetarian")
        page.get_by_role("button", name="Save draft").click()
        row = page.get_by_role("row").filter(has_text=name)
        expect(row).to_contain_text("Incomplete")
        expect(page.get_by_role("button", name="Review changes")).to_be_disabled()
        row.get_by_role("link", name=name).click()
        expect(page.get_by_text("The price for all outlets is missing")).to_be_visible()
        page.get_by_label("Price at all outlets, €").fill("4,50")
        page.get_by_role("button", name="Add a price by outlet or time").click()
        page.get_by_label("Outlet", exact=True).select_option("02")
        page.get_by_label("From minute").fill("-90")
        page.get_by_label("Until minute").fill("-120")
        page.get_by_label("Price, €").fill("4")
        page.get_by_role("button", name="Save draft").click()
        expect(page.get_by_text("The end is before the start")).to_be_visible()
        page.get_by_label("Until minute").fill("-45")
        sign_in_long_ago(system, email)
        page.get_by_role("button", name="Save draft").click()
        confirm_it_is_me(page, system, email)
        expect(row).to_contain_text("€4.50")
        expect(row).to_contain_text("1 more price")
        assert item_at(system, "02", name) is None
        page.get_by_role("button", name="Review changes").click()
        asked = page.get_by_role("dialog", name="Publish these changes?")
        expect(asked.locator("[data-change=added]").filter(has_text=name)).to_contain_text("€4.50")
        # The response is lost: sent again, it is one publication.
        lost = {"left": 1}

        def lose(route: Route) -> None:
            answer = route.fetch()
            lost["left"] -= 1
            route.fulfill(response=answer) if lost["left"] < 0 else route.abort()

        page.route("**/api/office/food/publications", lose)
        asked.get_by_role("button", name="Publish", exact=True).click()
        expect(asked.get_by_text("You are offline")).to_be_visible()
        asked.get_by_role("button", name="Publish", exact=True).click()
        expect(page.get_by_text("Everything is published")).to_be_visible()
        here, there = item_at(system, "02", name) or {}, item_at(system, "03", name) or {}
        assert (here["cents"], here["prices"]) == (450, [{"window": {"from_min": -90, "until_min": -45}, "cents": 400}])
        assert (there["cents"], there["prices"]) == (450, [])
        page.unroute("**/api/office/food/publications")
        page.get_by_text("Published versions").click()
        page.get_by_role("button", name="View version").first.click()
        expect(page.get_by_role("dialog").get_by_role("listitem").filter(has_text=name)).to_contain_text("€4.50")


def test_concurrent_edits_are_not_overwritten(browser: Browser, system: System, address: str) -> None:
    name = f"Cup {address}"
    with desk(browser, system, grant_roles(system, f"first-{address}", CATALOGUE_DESK)) as page:
        page.goto("/office/food/catalogue/new?kind=deposit")
        page.get_by_label("Name (Français)").fill(name)
        page.get_by_label("Name (English)").fill(name)
        page.get_by_label("Deposit, €").fill("1")
        page.get_by_role("button", name="Save draft").click()
        page.get_by_role("link", name=name).click()
        other = page.context.new_page()
        other.goto(page.url)
        other.get_by_label("Deposit, €").fill("2")
        other.get_by_role("button", name="Save draft").click()
        expect(other.get_by_role("row").filter(has_text=name)).to_contain_text("€2.00")
        page.get_by_label("Deposit, €").fill("3")
        page.get_by_role("button", name="Save draft").click()
        page.get_by_role("button", name="Reload").click()
        expect(page.get_by_label("Deposit, €")).to_have_value("2")
        page.get_by_role("button", name="Remove from the draft").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove from the draft").click()
        expect(page.get_by_role("row").filter(has_text=name)).to_have_count(0)


def test_counting_the_stock_clears_its_alert(browser: Browser, system: System, address: str) -> None:
    outlet = untouched_outlet(system)
    fries = item_at(system, outlet, "Fries")
    assert fries is not None
    with desk(browser, system, grant_roles(system, f"stock-{address}", (Grant("cashier", "outlet", outlet),))) as page:
        # A person without events starts at their work, and finds where to choose the PIN of the
        # tills.
        expect(page.get_by_role("heading", name="Stock", level=1)).to_be_visible()
        expect(page.get_by_role("navigation", name="Office").get_by_role("link", name="My PIN")).to_be_visible()
        alert = page.locator("[data-alerts] li").filter(has_text="Fries")
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Fries", exact=True))
        expect(row).to_be_visible()
        expect(alert).to_have_count(0)
        page.get_by_role("button", name="Waste").click()
        page.get_by_label("Waste: Fries").fill("999")
        page.get_by_role("button", name="Save waste").click()
        expect(page.get_by_label("Waste: Fries")).to_be_focused()
        expect(page.get_by_text("Count it first")).to_be_visible()
        page.get_by_label("Waste: Fries").fill("230")
        page.get_by_role("button", name="Save waste").click()
        expect(alert).to_contain_text("Low")
        expect(page.get_by_role("cell", name="20", exact=True).first).to_be_visible()
        page.get_by_role("button", name="Count", exact=True).click()
        page.get_by_label("Count: Fries").fill("120")
        # The response is lost: the same document again counts once.
        page.route("**/api/food/stock", lambda route: (route.fetch(), route.abort()))
        page.get_by_role("button", name="Save count").click()
        expect(page.get_by_text("You are offline")).to_be_visible()
        page.unroute("**/api/food/stock")
        page.get_by_role("button", name="Save count").click()
        expect(alert).to_have_count(0)
        page.get_by_text("Stock movements").click()
        expect(page.get_by_role("row").filter(has_text="Count").filter(has_text="+100")).to_have_count(1)
        assert row is not None


def test_a_permit_is_added_for_48_hours_at_most_and_withdrawn(browser: Browser, system: System, address: str) -> None:
    in_year = next(YEARS)
    with desk(
        browser, system, grant_roles(system, f"mayor-{address}", (Grant("programme", "organiser", CLUB.id),))
    ) as page:
        page.get_by_role("link", name="Food and money").click()
        expect(page.get_by_role("heading", name="Alcohol", level=1)).to_be_visible()
        year = page.locator("article").filter(has=page.get_by_role("heading", name=str(in_year)))
        page.get_by_label("From", exact=True).fill(f"{in_year}-05-09T18:00")
        page.get_by_label("Until", exact=True).fill(f"{in_year}-05-11T18:01")
        page.get_by_role("button", name="Add permit").click()
        expect(page.get_by_text("48 hours at most").last).to_be_visible()
        page.get_by_label("Until", exact=True).fill(f"{in_year}-05-10T02:00")
        page.get_by_label("Permit number").fill(f"A-{address}")
        expect(page.get_by_text(f"0 of 10 permits used in {in_year}.")).to_be_visible()
        page.get_by_role("button", name="Add permit").click()
        entered = year.get_by_role("listitem").filter(has_text=f"A-{address}")
        expect(entered).to_contain_text("Upcoming")
        expect(year.locator("[data-used='1']")).to_be_visible()
        page.get_by_role("button", name=f"Withdraw permit A-{address}").click()
        page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
        expect(entered).to_contain_text("Withdrawn, not counted")
        expect(year.locator("[data-used='0']")).to_be_visible()


def test_sales_of_a_newly_paired_till_appear_without_a_reload(browser: Browser, system: System, address: str) -> None:
    name, outlet = f"Till {address}", untouched_outlet(system)
    grants = (Grant("finance", "outlet", outlet),)
    with desk(browser, system, grant_roles(system, f"tills-{address}", grants)) as page:
        page.get_by_role("link", name="Food and money").click()
        section(page, "Tills")
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("button", name="Show code").click()
        expect(page.get_by_text("Choose at least one outlet")).to_be_visible()
        expect(page.get_by_label(re.compile("^Outlet "))).to_have_count(1)
        page.get_by_label(f"Outlet {outlet}").check()
        page.get_by_role("button", name="Show code").click()
        till = Till(system, page.locator("[data-code]").inner_text(), outlet)
        expect(page.get_by_role("dialog", name=f"{name} is paired.")).to_be_visible()
        page.get_by_role("button", name="Done").click()
        expect(page.locator(f"[data-till='{name}']")).to_contain_text(re.compile(rf"Outlets .* {outlet}\b"))
        section(page, "Sales")
        expect(page.get_by_text("No sales in this period.").first).to_be_visible()
        page.get_by_label("Period").select_option("today")
        till.write(Kind.SHIFT_OPENED, cash_cents=10_000)
        till.write(lines=[till.line("Cola, 40 cl", 2), till.line("Fries")])
        till.tell()
        numbers = page.locator("[data-gross]")
        expect(numbers).to_have_attribute("data-gross", "1350")
        expect(page.locator(f"[data-row='{outlet}']")).to_contain_text("€13.50")
        till.write(lines=[till.line("Cola, 40 cl", 1)])
        till.tell()
        expect(numbers).to_have_attribute("data-gross", "1800")
        page.get_by_role("button", name="Products").click()
        expect(page.get_by_role("row").filter(has_text="Cola, 40 cl")).to_contain_text("€13.50")
        section(page, "Shifts")
        expect(page.locator(f"[data-desk='{name}']")).to_contain_text("€118.00")
        till.write(Kind.SHIFT_COUNTED, cash_cents=11_650)
        till.write(Kind.SHIFT_CLOSED)
        till.tell()
        page.reload()
        page.get_by_label("Period").select_option("today")
        shift = page.get_by_role("row").filter(has_text=name)
        expect(shift).to_contain_text("€118.00")
        expect(shift).to_contain_text("-€1.50")
        till.write(lines=[replace(till.line("Fries"), unit_cents=100)])
        till.tell()
        section(page, "Tills")
        deviation = page.locator("[data-deviation=price_wrong]").filter(has_text=name)
        expect(deviation).to_contain_text(f"{name}, record 6, line 1")
        worst = page.locator("[data-worst]")
        expect(worst).to_contain_text(re.compile(r"^€[1-9].* = [1-9] tills? × €[1-9]"))
        page.get_by_role("button", name=f"Revoke {name}").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("Till revoked.")).to_be_visible()
        expect(worst).to_have_attribute("data-worst", "0")
        assert till.is_dead()


def test_a_first_visitor_of_the_office_finds_yesterdays_sales(browser: Browser, system: System, address: str) -> None:
    grants = (Grant("finance", "outlet", OWN.outlet),)
    with desk(browser, system, grant_roles(system, f"first-look-{address}", grants)) as page:
        page.goto("/office/food")
        page.get_by_role("button", name="Yesterday").click()
        expect(page.locator(f"[data-row='{OWN.outlet}']")).to_contain_text("€")
        expect(page.get_by_text(re.compile("^Busiest: "))).to_be_visible()
        expect(page.get_by_role("button", name="Yesterday")).to_have_count(0)
        section(page, "Shifts")
        page.get_by_role("button", name="Yesterday").click()
        expect(page.locator("[data-shift]").filter(has_text=OWN.name)).to_contain_text("€1.20")
        section(page, "Closings")
        expect(page.locator("[data-closing]").filter(has_text=f"{OWN.outlet} ·").first).to_contain_text("€")


def test_a_lost_card_is_blocked_and_replaced(browser: Browser, system: System, address: str) -> None:
    lost, fresh = new_card(system).code, new_card(system).code
    email = grant_roles(system, f"cards-{address}", (Grant("cashier"),))
    with desk(browser, system, email) as page:
        page.goto("/office/food/cards")
        page.get_by_label("Code printed on the card").fill("K7Q2")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text("Enter the 10 characters of the code")).to_be_visible()
        page.get_by_label("Code printed on the card").fill(lost.lower().replace("-", " "))
        page.get_by_role("button", name="Search").click()
        expect(page.locator("[data-card=free]")).to_contain_text(lost)
        page.get_by_role("button", name="Block card").click()
        page.get_by_label("Reason").select_option("stolen")
        page.get_by_role("dialog").get_by_role("button", name="Block card").click()
        expect(page.locator("[data-card=stolen]")).to_be_visible()
        page.get_by_role("button", name="Issue a new card").click()
        page.get_by_label("Code printed on the new card").fill(fresh)
        sign_in_long_ago(system, email)
        page.get_by_role("button", name="Issue card").click()
        confirm_it_is_me(page, system, email)
        expect(page.locator("[data-card=free]")).to_contain_text(fresh)
        page.get_by_label("Code printed on the card").fill(lost)
        page.get_by_role("button", name="Search").click()
        expect(page.locator("[data-card=replaced]")).to_contain_text("This card has been replaced")


def test_a_statement_of_closed_days_is_downloaded_with_the_archive(
    browser: Browser, system: System, address: str, tmp_path: Path
) -> None:
    name, day = fresh("Caterer & Sons"), yesterday().isoformat()
    in_database(system, lambda conn: conn.execute(RUN_BY_OTHERS, OWN.outlet))  # undo an earlier try
    with desk(browser, system, grant_roles(system, f"owed-{address}", CATALOGUE_DESK)) as page:
        page.goto("/office/food/concessionaires")
        page.get_by_role("button", name="New concessionaire").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
        dialog.get_by_label("Name", exact=True).fill(name)
        dialog.get_by_role("button", name="Save").click()
        card = page.locator(f"[data-concessionaire='{name}']")
        for _ in range(2):
            page.get_by_role("button", name=f"Add an outlet to {name}").click()
            dialog.get_by_label("Outlet", exact=True).select_option(OWN.outlet)
            dialog.get_by_label("From").fill(day)
            dialog.get_by_label("Commission, % of net sales").fill("15")
            dialog.get_by_label("Unpaid offline sales").select_option("Borne by the concessionaire")
            dialog.get_by_role("button", name="Save").click()
            expect(card.get_by_role("listitem")).to_contain_text("15 % of net sales · bears unpaid offline sales")
        expect(dialog.get_by_text("Another contract already covers this outlet")).to_be_visible()
        dialog.get_by_role("button", name="Go back").click()
        page.get_by_label("Concessionaire").select_option(label=name)
        for field in ("From", "To"):
            page.get_by_label(field, exact=True).fill(day)
        page.get_by_role("button", name="Create statement").click()
        # The operator gets 15 % of the net sales, and the VAT on that; cups belong to it.
        gross, net = taxed_yesterday(system, OWN.till_id)
        commission = (net * Decimal("0.15")).quantize(Decimal(1), ROUND_HALF_UP)
        payable = gross - commission - (commission * Decimal("0.2")).quantize(Decimal(1), ROUND_HALF_UP)
        expect(page.locator("[data-payable]")).to_have_attribute("data-payable", str(payable))
        in_euros = f"{payable / 100:.2f}"
        expect(page.locator("[data-lost]")).to_have_attribute("data-lost", "0")
        with page.expect_download() as table:
            page.get_by_role("button", name="Download as CSV").click()
        assert in_euros in table.value.path().read_text(encoding="utf-8")
        with page.expect_download() as pdf:
            page.get_by_role("button", name="Download as PDF").click()
        paper = " ".join(one.extract_text() for one in PdfReader(pdf.value.path()).pages)
        assert in_euros in paper.replace(",", "")
        assert name in paper
        section(page, "Closings")
        expect(page.locator("[data-closing]").filter(has_text=f"{OWN.outlet} ·").first).to_contain_text("€")
        page.get_by_label("Till", exact=True).select_option(str(OWN.till_id))
        with page.expect_download() as archive:
            page.get_by_role("button", name="Download archive").click()
        archive.value.save_as(kept := tmp_path / "till.jsonl.gz")
        assert verify_archives([kept]) == 0
        books = page.get_by_role("region", name="Accounting export")
        books.get_by_label("From", exact=True).fill(day)
        books.get_by_label("To", exact=True).fill((yesterday() + timedelta(days=1)).isoformat())
        books.get_by_role("button", name="View").click()
        expect(books.get_by_text("Balanced", exact=True)).to_be_visible()
        with page.expect_download() as export:
            books.get_by_role("button", name="Download as CSV").click()
        rows = list(csv.DictReader(StringIO(export.value.path().read_text(encoding="utf-8"))))
        debited, credited = ([Decimal(row[side] or 0) for row in rows] for side in ("debit", "credit"))
        shown = books.locator("[data-debit]").get_attribute("data-debit")
        assert sum(debited) == sum(credited) == Decimal(shown or 0) / 100 > 0


def test_a_role_for_one_venue_sees_the_sections_of_its_outlets(browser: Browser, system: System, address: str) -> None:
    grants = tuple(Grant(role, "venue", "arena") for role in ("programme", "finance", "cashier", "kitchen"))
    refused: list[str] = []
    with desk(browser, system, grant_roles(system, f"arena-{address}", grants)) as page:
        page.on(
            "response", lambda answer: refused.append(answer.url) if answer.status >= httpx.codes.BAD_REQUEST else None
        )
        page.get_by_role("link", name="Food and money").click()
        sections = page.get_by_role("navigation", name="Food and money").get_by_role("link")
        names = ["Sales", "Stock", "Tills", "Shifts", "Concessionaires", "Closings"]
        expect(sections).to_have_text(names)
        for name in names:
            sections.filter(has_text=name).click()
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.locator("[data-skeleton]")).to_have_count(0)
        page.goto("/office/food/stock")
        expect(page.get_by_label("Outlet", exact=True).locator("option")).to_have_count(16)
        page.goto("/staff/kitchen")
        expect(page.get_by_role("button", name=re.compile("^Outlet 01"))).to_be_visible()
    assert refused == []


def test_each_role_sees_only_its_sections(browser: Browser, system: System, address: str) -> None:
    with desk(browser, system, grant_roles(system, f"none-{address}", (Grant("steward", "gate", "A"),))) as page:
        expect(page.get_by_role("link", name="Food and money")).to_have_count(0)
        for path in (
            "",
            "/catalogue",
            "/stock",
            "/alcohol",
            "/tills",
            "/cards",
            "/shifts",
            "/concessionaires",
            "/closings",
        ):
            page.goto(f"/office/food{path}")
            expect(page.get_by_text("You don’t have access to this part of the office.")).to_be_visible()
    with desk(browser, system, grant_roles(system, f"admin-{address}", ADMIN)) as page:
        page.get_by_role("link", name="Food and money").click()
        page.route("**/api/office/food/draft", lambda route: route.abort(), times=1)
        section(page, "Catalogue")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("row").filter(has_text="Hot dog").first).to_be_visible()
        page.get_by_role("button", name="Français").click()
        expect(page.get_by_role("heading", name="Catalogue", level=1)).to_be_visible()
        expect(page.get_by_role("link", name="Nouveau produit")).to_be_visible()
        assert http.get(f"{system.url}/api/office/food/draft").status_code == httpx.codes.UNAUTHORIZED
