"""Season tickets and packs: a pack of six by keyboard alone, with a wheelchair, after a declined card; the office."""

import re
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.web.office import desk, grant_roles
from tests.web.senses import Keys
from tests.web.steps import ACCEPTED, DECLINED, by_card
from tests.web.system import System
from tests.web.test_membership import OFFICE, fine
from tests.web.transfers import phone

PACK = "Tournament pack, six matches"
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "has_touch": False, "is_mobile": False}


def open_pack(page: Page, name: str = PACK) -> None:
    page.goto("/packages")
    page.get_by_role("link", name=name).last.click()
    expect(page.get_by_text("per adult").first).to_be_visible()


def give_name(page: Page) -> None:
    page.get_by_label("Your name").fill("Alex Martin")
    page.get_by_role("button", name="Save").click()


def seats_of(page: Page) -> list[str]:
    """The seats of each event, as shown."""
    return [" ".join(text.split()) for text in page.locator(".seats").all_inner_texts()]


def test_a_pack_of_six_is_bought_by_keyboard_alone(browser: Browser, system: System, address: str) -> None:
    with phone(browser, system, f"pack-{address}", **WIDE) as page:
        page.goto("/")
        keys = Keys(page)
        keys.press(page.get_by_role("link", name="Season tickets and packs"))
        expect(page.get_by_role("link", name=PACK)).to_be_visible()
        fine(page)
        keys.press(page.get_by_role("link", name=PACK))
        expect(page.get_by_text("per adult").first).to_be_visible()
        fine(page)
        keys.tick(page.get_by_role("radio", name=re.compile("^Upper end")))
        keys.press(page.get_by_role("button", name="Find 2 seats"))
        expect(page.get_by_role("heading", name="Your seats at 6 events")).to_be_visible()
        seats = seats_of(page)
        assert len(seats) == 6
        assert [seats[0], seats[2], seats[4]] == [seats[1], seats[3], seats[5]], "the same seats at each venue"
        expect(page.get_by_text("You save")).to_be_visible()
        fine(page)
        keys.write(page.get_by_label("Your name"), "Alex Martin")
        keys.press(page.get_by_role("button", name="Save"))
        keys.press(page.get_by_role("button", name=re.compile("^Pay €")))
        by_card(page, ACCEPTED)
        expect(page.get_by_text("Your tickets for 6 events are in your account.")).to_be_visible()
        assert seats_of(page) == seats
        fine(page)
        page.goto("/packages")
        expect(page.get_by_role("heading", name="Yours")).to_be_visible()
        expect(page.get_by_text("Next: Aigles v Lions")).to_be_visible()
        page.goto("/tickets")
        expect(page.get_by_role("heading", name="Aigles v Lions")).to_be_visible()


def test_a_declined_card_keeps_the_seats_and_another_one_pays(browser: Browser, system: System, address: str) -> None:
    with phone(browser, system, f"again-{address}") as page:
        open_pack(page)
        page.get_by_role("radio", name=re.compile("^Lower end")).check()
        page.get_by_role("button", name="Find 2 seats").click()
        give_name(page)
        seats = seats_of(page)
        page.get_by_role("button", name=re.compile("^Pay €")).click()
        by_card(page, DECLINED)
        expect(page.get_by_role("heading", name="Payment declined")).to_be_visible()
        fine(page)
        assert seats_of(page) == seats
        page.get_by_role("button", name=re.compile("^Pay €")).click()
        expect(page.get_by_role("heading", name="Your seats at 6 events")).to_have_count(0)
        page.go_back()  # the fan changes their mind on the page of the provider, and then continues
        page.get_by_role("button", name=re.compile("^(Pay €|Continue to payment)")).click()
        by_card(page, ACCEPTED)
        expect(page.get_by_text("Your tickets for 6 events are in your account.")).to_be_visible()


def test_a_wheelchair_user_and_a_companion_have_their_places_at_every_match(
    browser: Browser, system: System, address: str
) -> None:
    with phone(browser, system, f"wheels-{address}") as page:
        open_pack(page)
        page.get_by_label("Wheelchair space").check()
        expect(page.get_by_role("group", name="Accessible").get_by_role("status")).to_have_text("1")
        page.get_by_role("button", name="Find 3 seats").click()
        expect(page.get_by_role("heading", name="Your seats at 6 events")).to_be_visible()
        assert all("PMR" in seats for seats in seats_of(page))


def test_released_seats_are_free_again_and_the_choice_is_of_some_matches(
    browser: Browser, system: System, address: str
) -> None:
    with phone(browser, system, f"choice-{address}") as page:
        page.goto("/packages")
        page.get_by_role("link", name="Tournament, matches of your choice").click()
        button = page.get_by_role("button", name="Find 2 seats")
        expect(button).to_be_disabled()
        expect(page.get_by_text("Choose your events first")).to_be_visible()
        matches = page.get_by_role("listitem").get_by_role("checkbox")
        for number in (0, 3):
            matches.nth(number).check()
        expect(page.get_by_text("2 events chosen")).to_be_visible()
        fine(page)
        button.click()
        expect(page.get_by_role("heading", name="Your seats at 2 events")).to_be_visible()
        address_of_it = page.url
        page.get_by_role("button", name="Release seats").click()
        page.get_by_role("dialog").get_by_role("button", name="Release seats").click()
        expect(page.get_by_text("Choose your events first")).to_be_visible()
        page.goto(address_of_it)
        expect(page.get_by_role("heading", name="Your seats were released")).to_be_visible()
        page.goto("/subscriptions/0191e4a0-0000-7000-8000-000000000000")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("^Pay"))).to_have_count(0)


def test_the_office_sets_up_a_pack_after_a_look_at_its_prices(browser: Browser, system: System, address: str) -> None:
    email = grant_roles(system, f"packs-{address}", OFFICE)
    name = f"Trio {address.partition('@')[0][-6:]}"
    with desk(browser, system, email) as page:
        page.get_by_role("link", name="Season tickets", exact=True).click()
        page.get_by_role("button", name="Add an offer").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Check").click()
        expect(dialog.get_by_text("Enter a name").first).to_be_visible()
        expect(dialog.get_by_text("Choose at least one event")).to_be_visible()
        fine(page)
        for field in dialog.get_by_label(re.compile("^Name")).all():
            field.fill(name)
        for match in ("Aigles v Lions", "Loups v Cerfs", "Aigles v Loups"):
            dialog.get_by_role("checkbox", name=re.compile(match)).check()
        dialog.get_by_label("Discount in %", exact=True).fill("10")
        dialog.get_by_label("Visible to fans").uncheck()  # the other tests see the packages of the demo alone
        dialog.get_by_role("button", name="Check").click()
        expect(dialog.get_by_role("row", name=re.compile("^Upper end"))).to_contain_text("€")
        expect(dialog.get_by_text("Enter a name")).to_be_hidden()
        fine(page)
        dialog.get_by_role("button", name="Save").click()
        entry = page.get_by_role("listitem").filter(has_text=name)
        expect(entry).to_contain_text("Not visible")
        entry.get_by_role("button", name=f"Edit {name}").click()
        dialog.get_by_label("Discount in %", exact=True).fill("15")
        dialog.get_by_role("button", name="Check").click()
        dialog.get_by_role("button", name="Save").click()
        expect(entry).to_contain_text("15% off")
        page.get_by_role("button", name=f"Buyers of {name}").click()
        expect(page.get_by_text("No buyers yet.")).to_be_visible()
        fine(page)
