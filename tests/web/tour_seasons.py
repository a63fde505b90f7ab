"""Screens of packages, membership, points, a draw, the exchange and transfers."""

from collections.abc import Iterator

from playwright.sync_api import Page, expect

from tests.web.draws import match_with_an_open_draw
from tests.web.exchange import offered, open_board, open_exchange
from tests.web.system import System
from tests.web.tour import Screen


def for_fans(page: Page, system: System, tickets: list[str]) -> Iterator[Screen]:
    """The phone of a fan who has signed in and has these tickets of tomorrow's match, at least two."""
    page.goto("/packages")
    expect(page.get_by_role("link", name="Tournament pack, six matches")).to_be_visible()
    yield Screen("packages")
    page.get_by_role("link", name="Tournament pack, six matches").click()
    find = page.get_by_role("button", name="Find 2 seats")
    expect(find).to_be_visible()
    yield Screen("package")
    find.click()
    expect(page.get_by_role("heading", name="Your seats at 6 events")).to_be_visible()
    yield Screen("subscription")
    page.goto("/membership")
    expect(page.get_by_role("button", name="Join Gold")).to_be_visible()
    yield Screen("membership")
    page.goto("/points")
    page.get_by_role("button", name="Join Virage points").click()
    expect(page.get_by_role("heading", name="Rewards")).to_be_visible()
    yield Screen("points")
    page.goto(f"/events/{match_with_an_open_draw(system)}/draw")
    expect(page.get_by_role("heading", name="Enter the draw")).to_be_visible()
    yield Screen("draw")
    open_exchange(system)
    offered(page, tickets[1:])
    open_board(page)
    expect(page.get_by_text("Your own listing").first).to_be_visible()
    yield Screen("exchange")
    page.goto(f"/tickets/{tickets[0]}")
    page.get_by_role("button", name="Send to someone").click()
    expect(page.get_by_label("Their email address")).to_be_visible()
    yield Screen("transfer")


def in_office(page: Page) -> Iterator[Screen]:
    """The office's pages of packages, members and points."""
    for name, heading in (
        ("packages", "Season tickets and packs"),
        ("members", "Members"),
        ("points", "Points and rewards"),
    ):
        page.goto(f"/office/{name}")
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        expect(page.get_by_text("Loading…")).to_have_count(0)
        yield Screen(name)
