"""A season in three instalments: chosen with its dates, charged by the worker, declined twice and paid by page."""

import re
from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, expect

from tests.web.gate import until
from tests.web.office import desk, grant_roles, in_database
from tests.web.seasons import seasons_with_a_holder
from tests.web.senses import Keys
from tests.web.steps import ACCEPTED, by_card
from tests.web.system import System
from tests.web.test_membership import OFFICE, fine
from tests.web.transfers import phone

CHARGE_DECLINED = "4000 0000 0000 0341"
WEBHOOK_TWICE = "4000 0000 0000 0200"
WIDE: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "has_touch": False, "is_mobile": False}
PART = """
async ([id, number, state, declined]) => {
  const found = await (await fetch(`/api/subscriptions/${id}`)).json();
  const part = found.instalments.parts[number - 1];
  return part.state === state && part.declined === declined;
}
"""

LOSES_CARD = """
with lost as (
    insert into payments.method (id, subject, state, label, return_url, begun_at)
    select gen_random_uuid(), id, 'saved', 'Visa •••• 0000', '', now() from packages.plan where id = $1 returning id
)
update packages.plan set method_id = lost.id from lost where plan.id = $1
"""
"""A card that the bank does not know any more."""


def run(system: System, query: str, *values: Any) -> None:
    in_database(system, lambda conn: conn.execute(query, *values))


def due(system: System, subscription_id: UUID, number: int) -> None:
    """Let the date of an instalment, or of its second charge, come."""
    run(
        system,
        "update packages.instalment set due_at = now(), next_at = now() where plan_id = $1 and number = $2",
        subscription_id,
        number,
    )


def test_a_season_in_three_instalments_declined_twice_and_paid_with_another_card(
    browser: Browser, system: System, address: str
) -> None:
    seasons = seasons_with_a_holder(system, f"holds-{address}")
    email = grant_roles(system, f"parts-{address}", OFFICE)
    with desk(browser, system, email) as office, phone(browser, system, f"parts-fan-{address}", **WIDE) as page:
        office.get_by_role("link", name="Season tickets", exact=True).click()
        office.get_by_role("button", name=f"Edit {seasons.following}").click()
        dialog = office.get_by_role("dialog")
        dialog.get_by_label("Instalments at most").fill("13")
        dialog.get_by_role("button", name="Check").click()
        expect(dialog.get_by_text("Check this value")).to_be_visible()
        dialog.get_by_label("Instalments at most").fill("3")
        dialog.get_by_label("Visible to fans").check()
        fine(office)
        dialog.get_by_role("button", name="Check").click()
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_have_count(0)

        page.goto(f"/packages/{seasons.ids[1]}")
        page.get_by_role("radio", name=re.compile("^Gold")).check()
        page.get_by_role("button", name="Find 2 seats").click()
        expect(page.get_by_role("heading", name="Your seats at 3 events")).to_be_visible()
        run(system, "update packages.package set is_open = false where id = $1", seasons.ids[1])
        keys = Keys(page)
        keys.write(page.get_by_label("Your name"), "Alex Martin")
        keys.press(page.get_by_role("button", name="Save"))
        expect(page.get_by_role("button", name="Pay €384.00")).to_be_focused()
        keys.tick(page.get_by_role("radio", name=re.compile("^In 3 instalments")))
        keys.press(page.get_by_role("button", name="Save card and pay €128.00"))
        expect(page.get_by_text("Please agree before you continue.")).to_be_visible()
        fine(page)
        consent = page.get_by_role("checkbox", name=re.compile("^I agree that my card"))
        expect(consent).to_be_focused()
        consent.check()
        subscription_id = UUID(page.url.rpartition("/")[2])
        page.get_by_role("button", name="Save card and pay €128.00").click()
        by_card(page, CHARGE_DECLINED)  # it is saved, but the bank refuses to charge it
        expect(page.get_by_role("heading", name="Payment declined")).to_be_visible()
        fine(page)
        page.get_by_role("radio", name=re.compile("^In 3 instalments")).check()
        consent.check()
        page.get_by_role("button", name="Save card and pay €128.00").click()
        by_card(page, ACCEPTED)
        expect(page.get_by_text("Your tickets for 1 event are in your account.")).to_be_visible()
        expect(page.get_by_text("Charged to your card …4242")).to_be_visible()
        fine(page)

        page.get_by_role("button", name="Use another card").click()
        by_card(page, WEBHOOK_TWICE)
        expect(page.get_by_text("Charged to your card …0200")).to_be_visible()
        fine(page)

        run(system, LOSES_CARD, subscription_id)
        due(system, subscription_id, 2)
        until(page, PART, [str(subscription_id), 2, "planned", 1])
        page.reload()
        expect(page.get_by_text("Your card was declined. We try again on")).to_be_visible()
        due(system, subscription_id, 2)
        until(page, PART, [str(subscription_id), 2, "to_pay", 2])
        page.reload()
        expect(page.get_by_text("We could not charge your card. Pay by")).to_be_visible()
        fine(page)
        office.reload()
        entry = office.get_by_role("listitem").filter(has_text=seasons.following)
        expect(entry).to_contain_text("1 instalment unpaid")
        office.get_by_role("button", name=f"Buyers of {seasons.following}").click()
        office.get_by_label("Buyers", exact=True).select_option(label="Instalments not paid")
        expect(office.get_by_text(re.compile("^Instalment 2/3: €128, card declined, to pay"))).to_be_visible()
        fine(office)
        page.get_by_role("button", name=re.compile("^Pay €128.00 now, instalment 2")).click()
        by_card(page, ACCEPTED)
        expect(page.get_by_text("Your tickets for 2 events are in your account.")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("instalment 2"))).to_have_count(0)
        fine(page)
