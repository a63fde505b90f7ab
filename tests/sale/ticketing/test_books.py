"""Tickets in the books: a liability until the event has taken place, then revenue."""

from datetime import date, timedelta
from typing import Any

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import NOW, System
from virage.platform.values.ids import new_id
from virage.platform.values.money import vat_included
from virage.platform.web.guard import Grant

SOLD, PLAYED, AFTER = date(2026, 5, 9), date(2026, 5, 10), date(2026, 5, 12)


async def accounts(system: System, first: date, last: date) -> Any:
    office = await system.staff(Grant("finance"), email="books@example.org")
    answer = await office.ask("GET", f"/api/office/accounting?from={first}&to={last}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def sums(journal: Any) -> dict[str, int]:
    """Credits less debits by account; their sum must be zero."""
    found: dict[str, int] = {}
    for line in journal["lines"]:
        found[line["account_name"]] = found.get(line["account_name"], 0) + line["credit_cents"] - line["debit_cents"]
    assert sum(found.values()) == 0
    return found


def owed(journal: Any) -> int:
    return next(int(one["balance_cents"]) for one in journal["balances"] if one["account_name"] == "deferred_tickets")


async def give_back(system: System, order: dict[str, Any], *lines: int) -> None:
    office = await system.staff(Grant("box_office"), email="box@example.org")
    tickets = [order["lines"][at]["ticket_id"] for at in lines]
    wish = {"refund_id": str(new_id()), "reason": "asked", "ticket_ids": tickets}
    answer = await office.ask("POST", f"/api/office/orders/{order['id']}/refund", wish)
    assert answer.status_code == 200, answer.text


async def test_a_ticket_is_deferred_revenue_until_its_event_has_taken_place(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    first, second = await system.bought(fan, full=2), await system.bought(fan, full=3)
    await give_back(system, first, 0)
    (books,) = await system.rows(
        "select sum(total_cents) as sold, sum(refunded_cents) as back, sum(fee_cents) as fees from ticketing.orders"
    )
    left = books["sold"] - books["back"]
    assert (left, books["back"]) == (4 * 8_150, 8_150)
    vat = sum(sign * vat_included(part, rate) for sign, part, rate in vat_parts())
    sold = await accounts(system, SOLD, PLAYED)
    assert sums(sold) == {"ticket_clearing": -left, "vat": vat, "deferred_tickets": left - vat}
    assert owed(sold) == left - vat
    titles = {line["event"] for line in sold["lines"] if line["account_name"] == "deferred_tickets"}
    assert titles == {"Virage contre Visiteurs"}

    clock.set(NOW + timedelta(days=2))
    played = await accounts(system, PLAYED, PLAYED)
    assert sums(played) == {"deferred_tickets": vat - left, "tickets": left - vat}
    assert {line["day"] for line in played["lines"]} == {"2026-05-10"}
    assert owed(played) == 0
    assert owed(await accounts(system, SOLD, SOLD)) == left - vat  # that evening it was
    whole = sums(await accounts(system, SOLD, AFTER))
    assert (whole["deferred_tickets"], whole["tickets"]) == (0, left - vat)

    clock.set(NOW + timedelta(days=3))
    await give_back(system, second, 0)
    back = 8_000 - vat_included(8_000, 55) + 150 - vat_included(150, 200)
    after = sums(await accounts(system, AFTER, AFTER))
    assert after == {"ticket_clearing": 8_150, "vat": back - 8_150, "tickets": -back}


def vat_parts() -> list[tuple[int, int, int]]:
    """Five tickets and their fees of one day, less one of each."""
    return [(1, 40_000, 55), (1, 750, 200), (-1, 8_000, 55), (-1, 150, 200)]


async def test_tickets_of_a_cancelled_event_are_owed_until_refunded(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    order = await system.bought(fan, full=2)
    await system.cancel()
    clock.set(NOW + timedelta(days=3))
    net = 16_000 - vat_included(16_000, 55) + 300 - vat_included(300, 200)
    whole = await accounts(system, SOLD, AFTER)
    assert (sums(whole)["deferred_tickets"], owed(whole)) == (net, net)
    assert "tickets" not in sums(whole)
    await give_back(system, order, 0, 1)
    whole = await accounts(system, SOLD, AFTER)
    assert set(sums(whole).values()) == {0}
    assert owed(whole) == 0
