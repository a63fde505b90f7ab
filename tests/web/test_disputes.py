"""A dispute that the bank reports: finance takes it over, reads its evidence, and sends it."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from tests.money.payments.conftest import Shop
from tests.money.wallet.ledger.books import TILL
from tests.web.office import desk, grant_roles, in_database
from tests.web.patience import PATIENCE_S
from tests.web.steps import find_two_seats, open_match, pay
from tests.web.system import System
from tests.web.test_access import SIZES, SMALL, found_by_axe
from tests.web.test_settlement import seed
from virage.identity.people import acts as people
from virage.money.payments import acts as payments
from virage.money.payments import reads as payment_reads
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import DisputeNotice, DisputeState
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.funding import api as funding
from virage.money.wallet.funding.rules.top_ups import Proceeds
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import Transfer, wallet_account
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant

DISPUTED = "4000 0000 0000 0259"
DISPUTES = """
    select dispute.id, dispute.payment_id, orders.code from payments.dispute
    join payments.payment on payment.id = dispute.payment_id
    join ticketing.orders on orders.id = payment.subject
    join people.person on person.id = orders.owner_id
    where person.email = $1
"""
LANGUAGES = ("en", "fr")


def disputed(page: Page, system: System, sign_in: Callable[[Page, str], None], address: str) -> Any:
    """A fan buys two seats with a card whose payments are disputed; the dispute, once its webhook has come."""
    open_match(page, system)
    find_two_seats(page)
    sign_in(page, address)
    pay(page, DISPUTED)
    page.get_by_role("link", name="Open my tickets").wait_for()
    until, found = time.monotonic() + PATIENCE_S, None
    while found is None and time.monotonic() < until:
        found = in_database(system, lambda conn: conn.fetchrow(DISPUTES, address))
    assert found is not None
    return found


def refresh_until(page: Page, seen: Locator) -> None:
    """Load the page again until something is shown."""
    until = time.monotonic() + PATIENCE_S
    while seen.count() == 0 and time.monotonic() < until:
        page.reload()
        page.get_by_role("region", name="Dispute", exact=True).wait_for()
    expect(seen).to_be_visible()


def test_a_dispute_is_taken_over_and_its_evidence_is_read_and_sent(
    browser: Browser, page: Page, system: System, sign_in: Callable[[Page, str], None], address: str
) -> None:
    dispute = disputed(page, system, sign_in, address)
    number = f"{dispute['code'][:4]}-{dispute['code'][4:]}"
    finance = grant_roles(system, f"finance-{address}", (Grant("finance"),))
    with desk(browser, system, finance) as office:
        office.goto("/office/payments")
        panel = office.get_by_role("region", name="Disputes", exact=True)
        link = office.locator(f'a[href="/office/payments/{dispute["payment_id"]}"]')
        row = panel.get_by_role("listitem").filter(has=link)
        expect(row).to_contain_text("Not assigned")
        panel.get_by_role("button", name="Mine", exact=True).click()
        expect(panel).to_contain_text("None of these is yours.")
        panel.get_by_role("button", name="All", exact=True).click()
        row.get_by_role("button", name=re.compile("^Take over")).click()
        expect(row).to_contain_text("Staff member")
        panel.get_by_role("button", name="Mine", exact=True).click()
        expect(panel.get_by_role("listitem")).to_have_count(1)
        row.get_by_role("link").click()
        case = office.get_by_role("region", name="Dispute", exact=True)
        expect(case).to_contain_text("The bank waits for evidence")
        with office.expect_download() as loading:
            case.get_by_role("button", name="Download evidence").click()
        text = "".join(one.extract_text() for one in PdfReader(BytesIO(loading.value.path().read_bytes())).pages)
        assert number in text
        assert address in text.replace("\u200b", "").replace("\n", "")
        case.get_by_role("button", name="Send evidence").press("Enter")
        asked = office.get_by_role("dialog", name="Send the evidence to the bank?")
        expect(asked).to_contain_text("only once")
        assert found_by_axe(office) == []
        asked.get_by_role("button", name="Send evidence").press("Enter")
        expect(office.get_by_text("The evidence is on its way to the bank.")).to_be_visible()
        expect(case.get_by_role("button", name="Send evidence")).to_have_count(0)
        refresh_until(office, case.get_by_text(re.compile("^Evidence sent .* by Staff member")))
        refresh_until(office, case.get_by_text("The bank is deciding"))


def disputed_proceeds(system: System, address: str, *, spent_cents: int) -> tuple[UUID, UUID]:
    """A disputed payment whose proceeds of 50.00 were in the wallet of a seller, who spent some: payment and wallet."""
    payment, seller = seed(system, [8800]).payment, grant_roles(system, address, (), "Sara Seller")

    async def write(conn: Connection) -> UUID:
        now = datetime.now(UTC)
        owner_id = await people.ensure_staff(conn, seller, None, (), now)
        sold = Proceeds(new_id(), owner_id, payment, 5_000, new_id())
        assert await funding.credit_proceeds(conn, [sold], wallet_max_cents=25_000, now=now) == {sold.id}
        wallet = await accounts.wallet_of(conn, owner_id)
        assert wallet is not None
        sale = Transfer(new_id(), wallet_account(wallet.id), TILL, spent_cents, "sale", new_id())
        (posted,) = await ledger.post(conn, [[sale]], now)
        assert not isinstance(posted, Refused)
        notice = DisputeNotice(
            payment, f"dp_{new_id().hex}", 8_800, "fraudulent", DisputeState.NEEDS_RESPONSE, False, now
        )
        await payments.record_disputes(conn, [notice], now, Handlers({"ticketing": Shop()}))
        disputes = await payment_reads.disputes_of(conn, [payment])
        await funding.take_back_proceeds(conn, disputes, now)
        return wallet.id

    return payment, in_database(system, write)


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ("Taken back from wallets", "Taken back: €38.00", "Missing: €12.00")),
        ("fr", ("Repris dans les portefeuilles", "Repris : 38,00 €", "Manquant : 12,00 €")),
    ],
)
def test_finance_sees_what_a_dispute_took_back_from_a_wallet_and_what_is_missing(
    browser: Browser, system: System, address: str, language: str, texts: tuple[str, str, str]
) -> None:
    title, taken, missing = texts
    payment, wallet = disputed_proceeds(system, address, spent_cents=1_200)
    finance = grant_roles(system, f"finance-{address}", (Grant("finance"),))
    for size in SIZES.values():
        with desk(browser, system, finance, viewport=size) as page:
            page.add_init_script(f"localStorage.setItem('virage.locale', '\"{language}\"')")
            page.goto("/office/payments")
            link = page.locator(f'a[href="/office/payments/{payment}"]')
            panel = page.get_by_role("region", name=title)
            row = panel.get_by_role("listitem").filter(has=link)
            for text in ("Sara Seller", taken, missing, f"…{str(wallet)[-4:]}"):
                expect(row).to_contain_text(text)
            assert found_by_axe(page) + page.evaluate(SMALL) == []
            row.get_by_role("link").click()
            expect(page).to_have_url(re.compile(f"/office/payments/{payment}$"))
            case = page.get_by_role("region", name=title)
            for text in ("Sara Seller", taken, missing):
                expect(case).to_contain_text(text)
            assert found_by_axe(page) + page.evaluate(SMALL) == []
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_disputed_payment_has_no_barriers(
    browser: Browser, system: System, address: str, language: str, theme: str
) -> None:
    payment, now = seed(system, [8800]).payment, datetime.now(UTC)
    due = now + timedelta(days=3)
    notices = [
        DisputeNotice(payment, f"dp_{number}_{address}", cents, "fraudulent", state, False, now, due)
        for number, (cents, state) in enumerate([(4_000, DisputeState.NEEDS_RESPONSE), (4_800, DisputeState.LOST)])
    ]
    handlers = Handlers({"ticketing": Shop()})
    in_database(system, lambda conn: payments.record_disputes(conn, notices, now, handlers))
    finance = grant_roles(system, f"finance-{address}", (Grant("finance"),))
    for size in SIZES.values():
        with desk(browser, system, finance, viewport=size, color_scheme=theme) as page:
            page.add_init_script(f"localStorage.setItem('virage.locale', '\"{language}\"')")
            for path in ("", f"/{payment}"):
                page.goto(f"/office/payments{path}")
                expect(page.locator("section.panel").first).to_be_visible()
                assert found_by_axe(page) + page.evaluate(SMALL) == [], path
                wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide == 0, path
