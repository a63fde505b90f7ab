"""Steps on the exchange of tomorrow's match, by the screen texts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from playwright.sync_api import Locator, Page, expect

from tests.web.office import in_database
from tests.web.system import System, tomorrow
from virage.identity.people import acts as people
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.sale.ticketing.acts import exchange
from virage.sale.ticketing.reads.open_sales import load_sale
from virage.sale.ticketing.rules.exchange import ExchangeTerms

FEE_PERMILLE = 50
Method = Literal["GET", "POST"]


def match_id() -> UUID:
    """The id of the match whose tickets `buy_tickets` buys."""
    return tomorrow()[0].event.id


def open_exchange(system: System, *, give_back: bool = False) -> None:
    """Open the match's exchange: at most the price paid, and a service fee of 5 %."""
    terms = ExchangeTerms(open=True, fee_permille=FEE_PERMILLE, give_back=give_back)
    in_database(system, lambda conn: exchange.set_terms(conn, match_id(), terms, None, datetime.now(UTC)))


def fan(system: System, email: str, name: str) -> str:
    """A fan with a name, without tickets; the address."""
    in_database(system, lambda conn: people.ensure_fan(conn, email, name, datetime.now(UTC), "en"))
    return email


def ask(page: Page, method: Method, path: str, body: Any = None) -> Any:
    """The answer of the API to the page's person."""
    return page.evaluate(
        """async ([method, path, body]) => {
            const headers = body ? { "content-type": "application/json" } : {};
            const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
            return answer.json();
        }""",
        [method, path, body],
    )


def tickets_of(page: Page) -> dict[str, Any]:
    """The tickets of the page's person, by id."""
    return {ticket["id"]: ticket for ticket in ask(page, "GET", "/api/me/tickets")}


def seat_of(page: Page, ticket: str) -> "re.Pattern[str]":
    """The seat of a ticket, as screens name it."""
    label = tickets_of(page)[ticket]["label"]
    block, seat = f"Block {label['block']}", f"Row {label['row']}, seat {label['seat']}"
    return re.compile(rf"{seat}(?!\d).*{block}(?!\d)|{block}, {seat}(?!\d)")


def offered(page: Page, tickets: list[str], cents: int | None = None) -> "re.Pattern[str]":
    """List tickets of the page's person together, at face value or another price each; the first one's seat."""
    known = tickets_of(page)
    prices = [known[id_]["price_cents"] if cents is None else cents for id_ in tickets]
    body = [{"ticket_id": id_, "price_cents": price} for id_, price in zip(tickets, prices, strict=True)]
    made = ask(page, "POST", "/api/exchange/listings", {"id": str(new_id()), "tickets": body})
    assert made["state"] == "listed", made
    return seat_of(page, tickets[0])


def open_board(page: Page) -> None:
    """The tickets that fans sell for the match."""
    page.goto(f"/events/{match_id()}/exchange")
    expect(page.get_by_role("heading", name="Tickets from fans", level=1)).to_be_visible()


def on_board(page: Page, seat: "re.Pattern[str]") -> Locator:
    """The listing of a seat on the board."""
    return page.locator(".listings > li").filter(has_text=seat)


def select(page: Page, seat: "re.Pattern[str]") -> None:
    """Select a listing on the board."""
    on_board(page, seat).get_by_role("checkbox").check()


def reserve(page: Page) -> None:
    """Reserve the selection, and see the basket."""
    page.get_by_role("button", name="Reserve").click()
    expect(page.get_by_role("heading", name="Your basket", level=1)).to_be_visible()


def looked_at_again(page: Page) -> None:
    """The window gets the focus, as when a person returns to it."""
    page.evaluate("dispatchEvent(new Event('focus'))")


async def _hand_out(conn: Connection, places: list[int], *, free: bool) -> None:
    """Sell places of the match to another buyer, or free them, and tell the processes."""
    claims = [(match_id(), place, new_id()) for place in places]
    if free:
        await conn.executemany(
            "delete from ticketing.claim where (event_id, place) = ($1, $2)", [c[:2] for c in claims]
        )
    else:
        await conn.executemany("insert into ticketing.claim (event_id, place, order_id) values ($1, $2, $3)", claims)
    what = "places_freed" if free else "places_taken"
    await append(conn, [Fact(what, None, match_id(), {"places": places})], datetime.now(UTC))


class SoldOut(NamedTuple):
    """A category of the match that is sold out: its English name, and the seats that were free."""

    name: str
    places: list[int]


@contextmanager
def sold_out(system: System) -> Iterator[SoldOut]:
    """Sell the category of the match with the fewest free seats, and free them at the end."""

    async def sell(conn: Connection) -> SoldOut:
        sale = await load_sale(conn, match_id())
        assert sale is not None
        free = sale.inventory.count_by_category()
        index = min((i for i, count in enumerate(free) if count), key=free.__getitem__)
        taken = [p for p in range(len(sale.inventory.category_of)) if sale.inventory.category_of[p] == index]
        taken = [place for place in taken if sale.inventory.is_free(place)]
        await _hand_out(conn, taken, free=False)
        return SoldOut(sale.pricing.categories[index].name["en"], taken)

    found = in_database(system, sell)
    try:
        yield found
    finally:
        in_database(system, lambda conn: _hand_out(conn, found.places, free=True))
