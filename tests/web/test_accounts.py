"""An organiser's own account: opened at the provider, sold with, refunded from, and what its page says."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from tests.money.payments import stripe_standin
from tests.money.payments.conftest import Shop
from tests.money.payments.stripe_standin import StripeStandin
from tests.money.payments.test_conformance import of_stripe
from tests.web.conftest import running, sign_in_with_form
from tests.web.office import ENGLISH, desk, grant_roles, in_database
from tests.web.steps import find_seats
from tests.web.system import System
from tests.web.test_access import SIZES, SMALL, found_by_axe
from tests.web.test_moving import put_on_sale
from tests.web.test_stripe import Club, club, pay_by
from virage.money.payments.accounts import acts as account_acts
from virage.money.payments.accounts import store as account_store
from virage.money.payments.accounts.rules import DISCONNECTED, Account, AccountReport, FeeRule
from virage.money.payments.handlers import Handlers
from virage.money.payments.jobs import PaymentJobs
from virage.platform.data.database import Connection, Database
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.site.programme import api as programme
from virage.site.programme.types import Organiser

__all__ = ["club"]  # a fixture

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def system(cluster: EmbeddedPostgres) -> Iterator[System]:
    """A deployment in three languages."""
    with running(cluster, VIRAGE_LANGUAGES="fr,en,de") as started:
        yield started


def organiser(system: System, name: str) -> UUID:
    """A new organiser."""
    made = Organiser(new_id(), name)
    in_database(system, lambda conn: programme.add_organiser(conn, made, None, NOW))
    return made.id


def send_refunds(system: System, club: Club) -> None:
    """Send the refunds that are due to the stand-in; the worker of the tests sends them to the sandbox."""

    async def send() -> None:
        in_an_hour = Clock(timedelta(hours=1))  # what was postponed is due
        provider = of_stripe(StripeStandin(), api_url=club.standin)
        db = await Database.open(system.database_url, connections_max=2)
        try:
            await PaymentJobs(db, in_an_hour, provider, Handlers({"ticketing": Shop()})).send_refunds(db)
        finally:
            await db.close()
            await provider.close()

    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, send()).result()


@contextmanager
def fan_of(browser: Browser, club: Club) -> Iterator[Page]:
    context = browser.new_context(base_url=club.url, locale="en-GB")
    context.add_init_script(ENGLISH)
    yield context.new_page()
    context.close()


@pytest.fixture
def mark() -> str:
    """A part of the names of this test's organisers."""
    return new_id().hex[-8:]


