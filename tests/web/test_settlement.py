"""Finance reconciles a payout with a bank statement, resolves a difference, and follows a payment to the bank."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from tests.money.payments.conftest import Shop
from tests.money.settlement.statements import camt053
from tests.web.office import desk, grant_roles, in_database
from tests.web.system import System
from tests.web.test_access import SIZES, SMALL, found_by_axe
from virage.money.payments import acts as payments
from virage.money.payments.accounts import acts as account_acts
from virage.money.payments.accounts.rules import AccountReport
from virage.money.payments.handlers import Handlers
from virage.money.payments.payouts import BalanceEntry, EntryKind, Listing, PayoutState, ProviderPayout
from virage.money.payments.rules import (
    DisputeNotice,
    DisputeState,
    Outcome,
    PaymentIntent,
    RefundAnswer,
    RefundRequest,
    RefundState,
)
from virage.money.payments.rules import PaymentState as State
from virage.money.settlement.acts import reconciling
from virage.money.settlement.rules.items import payout_id_of
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.site.programme import api as programme
from virage.site.programme.types import Organiser

PAID_ORDER = """
    select orders.code, payment.id as payment_id from ticketing.orders
    join payments.payment on payment.subject = orders.id and payment.captured_cents is not null
    where orders.state = 'paid' order by orders.id limit 1
