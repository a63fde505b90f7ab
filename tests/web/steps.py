"""Steps of a buyer, by the screen texts."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, Route, expect

from tests.web.system import System
from virage.platform.values.ids import new_id

ACCEPTED = "4242 4242 4242 4242"
DECLINED = "4000 0000 0000 0002"
LATE = "4000 0000 0000 0309"
PROBLEM = "application/problem+json"


def open_match(page: Page, system: System) -> None:
    """The match's page, its map drawn."""
    page.goto(f"/events/{system.event('match')}")
    expect(page.locator("[data-block='104']")).to_be_visible()


def of_tonights_match(page: Page) -> Locator:
    """The links of a fan's tickets for tonight's match of the demo, in the list of all tickets."""
    return page.locator("section", has_text="Virage FC v Étoile du Nord").locator("a[href^='/tickets/']")


def find_two_seats(page: Page) -> None:
    """Two of the best seats, proposed and held."""
    find_seats(page, 2)
    expect(page.get_by_role("heading", name="Your basket")).to_be_visible()


def find_seats(page: Page, count: int) -> None:
    """The best seats for a party, proposed with their price, and reserved."""
    page.get_by_role("button", name=f"Find {count} seats").click()
    page.get_by_role("button", name="Reserve these seats").click()


def pay(page: Page, card: str) -> None:
    """From the basket to the provider's page and back."""
    page.get_by_role("button", name="Pay €").click()
    by_card(page, card)


def top_up(page: Page, euros: int, card: str) -> None:
    """Top up the wallet from its page, in English, and return to it."""
    page.get_by_role("radio", name=f"€{euros}").check(force=True)
    page.get_by_role("button", name=f"Top up €{euros}").click()
    by_card(page, card)


def by_card(page: Page, card: str) -> None:
    """Pay on the provider's page, in English."""
    page.get_by_label("Card number").fill(card)
    page.get_by_label("Expiry").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.locator("form button.pay").click()


class Refusing:
    """Responds with a problem document so many times, then lets requests through."""

    def __init__(self, status: int, code: str, times: int, retry_after: str = "1") -> None:
        self.answer = {
            "status": status,
            "content_type": PROBLEM,
            "headers": {"retry-after": retry_after},
            "body": f'{{"title": "x", "status": {status}, "code": "{code}", "request_id": "x"}}',
        }
        self.left = times

    def __call__(self, route: Route) -> None:
        self.left -= 1
        if self.left >= 0:
            route.fulfill(**self.answer)  # type: ignore[arg-type]  # one dict of many types
        else:
            route.continue_()


def buy_and_open(page: Page, system: System, sign_in: Callable[[Page], None]) -> None:
    """Two paid seats for tonight, and the first of their tickets on the screen."""
    open_match(page, system)
    find_two_seats(page)
    sign_in(page)
    pay(page, ACCEPTED)
    page.get_by_role("link", name="Open my tickets").click()
    page.locator("a[href^='/tickets/']").first.click()


def kick_off(desk: Page) -> None:
    """Start the first half at the match desk, and confirm when the planned kick-off is far away."""
    desk.get_by_role("button", name="Start: First half").click()
    question = desk.get_by_role("dialog", name="Start the first half now?")
    expect(question.or_(desk.get_by_role("button", name="End: First half"))).to_be_visible()
    if question.is_visible():
        question.get_by_role("button", name="Start").click()


def withdraw(desk: Page, title: str, *, within: str = "body") -> None:
    """Withdraw an entry at the match desk, and confirm it."""
    desk.locator(within).get_by_role("button", name=f"Withdraw: {title}").click()
    desk.get_by_role("dialog", name="Withdraw this entry?").get_by_role("button", name="Withdraw").click()


def choose_in_list(page: Page, block: str, row: str) -> None:
    """The first free seat of a row, chosen in the list of blocks, which is open."""
    page.locator(f"#block-{block}").click()
    page.locator(".rows .row").filter(has_text=f"Row {row}").click()
    page.locator(".rows .seats button").first.click()
    expect(page.locator(".choice")).to_be_visible()


def make_link(page: Page, tickets: list[str]) -> str:
    """Offer tickets by a link, through the API; return its path with the key."""
    made = page.evaluate(
        """async ([ids, id]) => {
            const headers = { "content-type": "application/json" };
            const body = JSON.stringify({ id, ticket_ids: ids });
            const answer = await fetch("/api/transfers", { method: "POST", headers, body });
            return answer.json();
        }""",
        [tickets, str(new_id())],
    )
    return str(made["link"])
