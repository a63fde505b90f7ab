"""Every screen that a fan can reach, in the order of one visit."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from playwright.sync_api import Page, expect

from tests.web.office import in_database
from tests.web.steps import ACCEPTED, DECLINED, LATE, choose_in_list, pay, top_up
from tests.web.system import System
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import AccountKind, Transfer, account, wallet_account
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

SignIn = Callable[[Page, str], None]


class Screen(NamedTuple):
    """A screen's name; the page shows it now. `at` is where its picture begins, by default the
    page's top.

    Some are only checked by axe: `picture` is false.
    """

    name: str
    at: str = ""
    picture: bool = True


def before_signing_in(page: Page, system: System) -> Iterator[Screen]:
    """The public screens."""
    page.goto("/")
    expect(page.locator("#first-event")).to_be_visible()
    yield Screen("home")
    page.goto("/nowhere")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield Screen("missing")
    page.goto("/basket")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield Screen("basket-empty")
    page.goto("/tickets")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield Screen("tickets-signed-out")
    page.goto("/wallet")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield Screen("wallet-signed-out")
    page.goto(f"/events/{system.event('concert')}")
    expect(page.locator("[data-block='104']")).to_be_visible()
    yield Screen("concert")
    yield from _views(page, system)
    yield from _match(page, system)


def _views(page: Page, system: System) -> Iterator[Screen]:
    """The view from the best and from the worst seat of the stadium."""
    for name, block in (("view-best", "109"), ("view-worst", "304")):
        page.goto(f"/events/{system.event('match')}")
        page.locator("[aria-pressed]").nth(1).click()
        choose_in_list(page, block, "PMR")
        more = page.locator(".choice .more")
        if more.is_visible():
            more.click()
        expect(page.locator(".choice [data-drawn]")).to_be_visible()
        yield Screen(name)
        page.goto("/")  # the history of an event's page keeps the open block


def _match(page: Page, system: System) -> Iterator[Screen]:
    page.goto(f"/events/{system.event('match')}")
    expect(page.locator("[data-block='104']")).to_be_visible()
    yield Screen("event")
    page.locator("[aria-pressed]").nth(1).click()
    expect(page.locator("#block-103")).to_be_visible()
    yield Screen("event-list")
    page.locator("#block-103").click()
    page.locator(".rows .row").nth(11).click()
    page.locator(".rows .seats button").first.click()
    expect(page.locator(".choice")).to_be_visible()
    expect(page.get_by_role("application")).to_be_visible()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.seats canvas')].some(c => c.style.display === 'block')"
    )
    yield Screen("event-seats")
    page.locator(".choice .foot button").click()
    expect(page.locator("[data-countdown]")).to_be_attached()
    yield Screen("basket")


def while_buying(page: Page, sign_in: SignIn, address: str) -> Iterator[Screen]:
    """From the basket to the ticket; the page shows a basket, in English."""
    sign_in(page, address)
    expect(page.get_by_role("button", name="Pay €")).to_be_visible()
    yield Screen("basket-signed-in")
    pay(page, DECLINED)
    expect(page.get_by_role("heading", name="Payment declined")).to_be_visible()
    yield Screen("payment-declined")
    page.get_by_role("link", name="Try again").click()
    pay(page, ACCEPTED)
    expect(page.get_by_role("heading", name="See you at the stadium")).to_be_visible()
    yield Screen("payment-paid")
    page.get_by_role("link", name="Open my tickets").click()
    expect(page.locator("a[href^='/tickets/']").first).to_be_visible()
    yield Screen("tickets")
    page.locator("a[href^='/tickets/']").first.click()
    code = page.get_by_role("img", name="Entry code of this ticket")
    bind = page.get_by_role("button", name="Show the entry code on this phone")
    expect(code.or_(bind)).to_be_visible()
    if bind.is_visible():
        bind.click()
    expect(code).to_be_visible()
    yield Screen("ticket")
    page.get_by_role("button", name="Send to someone").click()
    expect(page.get_by_role("dialog", name="Send tickets")).to_be_visible()
    yield Screen("ticket-send")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Print ticket").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield Screen("ticket-paper")
    page.goto("/orders")
    expect(page.locator(".order").first).to_be_visible()
    yield Screen("orders")
    page.goto("/account")
    expect(page.locator(".sessions li").first).to_be_visible()
    yield Screen("account")


def signing_in(page: Page, system: System, address: str) -> Iterator[Screen]:
    """The two steps of the sign-in page, in English."""
    page.goto("/sign-in")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_text("Enter your email address")).to_be_visible()
    yield Screen("sign-in")
    page.get_by_label("Email address").fill(address)
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_label("Sign-in code")).to_be_visible()
    system.code_for(address)
    yield Screen("sign-in-code")


def spend(system: System, wallet_id: UUID, *lines: tuple[int, str, timedelta]) -> None:
    """Post records of a till and a desk to a wallet: positive cents are cash top-ups, negative
    cents are sales.
    """

    async def post(conn: Connection) -> None:
        for cents, purpose, ago in lines:
            mine = wallet_account(wallet_id)
            debit, credit = (
                (account(AccountKind.CASH, "desk 1"), mine)
                if cents > 0
                else (mine, account(AccountKind.REVENUE, "1:200"))
            )
            transfer = Transfer(new_id(), debit, credit, abs(cents), purpose, new_id())
            (posted,) = await ledger.post(conn, [[transfer]], datetime.now(UTC) - ago)
            assert not isinstance(posted, Refused), posted

    in_database(system, post)


def wallet_of(page: Page) -> UUID:
    """The loaded wallet of the fan signed in on the page."""
    return UUID(page.evaluate("fetch('/api/wallet').then(answer => answer.json())")["id"])


def in_wallet(page: Page, system: System) -> Iterator[Screen]:
    """A wallet from its first screen to its last payout; a fan is signed in, in English."""
    page.goto("/wallet")
    expect(page.get_by_text("No transactions yet")).to_be_visible()
    yield Screen("wallet-empty")
    page.get_by_role("radio", name="Other amount").check(force=True)
    page.get_by_label("Your amount").fill("3")
    page.get_by_role("button", name="Top up €3").click()
    expect(page.get_by_text("The minimum amount is")).to_be_visible()
    yield Screen("wallet-refused")
    top_up(page, 20, DECLINED)
    expect(page.get_by_text("Payment declined")).to_be_visible()
    yield Screen("wallet-declined")
    top_up(page, 50, LATE)
    expect(page.get_by_text("Confirming your top-up")).to_be_visible()
    expect(page.locator(".progress.on")).to_have_count(0)
    yield Screen("wallet-waiting")
    expect(page.locator("[data-top-up=credited]")).to_be_visible()
    yield Screen("wallet-top-up")
    day, hour = timedelta(days=1), timedelta(hours=1)
    drinks = ((4000, "top_up", 9 * day), (-650, "sale", 9 * day - hour), (-480, "sale", day), (-1250, "sale", hour))
    spend(system, wallet_of(page), *drinks)
    page.reload()
    expect(page.get_by_text("Purchase").first).to_be_visible()
    page.get_by_role("button", name="Top up €20").click()
    expect(page.get_by_label("Card number")).to_be_visible()
    page.mouse.move(0, 0)
    page.goto("/wallet")
    expect(page.get_by_text("is not finished")).to_be_visible()
    yield Screen("wallet-unpaid", picture=False)
    page.get_by_role("button", name="Choose another amount").press("Enter")
    yield Screen("wallet")
    yield Screen("wallet-history", at=".history")
    page.context.set_offline(True)
    expect(page.get_by_text("As of")).to_be_visible()
    yield Screen("wallet-offline")
    page.context.set_offline(False)
    page.get_by_role("button", name="Withdraw €").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield Screen("wallet-payout")
    page.get_by_role("button", name="Withdraw", exact=True).click()
    expect(page.get_by_text("is on its way to your bank cards")).to_be_visible()
    yield Screen("wallet-paid-out", picture=False)