"""
LANGUAGES = ("en", "fr")


class Seeded(NamedTuple):
    """A payout with its reference and day, and one of its payments."""

    payout: UUID
    ref: str
    reference: str
    amount_cents: int
    arrives_on: date
    payment: UUID


def seed(system: System, cents: Sequence[int], *, adjustment: int = 0) -> Seeded:
    """A paid payout of these payments, of which the first is refunded by 10 euros."""

    async def write(conn: Connection) -> Seeded:
        now = datetime.now(UTC)
        starts = [PaymentIntent(new_id(), "ticketing", new_id(), one, "https://club.example", now) for one in cents]
        await payments.begin(conn, starts, now - timedelta(days=3))
        outcomes = [Outcome(start.payment_id, State.CAPTURED, start.amount_cents) for start in starts]
        await payments.settle(conn, outcomes, now - timedelta(days=3), Handlers({"ticketing": Shop()}))
        refund = RefundRequest(new_id(), starts[0].payment_id, 1000)
        await payments.request_refund(conn, [refund], now - timedelta(days=2))
        done = [RefundAnswer(refund.refund_id, RefundState.DONE)]
        await payments.record_refunds(conn, done, now - timedelta(days=2), Handlers({"ticketing": Shop()}))
        entries = [
            entry(EntryKind.CHARGE, one, now, payment_id=start.payment_id, fee=one // 50)
            for start, one in zip(starts, cents, strict=True)
        ]
        entries.append(entry(EntryKind.REFUND, -1000, now, refund_id=refund.refund_id))
        if adjustment:
            entries.append(entry(EntryKind.ADJUSTMENT, adjustment, now))
        amount, ref, reference = sum(one.net_cents for one in entries), f"po_{new_id().hex}", new_id().hex[-12:].upper()
        day = now.date()
        told = ProviderPayout(ref, amount, "EUR", now, day, PayoutState.PAID, Listing.READY, reference, "CLUB")
        await reconciling.store_payouts(conn, [told], now)
        id_ = payout_id_of(ref)
        await reconciling.store_entries(conn, id_, entries)
        await reconciling.finish_fetch(conn, id_, now)
        while await reconciling.match_page(conn, id_, "EUR", now):
            pass
        return Seeded(id_, ref, reference, amount, day, starts[0].payment_id)

    return in_database(system, write)


def entry(
    kind: EntryKind,
    cents: int,
    now: datetime,
    *,
    payment_id: UUID | None = None,
    refund_id: UUID | None = None,
    fee: int = 0,
) -> BalanceEntry:
    id_ = f"txn_{new_id().hex}"
    at = now - timedelta(days=1)
    return BalanceEntry(id_, kind, kind.value, cents, fee, cents - fee, "EUR", at, payment_id, refund_id)


@pytest.fixture
def finance(system: System, address: str) -> str:
    """A person of finance."""
    return grant_roles(system, f"finance-{address}", (Grant("finance"),))


def upload(page: Page, name: str, raw: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/xml", "buffer": raw})


def test_a_payout_is_reconciled_with_an_imported_statement_and_a_payment_is_followed(
    browser: Browser, system: System, finance: str
) -> None:
    seeded = seed(system, [5000, 3200, 14_900])
    with desk(browser, system, finance) as page:
        page.get_by_role("link", name="Payments", exact=True).click()
        row = page.locator(f'[data-payout="{seeded.ref}"]')
        expect(row).to_contain_text("Paid out")
        raw = camt053([(seeded.arrives_on, seeded.amount_cents, f"STRIPE {seeded.reference}")], account="FR76 1")
        upload(page, "may.xml", raw.replace(b"Cd>CLBD", b"Cd>XXXX"))
        expect(page.get_by_role("alert")).to_contain_text("The opening or the closing balance is missing.")
        expect(page.get_by_role("button", name="Import", exact=True)).to_have_count(0)
        upload(page, "may.xml", raw)
        expect(page.get_by_text("Account FR761: 1 line")).to_be_visible()
        page.get_by_role("button", name="Import", exact=True).click()
        expect(row).to_contain_text("Reconciled")
        expect(page.get_by_text("1 of 1 lines new").first).to_be_visible()
        row.get_by_role("link").click()
        sums = page.get_by_role("region", name="How the amount comes about")
        expect(sums).to_contain_text(re.compile(r"Unexplained\s*€0\.00"))
        expect(page.get_by_role("region", name="Bank account")).to_contain_text("matched by the reference")
        with page.expect_download() as loading:
            page.get_by_role("button", name="Download as CSV").click()
        assert loading.value.path().read_bytes().count(b"\r\n") == 5
        page.get_by_role("button", name="Refund", exact=True).click()
        expect(page.locator("[data-entry]")).to_have_count(1)
        page.locator("[data-entry]").get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("€50.00")
        expect(page.get_by_role("region", name="Payouts and bank")).to_contain_text("arrived on the bank account")
        expect(page.get_by_role("region", name="What happened")).to_contain_text("Refund of €10.00 paid")
        expect(page.get_by_role("link", name="Open the order")).to_be_visible()


def test_a_difference_is_taken_over_annotated_and_resolved(browser: Browser, system: System, finance: str) -> None:
    seeded = seed(system, [6100], adjustment=-725)
    with desk(browser, system, finance) as page:
        page.goto("/office/payments")
        item = page.locator("[data-item=needs_explanation]").filter(has_text="€7.25")
        expect(item).to_contain_text("Not assigned")
        item.get_by_role("button", name="Take over").click()
        expect(item).to_contain_text("Staff member")
        item.get_by_role("button", name="Add a note").click()
        page.get_by_label("Note", exact=True).fill("Asked the provider.")
        page.get_by_role("button", name="Save note").click()
        expect(item).to_contain_text("Asked the provider.")
        item.get_by_role("button", name="Resolve").click()
        dialog = page.get_by_role("dialog", name="Resolve the difference")
        dialog.get_by_role("button", name="Resolve").click()
        expect(dialog.get_by_role("alert")).to_have_text("Write an explanation.")
        expect(dialog.get_by_label("Explanation")).to_be_focused()
        dialog.get_by_label("Explanation").fill("A correction of April.")
        dialog.get_by_role("button", name="Resolve").click()
        expect(item).to_have_count(0)
        page.get_by_role("button", name="Resolved").click()
        expect(page.locator("[data-item=needs_explanation]").filter(has_text="€7.25")).to_contain_text(
            "Explained by Staff member"
        )
        page.goto(f"/office/payments/payouts/{seeded.payout}")
        expect(page.locator("[data-item]")).to_contain_text("A correction of April.")


def test_a_csv_statement_is_read_by_chosen_columns_that_are_remembered(
    browser: Browser, system: System, finance: str
) -> None:
    seeded = seed(system, [7700])
    day, cents = seeded.arrives_on, seeded.amount_cents
    raw = f"Jour;Libelle;Montant\n{day:%d/%m/%Y};STRIPE {seeded.reference};{cents // 100},{cents % 100:02}\n".encode()
    with desk(browser, system, finance) as page:
        page.goto("/office/payments")
        upload(page, "mai.csv", raw)
        page.get_by_label("Bank account (IBAN or number)").fill("BE68 5390 0754 7034")
        page.get_by_label("Amount (with sign)").select_option("Montant")
        page.get_by_label("Description").select_option("Libelle")
        page.get_by_role("button", name="Check", exact=True).click()
        expect(page.get_by_text("Account BE68539007547034: 1 line")).to_be_visible()
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.locator(f'[data-payout="{seeded.ref}"]')).to_contain_text("Reconciled")
        upload(page, "mai.csv", raw)
        page.get_by_label("Bank account (IBAN or number)").fill("BE68539007547034")
        page.get_by_label("Bank account (IBAN or number)").blur()
        expect(page.get_by_label("Amount (with sign)")).to_have_value("2")


def test_a_payment_is_found_by_its_amount_and_its_order_code(browser: Browser, system: System, finance: str) -> None:
    seeded = seed(system, [123_457])
    order = in_database(system, lambda conn: conn.fetchrow(PAID_ORDER))
    assert order is not None
    with desk(browser, system, finance) as page:
        page.goto("/office/payments")
        field = page.get_by_label("Order code, payment ID, provider ID or amount")
        field.fill("1234,57")
        field.press("Enter")
        expect(page.locator(f'[data-payment="{seeded.payment}"]')).to_contain_text("€1,234.57")
        field.fill(order["code"])
        field.press("Enter")
        page.locator(f'[data-payment="{order["payment_id"]}"]').get_by_role("link").click()
        page.get_by_role("link", name="Open the order").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(order["code"])
        page.go_back()
        page.go_back()
        field.fill("no such thing")
        field.press("Enter")
        expect(page.get_by_text("Nothing found.")).to_be_visible()


def fail_refund(system: System, payment_id: UUID, cents: int) -> None:
    """A refund of a payment that the bank returns."""

    async def write(conn: Connection) -> None:
        now = datetime.now(UTC)
        refund = RefundRequest(new_id(), payment_id, cents)
        assert await payments.request_refund(conn, [refund], now) == [refund]
        said = RefundAnswer(refund.refund_id, RefundState.FAILED, "lost_or_stolen_card")
        await payments.record_refunds(conn, [said], now, Handlers({"ticketing": Shop()}))

    in_database(system, write)


def test_a_failed_refund_is_paid_another_way(browser: Browser, system: System, finance: str) -> None:
    seeded = seed(system, [9_900])
    fail_refund(system, seeded.payment, 1_234)
    with desk(browser, system, finance) as page:
        page.goto("/office/payments")
        row = page.get_by_role("region", name="Failed refunds").get_by_role("listitem").filter(has_text="€12.34")
        expect(row).to_contain_text("lost or stolen card")
        row.get_by_role("button", name="Take over").click()
        expect(row).to_contain_text("Staff member")
        page.get_by_role("region", name="Failed refunds").get_by_role("button", name="Mine").click()
        expect(page.get_by_role("region", name="Failed refunds").get_by_role("listitem")).to_have_count(1)
        row.get_by_role("button", name="Paid another way").click()
        dialog = page.get_by_role("dialog", name="Paid another way")
        dialog.get_by_role("button", name="Record the payment").click()
        expect(dialog.get_by_text("Enter the reference.")).to_be_visible()
        dialog.get_by_label("Reference of the transfer or receipt").fill("SEPA 4711")
        assert found_by_axe(page) == []
        dialog.get_by_role("button", name="Record the payment").click()
        expect(page.get_by_text("The payment is recorded.")).to_be_visible()
        expect(row).to_have_count(0)
        page.goto(f"/office/payments/{seeded.payment}")
        expect(page.get_by_role("region", name="Refunds")).to_contain_text("paid by bank transfer")
        expect(page.get_by_role("region", name="Refunds")).to_contain_text("SEPA 4711")


def test_a_dispute_is_listed_and_the_box_office_decides_on_the_tickets(
    browser: Browser, system: System, address: str
) -> None:
    order = in_database(system, lambda conn: conn.fetchrow(PAID_ORDER))
    assert order is not None
    now = datetime.now(UTC)
    notice = DisputeNotice(
        order["payment_id"], f"dp_{new_id().hex}", 4_321, "fraudulent", DisputeState.NEEDS_RESPONSE, False, now, now
    )

    async def write(conn: Connection) -> None:
        await payments.record_disputes(conn, [notice], now, Handlers({"ticketing": Shop()}))

    in_database(system, write)
    both = grant_roles(system, f"both-{address}", (Grant("finance"), Grant("box_office")))
    with desk(browser, system, both) as page:
        page.goto("/office/payments")
        row = page.get_by_role("region", name="Disputes").get_by_role("listitem").filter(has_text="€43.21")
        expect(row).to_contain_text("The bank waits for evidence")
        row.get_by_role("link").click()
        expect(page.get_by_role("region", name="What happened")).to_contain_text("Buyer disputes €43.21")
        page.get_by_role("link", name="Open the order").click()
        panel = page.get_by_role("region", name="Disputed payment")
        expect(panel).to_contain_text("fraudulent")
        panel.get_by_role("button", name="Put tickets on hold").click()
        assert found_by_axe(page) == []
        page.get_by_role("dialog").get_by_role("button", name="Put tickets on hold").click()
        expect(page.get_by_text("on hold").first).to_be_visible()
        panel.get_by_role("button", name="Make tickets valid again").click()
        page.get_by_role("dialog").get_by_role("button", name="Make tickets valid again").click()
        expect(page.get_by_text("on hold", exact=True)).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_payments_have_no_barriers(
    browser: Browser, system: System, finance: str, language: str, theme: str
) -> None:
    seeded = seed(system, [8800], adjustment=-100)
    fail_refund(system, seeded.payment, 500)
    for size in SIZES.values():
        with desk(browser, system, finance, viewport=size, color_scheme=theme) as page:
            page.add_init_script(f"localStorage.setItem('virage.locale', '\"{language}\"')")
            for path in ("", f"/payouts/{seeded.payout}", f"/{seeded.payment}"):
                page.goto(f"/office/payments{path}")
                expect(page.locator("section.panel").first).to_be_visible()
                assert found_by_axe(page) + page.evaluate(SMALL) == [], path
                wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide == 0, path


def test_a_payout_of_an_organiser_shows_its_other_business_and_lists_no_difference(
    browser: Browser, system: System, finance: str
) -> None:
    organiser, account, now = Organiser(new_id(), "Grand Large"), f"acct_{new_id().hex}", datetime.now(UTC)
    ref = f"po_{new_id().hex}"

    async def write(conn: Connection) -> None:
        await programme.add_organiser(conn, organiser, None, now)
        begun = await account_acts.begin_account(conn, organiser.id, new_id(), now)
        await account_acts.name_account(conn, begun, AccountReport(account, may_charge=True, may_pay_out=True), now)
        kinds = ((EntryKind.CHARGE, 8000), (EntryKind.REFUND, -1500), (EntryKind.FEE, -200))
        entries = [replace(entry(kind, cents, now), account=account) for kind, cents in kinds]
        amount, day = sum(one.net_cents for one in entries), now.date()
        told = ProviderPayout(ref, amount, "EUR", now, day, PayoutState.PAID, Listing.READY, account=account)
        await reconciling.store_payouts(conn, [told], now)
        await reconciling.store_entries(conn, payout_id_of(ref), entries)
        await reconciling.finish_fetch(conn, payout_id_of(ref), now)
        assert not await reconciling.match_page(conn, payout_id_of(ref), "EUR", now)

    in_database(system, write)
    for language, business in (
        ("en", r"Other business of Grand Large, after fees\s*€65\.00"),
        ("fr", r"Autres activités de Grand Large, frais déduits\s*65,00"),
    ):
        for size in SIZES.values():
            with desk(browser, system, finance, viewport=size) as page:
                page.add_init_script(f"localStorage.setItem('virage.locale', '\"{language}\"')")
                page.goto(f"/office/payments/payouts/{payout_id_of(ref)}")
                expect(page.locator("section.panel").first).to_contain_text(re.compile(business))
                expect(page.locator("[data-entry]")).to_have_count(3)
                assert found_by_axe(page) + page.evaluate(SMALL) == []
                assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
                page.get_by_role(
                    "button", name={"en": "Without a match", "fr": "Sans correspondance"}[language]
                ).click()
                expect(page.locator("[data-entry]")).to_have_count(0)