def test_finance_opens_an_account_sets_the_fee_and_a_ticket_is_sold_and_refunded_on_it(
    browser: Browser, system: System, club: Club, mark: str, address: str
) -> None:
    name = f"Promoter {mark}"
    organiser_id = organiser(system, name)
    event = put_on_sale(system, "stadium", f"Concert {mark}", "104", organiser_id=organiser_id)
    finance = grant_roles(system, f"finance-{address}", (Grant("finance"), Grant("box_office")))
    with desk(browser, system, finance, club.url) as office, fan_of(browser, club) as page:
        office.goto("/office/payments")
        office.get_by_role("link", name="Accounts of organisers").click()
        panel = office.locator(f'[data-organiser="{organiser_id}"]')
        expect(panel).to_contain_text("you sell the tickets of this organiser")
        panel.get_by_role("button", name="Open an account").click()
        dialog = office.get_by_role("dialog")
        expect(dialog).to_contain_text("they cannot be bought")
        assert found_by_axe(office) + office.evaluate(SMALL) == []
        dialog.get_by_role("button", name="Open and continue to the form").click()
        expect(office.get_by_role("heading", name="Your business")).to_be_visible()

        page.goto(f"/events/{event}")
        find_seats(page, 2)
        sign_in_with_form(page, system, address)
        page.get_by_role("button", name="Pay €").click()
        expect(page.get_by_text("the organiser’s payment account isn’t ready")).to_be_visible()

        office.get_by_role("button", name="Submit").click()
        expect(panel).to_contain_text("Ready")
        panel.get_by_role("button", name="Change the fee").click()
        for wrong in ("five", "50.1"):
            dialog.get_by_label("Percentage of the payment").fill(wrong)
            dialog.get_by_role("button", name="Save").click()
            expect(dialog).to_contain_text("Enter a percentage from 0 to 50.")
        dialog.get_by_label("Percentage of the payment").fill("50")
        dialog.get_by_role("button", name="Save").click()
        expect(panel).to_contain_text("50%")
        panel.get_by_role("button", name="Change the fee").click()
        dialog.get_by_label("Percentage of the payment").fill("5")
        dialog.get_by_label("Fixed amount per payment").fill("1.50")
        dialog.get_by_role("button", name="Save").click()
        expect(panel).to_contain_text("5% + €1.50, returned with refunds")

        page.get_by_role("button", name="Pay €").click()
        expect(page.get_by_text(name)).to_be_visible()
        pay_by(page, stripe_standin.ACCEPTED)
        expect(page.get_by_text("2 tickets are yours.")).to_be_visible()
        order = page.evaluate("fetch('/api/me/orders').then(answer => answer.json())")[0]
        query = "select id, fee_cents from payments.payment where subject = $1"
        payment = in_database(system, lambda conn: conn.fetchrow(query, UUID(order["id"])))
        assert payment is not None
        assert payment["fee_cents"] == order["total_cents"] * 5 // 100 + 150

        office.goto(f"/office/payments/{payment['id']}")
        money = office.get_by_role("region", name="Money")
        expect(money).to_contain_text(name)
        expect(money).to_contain_text(f"€{payment['fee_cents'] / 100:.2f}")
        assert found_by_axe(office) + office.evaluate(SMALL) == []
        office.get_by_role("link", name="Open the order").click()
        office.get_by_role("button", name="Refund the whole order").click()
        dialog.get_by_label("Reason").select_option(label="Bought twice")
        dialog.get_by_role("button", name="Refund €").click()
        expect(office.get_by_text("Reason: Bought twice.")).to_be_visible()
        send_refunds(system, club)
        office.goto(f"/office/payments/{payment['id']}")
        expect(office.get_by_text("Refunded", exact=True).first).to_be_visible()
        expect(office.get_by_role("region", name="Refunds")).to_contain_text("at the bank")


@pytest.fixture
def accounts(system: System, mark: str) -> list[UUID]:
    """Organisers with accounts in every state; the first one cannot be paid, the second one owes money."""
    states = {
        "Incomplete": AccountReport("", may_charge=False, may_pay_out=False, requirements=("external_account",)),
        "Negative": AccountReport("", may_charge=True, may_pay_out=True, available_cents=-45_000, pending_cents=2_000),
        "On hold": AccountReport(
            "", may_charge=True, may_pay_out=False, requirements=("a", "b"), due_at=NOW + timedelta(days=9)
        ),
        "Gone": AccountReport("", may_charge=False, may_pay_out=False, disabled_reason=DISCONNECTED),
        "Ready": AccountReport("", may_charge=True, may_pay_out=True, available_cents=120_000, pending_cents=38_050),
    }
    made = []
    for name, state in states.items():
        organiser_id = organiser(system, f"{name} {mark}")
        made.append(organiser_id)

        async def put(conn: Connection, id_: UUID = organiser_id, report: AccountReport = state) -> None:
            known = AccountReport(
                f"acct_{id_.hex}",
                report.may_charge,
                report.may_pay_out,
                report.requirements,
                report.due_at,
                report.disabled_reason,
                report.available_cents,
                report.pending_cents,
            )
            who = new_id()
            account = await account_acts.begin_account(conn, id_, who, NOW)
            await account_acts.name_account(conn, account, known, NOW - timedelta(days=3))
            await account_acts.set_fee(conn, id_, FeeRule(35, 30, is_returned=False), who, NOW)

        in_database(system, put)
    for organiser_id in (made[0], made[-1]):  # two of them had other accounts before
        in_database(system, partial(replace_twice, organiser_id=organiser_id))
    return made


