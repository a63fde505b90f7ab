"""From a seat on the map to a ticket, through the sandbox's own card page."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import asyncpg
from playwright.sync_api import Browser, Page, Route, expect

from tests.web.steps import ACCEPTED, DECLINED, Refusing, find_seats, find_two_seats, open_match, pay
from tests.web.system import System

SignIn = Callable[[Page, str], None]


def test_the_event_list_shows_prices_and_sold_out_events_without_layout_shift(browser: Browser, system: System) -> None:
    page = browser.new_context(base_url=system.url, locale="fr-FR").new_page()
    match, concert = system.event("match"), system.event("concert")
    lines = {line["event_id"]: line for line in system.get("/api/offers")}
    offers = [lines[match], lines[concert] | {"from_cents": None, "free": 0}]
    late: list[Route] = []
    page.route("**/api/offers", lambda route: late.append(route))  # noqa: PLW0108 - playwright marks its handlers, a built-in takes no mark
    with page.expect_request("**/api/offers"):
        page.goto("/")
    card = page.get_by_role("article").filter(has=page.locator(f"a[href='/events/{concert}']"))
    expect(card).to_be_visible()
    button = page.get_by_role("link", name="Choisir ses places")
    before = card.bounding_box(), button.bounding_box()
    late[0].fulfill(json=offers)
    expect(card.get_by_text("Complet")).to_be_visible()
    cents = lines[match]["from_cents"]
    expect(page.get_by_text(f"Dès {cents // 100}\N{NO-BREAK SPACE}€")).to_be_visible()
    assert (card.bounding_box(), button.bounding_box()) == before
    page.context.close()


def test_two_seats_are_found_paid_and_opened_as_tickets(
    page: Page, system: System, sign_in: SignIn, address: str, page_faults: list[str]
) -> None:
    open_match(page, system)
    find_two_seats(page)
    expect(page.locator("[data-countdown]")).to_contain_text("more minutes")
    expect(page.get_by_text("Booking fee")).to_be_visible()
    expect(page.get_by_text("Includes VAT at 5.5%")).to_be_visible()
    sign_in(page, address)
    expect(page.get_by_text(f"Your receipt will go to {address}")).to_be_visible()
    pay(page, ACCEPTED)
    expect(page.get_by_role("heading", name="See you at the stadium")).to_be_visible()
    expect(page.get_by_text("2 tickets are yours.")).to_be_visible()
    page.get_by_role("link", name="Open my tickets").click()
    page.get_by_role("link", name=re.compile(r"^Row .* Adult$")).first.click()
    page.get_by_role("button", name="Show the entry code on this phone").click()
    expect(page.get_by_role("img", name="Entry code of this ticket")).to_be_visible()
    assert not page_faults


def test_a_purchase_in_french_stays_in_french_from_the_map_to_the_ticket(
    browser: Browser, system: System, address: str
) -> None:
    page = browser.new_context(base_url=system.url, locale="fr-FR").new_page()
    open_match(page, system)
    page.get_by_role("button", name="Trouver 2 places").click()
    page.get_by_role("button", name="Réserver ces places").click()
    page.get_by_label("Adresse e-mail").fill(address)
    page.get_by_role("button", name=re.compile("envoyer un code")).click()
    page.get_by_label("Code de connexion").fill(system.code_for(address))
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.get_by_label("Votre nom").fill("Quelqu\u2019un")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("button", name=re.compile(r"^Payer .* €$")).click()
    page.get_by_label("Numéro de carte").fill(ACCEPTED)
    page.get_by_label("Expiration").fill("12/34")
    page.get_by_label("Cryptogramme").fill("123")
    page.locator("form button.pay").click()
    expect(page.get_by_role("heading", name="Rendez‑vous au stade")).to_be_visible()
    page.get_by_role("link", name="Ouvrir mes billets").click()
    page.get_by_role("link", name=re.compile("^Rang .* Plein tarif$")).first.click()
    page.get_by_role("button", name=re.compile("Afficher le code")).click()
    expect(page.get_by_role("img", name=re.compile("entrée de ce billet"))).to_be_visible()
    page.context.close()


def test_a_declined_card_keeps_the_seats_and_another_card_pays(
    page: Page, system: System, sign_in: SignIn, address: str
) -> None:
    open_match(page, system)
    find_two_seats(page)
    sign_in(page, address)
    pay(page, DECLINED)
    expect(page.get_by_role("heading", name="Payment declined")).to_be_visible()
    page.get_by_role("link", name="Try again").click()
    pay(page, ACCEPTED)
    expect(page.get_by_role("heading", name="See you at the stadium")).to_be_visible()


def test_an_expired_basket_says_so_and_links_to_the_event(page: Page, system: System) -> None:
    open_match(page, system)
    find_two_seats(page)
    with ThreadPoolExecutor(1) as aside:  # the browser's event loop runs in this thread
        aside.submit(asyncio.run, _shorten_holds(system.database_url)).result()
    page.reload()
    expect(page.get_by_text("Your seats were released")).to_be_visible()
    page.get_by_role("link", name="Choose again").click()
    expect(page.locator("[data-block='104']")).to_be_visible()


async def _shorten_holds(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        sooner = "interval '594 seconds'"
        await connection.execute(
            f"update ticketing.orders set held_at = held_at - {sooner}, expires_at = expires_at - {sooner}"
            " where state = 'held'"
        )
    finally:
        await connection.close()


def test_a_guest_of_a_busy_event_signs_in_and_continues_with_the_same_choice(
    page: Page, system: System, sign_in: SignIn, address: str
) -> None:
    open_match(page, system)
    page.get_by_role("button", name="One more: Adult").click()
    page.route("**/api/orders", Refusing(401, "unauthenticated", times=1))
    find_seats(page, 3)
    expect(page.get_by_text("This event is in high demand")).to_be_visible()
    sign_in(page, address)
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()
    expect(page.get_by_text(f"Your receipt will go to {address}")).to_be_visible()
    expect(page.get_by_text(re.compile("^Row .*, seat"))).to_have_count(3)


def test_a_guest_who_returns_without_signing_in_finds_the_chosen_seat(page: Page, system: System) -> None:
    open_match(page, system)
    page.get_by_role("button", name="Browse blocks").click()
    page.locator("#block-105").click()
    page.get_by_role("button", name=re.compile(r"^Row 12 ")).click()
    page.get_by_role("button", name=re.compile(r"^Seat \d+$")).first.click()
    chosen = page.get_by_role("button", name=re.compile(r"^Remove Row 12, seat"))
    name = chosen.get_attribute("aria-label")
    page.route("**/api/orders", Refusing(401, "unauthenticated", times=1))
    page.get_by_role("button", name="Reserve").click()
    expect(page.get_by_text("This event is in high demand")).to_be_visible()
    page.go_back()
    expect(chosen).to_have_attribute("aria-label", name or "")


def test_a_basket_can_be_released(page: Page, system: System) -> None:
    open_match(page, system)
    find_two_seats(page)
    page.get_by_role("button", name="Release seats").click()
    page.get_by_role("dialog").get_by_role("button", name="Release seats").click()
    expect(page.locator("[data-block='104']")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Basket"))).to_have_count(0)


def test_standing_places_are_bought_by_count(page: Page, system: System) -> None:
    page.goto(f"/events/{system.event('concert')}")
    where = page.get_by_label("Where?")
    where.select_option("PEL")
    area = where.locator("option:checked").inner_text().rpartition(",")[0]
    page.get_by_role("button", name="One more: Adult").click()
    page.get_by_role("button", name="Get 3 standing tickets").click()
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()
    expect(page.get_by_text("Standing", exact=True)).to_have_count(3)
    expect(page.get_by_text(re.compile(f"^{re.escape(area)}"))).to_have_count(3)


def test_an_access_party_gets_a_wheelchair_space_and_a_free_companion(page: Page, system: System) -> None:
    open_match(page, system)
    page.get_by_label("Wheelchair space").check()
    find_seats(page, 3)
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()
    expect(page.get_by_text("Row PMR").first).to_be_visible()
    expect(page.get_by_text("Companion")).to_be_visible()


def test_the_free_places_of_a_second_browser_follow_the_first(page: Page, system: System) -> None:
    open_match(page, system)
    watching = page.context.browser.new_context(base_url=system.url, locale="en-GB").new_page()  # type: ignore[union-attr]  # a launched browser
    open_match(watching, system)
    free = watching.locator("header.head").get_by_text("seats available")
    expect(free).to_be_visible()
    before = int(re.sub(r"\D", "", free.inner_text()))
    find_two_seats(page)
    expect(free).to_have_text(f"{before - 2:,} seats available")
    watching.context.close()
