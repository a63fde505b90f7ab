"""Orders paid by SEPA debit: awaiting settlement for days, then paid, refused, or returned."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import HOUR, NOW, Box, System
from virage.money.payments.rules import PaymentState
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.ticketing.acts import refunding
from virage.sale.ticketing.acts.emails import EventMovedJob
from virage.sale.ticketing.acts.holding import expire
from virage.sale.ticketing.jobs import TicketingJobs
from virage.sale.ticketing.rules.sale import may_debit

STARTS = NOW + timedelta(days=20)
TWO_DAYS = timedelta(days=2)


@pytest.fixture
async def system(empty_system: System) -> System:
    """An event in twenty days."""
    await empty_system.open(
        doors_at=STARTS - 2 * HOUR, starts_at=STARTS, ends_at=STARTS + 2 * HOUR, sale_closes_at=STARTS
    )
    return empty_system


async def debited(system: System, fan: Box, **wish: Any) -> tuple[dict[str, Any], UUID]:
    """An order whose buyer authorised a debit, and its payment."""
    order, payment_id = await fan.best(**wish), new_id()
    assert (await fan.pay(order["id"], payment_id)).status_code == 200
    await system.news(payment_id, PaymentState.PROCESSING)
    return order, payment_id


async def seen(fan: Box, order: dict[str, Any]) -> tuple[str, str | None, int]:
    """State, debit and returned cents of an order, as its buyer sees it."""
    view = (await fan.ask("GET", f"/api/orders/{order['id']}")).json()
    return view["state"], view["debit"], view["returned_cents"]


async def letters(system: System) -> list[str]:
    return [row["kind"] for row in await system.rows("select kind from people.letter order by id")]


async def sweep(system: System) -> None:
    async with system.db.transaction() as conn:
        await expire(conn, system.clock.now(), 100, everything=True)
    system.forget()


async def counts(system: System) -> dict[str, int]:
    """Claims, tickets, passes and refunds of money."""
    tables = {"claims": "ticketing.claim", "tickets": "ticketing.ticket", "passes": "passes.pass"}
    found = {name: len(await system.rows(f"select from {table}")) for name, table in tables.items()}
    return found | {"refunds": len(await system.rows("select from payments.refund"))}


def test_a_debit_is_offered_only_if_the_event_begins_more_than_14_days_after_the_hold() -> None:
    fortnight = NOW + timedelta(days=14)
    assert not may_debit(fortnight, NOW)
    assert may_debit(fortnight + timedelta(seconds=1), NOW)
    assert not may_debit(fortnight + timedelta(seconds=1), NOW + timedelta(minutes=10))


@pytest.mark.parametrize(("days", "offered"), [(14, False), (15, True)])
async def test_the_payment_page_of_an_order_is_told_whether_it_may_offer_a_debit(
    empty_system: System, days: int, offered: bool
) -> None:
    starts = NOW + timedelta(days=days)
    await empty_system.open(doors_at=starts, starts_at=starts, ends_at=starts + HOUR, sale_closes_at=starts)
    fan = await empty_system.fan()
    payment_id = new_id()
    await fan.pay((await fan.best())["id"], payment_id)
    assert empty_system.provider.started[payment_id].allows_debit is offered


async def test_an_order_awaits_settlement_for_days_and_then_its_tickets_come(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    order, payment_id = await debited(system, fan)
    await system.news(payment_id, PaymentState.PROCESSING)  # a repeated event
    assert await seen(fan, order) == ("paying", "awaiting", 0)
    clock.advance(TWO_DAYS)
    await sweep(system)
    fan = await system.fan()
    assert await seen(fan, order) == ("paying", "awaiting", 0)
    assert await counts(system) == {"claims": 2, "tickets": 0, "passes": 0, "refunds": 0}
    assert (await fan.ask("GET", "/api/me/tickets")).json() == []
    assert await letters(system) == ["debit_started"]
    await system.news(payment_id)
    await system.news(payment_id, PaymentState.PROCESSING)  # an event that comes late changes nothing
    assert await seen(fan, order) == ("paid", None, 0)
    assert await counts(system) == {"claims": 2, "tickets": 2, "passes": 2, "refunds": 0}
    assert await letters(system) == ["debit_started", "order_paid"]


async def test_the_sale_is_booked_when_the_money_comes_and_not_when_the_debit_is_authorised(
    system: System, clock: FakeClock
) -> None:
    order, payment_id = await debited(system, await system.fan())
    paid = "select paid_at from ticketing.orders where state = 'paid'"
    assert await system.rows(paid) == []
    clock.advance(TWO_DAYS)
    await system.news(payment_id)
    assert [row["paid_at"] for row in await system.rows(paid)] == [clock.now()]
    settled = "select created_at, settled_at, captured_cents from payments.payment"
    assert [tuple(row) for row in await system.rows(settled)] == [(NOW, clock.now(), order["total_cents"])]


async def test_a_failed_debit_frees_the_seats_and_the_buyer_is_told(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    order, payment_id = await debited(system, fan)
    clock.advance(TWO_DAYS)
    for _ in range(2):
        await system.news(payment_id, PaymentState.DECLINED)
    fan = await system.fan()
    assert await seen(fan, order) == ("expired", "failed", 0)
    assert await counts(system) == {"claims": 0, "tickets": 0, "passes": 0, "refunds": 0}
    assert await letters(system) == ["debit_started", "debit_failed"]
    await system.news(payment_id, PaymentState.PROCESSING)  # an event that comes late changes nothing
    assert await seen(fan, order) == ("expired", "failed", 0)
    assert (await system.bought(fan))["state"] == "paid"


async def test_a_debit_that_is_paid_after_it_failed_buys_the_seats_while_they_are_free(system: System) -> None:
    fan = await system.fan()
    order, payment_id = await debited(system, fan)
    await system.news(payment_id, PaymentState.DECLINED)
    await system.news(payment_id)
    assert await seen(fan, order) == ("paid", None, 0)
    assert await counts(system) == {"claims": 2, "tickets": 2, "passes": 2, "refunds": 0}


async def test_the_seats_of_a_debit_are_sold_to_nobody_else_and_count_for_the_limit(system: System) -> None:
    fan, other = await system.fan(), await system.fan("other@example.org")
    order, _ = await debited(system, fan, full=6)
    wish = {"kind": "chosen", "places": [{"place": order["lines"][0]["place"], "tariff": "full"}]}
    assert (await other.hold(wish)).json()["code"] == "place_taken"
    refused = (await fan.hold({"kind": "best", "party": {"full": 6}})).json()
    assert (refused["code"], refused["data"]["left"]) == ("limit_reached", 3)


async def test_a_debit_under_way_is_not_paid_a_second_time(system: System) -> None:
    fan = await system.fan()
    order, _ = await debited(system, fan)
    answer = await fan.pay(order["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "order_awaiting_settlement")


async def test_a_card_that_pays_first_gets_the_tickets_and_the_debit_is_returned(system: System) -> None:
    fan = await system.fan()
    order, card, debit = await fan.best(), new_id(), new_id()
    await fan.pay(order["id"], debit)
    await system.news(debit, PaymentState.DECLINED)
    await fan.pay(order["id"], card)
    await system.news(debit, PaymentState.PROCESSING)  # refused: this payment has failed
    await system.news(card)
    await system.news(debit)
    assert await seen(fan, order) == ("paid", None, order["total_cents"])
    assert await counts(system) == {"claims": 2, "tickets": 2, "passes": 2, "refunds": 1}


async def test_a_cancelled_order_whose_debit_is_under_way_is_returned_once_it_settles(system: System) -> None:
    fan = await system.fan()
    order, payment_id = await debited(system, fan)
    assert (await fan.ask("DELETE", f"/api/orders/{order['id']}")).status_code == 204
    assert await seen(fan, order) == ("released", "awaiting", 0)
    assert await counts(system) == {"claims": 0, "tickets": 0, "passes": 0, "refunds": 0}
    assert [row["state"] for row in await system.rows("select state from payments.payment")] == ["processing"]
    await system.news(payment_id)
    assert await seen(fan, order) == ("released", "awaiting", order["total_cents"])
    assert await counts(system) == {"claims": 0, "tickets": 0, "passes": 0, "refunds": 1}
    assert await letters(system) == ["debit_started", "debit_returned", "late_payment"]


async def test_the_debit_of_a_cancelled_order_that_fails_returns_nothing(system: System) -> None:
    fan = await system.fan()
    order, payment_id = await debited(system, fan)
    await fan.ask("DELETE", f"/api/orders/{order['id']}")
    await system.news(payment_id, PaymentState.DECLINED)
    assert await seen(fan, order) == ("released", "failed", 0)
    assert await counts(system) == {"claims": 0, "tickets": 0, "passes": 0, "refunds": 0}


async def test_the_debits_of_a_cancelled_event_are_returned_once_they_settle(system: System) -> None:
    fan = await system.fan()
    order, payment_id = await debited(system, fan)
    await system.cancel()
    async with system.db.transaction() as conn:
        await refunding.refund_cancelled_orders(conn, system.event_id, system.clock.now())
    assert await letters(system) == ["debit_started", "debit_returned"]
    await system.news(payment_id)
    assert await seen(fan, order) == ("released", "awaiting", order["total_cents"])
    assert await counts(system) == {"claims": 0, "tickets": 0, "passes": 0, "refunds": 1}


@pytest.mark.parametrize("swept", [False, True])
async def test_a_debit_that_settles_after_the_event_began_is_returned(
    system: System, clock: FakeClock, swept: bool
) -> None:
    fan = await system.fan()
    order, payment_id = await debited(system, fan)
    clock.advance(STARTS - NOW)
    if swept:
        await sweep(system)
    await system.news(payment_id)
    await sweep(system)
    fan = await system.fan()
    assert await seen(fan, order) == ("expired", "awaiting", order["total_cents"])
    assert await counts(system) == {"claims": 0, "tickets": 0, "passes": 0, "refunds": 1}


async def test_a_debit_that_is_authorised_just_after_the_hold_ended_gets_the_seats_back(
    system: System, clock: FakeClock
) -> None:
    fan = await system.fan()
    order, payment_id = await fan.best(), new_id()
    await fan.pay(order["id"], payment_id)
    clock.advance(timedelta(minutes=10))
    await sweep(system)
    assert await seen(fan, order) == ("expired", None, 0)
    await system.news(payment_id, PaymentState.PROCESSING)
    assert await seen(fan, order) == ("paying", "awaiting", 0)
    await sweep(system)
    await system.news(payment_id)
    assert await seen(fan, order) == ("paid", None, 0)


async def test_a_debit_whose_seats_are_sold_meanwhile_is_returned(system: System, clock: FakeClock) -> None:
    fan, other = await system.fan(), await system.fan("other@example.org")
    order, payment_id = await fan.best(), new_id()
    await fan.pay(order["id"], payment_id)
    clock.advance(timedelta(minutes=10))
    await sweep(system)
    wish = {"kind": "chosen", "places": [{"place": line["place"], "tariff": "full"} for line in order["lines"]]}
    held = await other.hold(wish)
    assert held.status_code == 201, held.text
    await system.news(payment_id, PaymentState.PROCESSING)
    assert await seen(fan, order) == ("expired", None, 0)
    await system.news(payment_id)
    assert await seen(fan, order) == ("expired", None, order["total_cents"])
    assert (await counts(system))["refunds"] == 1


async def test_an_event_that_is_postponed_keeps_the_seats_of_its_debits(system: System, clock: FakeClock) -> None:
    fan, office = await system.fan(), await system.staff(Grant("programme"))
    order, payment_id = await debited(system, fan)
    event = (await office.ask("GET", f"/api/office/events/{system.event_id}")).json()["event"]
    names = ("kind", "title", "subtitle", "sale_opens_at", "sale_closes_at")
    later = STARTS + timedelta(days=7)
    times = {"doors_at": later, "starts_at": later, "ends_at": later + HOUR}
    content = {name: event[name] for name in names} | {name: at.isoformat() for name, at in times.items()}
    assert (await office.ask("PUT", f"/api/office/events/{system.event_id}", content)).status_code == 200
    await TicketingJobs(system.db, clock).notify_moved(EventMovedJob(new_id(), system.event_id, STARTS))
    assert await letters(system) == ["debit_started", "event_moved"]
    clock.advance(STARTS - NOW)
    await sweep(system)
    fan = await system.fan()
    assert await seen(fan, order) == ("paying", "awaiting", 0)
    await system.news(payment_id)
    assert await seen(fan, order) == ("paid", None, 0)


async def test_the_office_sees_that_an_order_awaits_settlement(system: System) -> None:
    order, _ = await debited(system, await system.fan())
    office = await system.staff(Grant("box_office"))
    detail = (await office.ask("GET", f"/api/office/orders/{order['id']}")).json()
    assert detail["order"]["debit"] == "awaiting"
    assert [payment["state"] for payment in detail["payments"]] == ["processing"]
    (found,) = (await office.ask("GET", f"/api/office/orders?q={order['code']}")).json()
    assert found["order"]["debit"] == "awaiting"
