"""A third language, added as a folder: a fan buys in German from the home page to the ticket and the email."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import running
from tests.web.steps import ACCEPTED
from tests.web.system import System
from virage.platform.host.postgres import EmbeddedPostgres

CUT = """() => {
  const cut = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    const box = element.getBoundingClientRect();
    if (!text || box.width < 2 || box.height < 2 || element.closest(".hidden-text, svg, select")) continue;
    const style = getComputedStyle(element);
    const clips = style.overflowX !== "visible" && style.overflowX !== "auto" && style.overflowX !== "scroll";
    const scrolls = (at) => at && (/auto|scroll/.test(getComputedStyle(at).overflowX) || scrolls(at.parentElement));
    if (clips && element.scrollWidth > element.clientWidth + 1) cut.push(text);
    else if ((box.right > innerWidth + 1 || box.left < -1) && !scrolls(element)) cut.push(text);
  }
  return cut;
}"""
"""The texts that their own box or the window cuts off."""


@pytest.fixture(scope="module")
def system(cluster: EmbeddedPostgres) -> Iterator[System]:
    with running(cluster, VIRAGE_LANGUAGES="fr,en,de") as system:
        yield system


@pytest.fixture
def phone(browser: Browser, system: System) -> Iterator[Page]:
    context = browser.new_context(base_url=system.url, locale="de-AT", viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def whole(page: Page) -> None:
    """Assert that the page is in German and cuts off no text."""
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert page.evaluate(CUT) == []


def emails_to(system: System, address: str) -> list[dict[str, Any]]:
    return [message for message in system.get("/api/mailbox") if message["recipient"] == address]


def test_a_purchase_in_german_stays_in_german_from_the_home_page_to_the_ticket_and_the_email(
    phone: Page, system: System, address: str
) -> None:
    phone.goto("/")
    expect(phone.get_by_text(re.compile(r"^Ab \d")).first).to_be_visible()
    whole(phone)
    phone.locator(f"a[href='/events/{system.event('match')}']").first.click()
    expect(phone.locator("[data-block='104']")).to_be_visible()
    whole(phone)
    phone.get_by_role("button", name="2 Plätze finden").click()
    phone.get_by_role("button", name="Plätze reservieren").click()
    expect(phone.get_by_role("heading", name="Ihr Warenkorb")).to_be_visible()
    whole(phone)
    phone.get_by_label("E-Mail-Adresse").fill(address)
    phone.get_by_role("button", name="Code anfordern").click()
    phone.get_by_label("Anmeldecode").fill(system.code_for(address))
    assert "Ihr Anmeldecode" in emails_to(system, address)[0]["subject"]
    phone.get_by_role("button", name="Anmelden", exact=True).click()
    phone.get_by_label("Ihr Name").fill("Jörg Müßig")
    phone.get_by_role("button", name="Speichern").click()
    pay = phone.get_by_role("button", name=re.compile(r"^[0-9.,]+\s€ bezahlen$"))
    expect(pay).to_be_visible()
    whole(phone)
    pay.click()
    phone.get_by_label("Kartennummer").fill(ACCEPTED)
    phone.get_by_label("Gültig bis").fill("12/34")
    phone.get_by_label("Prüfziffer").fill("123")
    phone.locator("form button.pay").click()
    expect(phone.get_by_role("heading", name="Bis bald im Stadion")).to_be_visible()
    whole(phone)
    phone.get_by_role("link", name="Meine Tickets öffnen").click()
    expect(phone.get_by_role("heading", name="Meine Tickets")).to_be_visible()
    whole(phone)
    phone.get_by_role("link", name=re.compile("^Reihe .* Vollzahler$")).first.click()
    phone.get_by_role("button", name="Einlasscode auf diesem Handy zeigen").click()
    expect(phone.get_by_role("img", name=re.compile("^Einlasscode dieses Tickets"))).to_be_visible()
    whole(phone)
    system.code_for(address, pattern=re.compile("Ihre Tickets: "))  # waits for the email
    paid = next(message for message in emails_to(system, address) if message["subject"].startswith("Ihre Tickets: "))
    assert "Vielen Dank für Ihre Bestellung." in paid["body"]
    assert re.search("Gesamt inkl. MwSt.*[0-9]+,[0-9]{2}\N{NO-BREAK SPACE}€", paid["body"], re.DOTALL)


def test_the_languages_of_a_deployment_are_offered_by_their_own_names(phone: Page) -> None:
    phone.goto("/")
    language = phone.get_by_role("combobox", name="Sprache")
    assert language.get_by_role("option").all_inner_texts() == ["Français", "English", "Deutsch"]
    language.select_option("Français")
    expect(phone.get_by_role("combobox", name="Langue")).to_have_value("fr")
    expect(phone.locator("html")).to_have_attribute("lang", "fr")
