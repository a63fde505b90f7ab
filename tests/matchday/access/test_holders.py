"""People without a phone are found at the gate, online."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.matchday.access.conftest import NOW
from virage.identity.people import acts as people
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Evening, Ticket


async def sold(evening: "Evening", ticket: "Ticket", *, email: str, buyer: str, holder: str | None, code: str) -> None:
    """The order and the ticket of a pass, as the box office stores them."""
    async with evening.db.transaction() as conn:
        fan_id = await people.ensure_fan(conn, email, None, NOW)
        order_id = new_id()
        await conn.execute("update people.person set name = $2 where id = $1", fan_id, buyer)
        await conn.execute(
            "insert into ticketing.orders (id, event_id, owner_id, held_at, expires_at, paid_at, fee_cents, "
            "total_cents, vat_permille, fee_vat_permille, state, code, places, tariffs, prices, ticket_ids) "
            "values ($1, $2, $3, $4, $4, $4, 0, 0, 0, 0, 'paid', $5, '{1}', '{0}', '{0}', $6)",
            order_id,
            evening.event_id,
            fan_id,
            NOW,
            code,
            [ticket.subject],
        )
        await conn.execute(
            "insert into ticketing.ticket (id, order_id, event_id, place, tariff, price_cents, holder_name) "
            "select subject, $2, event_id, place, 0, 0, $3 from passes.pass where subject = $1",
            ticket.subject,
            order_id,
            holder,
        )


@pytest.mark.parametrize("wanted", ["buyer", "HOLDER", "buyer@example.org", "ABCD-EFGH"])
async def test_a_holder_is_found_by_either_name_the_address_or_the_code(night: "Evening", wanted: str) -> None:
    device, (named, other) = night.device(), await night.tickets(2)
    await sold(night, named, email="buyer@example.org", buyer="Buyer First", holder="Holder Second", code="ABCDEFGH")
    await sold(night, other, email="third@example.org", buyer="Someone Third", holder=None, code="BCDFGHJK")
    answer = await night.ask(str(device.id), "GET", f"/api/access/holders/{night.event_id}?q={wanted}")
    found: list[dict[str, Any]] = answer.json()
    assert [(one["pass_number"], one["holder_name"], one["buyer_name"]) for one in found] == [
        (named.number, "Holder Second", "Buyer First")
    ]
    assert found[0]["place_label"]["gate_group"] == "A"


async def test_only_devices_search_for_people_and_never_for_one_letter(night: "Evening") -> None:
    night.knows("steward", Grant("steward"))
    path = f"/api/access/holders/{night.event_id}?q="
    assert (await night.ask("steward", "GET", path + "buyer")).status_code == 403
    assert (await night.ask("", "GET", path + "buyer")).status_code == 401
    for too_short in ("a", "%20%20%20%20", "a%20%20%20"):
        assert (await night.ask(str(night.device().id), "GET", path + too_short)).status_code == 400


async def test_a_found_holder_is_admitted_with_a_reason_and_is_inside(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    body = night.scan(device, "ask", pass_number=ticket.number, override="no_phone", person_id=await night.steward())
    (answer,) = await night.send(device, body)
    assert answer["outcome"] == "admitted"
    (without,) = await night.send(device, night.scan(device, "ask", pass_number=ticket.number))
    assert (without["outcome"], without["reason"]) == ("refused", "unreadable")


async def test_a_device_finds_only_passes_of_its_own_gates_and_only_while_the_event_is_on(night: "Evening") -> None:
    here, elsewhere = await night.ticket(), await night.ticket("Q1")
    for ticket, code in ((here, "ABCDEFGH"), (elsewhere, "BCDFGHJK")):
        await sold(night, ticket, email=f"{code}@example.org", buyer="Same Name", holder=None, code=code)
    path = f"/api/access/holders/{night.event_id}?q="
    device, other = str(night.device().id), str(night.device("Q2").id)
    for who, ticket in ((device, here), (other, elsewhere)):
        found = (await night.ask(who, "GET", path + "Same")).json()
        assert [one["pass_number"] for one in found] == [ticket.number]
    assert (await night.ask(device, "GET", path + "BCDFGHJK")).json() == []
    night.clock.advance(timedelta(days=2))
    assert (await night.ask(device, "GET", path + "Same")).status_code == 404
