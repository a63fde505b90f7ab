"""Tickets of disputed payments: on hold before the day of the event, by decision of a person from that day on."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import NOW, Box, System
from virage.money.payments import acts as payments
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import DisputeNotice, DisputeState
from virage.platform.web.guard import Grant
from virage.sale.ticketing.acts.paying import PURPOSE, OrderMoney

OFFICE = (Grant("box_office"),)


async def dispute(
    system: System,
    order: dict[str, Any],
    state: DisputeState = DisputeState.NEEDS_RESPONSE,
    *,
    cents: int | None = None,
    inquiry: bool = False,
) -> None:
    amount = order["total_cents"] if cents is None else cents
    notice = DisputeNotice(UUID(order["payment_id"]), "dp_1", amount, "fraudulent", state, inquiry, NOW)
    async with system.db.transaction() as conn:
        await payments.record_disputes(conn, [notice], system.clock.now(), Handlers({PURPOSE: OrderMoney(25_000)}))


async def passes_of(office: Box, order: dict[str, Any]) -> list[tuple[bool, bool]]:
    """(revoked, suspended) of each pass of an order, as the office sees it."""
    detail = (await office.ask("GET", f"/api/office/orders/{order['id']}")).json()
    return [(one["revoked"], one["suspended"]) for one in detail["passes"]]


async def letters(system: System) -> list[str]:
    rows = await system.rows("select kind from people.letter order by id")
    return [row["kind"] for row in rows if row["kind"] != "order_paid"]


async def test_a_dispute_before_the_day_of_the_event_holds_the_tickets_until_it_is_won(system: System) -> None:
    fan, office = await system.fan(), await system.staff(*OFFICE)
    order = await system.bought(fan)
    for _ in range(2):
        await dispute(system, order)
    assert await passes_of(office, order) == [(True, True)] * 2
    assert [ticket["pass"]["suspended"] for ticket in (await fan.ask("GET", "/api/me/tickets")).json()] == [True, True]
    detail = (await office.ask("GET", f"/api/office/orders/{order['id']}")).json()
    assert [(one["state"], one["amount_cents"]) for one in detail["disputes"]] == [
        ("needs_response", order["total_cents"])
    ]
    await dispute(system, order, DisputeState.WON)
    assert await passes_of(office, order) == [(False, False)] * 2
    assert await letters(system) == ["tickets_suspended", "tickets_reinstated"]


async def test_a_lost_dispute_leaves_the_tickets_on_hold(system: System) -> None:
    fan, office = await system.fan(), await system.staff(*OFFICE)
    order = await system.bought(fan)
    await dispute(system, order)
    await dispute(system, order, DisputeState.LOST)
    assert await passes_of(office, order) == [(True, True)] * 2


async def test_a_dispute_that_is_lost_when_it_is_reported_holds_the_tickets(system: System) -> None:
    fan, office = await system.fan(), await system.staff(*OFFICE)
    order = await system.bought(fan)
    for _ in range(2):
        await dispute(system, order, DisputeState.LOST)
    assert await passes_of(office, order) == [(True, True)] * 2
    assert await letters(system) == ["tickets_suspended"]


async def test_on_the_day_of_the_event_nothing_is_held_by_itself_and_a_person_decides(
    system: System, clock: FakeClock
) -> None:
    fan = await system.fan()
    order = await system.bought(fan)
    clock.advance(timedelta(hours=12))
    office = await system.staff(*OFFICE)
    await dispute(system, order)
    assert await passes_of(office, order) == [(False, False)] * 2
    path = f"/api/office/orders/{order['id']}/suspension"
    for _ in range(2):
        assert (await office.ask("PUT", path)).status_code == 204
    assert await passes_of(office, order) == [(True, True)] * 2
    for _ in range(2):
        assert (await office.ask("DELETE", path)).status_code == 204
    assert await passes_of(office, order) == [(False, False)] * 2
    assert await letters(system) == ["tickets_suspended", "tickets_reinstated"]


async def test_tickets_are_held_by_a_freshly_signed_in_member_of_the_box_office(
    system: System, clock: FakeClock
) -> None:
    fan = await system.fan()
    order = await system.bought(fan)
    path = f"/api/office/orders/{order['id']}/suspension"
    assert (await fan.ask("PUT", path)).status_code == 403
    office = await system.staff(*OFFICE)
    clock.advance(timedelta(minutes=16))
    assert (await office.ask("PUT", path)).json()["code"] == "step_up_required"


async def test_a_refunded_ticket_of_a_held_order_does_not_come_back(system: System) -> None:
    fan, office = await system.fan(), await system.staff(*OFFICE)
    order = await system.bought(fan)
    await dispute(system, order)
    body = {"refund_id": order["payment_id"], "reason": "asked", "ticket_ids": [order["lines"][0]["ticket_id"]]}
    assert (await office.ask("POST", f"/api/office/orders/{order['id']}/refund", body)).status_code == 200
    await dispute(system, order, DisputeState.WON)
    assert sorted(await passes_of(office, order)) == [(False, False), (True, False)]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_an_order_that_does_not_exist_or_is_not_paid_is_not_held(system: System, method: str) -> None:
    fan, office = await system.fan(), await system.staff(*OFFICE)
    held = await fan.best()
    unknown = await office.ask(method, f"/api/office/orders/{system.event_id}/suspension")
    assert unknown.status_code == 404
    answer = await office.ask(method, f"/api/office/orders/{held['id']}/suspension")
    assert answer.status_code == (409 if method == "PUT" else 204)
    assert await letters(system) == []
