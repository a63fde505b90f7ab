"""Season tickets renewed and relocated on the screens: by the office in two steps, by a fan with a keyboard."""

import re
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.gate import until
from tests.web.office import desk, grant_roles
from tests.web.seasons import TwoSeasons, end_match, end_wishes, seasons_with_a_holder
from tests.web.senses import Keys
from tests.web.steps import ACCEPTED, by_card
from tests.web.system import System
from tests.web.test_membership import OFFICE, fine
from tests.web.transfers import phone

WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "has_touch": False, "is_mobile": False}
RENEWALS = "async () => (await fetch('/api/renewals')).json()"


def set_up(office: Page, names: TwoSeasons) -> None:
    """Add a campaign with a relocation, and start it after a look at what it would make."""
    office.get_by_role("link", name="Season tickets", exact=True).click()
    office.get_by_role("link", name="Renewals").click()
    office.get_by_role("button", name="Add a campaign").click()
    dialog = office.get_by_role("dialog")
    dialog.get_by_label("Holders of").select_option(label=names.earlier)
    dialog.get_by_label("May renew into").select_option(label=names.earlier)
    dialog.get_by_role("button", name="Save the draft").click()
    expect(dialog.get_by_text("Choose two season tickets")).to_be_visible()
    dialog.get_by_label("May renew into").select_option(label=names.following)
    dialog.get_by_label("Relocation: take wishes for other seats").check()
    fine(office)
    dialog.get_by_role("button", name="Save the draft").click()
    campaign = f"{names.earlier} → {names.following}"
    office.get_by_role("button", name=f"Start {campaign}").click()
    expect(dialog.get_by_text("Holders", exact=True)).to_be_visible()
    expect(dialog.get_by_text("€384.00")).to_be_visible()
    fine(office)
    dialog.get_by_role("button", name="Start the campaign").click()
    expect(dialog).to_have_count(0)


def shown(page: Page, names: TwoSeasons) -> Locator:
    """The link to a fan's renewal, once the worker has made it."""
    until(page, f"async () => ({RENEWALS})().then((found) => found.length > 0)")
    page.reload()
    return page.get_by_role("link", name=names.following)


def test_a_season_renewed_and_relocated(browser: Browser, system: System, address: str) -> None:
    fan, names = f"renews-{address}", seasons_with_a_holder(system, f"renews-{address}")
    campaign = f"{names.earlier} → {names.following}"
    email = grant_roles(system, f"seasons-{address}", OFFICE)
    with desk(browser, system, email) as office, phone(browser, system, fan, **WIDE) as page:
        set_up(office, names)
        page.goto("/packages")
        keys = Keys(page)
        card = shown(page, names)
        fine(page)
        keys.press(card)
        expect(page.get_by_text("Your own seats, at every event.")).to_be_visible()
        expect(page.get_by_text("€384.00")).to_be_visible()
        fine(page)
        page.get_by_role("combobox", name="Category").select_option(label="Blue, €30.00 per adult")
        page.get_by_role("combobox", name="Where").select_option(label="By an aisle")
        keys.press(page.get_by_role("button", name="Save my wishes"))
        expect(page.get_by_text("Your wishes are saved.")).to_be_visible()
        end_wishes(system)
        office.reload()
        office.get_by_role("button", name=f"Relocate {campaign}").click()
        dialog = office.get_by_role("dialog")
        expect(dialog.get_by_text("Get other seats")).to_be_visible()
        fine(office)
        dialog.get_by_role("button", name="Run the relocation").click()
        expect(dialog).to_have_count(0)
        until(page, f"async () => ({RENEWALS})().then(([one]) => one.moved)")
        page.reload()
        expect(page.get_by_text("Your new seats, at every event.")).to_be_visible()
        expect(page.get_by_text("You were number 1 in the order of the relocation.")).to_be_visible()
        expect(page.get_by_text("met", exact=True)).to_be_visible()
        expect(page.get_by_text("€144.00")).to_be_visible()
        fine(page)
        office.reload()
        office.get_by_role("button", name=f"Renewals of {campaign}").click()
        expect(office.get_by_text("number 1 of the relocation · wish 1: met")).to_be_visible()
        expect(office.get_by_role("link", name="Relocation as CSV")).to_be_visible()
        fine(office)
        keys = Keys(page)
        keys.press(page.get_by_role("link", name="Go to payment"))
        expect(page.get_by_text(re.compile(r"^Your seats are kept until \w{3} \d"))).to_be_visible()
        expect(page.get_by_role("link", name="Back to your renewal")).to_be_visible()
        expect(page.get_by_role("button", name="Release seats")).to_have_count(0)
        fine(page)
        keys.write(page.get_by_label("Your name"), "Alex Martin")
        keys.press(page.get_by_role("button", name="Save"))
        keys.press(page.get_by_role("button", name=re.compile("^Pay €")))
        by_card(page, ACCEPTED)
        expect(page.get_by_text("Your tickets for 3 events are in your account.")).to_be_visible()