async def replace_twice(conn: Connection, organiser_id: UUID) -> None:
    """Replace the account of an organiser by one in its state; one before it owes money, one is disconnected."""
    (current,) = await account_store.lock_accounts(conn, [organiser_id])
    owing = AccountReport("", may_charge=True, may_pay_out=True, available_cents=-12_000, pending_cents=0)
    gone = AccountReport("", may_charge=False, may_pay_out=False, disabled_reason=DISCONNECTED)
    same = AccountReport("", current.may_charge, current.may_pay_out, current.requirements)
    ref = str(current.ref)
    for days, state in ((40, owing), (20, replace(gone, available_cents=0, pending_cents=9_950)), (0, same)):
        then = NOW - timedelta(days=days)
        begun = await account_acts.replace_account(conn, organiser_id, ref, new_id(), then)
        assert isinstance(begun, Account)
        ref = f"acct_{new_id().hex}"
        await account_acts.name_account(conn, begun, replace(state, ref=ref), then)


def test_finance_replaces_an_account_and_the_old_one_stays_listed(
    browser: Browser, system: System, club: Club, mark: str, address: str
) -> None:
    organiser_id, ref = organiser(system, f"Moved {mark}"), f"acct_{mark}"

    async def disconnect(conn: Connection) -> None:
        begun = await account_acts.begin_account(conn, organiser_id, new_id(), NOW)
        gone = AccountReport(ref, may_charge=False, may_pay_out=False, disabled_reason=DISCONNECTED)
        known = replace(gone, available_cents=4_000, pending_cents=2_500)
        await account_acts.name_account(conn, begun, known, NOW)

    in_database(system, disconnect)
    finance = grant_roles(system, f"finance-{address}", (Grant("finance"),))
    with desk(browser, system, finance, club.url) as office:
        office.goto("/office/payments/accounts")
        panel = office.locator(f'[data-organiser="{organiser_id}"]')
        expect(panel).to_contain_text("or replace the account")
        panel.get_by_role("button", name="Replace the account").click()
        dialog = office.get_by_role("dialog")
        expect(dialog).to_contain_text("Refunds of earlier sales fail")
        assert found_by_axe(office) + office.evaluate(SMALL) == []
        dialog.get_by_role("button", name="Replace and continue to the form").click()
        expect(office.get_by_role("heading", name="Your business")).to_be_visible()
        office.get_by_role("button", name="Submit").click()
        expect(panel).to_contain_text("Ready")
        former = panel.locator("[data-former]")
        expect(former).to_contain_text(ref)
        expect(former).to_contain_text("Disconnected")
        expect(former).to_contain_text("€65.00")
        assert found_by_axe(office) + office.evaluate(SMALL) == []


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_of_accounts_is_readable_in_every_language_size_and_theme(  # noqa: PLR0917 - fixtures
    browser: Browser, system: System, accounts: list[UUID], address: str, language: str, theme: str
) -> None:
    finance = grant_roles(system, f"finance-{address}", (Grant("finance"),))
    for size in SIZES.values():
        with desk(browser, system, finance, viewport=size, color_scheme=theme) as office:
            office.add_init_script(f"localStorage.setItem('virage.locale', '\"{language}\"')")
            for path, seen in (("/accounts", f'[data-organiser="{accounts[0]}"]'), ("", "#negative-balances")):
                office.goto(f"/office/payments{path}")
                expect(office.locator(seen)).to_be_visible()
                expect(office.locator("html")).to_have_attribute("lang", language)
                assert found_by_axe(office) + office.evaluate(SMALL) == [], path
                wide = office.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide == 0, path


def test_an_event_whose_seller_is_not_ready_says_so_in_the_office_and_negative_balances_are_listed(
    browser: Browser, system: System, accounts: list[UUID], mark: str, address: str
) -> None:
    event = put_on_sale(system, "stadium", f"Not ready {mark}", "104", organiser_id=accounts[0])
    finance = grant_roles(system, f"finance-{address}", (Grant("finance"), Grant("box_office"), Grant("programme")))
    with desk(browser, system, finance) as office:
        office.goto(f"/office/events/{event}")
        expect(office.get_by_text("cannot take payments, so its tickets cannot be bought")).to_be_visible()
        office.goto("/office/payments")
        listed = office.get_by_role("region", name="Negative balances")
        row = listed.get_by_role("listitem").filter(has_text=f"Negative {mark}")
        expect(row).to_contain_text("-€430.00")
        expect(row).to_contain_text("for 3 days")
        row.get_by_role("link").click()
        panel = office.locator(f'[data-organiser="{accounts[1]}"]')
        expect(panel).to_contain_text("Ask the organiser to top it up.")