def test_a_holder_who_now_uses_a_wheelchair_names_it_with_consent_and_the_page_says_what_the_seats_have(
    browser: Browser, system: System, address: str
) -> None:
    fan, names = f"chair-{address}", seasons_with_a_holder(system, f"chair-{address}")
    email = grant_roles(system, f"chair-office-{address}", OFFICE)
    with desk(browser, system, email) as office, phone(browser, system, fan) as page:
        set_up(office, names)
        page.goto("/packages")
        shown(page, names).click()
        keys = Keys(page)
        keys.press(page.get_by_role("button", name="One more: Wheelchair spaces"))
        keys.tick(page.get_by_role("checkbox", name="Hearing loop"))
        keys.press(page.get_by_role("button", name="Save my wishes"))
        expect(page.get_by_text("We need your consent to store these needs.")).to_be_visible()
        consent = page.get_by_role("checkbox", name="I agree that you store these needs")
        expect(consent).to_be_focused()
        fine(page)
        keys.tick(consent)
        keys.press(page.get_by_role("button", name="Save my wishes"))
        expect(page.get_by_text("Your wishes are saved.")).to_be_visible()
        end_wishes(system)
        page.reload()
        expect(page.get_by_text("Your needs: 1 wheelchair space, Hearing loop.")).to_be_visible()
        fine(page)
        office.reload()
        office.get_by_role("button", name=f"Relocate {names.earlier} → {names.following}").click()
        dialog = office.get_by_role("dialog")
        expect(dialog.get_by_text("parties that need accessible seats are seated before the others")).to_be_visible()
        expect(dialog.get_by_text("Hearing loop")).to_have_count(0)
        fine(office)
        dialog.get_by_role("button", name="Run the relocation").click()
        until(page, f"async () => ({RENEWALS})().then(([one]) => one.moved)")
        page.reload()
        expect(page.get_by_text("Any seats: met")).to_be_visible()
        expect(
            page.get_by_text("Your new seats have what you asked for: 1 wheelchair space, Hearing loop.")
        ).to_be_visible()
        expect(page.get_by_text("We delete your needs on")).to_be_visible()
        fine(page)


def test_a_holder_renews_one_of_two_seats_by_keyboard(browser: Browser, system: System, address: str) -> None:
    fan, names = f"fewer-{address}", seasons_with_a_holder(system, f"fewer-{address}")
    email = grant_roles(system, f"fewer-office-{address}", OFFICE)
    with desk(browser, system, email) as office:
        set_up(office, names)
    with phone(browser, system, fan) as page:
        page.goto("/packages")
        shown(page, names).click()
        keys, dialog = Keys(page), page.get_by_role("dialog")
        keys.press(page.get_by_role("button", name="Renew fewer seats"))
        expect(dialog.get_by_role("button", name="Give up the other seats")).to_be_disabled()
        fine(page)
        seats = dialog.get_by_role("checkbox")
        expect(seats).to_have_count(2)
        seats.last.press("Space")
        expect(dialog.get_by_text("1 seat goes on sale at once, and you cannot get it back.")).to_be_visible()
        keys.press(dialog.get_by_role("button", name="Give up the other seats"))
        expect(page.get_by_text("€192.00")).to_be_visible()
        expect(page.get_by_role("button", name="Renew fewer seats")).to_have_count(0)
        fine(page)


def test_a_declined_renewal_asks_first(browser: Browser, system: System, address: str) -> None:
    fan, names = f"declines-{address}", seasons_with_a_holder(system, f"declines-{address}")
    email = grant_roles(system, f"declined-{address}", OFFICE)
    with desk(browser, system, email) as office:
        set_up(office, names)
        office.get_by_role("listitem").filter(has_text=names.earlier).get_by_text("Open", exact=True).or_(
            office.get_by_text("Being made")
        ).first.wait_for()
    with phone(browser, system, fan) as page:
        page.goto("/packages")
        shown(page, names).click()
        page.get_by_role("button", name="Decline").click()
        fine(page)
        page.get_by_role("dialog").get_by_role("button", name="Decline").click()
        expect(page.get_by_text("You declined this renewal.")).to_be_visible()
        fine(page)


def test_a_holder_sees_that_a_seat_stayed_empty_and_what_follows(
    browser: Browser, system: System, address: str
) -> None:
    fan, names = f"absent-{address}", seasons_with_a_holder(system, f"absent-{address}")
    end_match(system, names.ids[0])
    email = grant_roles(system, f"attendance-{address}", OFFICE)
    with desk(browser, system, email) as office, phone(browser, system, fan) as page:
        office.get_by_role("link", name="Season tickets", exact=True).click()
        office.get_by_role("link", name="Renewals").click()
        office.get_by_label("Season ticket", exact=True).select_option(label=names.earlier)
        panel = office.get_by_role("region", name="Unused seats")
        expect(panel.get_by_text(fan)).to_be_visible()
        panel.get_by_label("Warn at").fill("2")
        panel.get_by_label("Decide at").fill("2")
        panel.get_by_role("button", name="Check").click()
        expect(panel.get_by_text("Higher than the warning")).to_be_visible()
        panel.get_by_label("Warn at").fill("1")
        panel.get_by_role("button", name="Check").click()
        expect(panel.get_by_text("1 holder is at or above the warning.")).to_be_visible()
        fine(office)
        panel.get_by_role("button", name="Save the rule").click()
        expect(office.get_by_text("Saved.")).to_be_visible()
        page.goto("/packages")
        page.get_by_role("link", name=names.earlier).click()
        seats = page.get_by_role("region", name="Unused seats")
        expect(seats.get_by_text("At 1 match, a seat of yours stayed empty:")).to_be_visible()
        expect(seats.get_by_text(f"{names.earlier}, match 1")).to_be_visible()
        expect(seats.get_by_text("From 2 matches on, the box office decides on your renewal.")).to_be_visible()
        fine(page)
